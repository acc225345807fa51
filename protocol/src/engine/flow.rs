//! Who is taken from, and who has to wait.

use super::Engine;
use crate::connection::Connection;
use crate::{ConnId, Peer};

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

    /// From now on, `conn` is taken from only while the backlog of `other` is low: nothing is
    /// lost between the two, the faster one waits.
    pub(crate) fn couple(&mut self, conn: ConnId, other: Option<ConnId>) {
        if let Some(connection) = self.connections.get_mut(conn.0) {
            connection.coupled = other;
            self.wake(conn);
        }
    }

    /// Whether a message may be taken from a connection now, if it has one.
    pub(crate) fn may_take(&self, conn: ConnId) -> bool {
        !self.batch.is_full() && self.is_unblocked(conn)
    }

    /// Whether nothing but the batch keeps a connection from being taken from.
    pub(crate) fn is_unblocked(&self, conn: ConnId) -> bool {
        let Some(connection) = self.connections.get(conn.0) else {
            return false;
        };
        connection.is_open()
            && !connection.held
            && (self.has_low_backlog(conn) || self.is_operator(connection))
            && connection
                .coupled
                .is_none_or(|other| self.has_low_backlog(other))
            && connection.rate_allows(self.now, &self.limits)
            && connection.catch_up_until <= self.now
    }

    /// Lets a connection be taken from as soon as the batch was flushed, if it has something and
    /// nothing else is in the way.
    pub(crate) fn wake(&mut self, conn: ConnId) {
        let unblocked = self.is_unblocked(conn);
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        if unblocked && connection.inbox.has_waiting() && !connection.runnable {
            connection.runnable = true;
            self.runnable.push_back(conn);
        }
    }

    /// Has [`poll_action`](Self::poll_action) compare what the adapter was told about reading
    /// from a connection with what it should be told.
    pub(crate) fn check_flow(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        let pause = !connection.inbox.waiting.is_empty();
        if connection.told_to_pause != pause && !connection.flow_queued {
            connection.flow_queued = true;
            self.flow.push(conn);
        }
    }

    /// What is left of what a connection sent begins a line: from now on nothing may come for a
    /// pause, or it is a message as it stands. A line that came whole costs nothing.
    pub(crate) fn await_pause(&mut self, conn: ConnId, is_unfinished: bool) {
        let deadline = is_unfinished.then_some(self.now + self.pause);
        let Some(connection) = self.open_mut(conn) else {
            return;
        };
        connection.inbox.pauses.deadline = deadline;
        if deadline.is_some() {
            self.arm(conn);
        }
    }

    /// Takes one message off a connection's rate allowance.
    pub(crate) fn use_rate_allowance(&mut self, conn: ConnId) {
        if let Some(connection) = self.connections.get_mut(conn.0) {
            connection.use_rate_allowance(self.now, &self.limits);
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

    /// The largest chunk that is one message, in bytes: what it brings about must fit into a
    /// batch.
    pub(crate) fn max_chunk(&self) -> usize {
        self.limits.quarter_backlog()
    }

    /// Whether this is who types at the server's keyboard in a dialect that needs somebody there:
    /// always heard, since nothing that is typed adds to the typist's own backlog.
    fn is_operator(&self, connection: &Connection) -> bool {
        self.profile.needs_console && connection.peer == Peer::Console
    }

    fn has_low_backlog(&self, conn: ConnId) -> bool {
        let backlog = self
            .connections
            .get(conn.0)
            .map_or(0, |conn| conn.outbox.backlog());
        backlog <= self.low_backlog()
    }

    pub(super) fn low_backlog(&self) -> usize {
        self.limits.max_backlog / 2
    }
}
