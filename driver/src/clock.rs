//! The time that the core is told.

use std::mem;
use std::time::{Duration, Instant as StdInstant, SystemTime};

use linechat_protocol::{Instant, Server};

/// A monotonic clock. Its epoch is when it was started.
///
/// It does not count the time in which the process was stopped (SIGSTOP, a debugger, a virtual
/// machine that was put away). Nobody must be closed for having been silent, or for having taken
/// nothing, while nobody listened and nobody wrote; and once the process goes on, whoever minds the
/// time may well run before those who have heard something. So a deadline that was missed is put
/// off, once.
#[derive(Clone, Debug)]
pub struct Clock {
    epoch: StdInstant,
    /// How much of the time since then does not count.
    skipped: Duration,
    /// The time as it was told last.
    last: Instant,
    /// The latest deadline that was put off.
    put_off: Instant,
    /// The server knows how far the time is from the wall clock's.
    is_set: bool,
}

impl Clock {
    /// Starts a clock. A server is told the time of one clock only.
    pub fn start() -> Self {
        Self {
            epoch: StdInstant::now(),
            skipped: Duration::ZERO,
            last: Instant::EPOCH,
            put_off: Instant::EPOCH,
            is_set: false,
        }
    }

    /// Tells a server what the wall clock shows, unless it knows. To be called now and then.
    pub fn set(&mut self, server: &mut Server) {
        if mem::replace(&mut self.is_set, true) {
            return;
        }
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        server.set_clock(self.now(), unix.unwrap_or_default());
    }

    /// The time now, for the core, while the adapter is at work: it asks often.
    pub fn now(&mut self) -> Instant {
        self.at_work(self.elapsed())
    }

    /// The time now while the adapter sleeps, or when it wakes: it is to wake at `due`, if there is
    /// something to do then.
    pub fn now_asleep(&mut self, due: Option<Instant>) -> Instant {
        self.asleep(self.elapsed(), due)
    }

    /// The same point in time for the timers of a runtime. Total: what lies beyond the end of the
    /// system's time is some decades from the epoch.
    pub fn to_std(&self, at: Instant) -> StdInstant {
        self.epoch
            .checked_add(at.since_epoch().saturating_add(self.skipped))
            .unwrap_or_else(|| self.epoch + FAR_AWAY)
    }

    /// How long it is until then; zero if that is over.
    pub fn until(&self, at: Instant) -> Duration {
        self.to_std(at).saturating_duration_since(StdInstant::now())
    }

    fn elapsed(&self) -> Instant {
        Instant::after_epoch(self.epoch.elapsed())
    }

    fn at_work(&mut self, elapsed: Instant) -> Instant {
        let now = elapsed.saturating_before(self.skipped);
        let longest = self.last + LATE;
        self.count(now, now.min(longest))
    }

    fn asleep(&mut self, elapsed: Instant, due: Option<Instant>) -> Instant {
        let now = elapsed.saturating_before(self.skipped);
        match due {
            Some(due) if now > due + LATE && due > self.put_off => {
                self.put_off = due;
                self.count(now, due.saturating_before(CHANCE))
            }
            _ => self.count(now, now),
        }
    }

    /// Tells an earlier time from now on, but not one before what was told.
    fn count(&mut self, now: Instant, counted: Instant) -> Instant {
        self.last = self.last.max(counted);
        if now > self.last {
            self.skipped += now.saturating_since(self.last);
            self.is_set = false;
        }
        self.last
    }
}

/// How late a thread can be that was not stopped.
const LATE: Duration = Duration::from_millis(250);

/// How long before a deadline that was missed the time goes on.
const CHANCE: Duration = Duration::from_secs(1);

const FAR_AWAY: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::after_epoch(Duration::from_millis(millis))
    }

    #[test]
    fn there_and_back_is_the_same_time() {
        let mut clock = Clock::start();
        let at = clock.now() + Duration::from_millis(5);
        assert_eq!(clock.to_std(at) - clock.epoch, at.since_epoch());
        assert!(clock.until(at) <= Duration::from_millis(5));
        assert_eq!(clock.until(Instant::EPOCH), Duration::ZERO);
    }

    #[test]
    fn the_end_of_time_is_far_away_and_no_panic() {
        let mut clock = Clock::start();
        clock.asleep(at(60_000), Some(at(5_000)));
        let end = Instant::after_epoch(Duration::MAX);
        assert!(clock.to_std(end) > clock.epoch + Duration::from_secs(1 << 20));
        assert!(clock.until(end) > Duration::from_secs(1 << 20));
    }

    #[test]
    fn while_the_process_runs_all_time_counts() {
        let mut clock = Clock::start();
        assert_eq!(clock.at_work(at(10)), at(10));
        assert_eq!(clock.asleep(at(90_000), None), at(90_000));
        assert_eq!(clock.asleep(at(94_000), Some(at(95_000))), at(94_000));
        assert_eq!(clock.asleep(at(95_001), Some(at(95_000))), at(95_001));
        assert_eq!(clock.asleep(at(95_250), Some(at(95_000))), at(95_250));
        assert_eq!(clock.at_work(at(95_400)), at(95_400));
    }

    #[test]
    fn a_deadline_that_was_missed_is_put_off_once() {
        let mut clock = Clock::start();
        let due = Some(at(5_000));
        assert_eq!(clock.asleep(at(60_000), due), at(4_000));
        assert_eq!(clock.asleep(at(60_900), due), at(4_900));
        assert_eq!(clock.asleep(at(61_100), due), at(5_100));
        assert_eq!(clock.asleep(at(90_000), due), at(34_000));
        assert_eq!(clock.asleep(at(200_000), Some(at(40_000))), at(39_000));
    }

    #[test]
    fn it_never_runs_backwards() {
        let mut clock = Clock::start();
        let due = Some(at(5_000));
        assert_eq!(clock.asleep(at(4_800), due), at(4_800));
        assert_eq!(clock.asleep(at(60_000), due), at(4_800));
    }

    #[test]
    fn of_a_stop_in_the_middle_of_work_next_to_nothing_counts() {
        let mut clock = Clock::start();
        assert_eq!(clock.asleep(at(1_000), None), at(1_000));
        assert_eq!(clock.at_work(at(9_000)), at(1_250));
        assert_eq!(clock.at_work(at(9_100)), at(1_350));
    }

    #[test]
    fn a_deadline_that_was_put_off_is_later_for_the_system() {
        let mut clock = Clock::start();
        clock.asleep(at(60_000), Some(at(5_000)));
        let skipped = Duration::from_secs(56);
        assert_eq!(
            clock.to_std(at(5_000)) - clock.epoch,
            at(5_000).since_epoch() + skipped
        );
        assert!(clock.until(at(5_000)) > skipped);
    }
}
