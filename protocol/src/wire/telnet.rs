//! Telnet's own commands (RFC 854), dropped: a Ctrl-C in a telnet client must not spoil the next
//! line. Nothing is ever negotiated.

use alloc::vec::Vec;

use memchr::memchr;

/// Drops telnet commands from a stream of bytes, wherever the stream was cut.
#[derive(Debug, Default)]
pub(crate) struct TelnetFilter {
    state: State,
}

impl TelnetFilter {
    /// What is left of `input`: itself if no command touches it, else a copy in `scratch`.
    pub(crate) fn filter<'a>(&mut self, input: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
        if self.state == State::Text && memchr(IAC, input).is_none() {
            return input;
        }
        scratch.clear();
        for &byte in input {
            let (is_text, state) = self.state.step(byte);
            if is_text {
                scratch.push(byte);
            }
            self.state = state;
        }
        scratch
    }
}

/// Where in a command the stream is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After IAC.
    Command,
    /// After IAC and WILL, WONT, DO or DONT: an option follows.
    Option,
    /// Between IAC SB and IAC SE, with so many bytes behind the SB.
    Subnegotiation(u16),
    /// After an IAC in there.
    SubnegotiationCommand(u16),
}

impl State {
    /// Whether `byte` is text, and the state after it.
    fn step(self, byte: u8) -> (bool, Self) {
        match (self, byte) {
            (Self::Text, IAC) => (false, Self::Command),
            (Self::Text, _) => (true, Self::Text),
            (Self::Command, SB) => (false, Self::Subnegotiation(0)),
            (Self::Command, WILL..=DONT) => (false, Self::Option),
            (Self::Command, END_OF_FILE..) => (false, Self::Text),
            // No command: only the IAC, which no text can contain, is dropped.
            (Self::Command, _) => (true, Self::Text),
            (Self::Option, _) => (false, Self::Text),
            (Self::SubnegotiationCommand(_), SE) => (false, Self::Text),
            (Self::Subnegotiation(length) | Self::SubnegotiationCommand(length), _)
                if length + 1 == MAX_SUBNEGOTIATION =>
            {
                (false, Self::Text)
            }
            (Self::Subnegotiation(length), IAC) => (false, Self::SubnegotiationCommand(length + 1)),
            (Self::Subnegotiation(length) | Self::SubnegotiationCommand(length), _) => {
                (false, Self::Subnegotiation(length + 1))
            }
        }
    }
}

/// The first of the commands: those of line mode (RFC 1184: `Ctrl-D`, `Ctrl-Z` and
/// `Ctrl-\`), the end of a record (RFC 885), and then those of RFC 854.
const END_OF_FILE: u8 = 236;
const SE: u8 = 240;
const SB: u8 = 250;
const WILL: u8 = 251;
const DONT: u8 = 254;
const IAC: u8 = 255;
/// One that has not ended after so many bytes is over: no option that clients speak of unasked is as
/// long, and one stray byte must not deafen a connection for ever.
const MAX_SUBNEGOTIATION: u16 = 512;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// Input, and what is left of it.
    const CASES: [(&[u8], &[u8]); 10] = [
        (b"plain\n", b"plain\n"),
        (b"a\xff\xf4\xff\xfd\x06b\n", b"ab\n"),
        (b"a\xff\xffb", b"ab"),
        (b"a\xff\xfb\x01\xff\xfc\x02\xff\xfe\x03b", b"ab"),
        (b"a\xff\xfa\x1f\x00\x50\x00\x0a\xff\xf0b", b"ab"),
        (b"a\xff\xfa\xff\xff\xf0\xff\xf0b", b"ab"),
        (b"a\xff\xec\xff\xed\xff\xee\xff\xefb", b"ab"),
        (b"a\xffb\n", b"ab\n"),
        (b"a\xff\nb", b"a\nb"),
        (b"\xff", b""),
    ];

    #[test]
    fn commands_are_dropped_and_text_is_kept() {
        for (input, text) in CASES {
            assert_eq!(filtered(input, input.len()), text, "{input:?}");
        }
    }

    #[test]
    fn commands_are_dropped_wherever_the_stream_was_cut() {
        for (input, text) in CASES {
            for size in 1..input.len() {
                assert_eq!(filtered(input, size), text, "{input:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn a_subnegotiation_that_does_not_end_is_over_after_512_bytes() {
        for (content, end, text) in [
            (510, &b"\xff\xf0"[..], &b"next\n"[..]),
            (510, b"\xff\xff", b"next\n"),
            (512, b"", b"next\n"),
            (511, b"\xff", b"next\n"),
            (511, b"\xff\xf0", b"\xf0next\n"),
            (520, b"", b"xxxxxxxxnext\n"),
        ] {
            let input = [b"\xff\xfa", &b"x".repeat(content)[..], end, b"next\n"].concat();
            for size in [1, 7, input.len()] {
                assert_eq!(filtered(&input, size), text, "{content} and {end:?}");
            }
        }
    }

    fn filtered(input: &[u8], size: usize) -> Vec<u8> {
        let mut filter = TelnetFilter::default();
        let mut scratch = Vec::new();
        let mut text = Vec::new();
        for piece in input.chunks(size) {
            text.extend_from_slice(filter.filter(piece, &mut scratch));
        }
        text
    }
}
