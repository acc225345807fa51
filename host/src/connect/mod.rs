//! `connect`: a client of any dialect, in pipes and on a terminal.
//!
//! A [`Session`](session::Session) moves what is typed and what comes between three parts that know
//! nothing of each other: a [`Talk`] is what a dialect makes of it, a link is the socket, and a
//! [`Front`](session::Front) is where the user types and reads. One thread does it all, and waits
//! in one place; whatever is not taken by one part is not asked of the other, so that nothing grows
//! without bound.

use std::io::{self, Write};
use std::net::TcpStream;
use std::process::ExitCode;

use linechat_protocol::Dialect;
use thiserror::Error;

use self::direct::Direct;
use self::pair::Pair;
use self::pipe::Pipe;
use self::plain::Plain;
use self::session::{Outcome, Session};
use self::talk::Talk;
use crate::Address;
use crate::cli::ConnectOptions;
use crate::signals::Signals;

mod dial;
mod direct;
mod keyboard;
mod link;
mod pair;
mod pipe;
mod plain;
mod session;
mod talk;

/// Runs a client until the user or the server ends it. A failure is one line on standard error.
pub(crate) fn run(options: &ConnectOptions) -> ExitCode {
    match try_run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to tell if this fails.
            let _ = writeln!(io::stderr(), "error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn try_run(options: &ConnectOptions) -> Result<(), Failure> {
    let signals = Signals::install().map_err(Failure::System)?;
    let address = &options.address;
    let dialled = dial::dial(address, &signals.stream).map_err(|error| Failure::Connect {
        address: address.clone(),
        error,
    })?;
    let Some(socket) = dialled else {
        return Ok(());
    };
    match converse(options, socket, &signals).map_err(Failure::System)? {
        Outcome::Left | Outcome::Closed => Ok(()),
        Outcome::Refused(reason) => Err(Failure::Refused(reason)),
        Outcome::ScreenFailed(error) => Err(Failure::Screen(error)),
        Outcome::NetworkFailed(error) => Err(Failure::Network {
            address: address.clone(),
            error,
        }),
    }
}

fn converse(options: &ConnectOptions, socket: TcpStream, signals: &Signals) -> io::Result<Outcome> {
    let mut talk = talk(options);
    let mut front = Pipe::open()?;
    Session::new(&mut *talk, socket, &mut front).run(&signals.stream)
}

fn talk(options: &ConnectOptions) -> Box<dyn Talk> {
    let name = options.name.as_deref();
    if options.dialect == Dialect::PAIR {
        Box::new(Pair::new(options.full_duplex))
    } else if options.dialect == Dialect::DIRECT {
        Box::new(Direct::new(name))
    } else {
        Box::new(Plain::new(name))
    }
}

/// Why a client failed, in one line.
#[derive(Debug, Error)]
enum Failure {
    #[error("cannot connect to {address}: {error}")]
    Connect { address: Address, error: io::Error },
    #[error("the connection to {address} failed: {error}")]
    Network { address: Address, error: io::Error },
    #[error("{0}")]
    Refused(String),
    #[error("cannot write to standard output: {0}")]
    Screen(io::Error),
    #[error("cannot go on: {0}")]
    System(io::Error),
}
