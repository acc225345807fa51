//! Keys out of the bytes that a terminal sends.

use std::mem;
use std::time::Duration;

/// What a key asks of the line that is edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Insert(char),
    /// Text that comes from somewhere else, all at once.
    Paste(Vec<u8>),
    Enter,
    Complete,
    DeleteBefore,
    DeleteAfter,
    DeleteWordBefore,
    DeleteWordAfter,
    /// The same up to a blank.
    DeleteBlankWordBefore,
    DeleteToStart,
    DeleteToEnd,
    Yank,
    YankOlder,
    Undo,
    Transpose,
    UpperCase,
    LowerCase,
    Capitalize,
    Left,
    Right,
    WordLeft,
    WordRight,
    Start,
    End,
    Older,
    Newer,
    Oldest,
    Newest,
    SearchOlder,
    SearchNewer,
    /// The next key is text.
    Quote,
    Escape,
    /// Ctrl-G
    Abort,
    Redraw,
    /// Ctrl-C
    Interrupt,
    /// Ctrl-D
    EndOfInput,
    /// Ctrl-Z
    Suspend,
    /// The terminal's answer to where its cursor is: the column, from 1 on.
    CursorAt(usize),
}

/// Understands UTF-8, control characters, and the sequences of the keys that editing needs.
///
/// A byte that is no UTF-8 is taken for Latin-1. An ESC that is no part of a sequence is a key of
/// its own, and so is what follows: nothing that is typed is swallowed.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
    /// A character that is not whole yet.
    partial: Vec<u8>,
    /// Whether the last byte was a carriage return: a line feed behind it is no key of its own.
    was_return: bool,
    /// Whether Ctrl-X came before.
    is_prefixed: bool,
    keys: Vec<Key>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    Escape,
    /// Behind `ESC O`.
    Single,
    /// Behind `ESC [`, with what came since.
    Sequence(Vec<u8>),
    /// Between `ESC [ 200 ~` and `ESC [ 201 ~`.
    Paste(Vec<u8>),
}

impl Decoder {
    /// The keys that end with this byte, none or several.
    pub(super) fn decode(&mut self, byte: u8) -> Vec<Key> {
        let was_return = mem::replace(&mut self.was_return, byte == b'\r');
        match mem::take(&mut self.state) {
            State::Paste(bytes) => self.paste(bytes, byte),
            _ if byte == ESC => self.escape(),
            State::Ground if byte == b'\n' && was_return => {}
            State::Ground => self.plain(byte),
            State::Escape => self.behind_escape(byte),
            State::Single => self.keys.extend(named(byte, false)),
            State::Sequence(bytes) => self.sequence(bytes, byte),
        }
        mem::take(&mut self.keys)
    }

    /// How long to wait for more bytes, if there is a key that is not whole.
    pub(super) fn patience(&self) -> Option<Duration> {
        match self.state {
            State::Ground if self.partial.is_empty() => None,
            State::Paste(_) => Some(PASTE_PATIENCE),
            _ => Some(KEY_PATIENCE),
        }
    }

    /// Nothing more has come: what there is has to be whole.
    pub(super) fn time_out(&mut self) -> Vec<Key> {
        self.end_character();
        match mem::take(&mut self.state) {
            State::Ground => {}
            State::Paste(bytes) => self.keys.push(Key::Paste(bytes)),
            State::Escape | State::Single | State::Sequence(_) => self.keys.push(Key::Escape),
        }
        mem::take(&mut self.keys)
    }

    fn escape(&mut self) {
        self.end_character();
        self.state = State::Escape;
    }

    fn plain(&mut self, byte: u8) {
        if byte >= 0x80 {
            return self.part_of_character(byte);
        }
        self.end_character();
        let is_prefixed = mem::take(&mut self.is_prefixed);
        self.keys.push(match byte {
            b'\r' | b'\n' => Key::Enter,
            b'\t' => Key::Complete,
            0x01 => Key::Start,
            0x02 => Key::Left,
            0x03 => Key::Interrupt,
            0x04 => Key::EndOfInput,
            0x05 => Key::End,
            0x06 => Key::Right,
            0x07 => Key::Abort,
            0x08 | 0x7f => Key::DeleteBefore,
            0x0b => Key::DeleteToEnd,
            0x0c => Key::Redraw,
            0x0e => Key::Newer,
            0x10 => Key::Older,
            0x11 | 0x16 => Key::Quote,
            0x12 => Key::SearchOlder,
            0x13 => Key::SearchNewer,
            0x14 => Key::Transpose,
            0x15 if is_prefixed => Key::Undo,
            0x15 => Key::DeleteToStart,
            0x17 => Key::DeleteBlankWordBefore,
            0x18 => return self.is_prefixed = true,
            0x19 => Key::Yank,
            0x1a => Key::Suspend,
            0x1f => Key::Undo,
            0x20..=0x7e => Key::Insert(char::from(byte)),
            _ => return,
        });
    }

    fn part_of_character(&mut self, byte: u8) {
        if !(0x80..0xc0).contains(&byte) {
            self.end_character();
        }
        self.partial.push(byte);
        match std::str::from_utf8(&self.partial) {
            Ok(text) => {
                self.keys.extend(text.chars().map(Key::Insert));
                self.partial.clear();
            }
            Err(error) if error.error_len().is_none() => {}
            Err(_) => self.end_character(),
        }
    }

    /// What was begun and is no UTF-8 is Latin-1.
    fn end_character(&mut self) {
        let characters = self.partial.drain(..).map(char::from);
        self.keys.extend(characters.map(Key::Insert));
    }

    fn behind_escape(&mut self, byte: u8) {
        let key = match byte {
            b'[' => return self.state = State::Sequence(Vec::new()),
            b'O' => return self.state = State::Single,
            b'b' => Key::WordLeft,
            b'f' => Key::WordRight,
            b'd' => Key::DeleteWordAfter,
            b'u' => Key::UpperCase,
            b'l' => Key::LowerCase,
            b'c' => Key::Capitalize,
            b'y' => Key::YankOlder,
            b'<' => Key::Oldest,
            b'>' => Key::Newest,
            0x08 | 0x7f => Key::DeleteWordBefore,
            _ => {
                self.keys.push(Key::Escape);
                return self.plain(byte);
            }
        };
        self.keys.push(key);
    }

    fn sequence(&mut self, mut bytes: Vec<u8>, byte: u8) {
        // The Linux console's function keys have one more of these.
        let is_doubled = bytes == b"[";
        match byte {
            b'[' if bytes.is_empty() => bytes.push(byte),
            0x20..=0x3f if !is_doubled && bytes.len() < MAX_SEQUENCE => bytes.push(byte),
            0x20..=0x7e if is_doubled => return,
            b'~' if bytes == b"200" => return self.state = State::Paste(Vec::new()),
            0x20..=0x7e => return self.keys.extend(understood(&bytes, byte)),
            // It was none.
            _ => return self.plain(byte),
        }
        self.state = State::Sequence(bytes);
    }

    fn paste(&mut self, mut bytes: Vec<u8>, byte: u8) {
        bytes.push(byte);
        if bytes.ends_with(PASTE_END) {
            bytes.truncate(bytes.len() - PASTE_END.len());
            return self.keys.push(Key::Paste(bytes));
        }
        if bytes.len() > MAX_PASTE {
            // The beginning says what it is, and the end when it is over.
            bytes.drain(MAX_PASTE - PASTE_END.len()..MAX_PASTE - PASTE_END.len() + 1);
        }
        self.state = State::Paste(bytes);
    }
}

/// The key of a sequence with parameters.
fn understood(parameters: &[u8], last: u8) -> Option<Key> {
    let numbers = std::str::from_utf8(parameters).ok()?.split(';');
    let mut numbers = numbers.map(|number| number.parse::<usize>().ok());
    let (first, second) = (numbers.next().flatten(), numbers.next().flatten());
    let is_modified = second.is_some_and(|modifiers| modifiers > 1);
    match (last, first) {
        (b'~', Some(1 | 7)) => Some(Key::Start),
        (b'~', Some(3)) if is_modified => Some(Key::DeleteWordAfter),
        (b'~', Some(3)) => Some(Key::DeleteAfter),
        (b'~', Some(4 | 8)) => Some(Key::End),
        (b'R', Some(_)) => second.map(Key::CursorAt),
        _ => named(last, is_modified),
    }
}

/// The key of a sequence that ends with a letter of its own.
fn named(last: u8, is_modified: bool) -> Option<Key> {
    Some(match last {
        b'A' => Key::Older,
        b'B' => Key::Newer,
        b'C' if is_modified => Key::WordRight,
        b'C' => Key::Right,
        b'D' if is_modified => Key::WordLeft,
        b'D' => Key::Left,
        b'F' => Key::End,
        b'H' => Key::Start,
        b'M' => Key::Enter,
        _ => return None,
    })
}

const ESC: u8 = 0x1b;
const PASTE_END: &[u8] = b"\x1b[201~";

/// A terminal sends the bytes of a key at once; people take longer between two keys.
const KEY_PATIENCE: Duration = Duration::from_millis(100);

/// For a terminal that forgets the end.
const PASTE_PATIENCE: Duration = Duration::from_secs(2);

/// The most that can be pasted at once, in bytes.
const MAX_PASTE: usize = 1 << 20;

const MAX_SEQUENCE: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_inserted_character_by_character() {
        assert_eq!(
            keys("aé漢".as_bytes()),
            [Key::Insert('a'), Key::Insert('é'), Key::Insert('漢')]
        );
    }

    #[test]
    fn what_is_no_utf_8_is_latin_1() {
        assert_eq!(text(b"caf\xe9 \xc3a\xff\x80b"), "café Ãaÿ\u{80}b");
        let mut decoder = Decoder::default();
        assert_eq!(decoder.decode(0xe9), []);
        assert!(decoder.patience().is_some());
        assert_eq!(decoder.time_out(), [Key::Insert('é')]);
        assert_eq!(decoder.patience(), None);
    }

    #[test]
    fn every_end_of_a_line_is_one_enter() {
        assert_eq!(keys(b"\r"), [Key::Enter]);
        assert_eq!(keys(b"\n"), [Key::Enter]);
        assert_eq!(keys(b"\r\n\n\r"), [Key::Enter, Key::Enter, Key::Enter]);
    }

    #[test]
    fn arrows_come_in_two_forms_and_with_modifiers() {
        assert_eq!(
            keys(b"\x1b[A\x1bOB\x1b[C\x1bOD"),
            [Key::Older, Key::Newer, Key::Right, Key::Left]
        );
        assert_eq!(keys(b"\x1b[1;5C\x1b[1;3D"), [Key::WordRight, Key::WordLeft]);
        assert_eq!(
            keys(b"\x1b[3~\x1b[3;5~\x1b[1~\x1b[4~"),
            [Key::DeleteAfter, Key::DeleteWordAfter, Key::Start, Key::End]
        );
    }

    #[test]
    fn escape_swallows_nothing() {
        assert_eq!(keys(b"\x1bh"), [Key::Escape, Key::Insert('h')]);
        assert_eq!(keys(b"\x1b\r"), [Key::Escape, Key::Enter]);
        let mut decoder = Decoder::default();
        assert_eq!(decoder.decode(ESC), []);
        assert_eq!(decoder.time_out(), [Key::Escape]);
        assert_eq!(decoder.decode(b'b'), [Key::Insert('b')]);
    }

    #[test]
    fn sequences_of_other_keys_leave_nothing_behind() {
        assert_eq!(text(b"\x1b[15~\x1b[?25h\x1b[[Aa\x1b[24;80Ub"), "ab");
    }

    #[test]
    fn what_is_pasted_is_one_key() {
        assert_eq!(
            keys(b"\x1b[200~one\ntwo\x1b[3~\x03\x1b[201~b"),
            [
                Key::Paste(b"one\ntwo\x1b[3~\x03".to_vec()),
                Key::Insert('b')
            ]
        );
        let mut decoder = Decoder::default();
        b"\x1b[200~no end".iter().for_each(|&byte| {
            decoder.decode(byte);
        });
        assert_eq!(decoder.time_out(), [Key::Paste(b"no end".to_vec())]);
    }

    #[test]
    fn what_is_pasted_is_bounded() {
        let mut bytes = b"\x1b[200~".to_vec();
        bytes.extend(vec![b'x'; MAX_PASTE + 100]);
        bytes.extend(PASTE_END);
        let [Key::Paste(pasted)] = &keys(&bytes)[..] else {
            panic!("one key")
        };
        assert!(pasted.len() <= MAX_PASTE);
    }

    #[test]
    fn undo_has_two_keys() {
        assert_eq!(keys(b"\x1f\x18\x15"), [Key::Undo, Key::Undo]);
        assert_eq!(keys(b"\x18a\x15"), [Key::Insert('a'), Key::DeleteToStart]);
    }

    fn text(bytes: &[u8]) -> String {
        let keys = keys(bytes).into_iter();
        keys.filter_map(|key| match key {
            Key::Insert(character) => Some(character),
            _ => None,
        })
        .collect()
    }

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut decoder = Decoder::default();
        let mut keys: Vec<_> = bytes
            .iter()
            .flat_map(|&byte| decoder.decode(byte))
            .collect();
        keys.extend(decoder.time_out());
        keys
    }
}
