//! `addressed`: each message goes to all connections, its sender's among them, stamped with the
//! sender's address; all others are told who comes and goes (seed 001).
//!
//! [`Reply`] is its grammar. What a client sends is any line.

#[cfg(feature = "client")]
mod client;
mod message;
#[cfg(feature = "server")]
mod server;

#[cfg(feature = "client")]
pub use self::client::{Client, ClientState, Event};
pub use self::message::Reply;
#[cfg(feature = "server")]
pub use self::server::Options;
#[cfg(feature = "server")]
pub(crate) use self::server::{PROFILE, rules};
