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
use crate::layer::{Layer, LayerEnd, LayerError, LayerStage};

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
    input: Input,
}

/// What a layer may still be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    /// What comes.
    Open,
    /// What is unopened, and then that the transport has ended.
    Ended,
    /// Nothing.
    Over,
}

impl Layered {
    pub(crate) fn new(layer: Box<dyn Layer>) -> Self {
        Self {
            layer,
            unopened: BytesMut::new(),
            wire: BytesMut::new(),
            handed_out: 0,
            is_finished: false,
            input: Input::Open,
        }
    }

    /// How much is sealed and not known to be written, in bytes.
    pub(crate) fn backlog(&self) -> usize {
        self.wire.len() + self.handed_out
    }

    pub(crate) fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// Whether there is something for the layer, be it that nothing more comes.
    pub(crate) fn has_unopened(&self) -> bool {
        !self.unopened.is_empty() || self.input == Input::Ended
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.layer.deadline().filter(|_| !self.is_finished)
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
        self.handed_out = 0;
        self.is_finished = true;
        self.end_input();
    }

    /// The layer is given nothing further.
    pub(crate) fn end_input(&mut self) {
        self.unopened = BytesMut::new();
        self.input = Input::Over;
    }

    fn is_open(&self) -> bool {
        matches!(
            self.layer.stage(),
            LayerStage::Open | LayerStage::InputEnded
        )
    }

    /// Whether what is in plain can be sealed.
    fn carries(&self) -> bool {
        !self.is_finished && self.layer.stage() != LayerStage::Ended
    }

    /// Takes what came, as long as anything may come.
    fn keep(&mut self, received: &[u8]) {
        if self.input == Input::Open {
            self.unopened.extend_from_slice(received);
        }
    }

    /// Gives the layer at most `max` bytes of what is unopened, and its end if that is all. Says how
    /// the input ended, if it did.
    fn open(
        &mut self,
        now: Instant,
        max: usize,
        plain: &mut Vec<u8>,
    ) -> Result<Option<LayerEnd>, LayerError> {
        let piece = self.unopened.split_to(self.unopened.len().min(max));
        let sealed = self.wire.len();
        let mut outcome = Ok(());
        if !piece.is_empty() {
            outcome = self.layer.receive(now, &piece, plain, &mut self.wire);
        }
        if self.is_finished {
            // Nothing comes behind the goodbye.
            self.wire.truncate(sealed);
        }
        let stage = self.layer.stage();
        let has_ended = self.input == Input::Ended && self.unopened.is_empty();
        if outcome.is_err() || matches!(stage, LayerStage::InputEnded | LayerStage::Ended) {
            self.end_input();
        } else if has_ended {
            self.end_input();
            return Ok(Some(self.layer.receive_eof()));
        } else if self.unopened.is_empty() {
            self.unopened = BytesMut::new();
        }
        outcome.map(|()| (stage == LayerStage::InputEnded).then_some(LayerEnd::Authentic))
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
    /// What is wrong with the layer of a link.
    pub(crate) failure: Option<String>,
}

impl Engine {
    /// Gives some of what came to a connection's layer, which appends to `plain` what is in it.
    /// `None` if there is nothing for it, or it has to wait.
    ///
    /// No more than a quarter of a backlog at a time: the layer may answer, and whoever reads must
    /// not be closed for what came in one read.
    pub(crate) fn unwrap(
        &mut self,
        conn: ConnId,
        received: &[u8],
        plain: &mut Vec<u8>,
    ) -> Option<Opened> {
        let (now, low_backlog) = (self.now, self.low_backlog());
        let max = self.limits.quarter_backlog();
        let is_full = self.batch.is_full_of_openings();
        let connection = self.alive_mut(conn)?;
        let is_opening = connection.stage == Stage::Opening;
        let was_empty = connection.backlog() == 0;
        let layered = connection.layered.as_mut()?;
        layered.keep(received);
        if !layered.has_unopened() {
            return None;
        }
        if layered.backlog() > low_backlog || is_opening && is_full {
            self.check_flow(conn);
            self.wake(conn);
            return None;
        }
        let outcome = layered.open(now, max, plain);
        // What is plain shows that the layer was open, whatever came then.
        let has_opened = is_opening && (layered.is_open() || !plain.is_empty());
        let has_ended = layered.layer.stage() == LayerStage::Ended;
        let peer = layered.layer.peer().filter(|_| has_opened);
        connection.last_input = now;
        if is_opening {
            self.batch.count_opening();
        }
        let refusal = peer.and_then(|peer| self.learn_peer(conn, peer));
        let opened = match outcome {
            Err(error) => {
                let failure = self.report_refusal(conn, error.reason);
                Opened {
                    has_opened,
                    end: None,
                    close: Some(CloseReason::LayerFailed),
                    failure,
                }
            }
            Ok(end) => Opened {
                has_opened,
                end,
                close: (has_ended || is_opening && !has_opened && end.is_some())
                    .then_some(CloseReason::PeerLeft),
                failure: None,
            },
        };
        self.after_layer(conn, was_empty);
        Some(match refusal {
            Some(_) => Opened {
                has_opened: false,
                end: None,
                close: refusal,
                failure: None,
            },
            None => opened,
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
        if layered.input == Input::Open {
            layered.input = Input::Ended;
        }
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
        let was_empty = connection.backlog() == 0;
        let Some(layered) = connection.layered.as_mut() else {
            return;
        };
        if is_late {
            layered.layer.opening_timed_out(&mut layered.wire);
            self.close(conn, CloseReason::OpeningTimeout);
        } else if layered.deadline().is_some_and(|at| at <= now) {
            if let Err(error) = layered.layer.expire(now, &mut layered.wire) {
                layered.end_input();
                self.report_refusal(conn, error.reason);
                self.close(conn, CloseReason::LayerFailed);
            } else if layered.layer.stage() == LayerStage::Ended {
                self.close(conn, CloseReason::PeerLeft);
            }
        }
        self.after_layer(conn, was_empty);
    }

    /// Puts what waits in plain on the wire, as much as one record carries, if the wire is free:
    /// only what is plain can still be dropped.
    pub(super) fn seal(&mut self, conn: ConnId) {
        while self.seal_record(conn) {}
        self.recharge(conn);
        self.enforce_max_buffered();
        // A layer that carries nothing any more drops what it is given, and then that was all.
        self.say_end_if_written(conn);
        self.close_if_drained(conn);
    }

    /// Says whether a record was sealed of which nothing is on the wire.
    fn seal_record(&mut self, conn: ConnId) -> bool {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return false;
        };
        let Some(layered) = connection.layered.as_mut() else {
            return false;
        };
        let plain = connection.outbox.queued(self.frames.bytes());
        if layered.backlog() > 0 || plain.is_empty() || connection.stage == Stage::Opening {
            return false;
        }
        let length = one_record(plain);
        if layered.carries() {
            layered.layer.seal(&plain[..length], &mut layered.wire);
        }
        connection.outbox.advance(self.frames.bytes(), length);
        layered.wire.is_empty()
    }

    /// Has a connection's layer say goodbye once everything else is sealed. Says whether there is
    /// something on the wire because of it.
    pub(super) fn finish_layer(&mut self, conn: ConnId, reason: CloseReason) -> bool {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return false;
        };
        let was_empty = connection.backlog() == 0;
        let Some(layered) = connection.layered.as_mut() else {
            return false;
        };
        if mem::replace(&mut layered.is_finished, true) {
            return false;
        }
        layered.layer.finish(reason, &mut layered.wire);
        let has_output = !layered.wire.is_empty();
        self.after_layer(conn, was_empty);
        has_output
    }

    /// What a layer has put on the wire is charged and sent.
    fn after_layer(&mut self, conn: ConnId, was_empty: bool) {
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
        if was_empty {
            connection.last_progress = now;
        }
        if !layered.wire.is_empty() && !mem::replace(&mut connection.transmit_queued, true) {
            self.actions.push_back(Action::Transmit(conn));
        }
        if backlog > max_backlog {
            self.close(conn, CloseReason::SlowConsumer);
        }
        self.enforce_max_buffered();
        self.arm(conn);
        self.check_flow(conn);
        self.close_if_drained(conn);
    }

    /// Reports why a peer is refused. Returns it for the link, which has its own words for it.
    fn report_refusal(&mut self, conn: ConnId, reason: String) -> Option<String> {
        let peer = self.peer(conn)?;
        if peer.is_link() {
            return Some(reason);
        }
        if !self.is_aside(conn) {
            self.report(Event::Refused { conn, peer, reason });
        }
        None
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
