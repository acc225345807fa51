//! What is logged, on its way to standard error behind what is printed.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::lines::{LogLines, with_own_mode};
use super::reader::LogReader;

/// Passes log lines on to standard error, once somebody says that what was to be seen before them
/// was printed.
pub(crate) struct LogRelay {
    reader: LogReader,
    stderr: LogLines<OwnedFd>,
    held: Vec<String>,
}

impl LogRelay {
    /// # Errors
    ///
    /// The system has no descriptor left.
    pub(crate) fn new(reader: LogReader) -> io::Result<Self> {
        let stderr = LogLines::new(with_own_mode(io::stderr().as_fd())?, reader.format());
        Ok(Self {
            reader,
            stderr,
            held: Vec::new(),
        })
    }

    /// Takes the lines that there are.
    pub(crate) fn hold(&mut self) {
        let held = &mut self.held;
        self.reader
            .read_lines(|line| held.push(format!("{line}\n")));
    }

    /// Whether lines were taken and not passed on.
    pub(crate) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Writes them as standard error takes them.
    pub(crate) fn pass_on(&mut self) {
        for line in self.held.drain(..) {
            self.stderr.write_line(line.as_bytes());
        }
    }
}

impl AsFd for LogRelay {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}
