//! A server's name in a URL or a `Host`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `name`, `name:port`, `192.0.2.1:port`, `[2001:db8::1]:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authority {
    pub(crate) host: Host,
    pub(crate) port: Option<u16>,
}

/// The name in it, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Name(String),
    Address(IpAddr),
}

impl Authority {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                let address: Ipv6Addr = address.parse().ok()?;
                (Host::Address(address.into()), port)
            }
            None => {
                let end = text.find(':').unwrap_or(text.len());
                (Host::parse(&text[..end])?, &text[end..])
            }
        };
        Some(Self {
            host,
            port: parse_port(port)?,
        })
    }
}

/// Nothing, or a colon and perhaps a number.
fn parse_port(text: &str) -> Option<Option<u16>> {
    match text.strip_prefix(':') {
        None => text.is_empty().then_some(None),
        Some("") => Some(None),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().map(Some)
        }
        Some(_) => None,
    }
}

impl Host {
    /// A name, or an address of IPv4.
    fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Self::Address(address.into()));
        }
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let valid = !text.is_empty() && text.bytes().all(is_name);
        valid.then(|| Self::Name(text.to_ascii_lowercase()))
    }

    /// Whether nobody else can have it: an address, `localhost`, or one of `names`. Another name
    /// may be a stranger's, who had it resolve to this machine.
    pub(crate) fn is_own(&self, names: &[String]) -> bool {
        match self {
            Self::Address(_) => true,
            Self::Name(name) => {
                let mut own = names.iter().map(String::as_str).chain(["localhost"]);
                own.any(|own| own.eq_ignore_ascii_case(name))
            }
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Name(name) => f.write_str(name)?,
            Host::Address(IpAddr::V4(address)) => write!(f, "{address}")?,
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]")?,
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        Authority::parse(text).map(|authority| authority.to_string())
    }

    #[test]
    fn names_and_addresses_are_read_with_and_without_a_port() {
        for text in [
            "localhost",
            "a-b.example:80",
            "192.0.2.1:8080",
            "[2001:db8::1]",
            "[::1]:7",
        ] {
            assert_eq!(shown(text).as_deref(), Some(text));
        }
        assert_eq!(shown("Chat.EXAMPLE:").as_deref(), Some("chat.example"));
        assert_eq!(
            shown("[2001:DB8:0::1]:1").as_deref(),
            Some("[2001:db8::1]:1")
        );
    }

    #[test]
    fn what_is_neither_is_no_authority() {
        for text in [
            "", ":80", "a b", "a@b", "a/b", "a:b", "a:+1", "a:65536", "a:1:2", "[::1", "[::1]x",
            "[a]", "::1", "é", "a,b", "[::1]80",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn a_host_is_ones_own_if_no_stranger_can_have_it() {
        let names = ["chat.example".to_owned()];
        let is_own = |text: &str| Authority::parse(text).unwrap().host.is_own(&names);
        for text in [
            "localhost:1",
            "LOCALHOST",
            "127.0.0.1",
            "[::1]",
            "Chat.Example",
        ] {
            assert!(is_own(text), "{text}");
        }
        for text in [
            "evil.example",
            "chat.example.evil.example",
            "xchat.example",
            "localhost.",
        ] {
            assert!(!is_own(text), "{text}");
        }
    }
}
