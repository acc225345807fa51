//! The one row of the screen in which a line is edited.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What to write so that the row shows the prompt and as much of `text` as fits, with the cursor at
/// byte `cursor` of it, on a screen of so many columns. The cursor has to be in the row, anywhere.
///
/// A text that is too long is scrolled, not wrapped: the row is always one, so nobody has to know
/// where on the screen it is.
pub(super) fn draw(prompt: &str, text: &str, cursor: usize, columns: usize) -> String {
    // The last column stays free: a terminal may wrap as soon as something is in it.
    let room = columns.saturating_sub(prompt.width() + 1).max(2);
    let start = first_visible(&text[..cursor], room);
    let visible = fitting(&text[start..], room);
    let column = prompt.width() + text[start..cursor].width();
    format!("\r{prompt}{visible}\x1b[K\r{}", forward(column))
}

/// What to write so that the row is empty.
pub(super) const ERASE: &str = "\r\x1b[K";

/// Where to begin to show a text so that its end is visible, too.
fn first_visible(before_cursor: &str, room: usize) -> usize {
    if before_cursor.width() <= room {
        return 0;
    }
    let mut width = 0;
    let mut start = before_cursor.len();
    for (index, grapheme) in before_cursor.grapheme_indices(true).rev() {
        width += grapheme.width();
        if width > room {
            break;
        }
        start = index;
    }
    start
}

/// As much of a text as fits, from its beginning.
fn fitting(text: &str, room: usize) -> &str {
    let mut width = 0;
    for (index, grapheme) in text.grapheme_indices(true) {
        width += grapheme.width();
        if width > room {
            return &text[..index];
        }
    }
    text
}

fn forward(columns: usize) -> String {
    match columns {
        0 => String::new(),
        _ => format!("\x1b[{columns}C"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_shown_whole_with_the_cursor_in_its_place() {
        assert_eq!(draw("> ", "abc", 1, 80), "\r> abc\x1b[K\r\x1b[3C");
        assert_eq!(draw("> ", "漢字", 3, 80), "\r> 漢字\x1b[K\r\x1b[4C");
        assert_eq!(draw("", "", 0, 80), "\r\x1b[K\r");
    }

    #[test]
    fn a_long_text_is_scrolled_so_that_the_cursor_is_seen() {
        assert_eq!(draw("> ", "abcdefghij", 10, 8), "\r> fghij\x1b[K\r\x1b[7C");
        assert_eq!(draw("> ", "abcdefghij", 0, 8), "\r> abcde\x1b[K\r\x1b[2C");
        assert_eq!(draw("> ", "漢字漢字", 12, 8), "\r> 漢字\x1b[K\r\x1b[6C");
    }

    #[test]
    fn a_screen_without_room_is_no_reason_to_panic() {
        for columns in 0..5 {
            draw("> ", "a漢b", 4, columns);
        }
    }
}
