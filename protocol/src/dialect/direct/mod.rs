//! `direct`: login, list and direct messages, with an answer to every request (seed 004).
//!
//! [`Request`] and [`Reply`] are its grammar: one line each, without the `\n` at its end.
//! [`Client`] is the client's side of it.

mod client;
mod message;
mod server;
mod voice;

pub use self::client::{Asked, Client, ClientState, Event, Fault};
pub use self::message::{MalformedBody, MalformedReply, Reply, Request, RequestHeader, Username};
pub use self::server::Options;
pub(crate) use self::server::{PROFILE, door, rules};
