//! The time that the core is told.

use std::time::{Duration, Instant as StdInstant, SystemTime};

use linechat_protocol::{Instant, Server};

/// A monotonic clock. Its epoch is when it was started.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    epoch: StdInstant,
}

impl Clock {
    /// Starts a clock. A server is told the time of one clock only.
    pub fn start() -> Self {
        Self {
            epoch: StdInstant::now(),
        }
    }

    /// Tells a server what the wall clock shows.
    pub fn set(&self, server: &mut Server) {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        server.set_clock(self.now(), unix.unwrap_or_default());
    }

    /// The time now, for the core.
    pub fn now(&self) -> Instant {
        Instant::after_epoch(self.epoch.elapsed())
    }

    /// The same point in time for the timers of a runtime. Total: what lies beyond the end of the
    /// system's time is some decades from the epoch.
    pub fn to_std(&self, at: Instant) -> StdInstant {
        self.epoch
            .checked_add(at.since_epoch())
            .unwrap_or_else(|| self.epoch + FAR_AWAY)
    }

    /// How long it is until then; zero if that is over.
    pub fn until(&self, at: Instant) -> Duration {
        at.saturating_since(self.now())
    }
}

const FAR_AWAY: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_same_time() {
        let clock = Clock::start();
        let at = clock.now() + Duration::from_millis(5);
        assert_eq!(clock.to_std(at) - clock.epoch, at.since_epoch());
        assert!(clock.until(at) <= Duration::from_millis(5));
        assert_eq!(clock.until(Instant::EPOCH), Duration::ZERO);
    }

    #[test]
    fn the_end_of_time_is_far_away_and_no_panic() {
        let clock = Clock::start();
        let end = Instant::after_epoch(Duration::MAX);
        assert!(clock.to_std(end) > clock.epoch + Duration::from_secs(1 << 20));
        assert!(clock.until(end) > Duration::from_secs(1 << 20));
    }
}
