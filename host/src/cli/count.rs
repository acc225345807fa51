//! Whole numbers on the command line.

use std::str::FromStr;

use thiserror::Error;

/// A limit that is always there.
pub(super) fn at_least_one(text: &str) -> Result<usize, CountError> {
    match text.parse() {
        Ok(0) | Err(_) => Err(CountError::AtLeastOne),
        Ok(count) => Ok(count),
    }
}

/// A limit that zero switches off.
pub(super) fn zero_or_more<T: FromStr>(text: &str) -> Result<T, CountError> {
    text.parse().map_err(|_| CountError::ZeroOrMore)
}

/// A time that is never zero.
pub(super) fn milliseconds(text: &str) -> Result<u32, CountError> {
    match text.parse() {
        Ok(0) | Err(_) => Err(CountError::Milliseconds),
        Ok(count) => Ok(count),
    }
}

/// What is expected in place of something else.
#[derive(Clone, Copy, Debug, Error, PartialEq)]
pub(super) enum CountError {
    #[error("expected a whole number, 1 or more: this limit cannot be switched off, only raised")]
    AtLeastOne,
    #[error("expected a whole number, or 0 for no limit")]
    ZeroOrMore,
    #[error("expected a whole number of milliseconds, 1 or more")]
    Milliseconds,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_always_there_is_one_or_more() {
        assert_eq!(at_least_one("1"), Ok(1));
        assert_eq!(at_least_one("8192"), Ok(8192));
        for text in ["0", "-1", "", "8k", "1.5", &"9".repeat(40)] {
            assert_eq!(at_least_one(text), Err(CountError::AtLeastOne), "{text:?}");
        }
    }

    #[test]
    fn milliseconds_are_whole_and_never_zero() {
        assert_eq!(milliseconds("300"), Ok(300));
        for text in ["0", "-1", "", "0.5", "300ms"] {
            assert_eq!(
                milliseconds(text),
                Err(CountError::Milliseconds),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_limit_that_can_be_switched_off_is_zero_or_more() {
        assert_eq!(zero_or_more("0"), Ok(0_u32));
        assert_eq!(zero_or_more("7"), Ok(7_usize));
        for text in ["-1", "", "many", "4294967296"] {
            let refused = Err(CountError::ZeroOrMore);
            assert_eq!(zero_or_more::<u32>(text), refused, "{text:?}");
        }
    }
}
