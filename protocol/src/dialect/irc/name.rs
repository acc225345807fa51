//! The names of users and channels.

use core::fmt;

use crate::wire::text::is_refused;

/// The name of a user (RFC 2812, section 2.3.1): letters, digits, `-` and `` []\`_^{|} ``; no digit
/// and no `-` first; at most [`MAX`](Self::MAX) bytes. Compared without regard to ASCII case.
///
/// ```
/// use linechat_protocol::irc::Nickname;
///
/// assert!(Nickname::parse("[wiz]^2").is_some());
/// assert!(Nickname::parse("2wiz").is_none());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Nickname<'a>(&'a str);

impl<'a> Nickname<'a> {
    /// The longest one, in bytes.
    pub const MAX: usize = 32;

    /// The nickname, if it is one.
    pub fn parse(name: &'a str) -> Option<Self> {
        let mut bytes = name.bytes();
        let begins = bytes.next().is_some_and(is_letter_or_special);
        let is_legal =
            |byte: u8| is_letter_or_special(byte) || byte.is_ascii_digit() || byte == b'-';
        (begins && bytes.all(is_legal) && name.len() <= Self::MAX).then_some(Self(name))
    }

    /// The nickname as text.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

/// The name of a channel: `#`, then anything but spaces, commas and what a terminal obeys (Modern,
/// *Channel Names*); at most [`MAX`](Self::MAX) bytes. Compared without regard to ASCII case.
#[derive(Clone, Copy, Debug)]
pub struct ChannelName<'a>(&'a str);

impl<'a> ChannelName<'a> {
    /// The longest one, in bytes, its `#` included.
    pub const MAX: usize = 64;

    /// The channel's name, if it is one.
    pub fn parse(name: &'a str) -> Option<Self> {
        let rest = name.strip_prefix('#')?;
        let is_illegal = |c: char| c == ',' || c.is_whitespace() || is_refused(c);
        let is_name = !rest.is_empty() && name.len() <= Self::MAX && !rest.contains(is_illegal);
        is_name.then_some(Self(name))
    }

    /// The name with its `#`.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// The name without its `#`, as other languages say it.
    pub fn room(self) -> &'a str {
        &self.0[1..]
    }
}

/// What a user is called on their own machine, by their own word: letters, digits, `-`, `.` and
/// `_`. What is longer than [`MAX`](Self::MAX) bytes is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Username<'a>(&'a str);

impl<'a> Username<'a> {
    /// The longest one, in bytes.
    pub const MAX: usize = 10;

    /// The name, if it is one.
    pub fn parse(name: &'a str) -> Option<Self> {
        let is_legal =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        let is_name = !name.is_empty() && name.bytes().all(is_legal);
        is_name.then(|| Self(&name[..name.len().min(Self::MAX)]))
    }

    /// The name as text.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

/// The key of a channel: 1 to [`MAX`](Self::MAX) visible ASCII characters, no comma, no colon
/// first (RFC 2812, section 2.3.1, as far as it can be sent with `JOIN`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelKey<'a>(&'a str);

impl<'a> ChannelKey<'a> {
    /// The longest one, in bytes.
    pub const MAX: usize = 23;

    /// The key, if it is one.
    pub fn parse(key: &'a str) -> Option<Self> {
        let is_legal = |byte: u8| byte.is_ascii_graphic() && byte != b',';
        let has_length = (1..=Self::MAX).contains(&key.len());
        (has_length && !key.starts_with(':') && key.bytes().all(is_legal)).then_some(Self(key))
    }

    /// The key as text.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

macro_rules! names {
    ($($name:ident)*) => {$(
        impl PartialEq for $name<'_> {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(other.0)
            }
        }

        impl Eq for $name<'_> {}
    )*};
}

names!(Nickname ChannelName);

macro_rules! shown {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.0)
            }
        }
    )*};
}

shown!(Nickname ChannelName Username ChannelKey);

fn is_letter_or_special(byte: u8) -> bool {
    // The specials are what stands behind the letters in ASCII, and the underscore among them.
    byte.is_ascii_alphabetic() || matches!(byte, b'['..=b'`' | b'{'..=b'}')
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn a_nickname_is_what_rfc_2812_says() {
        let longest = "n".repeat(32);
        for name in ["a", "Wiz", "[]\\`_^{|}", "a-9", &longest] {
            assert_eq!(Nickname::parse(name).unwrap().to_string(), name);
        }
        let too_long = "n".repeat(33);
        for name in [
            "", "9a", "-a", "a b", "a!b", "é", "*", "#a", "a~", "a@", &too_long,
        ] {
            assert!(Nickname::parse(name).is_none(), "{name:?}");
        }
    }

    #[test]
    fn a_channel_is_named_by_anything_that_is_one_harmless_word() {
        let longest = "#".repeat(64);
        for name in ["#a", "##", "#a:b", "#küche", "#*", &longest] {
            assert_eq!(ChannelName::parse(name).unwrap().to_string(), name);
        }
        let too_long = "#".repeat(65);
        for name in [
            "", "#", "a", "&a", "#a b", "#a,b", "#a\u{7}", "#\u{a0}", "#\r", &too_long,
        ] {
            assert!(ChannelName::parse(name).is_none(), "{name:?}");
        }
        assert_eq!(ChannelName::parse("#den").unwrap().room(), "den");
    }

    #[test]
    fn names_are_compared_without_regard_to_ascii_case() {
        assert_eq!(Nickname::parse("Dan"), Nickname::parse("dAN"));
        assert_ne!(Nickname::parse("Dan["), Nickname::parse("dan{"));
        assert_eq!(ChannelName::parse("#Den"), ChannelName::parse("#den"));
        assert_ne!(ChannelName::parse("#É"), ChannelName::parse("#é"));
    }

    #[test]
    fn a_username_is_cut_and_has_nothing_that_could_end_it() {
        assert_eq!(
            Username::parse("a.b-c_d9efgh").unwrap().as_str(),
            "a.b-c_d9ef"
        );
        for name in ["", "a@b", "a!b", "a b", "é", "~a"] {
            assert!(Username::parse(name).is_none(), "{name:?}");
        }
    }

    #[test]
    fn a_key_can_be_said_when_joining() {
        let longest = "k".repeat(23);
        for key in ["beer", "a:b", &longest] {
            assert_eq!(ChannelKey::parse(key).unwrap().to_string(), key);
        }
        let too_long = "k".repeat(24);
        for key in ["", " ", "a b", "a,b", ":a", "é", "a\t", &too_long] {
            assert!(ChannelKey::parse(key).is_none(), "{key:?}");
        }
    }
}
