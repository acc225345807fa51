//! Where a server's log goes, and where its operator sits.

use std::io::{self, IsTerminal};
use std::os::fd::OwnedFd;

use linechat_driver::Observer;

use crate::cli::ServeOptions;
use crate::console::Console;
use crate::log::{self, EventLog, Level, LogReader};
use crate::signals::{Hangup, Signals};
use crate::terminal::Terminal;

/// Where the console is, if there is one.
pub(super) enum Screen {
    /// An operator is to see that somebody has left behind that one's last words.
    Pipes { log: Option<LogReader> },
    /// On a terminal; on which the log has to appear, too, unless it goes elsewhere.
    Terminal { log: Option<LogReader> },
}

impl Screen {
    /// Has what is logged go where it belongs from now on. Says how much that is.
    ///
    /// # Errors
    ///
    /// The system has no descriptor left.
    pub(super) fn open(options: &ServeOptions) -> io::Result<(Self, Level)> {
        if !options.console || !Terminal::is_there() {
            if options.dialects().iter().any(|it| it.needs_console()) {
                let (reader, level) = log::init_with_reader(options.log)?;
                return Ok((Self::Pipes { log: Some(reader) }, level));
            }
            let level = log::init(options.log)?;
            return Ok((Self::Pipes { log: None }, level));
        }
        if !io::stderr().is_terminal() {
            let level = log::init(options.log)?;
            return Ok((Self::Terminal { log: None }, level));
        }
        let (reader, level) = log::init_with_reader(options.log)?;
        Ok((Self::Terminal { log: Some(reader) }, level))
    }

    /// Has signals noted, in the way that this screen needs.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn install_signals(&self, hangup: Hangup) -> io::Result<Signals> {
        match self {
            Self::Pipes { .. } => Signals::install(hangup),
            Self::Terminal { .. } => Signals::install_for_terminal(hangup),
        }
    }

    /// Attaches the program's own standard input and output.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn open_console(&self, signals: &Signals) -> io::Result<Desk> {
        let (console, stream, observer): (_, _, Box<dyn Observer>) = match self {
            Self::Pipes { log } => {
                let (console, stream) = Console::open(log.as_ref().map(LogReader::share))?;
                (console, stream, Box::new(EventLog))
            }
            Self::Terminal { log } => {
                let log = log.as_ref().map(LogReader::share);
                let opened = Console::open_terminal(log, EventLog, signals)?;
                (opened.0, opened.1, Box::new(opened.2))
            }
        };
        Ok(Desk {
            console,
            stream,
            observer,
        })
    }

    /// Shows what is logged and was not shown.
    pub(super) fn finish(self) {
        if let Self::Pipes { log: Some(log) } | Self::Terminal { log: Some(log) } = self {
            log.finish();
        }
    }
}

/// Where the operator sits.
pub(super) struct Desk {
    pub(super) console: Console,
    /// The adapter's end of the console.
    pub(super) stream: OwnedFd,
    /// Logs what happens, and tells the operator.
    pub(super) observer: Box<dyn Observer>,
}
