//! What is served.

use std::fmt;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::time::Duration;

use linechat_protocol::{Event, Instant, ListenerId, Server};

/// Everything that an adapter serves.
#[derive(Debug)]
#[non_exhaustive]
pub struct Service {
    /// The state machine.
    pub server: Server,
    /// Sockets that are bound and listen. Adapters make them nonblocking. With none, the server
    /// ends once the last connection has gone.
    pub listeners: Vec<Listening>,
    /// Somebody at the server's own keyboard, if there is one.
    pub console: Option<Console>,
    /// Hears what happens.
    pub observer: Option<Box<dyn Observer>>,
    /// The observer has a [turn](Observer::turned) whenever something comes from this stream socket:
    /// one half of a pair, to whose other half a signal handler writes, say. What comes is read, and
    /// means nothing.
    pub bell: Option<OwnedFd>,
}

impl Service {
    /// A service without sockets, which nobody observes.
    pub fn new(server: Server) -> Self {
        Self {
            server,
            listeners: Vec::new(),
            console: None,
            observer: None,
            bell: None,
        }
    }

    /// Has peers come in by a socket that listens, on the terms of that listener.
    pub fn listen(mut self, listener: ListenerId, socket: TcpListener) -> Self {
        self.listeners.push(Listening { listener, socket });
        self
    }

    /// Has somebody hear what happens.
    pub fn observe(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }
}

/// A socket that listens.
#[derive(Debug)]
pub struct Listening {
    /// Which way into the server it is.
    pub listener: ListenerId,
    /// The socket.
    pub socket: TcpListener,
}

/// Somebody at the server's own keyboard: a connection whose peer is
/// [`Peer::Console`](linechat_protocol::Peer::Console).
#[derive(Debug)]
pub struct Console {
    /// Which way into the server it is.
    pub listener: ListenerId,
    /// A stream socket to and from them: one half of a pair, say.
    pub stream: OwnedFd,
}

/// Hears what happens in a server, for logs and metrics. Adapters wait for it, so it must not wait
/// for anything.
pub trait Observer: Send {
    /// Something happened.
    fn event(&mut self, event: &Event);

    /// All that was to be done for now was done. For what has to be looked at or changed from time
    /// to time.
    fn turned(&mut self, _now: Instant, _server: &mut Server) {}

    /// What came of the messages of a turn was written, as far as the sockets took it. Not called
    /// for turns in which nothing was said and nothing was to be written.
    fn flushed(&mut self, _flush: Flush) {}

    /// When [`turned`](Self::turned) is to be called, if nothing happens before; asked after each
    /// call of it. What is due by then has to be done by that call, or it is called without end.
    fn due(&self) -> Option<Instant> {
        None
    }
}

/// What an adapter did in one turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flush {
    /// How many messages of peers were dealt with.
    pub messages: usize,
    /// How long it took to write what came of them, and whatever else there was to be written.
    pub took: Duration,
}

impl fmt::Debug for dyn Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}
