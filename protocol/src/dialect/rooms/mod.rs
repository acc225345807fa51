//! `rooms`: nicknames, public and private messages, chat rooms (seed 002, the chat server).
//!
//! [`Request`] and [`Reply`] are its grammar: one line each. The first line of a client is its
//! [`Nickname`]. [`Client`] is the client's side of it.

mod client;
mod message;
mod server;
mod voice;

pub use self::client::{Asked, Client, ClientState, Event};
pub use self::message::{Nickname, Refusal, Reply, Request, RoomName, UserName};
pub use self::server::Options;
pub(crate) use self::server::{DOOR, PROFILE, rules};
