//! What is not the same on all systems.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

use tokio::io::Interest;

/// What tells of urgent data. Where nothing does, there may always be some.
#[cfg(any(target_os = "android", target_os = "linux"))]
pub(crate) const URGENT: Option<Interest> = Some(Interest::PRIORITY);
#[cfg(not(any(target_os = "android", target_os = "linux")))]
pub(crate) const URGENT: Option<Interest> = None;

/// The next peer, on a socket that is nonblocking and closed on `exec`: with one system call.
#[cfg(any(target_os = "android", target_os = "linux"))]
pub(crate) fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    use rustix::net::{SocketFlags, acceptfrom_with};

    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let (socket, address) = acceptfrom_with(listener, flags)?;
    let address = address.ok_or(io::ErrorKind::ConnectionAborted)?;
    Ok((socket.into(), SocketAddr::try_from(address)?))
}

/// The next peer, on a socket that is nonblocking and closed on `exec`.
#[cfg(not(any(target_os = "android", target_os = "linux")))]
pub(crate) fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (socket, address) = listener.accept()?;
    socket.set_nonblocking(true)?;
    Ok((socket, address))
}
