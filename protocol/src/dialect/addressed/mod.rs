//! `addressed`: each message goes to all connections, its sender's among them, stamped with the
//! sender's address; all others are told who comes and goes (seed 001).
//!
//! [`Reply`] is its grammar. What a client sends is any line.

mod client;
mod message;
mod server;

pub use self::client::{Client, ClientState, Event};
pub use self::message::Reply;
pub use self::server::Options;
pub(crate) use self::server::{PROFILE, rules};
