//! What was said in a language that has more than words, for those that have words alone.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

use crate::community::vocabulary::Manner;

/// What was said, as plain text.
pub(crate) struct Spoken<'a>(Cow<'a, str>);

impl<'a> Spoken<'a> {
    /// `None` if it is nothing that a person would read.
    pub(crate) fn of(manner: Manner, text: &'a str) -> Option<Self> {
        let text = without_formatting(text);
        match manner {
            Manner::Message | Manner::Notice => Some(Self(text)),
            Manner::Action => Some(Self(Cow::Owned(format!("*{text}*")))),
            Manner::Query | Manner::Answer | Manner::Annotation => None,
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

/// A text without codes for colours and styles.
pub(crate) fn without_formatting(text: &str) -> Cow<'_, str> {
    let is_code = |byte: u8| byte < 0x20 && byte != b'\t';
    if !text.bytes().any(is_code) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        match character {
            COLOUR => rest = after_colours(rest, 2, |digit| digit.is_ascii_digit()),
            HEX_COLOUR => rest = after_colours(rest, 6, |digit| digit.is_ascii_hexdigit()),
            '\t' => plain.push('\t'),
            _ if character < ' ' => {}
            _ => plain.push(character),
        }
    }
    Cow::Owned(plain)
}

/// What follows the digits of a colour, and those of another behind a comma.
fn after_colours(text: &str, digits: usize, is_digit: fn(&u8) -> bool) -> &str {
    let count = |text: &str| text.bytes().take(digits).take_while(is_digit).count();
    let rest = &text[count(text)..];
    if rest.len() == text.len() {
        return rest;
    }
    match rest.strip_prefix(',') {
        Some(background) if count(background) > 0 => &background[count(background)..],
        _ => rest,
    }
}

const COLOUR: char = '\x03';
const HEX_COLOUR: char = '\x04';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_dropped_with_their_digits_and_words_stay() {
        for (text, plain) in [
            ("plain\ttext", "plain\ttext"),
            ("\x02bold\x02 \x1dslanted\x0f", "bold slanted"),
            ("\x034red\x03 \x0304,12both\x03", "red both"),
            ("\x03123", "3"),
            ("\x034,five", ",five"),
            ("\x04ff8800,00ff00hex", "hex"),
            ("\x03", ""),
            ("grüße \x16👋", "grüße 👋"),
        ] {
            assert_eq!(without_formatting(text), plain, "{text:?}");
        }
    }

    #[test]
    fn what_somebody_does_stands_between_stars_and_programs_are_not_heard() {
        let text = |manner| Spoken::of(manner, "waves").map(|spoken| String::from(spoken.text()));
        assert_eq!(text(Manner::Message).as_deref(), Some("waves"));
        assert_eq!(text(Manner::Notice).as_deref(), Some("waves"));
        assert_eq!(text(Manner::Action).as_deref(), Some("*waves*"));
        for manner in [Manner::Query, Manner::Answer, Manner::Annotation] {
            assert_eq!(text(manner), None);
        }
    }
}
