//! Six chat protocols as one pure state machine.
//!
//! [`Server`] consumes the bytes that peers send and says which bytes to write to whom. It has no
//! sockets, no clock, no threads and no randomness, and builds without `std`: the same inputs
//! always give the same outputs, so it can be tested and fuzzed to the last branch, and it runs on
//! any runtime. Its counterparts are the [clients](#writing-a-client), which are built alike.
//! [`rooms`], [`direct`] and [`addressed`] hold the grammars of the protocols that have one, for
//! both ends of a connection.
//!
//! What it is not: it does not read or write. An *adapter* does that; there are three ready ones
//! (`linechat-tokio`, `linechat-smol`, `linechat-blocking`), and the rest of this page is what you
//! need to write your own.
//!
//! # Driving a server
//!
//! 0. **Say what is served.** [`Server::listen`] takes a [`Listener`]: a dialect, its options, and the
//!    terms on which it is spoken. Dialects whose peers have names can be served together: their
//!    users are one community.
//! 1. **Hand in what happened.** A peer connected: [`Server::accept`]; it gives the connection its
//!    name, a [`ConnId`]. Bytes came: [`Server::receive`]. The peer ended its sending half:
//!    [`Server::receive_eof`]. The socket failed: [`Server::transport_failed`]. Do this for as
//!    many sockets as are ready; every input may queue output for any number of connections.
//! 2. **Poll until there is nothing to do.** [`Server::poll`] names connections:
//!    [`Action::Transmit`] says that one has something to write, once for all that was queued. Write
//!    [`Server::transmit`] with one system call and report with [`Server::advance`] how much the
//!    socket took. If it took less, wait until it takes more, and go on from there.
//!    [`Action::PauseReading`] and [`Action::ResumeReading`] say from whom to read;
//!    [`Action::EndSending`] ends half of a connection, [`Action::Close`] all of it, and
//!    [`Server::release`] lets its slot be reused.
//! 3. **Say that all was flushed**: [`Server::flushed`]. The server bounds what it does between two
//!    flushes; if there is more, this says so. Then give other sockets their chance, and call
//!    [`Server::carry_on`].
//! 4. **Mind the time.** When [`Server::poll_timeout`] is due, call [`Server::handle_timeout`].
//! 5. **Ask before you accept.** While [`Server::accepting`] says no, leave peers in the listen
//!    queue. When [`Server::is_finished`], stop.
//!
//! No step has to follow another at once: polling late delays, never corrupts.
//!
//! ```
//! use std::time::Duration;
//!
//! use linechat_protocol::{Action, Dialect, Instant, Limits, Listener, Peer, Server};
//!
//! let mut server = Server::new(Limits::default())?;
//! let rooms = server.listen(Listener::new(Dialect::ROOMS))?;
//! let now = Instant::after_epoch(Duration::from_millis(1));
//!
//! let peer = |address: &str| address.parse::<std::net::SocketAddr>().map(Peer::from);
//! let alice = server.accept(now, rooms, peer("192.0.2.1:1001")?);
//! let bob = server.accept(now, rooms, peer("192.0.2.2:1002")?);
//! server.receive(now, alice, b"alice\r\n");
//! server.receive(now, bob, b"bob\r\nHello, al");
//! server.receive(now, bob, b"ice!\r\n");
//! server.receive_eof(now, bob);
//!
//! let mut to_alice = Vec::new();
//! loop {
//!     while let Some(action) = server.poll() {
//!         match action {
//!             Action::Transmit(conn) => {
//!                 let bytes = server.transmit(conn);
//!                 // An adapter writes them to the socket of `conn`, as far as it takes them.
//!                 assert_eq!(conn, alice);
//!                 to_alice.extend_from_slice(bytes);
//!                 let written = bytes.len();
//!                 server.advance(now, conn, written);
//!             }
//!             Action::PauseReading(_) | Action::ResumeReading(_) | Action::EndSending(_) => {}
//!             // Only servers that are linked with others dial.
//!             Action::Dial(_) => {}
//!             Action::Close(conn, _reason) => server.release(now, conn),
//!         }
//!     }
//!     if !server.flushed() {
//!         // An adapter waits for its sockets here, at most until `server.poll_timeout()`.
//!         break;
//!     }
//!     server.carry_on(now);
//! }
//! assert_eq!(to_alice, b"bob: Hello, alice!\r\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Writing a client
//!
//! There is a client for each dialect: [`direct::Client`], [`rooms::Client`], [`pair::Client`],
//! [`addressed::Client`], [`irc::Client`], and [`LineClient`] for `echo` and `relay`. They have no
//! socket either, and no need for a clock. Requests are methods; what the server would refuse is refused before
//! it is sent. What the server says comes as events, an answer with what it answers; what no
//! server should say comes as a [`Violation`]. [`Client`] tells how to drive any of them.
//!
//! This is a whole one for `direct` (`examples/direct_client.rs`):
//!
//! ```no_run
#![doc = include_str!("../examples/direct_client.rs")]
//! ```
//!
//! And this is a bot in `rooms` (`examples/rooms_bot.rs`):
//!
//! ```no_run
#![doc = include_str!("../examples/rooms_bot.rs")]
//! ```
//!
//! This one greets people on any IRC server (`examples/irc_bot.rs`):
//!
//! ```no_run
#![doc = include_str!("../examples/irc_bot.rs")]
//! ```
//!
//! # Memory and time
//!
//! Every bound is in [`Limits`] and [`Terms`]. A connection holds at most one unfinished line, what one read
//! brought, and its backlog; an idle one holds no buffer at all. Work in one call is bounded, and
//! [`Server::poll`] and [`Server::poll_timeout`] take the same time however many connections are
//! idle. A client's bounds are in [`ClientLimits`].
//!
//! # Features
//!
//! All are on, unless `default-features` is `false`. Then a bot for `rooms` needs `client` and `rooms`,
//! and nothing else is compiled.
//!
//! | feature | what it brings |
//! | --- | --- |
//! | `server` | [`Server`], what drives it, and the [layers](Layer) below it |
//! | `link` | [`Server::link`]: several servers that are one to their users; brings `server` |
//! | `client` | [`Client`], the clients of the dialects that are on, and [`LineClient`] |
//! | `addressed`, `direct`, `irc`, `rooms` | the grammar of a dialect; with `server` its rules, with `client` its client |
//! | `echo`, `pair`, `relay` | those without a grammar: rules with `server`; `pair` has a client, too |
//! | `dialects` | all seven |
//!
//! Whatever is on, the crate needs `alloc`, and nothing else of an operating system.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(all(feature = "client", feature = "dialects", feature = "link")),
    allow(
        unreachable_pub,
        unused,
        reason = "what the parts share serves those, too, that are left out"
    )
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

#[cfg(feature = "server")]
mod action;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "server")]
mod close;
#[cfg(feature = "server")]
mod community;
#[cfg(feature = "server")]
mod config;
mod dialect;
#[cfg(feature = "server")]
mod engine;
#[cfg(feature = "server")]
mod event;
#[cfg(feature = "server")]
mod floor;
mod instant;
#[cfg(feature = "server")]
mod layer;
#[cfg(feature = "server")]
mod limits;
#[cfg(feature = "link")]
pub mod link;
#[cfg(feature = "link")]
mod linked;
#[cfg(feature = "server")]
mod listener;
#[cfg(feature = "server")]
mod log;
#[cfg(any(feature = "irc", feature = "server"))]
mod mask;
#[cfg(feature = "server")]
mod peer;
#[cfg(feature = "server")]
mod roster;
#[cfg(feature = "server")]
mod rules;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod stats;
#[cfg(all(feature = "server", not(feature = "link")))]
mod unlinked;
mod wire;

#[cfg(feature = "server")]
pub use crate::action::{Action, LinkId};
#[cfg(feature = "client")]
pub use crate::client::line::{LineClient, LineState};
#[cfg(feature = "client")]
pub use crate::client::{
    Client, ClientDialect, ClientLimits, LineEvent, Names, RequestError, Violation,
};
#[cfg(feature = "server")]
pub use crate::close::CloseReason;
#[cfg(feature = "server")]
pub use crate::community::entries::EntryError;
#[cfg(feature = "server")]
pub use crate::community::snapshot::SnapshotError;
#[cfg(feature = "server")]
pub use crate::config::ConfigError;
#[cfg(feature = "addressed")]
pub use crate::dialect::addressed;
#[cfg(feature = "direct")]
pub use crate::dialect::direct;
#[cfg(all(feature = "echo", feature = "server"))]
pub use crate::dialect::echo;
#[cfg(feature = "irc")]
pub use crate::dialect::irc;
#[cfg(feature = "pair")]
pub use crate::dialect::pair;
#[cfg(all(feature = "relay", feature = "server"))]
pub use crate::dialect::relay;
#[cfg(feature = "rooms")]
pub use crate::dialect::rooms;
#[cfg(feature = "server")]
pub use crate::dialect::{Dialect, Options, UnknownDialect};
#[cfg(feature = "server")]
pub use crate::engine::connection::ConnId;
#[cfg(feature = "server")]
pub use crate::event::{Event, LinkEvent};
pub use crate::instant::Instant;
#[cfg(feature = "server")]
pub use crate::layer::{Layer, LayerEnd, LayerError, LayerFactory, LayerStage};
#[cfg(feature = "server")]
pub use crate::limits::Limits;
#[cfg(feature = "server")]
pub use crate::listener::{Framing, Listener, ListenerId, Terms};
#[cfg(feature = "server")]
pub use crate::peer::Peer;
#[cfg(feature = "server")]
pub use crate::server::Server;
#[cfg(feature = "server")]
pub use crate::stats::{Counts, DialectStats, LinkStats, Stats};

/// Runs what the README shows as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
