//! Sockets that listen.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};

use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use thiserror::Error;
use tracing::warn;

use crate::address::Address;
use crate::advice::on_listening;
use crate::systemd::Passed;
use linechat_driver::prepare;

/// Listens on every address, and returns the listeners of each. They are nonblocking, and
/// connections to them succeed.
///
/// A host name may stand for several addresses: the server listens on all that this machine has,
/// at least one. `[::]` serves IPv4, too, unless `0.0.0.0` with the same port has a listener of its
/// own.
///
/// # Errors
///
/// The first address that cannot be looked up or listened on; then there is no listener at all.
pub fn listen(addresses: &[Address]) -> Result<Vec<Vec<TcpListener>>, ListenError> {
    listen_with(addresses, &mut Passed::default(), true)
}

/// The same, with sockets that listen already at some of the addresses. Unless it is to be open from
/// the beginning, nobody can connect to the others yet.
pub(crate) fn listen_with(
    addresses: &[Address],
    passed: &mut Passed,
    is_open: bool,
) -> Result<Vec<Vec<TcpListener>>, ListenError> {
    let mut resolved = Vec::new();
    for address in addresses {
        let targets = address.resolve();
        let targets = targets.map_err(|source| ListenError::resolve(address, source))?;
        resolved.push((address, targets));
    }
    let all: Vec<_> = resolved
        .iter()
        .flat_map(|(_, targets)| targets.iter().copied())
        .collect();
    let mut listeners = Vec::new();
    for (address, targets) in &resolved {
        let bound = listen_on_each(targets, &all, passed, is_open);
        listeners.push(bound.map_err(|source| ListenError::bind(address, source))?);
    }
    Ok(listeners)
}

/// Why a server cannot listen. It names the address and the cause.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The name of the host is unknown or cannot be looked up.
    #[error(
        "cannot resolve {address}: {source}; give an address, or a name that this machine can look up"
    )]
    Resolve {
        /// As it was given.
        address: Box<Address>,
        /// What the resolver says.
        source: io::Error,
    },
    /// The address is in use, not one of this machine, or not allowed.
    #[error("cannot listen on {address}: {source}{}", on_listening(source))]
    Bind {
        /// As it was given.
        address: Box<Address>,
        /// What the system says.
        source: io::Error,
    },
}

impl ListenError {
    fn resolve(address: &Address, source: io::Error) -> Self {
        Self::Resolve {
            address: Box::new(address.clone()),
            source,
        }
    }

    fn bind(address: &Address, source: io::Error) -> Self {
        Self::Bind {
            address: Box::new(address.clone()),
            source,
        }
    }
}

/// Listens on all that one name stands for, but for addresses that this machine does not have, as
/// long as there is another one. `all` is what this server is to listen on.
fn listen_on_each(
    targets: &[SocketAddr],
    all: &[SocketAddr],
    passed: &mut Passed,
    is_open: bool,
) -> io::Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    let mut missing = None;
    for target in targets {
        let listener = match passed.take_at(*target) {
            Some(socket) => adopt(socket),
            None => listen_on(*target, is_ipv6_only(target, all), is_open),
        };
        match listener {
            Ok(listener) => listeners.push(listener),
            Err(error) if is_missing(&error) => missing = Some((target, error)),
            Err(error) => return Err(error),
        }
    }
    match missing {
        Some((_, error)) if listeners.is_empty() => return Err(error),
        Some((target, error)) => warn!("cannot listen on {target}, too: {error}"),
        None => {}
    }
    Ok(listeners)
}

fn adopt(socket: TcpListener) -> io::Result<TcpListener> {
    prepare(&socket);
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn listen_on(address: SocketAddr, is_ipv6_only: bool, is_open: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // A server that was just stopped can be started again on its port at once.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(is_ipv6_only)?;
    }
    socket.bind(&address.into())?;
    // Whoever connects has the options of the listener, from the very first on.
    prepare(&socket);
    if is_open {
        socket.listen(BACKLOG)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Whether the IPv4 half of an IPv6 listener has to be left to another one.
fn is_ipv6_only(address: &SocketAddr, all: &[SocketAddr]) -> bool {
    let is_ipv4_twin = |other: &SocketAddr| {
        other.is_ipv4() && other.ip().is_unspecified() && other.port() == address.port()
    };
    address.port() != 0
        && matches!(address.ip(), IpAddr::V6(ip) if ip.is_unspecified())
        && all.iter().any(is_ipv4_twin)
}

/// Whether this machine lacks the address, or its whole family.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::ADDRNOTAVAIL | Errno::AFNOSUPPORT)
    )
}

/// How many peers may wait to be accepted. The system may allow fewer (`somaxconn`).
pub(crate) const BACKLOG: i32 = 4096;

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    fn listen_to(addresses: &[&str]) -> Result<Vec<TcpListener>, ListenError> {
        let addresses: Vec<_> = addresses
            .iter()
            .map(|address| address.parse().unwrap())
            .collect();
        listen(&addresses).map(|listeners| listeners.into_iter().flatten().collect())
    }

    #[test]
    fn connections_succeed_before_anybody_accepts() {
        let listeners = listen_to(&["127.0.0.1:0", "127.0.0.1:0"]).unwrap();
        assert_eq!(listeners.len(), 2);
        for listener in listeners {
            TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        }
    }

    #[test]
    fn the_ipv6_wildcard_serves_ipv4() {
        let listeners = listen_to(&["[::]:0"]).unwrap();
        let port = listeners[0].local_addr().unwrap().port();
        TcpStream::connect(("127.0.0.1", port)).unwrap();
    }

    #[test]
    fn both_wildcards_share_a_port_in_either_order() {
        let free = listen_to(&["0.0.0.0:0"]).unwrap()[0]
            .local_addr()
            .unwrap()
            .port();
        let (ipv4, ipv6) = (format!("0.0.0.0:{free}"), format!("[::]:{free}"));
        for addresses in [[&*ipv4, &*ipv6], [&*ipv6, &*ipv4]] {
            assert_eq!(listen_to(&addresses).unwrap().len(), 2);
        }
    }

    #[test]
    fn a_port_in_use_is_named_with_the_cause() {
        let taken = listen_to(&["127.0.0.1:0"]).unwrap();
        let address = taken[0].local_addr().unwrap().to_string();
        let error = listen_to(&[&address]).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("cannot listen on {address}: ")),
            "{error}"
        );
        assert!(error.contains("in use"), "{error}");
    }

    #[test]
    fn an_address_of_another_machine_is_named() {
        let error = listen_to(&["192.0.2.1:0"]).unwrap_err().to_string();
        assert!(
            error.starts_with("cannot listen on 192.0.2.1:0: "),
            "{error}"
        );
    }

    #[test]
    fn of_a_name_the_addresses_that_exist_suffice() {
        let targets = [
            "192.0.2.1:0".parse().unwrap(),
            "127.0.0.1:0".parse().unwrap(),
        ];
        assert_eq!(
            listen_on_each(&targets, &targets, &mut Passed::default(), true)
                .unwrap()
                .len(),
            1
        );
    }
}
