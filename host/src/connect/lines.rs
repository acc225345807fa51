//! Dialects whose lines are handed on as they are, for people.

use linechat_protocol::{ClientLimits, LineClient, LineEvent};

use super::plain::{Admission, QUIT};
use super::talk::{End, Entered, Said, Talk, Typed, complaint, content, server_side_is_client};
use super::vocabulary::Vocabulary;

/// `echo`, `relay`, `addressed` and `rooms` on a terminal: what comes is told line by line, and
/// what can be typed is known.
pub(crate) struct Lines {
    client: LineClient,
    /// What to type to leave, if there is a word for it.
    quit: Option<&'static [u8]>,
    admission: Admission,
    has_ended: bool,
    vocabulary: Vocabulary,
}

impl Lines {
    /// Registers as `name` first, if there is one.
    pub(super) fn new(name: Option<&str>, vocabulary: Vocabulary) -> Self {
        let mut client = LineClient::new();
        let mut admission = Admission::default();
        if let Some(name) = name {
            admission = match client.send(name.as_bytes()) {
                Ok(()) => Admission::asked(name),
                // A name that is longer than any line.
                Err(_) => Admission::default(),
            };
        }
        Self {
            client,
            quit: Some(QUIT),
            admission,
            has_ended: false,
            vocabulary,
        }
    }
}

impl Lines {
    /// For the operator of a server: every line is for the server to understand.
    pub(crate) fn of_operator() -> Self {
        let mut limits = ClientLimits::default();
        limits.max_line = usize::MAX;
        Self {
            client: LineClient::with_limits(limits),
            quit: None,
            admission: Admission::default(),
            has_ended: false,
            vocabulary: Vocabulary::default(),
        }
    }
}

impl Talk for Lines {
    server_side_is_client!();

    fn takes_lines(&self) -> bool {
        !self.has_ended && self.client.has_room()
    }

    fn enter(&mut self, typed: Typed<'_>) -> Entered {
        let line = match typed {
            Typed::Line(line) => content(line),
            Typed::Piece {
                bytes,
                is_first: true,
            } => bytes,
            Typed::Piece { .. } => return Entered::GoOn,
        };
        if Some(line) == self.quit {
            return Entered::Leave;
        }
        self.vocabulary.user_said(line);
        match self.client.send(line) {
            Ok(()) => Entered::GoOn,
            Err(error) => Entered::Hint(format!("not sent: {error}")),
        }
    }

    fn keyboard_ended(&mut self) {
        self.leave();
    }

    fn leave(&mut self) {
        self.has_ended = true;
        self.admission.user_left();
        self.client.finish();
    }

    fn poll(&mut self) -> Option<Said> {
        Some(match self.client.poll_event()? {
            LineEvent::Line(line) => {
                self.admission.server_spoke();
                self.vocabulary.server_said(&line);
                Said::Line(line)
            }
            LineEvent::Violation(violation) => {
                self.admission.server_spoke();
                Said::Hint(complaint(&violation))
            }
            _ => Said::End(if self.client.transmit().is_empty() {
                self.admission.end()
            } else {
                End::Closed
            }),
        })
    }

    fn completions(&self, before_cursor: &str) -> Vec<String> {
        self.vocabulary.completions(before_cursor)
    }
}
