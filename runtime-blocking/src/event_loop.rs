//! The one thread that waits for several things at once.

use std::io;
use std::mem;
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::{Builder, Scope};
use std::time::{Duration, Instant};

use linechat_driver::{AcceptErrors, Listening, Recovery, linger_until, prepare};
use linechat_protocol::{ListenerId, Peer};
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
    bell: Option<OwnedFd>,
    events: Events,
    /// Whichever had a connection is asked last from then on, and keeps none of the others waiting.
    entrances: Vec<Entrance>,
    /// Who was accepted and has no thread yet, since none could be started.
    accepted: Option<(ListenerId, Arc<TcpStream>, Peer)>,
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
        listeners: Vec<Listening>,
        bell: Option<OwnedFd>,
        shutdown: &impl AsFd,
    ) -> io::Result<Self> {
        let readable = |fd: &dyn AsRawFd, token| {
            let mut source = SourceFd(&fd.as_raw_fd());
            poll.registry()
                .register(&mut source, token, Interest::READABLE)
        };
        for Listening { socket, .. } in &listeners {
            prepare(socket);
            socket.set_nonblocking(true)?;
            readable(socket, ACCEPT)?;
        }
        let entrances = listeners.into_iter().map(|listening| Entrance {
            listening,
            has_waiting: true,
        });
        readable(&shutdown.as_fd(), SHUT_DOWN)?;
        if let Some(bell) = &bell {
            rustix::io::ioctl_fionbio(bell, true)?;
            readable(bell, BELL)?;
        }
        Ok(Self {
            scope,
            shared,
            poll,
            bell,
            events: Events::with_capacity(1024),
            entrances: entrances.collect(),
            accepted: None,
            errors: AcceptErrors::new(),
            pause: None,
            turn: 0,
        })
    }

    /// Works until nobody is connected and nobody can connect any more.
    pub(crate) fn run(mut self) -> io::Result<()> {
        while let Some(accepting) = self.wait()? {
            self.handle_events();
            self.accept(&accepting);
        }
        Ok(())
    }

    /// Starts to serve a peer.
    pub(crate) fn start(
        &mut self,
        listener: ListenerId,
        stream: Arc<TcpStream>,
        peer: Peer,
    ) -> io::Result<()> {
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
        let conn = state.insert(listener, peer, stream, thread.thread().clone());
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
        drop(self.shared.flush(state));
        Ok(())
    }

    /// Waits until there is something to do, and says at which listeners the server takes
    /// connections; `None` at the end.
    fn wait(&mut self) -> io::Result<Option<Vec<ListenerId>>> {
        let mut state = self.shared.flush(self.shared.lock());
        if state.server.is_shutting_down() {
            self.entrances.clear();
        }
        let is_listening = !self.entrances.is_empty();
        if state.ended || !is_listening && state.connections == 0 {
            return Ok(None);
        }
        let accepting = match is_listening {
            true => state.accepting(),
            false => Vec::new(),
        };
        let until = state.next_deadline();
        let mut timeout = until.map(|until| state.clock.until(until));
        state.sleep = Some(Sleep {
            until,
            accepting: accepting.clone(),
        });
        let full = state.is_full().then_some(state.capacity);
        drop(state);
        if let Some(capacity) = full
            && self.entrances.iter().any(|entrance| entrance.has_waiting)
        {
            self.errors.recover(&capacity.reached(), Instant::now());
        }
        if self.may_accept(&accepting) {
            let pause = self.pause.map_or(Duration::ZERO, |pause| {
                pause.saturating_duration_since(Instant::now())
            });
            timeout = Some(timeout.map_or(pause, |timeout| timeout.min(pause)));
        }
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(Some(accepting)),
        }
    }

    fn handle_events(&mut self) {
        let mut state = self.shared.lock_for_input(&mut self.turn);
        state.wake();
        state.end_lingering();
        for event in &self.events {
            match event.token() {
                WAKE => {}
                ACCEPT => {
                    for entrance in &mut self.entrances {
                        entrance.has_waiting = true;
                    }
                }
                SHUT_DOWN => state.shut_down(),
                BELL => hush(self.bell.as_ref()),
                Token(index) => state.handle_socket(index, event),
            }
        }
    }

    /// Whether somebody may wait who is welcome.
    fn may_accept(&self, accepting: &[ListenerId]) -> bool {
        let mut entrances = self.entrances.iter();
        entrances.any(|entrance| {
            entrance.has_waiting && accepting.contains(&entrance.listening.listener)
        }) || (self.accepted.is_some() && !accepting.is_empty())
    }

    fn accept(&mut self, accepting: &[ListenerId]) {
        let now = Instant::now();
        if !self.may_accept(accepting) || self.pause.is_some_and(|pause| now < pause) {
            return;
        }
        self.pause = None;
        if let Err(error) = self.accept_one(accepting)
            && let Recovery::Pause(time) = self.errors.recover(&error, now)
        {
            self.pause = Some(now + time);
        }
    }

    fn accept_one(&mut self, accepting: &[ListenerId]) -> io::Result<()> {
        if self.accepted.is_none() {
            self.accepted = self.take_waiting(accepting)?;
        }
        if let Some((listener, stream, peer)) = &self.accepted {
            self.start(*listener, Arc::clone(stream), *peer)?;
            self.accepted = None;
        }
        Ok(())
    }

    /// Takes the next peer off the listeners, if somebody waits there who is welcome.
    fn take_waiting(
        &mut self,
        accepting: &[ListenerId],
    ) -> io::Result<Option<(ListenerId, Arc<TcpStream>, Peer)>> {
        for (place, entrance) in self.entrances.iter_mut().enumerate() {
            let listener = entrance.listening.listener;
            if !accepting.contains(&listener) {
                continue;
            }
            match entrance.listening.socket.accept() {
                Ok((stream, address)) => {
                    self.entrances.rotate_left(place + 1);
                    stream.set_nonblocking(false)?;
                    return Ok(Some((listener, Arc::new(stream), Peer::from(address))));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    entrance.has_waiting = false;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

/// A listener.
struct Entrance {
    listening: Listening,
    /// Somebody may wait in its queue.
    has_waiting: bool,
}

impl State {
    fn shut_down(&mut self) {
        let now = self.now();
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
        // A socket has hung up, too, when both halves were ended in order.
        let has_hung_up = event.is_write_closed() && !socket.has_ended_sending;
        if event.is_error() || has_hung_up {
            socket.has_failed = true;
            socket.thread.unpark();
        }
        if !matches!(socket.output, Output::Idle) {
            self.unblocked.push(conn);
        }
    }

    /// Makes those readers end that have waited for long enough for their peers to.
    fn end_lingering(&mut self) {
        let now = self.now();
        while let Some((_, conn)) = self.lingering.pop_front_if(|(until, _)| *until <= now) {
            if let Some(socket) = self.socket(conn) {
                let _ = socket.stream.shutdown(Shutdown::Read);
            }
        }
    }
}

/// Forgets that it rang. The observer has its turn with the next flush.
fn hush(bell: Option<&OwnedFd>) {
    let Some(bell) = bell else { return };
    while let Ok(1..) = rustix::io::read(bell, &mut [0; 64]) {}
}

pub(crate) const WAKE: Token = Token(usize::MAX);
const ACCEPT: Token = Token(usize::MAX - 1);
const SHUT_DOWN: Token = Token(usize::MAX - 2);
const BELL: Token = Token(usize::MAX - 3);

/// Address space, of which 16 KiB are used, or twice as much in a build without optimisation.
const STACK_SIZE: usize = 128 << 10;
