//! Where a page comes from.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::authority::{Authority, Host};

/// Whether a web page is read in clear or encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// In clear: its default port is 80.
    Http,
    /// Inside of TLS: its default port is 443.
    Https,
}

impl Scheme {
    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// What is before `://`, and what is behind it.
    pub(super) fn split(text: &str) -> Option<(Self, &str)> {
        let (scheme, rest) = text.split_once("://")?;
        match scheme.to_ascii_lowercase().as_str() {
            "http" => Some((Self::Http, rest)),
            "https" => Some((Self::Https, rest)),
            _ => None,
        }
    }
}

/// Where a page comes from: `https://chat.example`, `http://127.0.0.1:8080`. A scheme's default
/// port may be named, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: Scheme,
    host: Host,
    port: u16,
}

impl Origin {
    pub(crate) fn new(scheme: Scheme, authority: &Authority) -> Self {
        Self {
            scheme,
            host: authority.host.clone(),
            port: authority.port.unwrap_or(scheme.default_port()),
        }
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let (scheme, authority) = Scheme::split(text).ok_or(OriginError)?;
        let authority = Authority::parse(authority).ok_or(OriginError)?;
        Ok(Self::new(scheme, &authority))
    }
}

/// As browsers write it: without a scheme's default port.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = Authority {
            host: self.host.clone(),
            port: Some(self.port).filter(|port| *port != self.scheme.default_port()),
        };
        match self.scheme {
            Scheme::Http => write!(f, "http://{authority}"),
            Scheme::Https => write!(f, "https://{authority}"),
        }
    }
}

/// A text is no origin.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("expected `http://HOST` or `https://HOST`, perhaps with `:PORT`, and nothing behind it")]
pub struct OriginError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_the_same_with_its_default_port() {
        let origin = |text: &str| text.parse::<Origin>();
        assert_eq!(
            origin("HTTPS://Chat.example:443"),
            origin("https://chat.example")
        );
        assert_eq!(origin("http://[::1]:80"), origin("http://[0::1]"));
        assert_ne!(origin("http://a:443"), origin("https://a:443"));
        assert_ne!(origin("http://a"), origin("http://a:8080"));
    }

    #[test]
    fn an_origin_is_written_as_browsers_do() {
        for text in [
            "http://127.0.0.1:8080",
            "https://chat.example",
            "http://a:443",
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_more_or_less_is_no_origin() {
        for text in [
            "null",
            "",
            "chat.example",
            "ws://a",
            "http://",
            "http://a/",
            "http://a b",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(OriginError), "{text}");
        }
    }
}
