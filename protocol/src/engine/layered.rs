//! Connections with a layer between transport and dialect.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::{fmt, mem};

use bytes::{Buf, BytesMut};

use super::Engine;
use crate::action::Action;
use crate::close::CloseReason;
use crate::engine::connection::{ConnId, Stage};
use crate::event::Event;
use crate::instant::Instant;
use crate::layer::{Layer, LayerEnd, LayerStage};

/// A layer, and what is between it and the transport.
pub(crate) struct Layered {
    layer: Box<dyn Layer>,
    /// What came, and was not given to the layer.
    unopened: BytesMut,
    /// What the layer has put on the wire.
    wire: BytesMut,
    /// How much of it was handed out that nobody has reported as written.
    handed_out: usize,
    /// The layer has said goodbye.
    is_finished: bool,
    /// The transport has ended while something was unopened.
    has_ended: bool,
}

impl Layered {
    pub(crate) fn new(layer: Box<dyn Layer>) -> Self {
        Self {
            layer,
            unopened: BytesMut::new(),
            wire: BytesMut::new(),
            handed_out: 0,
            is_finished: false,
            has_ended: false,
        }
    }

    /// How much is sealed and not known to be written, in bytes.
    pub(crate) fn backlog(&self) -> usize {
        self.wire.len() + self.handed_out
    }

    pub(crate) fn wire(&self) -> &[u8] {
        &self.wire
    }

    pub(crate) fn has_unopened(&self) -> bool {
        !self.unopened.is_empty()
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.layer.deadline()
    }

    pub(crate) fn take_wire(&mut self) -> BytesMut {
        let wire = mem::take(&mut self.wire);
        self.handed_out += wire.len();
        wire
    }

    pub(crate) fn advance(&mut self, written: usize) {
        let of_handed_out = written.min(self.handed_out);
        self.handed_out -= of_handed_out;
        let of_wire = (written - of_handed_out).min(self.wire.len());
        self.wire.advance(of_wire);
        if self.wire.is_empty() {
            self.wire = BytesMut::new();
        }
    }

    /// Drops everything, what was handed out too.
    pub(crate) fn clear(&mut self) {
        self.wire = BytesMut::new();
        self.unopened = BytesMut::new();
        self.handed_out = 0;
        self.is_finished = true;
    }
}

impl fmt::Debug for Layered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layered")
            .field("stage", &self.layer.stage())
            .finish_non_exhaustive()
    }
}

/// What a layer made of what came.
pub(crate) struct Opened {
    /// The layer lets the dialect know of the connection now.
    pub(crate) has_opened: bool,
    /// How the input ended, if it did.
    pub(crate) end: Option<LayerEnd>,
    /// The connection is to be closed, after what came before.
    pub(crate) close: Option<CloseReason>,
}

impl Engine {
    /// Gives what came to a connection's layer, which appends to `plain` what is in it. `None` if
    /// there is nothing for it, or it has to wait.
    pub(crate) fn unwrap(
        &mut self,
        conn: ConnId,
        received: &[u8],
        plain: &mut Vec<u8>,
    ) -> Option<Opened> {
        let now = self.now;
        let low_backlog = self.low_backlog();
        let is_full = self.batch.is_full_of_openings();
        let connection = self.alive_mut(conn)?;
        let is_opening = connection.stage == Stage::Opening;
        let layered = connection.layered.as_mut()?;
        layered.unopened.extend_from_slice(received);
        if layered.unopened.is_empty() && !layered.has_ended {
            return None;
        }
        if layered.backlog() > low_backlog || is_opening && is_full {
            self.check_flow(conn);
            self.wake(conn);
            return None;
        }
        let unopened = mem::take(&mut layered.unopened);
        let mut outcome = Ok(());
        if !unopened.is_empty() {
            outcome = layered
                .layer
                .receive(now, &unopened, plain, &mut layered.wire);
        }
        let mut end = layered.has_ended.then(|| layered.layer.receive_eof());
        let stage = layered.layer.stage();
        let peer = layered.layer.peer();
        if matches!(stage, LayerStage::InputEnded) {
            end = Some(LayerEnd::Authentic);
        }
        connection.last_input = now;
        if is_opening {
            self.batch.count_opening();
        }
        let has_opened = is_opening
            && outcome.is_ok()
            && matches!(stage, LayerStage::Open | LayerStage::InputEnded);
        let mut close = None;
        if let Err(error) = outcome {
            self.report_refusal(conn, error.reason);
            close = Some(CloseReason::LayerFailed);
        } else if stage == LayerStage::Ended || is_opening && !has_opened && end.is_some() {
            close = Some(CloseReason::PeerLeft);
        }
        if let (true, Some(peer)) = (has_opened, peer) {
            close = close.or(self.learn_peer(conn, peer));
        }
        self.after_layer(conn);
        Some(Opened {
            has_opened,
            end,
            close,
        })
    }

    pub(crate) fn has_layer(&self, conn: ConnId) -> bool {
        self.get(conn)
            .is_some_and(|connection| connection.layered.is_some())
    }

    /// The transport of a connection with a layer will bring nothing more. Says whether there is a
    /// layer.
    pub(crate) fn end_transport(&mut self, conn: ConnId) -> bool {
        let Some(layered) = self
            .alive_mut(conn)
            .and_then(|connection| connection.layered.as_mut())
        else {
            return false;
        };
        layered.has_ended = true;
        true
    }

    /// A layer's own deadline has passed, or the time for the opening.
    pub(crate) fn expire_layer(&mut self, conn: ConnId) {
        let now = self.now;
        let Some(connection) = self.alive_mut(conn) else {
            return;
        };
        let is_late = connection.stage == Stage::Opening
            && connection.deadline.is_some_and(|deadline| deadline <= now);
        let Some(layered) = connection.layered.as_mut() else {
            return;
        };
        if is_late {
            layered.layer.opening_timed_out(&mut layered.wire);
            self.close(conn, CloseReason::OpeningTimeout);
        } else if layered.layer.deadline().is_some_and(|at| at <= now)
            && let Err(error) = layered.layer.expire(now, &mut layered.wire)
        {
            self.report_refusal(conn, error.reason);
            self.close(conn, CloseReason::LayerFailed);
        }
        self.after_layer(conn);
    }

    /// Puts what waits in plain on the wire, as much as one record carries, if the wire is free:
    /// only what is plain can still be dropped.
    pub(super) fn seal(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        let Some(layered) = connection.layered.as_mut() else {
            return;
        };
        let plain = connection.outbox.queued(self.frames.bytes());
        if layered.backlog() > 0 || plain.is_empty() || connection.stage == Stage::Opening {
            return;
        }
        let length = one_record(plain);
        layered.layer.seal(&plain[..length], &mut layered.wire);
        connection.outbox.advance(self.frames.bytes(), length);
        self.recharge(conn);
    }

    /// Has a connection's layer say goodbye once everything else is sealed. Says whether there is
    /// something on the wire because of it.
    pub(super) fn finish_layer(&mut self, conn: ConnId, reason: CloseReason) -> bool {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return false;
        };
        let Some(layered) = connection.layered.as_mut() else {
            return false;
        };
        if mem::replace(&mut layered.is_finished, true) {
            return false;
        }
        layered.layer.finish(reason, &mut layered.wire);
        let has_output = !layered.wire.is_empty();
        self.after_layer(conn);
        has_output
    }

    /// What a layer has put on the wire is charged and sent.
    fn after_layer(&mut self, conn: ConnId) {
        self.recharge(conn);
        let max_backlog = self.limits.max_backlog;
        let now = self.now;
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        let Some(layered) = &connection.layered else {
            return;
        };
        let backlog = layered.backlog();
        if backlog > 0 && !connection.transmit_queued {
            connection.transmit_queued = true;
            connection.last_progress = now;
            self.actions.push_back(Action::Transmit(conn));
        }
        if backlog > max_backlog {
            self.close(conn, CloseReason::SlowConsumer);
        }
        self.arm(conn);
        self.check_flow(conn);
        self.close_if_drained(conn);
    }

    fn report_refusal(&mut self, conn: ConnId, reason: String) {
        if let Some(peer) = self.peer(conn) {
            self.report(Event::Refused { conn, peer, reason });
        }
    }
}

/// How much of what waits goes into one record: whole frames, if there is one that fits.
fn one_record(plain: &[u8]) -> usize {
    if plain.len() <= MAX_RECORD {
        return plain.len();
    }
    memchr::memrchr(b'\n', &plain[..MAX_RECORD]).map_or(MAX_RECORD, |end| end + 1)
}

/// The most that one record of TLS carries (RFC 8446, section 5.1).
const MAX_RECORD: usize = 1 << 14;
