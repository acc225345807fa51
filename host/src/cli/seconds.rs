//! A duration as users write it: seconds, with decimals if need be.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

/// A number of seconds from the command line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seconds(pub(super) Duration);

impl FromStr for Seconds {
    type Err = SecondsError;

    fn from_str(text: &str) -> Result<Self, SecondsError> {
        // Neither a sign nor an exponent: `inf`, `1e9` and `+1` are floats, too.
        if !text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
        {
            return Err(SecondsError);
        }
        let seconds = text.parse().map_err(|_| SecondsError)?;
        Duration::try_from_secs_f64(seconds)
            .map(Self)
            .map_err(|_| SecondsError)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_secs_f64().fmt(f)
    }
}

#[derive(Debug, Error, PartialEq)]
#[error("expected a number of seconds, such as 30 or 0.5, or 0 for none")]
pub(super) struct SecondsError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_and_decimal_seconds_are_understood_and_shown_alike() {
        for (text, millis) in [("0", 0), ("30", 30_000), ("0.5", 500), ("300.25", 300_250)] {
            let seconds: Seconds = text.parse().unwrap();
            assert_eq!(seconds.0, Duration::from_millis(millis));
            assert_eq!(seconds.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            ".",
            "-1",
            "+1",
            "1e3",
            "inf",
            "nan",
            "1s",
            "1 ",
            "1.2.3",
            &"9".repeat(40),
        ] {
            assert_eq!(text.parse::<Seconds>(), Err(SecondsError), "{text:?}");
        }
    }
}
