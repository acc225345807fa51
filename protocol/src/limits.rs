//! The bounds that keep one peer from taking the server away from the others.

use core::num::NonZeroUsize;
use core::time::Duration;

use crate::config::ConfigError;

/// What a [`Server`](crate::Server) allows its peers to use.
///
/// ```
/// use linechat_protocol::Limits;
///
/// let mut limits = Limits::default();
/// limits.max_rooms = 100;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The most bytes that may wait for one recipient. Default: 1 MiB.
    ///
    /// A recipient for whom more would have to wait is closed
    /// ([`CloseReason::SlowConsumer`](crate::CloseReason::SlowConsumer)); a peer whose own backlog
    /// is above half of this is not taken from. Nobody is closed for a single frame: one that has
    /// nothing waiting, and one that is answered, may exceed the limit by as much.
    pub max_backlog: usize,
    /// The most bytes that may wait for all recipients together. Default: 256 MiB.
    ///
    /// Past it the recipient with the largest backlog is closed.
    pub max_buffered: usize,
    /// How long a recipient may take nothing while something waits for it. Default: 30 s;
    /// `None` for ever.
    pub stall_timeout: Option<Duration>,
    /// How many connections from the network may exist at a time. Default: any number.
    ///
    /// Past it [`Server::accepting`](crate::Server::accepting) says no.
    pub max_connections: Option<NonZeroUsize>,
    /// How many connections from one IP address may exist at a time. Default: any number.
    ///
    /// One more is closed at once.
    pub max_connections_per_ip: Option<NonZeroUsize>,
    /// How long a connection that is closed from this side may take to receive what is queued for
    /// it. Default: 5 s.
    pub grace: Duration,
    /// How long a server that is to [shut down](crate::Server::shut_down) lets its peers leave by
    /// themselves before it closes them. Default: `None`, not at all.
    pub drain: Option<Duration>,
    /// How many rooms may exist at a time. Default: 65536.
    pub max_rooms: usize,
    /// How many rooms one user may be in at a time. Default: 64.
    pub max_rooms_per_user: usize,
    /// How many connections may be in the opening of their [layer](crate::Layer) at a time.
    /// Default: 1024. Past it [`Server::accepting`](crate::Server::accepting) says no for listeners
    /// that have one.
    pub max_openings: usize,
    /// How many [events](crate::Server::poll_event) are kept that nobody polls. Default: 65536. The
    /// oldest are dropped first.
    pub max_events: usize,
}

impl Limits {
    /// Refuses what cannot work.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        let limits = [
            (self.max_backlog, "max_backlog"),
            (self.max_buffered, "max_buffered"),
            (self.max_openings, "max_openings"),
        ];
        match limits.into_iter().find(|&(limit, _)| limit == 0) {
            Some((_, name)) => Err(ConfigError::Zero { name }),
            None => Ok(()),
        }
    }

    /// What one message or one batch may add to a backlog, in bytes: whoever drains promptly must
    /// not reach the limit because of it.
    pub(crate) fn quarter_backlog(&self) -> usize {
        (self.max_backlog / 4).max(1)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_backlog: 1 << 20,
            max_buffered: 256 << 20,
            stall_timeout: Some(Duration::from_secs(30)),
            max_connections: None,
            max_connections_per_ip: None,
            grace: Duration::from_secs(5),
            drain: None,
            max_rooms: 65_536,
            max_rooms_per_user: 64,
            max_openings: 1024,
            max_events: 65_536,
        }
    }
}
