//! What a dialect sends: from one to one or to many, and on to the transport.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::mem;
use core::ops::Range;

use bytes::BytesMut;

use super::Engine;
use crate::action::Action;
use crate::close::CloseReason;
use crate::engine::connection::{ConnId, Connection};

impl Engine {
    /// Has a whole frame written, or several, where all to whom it is sent share it. `None` if
    /// there is nothing to send.
    pub(crate) fn compose(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> bool,
    ) -> Option<Range<usize>> {
        if self.frames.is_full() {
            self.unshare();
        }
        let frame = self.frames.push(write)?;
        self.batch.count_frame(frame.len());
        Some(frame)
    }

    /// Sends a whole frame, or several, to one connection. Says whether that is on its way: it is
    /// not when the connection has left, or is closed because of it.
    pub(crate) fn send(&mut self, to: ConnId, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        let frame = self.compose(|frame| {
            write(frame);
            true
        });
        frame.is_some_and(|frame| self.queue(to, frame))
    }

    /// Sends a whole frame to many connections.
    pub(crate) fn send_to_all(
        &mut self,
        to: &[ConnId],
        except: Option<ConnId>,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let frame = self.compose(|frame| {
            write(frame);
            true
        });
        if let Some(frame) = frame {
            self.send_frame(to, except, &frame);
        }
    }

    /// Sends what somebody said to recipients of one dialect, `except` among them.
    pub(crate) fn pass_on(
        &mut self,
        to: &[ConnId],
        except: Option<ConnId>,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        if let Some(language) = to.first().and_then(|&conn| self.language(conn)) {
            self.count_copies(language, to.len() - usize::from(except.is_some()));
        }
        self.send_to_all(to, except, write);
    }

    /// Sends a frame that was [composed](Self::compose) to many connections.
    pub(crate) fn send_frame(
        &mut self,
        to: &[ConnId],
        except: Option<ConnId>,
        frame: &Range<usize>,
    ) {
        for &conn in to {
            if Some(conn) != except {
                self.queue(conn, frame.clone());
            }
        }
    }

    /// Sends a connection that is about to leave its last words.
    pub(crate) fn send_last(&mut self, to: ConnId, write: impl FnOnce(&mut Vec<u8>)) {
        let takes_more = self.why_leaving(to).is_some_and(|(reason, _)| {
            !matches!(
                reason,
                CloseReason::TransportFailed
                    | CloseReason::Stalled
                    | CloseReason::SlowConsumer
                    | CloseReason::BuffersFull
            )
        });
        if !takes_more {
            return;
        }
        let frame = self.compose(|frame| {
            write(frame);
            true
        });
        if let Some(frame) = frame {
            self.push(to, frame);
        }
    }

    /// From now on, what a connection is sent while it is answered is collected instead.
    pub(crate) fn collect_answers(&mut self, conn: ConnId) {
        self.collected.insert(conn, Vec::new());
    }

    /// For a moment, nothing is collected.
    pub(crate) fn stop_collecting(&mut self) -> BTreeMap<ConnId, Vec<u8>> {
        mem::take(&mut self.collected)
    }

    /// Goes on as before [`stop_collecting`](Self::stop_collecting).
    pub(crate) fn collect_again(&mut self, collected: BTreeMap<ConnId, Vec<u8>>) {
        self.collected = collected;
    }

    /// What was collected, if anything was to be: it is not any more.
    pub(crate) fn take_collected(&mut self, conn: ConnId) -> Option<Vec<u8>> {
        self.collected.remove(&conn)
    }

    /// Sends to a connection that the server itself has dialled, whatever becomes of the others.
    pub(crate) fn send_to_link(&mut self, to: ConnId, bytes: &[u8]) {
        let frame = self.compose(|frame| {
            frame.extend_from_slice(bytes);
            true
        });
        if let Some(frame) = frame {
            self.push(to, frame);
        }
    }

    /// How much output waits for a connection, in bytes.
    pub(crate) fn backlog(&self, conn: ConnId) -> usize {
        self.get(conn).map_or(0, Connection::backlog)
    }

    /// Sends nothing more to a connection, though it is still taken from, and has its peer know.
    pub(crate) fn end_sending(&mut self, conn: ConnId) {
        if let Some(connection) = self.open_mut(conn)
            && !mem::replace(&mut connection.ends_sending, true)
        {
            self.say_end_if_written(conn);
        }
    }

    /// Everything was flushed, or could have been: more may be done, and what is not written yet
    /// becomes each connection's own.
    pub(crate) fn end_batch(&mut self) {
        self.batch.flushed();
        self.unshare();
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
        let is_answered = self.answering == Some(to);
        if is_answered && let Some(collected) = self.collected.get_mut(&to) {
            collected.extend_from_slice(&self.frames.bytes()[frame]);
            return true;
        }
        let Some(connection) = self.connections.get_mut(to.0) else {
            return false;
        };
        if !connection.is_open() || self.shut_down_deadline.is_some() {
            return false;
        }
        let backlog = connection.backlog();
        // Whoever has nothing waiting reads, and whoever is being answered was taken from with a
        // low backlog: neither is closed for one frame, however small the limit.
        let may_exceed = backlog == 0 || is_answered;
        if !may_exceed && backlog + length > self.limits.max_backlog {
            self.close(to, CloseReason::SlowConsumer);
            return false;
        }
        if backlog > low_backlog {
            self.batch.note_somebody_behind();
        }
        self.push(to, frame);
        self.enforce_max_buffered();
        self.is_open(to)
    }

    /// Puts a frame into a connection's outbox, come what may.
    fn push(&mut self, to: ConnId, frame: Range<usize>) {
        let length = frame.len();
        let Some(connection) = self.connections.get_mut(to.0) else {
            return;
        };
        let was_empty = connection.backlog() == 0;
        if connection.outbox.push(self.frames.bytes(), frame) {
            self.frames.share(to);
        }
        if was_empty {
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
    }

    /// What is to be written for a connection, or nothing for a stale name.
    pub(crate) fn output(&self, conn: ConnId) -> &[u8] {
        match self.get(conn) {
            Some(Connection {
                layered: Some(layered),
                ..
            }) => layered.wire(),
            Some(connection) => connection.outbox.queued(self.frames.bytes()),
            None => &[],
        }
    }

    /// Hands out what is to be written for a connection.
    pub(crate) fn take_output(&mut self, conn: ConnId) -> BytesMut {
        let frames = &self.frames;
        let connection = self.connections.get_mut(conn.0);
        connection
            .map(|connection| match &mut connection.layered {
                Some(layered) => layered.take_wire(),
                None => connection.outbox.take(frames.bytes()),
            })
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
        let speech = self.listeners[connection.listener.index()].speech;
        match &mut connection.layered {
            None => connection.outbox.advance(self.frames.bytes(), written),
            Some(layered) => {
                layered.advance(written);
                let goes_on = layered.backlog() == 0 && connection.outbox.has_queued();
                if goes_on && !mem::replace(&mut connection.transmit_queued, true) {
                    self.actions.push_back(Action::Transmit(conn));
                }
            }
        }
        let coupled = connection.coupled;
        let is_layered = connection.layered.is_some();
        if let Some(speech) = speech {
            self.language_counters(speech.language).counts.sent_bytes += written as u64;
        }
        self.recharge(conn);
        if is_layered {
            self.check_flow(conn);
        }
        self.wake(conn);
        if let Some(other) = coupled {
            self.wake(other);
        }
        self.say_end_if_written(conn);
        self.close_if_drained(conn);
    }

    /// Says that nothing more is sent to a connection, once its layer has said so, too.
    pub(super) fn say_end_if_written(&mut self, conn: ConnId) {
        if let Some(connection) = self.open_mut(conn)
            && connection.ends_sending
            && !connection.has_said_end
            && connection.backlog() == 0
            && !self.finish_layer(conn, CloseReason::PeerLeft)
            && let Some(connection) = self.open_mut(conn)
        {
            connection.has_said_end = true;
            self.actions.push_back(Action::EndSending(conn));
        }
    }

    /// The longest answer that is certain to find room: a connection is only taken from while
    /// its backlog is at most half the limit.
    pub(crate) fn max_answer(&self) -> usize {
        self.limits.max_backlog - self.low_backlog()
    }

    /// While all backlogs together are too much, the largest goes.
    pub(super) fn enforce_max_buffered(&mut self) {
        while self.buffered > self.limits.max_buffered {
            let largest = self
                .connections
                .iter()
                .max_by_key(|(_, connection)| connection.charged);
            let Some((slot, connection)) = largest else {
                return;
            };
            let conn = ConnId(slot);
            if connection.is_alive() {
                self.close(conn, CloseReason::BuffersFull);
            } else {
                self.discard(conn);
            }
        }
    }

    /// Brings the account of all backlogs up to date with one of them. What is left of one that is
    /// being closed for its backlog counts no more.
    pub(super) fn recharge(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        let mut backlog = connection.backlog();
        if !connection.is_alive() {
            backlog = backlog.min(connection.charged);
        }
        self.buffered = self.buffered + backlog - connection.charged;
        connection.charged = backlog;
    }
}
