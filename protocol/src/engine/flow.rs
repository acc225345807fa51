//! Who is taken from, and who has to wait.

use super::Engine;
use crate::engine::connection::{ConnId, Connection};
use crate::peer::Peer;
use crate::wire::end::End;

impl Engine {
    /// Takes nothing from a connection until [`resume`](Self::resume).
    pub(crate) fn hold(&mut self, conn: ConnId) {
        if let Some(connection) = self.connections.get_mut(conn.0) {
            connection.held = true;
        }
    }

    pub(crate) fn resume(&mut self, conn: ConnId) {
        if let Some(connection) = self.connections.get_mut(conn.0) {
            connection.held = false;
            self.wake(conn);
        }
    }

    /// Takes nothing from a connection until it is told what became of a command, but what
    /// [may follow](crate::rules::Rules::may_follow) if it only says something. The command is
    /// `length` bytes long.
    pub(crate) fn hold_until_told(&mut self, conn: ConnId, acts: bool, length: usize) {
        if let Some(connection) = self.connections.get_mut(conn.0) {
            connection.untold += 1;
            connection.unanswered += length + MAX_ANSWER;
            connection.untold_acts |= acts;
        }
    }

    /// Whether a connection has yet to be told what became of what it said, and of nothing else, and
    /// its backlog stays low if it is answered all that without reading.
    pub(crate) fn may_be_followed(&self, conn: ConnId) -> bool {
        self.get(conn).is_some_and(|connection| {
            let answers = connection.backlog() + connection.unanswered;
            connection.untold > 0 && !connection.untold_acts && answers <= self.low_backlog()
        })
    }

    /// How many commands of a connection there are of which it has yet to be told what became.
    pub(crate) fn count_untold(&self, conn: ConnId) -> usize {
        self.get(conn).map_or(0, |connection| connection.untold)
    }

    /// A connection was told what became of one of its commands, which was so long.
    pub(crate) fn note_told(&mut self, conn: ConnId, length: usize) {
        if let Some(connection) = self.connections.get_mut(conn.0) {
            connection.untold = connection.untold.saturating_sub(1);
            let answer = length + MAX_ANSWER;
            connection.unanswered = connection.unanswered.saturating_sub(answer);
            connection.untold_acts &= connection.untold > 0;
            self.wake(conn);
        }
    }

    /// From now on, `conn` is taken from only while the backlog of `other` is low: nothing is
    /// lost between the two, the faster one waits.
    pub(crate) fn couple(&mut self, conn: ConnId, other: Option<ConnId>) {
        if let Some(connection) = self.connections.get_mut(conn.0) {
            connection.coupled = other;
            self.wake(conn);
        }
    }

    /// Whether a message may be taken from a connection now, if it has one. What `follows` need not
    /// wait until the connection is told what became of those before.
    pub(crate) fn may_take(&self, conn: ConnId, follows: bool) -> bool {
        !self.batch.is_full() && self.leaving.is_empty() && self.is_unblocked(conn, follows)
    }

    /// Whether nothing but the batch keeps a connection from being taken from.
    fn is_unblocked(&self, conn: ConnId, follows: bool) -> bool {
        let Some(connection) = self.connections.get(conn.0) else {
            return false;
        };
        connection.is_open()
            && !connection.held
            && (connection.untold == 0 || follows)
            && (self.has_low_backlog(conn) || self.is_operator(connection))
            && connection
                .coupled
                .is_none_or(|other| self.has_low_backlog(other))
            && connection.rate_allows(self.now, self.terms(conn))
            && (self.shut_down_deadline.is_none() || connection.peer.is_link())
            && connection.catch_up_until <= self.now
    }

    /// Whether a connection that has ended may count as that: what it said last was written to
    /// the one that it talks with.
    pub(crate) fn may_end(&self, conn: ConnId) -> bool {
        let Some(connection) = self.get(conn) else {
            return false;
        };
        let coupled = connection.coupled.and_then(|other| self.get(other));
        connection.untold == 0
            && coupled.is_none_or(|other| other.backlog() == 0 || self.is_operator(connection))
    }

    /// Whether a connection has ended, but still has something to be heard, or to be written to
    /// others.
    pub(crate) fn has_ended(&self, conn: ConnId) -> bool {
        self.get(conn)
            .is_some_and(|connection| connection.inbox.has_ended())
    }

    /// Lets a connection be taken from as soon as the batch was flushed, if it has something and
    /// nothing else is in the way.
    pub(crate) fn wake(&mut self, conn: ConnId) {
        let (is_unblocked, may_end) = (self.is_unblocked(conn, false), self.may_end(conn));
        let low_backlog = self.low_backlog();
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        let inbox = &connection.inbox;
        let may_be_taken = if inbox.has_only_its_end() {
            connection.is_open() && may_end
        } else {
            is_unblocked && inbox.is_blocked()
        };
        let may_be_opened = connection.is_alive()
            && connection
                .layered
                .as_ref()
                .is_some_and(|layered| layered.has_unopened() && layered.backlog() <= low_backlog);
        if (may_be_taken || may_be_opened) && !connection.runnable {
            connection.runnable = true;
            self.runnable.push_back(conn);
        }
    }

    /// Whether to read from a connection no further until more of what it sent is taken.
    pub(super) fn is_to_pause(&self, conn: ConnId) -> bool {
        self.get(conn).is_some_and(|connection| {
            !self.is_read_on(conn, connection.inbox.unparsed.len())
                || connection.is_layer_blocked(self.low_backlog())
        })
    }

    /// Whether a connection is read from though so much of what it sent is unparsed. Who talks with
    /// another is, for a while: its end is behind what it said out of turn.
    pub(crate) fn is_read_on(&self, conn: ConnId, unparsed: usize) -> bool {
        let is_coupled = |connection: &Connection| {
            connection.coupled.is_some() && connection.peer != Peer::Console
        };
        unparsed == 0
            || (unparsed <= self.limits.quarter_backlog() && self.get(conn).is_some_and(is_coupled))
    }

    /// Queues a pause or a resume if what the adapter was told last is stale.
    pub(crate) fn check_flow(&mut self, conn: ConnId) {
        let pause = self.is_to_pause(conn);
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        if connection.told_to_pause != pause && !connection.flow_queued {
            connection.flow_queued = true;
            self.flow.push(conn);
        }
    }

    /// If what a connection sent last begins a line, it is a message as it stands once nothing has
    /// come for a pause from now on. A line that came whole costs nothing.
    pub(crate) fn await_pause(&mut self, conn: ConnId) {
        let deadline = self.now + self.terms(conn).pause;
        let Some(inbox) = self.get(conn).map(|connection| &connection.inbox) else {
            return;
        };
        let is_expected = inbox.end == End::Open
            && inbox.is_within_line()
            && self.is_read_on(conn, inbox.unparsed.len());
        let deadline = is_expected.then_some(deadline);
        let Some(connection) = self.open_mut(conn) else {
            return;
        };
        connection.inbox.pause_deadline = deadline;
        if deadline.is_some() {
            self.arm(conn);
        }
    }

    /// Takes one message off a connection's rate allowance.
    pub(crate) fn use_rate_allowance(&mut self, conn: ConnId) {
        if let Some(connection) = self.connections.get_mut(conn.0) {
            let terms = &self.listeners[connection.listener.index()].terms;
            connection.use_rate_allowance(self.now, terms);
        }
    }

    /// Has a connection wait a moment if its message filled the batch and recipients are behind.
    pub(crate) fn let_recipients_catch_up(&mut self, conn: ConnId) {
        let pause = self.batch.pause();
        if pause.is_zero() {
            return;
        }
        if let Some(connection) = self.connections.get_mut(conn.0) {
            connection.catch_up_until = self.now + pause;
        }
    }

    /// The same for one who said something before that was known: for as long as such a part of a
    /// batch counts.
    pub(crate) fn let_recipients_catch_up_with(&mut self, conn: ConnId, length: usize) {
        let pause = self.batch.pause_after(length);
        if pause.is_zero() {
            return;
        }
        if let Some(connection) = self.connections.get_mut(conn.0) {
            connection.catch_up_until = connection.catch_up_until.max(self.now) + pause;
        }
        self.arm(conn);
    }

    /// The largest chunk that is one message, in bytes: what it brings about must fit into a
    /// batch.
    pub(crate) fn max_chunk(&self) -> usize {
        self.limits.quarter_backlog()
    }

    /// Whether this is who types at the server's keyboard in a dialect that needs somebody there:
    /// always heard, since nothing that is typed adds to the typist's own backlog.
    fn is_operator(&self, connection: &Connection) -> bool {
        let speech = self.listeners[connection.listener.index()].speech;
        connection.peer == Peer::Console
            && speech.is_some_and(|speech| speech.profile.needs_console)
    }

    fn has_low_backlog(&self, conn: ConnId) -> bool {
        let backlog = self
            .connections
            .get(conn.0)
            .map_or(0, |connection| connection.backlog());
        backlog <= self.low_backlog()
    }

    pub(super) fn low_backlog(&self) -> usize {
        self.limits.max_backlog / 2
    }
}

/// How much longer an answer may be than what it answers, in bytes: a line of `irc`.
const MAX_ANSWER: usize = 512;
