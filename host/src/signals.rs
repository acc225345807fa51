//! SIGINT, SIGTERM and SIGHUP: the first one asks, the second one insists.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::event::PollFlags;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::{flag, low_level};

use crate::readiness::wait_for;

/// The signals that end the program.
pub(crate) struct Signals {
    /// Nonblocking; readable once the first signal came.
    pub(crate) stream: UnixStream,
    hangup: Hangup,
    came: Arc<AtomicBool>,
    last: Arc<AtomicUsize>,
}

/// What SIGHUP means to a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hangup {
    /// The same as SIGTERM.
    Ends,
    /// [`Hangups`] tell.
    Renews,
}

/// SIGHUP, where it says that there is something to be loaded anew.
pub(crate) struct Hangups {
    /// Readable after each. What can be read from it means nothing.
    pub(crate) bell: UnixStream,
    /// Set by each.
    pub(crate) came: Arc<AtomicBool>,
}

impl Hangups {
    /// From now on SIGHUP is noted, and ends nothing. Takes no thread.
    ///
    /// # Errors
    ///
    /// Those of [`Signals::install`].
    pub(crate) fn install() -> io::Result<Self> {
        let (bell, ring) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        let came = Arc::new(AtomicBool::new(false));
        flag::register(SIGHUP, Arc::clone(&came))?;
        low_level::pipe::register(SIGHUP, ring)?;
        Ok(Self { bell, came })
    }

    /// One more note of each, for somebody else. It is set after `came`.
    ///
    /// # Errors
    ///
    /// Those of [`Signals::install`].
    pub(crate) fn note() -> io::Result<Arc<AtomicBool>> {
        let came = Arc::new(AtomicBool::new(false));
        flag::register(SIGHUP, Arc::clone(&came))?;
        Ok(came)
    }
}

impl Signals {
    /// From now on the first signal is noted, and the second one ends the process at once, with
    /// 128 and its number for exit status. Takes no thread.
    ///
    /// SIGHUP is left alone where the process was started to ignore it: `nohup` has asked for a
    /// program that outlives its terminal.
    ///
    /// # Errors
    ///
    /// The system's, where it has no descriptor left or refuses the signal's action.
    pub(crate) fn install(hangup: Hangup) -> io::Result<Self> {
        let (stream, wake) = UnixStream::pair()?;
        stream.set_nonblocking(true)?;
        let came = Arc::new(AtomicBool::new(false));
        let asked = [SIGINT, SIGTERM].into_iter();
        let hangs_up = hangup == Hangup::Ends && !is_ignored(SIGHUP);
        for signal in asked.chain(hangs_up.then_some(SIGHUP)) {
            // In the order in which they run: the first signal must not find what it sets itself.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&came))?;
            flag::register(signal, Arc::clone(&came))?;
            low_level::pipe::register(signal, wake.try_clone()?)?;
        }
        let last = Arc::default();
        Ok(Self {
            stream,
            hangup,
            came,
            last,
        })
    }

    /// The same for a program that has changed a terminal's settings: any signal that would end the
    /// process is noted only, with one byte on the stream for each. Who reads them is to end the
    /// process at the second one, with [`insisted`](Self::insisted), and gives the terminal its
    /// settings back before.
    ///
    /// # Errors
    ///
    /// Those of [`install`](Self::install).
    pub(crate) fn install_for_terminal(hangup: Hangup) -> io::Result<Self> {
        let (came, last) = (Arc::default(), Arc::default());
        for (signal, number) in ending(hangup) {
            flag::register(signal, Arc::clone(&came))?;
            flag::register_usize(signal, Arc::clone(&last), number)?;
        }
        let stream = stream_of(hangup)?;
        Ok(Self {
            stream,
            hangup,
            came,
            last,
        })
    }

    /// One more stream like that of [`install_for_terminal`](Self::install_for_terminal).
    ///
    /// # Errors
    ///
    /// Those of [`install`](Self::install).
    pub(crate) fn listen(&self) -> io::Result<UnixStream> {
        stream_of(self.hangup)
    }

    /// The stream, for whoever counts the signals.
    pub(crate) fn counted(self) -> SignalCount {
        SignalCount::new(self.stream)
    }

    /// The exit status of whoever is ended by the signal that came last.
    pub(crate) fn insisted(&self) -> impl Fn() -> u8 + Send + use<> {
        let last = Arc::clone(&self.last);
        move || 128 + u8::try_from(last.load(Ordering::SeqCst)).unwrap_or_default()
    }

    /// A note of whether a signal came.
    pub(crate) fn came(&self) -> impl Fn() -> bool + use<> {
        let came = Arc::clone(&self.came);
        move || came.load(Ordering::SeqCst)
    }
}

fn stream_of(hangup: Hangup) -> io::Result<UnixStream> {
    let (stream, wake) = UnixStream::pair()?;
    stream.set_nonblocking(true)?;
    for (signal, _) in ending(hangup) {
        low_level::pipe::register(signal, wake.try_clone()?)?;
    }
    Ok(stream)
}

fn ending(hangup: Hangup) -> impl Iterator<Item = (i32, usize)> {
    let ends = move |signal| signal != SIGHUP || hangup == Hangup::Ends;
    ENDING.into_iter().filter(move |&(signal, _)| ends(signal))
}

/// A stream of signals, and how many have come.
pub(crate) struct SignalCount {
    stream: UnixStream,
    count: usize,
}

impl SignalCount {
    /// Counts the bytes of a nonblocking stream.
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self { stream, count: 0 }
    }

    /// How many signals have come, now that the stream was readable.
    pub(crate) fn read(&mut self) -> usize {
        let mut bytes = [0; 16];
        while let Ok(more @ 1..) = rustix::io::read(&self.stream, &mut bytes) {
            self.count += more;
        }
        self.count
    }

    /// Waits until the user insists, with a second signal.
    ///
    /// # Errors
    ///
    /// The system's, where waiting is not possible.
    pub(crate) fn wait_for_second(&mut self) -> io::Result<()> {
        while self.read() < 2 {
            wait_for([(self.as_fd(), PollFlags::IN)], None)?;
        }
        Ok(())
    }
}

impl AsFd for SignalCount {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Whether the process ignores a signal. Nothing is known where there is no `/proc`.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// What would end the process, with its numbers.
const ENDING: [(i32, usize); 4] = [(SIGINT, 2), (SIGTERM, 15), (SIGHUP, 1), (SIGQUIT, 3)];
