//! `rooms`: nicknames, public and private messages, chat rooms (seed 002, the chat server).
//!
//! [`Request`] and [`Reply`] are its grammar: one line each. The first line of a client is its
//! [`Nickname`].

mod message;
mod server;

pub use self::message::{Nickname, Refusal, Reply, Request, RoomName};
pub(crate) use self::server::PROFILE;
