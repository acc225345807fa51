//! A terminal's settings, changed for a while.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::termios::{InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use rustix::termios::{tcgetattr, tcsetattr};

/// A terminal that sends each key as it is pressed, and shows nothing by itself. Dropping this
/// gives it its settings back.
pub(crate) struct RawTerminal {
    terminal: OwnedFd,
    settings: Termios,
    is_raw: AtomicBool,
}

impl RawTerminal {
    /// # Errors
    ///
    /// The system's: it is no terminal, for example.
    pub(super) fn new(terminal: impl AsFd) -> io::Result<Self> {
        let terminal = terminal.as_fd().try_clone_to_owned()?;
        let raw = Self {
            settings: tcgetattr(&terminal)?,
            terminal,
            is_raw: AtomicBool::new(false),
        };
        raw.enter()?;
        Ok(raw)
    }

    /// Changes the settings, whatever they are now.
    ///
    /// # Errors
    ///
    /// The system's: the terminal is gone, for example.
    pub(super) fn enter(&self) -> io::Result<()> {
        let mut raw = self.settings.clone();
        raw.input_modes -= InputModes::ICRNL | InputModes::INLCR | InputModes::IGNCR;
        raw.input_modes -= InputModes::IXON | InputModes::ISTRIP;
        raw.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ECHONL;
        raw.local_modes -= LocalModes::ISIG | LocalModes::IEXTEN;
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        self.is_raw.store(true, Ordering::SeqCst);
        // What was typed before stays; what is printed does not have to be waited for.
        tcsetattr(&self.terminal, OptionalActions::Now, &raw)?;
        Ok(())
    }

    /// Gives the terminal its settings back already; once, since they may be others later.
    pub(crate) fn restore(&self) {
        if self.is_raw.swap(false, Ordering::SeqCst) {
            // A terminal that is gone needs no settings.
            let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.settings);
        }
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        self.restore();
    }
}
