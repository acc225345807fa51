//! Where to listen, as users write it: `rooms://[::]:8888`.

use std::fmt;
use std::str::FromStr;

use linechat_protocol::Dialect;
use thiserror::Error;

use crate::address::{Address, AddressError};

/// An address to listen on, and what is spoken there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entrance {
    /// `None` for the one dialect that is served.
    pub(crate) scheme: Option<Scheme>,
    pub(crate) address: Address,
}

/// What is spoken at a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scheme {
    pub(crate) dialect: Dialect,
}

impl From<Dialect> for Scheme {
    fn from(dialect: Dialect) -> Self {
        Self { dialect }
    }
}

impl FromStr for Entrance {
    type Err = EntranceError;

    fn from_str(text: &str) -> Result<Self, EntranceError> {
        let (scheme, address) = match text.split_once("://") {
            Some((scheme, address)) => (Some(scheme.parse()?), address),
            None => (None, text),
        };
        Ok(Self {
            scheme,
            address: address.parse()?,
        })
    }
}

impl FromStr for Scheme {
    type Err = EntranceError;

    fn from_str(name: &str) -> Result<Self, EntranceError> {
        let dialect = name
            .parse()
            .map_err(|_| EntranceError::Scheme(name.to_owned()))?;
        Ok(Self { dialect })
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.dialect)
    }
}

/// Why something is no place to listen.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum EntranceError {
    #[error("'{0}' is no scheme: use {schemes}, as in 'rooms://127.0.0.1:8888'", schemes = schemes())]
    Scheme(String),
    #[error(transparent)]
    Address(#[from] AddressError),
}

/// The names of all schemes.
fn schemes() -> String {
    let names: Vec<_> = Dialect::all().map(Dialect::name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_says_what_is_spoken() {
        let rooms: Entrance = "rooms://[::]:8888".parse().unwrap();
        assert_eq!(rooms.scheme, Some(Dialect::ROOMS.into()));
        assert_eq!(rooms.address, "[::]:8888".parse().unwrap());
        let bare: Entrance = "127.0.0.1:0".parse().unwrap();
        assert_eq!(bare.scheme, None);
    }

    #[test]
    fn a_scheme_that_is_none_is_named_with_those_that_are() {
        let error = "roms://127.0.0.1:1".parse::<Entrance>().unwrap_err();
        let words = error.to_string();
        assert!(
            words.starts_with("'roms' is no scheme: use echo, "),
            "{words}"
        );
        let error = "rooms://127.0.0.1".parse::<Entrance>().unwrap_err();
        assert_eq!(error, EntranceError::Address(AddressError));
    }
}
