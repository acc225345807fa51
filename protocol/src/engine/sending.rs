//! What a dialect sends: from one to one or to many, and on to the transport.

use core::ops::Range;

use bytes::BytesMut;

use super::Engine;
use crate::{Action, CloseReason, ConnId};

impl Engine {
    /// Sends a whole frame to one connection. Says whether it is on its way: it is not when the
    /// connection has left, or is closed because of it.
    pub(crate) fn send(&mut self, to: ConnId, frame: &[u8]) -> bool {
        let frame = self.keep(frame);
        self.queue(to, frame)
    }

    /// Sends a whole frame to many connections.
    pub(crate) fn send_to_all(&mut self, to: &[ConnId], except: Option<ConnId>, frame: &[u8]) {
        let frame = self.keep(frame);
        for &conn in to {
            if Some(conn) != except {
                self.queue(conn, frame.clone());
            }
        }
    }

    /// Sends nothing more to a connection, though it is still taken from, and has its peer know.
    pub(crate) fn end_sending(&mut self, conn: ConnId) {
        if let Some(connection) = self.open_mut(conn)
            && !connection.ends_sending
        {
            connection.ends_sending = true;
            self.say_end_if_written(conn);
        }
    }

    /// Everything was flushed, or could have been: more may be done, and what is not written yet
    /// becomes each connection's own.
    pub(crate) fn end_batch(&mut self) {
        self.batch.flushed();
        self.unshare();
    }

    /// Puts a frame where those that it is sent to share it.
    fn keep(&mut self, frame: &[u8]) -> Range<usize> {
        self.batch.count_frame(frame);
        if self.frames.is_full() {
            self.unshare();
        }
        self.frames.push(frame)
    }

    fn unshare(&mut self) {
        let connections = &mut self.connections;
        self.frames.clear(|conn, frames| {
            if let Some(connection) = connections.get_mut(conn.0) {
                connection.outbox.own(frames);
            }
        });
    }

    fn queue(&mut self, to: ConnId, frame: Range<usize>) -> bool {
        let length = frame.len();
        self.batch.count_delivery(length);
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
        if !may_exceed && backlog + length > self.limits.max_backlog {
            self.close(to, CloseReason::SlowConsumer);
            return false;
        }
        if connection.outbox.push(self.frames.bytes(), frame) {
            self.frames.share(to);
        }
        if backlog > low_backlog {
            self.batch.note_somebody_behind();
        }
        if backlog == 0 {
            connection.last_progress = self.now;
            if let Some(deadline) = connection.stall_deadline(&self.limits) {
                self.timers.arm_at(to, connection, deadline);
            }
        }
        connection.charged += length;
        if !connection.transmit_queued {
            connection.transmit_queued = true;
            self.actions.push_back(Action::Transmit(to));
        }
        self.buffered += length;
        if self.is_too_much_buffered() {
            self.close_largest();
            return self.is_open(to);
        }
        true
    }

    /// What waits for a connection, or nothing for a stale name.
    pub(crate) fn waiting(&self, conn: ConnId) -> &[u8] {
        self.connections.get(conn.0).map_or(&[], |connection| {
            connection.outbox.waiting(self.frames.bytes())
        })
    }

    /// Hands out what waits for a connection.
    pub(crate) fn take_waiting(&mut self, conn: ConnId) -> BytesMut {
        self.connections
            .get_mut(conn.0)
            .map(|connection| connection.outbox.take(self.frames.bytes()))
            .unwrap_or_default()
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
        connection.outbox.advance(self.frames.bytes(), written);
        let coupled = connection.coupled;
        self.recharge(conn);
        self.wake(conn);
        if let Some(other) = coupled {
            self.wake(other);
        }
        self.say_end_if_written(conn);
        self.close_if_drained(conn);
    }

    fn say_end_if_written(&mut self, conn: ConnId) {
        if let Some(connection) = self.open_mut(conn)
            && connection.ends_sending
            && connection.outbox.is_empty()
        {
            self.actions.push_back(Action::EndSending(conn));
        }
    }

    /// The longest answer that is certain to find room: a connection is only taken from while
    /// its backlog is at most half the limit.
    pub(crate) fn max_answer(&self) -> usize {
        self.limits.max_backlog - self.low_backlog()
    }

    /// All backlogs together are too much: the largest goes.
    fn close_largest(&mut self) {
        while self.is_too_much_buffered() {
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

    fn is_too_much_buffered(&self) -> bool {
        self.buffered > self.limits.max_buffered
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
