//! Datagrams to whoever supervises the program.

use std::env;
use std::ffi::OsStr;
use std::io;
#[cfg(any(target_os = "android", target_os = "linux"))]
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Tells the supervisor that started the program how it is.
///
/// It never waits: a supervisor that does not listen keeps no user waiting.
#[derive(Debug)]
pub(super) struct Notifier {
    socket: UnixDatagram,
    address: SocketAddr,
}

impl Notifier {
    /// For the socket that the environment names; `None` if it names none.
    ///
    /// # Errors
    ///
    /// There is no descriptor left, or the name is not one of a socket.
    pub(super) fn from_environment() -> io::Result<Option<Self>> {
        match env::var_os("NOTIFY_SOCKET") {
            None => Ok(None),
            Some(name) => Self::new(&name).map(Some),
        }
    }

    /// For a socket: a path, or `@` and an abstract name.
    pub(super) fn new(name: &OsStr) -> io::Result<Self> {
        let address = match name.as_bytes() {
            [b'/', ..] => SocketAddr::from_pathname(name)?,
            #[cfg(any(target_os = "android", target_os = "linux"))]
            [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
            _ => return Err(io::ErrorKind::Unsupported.into()),
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, address })
    }

    /// Tells it; lines of `NAME=value`.
    ///
    /// # Errors
    ///
    /// It does not listen, or not now.
    pub(super) fn tell(&self, state: &str) -> io::Result<()> {
        self.socket
            .send_to_addr(state.as_bytes(), &self.address)
            .map(drop)
    }
}
