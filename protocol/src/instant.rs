//! Time as the core sees it: a number that only its caller can move.

use core::fmt;
use core::num::NonZeroU64;
use core::ops::Add;
use core::time::Duration;

/// A point in time, as the time since an epoch that the caller picks, in nanoseconds; at most some
/// 584 years.
///
/// The core never reads a clock. An adapter takes its epoch from a monotonic clock when it starts
/// and passes the time since then with every input; a test counts by hand.
///
/// Arithmetic is total: it saturates instead of panicking, so that no configured duration, however
/// long, can bring a server down.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    /// One more than the nanoseconds, so that an optional point in time takes no more memory: a
    /// server has some for each connection.
    successor: NonZeroU64,
}

impl Instant {
    /// The epoch itself.
    pub const EPOCH: Self = Self {
        successor: NonZeroU64::MIN,
    };

    /// The point in time `elapsed` after the epoch.
    pub const fn after_epoch(elapsed: Duration) -> Self {
        Self {
            successor: NonZeroU64::MIN.saturating_add(nanoseconds(elapsed)),
        }
    }

    /// The time since the epoch.
    pub const fn since_epoch(self) -> Duration {
        Duration::from_nanos(self.successor.get() - 1)
    }

    /// The time from `earlier` to `self`, or zero if `earlier` is in fact later.
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        self.since_epoch().saturating_sub(earlier.since_epoch())
    }

    /// The point in time `duration` before this one, or the epoch.
    pub const fn saturating_before(self, duration: Duration) -> Self {
        Self::after_epoch(self.since_epoch().saturating_sub(duration))
    }
}

const fn nanoseconds(duration: Duration) -> u64 {
    duration
        .as_secs()
        .saturating_mul(NANOSECONDS_PER_SECOND)
        .saturating_add(duration.subsec_nanos() as u64)
}

const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

impl Default for Instant {
    fn default() -> Self {
        Self::EPOCH
    }
}

/// Saturates at the end of representable time.
impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self {
            successor: self.successor.saturating_add(nanoseconds(duration)),
        }
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} after the epoch", self.since_epoch())
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Instant").field(&self.since_epoch()).finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends_of_time() {
        let end = Instant::after_epoch(Duration::MAX);
        assert_eq!(end + Duration::from_secs(1), end);
        assert_eq!(Instant::after_epoch(Duration::from_secs(1 << 40)), end);
        assert_eq!(Instant::EPOCH.saturating_since(end), Duration::ZERO);
        assert_eq!(
            Instant::EPOCH.saturating_before(Duration::MAX),
            Instant::EPOCH
        );
    }

    #[test]
    fn an_optional_point_in_time_takes_eight_bytes() {
        assert_eq!(size_of::<Option<Instant>>(), 8);
    }

    #[test]
    fn the_end_of_time_is_more_than_five_hundred_years_away() {
        let end = Instant::after_epoch(Duration::MAX);
        let year = Duration::from_secs(365 * 24 * 60 * 60);
        assert!(end.since_epoch() > 500 * year);
        assert_eq!(
            end.saturating_before(Duration::from_nanos(1)) + Duration::from_nanos(1),
            end
        );
    }

    #[test]
    fn a_point_in_time_is_shown_as_the_time_since_the_epoch() {
        let instant = Instant::after_epoch(Duration::from_millis(1500));
        assert_eq!(format!("{instant}"), "1.5s after the epoch");
        assert_eq!(format!("{instant:?}"), "Instant(1.5s)");
    }

    #[test]
    fn the_time_between_two_points_is_what_was_added() {
        let start = Instant::after_epoch(Duration::from_millis(7));
        let step = Duration::from_nanos(1);
        assert_eq!((start + step).saturating_since(start), step);
        assert_eq!((start + step).saturating_before(step), start);
    }
}
