//! What may stand in a text that other people's terminals print, and how to quote what may not.

/// A text as its sender wrote it: UTF-8 without control characters other than TAB, without line and
/// paragraph separators, and without bidirectional overrides and isolates.
pub(crate) fn plain_text(bytes: &[u8]) -> Option<&str> {
    let text = core::str::from_utf8(bytes).ok()?;
    // All that is refused is below 0x20, DEL, or begins with one of these two bytes in UTF-8.
    let suspicious = |byte: u8| byte < 0x20 || matches!(byte, 0x7F | 0xC2 | 0xE2);
    if text.bytes().any(suspicious) && text.chars().any(is_refused) {
        return None;
    }
    Some(text)
}

/// Whether a character can make a terminal do or show something other than itself.
pub(crate) fn is_refused(character: char) -> bool {
    (character.is_control() && character != '\t')
        || is_separator(character)
        || is_bidi_control(character)
}

/// Where some clients break lines, so that anybody could forge a line there.
fn is_separator(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}')
}

/// Overrides and isolates, which can make a text read in another order than it was written.
fn is_bidi_control(character: char) -> bool {
    matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// As much of a peer's own words as is quoted back: at most 64 bytes, whole characters.
pub(crate) fn quoted(text: &str) -> &str {
    cut(text, MAX_QUOTED)
}

/// As many whole characters from the beginning as have room in `max` bytes.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

const MAX_QUOTED: usize = 64;

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::*;

    #[test]
    fn every_character_is_plain_but_those_that_terminals_obey() {
        for character in '\0'..=char::MAX {
            let refused = matches!(character,
                '\0'..='\x08' | '\x0A'..='\x1F' | '\x7F'..='\u{9F}'
                | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
            let text = format!("a{character}b");
            assert_eq!(
                plain_text(text.as_bytes()).is_none(),
                refused,
                "{character:?}"
            );
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_no_text() {
        for bytes in [
            &b"\xff"[..],
            b"a\xc3",
            b"\xc3\x28",
            b"\xed\xa0\x80",
            b"\xc0\xaf",
        ] {
            assert_eq!(plain_text(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_cut_is_never_within_a_character() {
        let text = "aé€😀";
        let cuts: [&str; 12] = core::array::from_fn(|max| cut(text, max));
        let (two, three) = ("aé", "aé€");
        assert_eq!(
            cuts,
            [
                "", "a", "a", two, two, two, three, three, three, three, text, text
            ]
        );
    }

    #[test]
    fn a_quotation_ends_before_the_character_that_does_not_fit() {
        assert_eq!(quoted("short"), "short");
        let exact = "x".repeat(64);
        assert_eq!(quoted(&exact), exact);
        let long: String = "x".repeat(63) + "é";
        assert_eq!(quoted(&long), "x".repeat(63));
    }
}
