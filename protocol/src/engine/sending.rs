//! What a dialect sends: from one to one or to many, and on to the transport.

use super::Engine;
use crate::{Action, CloseReason, ConnId};

impl Engine {
    /// Sends a whole frame to one connection. Says whether it is on its way: it is not when the
    /// connection has left, or is closed because of it.
    pub(crate) fn send(&mut self, to: ConnId, frame: &[u8]) -> bool {
        self.batch.count_frame(frame);
        self.queue(to, frame)
    }

    /// Sends a whole frame to many connections.
    pub(crate) fn send_to_all(&mut self, to: &[ConnId], except: Option<ConnId>, frame: &[u8]) {
        self.batch.count_frame(frame);
        for &conn in to {
            if Some(conn) != except {
                self.queue(conn, frame);
            }
        }
    }

    fn queue(&mut self, to: ConnId, frame: &[u8]) -> bool {
        self.batch.count_delivery(frame);
        let low_backlog = self.low_backlog();
        let Some(connection) = self.connections.get_mut(to.0) else {
            return false;
        };
        if !connection.is_open() {
            return false;
        }
        let backlog = connection.outbox.backlog();
        // Whoever has nothing waiting reads, and whoever is being answered was taken from with a
        // low backlog: neither is closed for one frame, however small the limit.
        let may_exceed = backlog == 0 || self.answering == Some(to);
        if !may_exceed && backlog + frame.len() > self.limits.max_backlog {
            self.close(to, CloseReason::SlowConsumer);
            return false;
        }
        let was_empty = connection.outbox.is_empty();
        connection.outbox.push(frame);
        if backlog > low_backlog {
            self.batch.note_somebody_behind();
        }
        if was_empty {
            connection.last_progress = self.now;
            if let Some(deadline) = connection.stall_deadline(&self.limits) {
                self.timers.arm_at(to, connection, deadline);
            }
        }
        connection.charged += frame.len();
        if !connection.transmit_queued {
            connection.transmit_queued = true;
            self.actions.push_back(Action::Transmit(to));
        }
        self.buffered += frame.len();
        if self.buffered > self.limits.max_buffered {
            self.close_largest();
        }
        self.is_open(to)
    }

    /// `written` bytes of a connection's output are with its transport.
    pub(crate) fn advance(&mut self, conn: ConnId, written: usize) {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        if written == 0 {
            return;
        }
        connection.last_progress = now;
        connection.outbox.advance(written);
        let coupled = connection.coupled;
        self.recharge(conn);
        self.wake(conn);
        if let Some(other) = coupled {
            self.wake(other);
        }
        self.close_if_drained(conn);
    }

    /// The longest answer that is certain to find room: a connection is only taken from while
    /// its backlog is at most half the limit.
    pub(crate) fn max_answer(&self) -> usize {
        self.limits.max_backlog - self.low_backlog()
    }

    /// All backlogs together are too much: the largest goes.
    fn close_largest(&mut self) {
        while self.buffered > self.limits.max_buffered {
            let largest = self
                .connections
                .iter()
                .max_by_key(|(_, connection)| connection.charged);
            let Some((slot, connection)) = largest else {
                return;
            };
            let conn = ConnId(slot);
            if connection.is_open() {
                self.close(conn, CloseReason::BuffersFull);
            } else {
                self.discard(conn);
            }
        }
    }

    /// Brings the account of all backlogs up to date with one of them.
    pub(super) fn recharge(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        let backlog = connection.outbox.backlog().min(connection.charged);
        self.buffered -= connection.charged - backlog;
        connection.charged = backlog;
    }
}
