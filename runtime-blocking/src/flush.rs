//! Does what the server wants done.

use std::io;
use std::iter;
use std::mem;
use std::net::Shutdown;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use linechat_driver::{Flush, Observer, linger_until, was_refused};
use linechat_protocol::{Action, CloseReason, ConnId, Event, Instant};

use crate::shared::{Output, Shared, State, is_strict};
use crate::system::{MutexGuard, Stream, write};

impl Shared {
    /// Does all that the server wants done: writes, closes, logs, and minds the time.
    ///
    /// One thread at a time does. The others leave what they caused to it and go on; that makes
    /// one write for each recipient, whoever sent, and keeps to the server's bound on what may be
    /// queued between two flushes. The flusher leaves what came up meanwhile to a thread that
    /// waits for its turn, or to the event loop, so that its own peer is heard again.
    pub(crate) fn flush<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if state.is_flushing {
            state.has_more = true;
            return state;
        }
        state.is_flushing = true;
        state.has_more = false;
        let mut round = mem::take(&mut state.round);
        let mut has_gone_on = false;
        loop {
            let has_output = state.collect(&mut round);
            if has_output {
                state = self.perform(state, &mut round);
            }
            round.report(state.now());
            if state.is_strict && has_gone_on && state.waiting > 0 {
                break;
            }
            // Not before: what is due adds to what was to be written.
            has_gone_on = state.go_on();
            let is_done = !has_output && !has_gone_on;
            if is_done || state.has_more && !state.is_strict {
                break;
            }
        }
        state.round = round;
        state.is_flushing = false;
        if state.waiting > 0 {
            self.turned.notify_all();
        } else if state.has_more || state.is_event_loop_wanted() {
            self.wake_event_loop(&mut state);
        }
        state
    }

    /// Does what was collected, while others may have the lock.
    fn perform<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        round: &mut Round,
    ) -> MutexGuard<'a, State> {
        if state.waiting > 0 {
            self.turned.notify_all();
        }
        drop(state);
        round.perform();
        let mut state = self.lock();
        state.settle(round);
        state
    }
}

impl State {
    /// Asks the server what there is to do, and says whether there is anything.
    fn collect(&mut self, round: &mut Round) -> bool {
        self.turn += 1;
        self.clock.set(&mut self.server);
        self.is_strict = is_strict(self.server.limits());
        for conn in mem::take(&mut self.unblocked) {
            self.write(conn, true, round);
        }
        while let Some(action) = self.server.poll() {
            match action {
                Action::Transmit(conn) => self.write(conn, false, round),
                Action::PauseReading(conn) => self.pause(conn, true),
                Action::ResumeReading(conn) => self.pause(conn, false),
                Action::EndSending(conn) => self.end_sending(conn),
                Action::Close(conn, reason) => self.close(conn, reason),
                Action::Dial(link) => self.dial(link),
            }
        }
        let events = iter::from_fn(|| self.server.poll_event());
        round.events.extend(events);
        let now = self.now();
        if let Some(observer) = &mut round.observer {
            observer.turned(now, &mut self.server);
            self.observer_due = observer.due();
        }
        round.messages = self.server.messages_in_batch();
        round.has_written = !round.writes.is_empty();
        round.began = now;
        self.server.flushed();
        !round.is_empty()
    }

    /// Has the server do what is due, and what it left for after a flush. Says whether there was
    /// anything.
    fn go_on(&mut self) -> bool {
        let now = self.now();
        let is_due = self.server.poll_timeout().is_some_and(|due| due <= now);
        if is_due {
            self.server.handle_timeout(now);
        }
        let has_more = self.server.has_more();
        if has_more {
            self.server.carry_on(now);
        }
        is_due || has_more
    }

    /// Has a round write to a connection, unless its socket is known to take nothing.
    fn write(&mut self, conn: ConnId, is_unblocked: bool, round: &mut Round) {
        let Some(socket) = self.socket(conn) else {
            return;
        };
        let stream = Arc::clone(&socket.stream);
        let bytes = match mem::replace(&mut socket.output, Output::Writing) {
            Output::Idle => self.server.take_transmit(conn),
            Output::Blocked(rest) if is_unblocked => rest,
            other => {
                socket.output = other;
                return;
            }
        };
        round.writes.push(Write {
            conn,
            stream,
            bytes,
            outcome: Ok(0),
        });
    }

    fn pause(&mut self, conn: ConnId, is_paused: bool) {
        if let Some(socket) = self.socket(conn) {
            socket.is_paused = is_paused;
            socket.thread.unpark();
        }
    }

    fn end_sending(&mut self, conn: ConnId) {
        if let Some(socket) = self.socket(conn) {
            socket.has_ended_sending = true;
            // It fails where the peer is gone, which reading tells.
            let _ = socket.stream.shutdown(Shutdown::Write);
        }
    }

    fn close(&mut self, conn: ConnId, reason: CloseReason) {
        let Some(socket) = self.socket(conn) else {
            return;
        };
        socket.is_closing = true;
        socket.thread.unpark();
        // A peer that does not take what it was sent will not end its half either.
        let lingers = !matches!(socket.output, Output::Blocked(_)) && !was_refused(reason);
        let how = if lingers {
            Shutdown::Write
        } else {
            Shutdown::Both
        };
        // It fails where the peer is gone, and that is as good.
        let _ = socket.stream.shutdown(how);
        if lingers && !socket.is_at_end {
            let now = self.now();
            let until = linger_until(&self.server, now);
            self.lingering.push_back((until, conn));
        }
    }

    /// Tells the server what of a round was written.
    fn settle(&mut self, round: &mut Round) {
        for mut write in round.writes.drain(..) {
            match write.outcome {
                Ok(written) => {
                    let now = self.now();
                    self.server.advance(now, write.conn, written);
                    write.bytes.advance(written);
                }
                Err(error) => self.fail(write.conn, &error),
            }
            self.keep(write.conn, write.bytes);
        }
    }

    /// Keeps what a connection's socket did not take. If it took all, it may take more.
    fn keep(&mut self, conn: ConnId, rest: BytesMut) {
        let has_more = !self.server.transmit(conn).is_empty();
        let Some(socket) = self.socket(conn) else {
            return;
        };
        if rest.is_empty() {
            socket.output = Output::Idle;
            if has_more {
                self.unblocked.push(conn);
            }
        } else {
            socket.output = Output::Blocked(rest);
        }
    }
}

/// What is done without the lock. Nothing of it waits for a peer.
#[derive(Default)]
pub(crate) struct Round {
    writes: Vec<Write>,
    events: Vec<Event>,
    observer: Option<Box<dyn Observer>>,
    /// How many messages there were.
    messages: usize,
    /// Something came of them, or of something else.
    has_written: bool,
    /// When it was collected what.
    began: Instant,
}

impl Round {
    /// `observer` hears the events.
    pub(crate) fn new(observer: Option<Box<dyn Observer>>) -> Self {
        Self {
            observer,
            ..Self::default()
        }
    }

    fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.events.is_empty()
    }

    /// Tells the observer how long it took.
    fn report(&mut self, now: Instant) {
        if let Some(observer) = &mut self.observer
            && (self.has_written || self.messages > 0)
        {
            observer.flushed(Flush {
                messages: self.messages,
                took: now.saturating_since(self.began),
            });
        }
    }

    fn perform(&mut self) {
        for write in &mut self.writes {
            write.perform();
        }
        for event in self.events.drain(..) {
            if let Some(observer) = &mut self.observer {
                observer.event(&event);
            }
        }
    }
}

/// One write to one connection.
struct Write {
    conn: ConnId,
    stream: Arc<Stream>,
    bytes: BytesMut,
    /// How many of the bytes the socket took.
    outcome: io::Result<usize>,
}

impl Write {
    fn perform(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        self.outcome = write(&self.stream, &self.bytes);
    }
}
