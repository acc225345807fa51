//! Keys out of the bytes that a terminal sends.

/// What a key asks of the line that is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Insert(char),
    Enter,
    Complete,
    DeleteBefore,
    DeleteAfter,
    DeleteWordBefore,
    DeleteToStart,
    DeleteToEnd,
    Left,
    Right,
    WordLeft,
    WordRight,
    Start,
    End,
    Older,
    Newer,
    Redraw,
    /// Ctrl-C
    Interrupt,
    /// Ctrl-D
    EndOfInput,
}

/// Understands UTF-8, control characters, and the sequences of the keys that editing needs;
/// everything else is dropped.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
    /// A character that is not whole yet.
    partial: Vec<u8>,
    /// Whether the last byte was a carriage return: a line feed behind it is no key of its own.
    was_return: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    Escape,
    /// Behind `ESC O`.
    Single,
    /// Behind `ESC [`, with the first number, and whether a modifier was held.
    Sequence {
        number: u8,
        in_first: bool,
        is_modified: bool,
    },
}

impl Decoder {
    pub(super) fn decode(&mut self, byte: u8) -> Option<Key> {
        let was_return = std::mem::replace(&mut self.was_return, byte == b'\r');
        if byte == 0x1b {
            self.state = State::Escape;
            return None;
        }
        match std::mem::take(&mut self.state) {
            State::Ground if byte == b'\n' && was_return => None,
            State::Ground => self.plain(byte),
            State::Escape => self.escaped(byte),
            State::Single => final_byte(byte, false),
            State::Sequence {
                number,
                in_first,
                is_modified,
            } => match byte {
                b'0'..=b'9' => {
                    let digit = byte - b'0';
                    let number = if in_first {
                        number.saturating_mul(10).saturating_add(digit)
                    } else {
                        number
                    };
                    let is_modified = is_modified || (!in_first && digit > 1);
                    self.state = State::Sequence {
                        number,
                        in_first,
                        is_modified,
                    };
                    None
                }
                b';' => {
                    self.state = State::Sequence {
                        number,
                        in_first: false,
                        is_modified,
                    };
                    None
                }
                b'~' => numbered(number),
                // Parameters that no key of ours has.
                0x20..=0x3f => {
                    self.state = State::Sequence {
                        number: 0,
                        in_first: false,
                        is_modified,
                    };
                    None
                }
                _ => final_byte(byte, is_modified),
            },
        }
    }

    fn plain(&mut self, byte: u8) -> Option<Key> {
        if byte >= 0x80 {
            return self.part_of_character(byte);
        }
        self.partial.clear();
        Some(match byte {
            b'\r' | b'\n' => Key::Enter,
            b'\t' => Key::Complete,
            0x01 => Key::Start,
            0x02 => Key::Left,
            0x03 => Key::Interrupt,
            0x04 => Key::EndOfInput,
            0x05 => Key::End,
            0x06 => Key::Right,
            0x08 | 0x7f => Key::DeleteBefore,
            0x0b => Key::DeleteToEnd,
            0x0c => Key::Redraw,
            0x0e => Key::Newer,
            0x10 => Key::Older,
            0x15 => Key::DeleteToStart,
            0x17 => Key::DeleteWordBefore,
            0x20..=0x7e => Key::Insert(char::from(byte)),
            _ => return None,
        })
    }

    fn part_of_character(&mut self, byte: u8) -> Option<Key> {
        if byte >= 0xc0 {
            self.partial.clear();
        }
        self.partial.push(byte);
        match std::str::from_utf8(&self.partial) {
            Ok(text) => {
                let character = text.chars().next();
                self.partial.clear();
                character.map(Key::Insert)
            }
            Err(error) if error.error_len().is_none() => None,
            Err(_) => {
                self.partial.clear();
                None
            }
        }
    }

    fn escaped(&mut self, byte: u8) -> Option<Key> {
        match byte {
            b'[' => {
                self.state = State::Sequence {
                    number: 0,
                    in_first: true,
                    is_modified: false,
                };
                None
            }
            b'O' => {
                self.state = State::Single;
                None
            }
            b'b' => Some(Key::WordLeft),
            b'f' => Some(Key::WordRight),
            0x08 | 0x7f => Some(Key::DeleteWordBefore),
            _ => None,
        }
    }
}

fn final_byte(byte: u8, is_modified: bool) -> Option<Key> {
    Some(match byte {
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

fn numbered(number: u8) -> Option<Key> {
    match number {
        1 | 7 => Some(Key::Start),
        3 => Some(Key::DeleteAfter),
        4 | 8 => Some(Key::End),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_inserted_character_by_character() {
        assert_eq!(
            keys("aé漢".as_bytes()),
            [Key::Insert('a'), Key::Insert('é'), Key::Insert('漢')]
        );
        assert_eq!(
            keys(b"\xc3a\xff\x80b"),
            [Key::Insert('a'), Key::Insert('b')]
        );
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
            keys(b"\x1b[3~\x1b[1~\x1b[4~"),
            [Key::DeleteAfter, Key::Start, Key::End]
        );
    }

    #[test]
    fn sequences_of_other_keys_leave_nothing_behind() {
        assert_eq!(
            keys(b"\x1b[15~\x1b[?25h\x1b[200~a\x1b[201~\x1bxb"),
            [Key::Insert('a'), Key::Insert('b')]
        );
    }

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut decoder = Decoder::default();
        bytes
            .iter()
            .filter_map(|&byte| decoder.decode(byte))
            .collect()
    }
}
