//! What the threads of one server share: the server, and what is known of its sockets.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, PoisonError};

use bytes::BytesMut;
use linechat_driver::{Dialling, Observer, transport_failed};
use linechat_protocol::{ConnId, Instant, Limits, LinkId, ListenerId, Peer, Server};

use crate::capacity::Capacity;
use crate::flush::Round;
use crate::reader::READ_SIZE;
use crate::system::{Clock, Condvar, Mutex, MutexGuard, Stream, Thread, Waker};

/// The state of all threads. The lock is never held across a call that may wait.
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Wakes the threads that wait with more input for the flusher.
    pub(crate) turned: Condvar,
    event_loop: Arc<Waker>,
}

impl Shared {
    /// `event_loop` wakes its thread.
    pub(crate) fn new(
        mut server: Server,
        listeners: Vec<ListenerId>,
        observer: Option<Box<dyn Observer>>,
        capacity: Capacity,
        event_loop: Waker,
    ) -> Self {
        let event_loop = Arc::new(event_loop);
        let mut clock = Clock::start();
        clock.set(&mut server);
        let state = State {
            is_strict: is_strict(server.limits()),
            server,
            listeners,
            capacity,
            clock,
            sockets: Vec::new(),
            connections: 0,
            is_flushing: false,
            has_more: false,
            turn: 0,
            waiting: 0,
            round: Round::new(observer),
            unblocked: Vec::new(),
            lingering: VecDeque::new(),
            observer_due: None,
            sleep: None,
            ended: false,
            event_loop: Arc::clone(&event_loop),
            dialling: Dialling::default(),
        };
        Self {
            state: Mutex::new(state),
            turned: Condvar::new(),
            event_loop,
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the state for somebody who has input, one for each turn of the flusher, the last of
    /// which is kept in `turn`.
    ///
    /// The server bounds what it makes of input until its output is asked for. This here bounds
    /// what it has to keep meanwhile: what is being written counts as a backlog, of those who read
    /// promptly, too. Where that could be too much, nothing comes in before it was written.
    pub(crate) fn lock_for_input(&self, turn: &mut u64) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        state.waiting += 1;
        let mut state = self
            .turned
            .wait_while(state, |state| {
                let has_changed = state.turn != *turn && !state.is_strict;
                state.is_flushing && !has_changed && !state.ended
            })
            .unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        *turn = state.turn;
        state
    }

    /// Wakes the event loop.
    pub(crate) fn wake_event_loop(&self, state: &mut State) {
        state.wake();
        self.event_loop.wake();
    }

    /// Makes all threads end.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        for socket in state.sockets.iter().flatten() {
            let _ = socket.stream.shutdown(Shutdown::Both);
            socket.thread.unpark();
        }
        self.turned.notify_all();
        self.wake_event_loop(&mut state);
    }
}

/// Ends all threads when it is dropped: with the thread that started them, and with any other that
/// panics, which must not leave the rest to wait for it.
pub(crate) struct End<'a>(pub(crate) &'a Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

pub(crate) struct State {
    pub(crate) server: Server,
    listeners: Vec<ListenerId>,
    pub(crate) capacity: Capacity,
    pub(crate) clock: Clock,
    /// By [`ConnId::index`].
    sockets: Vec<Option<Socket>>,
    /// How many connections have not been released.
    pub(crate) connections: usize,
    /// A thread is at work in [`Shared::flush`].
    pub(crate) is_flushing: bool,
    /// One turn's output is written before the next one's input comes in.
    pub(crate) is_strict: bool,
    /// There may be more for it to do than what it knows of.
    pub(crate) has_more: bool,
    /// How often the server was asked what there is to do.
    pub(crate) turn: u64,
    /// How many threads wait with more input.
    pub(crate) waiting: usize,
    /// Kept for its buffers.
    pub(crate) round: Round,
    /// Connections whose socket may take more again.
    pub(crate) unblocked: Vec<ConnId>,
    /// Connections whose peers are to end their half, until then.
    pub(crate) lingering: VecDeque<(Instant, ConnId)>,
    /// When the observer is to have a turn.
    pub(crate) observer_due: Option<Instant>,
    /// What the event loop sleeps for, while it sleeps.
    pub(crate) sleep: Option<Sleep>,
    /// All threads are to end, without a word to anybody.
    pub(crate) ended: bool,
    event_loop: Arc<Waker>,
    /// What the server wants to be connected to.
    dialling: Dialling,
}

impl State {
    pub(crate) fn insert(
        &mut self,
        arrival: Arrival,
        stream: Arc<Stream>,
        thread: Thread,
    ) -> ConnId {
        let now = self.now();
        let conn = match arrival {
            Arrival::Peer(listener, peer) => self.server.accept(now, listener, peer),
            Arrival::Link(link, address) => self.server.accept_link(now, link, address),
        };
        if self.sockets.len() <= conn.index() {
            self.sockets.resize_with(conn.index() + 1, || None);
        }
        self.sockets[conn.index()] = Some(Socket {
            conn,
            stream,
            thread,
            output: Output::Idle,
            is_paused: false,
            is_at_end: false,
            is_closing: false,
            has_ended_sending: false,
            has_failed: false,
            is_failure_known: false,
        });
        self.connections += 1;
        conn
    }

    /// Begins to connect to what the server wants to be connected to.
    pub(crate) fn dial(&mut self, link: LinkId) {
        let event_loop = Arc::clone(&self.event_loop);
        let now = self.now();
        self.dialling
            .start(now, &mut self.server, link, move || event_loop.wake());
    }

    /// What the server wanted to be connected to is connected now.
    pub(crate) fn take_dialled(&mut self) -> Option<(LinkId, TcpStream, SocketAddr)> {
        let now = self.now();
        self.dialling.take(now, &mut self.server)
    }

    pub(crate) fn fail_dialling(&mut self, link: LinkId) {
        let now = self.now();
        self.server.dial_failed(now, link);
    }

    /// The time as the server is told it.
    pub(crate) fn now(&mut self) -> Instant {
        match &self.sleep {
            None => self.clock.now(),
            Some(sleep) => self.clock.now_asleep(sleep.until),
        }
    }

    /// Notes that the event loop sleeps no more.
    pub(crate) fn wake(&mut self) {
        // How long it slept is over with that.
        self.now();
        self.sleep = None;
    }

    pub(crate) fn socket(&mut self, conn: ConnId) -> Option<&mut Socket> {
        self.socket_at(conn.index())
            .filter(|socket| socket.conn == conn)
    }

    pub(crate) fn socket_at(&mut self, index: usize) -> Option<&mut Socket> {
        self.sockets.get_mut(index)?.as_mut()
    }

    /// Takes a connection's socket away. [`release`](Self::release) is to follow.
    pub(crate) fn remove(&mut self, conn: ConnId) -> Option<Socket> {
        self.sockets.get_mut(conn.index())?.take()
    }

    /// Forgets a connection whose socket is gone.
    pub(crate) fn release(&mut self, conn: ConnId) {
        let now = self.now();
        self.server.release(now, conn);
        self.connections -= 1;
    }

    pub(crate) fn fail(&mut self, conn: ConnId, error: &io::Error) {
        let Some(socket) = self.socket(conn) else {
            return;
        };
        // Its reader and its writer can both find out.
        if !socket.is_closing && !mem::replace(&mut socket.is_failure_known, true) {
            transport_failed(conn, error);
            let now = self.now();
            self.server.transport_failed(now, conn);
        }
    }

    /// The listeners at which one more peer can be served.
    pub(crate) fn accepting(&self) -> Vec<ListenerId> {
        let is_full = self.is_full();
        let listeners = self.listeners.iter().copied();
        listeners
            // For those who look how full it is, there is always room.
            .filter(|&listener| !is_full || self.server.is_aside(listener))
            .filter(|&listener| self.server.accepting(listener))
            .collect()
    }

    /// Whether there is no room for one more thread.
    pub(crate) fn is_full(&self) -> bool {
        self.connections >= self.capacity.connections
    }

    /// When there is something to do, if nothing happens before.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let dues = [
            self.server.poll_timeout(),
            self.next_lingering(),
            self.observer_due,
        ];
        dues.into_iter().flatten().min()
    }

    /// Until when the first of those lingers who do. Not for longer than a server that shuts down,
    /// perhaps since then, has promised to take.
    pub(crate) fn next_lingering(&self) -> Option<Instant> {
        let &(until, _) = self.lingering.front()?;
        let deadline = self.server.shut_down_deadline();
        Some(deadline.map_or(until, |deadline| deadline.min(until)))
    }

    /// Whether something came about for which the event loop does not know to wait.
    pub(crate) fn is_event_loop_wanted(&self) -> bool {
        let Some(sleep) = &self.sleep else {
            return false;
        };
        let is_earlier = |deadline| sleep.until.is_none_or(|until| deadline < until);
        self.next_deadline().is_some_and(is_earlier)
            || self
                .accepting()
                .iter()
                .any(|listener| !sleep.accepting.contains(listener))
            || self.server.is_shutting_down()
            || self.connections == 0
    }
}

/// Where a connection comes from.
#[derive(Clone, Copy)]
pub(crate) enum Arrival {
    Peer(ListenerId, Peer),
    /// The server wanted it.
    Link(LinkId, SocketAddr),
}

/// What is known of a connection outside its own thread.
pub(crate) struct Socket {
    pub(crate) conn: ConnId,
    /// In blocking mode: only its own thread reads from it, and may wait in that; writing never
    /// waits.
    pub(crate) stream: Arc<Stream>,
    /// Reads from it; parked while it does not.
    pub(crate) thread: Thread,
    pub(crate) output: Output,
    /// The server takes no more from it for now.
    pub(crate) is_paused: bool,
    /// Nothing more can be read from it.
    pub(crate) is_at_end: bool,
    /// The server has closed it.
    pub(crate) is_closing: bool,
    /// The server sends nothing more.
    pub(crate) has_ended_sending: bool,
    /// The event loop has seen it fail.
    pub(crate) has_failed: bool,
    /// The server was told so.
    is_failure_known: bool,
}

impl Socket {
    /// Whether its thread is to read, or reads already.
    pub(crate) fn is_reading(&self) -> bool {
        !self.is_paused && !self.is_at_end
    }

    /// Why it failed.
    pub(crate) fn error(&self) -> io::Error {
        match self.stream.take_error() {
            Ok(Some(error)) | Err(error) => error,
            Ok(None) => io::ErrorKind::ConnectionReset.into(),
        }
    }
}

/// How far a connection's output is.
pub(crate) enum Output {
    /// All that was taken from the server was written.
    Idle,
    /// The flusher is about to write, and nobody else does.
    Writing,
    /// The socket did not take this.
    Blocked(BytesMut),
}

/// What the event loop sleeps for, besides events.
pub(crate) struct Sleep {
    pub(crate) until: Option<Instant>,
    pub(crate) accepting: Vec<ListenerId>,
}

/// Whether backlogs have so little room that one turn's output is written before the next one's
/// input comes in.
pub(crate) fn is_strict(limits: &Limits) -> bool {
    limits.max_backlog < LARGE_BACKLOG
}

/// A limit on backlogs, in bytes, under which there is room for some turns of input: a turn makes
/// a quarter of the limit, and one message more, which may be as long as what one read brings.
const LARGE_BACKLOG: usize = 8 * READ_SIZE;
