//! SIGINT and SIGTERM: the first one asks, the second one insists.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// The signals that end the program.
pub(crate) struct Signals {
    /// Nonblocking; readable once the first signal came.
    pub(crate) stream: UnixStream,
    came: Arc<AtomicBool>,
}

impl Signals {
    /// From now on the first signal is noted, and the second one ends the process at once, with
    /// 128 and its number for exit status. Takes no thread.
    ///
    /// # Errors
    ///
    /// The system's, where it has no descriptor left or refuses the signal's action.
    pub(crate) fn install() -> io::Result<Self> {
        let (stream, wake) = UnixStream::pair()?;
        stream.set_nonblocking(true)?;
        let came = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // In the order in which they run: the first signal must not find what it sets itself.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&came))?;
            flag::register(signal, Arc::clone(&came))?;
            low_level::pipe::register(signal, wake.try_clone()?)?;
        }
        Ok(Self { stream, came })
    }

    /// A note of whether a signal came.
    pub(crate) fn came(&self) -> impl Fn() -> bool + use<> {
        let came = Arc::clone(&self.came);
        move || came.load(Ordering::SeqCst)
    }
}
