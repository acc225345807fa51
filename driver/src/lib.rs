//! What adapters of [`linechat_protocol`] share: everything between a [`Server`] and the sockets of a
//! runtime that is the same on all runtimes.
//!
//! [`Service`] is what is served: a server, sockets that listen, perhaps somebody at a keyboard, and
//! an [`Observer`] who hears what happens. Adapters for asynchronous runtimes give [`serve`] their
//! sockets and timers, as a [`Runtime`]; it has turns, and reads and writes for all connections in
//! one future. An adapter of another kind finds the rest here: [`Clock`] for the time that the server
//! is told, [`AcceptErrors`] for when `accept` fails, [`prepare`] for its listeners, [`LINGER`] for
//! how to close, [`Dialling`] for connections that the server wants.
//!
//! Nothing here spawns a thread, but for [`Dialling`], and that only for servers that are linked with
//! others. What goes wrong with a socket is told to `tracing`.

pub use self::accept::{AcceptErrors, Recovery};
pub use self::clock::Clock;
pub use self::connection::{
    LINGER, LINGER_BYTES, linger_until, prepare, transport_failed, was_refused,
};
pub use self::dial::Dialling;
pub use self::driver::serve;
pub use self::failure::watch_for_failure;
pub use self::runtime::{Listener, Runtime, Stream, Timer};
pub use self::service::{Console, Flush, Listening, Observer, Service};

#[cfg(doc)]
use linechat_protocol::Server;

mod accept;
mod acceptor;
mod bell;
mod clock;
mod connection;
mod dial;
mod driver;
mod failure;
mod ready;
mod runtime;
mod service;
mod sockets;
