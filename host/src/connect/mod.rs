//! `connect`: a client of any dialect, in pipes and on a terminal.
//!
//! A [`Session`](session::Session) moves what is typed and what comes between three parts that know
//! nothing of each other: a [`Talk`] is what a dialect makes of it, a link is the socket, and a
//! [`Front`](session::Front) is where the user types and reads. One thread does it all, and waits
//! in one place; whatever is not taken by one part is not asked of the other, so that nothing grows
//! without bound.

use std::io::{self, IsTerminal, Write};
use std::net::TcpStream;
use std::process::ExitCode;

use clap::ColorChoice;
use linechat_protocol::Dialect;
use thiserror::Error;

use self::direct::Direct;
use self::lines::Lines;
use self::pair::Pair;
use self::pipe::Pipe;
use self::plain::Plain;
use self::session::{Front, Outcome, Session};
use self::talk::{Said, Talk};
use self::vocabulary::Vocabulary;
use crate::Address;
use crate::cli::ConnectOptions;
use crate::signals::{SignalCount, Signals};
use crate::terminal::{Style, Terminal, User};

mod dial;
mod direct;
mod keyboard;
pub(crate) mod lines;
mod link;
mod pair;
mod pipe;
mod plain;
pub(crate) mod session;
pub(crate) mod talk;
mod vocabulary;

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

fn try_run(options: &ConnectOptions) -> Result<ExitCode, Failure> {
    let is_terminal = Terminal::is_there();
    let signals = if is_terminal {
        Signals::install_for_terminal()
    } else {
        Signals::install()
    };
    let signals = signals.map_err(Failure::System)?;
    let address = &options.address;
    let dialled = dial::dial(address, &signals.stream).map_err(|error| Failure::Connect {
        address: address.clone(),
        error,
    })?;
    let Some(socket) = dialled else {
        return Ok(ExitCode::SUCCESS);
    };
    let insisted = signals.insisted();
    let mut signals = signals.counted();
    let ended = if is_terminal {
        converse_on_terminal(options, socket, &mut signals)
    } else {
        converse_in_pipes(options, socket, &mut signals)
    };
    match ended.map_err(Failure::System)? {
        Outcome::Left => Ok(ExitCode::SUCCESS),
        Outcome::Closed => {
            if is_terminal {
                tell("the server closed the connection");
            }
            Ok(ExitCode::SUCCESS)
        }
        Outcome::Insisted => Ok(ExitCode::from(insisted())),
        Outcome::Refused(reason) => Err(Failure::Refused(reason)),
        Outcome::ScreenFailed(error) => Err(Failure::Screen(error)),
        Outcome::NetworkFailed(error) => Err(Failure::Network {
            address: address.clone(),
            error,
        }),
    }
}

fn converse_in_pipes(
    options: &ConnectOptions,
    socket: TcpStream,
    signals: &mut SignalCount,
) -> io::Result<Outcome> {
    let mut talk = talk(options);
    let mut front = Pipe::open()?;
    Session::new(&mut *talk, socket, &mut front).run(signals)
}

fn converse_on_terminal(
    options: &ConnectOptions,
    socket: TcpStream,
    signals: &mut SignalCount,
) -> io::Result<Outcome> {
    let mut talk = talk(options);
    let mut front = Terminal::open(Style {
        prompt: "> ",
        has_times: true,
        is_coloured: is_coloured(options.color),
        user: User::Guest,
    })?;
    let leave = match options.dialect {
        dialect if dialect == Dialect::PAIR => "EXIT",
        dialect if dialect == Dialect::DIRECT => "!quit",
        _ => "/quit",
    };
    let welcome = format!("connected to {}; {leave} or Ctrl-D leaves", options.address);
    front.show(Said::Hint(welcome));
    Session::new(&mut *talk, socket, &mut front).run(signals)
}

/// What a dialect makes of a conversation. Whoever looks at a terminal is shown lines, in which
/// nothing is left that the terminal would obey; anybody else gets the bytes.
fn talk(options: &ConnectOptions) -> Box<dyn Talk> {
    let name = options.name.as_deref();
    if options.dialect == Dialect::PAIR {
        Box::new(Pair::new(options.full_duplex))
    } else if options.dialect == Dialect::DIRECT {
        Box::new(Direct::new(name))
    } else if !io::stdout().is_terminal() {
        Box::new(Plain::new(name))
    } else if options.dialect == Dialect::ROOMS {
        Box::new(Lines::new(name, Vocabulary::of_rooms()))
    } else {
        Box::new(Lines::new(name, Vocabulary::of(&["/quit"])))
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
    #[error("cannot go on: {0}")]
    System(io::Error),
}
