//! What others sent, made fit to be shown on a terminal.

use std::fmt::{self, Write};

/// Shows bytes as text in which nothing is left that a terminal would obey, or that would make it
/// show the text in another order: such a character is shown as its code (`\x1b`, `\u{202e}`), and
/// so is a byte that is not UTF-8 (`\xff`). A TAB stays as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Escaped<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '\t' => f.write_char('\t')?,
                    '\0'..='\u{7f}' if character.is_control() => {
                        write!(f, "\\x{:02x}", u32::from(character))?;
                    }
                    _ if is_obeyed(character) => write!(f, "{}", character.escape_unicode())?,
                    _ => f.write_char(character)?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Whether a terminal does something else with a character than to show it.
pub(crate) fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
        )
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        for text in ["", "a\tb", "Jürgen 漢字 👩‍👩‍👧", r"C:\new"] {
            assert_eq!(Escaped(text.as_bytes()).to_string(), text);
        }
    }

    #[test]
    fn what_terminals_obey_is_shown_as_its_code() {
        let nasty = "\x1b[2J\r\n\u{7f}\u{9b}\u{202e}\u{2066}";
        assert_eq!(
            Escaped(nasty.as_bytes()).to_string(),
            r"\x1b[2J\x0d\x0a\x7f\u{9b}\u{202e}\u{2066}"
        );
    }

    #[test]
    fn what_is_no_text_is_shown_byte_by_byte() {
        assert_eq!(
            Escaped(b"a\xff\xc3(\xe2\x82").to_string(),
            r"a\xff\xc3(\xe2\x82"
        );
    }
}
