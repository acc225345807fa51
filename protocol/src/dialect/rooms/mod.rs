//! `rooms`: nicknames, public and private messages, chat rooms (seed 002, the chat server).
//!
//! [`Request`] and [`Reply`] are its grammar: one line each. The first line of a client is its
//! [`Nickname`]. [`Client`] is the client's side of it.

#[cfg(feature = "client")]
mod client;
mod message;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod voice;

#[cfg(feature = "client")]
pub use self::client::{Asked, Client, ClientState, Event};
pub use self::message::{Nickname, Refusal, Reply, Request, RoomName, UserName};
#[cfg(feature = "server")]
pub use self::server::Options;
#[cfg(feature = "server")]
pub(crate) use self::server::{DOOR, PROFILE, rules};
