//! The front end for pipes and files: plain lines in, plain lines out.

use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::pipe::PIPE_BUF;
use rustix::stdio::stdin;

use super::front::{Front, KeyboardState};
use super::keyboard::Keyboard;
use super::pieces::Pieces;
use super::record::Record;
use super::talk::{Said, Typed};
use crate::descriptors::check_input;
use crate::escaped::Escaped;
use crate::log::with_own_mode;

/// Standard input and output, and standard error for our own words.
pub(super) struct Pipe {
    keyboard: Keyboard,
    output: OwnedFd,
    /// On a terminal, the beginning of a line, which is escaped as a whole.
    partial: Option<Pieces>,
    /// What is to be printed.
    text: Vec<u8>,
    record: Option<Record>,
}

impl Pipe {
    /// # Errors
    ///
    /// Standard input cannot be read, or the system has no descriptor left.
    pub(super) fn open(record: Option<Record>) -> io::Result<Self> {
        check_input(stdin())?;
        Ok(Self {
            keyboard: Keyboard::default(),
            output: with_own_mode(io::stdout().as_fd())?,
            partial: io::stdout().is_terminal().then(Pieces::default),
            text: Vec::new(),
            record,
        })
    }

    fn print(&mut self, bytes: &[u8]) {
        match &mut self.partial {
            None => self.text.extend_from_slice(bytes),
            Some(partial) => partial.push(bytes, |line| {
                self.text
                    .extend_from_slice(Escaped(line).to_string().as_bytes());
                self.text.push(b'\n');
            }),
        }
        if let Some(record) = &mut self.record
            && let Err(error) = record.add_bytes(bytes)
        {
            self.record = None;
            hint_at(&format!("the record ends here: {error}"));
        }
    }
}

impl Front for Pipe {
    fn input(&self) -> BorrowedFd<'_> {
        stdin()
    }

    fn output(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }

    fn wants_input(&self) -> bool {
        self.keyboard.wants_input()
    }

    fn read(&mut self) {
        let mut buffer = [0; 16 * 1024];
        match rustix::io::read(stdin(), &mut buffer) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            // An input that fails is at its end.
            Ok(0) | Err(_) => self.keyboard.receive_eof(),
            Ok(length) => self.keyboard.receive(&buffer[..length]),
        }
    }

    fn next(&mut self) -> Option<Typed<'_>> {
        self.keyboard.next()
    }

    fn keyboard(&self) -> KeyboardState {
        if self.keyboard.is_done() {
            KeyboardState::Ended
        } else {
            KeyboardState::Open
        }
    }

    fn has_room(&self) -> bool {
        self.text.len() < MAX_WAITING
    }

    fn show(&mut self, said: Said) {
        match said {
            Said::Bytes(bytes) => self.print(&bytes),
            Said::Line(line) => self.print(&[&line, &b"\n"[..]].concat()),
            Said::Message(message) => self.print(format!("{message}\n").as_bytes()),
            Said::Hint(hint) => hint_at(&hint),
            // In a script the answer is on its way.
            Said::Question(question) if io::stdin().is_terminal() => hint_at(&question),
            Said::Question(_) => {}
            Said::End(_)
                if self
                    .partial
                    .as_ref()
                    .is_some_and(|partial| !partial.is_empty()) =>
            {
                self.print(b"\n");
            }
            Said::End(_) => {}
        }
    }

    fn wants_output(&self) -> bool {
        !self.text.is_empty()
    }

    /// Writes no more than a pipe takes at once, since the output may be one that waits.
    fn write(&mut self) -> Result<(), Errno> {
        let piece = &self.text[..self.text.len().min(PIPE_BUF)];
        match rustix::io::write(&self.output, piece) {
            Ok(written) => drop(self.text.drain(..written)),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
        Ok(())
    }
}

fn hint_at(hint: &str) {
    // Nobody is left to tell if this fails.
    let _ = writeln!(io::stderr(), "{}", Escaped(hint.as_bytes()));
}

/// How much may wait to be printed before the server has to, in bytes.
const MAX_WAITING: usize = 64 * 1024;
