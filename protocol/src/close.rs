//! Why connections end.

use thiserror::Error;

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The peer ended its sending half and has been answered.
    #[error("the peer left")]
    PeerLeft,
    /// The transport failed: the peer reset the connection or vanished.
    #[error("the connection failed")]
    TransportFailed,
    /// The peer asked for it.
    #[error("the peer asked to be disconnected")]
    Quit,
    /// The first line was an HTTP request: perhaps a web page speaks through somebody's browser.
    #[error("it speaks HTTP")]
    HttpRequest,
    /// The operator of `pair` ended the talk.
    #[error("the operator ended the talk")]
    OperatorExit,
    /// The first line was no nickname.
    #[error("the nickname is malformed")]
    MalformedNickname,
    /// The first line was a nickname that somebody else has.
    #[error("the nickname is in use")]
    NicknameInUse,
    /// A line was longer than [`Limits::max_line`](crate::Limits::max_line), in a dialect that
    /// has no way to say so.
    #[error("a line was too long")]
    LineTooLong,
    /// More than [`Limits::max_backlog`](crate::Limits::max_backlog) would have had to wait for
    /// the peer.
    #[error("slow consumer: its backlog reached the limit")]
    SlowConsumer,
    /// The peer had the largest backlog when all together passed
    /// [`Limits::max_buffered`](crate::Limits::max_buffered).
    #[error("slow consumer: all backlogs together reached the limit, and its was the largest")]
    BuffersFull,
    /// The peer took nothing for [`Limits::stall_timeout`](crate::Limits::stall_timeout).
    #[error("the peer stopped reading")]
    Stalled,
    /// The peer had not logged in after [`Limits::login_timeout`](crate::Limits::login_timeout).
    #[error("not logged in in time")]
    LoginTimeout,
    /// The peer sent nothing for [`Limits::idle_timeout`](crate::Limits::idle_timeout).
    #[error("idle for too long")]
    IdleTimeout,
    /// The peer's address has
    /// [`Limits::max_connections_per_ip`](crate::Limits::max_connections_per_ip) connections.
    #[error("too many connections from this address")]
    TooManyFromAddress,
    /// The server does not take connections now
    /// ([`Server::accepting`](crate::Server::accepting)).
    #[error("the server takes no further connection")]
    NotAccepting,
    /// The server shuts down.
    #[error("the server shuts down")]
    ShuttingDown,
}

impl CloseReason {
    /// Whether the peer was closed for what it did or failed to do, so that an operator may want
    /// to know.
    pub fn is_fault(self) -> bool {
        !matches!(
            self,
            Self::PeerLeft | Self::Quit | Self::OperatorExit | Self::ShuttingDown
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_at_fault_unless_it_left_or_was_asked_to_leave() {
        for reason in [
            CloseReason::PeerLeft,
            CloseReason::Quit,
            CloseReason::OperatorExit,
            CloseReason::ShuttingDown,
        ] {
            assert!(!reason.is_fault(), "{reason}");
        }
        for reason in [
            CloseReason::TransportFailed,
            CloseReason::HttpRequest,
            CloseReason::MalformedNickname,
            CloseReason::NicknameInUse,
            CloseReason::LineTooLong,
            CloseReason::SlowConsumer,
            CloseReason::BuffersFull,
            CloseReason::Stalled,
            CloseReason::LoginTimeout,
            CloseReason::IdleTimeout,
            CloseReason::TooManyFromAddress,
            CloseReason::NotAccepting,
        ] {
            assert!(reason.is_fault(), "{reason}");
        }
    }
}
