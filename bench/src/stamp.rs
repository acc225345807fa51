//! What a message says: who sent it, as which of the sender's messages, and when.

use thiserror::Error;

/// The content of one message, in printable ASCII that every protocol hands on unchanged.
///
/// On the wire it is [`MARK`], the three numbers in digits of six bits each, and filling up to the
/// size of all messages of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) sender: u32,
    pub(crate) sequence: u32,
    /// When it was sent, or was to be sent, in nanoseconds since the run began.
    pub(crate) at: u64,
}

impl Stamp {
    /// The shortest text that holds a stamp.
    pub(crate) const MIN_SIZE: usize = 1 + SENDER + SEQUENCE + AT + 1;

    /// Appends a text of `size` bytes.
    pub(crate) fn encode(self, out: &mut Vec<u8>, size: usize) {
        let end = out.len() + size;
        out.push(MARK);
        push_digits(out, self.sender.into(), SENDER);
        push_digits(out, self.sequence.into(), SEQUENCE);
        push_digits(out, self.at, AT);
        out.resize(end, FILLING);
    }

    /// What `line` says in its last `size` bytes, or `None` if it is no message.
    pub(crate) fn decode(line: &[u8], size: usize) -> Option<Result<Self, Torn>> {
        let text = &line[line.len().checked_sub(size)?..];
        if text[0] != MARK {
            // A piece of a message is not a line of the protocol.
            return line.ends_with(&[FILLING; 2]).then_some(Err(Torn));
        }
        let (sender, rest) = text[1..].split_at(SENDER);
        let (sequence, rest) = rest.split_at(SEQUENCE);
        let (at, filling) = rest.split_at(AT);
        if filling.iter().any(|&byte| byte != FILLING) {
            return Some(Err(Torn));
        }
        Some(Ok(Self {
            sender: digits(sender) as u32,
            sequence: digits(sequence) as u32,
            at: digits(at),
        }))
    }
}

/// A message is not whole.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a message came in pieces")]
pub(crate) struct Torn;

fn push_digits(out: &mut Vec<u8>, number: u64, count: usize) {
    for digit in (0..count).rev() {
        out.push(ZERO + (number >> (6 * digit) & 63) as u8);
    }
}

fn digits(text: &[u8]) -> u64 {
    text.iter().fold(0, |number, &digit| {
        number << 6 | u64::from(digit.wrapping_sub(ZERO) & 63)
    })
}

/// No protocol gives it a meaning at the beginning of a text.
const MARK: u8 = b'~';
const FILLING: u8 = b'x';
const ZERO: u8 = b'0';
const SENDER: usize = 4;
const SEQUENCE: usize = 6;
const AT: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp {
        sender: 9_999,
        sequence: u32::MAX,
        at: 86_400_000_000_000,
    };

    #[test]
    fn a_stamp_is_read_back_behind_whatever_a_protocol_puts_before_it() {
        for size in [Stamp::MIN_SIZE, 64, 400] {
            let mut line = b"DELIVERY u1 ".to_vec();
            STAMP.encode(&mut line, size);
            assert_eq!(line.len(), 12 + size);
            assert_eq!(Stamp::decode(&line, size), Some(Ok(STAMP)));
        }
    }

    #[test]
    fn other_lines_are_no_messages() {
        assert_eq!(Stamp::decode(b"SEND-OK", 64), None);
        assert_eq!(Stamp::decode(&[b'.'; 100], 64), None);
    }

    #[test]
    fn a_message_with_something_missing_or_mixed_in_is_torn() {
        let mut whole = Vec::new();
        STAMP.encode(&mut whole, 64);
        let missing = [&whole[..30], &whole[31..]].concat();
        let mixed = [&whole[..40], b"~", &whole[41..]].concat();
        let doubled = [&whole[..], &whole[40..]].concat();
        for line in [missing, mixed, doubled] {
            let decoded = Stamp::decode(&[b"u1: ", &line[..]].concat(), 64);
            assert_eq!(decoded, Some(Err(Torn)));
        }
    }
}
