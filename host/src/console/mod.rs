//! The program's own standard input and output as a connection.

use std::io;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::stdio::{stdin, stdout};

use self::shuttle::Shuttle;
use crate::connection::LINGER;

mod shuttle;

/// The thread that carries bytes between standard input and output and one end of a pair of
/// sockets. An adapter has the other end, and treats it like any other connection.
pub(crate) struct Console {
    /// Hears of everything that was printed, and closes when there is nothing left to do.
    progress: Receiver<()>,
}

impl Console {
    /// Starts the thread; the stream is the adapter's end (see
    /// [`Service::console`](crate::Service::console)).
    ///
    /// # Errors
    ///
    /// The system's, where it has no descriptor or no thread left.
    pub(crate) fn open() -> io::Result<(Self, TcpStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        theirs.set_nonblocking(true)?;
        let (printed, progress) = sync_channel(1);
        let shuttle = Shuttle::new(stdin(), stdout(), ours, printed);
        thread::Builder::new()
            .name("console".into())
            .spawn(|| shuttle.run())?;
        Ok((Self { progress }, TcpStream::from(OwnedFd::from(theirs))))
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
