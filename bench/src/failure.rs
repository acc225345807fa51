//! Why a run says nothing about a server.

use std::io;

use thiserror::Error;

use crate::ledger::Fault;
use crate::stamp::Torn;

/// A run that did not come to its end.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error(transparent)]
    Torn(#[from] Torn),
    #[error("{outstanding} deliveries did not come in time: lost, or the server is stuck")]
    Lost { outstanding: usize },
    #[error("the server closed the connection of client {client}")]
    Closed { client: usize },
    #[error("the server refused client {client}: {line}")]
    Refused { client: usize, line: String },
    #[error("{missing} clients could not log in in time")]
    Login { missing: usize },
    #[error("the server does not stop talking, though nobody says anything")]
    Restless,
    #[error("client {client} does not read, and the server never closed it")]
    Kept { client: usize },
    #[error("{0}")]
    Unsound(String),
    #[error("{program} does not start: {reason}")]
    Start { program: String, reason: String },
    #[error("{0}")]
    Unfit(String),
    #[error(transparent)]
    Io(#[from] io::Error),
}
