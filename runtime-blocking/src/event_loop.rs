//! The one thread that waits for several things at once.

use std::io;
use std::mem;
use std::net::Shutdown;
use std::sync::Arc;
use std::time::{Duration, Instant};

use linechat_driver::{AcceptErrors, Recovery};
use linechat_protocol::{ListenerId, Peer};

use crate::reader::Reader;
use crate::shared::{Arrival, End, Output, Shared, Sleep, State};
use crate::system::{
    Event, Listener, Poll, Scope, Stream, dialled, now, start_thread, sync_channel,
};

/// Accepts, minds the time, and looks after the sockets that nobody reads from or that took not
/// all there was to write.
pub(crate) struct EventLoop<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    shared: &'scope Shared,
    poll: Poll,
    /// Whichever had a connection is asked last from then on, and keeps none of the others waiting.
    entrances: Vec<Entrance>,
    /// Who was accepted and has no thread yet, since none could be started.
    accepted: Option<(ListenerId, Arc<Stream>, Peer)>,
    errors: AcceptErrors,
    /// While the system lacks something.
    pause: Option<Instant>,
    /// See [`Shared::lock_for_input`].
    turn: u64,
}

impl<'scope, 'env> EventLoop<'scope, 'env> {
    /// `poll` knows already how it learns that it is time to end.
    pub(crate) fn new(
        scope: &'scope Scope<'scope, 'env>,
        shared: &'scope Shared,
        poll: Poll,
        entrances: Vec<Entrance>,
    ) -> io::Result<Self> {
        for entrance in &entrances {
            poll.watch_listener(&entrance.socket)?;
        }
        Ok(Self {
            scope,
            shared,
            poll,
            entrances,
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
    pub(crate) fn start(&mut self, arrival: Arrival, stream: Arc<Stream>) -> io::Result<()> {
        let input = Arc::clone(&stream);
        let shared = self.shared;
        let (name, named) = sync_channel(1);
        // Before the server hears of the peer: there may be no thread left.
        let thread = start_thread(self.scope, move || {
            let end = End(shared);
            let conn = named.into_iter().next();
            if let Some(conn) = conn {
                Reader::new(shared, conn, input).run();
            }
            mem::forget(end);
        })?;
        let mut state = shared.lock_for_input(&mut self.turn);
        let conn = state.insert(arrival, Arc::clone(&stream), thread);
        if let Err(error) = self.poll.watch(conn.index(), &stream) {
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
        let server = &state.server;
        self.entrances
            .retain(|entrance| !server.has_closed(entrance.listener));
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
            self.errors.recover(&capacity.reached(), now());
        }
        if self.may_accept(&accepting) {
            let pause = self.pause.map_or(Duration::ZERO, |pause| {
                pause.saturating_duration_since(now())
            });
            timeout = Some(timeout.map_or(pause, |timeout| timeout.min(pause)));
        }
        self.poll.wait(timeout)?;
        Ok(Some(accepting))
    }

    fn handle_events(&mut self) {
        let mut state = self.shared.lock_for_input(&mut self.turn);
        state.wake();
        state.end_lingering();
        for event in self.poll.events() {
            match event {
                Event::Wake => {}
                Event::Accept => {
                    for entrance in &mut self.entrances {
                        entrance.has_waiting = true;
                    }
                }
                Event::ShutDown => state.shut_down(),
                Event::Socket {
                    index,
                    has_failed,
                    has_hung_up,
                } => state.handle_socket(index, has_failed, has_hung_up),
            }
        }
        let connected = state.take_dialled();
        drop(state);
        if let Some((link, stream, address)) = connected {
            let stream = Arc::new(dialled(stream));
            if self.start(Arrival::Link(link, address), stream).is_err() {
                self.shared.lock().fail_dialling(link);
            }
        }
    }

    /// Whether somebody may wait who is welcome.
    fn may_accept(&self, accepting: &[ListenerId]) -> bool {
        let mut entrances = self.entrances.iter();
        entrances.any(|entrance| entrance.has_waiting && accepting.contains(&entrance.listener))
            || (self.accepted.is_some() && !accepting.is_empty())
    }

    fn accept(&mut self, accepting: &[ListenerId]) {
        let now = now();
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
            self.start(Arrival::Peer(*listener, *peer), Arc::clone(stream))?;
            self.accepted = None;
        }
        Ok(())
    }

    /// Takes the next peer off the listeners, if somebody waits there who is welcome.
    fn take_waiting(
        &mut self,
        accepting: &[ListenerId],
    ) -> io::Result<Option<(ListenerId, Arc<Stream>, Peer)>> {
        for (place, entrance) in self.entrances.iter_mut().enumerate() {
            let listener = entrance.listener;
            if !accepting.contains(&listener) {
                continue;
            }
            if let Some((stream, address)) = entrance.socket.accept()? {
                self.entrances.rotate_left(place + 1);
                return Ok(Some((listener, Arc::new(stream), Peer::from(address))));
            }
            entrance.has_waiting = false;
        }
        Ok(None)
    }
}

/// A listener.
pub(crate) struct Entrance {
    pub(crate) listener: ListenerId,
    socket: Listener,
    /// Somebody may wait in its queue.
    has_waiting: bool,
}

impl Entrance {
    pub(crate) fn new(listener: ListenerId, socket: Listener) -> Self {
        Self {
            listener,
            socket,
            has_waiting: true,
        }
    }
}

impl State {
    fn shut_down(&mut self) {
        let now = self.now();
        self.server.shut_down(now);
    }

    /// Deals with a socket that takes more again or has failed. Each is closed before its index is
    /// used again, so that it is not another one's event.
    fn handle_socket(&mut self, index: usize, has_failed: bool, has_hung_up: bool) {
        let Some(socket) = self.socket_at(index) else {
            return;
        };
        let conn = socket.conn;
        // A socket has hung up, too, when both halves were ended in order.
        if has_failed || has_hung_up && !socket.has_ended_sending {
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
        while self.next_lingering().is_some_and(|until| until <= now)
            && let Some((_, conn)) = self.lingering.pop_front()
        {
            if let Some(socket) = self.socket(conn) {
                let _ = socket.stream.shutdown(Shutdown::Read);
            }
        }
    }
}
