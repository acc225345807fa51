//! Text from peers, made fit to be logged.

use std::fmt::{self, Write};

/// Shows a text that a peer chose: in double quotes, with everything escaped that a terminal would
/// not show as it is (control characters, bidirectional overrides, quotes), and cut to a bounded
/// length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars().take(MAX_CHARS) {
            write!(f, "{}", c.escape_debug())?;
        }
        f.write_char('"')?;
        if self.0.chars().nth(MAX_CHARS).is_some() {
            f.write_str("...")?;
        }
        Ok(())
    }
}

/// Shows what is wrong, in words that may be others': without quotes around it, with everything
/// escaped as in [`Quoted`] but quotes, and cut to a bounded length, which is longer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reason<'a>(pub(crate) &'a str);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars().take(MAX_REASON) {
            match c {
                '\'' | '"' => f.write_char(c)?,
                c => write!(f, "{}", c.escape_debug())?,
            }
        }
        Ok(())
    }
}

/// Enough for every name; with ten bytes for each at most, several fit into a log line.
const MAX_CHARS: usize = 64;
/// Enough for what somebody else says, and what to do about it.
const MAX_REASON: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_readable() {
        assert_eq!(Quoted("Jürgen 漢字").to_string(), "\"Jürgen 漢字\"");
    }

    #[test]
    fn nothing_that_moves_a_terminal_gets_through() {
        let nasty = "\x1b]0;x\x07\r\n\t\u{9b}\u{7f}\u{202e}\u{2066}\u{2028}\"\\";
        let shown = Quoted(nasty).to_string();
        let is_plain = |c: char| c.is_ascii_graphic();
        assert!(shown.chars().all(is_plain), "{shown}");
        assert_eq!(shown.matches('"').count(), 3);
    }

    #[test]
    fn a_reason_stays_whole_and_keeps_its_quotes() {
        let reason = format!("it's \"full\": {}", "x".repeat(300));
        assert_eq!(Reason(&reason).to_string(), reason);
        assert_eq!(Reason("a\u{1b}b\u{202e}").to_string(), "a\\u{1b}b\\u{202e}");
        assert_eq!(Reason(&"x".repeat(9999)).to_string().len(), MAX_REASON);
    }

    #[test]
    fn the_length_is_bounded_and_a_cut_is_shown() {
        assert_eq!(Quoted(&"x".repeat(64)).to_string().len(), 66);
        let cut = Quoted(&"\u{10ffff}".repeat(65)).to_string();
        assert!(cut.ends_with("\"..."));
        assert!(cut.len() <= 2 + 10 * 64 + 3);
    }
}
