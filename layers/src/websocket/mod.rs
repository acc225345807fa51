//! WebSocket, as IRC is carried in it: a message for each line, without its ending.
//!
//! Frames are tungstenite's; what is done with them is ours, since its `WebSocketContext` keeps 256
//! bytes for each connection and the largest message that came for its life.

mod reader;
mod session;
mod upgrade;
mod violation;
mod writer;

pub(crate) use session::Session;
pub(crate) use upgrade::upgrade;
pub(crate) use violation::Violation;

/// What the messages of a connection are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// UTF-8.
    Text,
    /// Any bytes.
    Binary,
}
