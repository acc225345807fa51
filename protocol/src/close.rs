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
    /// The first bytes were those of a TLS handshake, where none is spoken.
    #[error("it speaks TLS")]
    TlsHandshake,
    /// The operator of `pair` ended the talk.
    #[error("the operator ended the talk")]
    OperatorExit,
    /// The first line was no nickname.
    #[error("the nickname is malformed")]
    MalformedNickname,
    /// The first line was a nickname that somebody else has.
    #[error("the nickname is in use")]
    NicknameInUse,
    /// A line was longer than [`Terms::max_line`](crate::Terms::max_line), in a dialect that
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
    /// The peer had not logged in after [`Terms::login_timeout`](crate::Terms::login_timeout).
    #[error("not logged in in time")]
    LoginTimeout,
    /// The peer sent nothing for [`Terms::idle_timeout`](crate::Terms::idle_timeout).
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
    /// The password that the peer gave for the server was not the right one.
    #[error("the password is wrong")]
    WrongPassword,
    /// An operator of the server had the user disconnected.
    #[error("disconnected by an operator")]
    Killed,
    /// The connection's [layer](crate::Layer) refused what the peer sent.
    /// [`Event::Refused`](crate::Event::Refused) says why.
    #[error("the peer does not keep to the protocol of the connection")]
    LayerFailed,
    /// The peer did not get through the opening of its [layer](crate::Layer) in
    /// [`Terms::opening_timeout`](crate::Terms::opening_timeout).
    #[error("the handshake took too long")]
    OpeningTimeout,
    /// The stream ended in the middle, without its [layer](crate::Layer)'s goodbye.
    #[error("the connection was cut off")]
    CutOff,
    /// The server shuts down.
    #[error("the server shuts down")]
    ShuttingDown,
    /// The other servers of the community have given this one up
    /// ([`link`](crate::link)): everybody on it has to come again.
    #[error("this server was given up by the others")]
    GivenUp,
    /// What the servers of the community have in common is gone: everybody has to come again.
    #[error("the community's log is gone")]
    LogLost,
}

impl CloseReason {
    /// What users are told of somebody who left like this, in languages that say so.
    pub(crate) fn as_farewell(self) -> &'static str {
        match self {
            Self::PeerLeft | Self::Quit => "",
            Self::TransportFailed | Self::CutOff => "connection lost",
            Self::IdleTimeout => "ping timeout",
            Self::SlowConsumer | Self::BuffersFull | Self::Stalled => "stopped reading",
            Self::ShuttingDown => "server shutting down",
            Self::GivenUp => "this server was given up by the others, connect again",
            Self::LogLost => "the servers have lost what they had in common, connect again",
            _ => "connection closed",
        }
    }

    /// A word for it, in ASCII letters and underscores, for programs that count or compare.
    pub fn name(self) -> &'static str {
        match self {
            Self::PeerLeft => "peer_left",
            Self::TransportFailed => "transport_failed",
            Self::Quit => "quit",
            Self::HttpRequest => "http_request",
            Self::TlsHandshake => "tls_handshake",
            Self::OperatorExit => "operator_exit",
            Self::MalformedNickname => "malformed_nickname",
            Self::NicknameInUse => "nickname_in_use",
            Self::LineTooLong => "line_too_long",
            Self::SlowConsumer => "slow_consumer",
            Self::BuffersFull => "buffers_full",
            Self::Stalled => "stalled",
            Self::LoginTimeout => "login_timeout",
            Self::IdleTimeout => "idle_timeout",
            Self::TooManyFromAddress => "too_many_from_address",
            Self::NotAccepting => "not_accepting",
            Self::WrongPassword => "wrong_password",
            Self::Killed => "killed",
            Self::LayerFailed => "layer_failed",
            Self::OpeningTimeout => "opening_timeout",
            Self::CutOff => "cut_off",
            Self::ShuttingDown => "shutting_down",
            Self::GivenUp => "given_up",
            Self::LogLost => "log_lost",
        }
    }

    /// Whether the peer has to come again for what happened between servers.
    pub(crate) fn is_fault_of_servers(self) -> bool {
        matches!(self, Self::GivenUp | Self::LogLost)
    }

    /// Whether the peer was closed for what it did or failed to do, so that an operator may want
    /// to know.
    pub fn is_fault(self) -> bool {
        !matches!(
            self,
            Self::PeerLeft
                | Self::Quit
                | Self::OperatorExit
                | Self::ShuttingDown
                | Self::GivenUp
                | Self::LogLost
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
            CloseReason::GivenUp,
            CloseReason::LogLost,
        ] {
            assert!(!reason.is_fault(), "{reason}");
        }
        for reason in [
            CloseReason::TransportFailed,
            CloseReason::HttpRequest,
            CloseReason::TlsHandshake,
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
