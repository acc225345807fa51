//! The time of the world, as it stands in messages.

use core::fmt;
use core::time::Duration;

/// A moment, in UTC. Shown as the tag `time` has it (IRCv3, server-time):
/// `2026-11-21T16:22:03.042Z`.
///
/// ```
/// use std::time::Duration;
///
/// use linechat_protocol::irc::Timestamp;
///
/// let time = Timestamp::from_unix(Duration::from_millis(951_782_400_007));
/// assert_eq!(time.to_string(), "2000-02-29T00:00:00.007Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(Duration);

impl Timestamp {
    /// So long after the beginning of 1970.
    pub fn from_unix(since: Duration) -> Self {
        Self(since)
    }

    /// So many milliseconds after the beginning of 1970.
    pub(super) fn from_millis(since: u64) -> Self {
        Self(Duration::from_millis(since))
    }

    /// In whole seconds since the beginning of 1970.
    pub fn seconds(self) -> u64 {
        self.0.as_secs()
    }

    /// As people read it: `2026-11-21 16:22:03 UTC`.
    pub fn readable(self) -> impl fmt::Display {
        struct Readable(Timestamp);

        impl fmt::Display for Readable {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write_date(f)?;
                f.write_str(" ")?;
                self.0.write_time(f)?;
                f.write_str(" UTC")
            }
        }

        Readable(self)
    }

    fn write_date(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.seconds() / SECONDS_A_DAY);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }

    fn write_time(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.seconds() % SECONDS_A_DAY;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        write!(f, "{hours:02}:{minutes:02}:{:02}", seconds % 60)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_date(f)?;
        f.write_str("T")?;
        self.write_time(f)?;
        write!(f, ".{:03}Z", self.0.subsec_millis())
    }
}

/// Year, month and day, so many days after the first of January 1970.
///
/// Counted from the first of March, so that the day that is there in leap years only is the last
/// of its year; in 400 years, the calendar repeats itself.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + DAYS_FROM_MARCH_0;
    let era = days / DAYS_IN_400_YEARS;
    let day = days % DAYS_IN_400_YEARS;
    let leap_days = day / 1460 - day / 36524 + day / 146_096;
    let year = (day - leap_days) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next_year, month, day)
}

/// From the first of March of the year 0 to the first of January 1970.
const DAYS_FROM_MARCH_0: u64 = 719_468;
const DAYS_IN_400_YEARS: u64 = 146_097;
const SECONDS_A_DAY: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn moments_are_shown_in_utc() {
        for (millis, shown) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (86_399_999, "1970-01-01T23:59:59.999Z"),
            (68_169_600_000, "1972-02-29T00:00:00.000Z"),
            (1_795_278_123_042, "2026-11-21T16:22:03.042Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_000, "9999-12-31T23:59:59.000Z"),
        ] {
            let time = Timestamp::from_unix(Duration::from_millis(millis));
            assert_eq!(time.to_string(), shown);
        }
    }

    #[test]
    fn people_read_it_without_fractions() {
        let time = Timestamp::from_unix(Duration::from_secs(1_795_278_123));
        assert_eq!(time.readable().to_string(), "2026-11-21 16:22:03 UTC");
        assert_eq!(time.seconds(), 1_795_278_123);
    }

    #[test]
    fn every_day_follows_the_one_before_it() {
        let mut before = (1969, 12, 31);
        for days in 0..200_000 {
            let (year, month, day) = date(days);
            let is_next = match before {
                (y, m, d) if (y, m) == (year, month) => day == d + 1,
                (y, m, d) if y == year => (month, day) == (m + 1, 1) && d >= 28,
                (y, _, _) => (year, month, day) == (y + 1, 1, 1),
            };
            assert!(is_next, "{year}-{month}-{day} after {before:?}");
            before = (year, month, day);
        }
    }
}
