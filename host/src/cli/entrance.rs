//! Where to listen, as users write it: `rooms://[::]:8888`.

use std::fmt;
use std::str::FromStr;

use linechat_protocol::Dialect;
use thiserror::Error;

use crate::address::{Address, AddressError};

/// An address to listen on, and what is spoken there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entrance {
    purpose: Purpose,
    pub(super) address: Address,
}

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// A scheme, or `None` for the one dialect that is served.
    Chat(Option<Scheme>),
    /// To look how the server is.
    Metrics,
}

impl Entrance {
    /// What is spoken there, if it says so.
    pub(super) fn scheme(&self) -> Option<Scheme> {
        match self.purpose {
            Purpose::Chat(scheme) => scheme,
            Purpose::Metrics => None,
        }
    }

    /// Whether nobody chats there, and programs look how the server is.
    pub(super) fn is_metrics(&self) -> bool {
        self.purpose == Purpose::Metrics
    }
}

/// What is spoken at a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scheme {
    pub(crate) dialect: Dialect,
    pub(crate) has_tls: bool,
}

impl Scheme {
    /// A dialect under TLS.
    pub(super) fn encrypted(dialect: Dialect) -> Self {
        let has_tls = true;
        Self { dialect, has_tls }
    }

    /// The port that is customary for it. None is for most dialects under TLS.
    pub(super) fn default_port(self) -> Option<u16> {
        match (self.has_tls, self.dialect) {
            (false, dialect) => Some(dialect.default_port()),
            (true, dialect) if dialect == Dialect::IRC => Some(6697),
            (true, dialect) if dialect == Dialect::WEB => Some(8443),
            (true, _) => None,
        }
    }
}

impl From<Dialect> for Scheme {
    fn from(dialect: Dialect) -> Self {
        let has_tls = false;
        Self { dialect, has_tls }
    }
}

impl FromStr for Entrance {
    type Err = EntranceError;

    fn from_str(text: &str) -> Result<Self, EntranceError> {
        let (purpose, address) = match text.split_once("://") {
            Some((METRICS, address)) => (Purpose::Metrics, address),
            Some((scheme, address)) => (Purpose::Chat(Some(scheme.parse()?)), address),
            None => (Purpose::Chat(None), text),
        };
        Ok(Self {
            purpose,
            address: address.parse()?,
        })
    }
}

impl FromStr for Scheme {
    type Err = EntranceError;

    fn from_str(name: &str) -> Result<Self, EntranceError> {
        let full = match name {
            "ircs" => "irc+tls",
            "http" => "web",
            "https" => "web+tls",
            name => name,
        };
        let bare = full.strip_suffix(TLS);
        let dialect = bare
            .unwrap_or(full)
            .parse()
            .map_err(|_| EntranceError::Scheme(name.to_owned()))?;
        let has_tls = bare.is_some();
        Ok(Self { dialect, has_tls })
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = if self.has_tls { TLS } else { "" };
        write!(f, "{}{suffix}", self.dialect)
    }
}

/// Why something is no place to listen.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum EntranceError {
    #[error("'{0}' is no scheme: use {schemes}, as in 'rooms://127.0.0.1:8888', one with '+tls' behind it, or metrics", schemes = schemes())]
    Scheme(String),
    #[error(transparent)]
    Address(#[from] AddressError),
}

/// The scheme of those who look how the server is.
pub(crate) const METRICS: &str = "metrics";

/// What a scheme with TLS ends with.
const TLS: &str = "+tls";

/// The names of all schemes without TLS.
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
        assert_eq!(rooms.scheme(), Some(Dialect::ROOMS.into()));
        assert_eq!(rooms.address, "[::]:8888".parse().unwrap());
        let bare: Entrance = "127.0.0.1:0".parse().unwrap();
        assert_eq!(bare.scheme(), None);
        let metrics: Entrance = "metrics://127.0.0.1:9100".parse().unwrap();
        assert!(metrics.is_metrics() && !bare.is_metrics());
        assert!("metrics+tls".parse::<Scheme>().is_err());
    }

    #[test]
    fn a_scheme_says_whether_it_is_encrypted_and_is_shown_by_its_own_name() {
        let rooms: Scheme = "rooms+tls".parse().unwrap();
        assert_eq!(rooms, Scheme::encrypted(Dialect::ROOMS));
        assert_eq!(rooms.to_string(), "rooms+tls");
        assert_eq!(rooms.default_port(), None);
        let ircs: Scheme = "ircs".parse().unwrap();
        assert_eq!(
            (ircs.to_string(), ircs.default_port()),
            ("irc+tls".into(), Some(6697))
        );
        let https: Scheme = "https".parse().unwrap();
        assert_eq!(
            (https.to_string(), https.default_port()),
            ("web+tls".into(), Some(8443))
        );
        assert_eq!("http".parse::<Scheme>().unwrap(), Dialect::WEB.into());
        assert!("+tls".parse::<Scheme>().is_err());
        assert!("rooms+tls+tls".parse::<Scheme>().is_err());
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
