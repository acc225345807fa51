//! What is logged, on its way to a screen that somebody else writes to, too.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::pipe::{PIPE_BUF, PipeFlags, pipe_with};

/// One end of a pipe into which log lines go.
pub(crate) struct LogReader {
    pipe: Arc<OwnedFd>,
    /// The beginning of a line.
    partial: Vec<u8>,
}

impl LogReader {
    /// The other end is for [`init`](super::init).
    ///
    /// # Errors
    ///
    /// The system's, where it has no descriptor left.
    pub(crate) fn new() -> io::Result<(Self, OwnedFd)> {
        let (reader, writer) = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC)?;
        Ok((Self::of(Arc::new(reader)), writer))
    }

    /// One more reader of the same lines, of which each is read by one only.
    pub(crate) fn share(&self) -> Self {
        Self::of(Arc::clone(&self.pipe))
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

    /// Hands what is left to standard error.
    pub(crate) fn finish(mut self) {
        let mut stderr = io::stderr().lock();
        // Nobody is left to tell if this fails.
        self.read_lines(|line| _ = writeln!(stderr, "{line}"));
    }

    fn of(pipe: Arc<OwnedFd>) -> Self {
        Self {
            pipe,
            partial: Vec::new(),
        }
    }
}

impl AsFd for LogReader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}
