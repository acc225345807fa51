//! Sockets of which nothing but their failure is of interest.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
#[cfg(not(any(target_os = "android", target_os = "linux")))]
use std::os::unix::net::UnixDatagram;

#[cfg(any(target_os = "android", target_os = "linux"))]
use rustix::event::epoll;

/// What this returns turns readable when the peer of a socket vanishes.
///
/// A runtime may only wait until a socket is readable or writable, and one that is not read from may
/// be both all the time. An epoll instance that was asked for nothing still tells of failures and of
/// a peer that has hung up, and is itself a descriptor that a runtime can wait for. It should exist
/// only as long as it is waited for, which is rare: while a rate limit or the dialect's rules keep
/// somebody waiting.
///
/// Systems without epoll have nothing that tells of failures alone. What this returns there never
/// turns readable: that such a peer has vanished is noticed when it is read from or written to again.
///
/// # Errors
///
/// The system's, where it has no descriptor left, or no memory.
#[cfg(any(target_os = "android", target_os = "linux"))]
pub fn watch_for_failure(socket: impl AsFd) -> io::Result<OwnedFd> {
    let failure = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(
        &failure,
        socket,
        epoll::EventData::new_u64(0),
        epoll::EventFlags::empty(),
    )?;
    Ok(failure)
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
#[expect(missing_docs, reason = "they are above")]
pub fn watch_for_failure(_socket: impl AsFd) -> io::Result<OwnedFd> {
    UnixDatagram::unbound().map(OwnedFd::from)
}
