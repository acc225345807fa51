//! The sockets of the connections.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use linechat_protocol::ConnId;

use crate::connection::LINGER_BYTES;
use crate::runtime::{Runtime, Stream};

/// All sockets, by connection.
pub(super) struct Sockets<R: Runtime> {
    /// By [`ConnId::index`].
    slots: Vec<Option<Socket<R>>>,
    len: usize,
}

impl<R: Runtime> Sockets<R> {
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            len: 0,
        }
    }

    pub(super) fn insert(&mut self, conn: ConnId, stream: R::Stream, waker: Waker) {
        if self.slots.len() <= conn.index() {
            self.slots.resize_with(conn.index() + 1, || None);
        }
        self.slots[conn.index()] = Some(Socket {
            conn,
            stream: Arc::new(stream),
            waker,
            input: Input::Open,
            reading: true,
            blocked: false,
            has_ended_sending: false,
            failure: None,
        });
        self.len += 1;
    }

    pub(super) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Socket<R>> {
        self.slots
            .get_mut(conn.index())?
            .as_mut()
            .filter(|socket| socket.conn == conn)
    }

    /// Closes a socket.
    pub(super) fn remove(&mut self, conn: ConnId) {
        if self.get_mut(conn).is_some() {
            self.slots[conn.index()] = None;
            self.len -= 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }
}

pub(super) struct Socket<R: Runtime> {
    conn: ConnId,
    pub(super) stream: Arc<R::Stream>,
    waker: Waker,
    pub(super) input: Input,
    /// The server takes more from it.
    pub(super) reading: bool,
    /// It did not take all that there was to write, and has its connection polled when it takes
    /// more.
    pub(super) blocked: bool,
    /// The server sends nothing more. When the peer has ended its half, too, the system takes the
    /// socket for one that has hung up, though there may be something to be read.
    pub(super) has_ended_sending: bool,
    /// Waits for the peer to vanish, while nothing else would tell.
    failure: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

/// What there is to be read from a socket.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// What the peer sends.
    Open,
    /// Nothing: the peer has ended its half.
    Ended,
    /// Nothing: the transport has failed, and the server knows.
    Failed,
    /// What comes after the server has closed, to be dropped, and this many more bytes of it.
    Lingering(usize),
}

impl<R: Runtime> Socket<R> {
    pub(super) fn poll_read(&self, buffer: &mut [u8]) -> Poll<std::io::Result<usize>> {
        self.stream.poll_read(&mut self.context(), buffer)
    }

    /// Ready if it is worth trying to write. Otherwise the socket is marked as blocked, and its
    /// connection is polled when it is worth it.
    pub(super) fn poll_writable(&mut self) -> Poll<()> {
        let writable = self.stream.poll_writable(&mut self.context());
        self.blocked = writable.is_pending();
        // An error comes back from writing.
        writable.map(|_| ())
    }

    /// Ready when the peer has vanished.
    pub(super) fn poll_failed(&mut self) -> Poll<()> {
        let failure = self
            .failure
            .get_or_insert_with(|| Box::pin(Arc::clone(&self.stream).failed()));
        let failed = failure.as_mut().poll(&mut Context::from_waker(&self.waker));
        if failed.is_ready() {
            self.failure = None;
        }
        failed
    }

    /// The server takes more from it, or no more.
    pub(super) fn set_reading(&mut self, reading: bool) {
        self.reading = reading;
        self.failure = None;
    }

    /// The server sends nothing more.
    pub(super) fn end_sending(&mut self) {
        self.has_ended_sending = true;
        self.failure = None;
    }

    /// Reads on, only to drop it.
    pub(super) fn start_to_linger(&mut self) {
        self.input = Input::Lingering(LINGER_BYTES);
        self.failure = None;
    }

    fn context(&self) -> Context<'_> {
        Context::from_waker(&self.waker)
    }
}
