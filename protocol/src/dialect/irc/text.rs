//! What people say: which characters pass, formatting, CTCP, and texts that are too long.

use alloc::borrow::Cow;
use alloc::string::String;

use thiserror::Error;

use crate::wire::text::{cut, is_refused};

/// What the text of a `PRIVMSG` or `NOTICE` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoken<'a> {
    /// Something said.
    Text(&'a str),
    /// What the sender does: CTCP's `ACTION`.
    Action(&'a str),
    /// Something between clients: other CTCP (Modern, *CTCP*).
    Ctcp {
        /// What is asked for, or answered.
        command: &'a str,
        /// What stands behind it.
        params: &'a str,
    },
}

/// Understands a text, and checks that nobody's terminal obeys it.
///
/// The formatting of IRC passes, and TAB; `\x01` may stand before the whole text, and then behind
/// it.
///
/// ```
/// use linechat_protocol::irc::{Spoken, TextFault, spoken};
///
/// assert_eq!(spoken("\x01ACTION waves\x01"), Ok(Spoken::Action("waves")));
/// assert_eq!(spoken("\x02bold\x02"), Ok(Spoken::Text("\x02bold\x02")));
/// assert_eq!(spoken("\x1b[2J"), Err(TextFault));
/// ```
///
/// # Errors
///
/// It has other control characters.
pub fn spoken(text: &str) -> Result<Spoken<'_>, TextFault> {
    let Some(ctcp) = text.strip_prefix(CTCP) else {
        return is_harmless(text)
            .then_some(Spoken::Text(text))
            .ok_or(TextFault);
    };
    let ctcp = ctcp.strip_suffix(CTCP).unwrap_or(ctcp);
    if !is_harmless(ctcp) {
        return Err(TextFault);
    }
    let (command, params) = ctcp.split_once(' ').unwrap_or((ctcp, ""));
    Ok(if command.eq_ignore_ascii_case("ACTION") {
        Spoken::Action(params)
    } else {
        Spoken::Ctcp { command, params }
    })
}

/// Whether nothing in it is obeyed by a terminal; the formatting of IRC is not.
pub fn is_harmless(text: &str) -> bool {
    !text.chars().any(|c| is_refused(c) && !is_formatting(c))
}

/// As much of a text as has room in so many bytes, with a `?` for each character that a terminal
/// obeys: for what goes with a command, such as a reason.
pub(crate) fn tamed(text: &str, max: usize) -> Cow<'_, str> {
    let text = cut(text, max);
    if is_harmless(text) {
        return Cow::Borrowed(text);
    }
    let is_bad = |c: char| is_refused(c) && !is_formatting(c);
    Cow::Owned(text.replace(is_bad, "?"))
}

/// A text has characters that a terminal obeys.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("control characters are not allowed")]
pub struct TextFault;

/// A text without the formatting of IRC, for those who do not speak it: colours with their
/// numbers, and what is bold, italic, underlined, struck through, monospace, reversed or reset.
///
/// ```
/// use linechat_protocol::irc::unformatted;
///
/// assert_eq!(unformatted("\x0304,12red\x03 and \x02bold"), "red and bold");
/// ```
pub fn unformatted(text: &str) -> Cow<'_, str> {
    if !text.contains(is_formatting) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_formatting) {
        plain.push_str(&rest[..at]);
        let code = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        rest = match code {
            COLOUR => without_colour(rest, |byte| byte.is_ascii_digit(), 1..=2),
            HEX_COLOUR => without_colour(rest, |byte| byte.is_ascii_hexdigit(), 6..=6),
            _ => rest,
        };
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Cuts a text into pieces of at most `max` bytes: between words where there are any, and always
/// between characters. The space at which it is cut is in neither piece. A `max` below 4, in which
/// not every character fits, counts as 4.
///
/// ```
/// use linechat_protocol::irc::split;
///
/// assert!(split("one two three", 7).eq(["one two", "three"]));
/// ```
pub fn split(text: &str, max: usize) -> impl Iterator<Item = &str> {
    let max = max.max(4);
    let mut rest = Some(text);
    core::iter::from_fn(move || {
        let text = rest?;
        if text.len() <= max {
            return rest.take();
        }
        let end = cut(text, max).len();
        // A word may end right at the limit, with its space behind it.
        let space = text.as_bytes()[..=end]
            .iter()
            .rposition(|&byte| byte == b' ');
        let (piece, after) = match space {
            Some(space) if space > 0 => (&text[..space], &text[space + 1..]),
            _ => text.split_at(end),
        };
        rest = Some(after);
        Some(piece)
    })
}

/// What follows a colour's code, without its foreground and background.
fn without_colour(
    text: &str,
    is_digit: impl Fn(u8) -> bool,
    digits: core::ops::RangeInclusive<usize>,
) -> &str {
    let colour = |text: &str| {
        let count = text
            .bytes()
            .take(*digits.end())
            .take_while(|&byte| is_digit(byte))
            .count();
        digits.contains(&count).then_some(count)
    };
    let Some(foreground) = colour(text) else {
        return text;
    };
    let rest = &text[foreground..];
    match rest
        .strip_prefix(',')
        .map(|background| (background, colour(background)))
    {
        Some((background, Some(count))) => &background[count..],
        _ => rest,
    }
}

fn is_formatting(character: char) -> bool {
    matches!(
        character,
        '\x02' | '\x03' | '\x04' | '\x0f' | '\x11' | '\x16' | '\x1d' | '\x1e' | '\x1f'
    )
}

const CTCP: char = '\x01';
const COLOUR: u8 = 0x03;
const HEX_COLOUR: u8 = 0x04;

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_piece_is_too_long_and_nothing_but_spaces_is_lost(
            text in "[ aé日]{0,60}", max in 4..20_usize,
        ) {
            let pieces: Vec<_> = split(&text, max).collect();
            let mut rest = &text[..];
            for piece in &pieces {
                prop_assert!(piece.len() <= max);
                rest = rest.strip_prefix(piece).expect("the pieces in their order");
                rest = rest.strip_prefix(' ').unwrap_or(rest);
            }
            prop_assert_eq!(rest, "");
        }
    }

    #[test]
    fn a_text_passes_unless_a_terminal_obeys_it() {
        for character in (0..=0xff_u8).map(char::from).chain(['\u{202e}', '日']) {
            let passes = match character {
                '\t' | '\x02'..='\x04' | '\x0f' | '\x11' | '\x16' | '\x1d'..='\x1f' => true,
                '\u{202e}' => false,
                _ => !character.is_control(),
            };
            let text = format!("a{character}b");
            assert_eq!(spoken(&text).is_ok(), passes, "{character:?}");
        }
    }

    #[test]
    fn ctcp_stands_around_the_whole_text() {
        for (text, meant) in [
            ("\x01ACTION waves \x01", Ok(Spoken::Action("waves "))),
            ("\x01action waves", Ok(Spoken::Action("waves"))),
            ("\x01ACTION\x01", Ok(Spoken::Action(""))),
            (
                "\x01VERSION\x01",
                Ok(Spoken::Ctcp {
                    command: "VERSION",
                    params: "",
                }),
            ),
            (
                "\x01PING 1 2\x01",
                Ok(Spoken::Ctcp {
                    command: "PING",
                    params: "1 2",
                }),
            ),
            (
                "\x01",
                Ok(Spoken::Ctcp {
                    command: "",
                    params: "",
                }),
            ),
            ("a\x01", Err(TextFault)),
            ("\x01a\x01b\x01", Err(TextFault)),
            ("\x01\x1b\x01", Err(TextFault)),
        ] {
            assert_eq!(spoken(text), meant, "{text:?}");
        }
    }

    #[test]
    fn formatting_is_dropped_with_its_numbers() {
        for (text, plain) in [
            ("plain", "plain"),
            ("\x02b\x1di\x1fu\x1es\x11m\x16r\x0fo", "biusmro"),
            ("\x03c", "c"),
            ("\x03,c", ",c"),
            ("\x034c", "c"),
            ("\x03123", "3"),
            ("\x034,c", ",c"),
            ("\x034,5c", "c"),
            ("\x034,567", "7"),
            ("\x04ff0000red", "red"),
            ("\x04ff0000,00FF00red", "red"),
            ("\x04ff00red", "ff00red"),
            ("\x04ff0000,00red", ",00red"),
            ("é\x02é", "éé"),
            ("\x02", ""),
        ] {
            assert_eq!(unformatted(text), plain, "{text:?}");
        }
    }

    #[test]
    fn a_text_is_cut_between_words_where_there_are_any() {
        for (text, max, pieces) in [
            ("", 5, &[""][..]),
            ("abcde", 5, &["abcde"]),
            ("abc de fg", 6, &["abc de", "fg"]),
            ("abc de fg", 5, &["abc", "de fg"]),
            ("abcdefg hi", 5, &["abcde", "fg hi"]),
            (" abcdefg", 5, &[" abcd", "efg"]),
            ("ééé", 5, &["éé", "é"]),
            ("日本語", 1, &["日", "本", "語"]),
        ] {
            assert!(
                split(text, max).eq(pieces.iter().copied()),
                "{text:?} {max}"
            );
        }
    }
}
