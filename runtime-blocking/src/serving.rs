//! Serves with real sockets.

use std::io;
use std::os::fd::AsFd;
#[cfg(feature = "program")]
use std::os::unix::net::UnixStream;

use linechat_driver::Service;

use crate::capacity::{self, Capacity};
use crate::event_loop::Entrance;
use crate::room::Room;
use crate::system::{Listener, Poll, Stream};
use crate::threads::serve_within;

/// Serves until `shutdown` is readable or its other end is closed, and everybody has been sent
/// what was queued for them (at most for [`Limits::grace`](linechat_protocol::Limits::grace)), or
/// until the server ends by itself: because its dialect says so, or because there are no
/// listeners and the last connection has gone. None of its threads is left when it returns.
///
/// Listeners become nonblocking, the console becomes blocking. `shutdown` is one end of a
/// [pipe](io::pipe) or of a pair of sockets, say: the server ends when another thread writes to the
/// other end or drops it, or when a signal handler does. It is not read from.
///
/// # Errors
///
/// A descriptor cannot be waited for, or there is no thread for the console. Nothing that happens
/// later is an error: the server goes on with whoever is left.
pub fn serve(service: Service, shutdown: impl AsFd) -> io::Result<()> {
    let room = Room::of_process();
    let limits = service.server.limits();
    let capacity = Capacity::of(&room, limits);
    capacity.tell(limits);
    capacity::warn_of_backlogs(&room, limits);
    let mut poll = Poll::new()?;
    poll.watch_shutdown(&shutdown)?;
    if let Some(bell) = service.bell {
        poll.watch_bell(bell)?;
    }
    let mut entrances = Vec::new();
    for listening in service.listeners {
        let socket = Listener::new(listening.socket)?;
        entrances.push(Entrance::new(listening.listener, socket));
    }
    let mut console = None;
    if let Some(attached) = service.console {
        let stream = Stream::from(attached.stream);
        stream.set_nonblocking(false)?;
        console = Some((attached.listener, stream));
    }
    serve_within(
        capacity,
        service.server,
        service.observer,
        entrances,
        console,
        poll,
    )
}

/// Serves what a linechat program was told to.
///
/// # Errors
///
/// Those of [`serve`].
#[cfg(feature = "program")]
pub fn run(service: Service, shutdown: UnixStream) -> io::Result<()> {
    serve(service, shutdown)
}
