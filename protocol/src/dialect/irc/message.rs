//! One line, understood.

use alloc::vec::Vec;
use core::fmt;

use thiserror::Error;

use super::line::LineWriter;
use super::source::Source;
use super::tags::Tags;

/// One line of the protocol: what a client sends, and what a server sends.
///
/// ```
/// use linechat_protocol::irc::Message;
///
/// let message = Message::parse(b"@time=12 :dan!d@example.net PRIVMSG #chan :Hey what's up!")?;
/// assert_eq!(message.command, "PRIVMSG");
/// assert_eq!(message.source.unwrap().name, "dan");
/// assert_eq!(message.params.get(0), Some("#chan"));
/// assert_eq!(message.params.get(1), Some("Hey what's up!"));
/// # Ok::<(), linechat_protocol::irc::Malformed<'static>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its metadata.
    pub tags: Tags<'a>,
    /// Who it comes from, if it says so.
    pub source: Option<Source<'a>>,
    /// What it is: letters, whose case does not count, or the three digits of a numeric. From a
    /// client it can be anything without a space that begins with neither `@` nor `:`.
    pub command: &'a str,
    /// What it is about.
    pub params: Params<'a>,
}

impl<'a> Message<'a> {
    /// A message without tags and source, as clients send it.
    pub fn new(command: &'a str, params: Params<'a>) -> Self {
        Self {
            tags: Tags::default(),
            source: None,
            command,
            params,
        }
    }

    /// Understands one line, without its ending. More than one space counts as one, as Modern has
    /// it; spaces at the beginning are forgiven.
    ///
    /// # Errors
    ///
    /// The line is empty, or not UTF-8.
    pub fn parse(line: &'a [u8]) -> Result<Self, Malformed<'a>> {
        let (tags, rest) = split_tags(line);
        let malformed = |fault| Malformed {
            fault,
            tags: tags.unwrap_or_default(),
        };
        let rest = core::str::from_utf8(rest).map_err(|_| malformed(Fault::NotUtf8))?;
        let tags = tags.ok_or(malformed(Fault::NotUtf8))?;
        let (source, rest) = split_source(rest);
        let (command, rest) = next_word(rest);
        if command.is_empty() || command.starts_with(['@', ':']) {
            return Err(malformed(Fault::NoCommand));
        }
        Ok(Self {
            tags,
            source,
            command,
            params: Params::parse(rest),
        })
    }

    /// Appends the message to `out`, with its `\r\n`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut line = LineWriter::begin(out);
        line.tags(self.tags);
        if let Some(source) = self.source {
            line.source(source);
        }
        line.command(self.command);
        line.params(&self.params);
        line.end();
    }

    /// Whether it is this command, in whatever case.
    pub fn is(&self, command: &str) -> bool {
        self.command.eq_ignore_ascii_case(command)
    }
}

/// Why a line is no message.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{fault}")]
pub struct Malformed<'a> {
    /// What is wrong with it.
    pub fault: Fault,
    /// Its tags, as far as they were understood: an answer repeats the label.
    pub tags: Tags<'a>,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Fault {
    /// There is no command. Such a line is ignored (Modern, *Compatibility with incorrect
    /// software*).
    #[error("there is no command")]
    NoCommand,
    /// It is not UTF-8 (IRCv3, utf8-only).
    #[error("the line is not UTF-8")]
    NotUtf8,
}

/// What a message is about: at most 15 words, the last of which can have spaces in it.
///
/// A fifteenth takes all that follows it (RFC 2812, section 2.3.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Params<'a> {
    words: [&'a str; MAX_PARAMS],
    len: usize,
    /// Whether the last is written with a colon before it.
    has_colon: bool,
}

impl<'a> Params<'a> {
    /// These words, of which the last can be anything without a line feed; the others are not
    /// empty, have no space and do not begin with a colon. What is too much is left out.
    pub fn new(words: &[&'a str]) -> Self {
        let mut params = Self::empty();
        for word in words {
            params.push(word);
        }
        params.has_colon = params.last().is_some_and(needs_colon);
        params
    }

    /// These words and a text, which is written with a colon whether it needs one or not.
    pub fn with_text(words: &[&'a str], text: &'a str) -> Self {
        let mut params = Self::empty();
        for word in &words[..words.len().min(MAX_PARAMS - 1)] {
            params.push(word);
        }
        params.push(text);
        params.has_colon = true;
        params
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One of them, counted from 0.
    pub fn get(&self, index: usize) -> Option<&'a str> {
        self.as_slice().get(index).copied()
    }

    /// The last one.
    pub fn last(&self) -> Option<&'a str> {
        self.as_slice().last().copied()
    }

    /// All of them.
    pub fn as_slice(&self) -> &[&'a str] {
        &self.words[..self.len]
    }

    /// Whether the last one is written with a colon before it.
    pub fn has_colon(&self) -> bool {
        self.has_colon
    }

    fn empty() -> Self {
        Self {
            words: [""; MAX_PARAMS],
            len: 0,
            has_colon: false,
        }
    }

    fn parse(mut rest: &'a str) -> Self {
        let mut params = Self::empty();
        loop {
            rest = rest.trim_start_matches(' ');
            if let Some(text) = rest.strip_prefix(':') {
                params.push(text);
                params.has_colon = true;
                return params;
            }
            if rest.is_empty() {
                return params;
            }
            if params.len + 1 == MAX_PARAMS {
                params.push(rest);
                params.has_colon = needs_colon(rest);
                return params;
            }
            let (word, after) = next_word(rest);
            params.push(word);
            rest = after;
        }
    }

    fn push(&mut self, word: &'a str) {
        if let Some(place) = self.words.get_mut(self.len) {
            *place = word;
            self.len += 1;
        }
    }
}

impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}

/// The tags of a line, unless they are not UTF-8, and what follows them.
fn split_tags(line: &[u8]) -> (Option<Tags<'_>>, &[u8]) {
    let spaces = line.iter().take_while(|&&byte| byte == b' ').count();
    let Some(line) = line[spaces..].strip_prefix(b"@") else {
        return (Some(Tags::default()), line);
    };
    let end = line.iter().position(|&byte| byte == b' ');
    let (tags, rest) = line.split_at(end.unwrap_or(line.len()));
    let tags = core::str::from_utf8(tags).ok().and_then(Tags::parse);
    (tags, rest)
}

fn split_source(rest: &str) -> (Option<Source<'_>>, &str) {
    match rest.trim_start_matches(' ').strip_prefix(':') {
        Some(rest) => {
            let (source, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            (Some(Source::parse(source)), rest)
        }
        None => (None, rest),
    }
}

/// The next word, and what follows it.
fn next_word(rest: &str) -> (&str, &str) {
    let rest = rest.trim_start_matches(' ');
    rest.split_once(' ').unwrap_or((rest, ""))
}

/// Whether the last word of a message is only understood with a colon before it.
fn needs_colon(word: &str) -> bool {
    word.is_empty() || word.starts_with(':') || word.contains(' ')
}

/// The most words that a message has behind its command (RFC 1459, section 2.3).
pub const MAX_PARAMS: usize = 15;

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_message_is_understood_as_it_was_meant(
            tags in option::of("[+a-z]{1,9}(=[^ ;\0\r\n]{0,9})?(;[a-z/]{1,9})?"),
            source in option::of("[^ !@\0\r\n]{1,9}(![^ @\0\r\n]{1,9})?(@[^ \0\r\n]{1,9})?"),
            command in "[A-Z]{1,9}|[0-9]{3}",
            words in vec("[^ :\0\r\n][^ \0\r\n]{0,9}", 0..14),
            last in option::of("[^\0\r\n]{0,30}"),
        ) {
            let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
            let params = match &last {
                Some(text) if text.len() % 2 == 0 => Params::with_text(&words, text),
                Some(text) => {
                    words.push(text);
                    Params::new(&words)
                }
                None => Params::new(&words),
            };
            let message = Message {
                tags: tags.as_deref().map(|tags| Tags::parse(tags).unwrap()).unwrap_or_default(),
                source: source.as_deref().map(Source::parse),
                command: &command,
                params,
            };
            let line = encoded(&message);
            prop_assert_eq!(Message::parse(&line), Ok(message));
        }

        #[test]
        fn whatever_is_understood_is_encoded_as_it_was_but_for_spaces(
            line in "(@[a=;\\\\s]{0,9} {1,2})?(:[a!@]{0,5} {1,2})?[A-Z:@]{0,5}( {1,2}[a:]{0,3}){0,18} {0,2}",
        ) {
            if let Ok(message) = Message::parse(line.as_bytes()) {
                let once = encoded(&message);
                prop_assert_eq!(Message::parse(&once), Ok(message));
                prop_assert_eq!(&encoded(&Message::parse(&once).unwrap()), &once);
                if is_canonical(&line) {
                    prop_assert_eq!(once, line.as_bytes());
                }
            }
        }

        #[test]
        fn no_line_is_too_strange_to_look_at(line in vec(any::<u8>(), 0..80)) {
            if let Ok(message) = Message::parse(&line) {
                prop_assert!(!message.command.is_empty());
                prop_assert!(!message.command.contains(' '));
            }
        }
    }

    /// Whether nothing in a line could be left out: more than one space, an `@` without tags.
    fn is_canonical(line: &str) -> bool {
        let mut rest = line;
        for mark in ['@', ':'] {
            if let (true, Some((part, after))) = (rest.starts_with(mark), rest.split_once(' ')) {
                if part == "@" {
                    return false;
                }
                rest = after;
            }
        }
        let words = rest.split(" :").next().unwrap_or_default();
        words.split(' ').all(|word| !word.is_empty()) && words.split(' ').count() <= MAX_PARAMS
    }

    fn encoded(message: &Message<'_>) -> Vec<u8> {
        let mut line = Vec::new();
        message.encode(&mut line);
        let content = line.strip_suffix(b"\r\n").expect("the ending");
        assert!(!content.contains(&b'\n'), "two lines in one");
        content.to_vec()
    }

    fn words<'a>(message: &Message<'a>) -> Vec<&'a str> {
        message.params.as_slice().to_vec()
    }

    #[test]
    fn the_examples_of_modern_are_understood() {
        for (line, params) in [
            (":irc.example.com CAP * LIST :", &["*", "LIST", ""][..]),
            (
                "CAP * LS :multi-prefix sasl",
                &["*", "LS", "multi-prefix sasl"],
            ),
            (
                "CAP REQ :sasl message-tags foo",
                &["REQ", "sasl message-tags foo"],
            ),
            (":dan!d@localhost PRIVMSG #chan :Hey!", &["#chan", "Hey!"]),
            (":dan!d@localhost PRIVMSG #chan Hey!", &["#chan", "Hey!"]),
            (":dan!d@localhost PRIVMSG #chan ::-)", &["#chan", ":-)"]),
            ("  PING   a  :b ", &["a", "b "]),
        ] {
            let message = Message::parse(line.as_bytes()).unwrap();
            assert_eq!(words(&message), params, "{line}");
        }
    }

    #[test]
    fn a_lone_carriage_return_is_content() {
        let message = Message::parse(b"PING a\rb\r").unwrap();
        assert_eq!(message.params.get(0), Some("a\rb\r"));
    }

    #[test]
    fn a_line_without_a_command_is_none() {
        for line in [
            "", " ", "@a=b", "@a=b ", ":dan", ":dan ", "@a :dan", "@", ":a :b", "@ @",
        ] {
            let malformed = Message::parse(line.as_bytes()).unwrap_err();
            assert_eq!(malformed.fault, Fault::NoCommand, "{line:?}");
        }
    }

    #[test]
    fn what_is_not_utf_8_keeps_its_label() {
        let malformed = Message::parse(b"@label=7 PRIVMSG #a :\xff").unwrap_err();
        assert_eq!(malformed.fault, Fault::NotUtf8);
        assert_eq!(malformed.tags.get("label").unwrap().escaped(), "7");
        let malformed = Message::parse(b"@label=\xff PRIVMSG #a :b").unwrap_err();
        assert_eq!(malformed.fault, Fault::NotUtf8);
        assert!(malformed.tags.is_empty());
    }

    #[test]
    fn the_fifteenth_word_takes_all_that_follows() {
        let numbers: Vec<_> = (1..=17).map(|n| format!("{n}")).collect();
        let line = format!("X {}", numbers.join(" "));
        let message = Message::parse(line.as_bytes()).unwrap();
        assert_eq!(message.params.len(), MAX_PARAMS);
        assert_eq!(message.params.last(), Some("15 16 17"));
    }

    #[test]
    fn a_colon_stands_where_it_is_needed_and_where_it_is_wanted() {
        for (params, line) in [
            (Params::new(&[]), "X"),
            (Params::new(&["a"]), "X a"),
            (Params::new(&["a", ""]), "X a :"),
            (Params::new(&["a", ":b"]), "X a ::b"),
            (Params::new(&["a", "b c"]), "X a :b c"),
            (Params::with_text(&["a"], "b"), "X a :b"),
            (Params::with_text(&[], ""), "X :"),
        ] {
            assert_eq!(encoded(&Message::new("X", params)), line.as_bytes());
        }
    }

    #[test]
    fn the_case_of_a_command_does_not_count() {
        let message = Message::parse(b"privMsg a b").unwrap();
        assert!(message.is("PRIVMSG") && !message.is("NOTICE"));
    }
}
