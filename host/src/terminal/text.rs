//! The text that is edited, and places in it.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::escaped::is_obeyed;

/// A text of bounded length with a cursor, which is always between two of what people see as
/// characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    text: String,
    cursor: usize,
}

impl Text {
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn before_cursor(&self) -> &str {
        &self.text[..self.cursor]
    }

    /// Inserts as much as fits, without what a terminal would obey. A TAB is text.
    pub(super) fn insert(&mut self, text: &str) {
        for character in text.chars() {
            let is_legal = character == '\t' || !is_obeyed(character);
            if is_legal && self.text.len() + character.len_utf8() <= MAX_LENGTH {
                self.text.insert(self.cursor, character);
                self.cursor += character.len_utf8();
            }
        }
    }

    /// Takes what is between the cursor and another place.
    pub(super) fn remove(&mut self, place: usize) -> String {
        let Range { start, end } = self.until(place);
        self.cursor = start;
        self.text.drain(start..end).collect()
    }

    /// Puts something in the place of what is between the cursor and another place; the cursor is
    /// behind it then.
    pub(super) fn replace(&mut self, place: usize, with: &str) {
        self.remove(place);
        self.insert(with);
    }

    pub(super) fn replace_all(&mut self, text: &str) {
        *self = Self::default();
        self.insert(text);
    }

    pub(super) fn move_to(&mut self, place: usize) {
        self.cursor = place;
    }

    /// What is between the cursor and another place.
    pub(super) fn between(&self, place: usize) -> &str {
        &self.text[self.until(place)]
    }

    pub(super) fn left(&self) -> usize {
        let last = self.before_cursor().grapheme_indices(true).next_back();
        last.map_or(0, |(index, _)| index)
    }

    pub(super) fn right(&self) -> usize {
        let next = self.after_cursor().graphemes(true).next();
        self.cursor + next.map_or(0, str::len)
    }

    pub(super) fn end(&self) -> usize {
        self.text.len()
    }

    /// The beginning of the word before the cursor, of letters and digits.
    pub(super) fn word_left(&self) -> usize {
        let rest = self.before_cursor();
        let rest = rest.trim_end_matches(|c: char| !c.is_alphanumeric());
        rest.trim_end_matches(char::is_alphanumeric).len()
    }

    /// The end of the word behind the cursor.
    pub(super) fn word_right(&self) -> usize {
        let rest = self.after_cursor();
        let rest = rest.trim_start_matches(|c: char| !c.is_alphanumeric());
        self.text.len() - rest.trim_start_matches(char::is_alphanumeric).len()
    }

    /// The beginning of what is between two blanks before the cursor.
    pub(super) fn blank_word_left(&self) -> usize {
        let rest = self.before_cursor().trim_end();
        rest.trim_end_matches(|c: char| !c.is_whitespace()).len()
    }

    /// Exchanges the character before the cursor with the one behind it; at the end, the last two.
    pub(super) fn transpose(&mut self) {
        if self.cursor == self.end() {
            self.cursor = self.left();
        }
        let first = self.left();
        let second = self.between(self.right()).to_owned();
        if first < self.cursor && !second.is_empty() {
            self.move_to(self.right());
            let both = self.remove(first);
            let swapped = second.clone() + &both[..both.len() - second.len()];
            self.insert(&swapped);
        }
    }

    fn after_cursor(&self) -> &str {
        &self.text[self.cursor..]
    }

    fn until(&self, place: usize) -> Range<usize> {
        self.cursor.min(place)..self.cursor.max(place)
    }
}

/// The longest text, in bytes. More than any server takes for a line by default.
const MAX_LENGTH: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_see_as_one_character_is_one() {
        let mut text = typed("a👩‍👩‍👧e\u{301}");
        assert_eq!(text.remove(text.left()), "e\u{301}");
        assert_eq!(text.remove(text.left()), "👩‍👩‍👧");
        text.move_to(0);
        assert_eq!(text.right(), 1);
    }

    #[test]
    fn words_are_of_letters_or_between_blanks() {
        let mut text = typed("one two-three ");
        assert_eq!(text.word_left(), "one two-".len());
        assert_eq!(text.blank_word_left(), "one ".len());
        text.move_to(3);
        assert_eq!(text.word_right(), "one two".len());
        assert_eq!(text.remove(text.word_right()), " two");
        assert_eq!(text.as_str(), "one-three ");
    }

    #[test]
    fn characters_are_transposed_at_the_end_and_within() {
        let mut text = typed("ab");
        text.transpose();
        assert_eq!((text.as_str(), text.before_cursor()), ("ba", "ba"));
        text.move_to(0);
        text.transpose();
        assert_eq!(text.as_str(), "ba");
        text.replace_all("aéc");
        text.move_to(1);
        text.transpose();
        assert_eq!((text.as_str(), text.before_cursor()), ("éac", "éa"));
        let mut one = typed("a");
        one.transpose();
        assert_eq!(one.as_str(), "a");
    }

    #[test]
    fn nothing_that_a_terminal_obeys_gets_in_and_length_is_bounded() {
        let mut text = typed("a\u{202e}\x1b\tb");
        assert_eq!(text.as_str(), "a\tb");
        text.insert(&"é".repeat(MAX_LENGTH));
        assert!((MAX_LENGTH - 1..=MAX_LENGTH).contains(&text.end()));
    }

    fn typed(text: &str) -> Text {
        let mut typed = Text::default();
        typed.insert(text);
        typed
    }
}
