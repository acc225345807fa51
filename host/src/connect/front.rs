//! Where the user types and reads.

use std::os::fd::BorrowedFd;
use std::time::Instant;

use rustix::io::Errno;

use super::talk::{Said, Typed};

/// Pipes, or a terminal.
pub(crate) trait Front {
    /// What becomes readable when something was typed.
    fn input(&self) -> BorrowedFd<'_>;

    /// What becomes writable when something can be shown.
    fn output(&self) -> BorrowedFd<'_>;

    /// Whether to read what was typed.
    fn wants_input(&self) -> bool;

    /// Reads what was typed, once.
    fn read(&mut self);

    /// The next thing that was entered.
    fn next(&mut self) -> Option<Typed<'_>>;

    /// The next line that was entered and need not wait for those before it.
    fn next_of(&mut self, _is_urgent: &dyn Fn(&[u8]) -> bool) -> Option<Typed<'_>> {
        None
    }

    /// Whether more will be entered.
    fn keyboard(&self) -> KeyboardState;

    /// What is before the cursor, if the user wants it completed.
    fn completes(&self) -> Option<&str> {
        None
    }

    /// What the last word of that can become.
    fn complete(&mut self, _candidates: &[String]) {}

    /// Whether keys wait that were pressed behind a line, which has to be looked at first: it may
    /// change the prompt.
    fn has_keys(&self) -> bool {
        false
    }

    /// Goes on with them.
    fn press_keys(&mut self) {}

    /// What the user is asked for.
    fn set_prompt(&mut self, _prompt: &str) {}

    /// What becomes readable when something was logged.
    fn log(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Takes what was logged, to be shown later.
    fn take_log(&mut self) {}

    /// Shows what was taken.
    fn show_log(&mut self) {}

    /// What becomes readable when something happened to the screen.
    fn changes(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Makes up for what happened to the screen.
    fn note_changes(&mut self) {}

    /// Until when to wait for anything at the longest.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Does what is due.
    fn tick(&mut self, _now: Instant) {}

    /// Whether more can be shown. What cannot be is left to the transport.
    fn has_room(&self) -> bool;

    /// Shows something, as soon as the output takes it.
    fn show(&mut self, said: Said);

    /// Whether something waits to be shown.
    fn wants_output(&self) -> bool;

    /// Shows what the output takes.
    ///
    /// # Errors
    ///
    /// The system's: nothing will be shown any more.
    fn write(&mut self) -> Result<(), Errno>;
}

/// What can still be expected from a keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyboardState {
    Open,
    /// It is at its end, and everything was entered.
    Ended,
    /// The user wants to leave.
    Left,
}
