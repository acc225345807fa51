//! Several servers that are one to their users: the log that they share is a stream of NATS's
//! JetStream.
//!
//! A [`Server`](crate::Server) that [is linked](crate::Server::link) asks its adapter to
//! [dial](crate::Action::Dial); what comes from there is a connection like any other. The rest is
//! here, and knows neither sockets nor people:
//!
//! * `machine.rs`: one connection to NATS after the other, from greeting to reading the log.
//! * `publisher.rs`, `reader.rs`: entries into the log, and out of it.
//! * `snapshots.rs`: what a server reads that comes late.
//! * `watch.rs`: who of the others is still there.
//! * `dialler.rs`, `wire.rs`, `json.rs`, `jetstream.rs`, `envelope.rs`: where NATS is, and what is
//!   said to it.
//!
//! All entries of a turn are one message, of which one is on its way at a time; it is published again
//! under the same id until the log has it, and each message carries its number, so that a log that
//! has it twice is applied as if it had it once. The log comes back by core NATS, on a subject of its
//! own (`republish`); what is missing is asked for (direct get). So there are no consumers, and
//! nothing has to be cleaned up.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::instant::Instant;
use crate::layer::Layer;

pub use self::dialler::{Address, Name};
pub(crate) use self::machine::{Link, News};

mod dialler;
pub(crate) mod envelope;
mod jetstream;
mod json;
mod machine;
mod publisher;
mod reader;
mod snapshots;
mod watch;
mod wire;

/// How a server takes part in a community of several.
#[derive(Debug)]
#[non_exhaustive]
pub struct Options {
    /// Servers with the same name of this are one community.
    pub community: Name,
    /// The name of this server, which no other of the community has.
    pub node: Name,
    /// Where NATS is: at least one address. Others of its cluster are learned.
    pub addresses: Vec<Address>,
    /// How long another server is silent before it is given up. Default: 15 s; at least 2 s.
    pub lease: Duration,
    /// How often NATS keeps the log. Default: three times in a cluster, else once.
    pub replicas: Option<u8>,
    /// How many messages of the log there are from one snapshot of the community to the next.
    /// Default: 4096.
    pub snapshot_every: u64,
    /// What NATS wants to know. Default: nothing.
    pub credentials: Credentials,
    /// A number that no other run of a server has: 64 random bits, drawn for each.
    pub incarnation: u64,
    /// What makes the layer under each connection to NATS, if there is one. Default: none.
    pub layer: Option<LinkLayer>,
}

impl Options {
    /// The shortest [lease](Self::lease).
    pub const MIN_LEASE: Duration = Duration::from_secs(2);

    /// A server of a community, without credentials.
    pub fn new(community: Name, node: Name, addresses: Vec<Address>, incarnation: u64) -> Self {
        Self {
            community,
            node,
            addresses,
            lease: Duration::from_secs(15),
            replicas: None,
            snapshot_every: 4096,
            credentials: Credentials::None,
            incarnation,
            layer: None,
        }
    }
}

/// What a NATS server wants to know of who connects.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Nothing.
    #[default]
    None,
    /// A user and the password.
    User {
        /// The user.
        name: String,
        /// The password.
        password: String,
    },
    /// A token.
    Token(String),
}

/// Without what is secret.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::User { .. } => "User",
            Self::Token(_) => "Token",
        })
    }
}

/// Makes the layer under a connection to NATS.
pub struct LinkLayer(Box<MakeLayer>);

type MakeLayer = dyn FnMut(Instant, &Address) -> Box<dyn Layer> + Send;

impl LinkLayer {
    /// Calls `make` for each connection, with the time and where it goes.
    pub fn new(make: impl FnMut(Instant, &Address) -> Box<dyn Layer> + Send + 'static) -> Self {
        Self(Box::new(make))
    }

    pub(crate) fn make(&mut self, now: Instant, address: &Address) -> Box<dyn Layer> {
        (self.0)(now, address)
    }
}

impl fmt::Debug for LinkLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkLayer").finish_non_exhaustive()
    }
}
