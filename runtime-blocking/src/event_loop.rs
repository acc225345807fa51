//! The one thread that waits for several things at once.

use std::io;
use std::mem;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::{Builder, Scope};
use std::time::{Duration, Instant};

use linechat_host::{AcceptErrors, Recovery, linger_until, prepare};
use linechat_protocol::Peer;
use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use crate::reader::Reader;
use crate::shared::{End, Output, Shared, Sleep, State};

/// Accepts, minds the time, and looks after the sockets that nobody reads from or that took not
/// all there was to write.
pub(crate) struct EventLoop<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    shared: &'scope Shared,
    poll: Poll,
    events: Events,
    /// Whichever had a connection is asked last from then on, and keeps none of the others waiting.
    listeners: Vec<TcpListener>,
    /// Somebody may wait in the queue of a listener.
    has_waiting: bool,
    /// Who was accepted and has no thread yet, since none could be started.
    accepted: Option<(Arc<TcpStream>, Peer)>,
    errors: AcceptErrors,
    /// While the system lacks something.
    pause: Option<Instant>,
    /// See [`Shared::lock_for_input`].
    turn: u64,
}

impl<'scope, 'env> EventLoop<'scope, 'env> {
    /// `shutdown` is the descriptor that turns readable when it is time to end.
    pub(crate) fn new(
        scope: &'scope Scope<'scope, 'env>,
        shared: &'scope Shared,
        poll: Poll,
        listeners: Vec<TcpListener>,
        shutdown: &impl AsFd,
    ) -> io::Result<Self> {
        let readable = |fd: &dyn AsRawFd, token| {
            let mut source = SourceFd(&fd.as_raw_fd());
            poll.registry()
                .register(&mut source, token, Interest::READABLE)
        };
        for listener in &listeners {
            prepare(listener);
            listener.set_nonblocking(true)?;
            readable(listener, ACCEPT)?;
        }
        readable(&shutdown.as_fd(), SHUT_DOWN)?;
        Ok(Self {
            scope,
            shared,
            poll,
            events: Events::with_capacity(1024),
            listeners,
            has_waiting: true,
            accepted: None,
            errors: AcceptErrors::new(),
            pause: None,
            turn: 0,
        })
    }

    /// Works until nobody is connected and nobody can connect any more.
    pub(crate) fn run(mut self) -> io::Result<()> {
        while let Some(is_accepting) = self.wait()? {
            self.handle_events();
            if is_accepting {
                self.accept();
            }
        }
        Ok(())
    }

    /// Starts to serve a peer.
    pub(crate) fn start(&mut self, stream: Arc<TcpStream>, peer: Peer) -> io::Result<()> {
        let input = Arc::clone(&stream);
        let shared = self.shared;
        let (name, named) = sync_channel(1);
        // Before the server hears of the peer: there may be no thread left.
        let thread = Builder::new()
            .name("connection".into())
            .stack_size(STACK_SIZE)
            .spawn_scoped(self.scope, move || {
                let end = End(shared);
                let conn = named.into_iter().next();
                if let Some(conn) = conn {
                    Reader::new(shared, conn, input).run();
                }
                mem::forget(end);
            })
            .map_err(|error| io::Error::other(format!("cannot start a thread: {error}")))?;
        let mut state = shared.lock_for_input(&mut self.turn);
        let fd = stream.as_raw_fd();
        let conn = state.insert(peer, stream, thread.thread().clone());
        let token = Token(conn.index());
        let watched = self
            .poll
            .registry()
            .register(&mut SourceFd(&fd), token, Interest::WRITABLE);
        if let Err(error) = watched {
            state.fail(conn, &error);
        }
        // It cannot fail: the thread waits for it.
        let _ = name.send(conn);
        Ok(())
    }

    /// Waits until there is something to do, and says whether the server takes connections;
    /// `None` at the end.
    fn wait(&mut self) -> io::Result<Option<bool>> {
        let mut state = self.shared.flush(self.shared.lock());
        if state.server.is_shutting_down() {
            self.listeners.clear();
        }
        let is_listening = !self.listeners.is_empty();
        if state.ended || !is_listening && state.connections == 0 {
            return Ok(None);
        }
        let is_accepting = is_listening && state.is_accepting();
        let until = state.next_deadline();
        let mut timeout = until.map(|until| state.clock.until(until));
        state.sleep = Some(Sleep {
            until,
            is_accepting,
        });
        let full = state.is_full().then_some(state.capacity);
        drop(state);
        if let Some(capacity) = full
            && is_listening
            && self.has_waiting
        {
            self.errors.recover(&capacity.reached(), Instant::now());
        }
        if is_accepting && self.has_waiting {
            let pause = self.pause.map_or(Duration::ZERO, |pause| {
                pause.saturating_duration_since(Instant::now())
            });
            timeout = Some(timeout.map_or(pause, |timeout| timeout.min(pause)));
        }
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(Some(is_accepting)),
        }
    }

    fn handle_events(&mut self) {
        let mut state = self.shared.lock_for_input(&mut self.turn);
        state.sleep = None;
        state.end_lingering();
        for event in &self.events {
            match event.token() {
                WAKE => {}
                ACCEPT => self.has_waiting = true,
                SHUT_DOWN => state.shut_down(),
                Token(index) => state.handle_socket(index, event),
            }
        }
    }

    fn accept(&mut self) {
        let now = Instant::now();
        if !self.has_waiting || self.pause.is_some_and(|pause| now < pause) {
            return;
        }
        self.pause = None;
        if let Err(error) = self.accept_one()
            && let Recovery::Pause(time) = self.errors.recover(&error, now)
        {
            self.pause = Some(now + time);
        }
    }

    fn accept_one(&mut self) -> io::Result<()> {
        if self.accepted.is_none() {
            self.accepted = self.take_waiting()?;
        }
        if let Some((stream, peer)) = &self.accepted {
            self.start(Arc::clone(stream), *peer)?;
            self.accepted = None;
        }
        Ok(())
    }

    /// Takes the next peer off the listeners, if somebody waits there.
    fn take_waiting(&mut self) -> io::Result<Option<(Arc<TcpStream>, Peer)>> {
        for (place, listener) in self.listeners.iter().enumerate() {
            match listener.accept() {
                Ok((stream, address)) => {
                    self.listeners.rotate_left(place + 1);
                    stream.set_nonblocking(false)?;
                    return Ok(Some((Arc::new(stream), Peer::from(address))));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        self.has_waiting = false;
        Ok(None)
    }
}

impl State {
    fn shut_down(&mut self) {
        let now = self.clock.now();
        self.server.shut_down(now);
        let limit = linger_until(&self.server, now);
        for (until, _) in &mut self.lingering {
            *until = limit.min(*until);
        }
    }

    /// Deals with a socket that takes more again or has failed. Each is closed before its index is
    /// used again, so that it is not another one's event.
    fn handle_socket(&mut self, index: usize, event: &Event) {
        let Some(socket) = self.socket_at(index) else {
            return;
        };
        let conn = socket.conn;
        if event.is_error() || event.is_write_closed() {
            socket.has_failed = true;
            socket.thread.unpark();
        }
        if !matches!(socket.output, Output::Idle) {
            self.unblocked.push(conn);
        }
    }

    /// Makes those readers end that have waited for long enough for their peers to.
    fn end_lingering(&mut self) {
        let now = self.clock.now();
        while let Some((_, conn)) = self.lingering.pop_front_if(|(until, _)| *until <= now) {
            if let Some(socket) = self.socket(conn) {
                let _ = socket.stream.shutdown(Shutdown::Read);
            }
        }
    }
}

pub(crate) const WAKE: Token = Token(usize::MAX);
const ACCEPT: Token = Token(usize::MAX - 1);
const SHUT_DOWN: Token = Token(usize::MAX - 2);

/// Address space, of which 16 KiB are used, or twice as much in a build without optimisation.
const STACK_SIZE: usize = 128 << 10;
