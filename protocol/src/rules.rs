//! The interface between the engine and a dialect.

use crate::engine::Engine;
use crate::lines::Line;
use crate::{CloseReason, ConnId};

/// The rules of one chat protocol: what follows from what its peers send.
///
/// The engine owns the connections; rules keep only what their protocol knows about them, keyed
/// by [`ConnId`]. They act through the [`Engine`] that each call brings: send, close, hold.
pub(crate) trait Rules: Send {
    /// Whether one more connection from the network is welcome.
    fn accepting(&self, _engine: &Engine) -> bool {
        true
    }

    /// A connection is there. Each that joined leaves exactly once.
    fn joined(&mut self, engine: &mut Engine, conn: ConnId);

    /// It sent a message.
    fn message(&mut self, engine: &mut Engine, conn: ConnId, line: Line<'_>);

    /// It sent a line longer than the limit, which is dropped.
    fn line_too_long(&mut self, engine: &mut Engine, conn: ConnId) {
        engine.close(conn, CloseReason::LineTooLong);
    }

    /// It ended its sending half, and every message that it sent has been told.
    fn input_ended(&mut self, engine: &mut Engine, conn: ConnId) {
        engine.close(conn, CloseReason::PeerLeft);
    }

    /// It is gone, or as good as: nothing can be sent to it any more.
    fn left(&mut self, engine: &mut Engine, conn: ConnId);
}
