//! The program's own standard input and output as a connection.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use linechat_driver::{LINGER, Observer};
use rustix::stdio::{stdin, stdout};
use tracing::{Level, enabled};

use self::news::{Reporter, news};
use self::operator::Operator;
use self::shuttle::Shuttle;
use crate::connect::link::Link;
use crate::connect::session::{Outcome, Session};
use crate::descriptors::check_input;
use crate::log::{LogReader, LogRelay};
use crate::signals::{SignalCount, Signals};
use crate::terminal::{Paint, RawTerminal, Style, Terminal, User};

mod news;
mod operator;
mod shuttle;

/// The thread that carries bytes between standard input and output and one end of a pair of
/// sockets. An adapter has the other end, and treats it like any other connection.
pub(crate) struct Console {
    /// Hears of everything that was printed, and closes when there is nothing left to do.
    progress: Receiver<()>,
    /// The terminal whose settings are changed, if it is one.
    terminal: Option<Arc<RawTerminal>>,
}

impl Console {
    /// Starts the thread, which prints what is logged behind what was to be printed before, if it is
    /// told to; the stream is the adapter's end (see [`linechat_driver::Console`]).
    ///
    /// # Errors
    ///
    /// Standard input cannot be read, or the system has no descriptor or no thread left.
    pub(crate) fn open(log: Option<LogReader>) -> io::Result<(Self, OwnedFd)> {
        check_input(stdin())?;
        let log = log.map(LogRelay::new).transpose()?;
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        theirs.set_nonblocking(true)?;
        let (printed, progress) = sync_channel(1);
        let shuttle = Shuttle::new(stdin(), stdout(), ours, printed, log);
        thread::Builder::new()
            .name("console".into())
            .spawn(|| shuttle.run())?;
        let terminal = None;
        Ok((Self { progress, terminal }, theirs.into()))
    }

    /// The same on a terminal, on which a line is edited while others are printed above it.
    /// A second one of `signals` ends the program. The reporter is to observe the server
    /// instead of `observer`.
    ///
    /// # Errors
    ///
    /// The system's, where it has no descriptor or no thread left, or the terminal is gone.
    pub(crate) fn open_terminal<O: Observer>(
        log: Option<LogReader>,
        observer: O,
        signals: &Signals,
    ) -> io::Result<(Self, OwnedFd, Reporter<O>)> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        theirs.set_nonblocking(true)?;
        let insisted = signals.insisted();
        let mut signals = SignalCount::new(signals.listen()?);
        let (reporter, news) = news(observer)?;
        let tells_who_leaves = log.is_some() && enabled!(Level::INFO);
        let mut talk = Operator::new(news, tells_who_leaves);
        let mut front = Terminal::open(STYLE)?.with_log(log);
        let terminal = Some(front.raw());
        let (printed, progress) = sync_channel(1);
        thread::Builder::new()
            .name("console".into())
            .spawn(move || {
                let session = Session::new(&mut talk, Link::new(ours), &mut front).staying();
                let outcome = session.run(&mut signals);
                drop(front);
                drop(printed);
                // The server may go on, and then nobody else hears of a second signal.
                if matches!(outcome, Ok((Outcome::Insisted, _)))
                    || signals.wait_for_second().is_ok()
                {
                    process::exit(insisted().into());
                }
            })?;
        Ok((Self { progress, terminal }, theirs.into(), reporter))
    }

    /// Waits until everything was printed that the adapter had written when it closed its end.
    ///
    /// Gives up when standard output takes nothing for `grace`, though not before [`LINGER`]. Once
    /// the program was told to end, the connections have had their time, and what is left of the
    /// console's is the shorter one of the two.
    pub(crate) fn finish(self, grace: Duration, is_told_to_end: impl Fn() -> bool) {
        let start = Instant::now();
        loop {
            let patience = if is_told_to_end() {
                grace.min(LINGER).saturating_sub(start.elapsed())
            } else {
                grace.max(LINGER)
            };
            if self.progress.recv_timeout(patience).is_err() {
                return;
            }
        }
    }
}

impl Drop for Console {
    /// The thread may be unable to, if nobody reads what the terminal shows.
    fn drop(&mut self) {
        if let Some(terminal) = &self.terminal {
            terminal.restore();
        }
    }
}

/// How the operator's terminal looks: it shows chat, and nothing else.
const STYLE: Style = Style {
    has_times: false,
    paint: Paint { is_coloured: false },
    has_bell: false,
    user: User::Operator,
};
