//! Dialects whose lines are handed on as they are.

use linechat_protocol::rooms::Request;

use super::admission::Admission;
use super::talk::{Entered, Said, Talk, Typed, content};

/// `echo`, `relay`, `addressed` and `rooms` between pipes: what is typed is sent byte for byte, and
/// so is shown what comes; only the ends of lines become those of the other side.
#[derive(Default)]
pub(super) struct Plain {
    /// Whether the server speaks `rooms`, in which lines end with `\r\n`.
    is_rooms: bool,
    outgoing: Vec<u8>,
    is_finished: bool,
    arriving: Arriving,
    server: Server,
    admission: Admission,
}

impl Plain {
    /// For `echo`, `relay` and `addressed`.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// For `rooms`: registers as `name` first, if there is one.
    pub(super) fn of_rooms(name: Option<&str>) -> Self {
        let mut plain = Self {
            is_rooms: true,
            ..Self::default()
        };
        if let Some(name) = name {
            plain.send(name.as_bytes(), true);
            plain.admission = Admission::asked(name);
        }
        plain
    }

    fn send(&mut self, bytes: &[u8], is_line: bool) {
        if self.is_rooms && (is_line || bytes.ends_with(b"\n")) {
            self.outgoing.extend_from_slice(content(bytes));
            self.outgoing.extend_from_slice(b"\r\n");
        } else {
            self.outgoing.extend_from_slice(bytes);
        }
    }
}

impl Talk for Plain {
    fn receive(&mut self, bytes: &[u8]) {
        self.admission.settle();
        self.arriving.receive(bytes);
    }

    fn receive_eof(&mut self) {
        self.server = Server::Closed;
    }

    fn wants_input(&self) -> bool {
        self.server == Server::Open && self.arriving.bytes.is_empty()
    }

    fn is_within_line(&self) -> bool {
        self.wants_input() && self.arriving.is_within_line
    }

    fn receive_pause(&mut self) {
        self.arriving.end_line();
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
        match typed {
            Typed::Line(line) if content(line) == QUIT => return Entered::Leave,
            Typed::Line(line) => {
                if self.is_rooms && Request::parse(content(line)) == Ok(Request::Quit) {
                    self.admission.settle();
                }
                self.send(line, true);
            }
            Typed::Piece { bytes, .. } => self.send(bytes, false),
        }
        Entered::GoOn
    }

    fn keyboard_ended(&mut self) {
        self.leave();
    }

    fn leave(&mut self) {
        self.is_finished = true;
        self.admission.settle();
    }

    fn poll(&mut self) -> Option<Said> {
        if !self.arriving.bytes.is_empty() {
            return Some(Said::Bytes(std::mem::take(&mut self.arriving.bytes)));
        }
        if self.server != Server::Closed {
            return None;
        }
        self.server = Server::Told;
        Some(Said::End(self.admission.end()))
    }
}

/// What has come and was not shown, with `\n` for whatever ended its lines.
#[derive(Debug, Default)]
struct Arriving {
    bytes: Vec<u8>,
    /// Whether a `\r` came last, which may be half an ending.
    has_return: bool,
    is_within_line: bool,
    /// Whether a pause has ended the line, whose own ending may still come.
    was_ended: bool,
}

impl Arriving {
    fn receive(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if std::mem::take(&mut self.has_return) && byte != b'\n' {
                self.push(b'\r');
            }
            match byte {
                b'\r' => self.has_return = true,
                b'\n' if self.was_ended => self.was_ended = false,
                byte => self.push(byte),
            }
        }
    }

    fn end_line(&mut self) {
        self.push(b'\n');
        self.has_return = false;
        self.was_ended = true;
    }

    fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
        self.is_within_line = byte != b'\n';
        self.was_ended = false;
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
    use super::super::talk::End;
    use super::*;

    #[test]
    fn what_is_typed_is_sent_byte_for_byte() {
        let mut plain = Plain::new();
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
    fn lines_to_a_server_of_rooms_end_as_it_wants_them_to() {
        let mut plain = Plain::of_rooms(Some("alice"));
        plain.enter(Typed::Line(b"a\r\n"));
        plain.enter(Typed::Line(b"\n"));
        let (bytes, is_first) = (&b"long"[..], true);
        plain.enter(Typed::Piece { bytes, is_first });
        let (bytes, is_first) = (&b" line\n"[..], false);
        plain.enter(Typed::Piece { bytes, is_first });
        plain.enter(Typed::Line(b"last"));
        assert_eq!(plain.transmit(), b"alice\r\na\r\n\r\nlong line\r\nlast\r\n");
    }

    #[test]
    fn what_comes_ends_its_lines_in_one_way_however_it_is_cut() {
        let text = b"a\r\nb\n\r\n\rc\r\r\nd\r";
        for size in 1..=text.len() {
            let mut plain = Plain::new();
            text.chunks(size).for_each(|piece| plain.receive(piece));
            let shown = b"a\nb\n\n\rc\r\nd".to_vec();
            assert_eq!(plain.poll(), Some(Said::Bytes(shown)), "{size}");
        }
    }

    #[test]
    fn a_pause_ends_a_line_whose_own_ending_may_come_later() {
        let mut plain = Plain::new();
        let mut shown = Vec::new();
        for piece in [&b"a"[..], b"b", b"\r\n", b"\n", b"c\n", b"d\r", b"\n"] {
            plain.receive(piece);
            while let Some(Said::Bytes(bytes)) = plain.poll() {
                shown.extend(bytes);
            }
            if plain.is_within_line() {
                plain.receive_pause();
            }
        }
        assert_eq!(shown, b"a\nb\n\nc\nd\n");
    }

    #[test]
    fn quit_alone_on_its_line_leaves() {
        for line in [&b"/quit\n"[..], b"/quit\r\n", b"/quit"] {
            assert_eq!(Plain::new().enter(Typed::Line(line)), Entered::Leave);
        }
        let (bytes, is_first) = (&b"/quit\n"[..], false);
        let end_of_long_line = Typed::Piece { bytes, is_first };
        assert_eq!(Plain::new().enter(end_of_long_line), Entered::GoOn);
    }

    #[test]
    fn a_server_that_closes_without_a_word_has_refused_the_nickname() {
        let mut plain = Plain::of_rooms(Some("alice"));
        assert_eq!(plain.transmit(), b"alice\r\n");
        plain.receive_eof();
        assert!(matches!(plain.poll(), Some(Said::End(End::Refused(_)))));
        assert_eq!(plain.poll(), None);
    }

    #[test]
    fn a_server_that_spoke_or_whose_user_left_first_has_refused_nobody() {
        let mut plain = Plain::of_rooms(Some("alice"));
        plain.receive(b"\n");
        plain.receive_eof();
        assert_eq!(plain.poll(), Some(Said::Bytes(b"\n".to_vec())));
        assert_eq!(plain.poll(), Some(Said::End(End::Closed)));

        for quits in [true, false] {
            let mut plain = Plain::of_rooms(Some("alice"));
            if quits {
                plain.enter(Typed::Line(b"!quit\r\n"));
            } else {
                plain.keyboard_ended();
            }
            plain.receive_eof();
            assert_eq!(plain.poll(), Some(Said::End(End::Closed)));
        }
    }
}
