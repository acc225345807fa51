//! Time as the core sees it: a number that only its caller can move.

use core::fmt;
use core::ops::Add;
use core::time::Duration;

/// A point in time, as the time since an epoch that the caller picks.
///
/// The core never reads a clock. An adapter takes its epoch from a monotonic clock when it starts
/// and passes the time since then with every input; a test counts by hand.
///
/// Arithmetic is total: it saturates instead of panicking, so that no configured duration, however
/// long, can bring a server down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The epoch itself.
    pub const EPOCH: Self = Self(Duration::ZERO);

    /// The point in time `elapsed` after the epoch.
    pub const fn after_epoch(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// The time since the epoch.
    pub const fn since_epoch(self) -> Duration {
        self.0
    }

    /// The time from `earlier` to `self`, or zero if `earlier` is in fact later.
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The point in time `duration` before this one, or the epoch.
    pub const fn saturating_before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration))
    }
}

/// Saturates at the end of representable time.
impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} after the epoch", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends_of_time() {
        let end = Instant::after_epoch(Duration::MAX);
        assert_eq!(end + Duration::from_secs(1), end);
        assert_eq!(Instant::EPOCH.saturating_since(end), Duration::ZERO);
        assert_eq!(
            Instant::EPOCH.saturating_before(Duration::MAX),
            Instant::EPOCH
        );
    }

    #[test]
    fn the_time_between_two_points_is_what_was_added() {
        let start = Instant::after_epoch(Duration::from_millis(7));
        let step = Duration::from_nanos(1);
        assert_eq!((start + step).saturating_since(start), step);
        assert_eq!((start + step).saturating_before(step), start);
    }
}
