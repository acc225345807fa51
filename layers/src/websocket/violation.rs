//! What a peer did that ends a connection of WebSocket.

use tungstenite::protocol::frame::coding::CloseCode;

/// What a peer did that it may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    /// Its frames are none, or none that may come here.
    Protocol(&'static str),
    /// It sent a kind of message that was not agreed on.
    WrongKind,
    /// Its text is not UTF-8.
    NotUtf8,
    /// There was more than one line in a message.
    ManyLines,
    /// A message is longer than any line.
    TooLong,
    /// Nothing came from it, not even an answer to a ping.
    Silent,
}

impl Violation {
    /// What the peer is told.
    pub(crate) fn code(self) -> CloseCode {
        match self {
            Self::Protocol(_) => CloseCode::Protocol,
            Self::WrongKind => CloseCode::Unsupported,
            Self::NotUtf8 => CloseCode::Invalid,
            Self::ManyLines | Self::Silent => CloseCode::Policy,
            Self::TooLong => CloseCode::Size,
        }
    }

    /// In words, for peer and log.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Protocol(what) => what,
            Self::WrongKind => "a message is not of the kind that was agreed on",
            Self::NotUtf8 => "text is not UTF-8",
            Self::ManyLines => "there is more than one line in a message",
            Self::TooLong => "a message is too long",
            Self::Silent => "nothing came for 60 seconds",
        }
    }
}
