//! What happened, for logs and metrics.

use alloc::string::String;
use alloc::vec::Vec;

use crate::close::CloseReason;
#[cfg(feature = "pair")]
use crate::dialect::pair::Turn;
use crate::engine::connection::ConnId;
use crate::listener::ListenerId;
use crate::peer::Peer;

/// Something that an operator may want to see. Comes from
/// [`Server::poll_event`](crate::Server::poll_event); nothing depends on whether it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A connection was accepted.
    Connected {
        /// Its name.
        conn: ConnId,
        /// Where it came in.
        listener: ListenerId,
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
    /// `pair`: it is another side's turn to speak. The first one for a client says that its talk
    /// begins, which can be later than that it connected.
    #[cfg(feature = "pair")]
    TurnChanged {
        /// The client's connection.
        client: ConnId,
        /// Its other end.
        peer: Peer,
        /// Whose turn it is.
        turn: Turn,
    },
    /// `pair`: a client left, and with it went what the operator had typed for it out of turn.
    #[cfg(feature = "pair")]
    TypedLinesDropped {
        /// The client's connection.
        client: ConnId,
        /// Its other end.
        peer: Peer,
        /// What was typed, without the endings, oldest first. Chat, not fit for logs.
        lines: Vec<Vec<u8>>,
    },
    /// An operator of the server asked for its configuration to be loaded anew (`REHASH` in `irc`).
    ReloadAsked {
        /// The operator's connection.
        conn: ConnId,
    },
    /// A line was dropped because it was longer than
    /// [`Terms::max_line`](crate::Terms::max_line).
    LineDropped {
        /// The connection that sent it.
        conn: ConnId,
        /// Its other end.
        peer: Peer,
    },
    /// The layer of a connection refused what its peer sent.
    Refused {
        /// The connection.
        conn: ConnId,
        /// Its other end.
        peer: Peer,
        /// Why. May quote the peer.
        reason: String,
    },
    /// Something happened to the [link](crate::link) with other servers.
    Link(LinkEvent),
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

/// What happens between the servers of a community.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkEvent {
    /// NATS could not be reached, for the first time since it was, or ever. It is tried again.
    Unreachable {
        /// The address that was tried.
        address: String,
    },
    /// Something is not as it should be. It is tried again.
    Trouble {
        /// What. May quote NATS.
        reason: String,
    },
    /// A server of this name crashed, and counts as there until its lease ends: this one waits.
    AwaitsLease,
    /// This server takes part from now on.
    In {
        /// How many others do.
        others: usize,
    },
    /// Nothing can be put into the log, since ten seconds.
    Away,
    /// What could not be put into the log is there now.
    Back,
    /// The others have given this server up: it disconnects its users, and begins anew.
    GivenUp,
    /// The log is gone, or another one: the server disconnects its users, and begins anew.
    LogLost,
    /// Another server takes part from now on.
    Came {
        /// Its name.
        node: String,
    },
    /// Another server has gone, or was given up.
    Gone {
        /// Its name.
        node: String,
    },
    /// This server cannot take part, and shuts down.
    Refused {
        /// Why, and what to do about it, in one line.
        reason: String,
    },
}
