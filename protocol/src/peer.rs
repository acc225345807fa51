//! The other end of a connection.

use core::fmt;
use core::net::{IpAddr, SocketAddr};

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A socket. Made with `Peer::from`, an IPv4 address that comes mapped into IPv6 is one of
    /// IPv4.
    Socket(SocketAddr),
    /// The server's own standard input and output.
    Console,
    /// What the server itself [dialled](crate::Action::Dial).
    Link(SocketAddr),
}

impl Peer {
    /// The address that limits for each address count by.
    pub(crate) fn ip(self) -> Option<IpAddr> {
        match self {
            Self::Socket(address) => Some(address.ip()),
            Self::Console | Self::Link(_) => None,
        }
    }

    /// Whether it is no peer of any dialect's.
    pub(crate) fn is_link(self) -> bool {
        matches!(self, Self::Link(_))
    }
}

impl From<SocketAddr> for Peer {
    fn from(mut address: SocketAddr) -> Self {
        let ip = address.ip().to_canonical();
        if ip != address.ip() {
            address = SocketAddr::new(ip, address.port());
        }
        Self::Socket(address)
    }
}

/// `192.0.2.1:50412`, `[2001:db8::1]:50412` or `console`.
impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(address) => fmt::Display::fmt(address, f),
            Self::Console => f.write_str("console"),
            Self::Link(address) => fmt::Display::fmt(address, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn an_ipv4_peer_of_an_ipv6_listener_is_shown_as_ipv4() {
        let mapped: SocketAddr = "[::ffff:192.0.2.1]:7".parse().unwrap();
        assert_eq!(Peer::from(mapped).to_string(), "192.0.2.1:7");
        let native: SocketAddr = "[2001:db8::1]:7".parse().unwrap();
        assert_eq!(Peer::from(native).to_string(), "[2001:db8::1]:7");
    }
}
