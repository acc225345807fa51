//! What is logged, on its way to a screen that somebody else writes to, too.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::pipe::PIPE_BUF;

use super::lines::{LogLines, with_own_mode};
use crate::cli::LogFormat;

/// One end of a pipe into which log lines go.
pub(crate) struct LogReader {
    log: Arc<LogLines<OwnedFd>>,
    pipe: Arc<OwnedFd>,
    /// The beginning of a line.
    partial: Vec<u8>,
}

impl LogReader {
    /// `log` writes into the other end of `pipe`.
    pub(super) fn new(pipe: OwnedFd, log: Arc<LogLines<OwnedFd>>) -> Self {
        Self {
            log,
            pipe: Arc::new(pipe),
            partial: Vec::new(),
        }
    }

    /// One more reader of the same lines, of which each is read by one only.
    pub(crate) fn share(&self) -> Self {
        Self {
            log: Arc::clone(&self.log),
            pipe: Arc::clone(&self.pipe),
            partial: Vec::new(),
        }
    }

    pub(super) fn format(&self) -> LogFormat {
        self.log.format()
    }

    /// Reads what is there, line by line.
    pub(crate) fn read_lines(&mut self, mut read: impl FnMut(&str)) {
        let mut buffer = [0; PIPE_BUF];
        while let Ok(length @ 1..) = rustix::io::read(&self.pipe, &mut buffer) {
            self.partial.extend_from_slice(&buffer[..length]);
            while let Some(end) = self.partial.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.partial.drain(..=end).collect();
                read(&String::from_utf8_lossy(&line[..end]));
            }
        }
    }

    /// Nobody else writes to the screen any more: from now on, what is logged goes to standard
    /// error, with what nobody has read at its head.
    pub(crate) fn finish(mut self) {
        // Without a descriptor for it, the log stays where it is.
        let Ok(stderr) = with_own_mode(io::stderr().as_fd()) else {
            return;
        };
        let log = Arc::clone(&self.log);
        log.redirect(stderr, |write| {
            self.read_lines(|line| write(format!("{line}\n").as_bytes()));
        });
    }
}

impl AsFd for LogReader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}
