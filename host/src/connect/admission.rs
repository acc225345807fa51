//! Whether a server of `rooms` has let the user in, which it never says: it is silent about success,
//! and closes the connection of somebody whom it refuses.

use std::time::{Duration, Instant};

use super::talk::End;

/// What is known about a nickname that was sent.
#[derive(Debug, Default)]
pub(super) struct Admission {
    /// The nickname and when it was sent, as long as the server has said nothing and the user has
    /// not left.
    pending: Option<(String, Instant)>,
}

impl Admission {
    pub(super) fn asked(nick: &str) -> Self {
        Self {
            pending: Some((nick.to_owned(), Instant::now())),
        }
    }

    /// The server spoke or the user left: who is closed now was not refused.
    pub(super) fn settle(&mut self) {
        self.pending = None;
    }

    /// What it means that the server has closed the connection.
    pub(super) fn end(&self) -> End {
        match &self.pending {
            Some((nick, since)) if !is_late(*since) => {
                End::Refused(format!("{}; choose another with --name", refused(nick)))
            }
            _ => End::Closed,
        }
    }
}

/// Whether an end now has other reasons than a nickname that was sent then.
pub(super) fn is_late(since: Instant) -> bool {
    since.elapsed() > PATIENCE
}

pub(super) fn refused(nick: &str) -> String {
    format!(
        "the server refused the nickname '{nick}': it is in use, or not made of 1 to 32 ASCII \
         letters and digits"
    )
}

/// A server refuses at once; this is for the slowest line to it.
const PATIENCE: Duration = Duration::from_secs(5);
