//! The server: inputs in, actions out.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::mem;

use bytes::{Buf, BytesMut};

use crate::connection::End;
use crate::engine::Engine;
use crate::lines::{Decoded, Line, LineDecoder};
use crate::rules::Rules;
use crate::{
    Action, CloseReason, Config, ConfigError, ConnId, Event, Framing, Instant, Limits, Peer,
};

/// A chat server without its sockets.
///
/// The [crate's manual](crate) says how to drive it. The methods come in three families:
///
/// * **Inputs**, each with the time: [`accept`](Self::accept), [`receive`](Self::receive),
///   [`receive_eof`](Self::receive_eof), [`transport_failed`](Self::transport_failed),
///   [`advance`](Self::advance), [`handle_timeout`](Self::handle_timeout),
///   [`shut_down`](Self::shut_down), and [`release`](Self::release). None of them fails:
///   whatever a peer does is the peer's business, and a name that is stale does nothing. Time that
///   runs backwards is taken as standing still.
/// * **Outputs**: [`poll`](Self::poll), [`transmit`](Self::transmit) or
///   [`take_transmit`](Self::take_transmit), [`poll_timeout`](Self::poll_timeout),
///   [`poll_event`](Self::poll_event).
/// * **Questions**: [`accepting`](Self::accepting), [`is_finished`](Self::is_finished),
///   [`limits`](Self::limits).
pub struct Server {
    engine: Engine,
    rules: Box<dyn Rules>,
    /// Where input goes from which telnet's commands must be dropped.
    scratch: Vec<u8>,
}

impl Server {
    /// A server without connections.
    ///
    /// # Errors
    ///
    /// The configuration has a setting that its dialect does not take, or a limit of zero.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.validate()?;
        Ok(Self {
            rules: (config.dialect.profile().rules)(&config),
            engine: Engine::new(config),
            scratch: Vec::new(),
        })
    }

    /// A peer connected. The name that it gets here is its name in everything that follows.
    ///
    /// One that is not welcome is closed by an action, like any other.
    pub fn accept(&mut self, now: Instant, peer: Peer) -> ConnId {
        self.tick(now);
        let refusal = self.refusal(peer);
        let conn = self.engine.insert(peer);
        if let Some(reason) = refusal {
            self.engine.close(conn, reason);
        } else {
            if let Some(connection) = self.engine.get_mut(conn) {
                connection.joined = true;
            }
            self.rules.joined(&mut self.engine, conn);
        }
        self.settle();
        conn
    }

    /// A peer sent these bytes.
    pub fn receive(&mut self, now: Instant, conn: ConnId, bytes: &[u8]) {
        self.tick(now);
        let now = self.engine.now;
        let Some(connection) = self.engine.open_mut(conn) else {
            return;
        };
        if connection.inbox.end != End::Open || bytes.is_empty() {
            return;
        }
        connection.last_input = now;
        let mut scratch = mem::take(&mut self.scratch);
        let bytes = match &mut connection.inbox.telnet {
            Some(filter) => filter.filter(bytes, &mut scratch),
            None => bytes,
        };
        self.take_in(conn, bytes);
        self.scratch = scratch;
    }

    /// A peer ended its sending half. What it sent before is still processed and answered.
    pub fn receive_eof(&mut self, now: Instant, conn: ConnId) {
        self.tick(now);
        let Some(connection) = self.engine.open_mut(conn) else {
            return;
        };
        if connection.inbox.end == End::Open {
            connection.inbox.end = End::Received;
            self.take_from(conn, &[]);
        }
    }

    /// A peer vanished: its transport can neither bring nor take anything any more. What is
    /// queued for it is dropped.
    pub fn transport_failed(&mut self, now: Instant, conn: ConnId) {
        self.tick(now);
        self.engine.close(conn, CloseReason::TransportFailed);
        self.settle();
        self.engine.discard(conn);
    }

    /// `written` more bytes of what is queued for a peer are with its transport.
    pub fn advance(&mut self, now: Instant, conn: ConnId, written: usize) {
        self.tick(now);
        self.engine.advance(conn, written);
    }

    /// Time has passed, and what [`poll_timeout`](Self::poll_timeout) waited for is due. A call
    /// before that does nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.tick(now);
        self.engine.end_batch();
        // Who leaves may have to be told to many: what is due beyond this batch stays due.
        while !self.engine.batch.is_full()
            && let Some(conn) = self.engine.timers.pop_expired(self.engine.now)
        {
            self.end_line_if_due(conn);
            self.engine.expire(conn);
            self.settle();
            self.engine.arm(conn);
        }
        // Each once: what they leave for later comes behind the others.
        for _ in 0..self.engine.runnable.len() {
            if self.engine.batch.is_full() {
                break;
            }
            let Some(conn) = self.engine.runnable.pop_front() else {
                break;
            };
            if let Some(connection) = self.engine.get_mut(conn) {
                connection.runnable = false;
                self.take_from(conn, &[]);
            }
        }
    }

    /// Accepts nobody any more, and closes everybody once what is queued for them is written, at
    /// the latest after [`Limits::grace`](crate::Limits::grace). Further calls change nothing.
    pub fn shut_down(&mut self, now: Instant) {
        self.tick(now);
        self.engine.shut_down();
        self.settle();
    }

    /// The transport of a connection is gone; its name is stale from now on. Comes after
    /// [`Action::Close`]; before that, it is a transport failure.
    pub fn release(&mut self, now: Instant, conn: ConnId) {
        self.transport_failed(now, conn);
        self.engine.remove(conn);
    }

    /// What is to be done next, until there is nothing.
    pub fn poll(&mut self) -> Option<Action> {
        while let Some(action) = self.engine.poll_action() {
            let (Action::Transmit(conn)
            | Action::PauseReading(conn)
            | Action::ResumeReading(conn)
            | Action::EndSending(conn)
            | Action::Close(conn, _)) = action;
            if self.engine.get(conn).is_some() {
                return Some(action);
            }
        }
        self.engine.end_batch();
        None
    }

    /// What is to be written to a peer: as much as there is, or nothing for a stale name. Say
    /// how much was written with [`advance`](Self::advance).
    pub fn transmit(&self, conn: ConnId) -> &[u8] {
        self.engine.waiting(conn)
    }

    /// Like [`transmit`](Self::transmit), but hands the bytes over, for adapters that write them
    /// elsewhere. They stay in the peer's backlog until [`advance`](Self::advance).
    pub fn take_transmit(&mut self, conn: ConnId) -> BytesMut {
        self.engine.take_waiting(conn)
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next, if nothing happens
    /// before. This can be now: then there is more to do once the batch was flushed.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.engine.runnable.is_empty() {
            self.engine.timers.next()
        } else {
            Some(self.engine.now)
        }
    }

    /// What happened, for logs and metrics. The last 65,536 events are kept.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.engine.poll_event()
    }

    /// The limits that it was made with.
    pub fn limits(&self) -> &Limits {
        &self.engine.limits
    }

    /// Whether one more connection from the network is welcome. While it is not, leave peers in
    /// the listen queue.
    pub fn accepting(&self) -> bool {
        !self.engine.is_shutting_down()
            && self.engine.has_room()
            && self.rules.accepting(&self.engine)
    }

    /// Whether the server has shut down: everything is closed and released. Besides
    /// [`shut_down`](Self::shut_down), the dialect's own rules can bring this about.
    pub fn is_finished(&self) -> bool {
        self.engine.is_shutting_down() && self.engine.is_empty()
    }

    /// When everything is to be closed at the latest, once the server shuts down.
    pub fn shut_down_deadline(&self) -> Option<Instant> {
        self.engine.shut_down_deadline()
    }

    /// Whether the server is shutting down or has shut down.
    pub fn is_shutting_down(&self) -> bool {
        self.engine.is_shutting_down()
    }

    fn tick(&mut self, now: Instant) {
        self.engine.now = self.engine.now.max(now);
    }

    fn refusal(&self, peer: Peer) -> Option<CloseReason> {
        if self.engine.is_shutting_down() {
            return Some(CloseReason::ShuttingDown);
        }
        if peer == Peer::Console {
            return None;
        }
        if !self.accepting() {
            return Some(CloseReason::NotAccepting);
        }
        self.engine
            .is_crowded(peer)
            .then_some(CloseReason::TooManyFromAddress)
    }

    /// Takes what a connection sent, as far as it counts.
    fn take_in(&mut self, conn: ConnId, mut bytes: &[u8]) {
        let Some(connection) = self.engine.open_mut(conn) else {
            return;
        };
        let inbox = &mut connection.inbox;
        let begins = inbox.pauses.strip_late_ending(&mut bytes);
        inbox.first_line.cut(&mut bytes);
        if inbox.first_line.is_http_request() {
            inbox.end = End::Received;
        }
        if !begins.is_empty() {
            self.take_from(conn, begins);
        }
        self.take_from(conn, bytes);
    }

    /// Takes an unfinished line for a message, if nothing has come for long enough.
    fn end_line_if_due(&mut self, conn: ConnId) {
        let now = self.engine.now;
        if let Some(connection) = self.engine.open_mut(conn)
            && connection.inbox.pauses.is_due(now)
        {
            let last_input = connection.last_input;
            self.take_in(conn, b"\n");
            if let Some(connection) = self.engine.open_mut(conn) {
                connection.inbox.pauses.end_line();
                connection.last_input = last_input;
            }
        }
    }

    /// Makes messages of what a connection sent, as long as it may be taken from, and keeps the
    /// rest.
    fn take_from(&mut self, conn: ConnId, fresh: &[u8]) {
        let Some(connection) = self.engine.open_mut(conn) else {
            return;
        };
        let framing = connection.inbox.framing;
        let has_ended = connection.inbox.end == End::Received;
        let mut decoder = mem::take(&mut connection.inbox.decoder);
        let mut waiting = mem::take(&mut connection.inbox.waiting);
        let was_read = self.engine.is_read_on(conn, waiting.len());
        if waiting.is_empty() {
            let rest = self.take_messages(conn, framing, &mut decoder, fresh);
            waiting.extend_from_slice(rest);
        } else {
            waiting.extend_from_slice(fresh);
            let rest = self
                .take_messages(conn, framing, &mut decoder, &waiting)
                .len();
            waiting.advance(waiting.len() - rest);
        }
        if has_ended && framing != Framing::Chunks && decoder.is_half_an_ending(&waiting) {
            // No line, so that nothing need be waited for.
            waiting.clear();
        }
        if waiting.is_empty() {
            waiting = BytesMut::new();
            self.take_end(conn, &mut decoder);
        }
        self.keep(conn, decoder, waiting);
        if framing == Framing::Auto && (!fresh.is_empty() || !was_read || has_ended) {
            self.engine.await_pause(conn);
        }
    }

    /// Takes messages off `input`. Returns what may not be taken now.
    fn take_messages<'a>(
        &mut self,
        conn: ConnId,
        framing: Framing,
        decoder: &mut LineDecoder,
        mut input: &'a [u8],
    ) -> &'a [u8] {
        // What is dropped anyway need not wait.
        decoder.skip(&mut input);
        while !input.is_empty() && self.engine.may_take(conn) {
            let decoded = match framing {
                Framing::Lines | Framing::Auto => {
                    decoder.decode(&mut input, self.engine.limits.max_line)
                }
                Framing::Chunks => {
                    let (chunk, rest) = input.split_at(input.len().min(self.engine.max_chunk()));
                    input = rest;
                    Some(Decoded::Line(Line::chunk(chunk)))
                }
            };
            if let Some(decoded) = decoded {
                self.handle(conn, decoded);
            }
        }
        if framing == Framing::Auto {
            // Whoever may not be taken from is read from until their line has ended: only then
            // can a pause be told from our not reading.
            decoder.decode_unfinished(&mut input, self.engine.limits.max_line);
        }
        input
    }

    /// Tells the dialect that a connection's input has ended, after its last line, if it has.
    fn take_end(&mut self, conn: ConnId, decoder: &mut LineDecoder) {
        if self
            .engine
            .open_mut(conn)
            .is_none_or(|connection| connection.inbox.end != End::Received)
        {
            return;
        }
        if decoder.has_unfinished_line() {
            if !self.engine.may_take(conn) {
                return;
            }
            if let Some(last) = decoder.decode_end() {
                self.handle(conn, last);
            }
        }
        if !self.engine.may_end(conn) {
            return;
        }
        if let Some(connection) = self.engine.open_mut(conn) {
            connection.inbox.end = End::Told;
            if connection.inbox.first_line.is_http_request() {
                self.engine.close(conn, CloseReason::HttpRequest);
            } else {
                self.rules.input_ended(&mut self.engine, conn);
            }
            self.settle();
        }
    }

    fn keep(&mut self, conn: ConnId, mut decoder: LineDecoder, waiting: BytesMut) {
        let now = self.engine.now;
        let Some(connection) = self.engine.open_mut(conn) else {
            return;
        };
        decoder.shrink();
        connection.last_input = now;
        connection.inbox.decoder = decoder;
        connection.inbox.waiting = waiting;
        let has_waiting = connection.inbox.has_waiting();
        self.engine.check_flow(conn);
        self.engine.wake(conn);
        if has_waiting || self.engine.limits.rate_limit.is_some() {
            self.engine.arm(conn);
        }
    }

    /// Tells the dialect one message.
    fn handle(&mut self, conn: ConnId, decoded: Decoded<'_>) {
        self.engine.batch.count_message();
        if self.engine.limits.rate_limit.is_some() {
            self.engine.use_rate_allowance(conn);
        }
        self.engine.answering = Some(conn);
        match decoded {
            Decoded::Line(line) => {
                self.rules.message(&mut self.engine, conn, line);
                self.engine.blame_http(conn);
            }
            Decoded::TooLong => self.rules.line_too_long(&mut self.engine, conn),
        }
        self.engine.answering = None;
        self.settle();
        self.engine.let_recipients_catch_up(conn);
    }

    /// Tells the dialect who has left, until nobody leaves because of that.
    fn settle(&mut self) {
        while let Some(conn) = self.engine.leaving.pop_front() {
            self.engine.report_left(conn);
            if self
                .engine
                .get(conn)
                .is_some_and(|connection| connection.joined)
            {
                self.rules.left(&mut self.engine, conn);
            }
            self.engine.drain(conn);
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use core::num::NonZeroU32;
    use core::time::Duration;

    use super::*;
    use crate::Dialect;

    #[test]
    fn a_peer_whose_message_waited_for_its_rate_is_not_idle_at_once() {
        let mut config = Config::new(Dialect::RELAY);
        config.limits.rate_limit = NonZeroU32::new(1);
        config.limits.idle_timeout = Some(Duration::from_millis(2500));
        let mut server = Server::new(config).unwrap();
        let peer = server.accept(at(0), Peer::Socket(([192, 0, 2, 1], 7).into()));
        server.receive(at(0), peer, b"1\n2\n3\n4\n");
        for millisecond in 1..=5499 {
            server.handle_timeout(at(millisecond));
        }
        assert_eq!(closed(&mut server), []);
        server.handle_timeout(at(5500));
        assert_eq!(closed(&mut server), [CloseReason::IdleTimeout]);
    }

    #[test]
    fn what_is_received_after_the_end_is_nothing() {
        let mut server = Server::new(Config::new(Dialect::PAIR)).unwrap();
        let operator = server.accept(at(0), Peer::Console);
        let client = server.accept(at(0), Peer::Socket(([192, 0, 2, 1], 7).into()));
        server.receive(at(0), client, b"a\nb\n");
        server.receive_eof(at(0), client);
        server.receive(at(0), client, b"c\n");
        server.receive(at(0), operator, b"1\n");
        server.handle_timeout(at(0));
        assert_eq!(server.transmit(operator), b"a\nb\n");
        assert_eq!(closed(&mut server), []);
        server.advance(at(0), operator, b"a\nb\n".len());
        server.handle_timeout(at(0));
        server.advance(at(0), client, b"1\n".len());
        assert_eq!(closed(&mut server), [CloseReason::PeerLeft]);
    }

    #[test]
    fn an_adapter_that_was_not_told_to_pause_is_not_told_to_resume() {
        let mut server = Server::new(Config::new(Dialect::RELAY)).unwrap();
        let peer = server.accept(at(0), Peer::Socket(([192, 0, 2, 1], 7).into()));
        // More lines than are taken at a time; the rest is, before anybody asks what to do.
        server.receive(at(0), peer, &b"\n".repeat(1100));
        assert_eq!(server.poll_timeout(), Some(at(0)));
        server.handle_timeout(at(0));
        assert_eq!(server.poll_timeout(), None);
        assert_eq!(server.poll(), None);
    }

    #[test]
    fn a_server_can_be_shown_without_what_its_peers_said() {
        let server = Server::new(Config::new(Dialect::ECHO)).unwrap();
        assert_eq!(alloc::format!("{server:?}"), "Server { .. }");
    }

    fn at(milliseconds: u64) -> Instant {
        Instant::after_epoch(Duration::from_millis(milliseconds))
    }

    fn closed(server: &mut Server) -> Vec<CloseReason> {
        core::iter::from_fn(|| server.poll())
            .filter_map(|action| match action {
                Action::Close(_, reason) => Some(reason),
                _ => None,
            })
            .collect()
    }
}
