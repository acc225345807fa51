//! Dialects whose lines are handed on as they are.

use super::talk::{End, Entered, Said, Talk, Typed, content};

/// `echo`, `relay`, `addressed` and `rooms` between pipes: what is typed is sent and what comes is
/// shown byte for byte.
#[derive(Default)]
pub(super) struct Plain {
    outgoing: Vec<u8>,
    is_finished: bool,
    arrived: Vec<u8>,
    server: Server,
    admission: Admission,
}

impl Plain {
    /// Registers as `name` first, if there is one.
    pub(super) fn new(name: Option<&str>) -> Self {
        let mut plain = Self::default();
        if let Some(name) = name {
            plain.outgoing.extend_from_slice(name.as_bytes());
            plain.outgoing.push(b'\n');
            plain.admission = Admission::asked(name);
        }
        plain
    }
}

impl Talk for Plain {
    fn receive(&mut self, bytes: &[u8]) {
        self.admission.server_spoke();
        self.arrived.extend_from_slice(bytes);
    }

    fn receive_eof(&mut self) {
        self.server = Server::Closed;
    }

    fn wants_input(&self) -> bool {
        self.server == Server::Open && self.arrived.is_empty()
    }

    fn transmit(&self) -> &[u8] {
        &self.outgoing
    }

    fn advance(&mut self, written: usize) {
        self.outgoing.drain(..written);
    }

    fn is_done_sending(&self) -> bool {
        self.is_finished && self.outgoing.is_empty()
    }

    fn takes_lines(&self) -> bool {
        !self.is_finished && self.outgoing.len() < MAX_OUTGOING
    }

    fn enter(&mut self, typed: Typed<'_>) -> Entered {
        let bytes = match typed {
            Typed::Line(line) if content(line) == QUIT => return Entered::Leave,
            Typed::Line(bytes) | Typed::Piece { bytes, .. } => bytes,
        };
        self.outgoing.extend_from_slice(bytes);
        Entered::GoOn
    }

    fn keyboard_ended(&mut self) {
        self.leave();
    }

    fn leave(&mut self) {
        self.is_finished = true;
        self.admission.user_left();
    }

    fn poll(&mut self) -> Option<Said> {
        if !self.arrived.is_empty() {
            return Some(Said::Bytes(std::mem::take(&mut self.arrived)));
        }
        if self.server != Server::Closed {
            return None;
        }
        self.server = Server::Told;
        Some(Said::End(self.admission.end()))
    }
}

/// Whether a server of `rooms` lets the user in, which it never says: it is silent about success,
/// and closes the connection of somebody whom it refuses.
#[derive(Debug, Default)]
pub(super) struct Admission {
    /// The nickname, as long as the server has said nothing and the user has not left.
    pending: Option<String>,
}

impl Admission {
    pub(super) fn asked(name: &str) -> Self {
        Self {
            pending: Some(name.to_owned()),
        }
    }

    pub(super) fn server_spoke(&mut self) {
        self.pending = None;
    }

    pub(super) fn user_left(&mut self) {
        self.pending = None;
    }

    /// What it means that the server has closed the connection.
    pub(super) fn end(&self) -> End {
        match &self.pending {
            None => End::Closed,
            Some(name) => End::Refused(format!(
                "the server refused the nickname '{name}': it is in use, or not made of 1 to 32 \
                 ASCII letters and digits; choose another with --name"
            )),
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Server {
    #[default]
    Open,
    Closed,
    /// It closed the connection, and that was said.
    Told,
}

/// What ends the conversation in all dialects that have no word of their own for it.
pub(super) const QUIT: &[u8] = b"/quit";

/// How much may wait for the socket before the keyboard has to.
const MAX_OUTGOING: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_sent_byte_for_byte() {
        let mut plain = Plain::new(None);
        for line in [&b"a\r\n"[..], b"\n", b" /quit\n", b"\xff\0\n", b"last"] {
            assert_eq!(plain.enter(Typed::Line(line)), Entered::GoOn);
        }
        plain.keyboard_ended();
        assert_eq!(plain.transmit(), b"a\r\n\n /quit\n\xff\0\nlast");
        assert!(!plain.is_done_sending());
        plain.advance(18);
        assert!(plain.is_done_sending());
    }

    #[test]
    fn quit_alone_on_its_line_leaves() {
        for line in [&b"/quit\n"[..], b"/quit\r\n", b"/quit"] {
            assert_eq!(Plain::new(None).enter(Typed::Line(line)), Entered::Leave);
        }
        let bytes = b"/quit\n";
        let is_first = false;
        let end_of_long_line = Typed::Piece { bytes, is_first };
        assert_eq!(Plain::new(None).enter(end_of_long_line), Entered::GoOn);
    }

    #[test]
    fn a_server_that_closes_without_a_word_has_refused_the_nickname() {
        let mut plain = Plain::new(Some("alice"));
        assert_eq!(plain.transmit(), b"alice\n");
        plain.receive_eof();
        assert!(matches!(plain.poll(), Some(Said::End(End::Refused(_)))));
        assert_eq!(plain.poll(), None);
    }

    #[test]
    fn a_server_that_spoke_or_whose_user_left_first_has_refused_nobody() {
        let mut plain = Plain::new(Some("alice"));
        plain.receive(b"\n");
        plain.receive_eof();
        assert_eq!(plain.poll(), Some(Said::Bytes(b"\n".to_vec())));
        assert_eq!(plain.poll(), Some(Said::End(End::Closed)));

        let mut plain = Plain::new(Some("alice"));
        plain.keyboard_ended();
        plain.receive_eof();
        assert_eq!(plain.poll(), Some(Said::End(End::Closed)));
    }
}
