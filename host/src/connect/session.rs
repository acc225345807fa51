//! The loop between a user and a server.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use rustix::event::PollFlags;
use rustix::io::Errno;

use super::link::Link;
use super::talk::{End, Entered, Said, Talk, Typed};
use crate::connection::LINGER;
use crate::readiness::{wait_for, when};
use crate::signals::SignalCount;

/// Where the user types and reads: pipes, or a terminal.
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

    /// Whether more will be entered.
    fn keyboard(&self) -> KeyboardState;

    /// What is before the cursor, if the user wants it completed.
    fn completes(&self) -> Option<&str> {
        None
    }

    /// What the last word of that can become.
    fn complete(&mut self, _candidates: &[String]) {}

    /// What becomes readable when something was logged.
    fn log(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Shows what was logged.
    fn show_log(&mut self) {}

    /// Makes up for what may have happened to the screen meanwhile.
    fn refresh(&mut self) {}

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

/// A conversation, its socket and its user.
pub(crate) struct Session<'a, S, F> {
    talk: &'a mut dyn Talk,
    link: Link<S>,
    front: &'a mut F,
    /// Whether anybody listens to the keyboard.
    is_typing: bool,
    leaves_at_signal: bool,
    /// Until when to wait for the server when the user leaves.
    leaving: Option<Instant>,
    end: Option<End>,
    screen_failure: Option<Errno>,
}

impl<'a, S: AsFd, F: Front> Session<'a, S, F> {
    pub(crate) fn new(talk: &'a mut dyn Talk, socket: S, front: &'a mut F) -> Self {
        Self {
            talk,
            link: Link::new(socket),
            front,
            is_typing: true,
            leaves_at_signal: true,
            leaving: None,
            end: None,
            screen_failure: None,
        }
    }

    /// The same session, which leaves it to the other end to hear of the first signal.
    pub(crate) fn staying(mut self) -> Self {
        self.leaves_at_signal = false;
        self
    }

    /// Works until the conversation is over and everything was shown. The user leaves when
    /// `signals` turns readable.
    /// With a byte for each signal, the second one ends it at once.
    pub(crate) fn run(mut self, signals: &mut SignalCount) -> io::Result<Outcome> {
        loop {
            self.front.refresh();
            self.converse();
            while self.write_to_server() {
                // There may be room now for what waits to be entered.
                self.converse();
            }
            if self.is_over() {
                return Ok(self.outcome());
            }
            let input = self.is_typing && self.front.wants_input();
            let wanted = [
                (self.front.input(), when(input, PollFlags::IN)),
                (
                    self.front.output(),
                    when(self.front.wants_output(), PollFlags::OUT),
                ),
                (self.link.as_fd(), self.link.interest(self.talk)),
                (signals.as_fd(), PollFlags::IN),
                (
                    self.front.log().unwrap_or(signals.as_fd()),
                    when(self.front.log().is_some(), PollFlags::IN),
                ),
            ];
            let [input, output, socket, signal, log] = wait_for(wanted, self.leaving)?;
            if !signal.is_empty() {
                if signals.read() > 1 {
                    return Ok(Outcome::Insisted);
                }
                if self.leaves_at_signal {
                    self.leave();
                }
            }
            if !log.is_empty() {
                self.front.show_log();
            }
            if !input.is_empty() {
                self.front.read();
            }
            if !socket.is_empty() {
                self.link.read(self.talk);
            }
            if !output.is_empty() {
                self.write_to_screen();
            }
        }
    }

    /// Hands over whatever can be, in both directions.
    fn converse(&mut self) {
        while self.show_next() || self.enter_next() || self.complete() {}
        match self.front.keyboard() {
            KeyboardState::Ended if self.is_typing => {
                self.is_typing = false;
                self.talk.keyboard_ended();
                self.converse();
            }
            KeyboardState::Left if self.leaving.is_none() => self.leave(),
            _ => {}
        }
    }

    fn complete(&mut self) -> bool {
        let Some(before) = self.front.completes() else {
            return false;
        };
        let candidates = self.talk.completions(before);
        self.front.complete(&candidates);
        true
    }

    fn show_next(&mut self) -> bool {
        if self.end.is_some() || !self.front.has_room() {
            return false;
        }
        match self.talk.poll() {
            None => return false,
            Some(Said::End(end)) => self.end = Some(end),
            Some(_) if self.screen_failure.is_some() => {}
            Some(said) => self.front.show(said),
        }
        true
    }

    fn enter_next(&mut self) -> bool {
        if !self.is_typing || !self.talk.takes_lines() || !self.link.can_send() {
            return false;
        }
        let Some(typed) = self.front.next() else {
            return false;
        };
        match self.talk.enter(typed) {
            Entered::GoOn => {}
            Entered::Hint(hint) => self.front.show(Said::Hint(hint)),
            Entered::Leave => self.leave(),
        }
        true
    }

    /// The user leaves: what was entered is still sent, and whoever closes a socket that has
    /// something to read takes that away from the server again, so the server is given a moment to
    /// close the connection first.
    fn leave(&mut self) {
        self.is_typing = false;
        self.talk.leave();
        self.leaving = Some(Instant::now() + LINGER);
    }

    fn write_to_server(&mut self) -> bool {
        let has_written = self.link.write(self.talk);
        if has_written && self.leaving.is_some() {
            self.leaving = Some(Instant::now() + LINGER);
        }
        has_written
    }

    fn write_to_screen(&mut self) {
        if let Err(errno) = self.front.write() {
            self.screen_failure = Some(errno);
            self.leave();
        }
    }

    fn is_over(&self) -> bool {
        let is_shown = self.screen_failure.is_some() || !self.front.wants_output();
        match self.leaving {
            Some(deadline) if Instant::now() >= deadline => true,
            Some(_) => self.link.is_at_end() && is_shown,
            None => self.end.is_some() && is_shown,
        }
    }

    fn outcome(self) -> Outcome {
        match (self.screen_failure, self.end) {
            // Whoever reads what we print has read enough.
            (Some(Errno::PIPE), _) => Outcome::Left,
            (Some(errno), _) => Outcome::ScreenFailed(errno.into()),
            _ if self.leaving.is_some() => Outcome::Left,
            (None, end) => match (self.link.into_failure(), end) {
                (Some(error), _) => Outcome::NetworkFailed(error),
                (None, Some(End::Refused(reason))) => Outcome::Refused(reason),
                (None, _) => Outcome::Closed,
            },
        }
    }
}

/// How a session ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// By the user.
    Left,
    /// By the user, who has no time.
    Insisted,
    /// By the server.
    Closed,
    /// By the server, which did not let the user in.
    Refused(String),
    NetworkFailed(io::Error),
    ScreenFailed(io::Error),
}
