//! What the tasks of one server share: the server and the writing halves of its sockets.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use linechat_host::{Clock, log};
use linechat_protocol::{Action, ConnId, Peer, Server};
use tokio::net::tcp::OwnedWriteHalf;

/// The state of all tasks. The lock is never held across an await.
pub(crate) struct Shared {
    state: Mutex<State>,
}

impl Shared {
    pub(crate) fn new(server: Server) -> Self {
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

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct State {
    pub(crate) server: Server,
    pub(crate) clock: Clock,
    /// By [`ConnId::index`].
    sockets: Vec<Option<Socket>>,
    /// Where every connection reads to, so that an idle one holds no buffer.
    pub(crate) scratch: Box<[u8]>,
    /// Wakes the flusher.
    pub(crate) flusher: Option<Waker>,
    /// Wakes the acceptor.
    pub(crate) acceptor: Option<Waker>,
    /// The acceptor waits until the server takes more connections.
    pub(crate) is_full: bool,
    /// Wakes whoever waits for the end.
    main: Option<Waker>,
    /// How many connections have not been released.
    connections: usize,
    /// All tasks are to end, without a word to anybody.
    pub(crate) ended: bool,
}

/// What is known of a connection outside its own task.
pub(crate) struct Socket {
    conn: ConnId,
    pub(crate) writer: OwnedWriteHalf,
    /// The server takes more from it.
    pub(crate) reading: bool,
    /// It did not take all that there was to write: its task waits until it takes more.
    pub(crate) blocked: bool,
    /// The server has closed it.
    pub(crate) closing: bool,
    /// Wakes its task.
    task: Option<Waker>,
}

impl Socket {
    /// Has the current task woken when something changes for this connection.
    pub(crate) fn register(&mut self, cx: &Context<'_>) {
        if self
            .task
            .as_ref()
            .is_none_or(|task| !task.will_wake(cx.waker()))
        {
            self.task = Some(cx.waker().clone());
        }
    }

    fn wake(&self) {
        if let Some(task) = &self.task {
            task.wake_by_ref();
        }
    }
}

impl State {
    pub(crate) fn insert(&mut self, peer: Peer, writer: OwnedWriteHalf) -> ConnId {
        let conn = self.server.accept(self.clock.now(), peer);
        if self.sockets.len() <= conn.index() {
            self.sockets.resize_with(conn.index() + 1, || None);
        }
        let socket = Socket {
            conn,
            writer,
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

    /// Forgets a connection whose reading half is gone.
    pub(crate) fn release(&mut self, conn: ConnId) {
        if let Some(socket) = self.sockets.get_mut(conn.index()).and_then(Option::take) {
            // Its sending half has been ended already.
            socket.writer.forget();
            self.connections -= 1;
        }
        self.server.release(self.clock.now(), conn);
        self.wake_flusher();
    }

    pub(crate) fn shut_down(&mut self) {
        self.server.shut_down(self.clock.now());
        self.wake_flusher();
    }

    /// Ready when nobody is connected and nobody can connect any more. `listens` says whether
    /// somebody could before the shutdown.
    pub(crate) fn poll_end(&mut self, listens: bool, cx: &Context<'_>) -> Poll<()> {
        if self.connections == 0 && (!listens || self.server.is_shutting_down()) {
            self.flush();
            return Poll::Ready(());
        }
        self.main = Some(cx.waker().clone());
        Poll::Pending
    }

    pub(crate) fn socket(&mut self, conn: ConnId) -> Option<&mut Socket> {
        self.sockets
            .get_mut(conn.index())?
            .as_mut()
            .filter(|socket| socket.conn == conn)
    }

    /// Does all that the server wants done.
    pub(crate) fn flush(&mut self) {
        while let Some(action) = self.server.poll() {
            match action {
                Action::Transmit(conn) => self.write(conn),
                Action::PauseReading(conn) => self.change(conn, |socket| socket.reading = false),
                Action::ResumeReading(conn) => self.change(conn, |socket| socket.reading = true),
                Action::Close(conn, _) => self.change(conn, |socket| socket.closing = true),
            }
        }
        while let Some(event) = self.server.poll_event() {
            log::event(&event);
        }
        if self.is_full && self.server.accepting() || self.server.is_shutting_down() {
            wake(&mut self.acceptor);
        }
        if self.connections == 0 {
            wake(&mut self.main);
        }
    }

    /// Writes what there is for a connection, unless its socket is known to take nothing.
    pub(crate) fn write(&mut self, conn: ConnId) {
        let Some(socket) = self.sockets.get_mut(conn.index()).and_then(Option::as_mut) else {
            return;
        };
        let bytes = self.server.transmit(conn);
        if socket.blocked || bytes.is_empty() {
            return;
        }
        match socket.writer.try_write(bytes) {
            Ok(written) => {
                socket.blocked = written < bytes.len();
                if socket.blocked {
                    socket.wake();
                }
                self.server.advance(self.clock.now(), conn, written);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                socket.blocked = true;
                socket.wake();
            }
            Err(error) => self.fail(conn, &error),
        }
    }

    pub(crate) fn fail(&mut self, conn: ConnId, error: &io::Error) {
        log::transport_failed(conn, error);
        self.server.transport_failed(self.clock.now(), conn);
        self.wake_flusher();
    }

    pub(crate) fn wake_flusher(&self) {
        if let Some(flusher) = &self.flusher {
            flusher.wake_by_ref();
        }
    }

    /// Makes all tasks end.
    pub(crate) fn end(&mut self) {
        self.ended = true;
        self.wake_flusher();
        for socket in self.sockets.iter().flatten() {
            socket.wake();
        }
    }

    fn change(&mut self, conn: ConnId, change: impl FnOnce(&mut Socket)) {
        if let Some(socket) = self.socket(conn) {
            change(socket);
            socket.wake();
        }
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

/// How much one read can bring, in bytes.
const READ_SIZE: usize = 64 << 10;
