//! The socket of a conversation.

use std::io::{self, ErrorKind};
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;

use super::route::Route;
use super::stream::{Stream, is_for_later};
use super::talk::Talk;
use crate::readiness::when;

/// A connected, nonblocking stream, and what has become of its two directions.
pub(crate) struct Link<S> {
    stream: S,
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

impl<S: Stream> Link<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
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
            match self.stream.write(talk.transmit()) {
                Ok(written) => {
                    talk.advance(written);
                    has_written = true;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => self.sending = Sending::Failed,
            }
        }
        // Where it fails, the server is gone, which reading tells.
        let _ = self.stream.flush();
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

impl<S: Stream> Route for Link<S> {
    fn waits_for(&self, talk: &dyn Talk) -> Option<(BorrowedFd<'_>, PollFlags)> {
        let flags = when(self.wants_input(talk), PollFlags::IN)
            | when(self.is_sending(talk), PollFlags::OUT);
        Some((self.stream.as_fd(), flags))
    }

    fn deadline(&self, talk: &dyn Talk) -> Option<Instant> {
        self.pause_due.filter(|_| talk.is_within_line())
    }

    /// Reads once.
    fn proceed(&mut self, talk: &mut dyn Talk) -> bool {
        if !self.wants_input(talk) {
            return false;
        }
        let mut came = Vec::new();
        let read = self.stream.read(&mut came);
        if !came.is_empty() {
            self.receive(&came, talk);
        }
        match read {
            Ok(0) => self.end(talk),
            Ok(_) if self.stream.has_ended() => self.end(talk),
            Ok(_) => return true,
            Err(error) if is_for_later(&error) => {}
            Err(error) => {
                self.failure = Some(error);
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
            self.stream.end();
        }
        has_written
    }

    fn is_sending(&self, talk: &dyn Talk) -> bool {
        self.wants_output(talk) || self.stream.has_unsent()
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
