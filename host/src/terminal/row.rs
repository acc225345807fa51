//! The one row of the screen in which a line is edited.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What a row shows, and where the cursor is in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) shown: String,
    /// Counted from 0.
    pub(super) cursor: usize,
}

impl Row {
    /// The prompt and as much of `text` as fits, with the cursor at byte `cursor` of it, on a
    /// screen of so many columns.
    ///
    /// A text that is too long is scrolled, not wrapped: the row is always one, so nobody has to
    /// know where on the screen it is.
    pub(super) fn new(prompt: &str, text: &str, cursor: usize, columns: usize) -> Self {
        let (before, after) = text.split_at(cursor);
        let (before, after) = (visible(before), visible(after));
        // The last column stays free: a terminal may wrap as soon as something is in it.
        let prompt = fitting(prompt, columns.saturating_sub(LEAST_ROOM));
        let room = columns.saturating_sub(prompt.width() + 1).max(2);
        let before = fitting_end(&before, room);
        let after = fitting(&after, room - before.width().min(room));
        Self {
            shown: format!("{prompt}{before}{after}"),
            cursor: prompt.width() + before.width(),
        }
    }
}

/// A TAB as something that is one column wide.
fn visible(text: &str) -> Cow<'_, str> {
    if text.contains('\t') {
        Cow::Owned(text.replace('\t', "\u{2409}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// As much of a text as fits, up to its end.
fn fitting_end(text: &str, room: usize) -> &str {
    let mut width = 0;
    for (index, grapheme) in text.grapheme_indices(true).rev() {
        width += grapheme.width();
        if width > room {
            return &text[index + grapheme.len()..];
        }
    }
    text
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

/// How many columns the text has at least, whatever the prompt.
const LEAST_ROOM: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_is_shown_whole_with_the_cursor_in_its_place() {
        assert_eq!(row("> ", "abc", 1, 80), ("> abc", 3));
        assert_eq!(row("> ", "漢字", 3, 80), ("> 漢字", 4));
        assert_eq!(row("> ", "a\tb", 2, 80), ("> a␉b", 4));
        assert_eq!(row("", "", 0, 80), ("", 0));
    }

    #[test]
    fn a_long_text_is_scrolled_so_that_the_cursor_is_seen() {
        assert_eq!(row("> ", "abcdefghijkl", 12, 12), ("> defghijkl", 11));
        assert_eq!(row("> ", "abcdefghijkl", 0, 12), ("> abcdefghi", 2));
        assert_eq!(row("> ", "漢字漢字漢字", 18, 12), ("> 漢字漢字", 10));
    }

    #[test]
    fn a_prompt_leaves_room_for_the_text() {
        assert_eq!(row("a long prompt> ", "abc", 3, 15), ("a lonabc", 8));
    }

    #[test]
    fn a_screen_without_room_shows_what_is_before_the_cursor_and_no_prompt() {
        for columns in 0..=3 {
            assert_eq!(row("> ", "a漢b", 4, columns), ("漢", 2), "{columns}");
        }
        assert_eq!(row("> ", "a漢b", 4, 4), ("a漢", 3));
        assert_eq!(row("> ", "a漢b", 1, 0), ("a", 1));
        assert_eq!(row("> ", "漢漢", 6, 0), ("漢", 2));
    }

    fn row(prompt: &str, text: &str, cursor: usize, columns: usize) -> (&'static str, usize) {
        let row = Row::new(prompt, text, cursor, columns);
        (row.shown.leak(), row.cursor)
    }
}
