//! All threads of one server.

use std::io;
use std::sync::Arc;

use linechat_driver::Observer;
use linechat_protocol::{ListenerId, Peer, Server};

use crate::capacity::Capacity;
use crate::event_loop::{Entrance, EventLoop};
use crate::shared::{Arrival, End, Shared};
use crate::system::{Poll, Stream, scope};

/// Serves until nobody is connected and nobody can connect any more. None of the threads is left
/// then.
pub(crate) fn serve_within(
    capacity: Capacity,
    server: Server,
    observer: Option<Box<dyn Observer>>,
    entrances: Vec<Entrance>,
    console: Option<(ListenerId, Stream)>,
    poll: Poll,
) -> io::Result<()> {
    let listeners = entrances.iter().map(|entrance| entrance.listener).collect();
    let shared = Shared::new(server, listeners, observer, capacity, poll.waker()?);
    scope(|scope| {
        let _end = End(&shared);
        let mut event_loop = EventLoop::new(scope, &shared, poll, entrances)?;
        if let Some((listener, stream)) = console {
            event_loop.start(Arrival::Peer(listener, Peer::Console), Arc::new(stream))?;
        }
        event_loop.run()
    })
}

#[cfg(test)]
mod tests;
