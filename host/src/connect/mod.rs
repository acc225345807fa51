//! `connect`: a client of any dialect, in pipes and on a terminal.
//!
//! A [`Session`](session::Session) moves what is typed and what comes between three parts that know nothing of each
//! other: a [`Talk`] is what a dialect makes of it, a [`Route`](route::Route) is the way to the
//! server, and a [`Front`] is where the user types and reads. One thread does it all, and waits in
//! one place; whatever is not taken by one part is not asked of the other, so that nothing grows
//! without bound.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ColorChoice;
use linechat_layers::tls::{Client, TrustError};
use linechat_protocol::Dialect;
use thiserror::Error;

use self::conversation::Conversation;
use self::direct::Direct;
use self::front::Front;
use self::lines::Lines;
use self::pair::Pair;
use self::pipe::Pipe;
use self::plain::Plain;
use self::record::Record;
use self::remote::Remote;
use self::rooms::Rooms;
use self::session::Outcome;
use self::talk::{End, Said, Talk};
use crate::address::Address;
use crate::cli::ConnectOptions;
use crate::signals::{Hangup, Signals};
use crate::terminal::{Paint, Style, Terminal, User};

mod admission;
mod command;
mod conversation;
mod dial;
mod direct;
pub(crate) mod front;
mod keyboard;
mod lines;
pub(crate) mod link;
mod pair;
mod pieces;
mod pipe;
mod plain;
pub(crate) mod record;
mod redial;
mod remote;
mod request;
mod rooms;
mod route;
mod secure;
pub(crate) mod session;
mod stream;
pub(crate) mod talk;
mod target;
mod words;

/// Runs a client until the user or the server ends it. A failure is one line on standard error.
pub(crate) fn run(options: &ConnectOptions) -> ExitCode {
    match try_run(options) {
        Ok(status) => status,
        Err(failure) => {
            tell(&format!("error: {failure}"));
            ExitCode::FAILURE
        }
    }
}

/// Who is at the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Somebody who reads and types on a terminal.
    Person,
    /// Somebody who wants bytes, in both directions.
    Script,
}

impl Manner {
    fn of_process() -> Self {
        if io::stdin().is_terminal() && io::stdout().is_terminal() {
            Self::Person
        } else {
            Self::Script
        }
    }
}

fn try_run(options: &ConnectOptions) -> Result<ExitCode, Failure> {
    let manner = Manner::of_process();
    let is_edited = Terminal::is_there();
    let signals = if is_edited {
        Signals::install_for_terminal(Hangup::Ends)
    } else {
        Signals::install(Hangup::Ends)
    };
    let signals = signals.map_err(Failure::System)?;
    let insisted = signals.insisted();
    let mut signals = signals.counted();
    let record = open_record(options)?;
    let remote = Remote {
        address: options.address.clone(),
        client: options.trust.as_ref().map(Client::new).transpose()?,
    };
    let dialled = dial::dial(&remote, &signals).map_err(|error| Failure::Connect {
        address: options.address.clone(),
        error,
    })?;
    let Some(connection) = dialled else {
        return Ok(ExitCode::SUCCESS);
    };
    let mut talk = talk(options, manner);
    let mut conversation = Conversation::new(options, &remote, manner, &mut *talk, &mut signals);
    let ended = if is_edited {
        let mut front = open_terminal(options, record).map_err(Failure::System)?;
        conversation.run(connection, &mut front)
    } else {
        let mut front = Pipe::open(record).map_err(Failure::System)?;
        conversation.run(connection, &mut front)
    };
    match ended? {
        Outcome::Insisted => Ok(ExitCode::from(insisted())),
        Outcome::Left => Ok(ExitCode::SUCCESS),
        Outcome::Ended(End::Refused(reason)) => Err(Failure::Refused(reason)),
        Outcome::Ended(_) => {
            if manner == Manner::Person {
                tell("the server closed the connection");
            }
            Ok(ExitCode::SUCCESS)
        }
        Outcome::ScreenFailed(error) => Err(Failure::Screen(error)),
    }
}

fn open_record(options: &ConnectOptions) -> Result<Option<Record>, Failure> {
    let opened = options.log.as_deref().map(Record::open).transpose();
    opened.map_err(|error| Failure::Record {
        path: options.log.clone().unwrap_or_default(),
        error,
    })
}

fn open_terminal(options: &ConnectOptions, record: Option<Record>) -> io::Result<Terminal> {
    let front = Terminal::open(Style {
        has_times: true,
        paint: Paint {
            is_coloured: is_coloured(options.color),
        },
        has_bell: options.bell,
        user: User::Guest,
    });
    let mut front = front?.with_record(record);
    let leave = if options.dialect == Dialect::PAIR {
        "EXIT, /quit or Ctrl-D leaves"
    } else {
        "/quit or Ctrl-D leaves"
    };
    let welcome = format!("connected to {}; {leave}, /help helps", options.address);
    front.show(Said::Hint(welcome));
    Ok(front)
}

/// What a dialect makes of a conversation.
fn talk(options: &ConnectOptions, manner: Manner) -> Box<dyn Talk> {
    let name = options.name.as_deref();
    match options.dialect {
        dialect if dialect == Dialect::PAIR => Box::new(Pair::new(options.full_duplex, manner)),
        dialect if dialect == Dialect::DIRECT => Box::new(Direct::new(name, manner)),
        dialect if dialect == Dialect::ROOMS && manner == Manner::Person => {
            Box::new(Rooms::new(name))
        }
        dialect if dialect == Dialect::ROOMS => Box::new(Plain::of_rooms(name)),
        _ if manner == Manner::Person => Box::new(Lines::new()),
        _ => Box::new(Plain::new()),
    }
}

fn is_coloured(choice: ColorChoice) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
    }
}

/// One line on standard error.
fn tell(line: &str) {
    // Nobody is left to tell if this fails.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Why a client failed, in one line.
#[derive(Debug, Error)]
enum Failure {
    #[error("cannot trust anybody: {0}")]
    Trust(#[from] TrustError),
    #[error("cannot connect to {address}: {error}")]
    Connect { address: Address, error: io::Error },
    #[error("the connection to {address} failed: {error}")]
    Network { address: Address, error: io::Error },
    #[error("{0}")]
    Refused(String),
    #[error("cannot write to standard output: {0}")]
    Screen(io::Error),
    #[error("cannot append to {}: {error}", path.display())]
    Record { path: PathBuf, error: io::Error },
    #[error("cannot go on: {0}")]
    System(io::Error),
}
