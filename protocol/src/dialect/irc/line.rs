//! How long a line may be, and how one is put together.

use alloc::vec::Vec;
use core::fmt;

use memchr::memchr3;

use super::message::Params;
use super::numeric::Numeric;
use super::source::Source;
use super::tags::{Tags, escape};
use crate::wire::text::{is_refused, quoted};

/// Whether a client may send such a line, which is given without its ending: at most
/// [`MAX_CLIENT_TAGS`] bytes of tags, and [`MAX_MESSAGE`] for the rest with its `\r\n`. A server
/// answers a longer one with 417 and does nothing else about it.
pub fn is_within_limits(line: &[u8]) -> bool {
    let (tags, rest) = match line {
        [b'@', tagged @ ..] => match memchr::memchr(b' ', tagged) {
            Some(end) => (&tagged[..end], &tagged[end + 1..]),
            None => (tagged, &[][..]),
        },
        _ => (&[][..], line),
    };
    tags.len() <= MAX_CLIENT_TAGS && rest.len() <= MAX_MESSAGE - LINE_END
}

/// Puts one line together, part by part, in the order in which they stand in it.
///
/// Whatever it is given, it makes one line that is no longer than the protocol allows: what is too
/// much is cut off between characters, and a line feed, a carriage return or a NUL becomes a `?`.
///
/// ```
/// use linechat_protocol::irc::{LineWriter, Numeric};
///
/// let mut out = Vec::new();
/// let mut line = LineWriter::begin(&mut out);
/// line.numeric("irc.example.net", Numeric::ERR_NOSUCHNICK, "dan");
/// line.word("wiz");
/// line.explained();
/// line.end();
/// assert_eq!(out, b":irc.example.net 401 dan wiz :No such nick/channel\r\n");
/// ```
#[derive(Debug)]
#[must_use = "a line has to be ended"]
pub struct LineWriter<'o> {
    out: &'o mut Vec<u8>,
    /// Where the line begins.
    start: usize,
    /// Where what is not a tag begins.
    message: usize,
    /// The text that belongs to the numeric.
    text: &'static str,
}

impl<'o> LineWriter<'o> {
    /// Begins a line at the end of `out`.
    pub fn begin(out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        Self {
            out,
            start,
            message: start,
            text: "",
        }
    }

    /// Adds a tag whose value stands for itself; without a value if that is empty.
    pub fn tag(&mut self, key: &str, value: &str) {
        self.begin_tag(key);
        if !value.is_empty() {
            self.out.push(b'=');
            escape(value, self.out);
        }
        self.end_tag();
    }

    /// Adds a tag whose value is shown as it is, and needs no escaping.
    pub fn tag_shown(&mut self, key: &str, value: impl fmt::Display) {
        self.begin_tag(key);
        self.out.push(b'=');
        self.show(value);
        self.end_tag();
    }

    /// Adds tags that are escaped already.
    pub fn tags(&mut self, tags: Tags<'_>) {
        if !tags.is_empty() {
            self.begin_tag(tags.as_str());
            self.end_tag();
        }
    }

    /// Adds the source.
    pub fn source(&mut self, source: Source<'_>) {
        self.out.push(b':');
        self.show(source);
    }

    /// Adds the command, in letters.
    pub fn command(&mut self, command: &str) {
        self.separate();
        self.put(command);
    }

    /// Adds the server as the source, a numeric and whom it is for: a nickname, or `*`.
    pub fn numeric(&mut self, server: &str, numeric: Numeric, to: &str) {
        self.source(Source::server(server));
        self.command(numeric.digits().as_str());
        self.word(to);
        self.text = numeric.text();
    }

    /// Adds a word: not empty, no space in it, no colon before it.
    pub fn word(&mut self, word: &str) {
        debug_assert!(
            !word.is_empty() && !word.starts_with(':') && !word.contains(' '),
            "no word: {word:?}"
        );
        self.separate();
        self.put(word);
    }

    /// Adds a word that is shown, such as a number.
    pub fn shown(&mut self, word: impl fmt::Display) {
        self.separate();
        self.show(word);
    }

    /// Adds a peer's own words as one word, cut to 64 bytes, without characters that a terminal
    /// obeys; `*` if nothing is left.
    pub fn quoted(&mut self, words: &str) {
        self.separate();
        let words = quoted(words.trim_start_matches([':', ' ']));
        if words.is_empty() {
            return self.put("*");
        }
        for character in words.chars() {
            let is_harmless = character != ' ' && !is_refused(character);
            let shown = if is_harmless { character } else { '?' };
            self.put(shown.encode_utf8(&mut [0; 4]));
        }
    }

    /// Adds the text with which the line ends, with its colon.
    pub fn text(&mut self, text: &str) {
        self.begin_text();
        self.put(text);
    }

    /// Adds a text that is shown, such as `format_args!`.
    pub fn text_shown(&mut self, text: impl fmt::Display) {
        self.begin_text();
        self.show(text);
    }

    /// Adds the text that belongs to the numeric.
    pub fn explained(&mut self) {
        self.text(self.text);
    }

    /// Begins the text with which the line ends. What it consists of follows with
    /// [`more`](Self::more).
    pub fn begin_text(&mut self) {
        self.separate();
        self.out.push(b':');
    }

    /// Adds to the text, or to the word, with which the line ends.
    pub fn more(&mut self, text: &str) {
        self.put(text);
    }

    /// Adds all parameters, as they are.
    pub fn params(&mut self, params: &Params<'_>) {
        let Some((last, words)) = params.as_slice().split_last() else {
            return;
        };
        for word in words {
            self.separate();
            self.put(word);
        }
        self.separate();
        if params.has_colon() {
            self.put(":");
        }
        self.put(last);
    }

    /// How many more bytes fit.
    pub fn room(&self) -> usize {
        let used = self.out.len() - self.message;
        (MAX_MESSAGE - LINE_END).saturating_sub(used)
    }

    /// Ends the line.
    pub fn end(self) {
        let Self {
            out,
            start,
            message,
            ..
        } = self;
        cut(out, message + MAX_MESSAGE - LINE_END);
        let mut clean = start;
        while let Some(found) = memchr3(b'\n', b'\r', 0, &out[clean..]) {
            clean += found;
            out[clean] = b'?';
        }
        out.extend_from_slice(b"\r\n");
    }

    /// Forgets the line.
    pub fn discard(self) {
        self.out.truncate(self.start);
    }

    fn begin_tag(&mut self, tag: &str) {
        let is_first = self.out.len() == self.start;
        if !is_first {
            // The space behind the tags so far.
            self.out.pop();
        }
        self.out.push(if is_first { b'@' } else { b';' });
        self.put(tag);
    }

    fn end_tag(&mut self) {
        self.out.push(b' ');
        self.message = self.out.len();
    }

    /// A space, except at the beginning.
    fn separate(&mut self) {
        if self.out.len() > self.message {
            self.out.push(b' ');
        }
    }

    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn show(&mut self, shown: impl fmt::Display) {
        // Memory takes everything, and a Display that fails has said what it had to say.
        let _ = fmt::write(&mut Appended(self.out), format_args!("{shown}"));
    }
}

/// What is shown, in bytes.
struct Appended<'o>(&'o mut Vec<u8>);

impl fmt::Write for Appended<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Cuts UTF-8 to a length, between characters.
fn cut(out: &mut Vec<u8>, max: usize) {
    if out.len() > max {
        let is_inside = |&end: &usize| out[end] & 0b1100_0000 == 0b1000_0000;
        let inside = (0..=max).rev().take_while(is_inside).count();
        out.truncate(max - inside);
    }
}

/// The longest message, its `\r\n` counted and its tags not, in bytes (RFC 1459, section 2.3).
pub const MAX_MESSAGE: usize = 512;

/// The most bytes of tags that a client may send, without the `@` and the space (IRCv3,
/// message-tags). A server may add as many, and a semicolon between them.
pub const MAX_CLIENT_TAGS: usize = 4094;

/// The longest line that a client may send, in bytes, its ending not counted.
pub const MAX_SENT_LINE: usize = 1 + MAX_CLIENT_TAGS + 1 + MAX_MESSAGE - LINE_END;

/// The longest line that a client has to understand, in bytes, its ending not counted: 8,191 bytes
/// are tags.
pub const MAX_RECEIVED_LINE: usize = MAX_SENT_LINE + 1 + MAX_CLIENT_TAGS;

const LINE_END: usize = 2;

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned as _;
    use alloc::string::String;
    use alloc::vec;

    use super::*;

    fn written(write: impl FnOnce(&mut LineWriter<'_>)) -> String {
        let mut out = vec![b'x'];
        let mut line = LineWriter::begin(&mut out);
        write(&mut line);
        line.end();
        String::from_utf8(out.split_off(1)).unwrap()
    }

    #[test]
    fn the_parts_stand_in_a_line_as_they_were_added() {
        let line = written(|line| {
            line.tag("label", "a b");
            line.tag("bot", "");
            line.tags(Tags::parse("+x=1;+y").unwrap());
            line.tag_shown("msgid", 7);
            line.source(Source::user("dan", "d", "host"));
            line.command("PRIVMSG");
            line.word("#chan");
            line.text_shown(format_args!("{} {}", 1, 2));
            line.more("!");
        });
        let expected = "@label=a\\sb;bot;+x=1;+y;msgid=7 :dan!d@host PRIVMSG #chan :1 2!\r\n";
        assert_eq!(line, expected);
    }

    #[test]
    fn a_line_is_one_line_whatever_is_put_into_it() {
        let line = written(|line| {
            line.command("X");
            line.text("a\r\nPRIVMSG b\0");
        });
        assert_eq!(line, "X :a??PRIVMSG b?\r\n");
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        for (first, length) in [("", 511), ("y", 512)] {
            let line = written(|line| {
                line.tag("t", &"x".repeat(600));
                line.command("X");
                line.text(first);
                line.more(&"é".repeat(300));
            });
            let message = line.split_once(' ').unwrap().1;
            assert_eq!(message.len(), length);
        }
    }

    #[test]
    fn there_is_room_until_the_limit() {
        let line = written(|line| {
            line.tag("t", "v");
            line.command("X");
            line.begin_text();
            assert_eq!(line.room(), 510 - 3);
            line.more(&"y".repeat(line.room()));
            assert_eq!(line.room(), 0);
        });
        assert_eq!(line.len(), "@t=v ".len() + MAX_MESSAGE);
    }

    #[test]
    fn words_of_others_are_quoted_as_one_harmless_word() {
        for (words, quoted) in [
            ("", "*"),
            (": ", "*"),
            (":a b\u{1b}", "a?b?"),
            ("#é", "#é"),
            (&"x".repeat(99), &*"x".repeat(64)),
        ] {
            let expected = "X ".to_owned() + quoted + "\r\n";
            let line = written(|line| {
                line.command("X");
                line.quoted(words);
            });
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn a_line_that_is_discarded_was_never_there() {
        let mut out = vec![b'x'];
        let mut line = LineWriter::begin(&mut out);
        line.command("PING");
        line.discard();
        assert_eq!(out, b"x");
    }

    #[test]
    fn a_line_may_have_so_many_bytes_of_tags_and_so_many_of_the_rest() {
        let line = |tags: usize, rest: usize| {
            let tags = "t".repeat(tags);
            alloc::format!("@{tags} {}", "x".repeat(rest)).into_bytes()
        };
        assert!(is_within_limits(&line(4094, 510)));
        assert_eq!(line(4094, 510).len(), MAX_SENT_LINE);
        assert!(!is_within_limits(&line(4095, 1)));
        assert!(!is_within_limits(&line(1, 511)));
        assert!(is_within_limits(&[b'x'; 510]));
        assert!(!is_within_limits(&[b'x'; 511]));
        assert!(!is_within_limits(&[b'@'; 5000]));
    }
}
