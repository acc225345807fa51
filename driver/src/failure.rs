//! Sockets of which nothing but their failure is of interest.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::epoll;

/// What this returns turns readable when the peer of a socket vanishes.
///
/// A runtime may only wait until a socket is readable or writable, and one that is not read from may
/// be both all the time. An epoll instance that was asked for nothing still tells of failures and of
/// a peer that has hung up, and is itself a descriptor that a runtime can wait for. It should exist
/// only as long as it is waited for, which is rare: while a rate limit or the dialect's rules keep
/// somebody waiting.
///
/// # Errors
///
/// The system's, where it has no descriptor left, or no memory.
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
