//! Lines that a pause ends ([`Framing::Auto`](crate::Framing::Auto)).
//!
//! A pause ends a line as if its sender had sent `\n`: what follows, all that makes lines of bytes
//! need not know.

/// The ending that may come for a line that a pause has ended. It belongs to that line: without
/// this, a user who thinks before pressing Enter in a telnet that sends each key would say an empty
/// line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LateEnding {
    #[default]
    NotExpected,
    Expected,
    /// Its `\r` came. If no `\n` follows, that was content.
    HalfReceived,
}

impl LateEnding {
    /// Takes the ending off `bytes`. Returns what was taken for half of it before, and is not.
    pub(crate) fn strip(&mut self, bytes: &mut &[u8]) -> &'static [u8] {
        let expected = *self;
        if expected == Self::NotExpected || bytes.is_empty() {
            return b"";
        }
        *self = Self::NotExpected;
        if let Some(rest) = bytes.strip_prefix(b"\n") {
            *bytes = rest;
            return b"";
        }
        if expected == Self::HalfReceived {
            return b"\r";
        }
        if let Some(rest) = bytes.strip_prefix(b"\r\n") {
            *bytes = rest;
        } else if *bytes == b"\r" {
            *bytes = b"";
            *self = Self::HalfReceived;
        }
        b""
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn the_ending_that_comes_late_belongs_to_the_line_that_a_pause_has_ended() {
        for (bytes, rest) in [
            (&b"\n"[..], &b""[..]),
            (b"\r\n", b""),
            (b"\r", b""),
            (b"\nnext\n", b"next\n"),
            (b"\r\n\n", b"\n"),
            (b"\n\n", b"\n"),
        ] {
            assert_eq!(after_a_pause(bytes, bytes.len()), rest, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_not_the_late_ending_is_kept() {
        for bytes in [&b"next\n"[..], b"\rnext\n", b"\r\r\n", b" \n"] {
            assert_eq!(after_a_pause(bytes, bytes.len()), bytes);
        }
    }

    #[test]
    fn the_late_ending_is_the_same_however_it_was_cut() {
        for bytes in [&b"\r\n\r\n"[..], b"\n\r\n", b"\r\r\n", b"\ra\n", b"a\n"] {
            assert_eq!(after_a_pause(bytes, 1), after_a_pause(bytes, bytes.len()));
        }
    }

    #[test]
    fn where_no_pause_has_ended_a_line_an_empty_one_is_a_line() {
        let mut bytes = &b"\r\n"[..];
        assert_eq!(LateEnding::NotExpected.strip(&mut bytes), b"");
        assert_eq!(bytes, b"\r\n");
    }

    fn after_a_pause(bytes: &[u8], size: usize) -> Vec<u8> {
        let mut late_ending = LateEnding::Expected;
        let mut kept = Vec::new();
        for mut piece in bytes.chunks(size) {
            kept.extend_from_slice(late_ending.strip(&mut piece));
            kept.extend_from_slice(piece);
        }
        kept
    }
}
