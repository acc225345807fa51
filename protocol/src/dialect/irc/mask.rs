//! Masks: patterns for `nick!user@host`, with `*` for anything and `?` for one character.
//!
//! No backslash escapes anything, as no server has it: it is a letter of nicknames.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::fmt;

use super::source::Source;
pub use crate::mask::Subject;

/// A mask in a channel's list, in the full form `nick!user@host`. Compared without regard to ASCII
/// case.
///
/// ```
/// use linechat_protocol::irc::{Mask, Source, Subject};
///
/// let mask = Mask::parse("dan*").unwrap();
/// assert_eq!(mask.as_str(), "dan*!*@*");
/// assert!(mask.matches(&Subject::of(Source::user("Danny", "d", "example.net"))));
/// ```
#[derive(Clone, Debug)]
pub struct Mask(Box<str>);

impl Mask {
    /// The longest one, in bytes, in its full form.
    pub const MAX: usize = 120;

    /// Understands what a client sent, and completes what it left out: `nick`, `nick!user`,
    /// `user@host` and what lacks a part between the marks.
    pub fn parse(mask: &str) -> Option<Self> {
        let is_legal = mask.bytes().all(|byte| byte.is_ascii_graphic());
        if mask.is_empty() || !is_legal || mask.starts_with(':') {
            return None;
        }
        let (nick, user, host) = match (mask.split_once('!'), mask.split_once('@')) {
            (Some((nick, rest)), _) => match rest.split_once('@') {
                Some((user, host)) => (nick, user, host),
                None => (nick, rest, ""),
            },
            (None, Some((user, host))) => ("", user, host),
            (None, None) => (mask, "", ""),
        };
        let completed = format!("{}!{}@{}", or_any(nick), or_any(user), or_any(host));
        let completed = collapsed(&completed);
        (completed.len() <= Self::MAX).then(|| Self(completed.into_boxed_str()))
    }

    /// The mask in its full form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a user is meant.
    pub fn matches(&self, subject: &Subject) -> bool {
        subject.matches(&self.0)
    }
}

impl PartialEq for Mask {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Mask {}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Subject {
    /// A user.
    pub fn of(source: Source<'_>) -> Self {
        Self::new(&format!("{source}"))
    }
}

/// Whether a pattern with `*` and `?` matches all of a text, without regard to ASCII case.
pub fn matches(pattern: &str, text: &str) -> bool {
    Subject::new(text).matches(pattern)
}

fn or_any(part: &str) -> &str {
    if part.is_empty() { "*" } else { part }
}

/// Several `*` in a row say no more than one.
fn collapsed(mask: &str) -> String {
    let mut collapsed = String::with_capacity(mask.len());
    for character in mask.chars() {
        if character != '*' || !collapsed.ends_with('*') {
            collapsed.push(character);
        }
    }
    collapsed
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    /// What a mask matches, said as simply as possible.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => {
                naive(rest, text) || (!text.is_empty() && naive(pattern, &text[1..]))
            }
            ([b'?', rest @ ..], [_, text @ ..]) => naive(rest, text),
            ([letter, rest @ ..], [first, text @ ..]) => {
                letter.eq_ignore_ascii_case(first) && naive(rest, text)
            }
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn masks_match_what_the_naive_definition_matches(
            pattern in "[aAb?*]{0,12}", text in "[aAb]{0,14}",
        ) {
            let expected = naive(pattern.as_bytes(), text.as_bytes());
            prop_assert_eq!(matches(&pattern, &text), expected);
        }

        #[test]
        fn a_mask_is_complete_and_completing_it_again_changes_nothing(mask in "[ -~]{0,24}") {
            if let Some(mask) = Mask::parse(&mask) {
                prop_assert!(mask.as_str().contains('!') && mask.as_str().contains('@'));
                let again = Mask::parse(mask.as_str());
                prop_assert_eq!(again.as_ref().map(Mask::as_str), Some(mask.as_str()));
            }
        }
    }

    #[test]
    fn a_mask_is_completed() {
        for (sent, completed) in [
            ("dan", "dan!*@*"),
            ("dan!", "dan!*@*"),
            ("dan!d", "dan!d@*"),
            ("d@host", "*!d@host"),
            ("@host", "*!*@host"),
            ("!d@", "*!d@*"),
            ("*", "*!*@*"),
            ("d**n!***@*", "d*n!*@*"),
            ("a!b!c@d@e", "a!b!c@d@e"),
            ("a@b!c", "a@b!c@*"),
        ] {
            assert_eq!(Mask::parse(sent).unwrap().to_string(), completed, "{sent}");
        }
    }

    #[test]
    fn what_cannot_be_one_word_of_a_message_is_no_mask() {
        let too_long = "x".repeat(Mask::MAX - 3);
        assert!(Mask::parse(&too_long[1..]).is_some());
        for mask in ["", " ", "a b", ":a", "é", "a\r", &too_long] {
            assert!(Mask::parse(mask).is_none(), "{mask:?}");
        }
    }

    #[test]
    fn masks_are_compared_without_regard_to_case() {
        assert_eq!(Mask::parse("BAR!*@*"), Mask::parse("bar"));
        assert_ne!(Mask::parse("bar"), Mask::parse("baz"));
    }

    #[test]
    fn a_subject_of_the_greatest_length_is_matched_to_its_end() {
        let text = "a".repeat(127) + "b";
        for pattern in [
            &text[..],
            "a*b",
            "*b",
            "*",
            &"?".repeat(128),
            &"*a".repeat(60),
        ] {
            let expected = !pattern.ends_with("*a");
            assert_eq!(matches(pattern, &text), expected, "{pattern}");
        }
        assert!(!matches("a*a", &text));
        assert!(matches("*", ""));
        assert!(!matches("?", ""));
    }

    #[test]
    fn a_mask_that_would_make_others_slow_is_answered_at_once() {
        let subject = Subject::new(&"a".repeat(128));
        let patterns: Vec<_> = (0..20).map(|stars| "*a".repeat(stars) + "*b").collect();
        for pattern in &patterns {
            for _ in 0..1000 {
                assert!(!subject.matches(pattern));
            }
        }
    }
}
