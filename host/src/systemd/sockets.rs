//! Sockets that listen already when the program starts.

use std::env;
use std::io;
use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;
#[cfg(any(target_os = "android", target_os = "linux"))]
use rustix::net::sockopt::socket_acceptconn;
use thiserror::Error;

use crate::cli::{EntranceError, METRICS, Scheme};

/// The sockets that the program was started with.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    pub(crate) sockets: Vec<PassedSocket>,
}

/// A socket that listens.
#[derive(Debug)]
pub(crate) struct PassedSocket {
    /// What `FileDescriptorName=` says is spoken there, if it was set.
    scheme: Option<String>,
    /// Where it listens.
    address: SocketAddr,
    socket: TcpListener,
}

impl Passed {
    /// Takes those that the environment tells of. Once: it does not tell of them any more.
    ///
    /// # Errors
    ///
    /// One of them is no TCP socket that listens.
    pub(crate) fn take() -> Result<Self, PassedError> {
        let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let mut passed = ListenFd::from_env();
        let mut sockets = Vec::new();
        for place in 0..passed.len() {
            let name = names.next().unwrap_or_default();
            let socket = passed.take_tcp_listener(place).ok().flatten();
            sockets.push(PassedSocket::new(name, socket)?);
        }
        Ok(Self { sockets })
    }

    /// What `--listen` would say of them.
    pub(crate) fn entrances(&self) -> impl Iterator<Item = String> {
        self.sockets.iter().map(|socket| match &socket.scheme {
            Some(scheme) => format!("{scheme}://{}", socket.address),
            None => socket.address.to_string(),
        })
    }

    /// Takes the one that listens at an address, if there is one.
    pub(crate) fn take_at(&mut self, address: SocketAddr) -> Option<TcpListener> {
        let mut sockets = self.sockets.iter();
        let place = sockets.position(|socket| socket.address == address)?;
        Some(self.sockets.swap_remove(place).socket)
    }
}

impl PassedSocket {
    /// `None` for something that is no TCP socket.
    fn new(name: &str, socket: Option<TcpListener>) -> Result<Self, PassedError> {
        let no_listener = || PassedError::NoListener(name.to_owned());
        let scheme = (!is_default(name)).then(|| scheme(name)).transpose()?;
        let socket = socket.ok_or_else(no_listener)?;
        let address = address_of(&socket).map_err(|_| no_listener())?;
        Ok(Self {
            scheme,
            address,
            socket,
        })
    }
}

/// What is spoken at a socket of this name.
fn scheme(name: &str) -> Result<String, PassedError> {
    if name == METRICS {
        return Ok(name.to_owned());
    }
    let scheme = name.parse::<Scheme>();
    scheme
        .map(|scheme| scheme.to_string())
        .map_err(|error| PassedError::Name(name.to_owned(), error))
}

/// Whether a name is what systemd calls a socket for which `FileDescriptorName=` is not set, or what
/// comes of no name.
fn is_default(name: &str) -> bool {
    name.is_empty() || name == "unknown" || name.ends_with(".socket")
}

fn address_of(socket: &TcpListener) -> io::Result<SocketAddr> {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    if !socket_acceptconn(socket)? {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    socket.local_addr()
}

/// Why the program cannot use what it was started with. Says what to change in the `.socket` unit.
#[derive(Debug, Error)]
pub(crate) enum PassedError {
    #[error(
        "the socket '{0}' that the program was started with is no TCP socket that listens: give its \
         unit a ListenStream= with an address and a port, and Accept=no"
    )]
    NoListener(String),
    #[error(
        "the socket '{0}' that the program was started with has a name that says nothing: with \
         FileDescriptorName=, {1}"
    )]
    Name(String, #[source] EntranceError),
}
