//! What happened, for logs and metrics.

use alloc::string::String;

use crate::{CloseReason, ConnId, Peer};

/// Something that an operator may want to see. Comes from
/// [`Server::poll_event`](crate::Server::poll_event); nothing depends on whether it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A connection was accepted.
    Connected {
        /// Its name.
        conn: ConnId,
        /// Its other end.
        peer: Peer,
    },
    /// A peer registered (`rooms`) or logged in (`direct`).
    LoggedIn {
        /// Its connection.
        conn: ConnId,
        /// The name it chose. It comes from the peer: valid in its dialect, but no more than that.
        name: String,
    },
    /// A line was dropped because it was longer than
    /// [`Limits::max_line`](crate::Limits::max_line).
    LineDropped {
        /// The connection that sent it.
        conn: ConnId,
        /// Its other end.
        peer: Peer,
    },
    /// A connection counts as left. What is queued for it may still have to be written.
    Left {
        /// Its name.
        conn: ConnId,
        /// Its other end.
        peer: Peer,
        /// Why.
        reason: CloseReason,
    },
}
