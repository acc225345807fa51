//! The interface between the engine and a dialect.

use alloc::vec::Vec;

use crate::close::CloseReason;
use crate::community::runs::View;
use crate::community::vocabulary::{Command, News, Outcome, Stamp};
use crate::dialect::Options;
use crate::engine::Engine;
use crate::engine::connection::ConnId;
use crate::floor::Floor;
use crate::wire::lines::Line;

/// The rules of one chat protocol: what follows from what its peers send.
///
/// The engine owns the connections, and the community the users; rules keep only what their
/// protocol knows about a session, keyed by [`ConnId`]. They act through the [`Floor`] that each
/// call brings: send, close, hold, propose.
pub(crate) trait Rules: Send {
    /// Whether one more connection from the network is welcome.
    fn accepting(&self, _engine: &Engine) -> bool {
        true
    }

    /// A connection is there. Each that joined leaves exactly once.
    fn joined(&mut self, floor: &mut Floor, conn: ConnId);

    /// It sent a message.
    fn message(&mut self, floor: &mut Floor, conn: ConnId, line: Line<'_>);

    /// It sent a line longer than the limit, which is dropped.
    fn line_too_long(&mut self, floor: &mut Floor, conn: ConnId) {
        floor.engine.close(conn, CloseReason::LineTooLong);
    }

    /// It ended its sending half, and every message that it sent has been told.
    fn input_ended(&mut self, floor: &mut Floor, conn: ConnId) {
        floor.engine.close(conn, CloseReason::PeerLeft);
    }

    /// Whether this line says something that others can be told: it brings about one
    /// [saying](Command::Say), and nothing is answered before that is done. Such lines of one
    /// connection are taken before it is known what became of those before, so that they go into
    /// the log together.
    fn may_follow(&self, _floor: &Floor, _conn: ConnId, _line: &[u8]) -> bool {
        false
    }

    /// What became of a command that was proposed for it, in the order in which they were. Until
    /// this call it is taken nothing from, but what [may follow](Self::may_follow) what it said, and
    /// told nothing about the command.
    fn outcome(
        &mut self,
        _floor: &mut Floor,
        _conn: ConnId,
        _command: &Command<'_>,
        _outcome: Outcome,
    ) {
    }

    /// The operator has chosen other options for it, of which those count that can be changed.
    fn renew(&mut self, _options: &Options) {}

    /// The time came that was [set](crate::engine::Engine::set_due) for it.
    fn due(&mut self, _floor: &mut Floor, _conn: ConnId) {}

    /// It is gone, or as good as: nothing can be sent to it any more.
    fn left(&mut self, floor: &mut Floor, conn: ConnId, reason: CloseReason);
}

/// How one dialect puts news into words.
pub(crate) trait Voice: Send {
    /// Appends to `frame` what is sent to those who see this view. Says whether there is anything
    /// to send: a language need not have words for all news.
    fn tell(&self, stamp: Stamp, news: &News<'_>, view: View, frame: &mut Vec<u8>) -> bool;

    /// Whether a user is told, too, what the user did.
    fn hears_own(&self, news: &News<'_>, view: View) -> bool;

    /// Whether a user is told what the user said, though it was said to others.
    fn echoes(&self, _view: View) -> bool {
        false
    }

    /// Whether who watches a name is told all that those are told who share a room with its owner.
    fn tells_watchers(&self, _view: View) -> bool {
        false
    }
}
