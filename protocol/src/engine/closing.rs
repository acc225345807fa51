//! How a connection ends: it leaves, is flushed, and is closed.

use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use super::Engine;
use crate::action::Action;
use crate::close::CloseReason;
use crate::engine::connection::{ConnId, Inbox, Stage};
use crate::event::Event;
use crate::instant::Instant;
use crate::listener::Framing;

impl Engine {
    /// Closes a connection, after what is queued for it has been written.
    pub(crate) fn close(&mut self, conn: ConnId, reason: CloseReason) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        if !connection.is_alive() {
            return;
        }
        let is_aside = self.listeners[connection.listener.index()].is_aside();
        if connection.stage == Stage::Opening && !is_aside {
            self.openings -= 1;
        }
        let peer = connection.peer;
        connection.stage = Stage::Leaving(reason);
        match reason {
            CloseReason::SlowConsumer | CloseReason::BuffersFull => {
                connection
                    .outbox
                    .truncate_to_started_frame(self.frames.bytes());
                connection.drain_deadline = Some(self.now + self.limits.grace);
                self.buffered -= mem::take(&mut connection.charged);
            }
            CloseReason::Stalled | CloseReason::TransportFailed => {
                connection.drop_output();
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
        if !is_aside {
            self.counters.count_closed(reason);
            self.report(Event::Left { conn, peer, reason });
        }
    }

    /// Lets peers leave by themselves, if there are any and a time for that, which is returned.
    pub(crate) fn begin_draining(&mut self) -> Option<Duration> {
        let time = self.limits.drain.filter(|_| self.sockets > 0)?;
        if self.is_shutting_down() {
            return None;
        }
        self.draining_until = Some(self.now + time);
        Some(time)
    }

    /// Shuts down if it was drained, or for long enough.
    pub(crate) fn end_draining(&mut self) {
        if let Some(until) = self.draining_until
            && (self.sockets == 0 || until <= self.now)
        {
            self.shut_down();
        }
    }

    /// When a server that drains shuts down at the latest.
    pub(crate) fn draining_until(&self) -> Option<Instant> {
        self.draining_until
    }

    /// Refuses and closes everything, a batch at a time. The deadline is set once.
    pub(crate) fn shut_down(&mut self) {
        self.draining_until = None;
        if self.shut_down_deadline.is_none() {
            self.shut_down_deadline = Some(self.now + self.limits.grace);
            self.dismissed = self.peers();
            self.dismiss();
        }
    }

    /// Whether there are connections that a shutdown has yet to close.
    pub(crate) fn has_dismissed(&self) -> bool {
        !self.dismissed.is_empty()
    }

    /// Closes as many of those that a shutdown has yet to close as fit into a batch.
    pub(crate) fn dismiss(&mut self) {
        while !self.batch.is_full()
            && let Some(conn) = self.dismissed.pop()
        {
            self.batch.count_departure();
            self.close(conn, CloseReason::ShuttingDown);
            let deadline = self.shut_down_deadline;
            let Some(connection) = self.connections.get_mut(conn.0) else {
                continue;
            };
            if matches!(connection.stage, Stage::Draining(_)) {
                connection.drain_deadline = connection.drain_deadline.or(deadline);
                self.arm(conn);
            }
        }
        if self.dismissed.is_empty() {
            self.dismissed = Vec::new();
        }
    }

    /// When everything must be closed, once the server shuts down.
    pub(crate) fn shut_down_deadline(&self) -> Option<Instant> {
        self.shut_down_deadline
    }

    pub(crate) fn is_shutting_down(&self) -> bool {
        self.shut_down_deadline.is_some()
    }

    /// Why a connection is about to leave, and whether its dialect knows it.
    pub(crate) fn why_leaving(&self, conn: ConnId) -> Option<(CloseReason, bool)> {
        let connection = self.get(conn)?;
        match connection.stage {
            Stage::Leaving(reason) => Some((reason, connection.joined)),
            _ => None,
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
        if let Some(layered) = &mut connection.layered {
            layered.end_input();
        }
        self.forget_address(conn);
        self.arm(conn);
        self.close_if_drained(conn);
    }

    /// Drops what is queued for a connection that has left, and closes it.
    pub(crate) fn discard(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        connection.drop_output();
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
        if connection.backlog() > 0 || self.finish_layer(conn, reason) {
            return;
        }
        if let Some(connection) = self.connections.get_mut(conn.0)
            && connection.stage == Stage::Draining(reason)
        {
            connection.stage = Stage::Closed;
            self.timers.disarm(conn, connection);
            self.actions.push_back(Action::Close(conn, reason));
        }
    }

    pub(crate) fn is_open(&self, conn: ConnId) -> bool {
        self.connections
            .get(conn.0)
            .is_some_and(|connection| connection.is_open())
    }
}
