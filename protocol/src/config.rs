//! Why a configuration makes no server.

use thiserror::Error;

use crate::dialect::Dialect;

/// Why a [`Server`](crate::Server) cannot be had, or does not [listen](crate::Server::listen). The
/// caller is at fault, and can mend it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A limit is zero, so that nothing could ever be received or sent.
    #[error("the limit {name} must be at least 1")]
    Zero {
        /// The field of [`Limits`](crate::Limits) or [`Terms`](crate::Terms).
        name: &'static str,
    },
    /// Turns are made of lines.
    #[error("the dialect {dialect} takes no chunks: choose another framing")]
    NoChunks {
        /// The dialect.
        dialect: Dialect,
    },
    /// The dialect has no community in common with another that is served already.
    #[error("the dialects {one} and {other} cannot be served together")]
    DoesNotCombine {
        /// The dialect that is served.
        one: Dialect,
        /// The dialect that was to be added.
        other: Dialect,
    },
    /// The dialect is served already, with other options.
    #[error("the dialect {dialect} is served with other options already")]
    OtherOptions {
        /// The dialect.
        dialect: Dialect,
    },
    /// Somebody has connected: what the community agrees on cannot change any more.
    #[error("a listener must be there before the first connection")]
    TooLate,
    /// Only those whose peers are users are one community on several servers.
    #[error("the dialect {dialect} cannot be linked: its peers have no names")]
    NoCommunity {
        /// The dialect.
        dialect: Dialect,
    },
    /// A line must fit into a message of NATS's.
    #[error("a linked server takes no lines longer than {max} bytes")]
    LinesTooLong {
        /// The longest that it takes.
        max: usize,
    },
    /// A server is linked once, and to an address at least.
    #[error("a server is linked once, and needs the address of a NATS server for that")]
    BadLink,
    /// There are as many listeners as there may be.
    #[error("there are too many listeners")]
    TooManyListeners,
}
