//! What the tasks of one server share: the server and its sockets.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use linechat_protocol::{Action, ConnId, Instant, Peer, Server};

use super::{Runtime, Stream};
use crate::{Clock, log};

/// The state of all tasks. The lock is never held across an await.
pub(super) struct Shared<R: Runtime> {
    state: Mutex<State<R>>,
}

impl<R: Runtime> Shared<R> {
    pub(super) fn new(server: Server) -> Self {
        let state = State {
            server,
            clock: Clock::start(),
            sockets: Vec::new(),
            scratch: vec![0; READ_SIZE].into_boxed_slice(),
            flusher: None,
            acceptor: None,
            is_full: false,
            main: None,
            connections: 0,
            ended: false,
        };
        Self {
            state: Mutex::new(state),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct State<R: Runtime> {
    pub(super) server: Server,
    pub(super) clock: Clock,
    /// By [`ConnId::index`].
    sockets: Vec<Option<Socket<R>>>,
    /// Where every connection reads to, so that an idle one holds no buffer.
    pub(super) scratch: Box<[u8]>,
    /// Wakes the flusher.
    pub(super) flusher: Option<Waker>,
    /// Wakes the acceptor.
    pub(super) acceptor: Option<Waker>,
    /// The acceptor waits until the server takes more connections.
    pub(super) is_full: bool,
    /// Wakes whoever waits for the end.
    main: Option<Waker>,
    /// How many connections have not been released.
    connections: usize,
    /// All tasks are to end, without a word to anybody.
    pub(super) ended: bool,
}

/// What is known of a connection outside its own task.
pub(super) struct Socket<R: Runtime> {
    conn: ConnId,
    pub(super) stream: Arc<R::Stream>,
    /// The server takes more from it.
    pub(super) reading: bool,
    /// It did not take all that there was to write: its task waits until it takes more.
    pub(super) blocked: bool,
    /// The server has closed it.
    pub(super) closing: bool,
    /// Wakes its task.
    task: Option<Waker>,
}

impl<R: Runtime> Socket<R> {
    /// Has the current task woken when something changes for this connection.
    pub(super) fn register(&mut self, cx: &Context<'_>) {
        register(&mut self.task, cx);
    }

    fn wake(&self) {
        wake(&self.task);
    }
}

impl<R: Runtime> State<R> {
    pub(super) fn insert(&mut self, peer: Peer, stream: Arc<R::Stream>) -> ConnId {
        let conn = self.server.accept(self.clock.now(), peer);
        if self.sockets.len() <= conn.index() {
            self.sockets.resize_with(conn.index() + 1, || None);
        }
        let socket = Socket {
            conn,
            stream,
            reading: true,
            blocked: false,
            closing: false,
            task: None,
        };
        self.sockets[conn.index()] = Some(socket);
        self.connections += 1;
        self.wake_flusher();
        conn
    }

    /// Closes a socket, whose task has no use for it any more, and forgets the connection.
    pub(super) fn release(&mut self, conn: ConnId) {
        if self.socket(conn).is_some() {
            self.sockets[conn.index()] = None;
            self.connections -= 1;
        }
        self.server.release(self.clock.now(), conn);
        self.wake_flusher();
    }

    pub(super) fn shut_down(&mut self) {
        self.server.shut_down(self.clock.now());
        self.wake_flusher();
    }

    /// Ready when nobody is connected and nobody can connect any more. `listens` says whether
    /// somebody could before the shutdown.
    pub(super) fn poll_end(&mut self, listens: bool, cx: &Context<'_>) -> Poll<()> {
        if self.connections == 0 && (!listens || self.server.is_shutting_down()) {
            self.flush();
            return Poll::Ready(());
        }
        register(&mut self.main, cx);
        Poll::Pending
    }

    pub(super) fn socket(&mut self, conn: ConnId) -> Option<&mut Socket<R>> {
        self.sockets
            .get_mut(conn.index())?
            .as_mut()
            .filter(|socket| socket.conn == conn)
    }

    /// Whether the server takes more from a connection.
    pub(super) fn is_reading(&mut self, conn: ConnId) -> bool {
        self.socket(conn).is_some_and(|socket| socket.reading)
    }

    /// Whether a connection did not take all that there was to write.
    pub(super) fn is_blocked(&mut self, conn: ConnId) -> bool {
        self.socket(conn).is_some_and(|socket| socket.blocked)
    }

    /// Does all that the server wants done.
    pub(super) fn flush(&mut self) {
        let now = self.clock.now();
        while let Some(action) = self.server.poll() {
            match action {
                Action::Transmit(conn) => self.write(now, conn),
                Action::PauseReading(conn) => self.change(conn, |socket| socket.reading = false),
                Action::ResumeReading(conn) => self.change(conn, |socket| socket.reading = true),
                Action::Close(conn, _) => self.change(conn, |socket| socket.closing = true),
            }
        }
        while let Some(event) = self.server.poll_event() {
            log::event(&event);
        }
        if self.is_full && self.server.accepting() || self.server.is_shutting_down() {
            wake(&self.acceptor);
        }
        if self.connections == 0 {
            wake(&self.main);
        }
    }

    /// Writes what there is for a connection, unless its socket is known to take nothing.
    pub(super) fn write(&mut self, now: Instant, conn: ConnId) {
        let Some(socket) = self.sockets.get_mut(conn.index()).and_then(Option::as_mut) else {
            return;
        };
        let bytes = self.server.transmit(conn);
        if socket.blocked || bytes.is_empty() {
            return;
        }
        match socket.stream.try_write(bytes) {
            Ok(written) => {
                socket.blocked = written < bytes.len();
                if socket.blocked {
                    socket.wake();
                }
                self.server.advance(now, conn, written);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                socket.blocked = true;
                socket.wake();
            }
            Err(error) => self.fail(conn, &error),
        }
    }

    pub(super) fn fail(&mut self, conn: ConnId, error: &io::Error) {
        log::transport_failed(conn, error);
        self.server.transport_failed(self.clock.now(), conn);
        self.wake_flusher();
    }

    pub(super) fn wake_flusher(&self) {
        wake(&self.flusher);
    }

    /// Makes all tasks end.
    pub(super) fn end(&mut self) {
        self.ended = true;
        self.wake_flusher();
        for socket in self.sockets.iter().flatten() {
            socket.wake();
        }
    }

    fn change(&mut self, conn: ConnId, change: impl FnOnce(&mut Socket<R>)) {
        if let Some(socket) = self.socket(conn) {
            change(socket);
            socket.wake();
        }
    }
}

fn wake(waker: &Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake_by_ref();
    }
}

/// Puts the waker of the current task into `slot`.
pub(super) fn register(slot: &mut Option<Waker>, cx: &Context<'_>) {
    if slot.as_ref().is_none_or(|task| !task.will_wake(cx.waker())) {
        *slot = Some(cx.waker().clone());
    }
}

/// How much one read can bring, in bytes.
const READ_SIZE: usize = 64 << 10;
