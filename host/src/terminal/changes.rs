//! What happens to a terminal besides what is typed.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGCONT, SIGWINCH};
use signal_hook::{SigId, flag, low_level};

/// Hears of a window that is resized, and of the program being continued. Readable when something
/// has happened.
pub(super) struct Changes {
    stream: UnixStream,
    is_continued: Arc<AtomicBool>,
    signals: [SigId; 3],
}

impl Changes {
    /// # Errors
    ///
    /// The system's, where it has no descriptor left.
    pub(super) fn listen() -> io::Result<Self> {
        let (stream, wake) = UnixStream::pair()?;
        stream.set_nonblocking(true)?;
        let is_continued = Arc::default();
        let signals = [
            // In the order in which they run: who is woken must find the note.
            flag::register(SIGCONT, Arc::clone(&is_continued))?,
            low_level::pipe::register(SIGCONT, wake.try_clone()?)?,
            low_level::pipe::register(SIGWINCH, wake)?,
        ];
        Ok(Self {
            stream,
            is_continued,
            signals,
        })
    }

    /// Whether the program was continued since the last time. Otherwise the window was resized.
    pub(super) fn read(&self) -> bool {
        let mut bytes = [0; 64];
        while rustix::io::read(&self.stream, &mut bytes).is_ok_and(|length| length > 0) {}
        self.is_continued.swap(false, Ordering::SeqCst)
    }
}

impl AsFd for Changes {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        for signal in self.signals {
            low_level::unregister(signal);
        }
    }
}
