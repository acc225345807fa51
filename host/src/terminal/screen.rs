//! What is written to the terminal: lines that stay, and below them the row that is edited.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::pipe::PIPE_BUF;
use rustix::stdio::stdout;
use rustix::termios::tcgetwinsize;

use super::row::Row;
use crate::log::with_own_mode;

/// Standard output as a terminal on which the last row is redrawn again and again.
///
/// Everything that is written goes through here: the row is erased, a line is printed, and the row
/// is drawn again. Where that row is, nobody has to know, but for one case: a window that became
/// narrower than the row. Then some terminals have wrapped it, others have cut it off. They are
/// asked where the cursor is, and the row is drawn when they have answered.
pub(super) struct Screen {
    output: OwnedFd,
    /// What the terminal has not taken yet.
    waiting: Vec<u8>,
    /// Where the cursor is in the row that was drawn last.
    cursor: usize,
    columns: usize,
    /// How many answers about the cursor are missing.
    asked: usize,
    /// Until when to wait for them.
    answer_due: Option<Instant>,
}

impl Screen {
    /// # Errors
    ///
    /// The system's, where it has no descriptor left.
    pub(super) fn open() -> io::Result<Self> {
        let output = with_own_mode(stdout())?;
        Ok(Self {
            columns: columns(&output),
            output,
            waiting: Vec::new(),
            cursor: 0,
            asked: 0,
            answer_due: None,
        })
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// Writes something that does not move the cursor.
    pub(super) fn control(&mut self, sequence: &str) {
        self.waiting.extend_from_slice(sequence.as_bytes());
    }

    /// Prints a line above the row, as it is. The row has to be drawn again.
    pub(super) fn print(&mut self, line: &str) {
        self.erase();
        self.control(line);
        self.control("\r\n");
    }

    /// Takes the row away.
    pub(super) fn erase(&mut self) {
        self.give_up_asking();
        self.control(ERASE_ROW);
        self.cursor = 0;
    }

    /// Takes everything away.
    pub(super) fn clear(&mut self) {
        self.give_up_asking();
        self.control("\x1b[H\x1b[2J");
        self.cursor = 0;
    }

    /// Draws the row, unless it is not known where.
    pub(super) fn draw(&mut self, row: &Row) {
        if self.answer_due.is_some() {
            return;
        }
        self.control(&format!("\r{}\x1b[K\r", row.shown));
        if row.cursor > 0 {
            self.control(&format!("\x1b[{}C", row.cursor));
        }
        self.cursor = row.cursor;
    }

    /// The window may have another size.
    pub(super) fn resized(&mut self) {
        self.columns = columns(&self.output);
        if self.cursor < self.columns {
            return self.control(ERASE_BELOW);
        }
        self.control("\x1b[6n");
        self.asked += 1;
        self.answer_due = Some(Instant::now() + PATIENCE);
    }

    /// The terminal says in which column its cursor is, from 1 on.
    pub(super) fn cursor_at(&mut self, column: usize) {
        self.asked = self.asked.saturating_sub(1);
        if self.asked > 0 || self.answer_due.take().is_none() {
            return;
        }
        let is_cut_off = column >= self.columns;
        if !is_cut_off {
            let rows = self.cursor / self.columns;
            self.control(&format!("\x1b[{rows}A"));
        }
        self.control(ERASE_BELOW);
    }

    pub(super) fn answer_due(&self) -> Option<Instant> {
        self.answer_due
    }

    /// A terminal that does not answer does not wrap either.
    pub(super) fn give_up_asking(&mut self) {
        if self.answer_due.take().is_some() {
            self.control(ERASE_BELOW);
        }
    }

    /// How much waits, in bytes.
    pub(super) fn backlog(&self) -> usize {
        self.waiting.len()
    }

    /// Writes what the terminal takes, and says how much that was.
    ///
    /// # Errors
    ///
    /// The system's: nothing will be shown any more.
    pub(super) fn write(&mut self) -> Result<usize, Errno> {
        let piece = &self.waiting[..self.waiting.len().min(PIPE_BUF)];
        match rustix::io::write(&self.output, piece) {
            Ok(written) => {
                self.waiting.drain(..written);
                Ok(written)
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(errno) => Err(errno),
        }
    }

    /// Writes all that the terminal takes at once. Nobody waits for it here.
    pub(super) fn flush(&mut self) {
        while !self.waiting.is_empty() && self.write().is_ok_and(|written| written > 0) {}
    }
}

impl AsFd for Screen {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }
}

fn columns(output: &OwnedFd) -> usize {
    match tcgetwinsize(output).map_or(0, |size| size.ws_col) {
        0 => 80,
        columns => columns.into(),
    }
}

const ERASE_ROW: &str = "\r\x1b[K";
const ERASE_BELOW: &str = "\r\x1b[J";

/// A terminal answers at once, and over a slow line within this.
const PATIENCE: Duration = Duration::from_millis(300);
