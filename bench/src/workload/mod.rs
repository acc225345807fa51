//! What the clients do while a server is measured.

mod churn;
mod fan_out;
mod idle;
mod paced;
mod ping_pong;

use std::fmt;

use clap::Subcommand;

use crate::crowd::Script;
use crate::progress::Progress;
use crate::wire::Wire;
pub(crate) use churn::Churn;
pub(crate) use fan_out::FanOut;
pub(crate) use idle::Idle;
pub(crate) use paced::Paced;
pub(crate) use ping_pong::PingPong;

/// What is done, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Subcommand)]
pub(crate) enum Workload {
    /// Few send to many, as fast as the slowest recipient receives
    FanOut {
        /// Clients that do not send
        #[arg(long, default_value_t = 1000)]
        recipients: usize,
        /// Clients that send, and receive what the other senders say
        #[arg(long, default_value_t = 1)]
        senders: usize,
        /// How many messages a sender may be ahead of the slowest recipient
        #[arg(long, default_value_t = 100)]
        window: usize,
    },
    /// Two by two, messages go back and forth
    PingPong {
        /// How many pairs
        #[arg(long, default_value_t = 500)]
        pairs: usize,
        /// How many messages go back and forth in each pair
        #[arg(long, default_value_t = 1)]
        window: usize,
    },
    /// Messages at a fixed rate, whatever the server does
    Paced {
        /// Everybody receives, and the first 100 send in turn
        #[arg(long, default_value_t = 1000)]
        users: usize,
        /// Messages a second, of all senders together
        #[arg(long, default_value_t = 50)]
        rate: u64,
    },
    /// Logged-in users who say nothing: what they take of the server's memory
    Idle {
        /// How many
        #[arg(long, default_value_t = 5000)]
        users: usize,
    },
    /// Connect, log in, leave, and again
    Churn {
        /// How many at a time
        #[arg(long, default_value_t = 64)]
        users: usize,
    },
}

impl Workload {
    /// Whether it can be done in a protocol.
    pub(crate) fn fits(self, wire: Wire) -> bool {
        match self {
            Self::FanOut { .. } => wire.can_say(),
            Self::PingPong { .. } => wire.can_tell(),
            Self::Paced { .. } => wire.can_say(),
            Self::Idle { .. } => true,
            Self::Churn { .. } => wire.confirms_login(),
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FanOut {
                recipients,
                senders,
                window,
            } => write!(f, "fan-out {senders} to {recipients}, window {window}"),
            Self::PingPong {
                pairs: 1,
                window: 1,
            } => f.write_str("ping-pong of 1 pair"),
            Self::PingPong { pairs, window: 1 } => write!(f, "ping-pong of {pairs} pairs"),
            Self::PingPong { pairs, window } => {
                write!(f, "ping-pong of {pairs} pairs, window {window}")
            }
            Self::Paced { users, rate } => write!(f, "{rate} messages/s to {users}"),
            Self::Idle { users } => write!(f, "{users} idle users"),
            Self::Churn { users } => write!(f, "churn of {users} users"),
        }
    }
}

/// A workload under way.
pub(crate) trait Load: Script {
    fn progress(&mut self) -> &mut Progress;
}
