//! `direct`: login, list and direct messages, with an answer to every request (seed 004).
//!
//! [`Request`] and [`Reply`] are its grammar: one line each, without the `\n` at its end.
//! [`Client`] is the client's side of it.

#[cfg(feature = "client")]
mod client;
mod message;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod voice;

#[cfg(feature = "client")]
pub use self::client::{Asked, Client, ClientState, Event, Fault};
pub use self::message::{MalformedBody, MalformedReply, Reply, Request, RequestHeader, Username};
#[cfg(feature = "server")]
pub use self::server::Options;
#[cfg(feature = "server")]
pub(crate) use self::server::{PROFILE, door, rules};
