//! How a connection ends: it leaves, is flushed, and is closed.

use alloc::vec::Vec;

use super::Engine;
use crate::connection::{Inbox, Stage};
use crate::{Action, CloseReason, ConnId, Event, Framing, Instant};

impl Engine {
    /// Closes a connection, after what is queued for it has been written.
    pub(crate) fn close(&mut self, conn: ConnId, reason: CloseReason) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        if !connection.is_open() {
            return;
        }
        connection.stage = Stage::Leaving(reason);
        match reason {
            CloseReason::SlowConsumer | CloseReason::BuffersFull => {
                connection
                    .outbox
                    .truncate_to_started_frame(self.frames.bytes());
                connection.drain_deadline = Some(self.now + self.limits.grace);
                self.buffered -= core::mem::take(&mut connection.charged);
            }
            CloseReason::Stalled | CloseReason::TransportFailed => {
                connection.outbox.clear();
                self.recharge(conn);
            }
            // Whoever left by themselves may take their time, as long as they take something.
            CloseReason::PeerLeft | CloseReason::Quit => {
                connection.drain_deadline = self.shut_down_deadline;
            }
            _ => {
                let deadline = self.now + self.limits.grace;
                connection.drain_deadline = Some(self.shut_down_deadline.unwrap_or(deadline));
            }
        }
        self.leaving.push_back(conn);
    }

    /// A connection that has just been closed for what it said spoke HTTP: that says more.
    pub(crate) fn blame_http(&mut self, conn: ConnId) {
        if let Some(connection) = self.connections.get_mut(conn.0)
            && connection.inbox.first_line.is_http_request()
            && connection.stage == Stage::Leaving(CloseReason::MalformedNickname)
        {
            connection.stage = Stage::Leaving(CloseReason::HttpRequest);
        }
    }

    /// Refuses, flushes and closes everything. The deadline is set once.
    pub(crate) fn shut_down(&mut self) {
        let deadline = *self
            .shut_down_deadline
            .get_or_insert(self.now + self.limits.grace);
        let ids: Vec<ConnId> = self.connections.keys().map(ConnId).collect();
        for id in ids {
            self.close(id, CloseReason::ShuttingDown);
            let Some(connection) = self.connections.get_mut(id.0) else {
                continue;
            };
            if matches!(connection.stage, Stage::Draining(_)) {
                connection.drain_deadline.get_or_insert(deadline);
                self.timers.arm(id, connection, self.now, &self.limits);
            }
        }
    }

    /// When everything must be closed, once the server shuts down.
    pub(crate) fn shut_down_deadline(&self) -> Option<Instant> {
        self.shut_down_deadline
    }

    pub(crate) fn is_shutting_down(&self) -> bool {
        self.shut_down_deadline.is_some()
    }

    /// Tells that a connection has left, before what its dialect makes of that.
    pub(crate) fn report_left(&mut self, conn: ConnId) {
        if let Some(connection) = self.get(conn)
            && let Stage::Leaving(reason) = connection.stage
        {
            let peer = connection.peer;
            self.report(Event::Left { conn, peer, reason });
        }
    }

    /// A connection whose dialect knows that it left: flush it, then close it.
    pub(crate) fn drain(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        let Stage::Leaving(reason) = connection.stage else {
            return;
        };
        connection.stage = Stage::Draining(reason);
        connection.inbox = Inbox::new(Framing::Chunks, false);
        let peer = connection.peer;
        self.forget_address(peer);
        self.arm(conn);
        self.close_if_drained(conn);
    }

    /// Drops what is queued for a connection that has left, and closes it.
    pub(crate) fn discard(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        connection.outbox.clear();
        self.recharge(conn);
        self.close_if_drained(conn);
    }

    /// The last step of a connection that has left.
    pub(crate) fn close_if_drained(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        let Stage::Draining(reason) = connection.stage else {
            return;
        };
        if connection.outbox.is_empty() {
            connection.stage = Stage::Closed;
            self.timers.disarm(conn, connection);
            self.actions.push_back(Action::Close(conn, reason));
        }
    }

    pub(super) fn is_open(&self, conn: ConnId) -> bool {
        self.connections
            .get(conn.0)
            .is_some_and(|connection| connection.is_open())
    }
}
