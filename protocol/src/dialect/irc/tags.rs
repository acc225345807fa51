//! The tags of a message (IRCv3, message-tags).

use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use crate::wire::text::is_refused;

/// The tags of a message, as they stand between its `@` and the first space.
///
/// ```
/// use linechat_protocol::irc::Tags;
///
/// let tags = Tags::parse(r"label=7;+typing=active;+draft/reply=a\sb").unwrap();
/// assert_eq!(tags.get("label").unwrap().to_string(), "7");
/// assert_eq!(tags.get("+draft/reply").unwrap().to_string(), "a b");
/// assert_eq!(tags.relayed().count(), 2);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tags<'a>(&'a str);

impl<'a> Tags<'a> {
    /// Tags as they stand on the wire, without the `@`. `None` if a space or a line feed is among
    /// them, so that they would end there.
    pub fn parse(wire: &'a str) -> Option<Self> {
        (!wire.contains([' ', '\n'])).then_some(Self(wire))
    }

    /// As they stand on the wire, without the `@`.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = Tag<'a>> {
        let tags = self.0.split(';').filter(|tag| !tag.is_empty());
        tags.map(Tag::parse)
    }

    /// The value of the tag with this key. If there are several, the last one counts.
    pub fn get(self, key: &str) -> Option<TagValue<'a>> {
        let found = self.iter().filter(|tag| tag.key == key).last();
        found.map(|tag| tag.value)
    }

    /// Those that a server hands on to other clients: [`Tag::is_relayed`].
    pub fn relayed(self) -> impl Iterator<Item = Tag<'a>> {
        self.iter().filter(|tag| tag.is_relayed())
    }
}

/// One tag of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// Its name, with the `+` if it is for clients only.
    pub key: &'a str,
    /// What it says; empty if it has no value.
    pub value: TagValue<'a>,
    wire: &'a str,
}

impl<'a> Tag<'a> {
    fn parse(wire: &'a str) -> Self {
        let (key, value) = wire.split_once('=').unwrap_or((wire, ""));
        Self {
            key,
            value: TagValue(value),
            wire,
        }
    }

    /// As it stands on the wire.
    pub fn as_str(self) -> &'a str {
        self.wire
    }

    /// Whether a server hands it on: it is a client-only tag, which begins with `+`, and nobody's
    /// terminal obeys it as it stands.
    pub fn is_relayed(self) -> bool {
        self.key.len() > 1 && self.key.starts_with('+') && !self.wire.chars().any(is_refused)
    }
}

/// The value of a tag. Shown as it was meant, without the escaping of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagValue<'a>(&'a str);

impl<'a> TagValue<'a> {
    /// Whether there is none; an empty one is none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// As it stands on the wire.
    pub fn escaped(self) -> &'a str {
        self.0
    }

    /// As it was meant, character by character.
    pub fn chars(self) -> impl Iterator<Item = char> {
        let mut wire = self.0.chars();
        core::iter::from_fn(move || match wire.next()? {
            '\\' => wire.next().map(unescaped),
            character => Some(character),
        })
    }
}

impl fmt::Display for TagValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chars()
            .try_for_each(|character| f.write_char(character))
    }
}

/// Appends a tag's value as it stands on the wire.
pub fn escape(value: &str, out: &mut Vec<u8>) {
    for &byte in value.as_bytes() {
        match byte {
            b';' => out.extend_from_slice(br"\:"),
            b' ' => out.extend_from_slice(br"\s"),
            b'\\' => out.extend_from_slice(br"\\"),
            b'\r' => out.extend_from_slice(br"\r"),
            b'\n' => out.extend_from_slice(br"\n"),
            _ => out.push(byte),
        }
    }
}

/// What a character behind a backslash means.
fn unescaped(character: char) -> char {
    match character {
        ':' => ';',
        's' => ' ',
        'r' => '\r',
        'n' => '\n',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString as _};

    use super::*;

    #[test]
    fn a_value_is_shown_without_the_escaping_of_the_wire() {
        for (wire, meant) in [
            (r"a\:b\sc\\d\re\nf", "a;b c\\d\re\nf"),
            (r"test\", "test"),
            (r"\b", "b"),
            (r"\\s", r"\s"),
            ("", ""),
            ("é", "é"),
        ] {
            assert_eq!(TagValue(wire).to_string(), meant, "{wire:?}");
        }
    }

    #[test]
    fn every_value_survives_the_wire() {
        let value: String = "a;b \\c\r\n\\s;é=:".into();
        let mut wire = Vec::new();
        escape(&value, &mut wire);
        let wire = core::str::from_utf8(&wire).unwrap();
        assert!(Tags::parse(wire).is_some());
        assert_eq!(TagValue(wire).to_string(), value);
    }

    #[test]
    fn the_last_of_several_tags_with_one_key_counts() {
        let tags = Tags::parse("a=1;b;a=2;b=").unwrap();
        assert_eq!(tags.get("a").unwrap().to_string(), "2");
        assert!(tags.get("b").unwrap().is_empty());
        assert_eq!(tags.get("c"), None);
    }

    #[test]
    fn only_tags_of_clients_are_handed_on_and_none_that_a_terminal_obeys() {
        let tags = Tags::parse("+a=1;b=2;+;+c;+d=\u{1b};+e\r;;+f=\\r").unwrap();
        let relayed: Vec<_> = tags.relayed().map(Tag::as_str).collect();
        assert_eq!(relayed, ["+a=1", "+c", "+f=\\r"]);
    }
}
