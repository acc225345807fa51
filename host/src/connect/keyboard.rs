//! Lines out of what is typed, or comes through a pipe.

use super::talk::Typed;

/// What was read from the keyboard and not been entered yet. Holds one line at most, or a piece of
/// one that is longer than [`MAX_LINE`].
#[derive(Debug, Default)]
pub(super) struct Keyboard {
    bytes: Vec<u8>,
    /// How many of them were entered.
    taken: usize,
    /// How many of them are known to be without a line's end.
    searched: usize,
    /// Whether the line that comes next has begun with a piece already.
    is_in_line: bool,
    is_at_end: bool,
}

impl Keyboard {
    /// Whether to read more: not while a whole line waits to be entered.
    pub(super) fn wants_input(&self) -> bool {
        !self.is_at_end && self.bytes.len() <= self.taken + MAX_LINE && self.line_end().is_none()
    }

    pub(super) fn receive(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken);
        self.searched -= self.taken;
        self.taken = 0;
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn receive_eof(&mut self) {
        self.is_at_end = true;
    }

    /// Whether everything was entered that ever will be.
    pub(super) fn is_done(&self) -> bool {
        self.is_at_end && self.taken == self.bytes.len()
    }

    /// The next thing to be entered, if there is one.
    pub(super) fn next(&mut self) -> Option<Typed<'_>> {
        let waiting = self.bytes.len() - self.taken;
        let end = match self.line_end() {
            Some(end) => end,
            None if waiting > MAX_LINE || (self.is_at_end && waiting > 0) => self.bytes.len(),
            None => {
                self.searched = self.bytes.len();
                return None;
            }
        };
        let bytes = &self.bytes[self.taken..end];
        (self.taken, self.searched) = (end, end);
        let is_whole = self.is_at_end || bytes.ends_with(b"\n");
        let is_first = !std::mem::replace(&mut self.is_in_line, !is_whole);
        Some(if is_first && is_whole {
            Typed::Line(bytes)
        } else {
            Typed::Piece { bytes, is_first }
        })
    }

    fn line_end(&self) -> Option<usize> {
        let rest = &self.bytes[self.searched..];
        let found = rest.iter().position(|&byte| byte == b'\n')?;
        Some(self.searched + found + 1)
    }
}

/// The longest line that is entered as a whole, in bytes.
const MAX_LINE: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_endings_however_they_are_cut() {
        let input = b"one\r\n\ntwo\nlast";
        for size in 1..=input.len() {
            let mut keyboard = Keyboard::default();
            let mut lines = Vec::new();
            for chunk in input.chunks(size) {
                keyboard.receive(chunk);
                collect(&mut keyboard, &mut lines);
            }
            keyboard.receive_eof();
            collect(&mut keyboard, &mut lines);
            assert_eq!(lines, ["one\r\n", "\n", "two\n", "last"], "{size}");
            assert!(keyboard.is_done());
        }
    }

    #[test]
    fn a_line_too_long_to_be_held_comes_in_pieces() {
        let mut keyboard = Keyboard::default();
        let long = vec![b'x'; MAX_LINE + 1];
        keyboard.receive(&long);
        assert!(!keyboard.wants_input());
        let (bytes, is_first) = (&long[..], true);
        assert_eq!(keyboard.next(), Some(Typed::Piece { bytes, is_first }));
        assert!(keyboard.wants_input());
        keyboard.receive(b"end\nnext\n");
        let (bytes, is_first) = (&b"end\n"[..], false);
        assert_eq!(keyboard.next(), Some(Typed::Piece { bytes, is_first }));
        assert_eq!(keyboard.next(), Some(Typed::Line(b"next\n")));
        assert_eq!(keyboard.next(), None);
    }

    #[test]
    fn nothing_more_is_read_while_a_line_waits() {
        let mut keyboard = Keyboard::default();
        assert!(keyboard.wants_input());
        keyboard.receive(b"one\ntw");
        assert!(!keyboard.wants_input());
        keyboard.next();
        assert!(keyboard.wants_input());
        assert!(!keyboard.is_done());
    }

    fn collect(keyboard: &mut Keyboard, lines: &mut Vec<String>) {
        while let Some(typed) = keyboard.next() {
            let Typed::Line(line) = typed else {
                panic!("a short line is whole")
            };
            lines.push(String::from_utf8(line.to_vec()).unwrap());
        }
    }
}
