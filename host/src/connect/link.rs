//! The socket of a conversation.

use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::event::PollFlags;
use rustix::io::Errno;
use socket2::SockRef;

use super::talk::Talk;
use crate::readiness::when;

/// A connected, nonblocking socket, and what has become of its two directions.
pub(super) struct Link<S> {
    socket: S,
    sending: Sending,
    /// Whether the server has said its last word, in order or not.
    is_at_end: bool,
    failure: Option<io::Error>,
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
    pub(super) fn new(socket: S) -> Self {
        Self {
            socket,
            sending: Sending::Open,
            is_at_end: false,
            failure: None,
        }
    }

    /// What to wait for, for the sake of this conversation.
    pub(super) fn interest(&self, talk: &dyn Talk) -> PollFlags {
        when(self.wants_input(talk), PollFlags::IN) | when(self.wants_output(talk), PollFlags::OUT)
    }

    /// Whether the server may still take something.
    pub(super) fn can_send(&self) -> bool {
        self.sending == Sending::Open
    }

    /// Whether nothing more will be received.
    pub(super) fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    /// Why the connection ended, unless the server closed it.
    pub(super) fn into_failure(self) -> Option<io::Error> {
        self.failure
    }

    /// Writes what the socket takes, and ends its sending half where that is due. Says whether it
    /// took anything.
    pub(super) fn write(&mut self, talk: &mut dyn Talk) -> bool {
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
        if self.can_send() && talk.is_done_sending() {
            self.sending = Sending::Ended;
            // It fails where the server is gone, which reading tells.
            let _ = SockRef::from(&self.socket).shutdown(Shutdown::Write);
        }
        has_written
    }

    /// Reads once.
    pub(super) fn read(&mut self, talk: &mut dyn Talk) {
        if !self.wants_input(talk) {
            return;
        }
        let mut buffer = [0; 16 * 1024];
        match rustix::io::read(&self.socket, &mut buffer) {
            Ok(0) => self.end(talk),
            Ok(length) => talk.receive(&buffer[..length]),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(errno) => {
                self.failure = Some(errno.into());
                self.end(talk);
            }
        }
    }

    fn end(&mut self, talk: &mut dyn Talk) {
        self.is_at_end = true;
        talk.receive_eof();
    }

    fn wants_input(&self, talk: &dyn Talk) -> bool {
        !self.is_at_end && talk.wants_input()
    }

    fn wants_output(&self, talk: &dyn Talk) -> bool {
        self.can_send() && !talk.transmit().is_empty()
    }
}

impl<S: AsFd> AsFd for Link<S> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
