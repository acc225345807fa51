//! Where to listen or to connect to, as users write it.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use thiserror::Error;

/// A host and a port: `192.0.2.1:8888`, `[2001:db8::1]:8888`, `[fe80::1%eth0]:8888` or
/// `chat.example:8888`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Socket(SocketAddr),
    Name {
        host: String,
        port: u16,
    },
    /// An address that means something on one network interface only (RFC 4007, section 11).
    Scoped {
        ip: Ipv6Addr,
        interface: String,
        port: u16,
    },
}

impl Address {
    /// `127.0.0.1` and a port.
    pub fn loopback(port: u16) -> Self {
        Self(Kind::Socket((Ipv4Addr::LOCALHOST, port).into()))
    }

    /// The host alone.
    pub(crate) fn host(&self) -> String {
        match &self.0 {
            Kind::Socket(address) => address.ip().to_string(),
            Kind::Name { host, .. } => host.clone(),
            Kind::Scoped { ip, .. } => ip.to_string(),
        }
    }

    fn with_port(mut self, port: u16) -> Self {
        match &mut self.0 {
            Kind::Socket(address) => address.set_port(port),
            Kind::Name { port: own, .. } | Kind::Scoped { port: own, .. } => *own = port,
        }
        self
    }

    /// The socket addresses that this stands for, at least one, each once. A host name is looked
    /// up, which may take a while.
    ///
    /// # Errors
    ///
    /// The system's, where the name is unknown or cannot be looked up.
    pub fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        let (host, port) = match &self.0 {
            Kind::Socket(address) => return Ok(vec![*address]),
            Kind::Name { host, port } => (host.clone(), *port),
            Kind::Scoped {
                ip,
                interface,
                port,
            } => (format!("{ip}%{interface}"), *port),
        };
        let mut addresses = Vec::new();
        for address in (host.as_str(), port).to_socket_addrs()? {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "the name has no address",
            ));
        }
        Ok(addresses)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Ok(address) = text.parse() {
            return Ok(Self(Kind::Socket(address)));
        }
        let (host, port) = text.rsplit_once(':').ok_or(AddressError)?;
        let port = port.parse().map_err(|_| AddressError)?;
        if let Some((ip, interface)) = scoped(host) {
            let interface = interface.to_owned();
            return Ok(Self(Kind::Scoped {
                ip,
                interface,
                port,
            }));
        }
        if !is_host_name(host) {
            return Err(AddressError);
        }
        Ok(Self(Kind::Name {
            host: host.to_owned(),
            port,
        }))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Socket(address) => address.fmt(f),
            Kind::Name { host, port } => write!(f, "{host}:{port}"),
            Kind::Scoped {
                ip,
                interface,
                port,
            } => write!(f, "[{ip}%{interface}]:{port}"),
        }
    }
}

/// A host, and a port where it is another one than is customary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    address: Address,
    has_port: bool,
}

impl Destination {
    /// The address, with `port` unless it has one of its own.
    pub(crate) fn with_default(self, port: u16) -> Address {
        if self.has_port {
            self.address
        } else {
            self.address.with_port(port)
        }
    }
}

impl FromStr for Destination {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let bare = match text.parse::<Ipv6Addr>() {
            Ok(ip) => format!("[{ip}]:0"),
            Err(_) => format!("{text}:0"),
        };
        let (address, has_port) = match text.parse() {
            Ok(address) => (address, true),
            Err(_) => (bare.parse()?, false),
        };
        Ok(Self { address, has_port })
    }
}

/// A text has not the form of an address with a port.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "expected an address and a port from 0 to 65535, such as 127.0.0.1:8888, [::1]:8888 or \
     chat.example:8888"
)]
pub struct AddressError;

/// Splits `[fe80::1%eth0]`. Whether there is such an interface is for the system to say.
fn scoped(host: &str) -> Option<(Ipv6Addr, &str)> {
    let inner = host.strip_prefix('[')?.strip_suffix(']')?;
    let (ip, interface) = inner.split_once('%')?;
    let is_name = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'[' | b']' | b'%');
    let is_interface = !interface.is_empty() && interface.bytes().all(is_name);
    is_interface.then_some((ip.parse().ok()?, interface))
}

/// Whether a resolver may be asked for this name. One that ends in a number is a mistyped IPv4
/// address: no top-level domain does (RFC 3696, section 2).
fn is_host_name(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    let last = name.rsplit('.').next().unwrap_or_default();
    name.split('.').all(is_label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_label(label: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !label.is_empty() && label.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_understood_and_shown_as_written() {
        for text in [
            "127.0.0.1:0",
            "0.0.0.0:65535",
            "[::]:8888",
            "[2001:db8::1]:1",
            "localhost:8888",
            "chat.example.:2000",
            "my_host-1:7",
            "[fe80::1%eth0]:8888",
            "[fe80::1%2]:8888",
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_has_another_form_is_refused() {
        for text in [
            "",
            ":",
            "8888",
            ":8888",
            "localhost",
            "127.0.0.1",
            "localhost:",
            "localhost:x",
            "localhost:65536",
            "localhost:-1",
            "::1:8888",
            "[::1]",
            "[::1:8888",
            "[nobody]:1",
            "[fe80::1%]:1",
            "[fe80::1%a b]:1",
            "[192.0.2.1%eth0]:1",
            "fe80::1%eth0:1",
            "eth0%fe80::1:1",
            "a b:1",
            "a..b:1",
            ".:1",
            "*:1",
            "999.0.0.1:1",
            "1.2.3:1",
            "12345:1",
            "tcp://h:1",
        ] {
            assert_eq!(text.parse::<Address>(), Err(AddressError), "{text:?}");
        }
    }

    #[test]
    fn a_destination_need_not_have_a_port() {
        for (text, address) in [
            ("127.0.0.1", "127.0.0.1:7"),
            ("127.0.0.1:8", "127.0.0.1:8"),
            ("localhost", "localhost:7"),
            ("::1", "[::1]:7"),
            ("[::1]", "[::1]:7"),
            ("[::1]:8", "[::1]:8"),
            ("[fe80::1%lo]", "[fe80::1%lo]:7"),
        ] {
            let destination: Destination = text.parse().unwrap();
            assert_eq!(destination.with_default(7).to_string(), address);
        }
        for text in ["", ":8", "8888", "localhost:", "localhost:x", "a b", "[::1"] {
            assert_eq!(text.parse::<Destination>(), Err(AddressError), "{text:?}");
        }
    }

    #[test]
    fn a_numeric_address_is_itself() {
        let address: Address = "[::1]:7".parse().unwrap();
        assert_eq!(address.resolve().unwrap(), ["[::1]:7".parse().unwrap()]);
    }

    #[test]
    fn an_interface_is_known_by_its_name() {
        let address: Address = "[fe80::1%lo]:7".parse().unwrap();
        let [SocketAddr::V6(resolved)] = address.resolve().unwrap()[..] else {
            panic!("one address stands for one")
        };
        assert_ne!(resolved.scope_id(), 0);
        let nowhere: Address = "[fe80::1%nosuchnet]:7".parse().unwrap();
        nowhere.resolve().unwrap_err();
    }
}
