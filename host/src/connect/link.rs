//! The socket of a conversation.

use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustix::io::Errno;
use socket2::SockRef;

use super::route::Route;
use super::talk::Talk;
use crate::readiness::when;

/// A connected, nonblocking socket, and what has become of its two directions.
pub(crate) struct Link<S> {
    socket: S,
    sending: Sending,
    /// Whether the server has said its last word, in order or not.
    is_at_end: bool,
    failure: Option<io::Error>,
    /// When the line that the server has begun ends with a pause.
    pause_due: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sending {
    Open,
    /// Everything was written, and the server knows it.
    Ended,
    /// The server takes nothing any more. Why, reading will tell.
    Failed,
}

impl<S: AsFd> Link<S> {
    pub(crate) fn new(socket: S) -> Self {
        Self {
            socket,
            sending: Sending::Open,
            is_at_end: false,
            failure: None,
            pause_due: None,
        }
    }

    /// Why the connection ended, unless the server closed it.
    pub(super) fn into_failure(self) -> Option<io::Error> {
        self.failure
    }

    fn write_all(&mut self, talk: &mut dyn Talk) -> bool {
        let mut has_written = false;
        while self.wants_output(talk) {
            match rustix::io::write(&self.socket, talk.transmit()) {
                Ok(written) => {
                    talk.advance(written);
                    has_written = true;
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(_) => self.sending = Sending::Failed,
            }
        }
        has_written
    }

    fn receive(&mut self, bytes: &[u8], talk: &mut dyn Talk) {
        talk.receive(bytes);
        self.pause_due = Some(Instant::now() + PAUSE);
    }

    fn end(&mut self, talk: &mut dyn Talk) {
        self.is_at_end = true;
        self.pause_due = None;
        talk.receive_eof();
    }

    fn wants_input(&self, talk: &dyn Talk) -> bool {
        !self.is_at_end && talk.wants_input()
    }

    fn wants_output(&self, talk: &dyn Talk) -> bool {
        self.sending == Sending::Open && !talk.transmit().is_empty()
    }
}

impl<S: AsFd> Route for Link<S> {
    fn waits_for(&self, talk: &dyn Talk) -> Option<(BorrowedFd<'_>, PollFlags)> {
        let flags = when(self.wants_input(talk), PollFlags::IN)
            | when(self.wants_output(talk), PollFlags::OUT);
        Some((self.socket.as_fd(), flags))
    }

    fn deadline(&self, talk: &dyn Talk) -> Option<Instant> {
        self.pause_due.filter(|_| talk.is_within_line())
    }

    /// Reads once.
    fn proceed(&mut self, talk: &mut dyn Talk) -> bool {
        if !self.wants_input(talk) {
            return false;
        }
        let mut buffer = [0; 16 * 1024];
        match rustix::io::read(&self.socket, &mut buffer) {
            Ok(0) => self.end(talk),
            Ok(length) => {
                self.receive(&buffer[..length], talk);
                return true;
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(errno) => {
                self.failure = Some(errno.into());
                self.end(talk);
            }
        }
        false
    }

    fn tick(&mut self, now: Instant, talk: &mut dyn Talk) {
        if self.deadline(talk).is_some_and(|due| due <= now) {
            self.pause_due = None;
            talk.receive_pause();
        }
    }

    /// Writes what the socket takes, and ends its sending half where that is due.
    fn write(&mut self, talk: &mut dyn Talk) -> bool {
        let has_written = self.write_all(talk);
        if self.sending == Sending::Open && talk.is_done_sending() {
            self.sending = Sending::Ended;
            // It fails where the server is gone, which reading tells.
            let _ = SockRef::from(&self.socket).shutdown(Shutdown::Write);
        }
        has_written
    }

    fn is_sending(&self, talk: &dyn Talk) -> bool {
        self.wants_output(talk)
    }

    fn takes_lines(&self) -> bool {
        self.sending == Sending::Open
    }

    fn is_at_end(&self) -> bool {
        self.is_at_end
    }
}

/// How long a server may be silent within a line. Who never ends lines is heard after this.
const PAUSE: Duration = Duration::from_millis(300);
