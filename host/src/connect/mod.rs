//! `connect`: a client of any dialect, in pipes and on a terminal.
//!
//! A [`Session`] moves what is typed and what comes between three parts that know nothing of each
//! other: a [`Talk`] is what a dialect makes of it, a [`Route`](route::Route) is the way to the
//! server, and a [`Front`] is where the user types and reads. One thread does it all, and waits in
//! one place; whatever is not taken by one part is not asked of the other, so that nothing grows
//! without bound.

use std::io::{self, IsTerminal, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ColorChoice;
use linechat_protocol::Dialect;
use thiserror::Error;

use self::direct::Direct;
use self::front::{Front, KeyboardState};
use self::lines::Lines;
use self::link::Link;
use self::pair::Pair;
use self::pipe::Pipe;
use self::plain::Plain;
use self::record::Record;
use self::redial::{Pauses, Redial};
use self::rooms::Rooms;
use self::session::{Outcome, Session};
use self::talk::{End, Said, Talk};
use crate::address::Address;
use crate::cli::ConnectOptions;
use crate::signals::{SignalCount, Signals};
use crate::terminal::{Paint, Style, Terminal, User};

mod admission;
mod command;
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
mod request;
mod rooms;
mod route;
pub(crate) mod session;
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
        Signals::install_for_terminal()
    } else {
        Signals::install()
    };
    let signals = signals.map_err(Failure::System)?;
    let insisted = signals.insisted();
    let mut signals = signals.counted();
    let record = open_record(options)?;
    let dialled = dial::dial(&options.address, &signals).map_err(|error| Failure::Connect {
        address: options.address.clone(),
        error,
    })?;
    let Some(socket) = dialled else {
        return Ok(ExitCode::SUCCESS);
    };
    let mut talk = talk(options, manner);
    let mut conversation = Conversation {
        options,
        is_person: manner == Manner::Person,
        returns: manner == Manner::Person && !options.no_reconnect && talk.returns(),
        talk: &mut *talk,
        signals: &mut signals,
    };
    let ended = if is_edited {
        conversation.on_terminal(socket, record)
    } else {
        conversation.in_pipes(socket, record)
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

/// What goes on between a user and a server, over one connection or over several.
struct Conversation<'a> {
    options: &'a ConnectOptions,
    talk: &'a mut dyn Talk,
    signals: &'a mut SignalCount,
    is_person: bool,
    /// Whether to connect again when the connection is lost.
    returns: bool,
}

impl Conversation<'_> {
    fn in_pipes(&mut self, socket: TcpStream, record: Option<Record>) -> Result<Outcome, Failure> {
        let mut front = Pipe::open(record).map_err(Failure::System)?;
        self.run(socket, &mut front)
    }

    fn on_terminal(
        &mut self,
        socket: TcpStream,
        record: Option<Record>,
    ) -> Result<Outcome, Failure> {
        let front = Terminal::open(Style {
            has_times: true,
            paint: Paint {
                is_coloured: is_coloured(self.options.color),
            },
            has_bell: self.options.bell,
            user: User::Guest,
        });
        let mut front = front.map_err(Failure::System)?.with_record(record);
        let leave = if self.options.dialect == Dialect::PAIR {
            "EXIT, /quit or Ctrl-D leaves"
        } else {
            "/quit or Ctrl-D leaves"
        };
        let welcome = format!(
            "connected to {}; {leave}, /help helps",
            self.options.address
        );
        front.show(Said::Hint(welcome));
        self.run(socket, &mut front)
    }

    fn run(&mut self, socket: TcpStream, front: &mut impl Front) -> Result<Outcome, Failure> {
        let mut pauses = Pauses::new();
        let mut socket = socket;
        loop {
            let session = Session::new(self.talk, Link::new(socket), front);
            let (outcome, link) = session.run(self.signals).map_err(Failure::System)?;
            let is_typing = front.keyboard() == KeyboardState::Open;
            let returns = self.returns && is_typing;
            let reason = match (outcome, link.into_failure()) {
                (Outcome::Ended(End::Closed), None) if returns => {
                    "the server closed the connection".to_owned()
                }
                (Outcome::Ended(End::Closed), Some(error)) if returns => {
                    format!("the connection is lost: {error}")
                }
                (Outcome::Ended(End::AskAgain), _) if self.is_person && is_typing => String::new(),
                (Outcome::Ended(End::Closed | End::AskAgain), Some(error)) => {
                    return Err(self.network(error));
                }
                (outcome, _) => return Ok(outcome),
            };
            match self.come_back(&reason, &mut pauses, front)? {
                Ok(found) => socket = found,
                Err(outcome) => return Ok(outcome),
            }
        }
    }

    /// Waits for a new connection, unless the user has had enough.
    fn come_back(
        &mut self,
        reason: &str,
        pauses: &mut Pauses,
        front: &mut impl Front,
    ) -> Result<Result<TcpStream, Outcome>, Failure> {
        self.talk.disconnected();
        pauses.disconnected();
        let address = &self.options.address;
        let redial = if self.talk.wants_connection() {
            Redial::after(reason, address, pauses)
        } else {
            Redial::when_wanted(address, pauses)
        };
        let session = Session::new(self.talk, redial, front);
        let (outcome, redial) = session.run(self.signals).map_err(Failure::System)?;
        let Some(socket) = redial.into_socket() else {
            return Ok(Err(outcome));
        };
        if !matches!(outcome, Outcome::Ended(_)) {
            return Ok(Err(outcome));
        }
        pauses.connected();
        self.talk.reconnected();
        Ok(Ok(socket))
    }

    fn network(&self, error: io::Error) -> Failure {
        Failure::Network {
            address: self.options.address.clone(),
            error,
        }
    }
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
