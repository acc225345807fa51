//! How far it is to the server.

use std::os::fd::BorrowedFd;
use std::time::Instant;

use rustix::event::PollFlags;

use super::talk::Talk;

/// A connection, or what is to become one.
pub(crate) trait Route {
    /// What to wait for.
    fn waits_for(&self, talk: &dyn Talk) -> Option<(BorrowedFd<'_>, PollFlags)>;

    /// When [`tick`](Self::tick) is to be called.
    fn deadline(&self, talk: &dyn Talk) -> Option<Instant>;

    /// What was waited for may be there. Says whether it was, and there may be more.
    fn proceed(&mut self, talk: &mut dyn Talk) -> bool;

    /// Does what is due.
    fn tick(&mut self, now: Instant, talk: &mut dyn Talk);

    /// Writes what the server takes. Says whether it took anything.
    fn write(&mut self, _talk: &mut dyn Talk) -> bool {
        false
    }

    /// Whether something can still be written.
    fn is_sending(&self, _talk: &dyn Talk) -> bool {
        false
    }

    /// Whether the user may enter something.
    fn takes_lines(&self) -> bool {
        true
    }

    /// Whether nothing more will come of it.
    fn is_at_end(&self) -> bool;

    /// Whether there is a connection, where there was none.
    fn is_arrived(&self) -> bool {
        false
    }

    /// Something that the user is to be told.
    fn news(&mut self) -> Option<String> {
        None
    }
}
