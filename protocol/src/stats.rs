//! Numbers, for metrics.

use alloc::string::String;
use alloc::vec::Vec;

use crate::close::CloseReason;
use crate::dialect::Dialect;

/// What a server has done, and how it is. From [`Server::stats`](crate::Server::stats).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// What there is of each dialect that is served, in the order of its listeners.
    pub dialects: Vec<DialectStats>,
    /// How many connections are in the opening of their [layer](crate::Layer).
    pub openings: usize,
    /// How many rooms there are.
    pub rooms: usize,
    /// How many bytes wait for all recipients together. At most
    /// [`Limits::max_buffered`](crate::Limits::max_buffered), and one frame.
    pub backlog: usize,
    /// How many connections were closed for each reason, since the server was made. Reasons for
    /// which none was are missing.
    pub closed: Vec<(CloseReason, u64)>,
    /// How it is with the other servers of the community, for one that
    /// [is linked](crate::Server::link).
    pub link: Option<LinkStats>,
}

/// How a server takes part in a community of several.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkStats {
    /// It takes part: its users are those of the community.
    pub is_in: bool,
    /// NATS is there, and all of the log was read that there was when it came.
    pub is_up: bool,
    /// How many messages of the log have yet to be applied, as far as is known.
    pub lag: u64,
    /// The last message of the log that was applied.
    pub applied: u64,
    /// The servers that take part, this one included, and how many users each has, by name.
    pub nodes: Vec<(String, usize)>,
    /// How often a connection to NATS was made, since the server was made.
    pub connections: u64,
}

/// What there is of one dialect. What counts up does so since the server was made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DialectStats {
    /// The dialect.
    pub dialect: Dialect,
    /// How many connections there are, until they are released.
    pub connections: usize,
    /// How many users are registered or logged in.
    pub users: usize,
    /// The numbers that count up.
    pub counts: Counts,
}

/// Numbers that only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// How many messages peers have said that the dialect passed on. Requests are none.
    pub messages: u64,
    /// How many copies of messages were queued for recipients of this dialect. Answers are none.
    pub deliveries: u64,
    /// How many bytes came from transports.
    pub received_bytes: u64,
    /// How many bytes transports took.
    pub sent_bytes: u64,
}
