//! Bytes in, lines out.

use alloc::vec::Vec;
use core::mem;

use memchr::{memchr, memrchr};

/// One line, or one chunk, as a peer sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// All of it, its ending included.
    pub(crate) raw: &'a [u8],
    pub(crate) ending: Ending,
}

impl<'a> Line<'a> {
    /// The line without its ending.
    pub(crate) fn content(&self) -> &'a [u8] {
        &self.raw[..self.raw.len() - self.ending.len()]
    }

    /// A chunk, which has no ending: whatever one read brought.
    pub(crate) fn chunk(raw: &'a [u8]) -> Self {
        Self {
            raw,
            ending: Ending::None,
        }
    }

    /// `raw` ends with the line feed.
    fn ended(raw: &'a [u8]) -> Self {
        let ending = if raw.ends_with(b"\r\n") {
            Ending::CrLf
        } else {
            Ending::Lf
        };
        Self { raw, ending }
    }
}

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It is a chunk.
    None,
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
}

impl Ending {
    fn len(self) -> usize {
        match self {
            Self::None => 0,
            Self::Lf => 1,
            Self::CrLf => 2,
        }
    }
}

/// What the decoder found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decoded<'a> {
    Line(Line<'a>),
    /// A line longer than the limit: said once, as soon as it is certain; the rest of the line is
    /// dropped.
    TooLong,
}

/// Cuts a stream of bytes into lines, wherever the stream was cut before.
///
/// A line that arrives whole is borrowed from the input; only an unfinished one is kept, in at
/// most the limit's bytes and its `\r`. No byte is looked at twice.
#[derive(Debug, Default)]
pub(crate) struct LineDecoder {
    /// The beginning of the unfinished line: no `\n` in it. After a line was handed out that
    /// began here, all of that line, until the next call.
    partial: Vec<u8>,
    /// `partial` was handed out and is to be forgotten.
    spent: bool,
    /// The unfinished line is too long, and what is left of it is dropped.
    skipping: bool,
}

impl LineDecoder {
    /// The next line. Takes what it used off `input`; `None` when it needs more.
    pub(crate) fn decode<'s, 'i: 's>(
        &'s mut self,
        input: &mut &'i [u8],
        max_line: usize,
    ) -> Option<Decoded<'s>> {
        self.forget_spent();
        self.skip(input);
        let Some(end) = memchr(b'\n', input) else {
            return self.keep(mem::take(input), max_line);
        };
        let (raw, rest) = input.split_at(end + 1);
        *input = rest;
        Some(self.finish_line(raw, max_line))
    }

    /// Takes `input` for the beginning of a line, if that is what it is and there is room for it.
    pub(crate) fn decode_unfinished(&mut self, input: &mut &[u8], max_line: usize) {
        self.forget_spent();
        if self.certain_length(input) <= max_line && memchr(b'\n', input).is_none() {
            self.keep(mem::take(input), max_line);
        }
    }

    /// Takes off `input` what is left of a line that was said to be too long.
    pub(crate) fn skip(&mut self, input: &mut &[u8]) {
        if !self.skipping {
            return;
        }
        match memchr(b'\n', input) {
            Some(end) => {
                *input = &input[end + 1..];
                self.skipping = false;
            }
            None => *input = &[],
        }
    }

    /// The last line, when no further byte will come: what came without an ending counts, with
    /// `\n` for its ending. A `\r` at its end is half an ending, not content.
    pub(crate) fn decode_end(&mut self) -> Option<Decoded<'_>> {
        if !self.has_unfinished_line() {
            return None;
        }
        if self.partial.ends_with(b"\r") {
            self.partial.pop();
        }
        self.partial.push(b'\n');
        self.spent = true;
        Some(Decoded::Line(Line {
            raw: &self.partial,
            ending: Ending::Lf,
        }))
    }

    /// Whether [`decode_end`](Self::decode_end) has a line to tell.
    pub(crate) fn has_unfinished_line(&self) -> bool {
        self.is_within_line(&[])
    }

    /// Whether a line has begun and not ended once `rest` has come. Half an ending alone is none.
    pub(crate) fn is_within_line(&self, rest: &[u8]) -> bool {
        if let Some(end) = memrchr(b'\n', rest) {
            return !matches!(rest[end + 1..], [] | [b'\r']);
        }
        let has_begun = !self.unfinished().is_empty() || !rest.is_empty();
        has_begun && !self.is_half_an_ending(rest)
    }

    /// Whether all that is left with `rest`, when no further byte will come, is half an ending.
    pub(crate) fn is_half_an_ending(&self, rest: &[u8]) -> bool {
        self.unfinished().iter().chain(rest).eq(b"\r")
    }

    /// Whether `rest`, in which no line ends, makes the unfinished line one that is to be told as too
    /// long.
    pub(crate) fn is_too_long_with(&self, rest: &[u8], max_line: usize) -> bool {
        !self.skipping && self.certain_length(rest) > max_line
    }

    /// Gives back memory that no unfinished line needs.
    pub(crate) fn shrink(&mut self) {
        self.forget_spent();
        if self.partial.is_empty() {
            self.partial = Vec::new();
        }
    }

    fn finish_line<'a>(&'a mut self, raw: &'a [u8], max_line: usize) -> Decoded<'a> {
        let line = if self.partial.is_empty() {
            Line::ended(raw)
        } else {
            self.partial.extend_from_slice(raw);
            self.spent = true;
            Line::ended(&self.partial)
        };
        if line.content().len() > max_line {
            return Decoded::TooLong;
        }
        Decoded::Line(line)
    }

    /// Keeps the beginning of a line, unless it is too long already.
    fn keep(&mut self, bytes: &[u8], max_line: usize) -> Option<Decoded<'static>> {
        if bytes.is_empty() {
            return None;
        }
        if self.certain_length(bytes) > max_line {
            self.partial = Vec::new();
            self.skipping = true;
            return Some(Decoded::TooLong);
        }
        let length = self.partial.len() + bytes.len();
        if length > self.partial.capacity() {
            // Doubling, but never past what the longest line needs.
            let capacity = (2 * length).min(max_line.saturating_add(2)).max(length);
            self.partial.reserve_exact(capacity - self.partial.len());
        }
        self.partial.extend_from_slice(bytes);
        None
    }

    /// How long the unfinished line is at least, without its ending, when `bytes` belong to it.
    fn certain_length(&self, bytes: &[u8]) -> usize {
        self.partial.len() + bytes.len() - usize::from(bytes.ends_with(b"\r"))
    }

    fn unfinished(&self) -> &[u8] {
        if self.spent { &[] } else { &self.partial }
    }

    fn forget_spent(&mut self) {
        if mem::take(&mut self.spent) {
            self.partial.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec;

    use super::*;

    const MAX: usize = 8;

    #[test]
    fn a_line_keeps_its_content_and_its_ending_apart() {
        let mut decoder = LineDecoder::default();
        let mut input = &b"one\r\ntwo\n\n\r\nlone\rcr\r\r\n"[..];
        let mut seen = vec![];
        while let Some(Decoded::Line(line)) = decoder.decode(&mut input, 100) {
            seen.push((line.content().to_vec(), line.ending));
        }
        let expected = [
            (b"one".to_vec(), Ending::CrLf),
            (b"two".to_vec(), Ending::Lf),
            (b"".to_vec(), Ending::Lf),
            (b"".to_vec(), Ending::CrLf),
            (b"lone\rcr\r".to_vec(), Ending::CrLf),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_line_of_the_limit_passes_and_one_byte_more_does_not() {
        assert_eq!(lines(&[b"12345678\n"]), ["12345678\n"]);
        assert_eq!(lines(&[b"12345678\r\n"]), ["12345678\r\n"]);
        assert_eq!(lines(&[b"12345678\r", b"\n"]), ["12345678\r\n"]);
        assert_eq!(lines(&[b"123456789\n"]), ["too long"]);
        assert_eq!(lines(&[b"12345678\r\r\n"]), ["too long"]);
        assert_eq!(lines(&[b"12345678\r", b"\r\n"]), ["too long"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_told_once_and_skipped_to_its_end() {
        let pieces: [&[u8]; 4] = [b"123456789", b"more and more", b"end\nnext\n", b"last"];
        assert_eq!(lines(&pieces), ["too long", "next\n", "last\n"]);
    }

    #[test]
    fn too_long_is_told_before_the_line_has_ended() {
        let mut decoder = LineDecoder::default();
        let mut input = &b"123456789"[..];
        assert_eq!(decoder.decode(&mut input, MAX), Some(Decoded::TooLong));
    }

    #[test]
    fn what_comes_last_counts_without_an_ending() {
        assert_eq!(lines(&[b"one\ntwo"]), ["one\n", "two\n"]);
        assert_eq!(lines(&[b"two\r"]), ["two\n"]);
        assert_eq!(lines(&[b"12345678\r"]), ["12345678\n"]);
        assert_eq!(lines(&[b"one\n\r"]), ["one\n"]);
        assert_eq!(lines(&[b"two\r\r"]), ["two\r\n"]);
        assert_eq!(lines(&[b"123456789"]), ["too long"]);
    }

    #[test]
    fn the_lines_do_not_depend_on_where_the_stream_was_cut() {
        let stream = b"a\r\n\r\n12345678\r\n123456789\nb\rc\n12345678\r\r\nend\r";
        let whole = lines(&[stream]);
        for first in 0..stream.len() {
            for second in first..stream.len() {
                let pieces = [&stream[..first], &stream[first..second], &stream[second..]];
                assert_eq!(lines(&pieces), whole, "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn an_unfinished_line_never_takes_more_than_the_limit_and_an_ending() {
        let mut decoder = LineDecoder::default();
        for _ in 0..1000 {
            let _ = decoder.decode(&mut &b"x"[..], MAX);
            assert!(decoder.partial.capacity() <= MAX + 2);
        }
    }

    #[test]
    fn an_unfinished_line_takes_more_memory_only_when_it_has_too_little() {
        let mut decoder = LineDecoder::default();
        let _ = decoder.decode(&mut &b"1234"[..], MAX);
        let capacity = decoder.partial.capacity();
        assert_eq!(capacity, 8);
        let _ = decoder.decode(&mut &b"5678"[..], MAX);
        assert_eq!(decoder.partial.capacity(), capacity);
    }

    /// All lines of a stream that came in these pieces.
    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let mut decoder = LineDecoder::default();
        let mut lines = vec![];
        for mut piece in pieces.iter().copied() {
            while let Some(decoded) = decoder.decode(&mut piece, MAX) {
                lines.push(shown(decoded));
            }
        }
        lines.extend(decoder.decode_end().map(shown));
        lines
    }

    fn shown(decoded: Decoded<'_>) -> String {
        match decoded {
            Decoded::Line(line) => String::from_utf8(line.raw.to_vec()).unwrap(),
            Decoded::TooLong => "too long".into(),
        }
    }
}
