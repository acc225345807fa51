//! `pair`: the operator at the server's keyboard talks with one client at a time, by turns, the
//! client first (seed 003).
//!
//! A line is a line; the one word that means something, `EXIT`, is for the side that types it and
//! is never sent. So there is no grammar, but there are turns, and [`Client`] keeps to them.

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "server")]
mod server;
#[cfg(any(feature = "client", feature = "server"))]
mod typed;

#[cfg(feature = "client")]
pub use self::client::{Client, ClientState, Typed};
#[cfg(feature = "server")]
pub use self::server::{Options, Turn};
#[cfg(feature = "server")]
pub(crate) use self::server::{PROFILE, rules};
