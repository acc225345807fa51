//! The line that is edited, and those before it.

use std::collections::VecDeque;

use rustyline::line_buffer::{ChangeListener, DeleteListener, Direction, LineBuffer};
use rustyline::{At, Word};

use super::keys::Key;
use crate::escaped::is_obeyed;

/// The text with its cursor, and the history.
pub(super) struct EditedLine {
    text: LineBuffer,
    /// The oldest first.
    history: VecDeque<String>,
    /// Which line of the history is edited; its length for none of them.
    recalled: usize,
    /// What was edited before the history was called up.
    draft: String,
}

impl EditedLine {
    pub(super) fn new() -> Self {
        Self {
            text: LineBuffer::with_capacity(MAX_LENGTH),
            history: VecDeque::new(),
            recalled: 0,
            draft: String::new(),
        }
    }

    pub(super) fn text(&self) -> &str {
        self.text.as_str()
    }

    pub(super) fn before_cursor(&self) -> &str {
        &self.text.as_str()[..self.text.pos()]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Does what a key asks for, if it is about the text.
    pub(super) fn edit(&mut self, key: Key) {
        let text = &mut self.text;
        match key {
            Key::Insert(character) if is_obeyed(character) => {}
            Key::Insert(character) => _ = text.insert(character, 1, &mut Nobody),
            Key::DeleteBefore => _ = text.backspace(1, &mut Nobody),
            Key::DeleteAfter => _ = text.delete(1, &mut Nobody),
            Key::DeleteWordBefore => _ = text.delete_prev_word(Word::Big, 1, &mut Nobody),
            Key::DeleteToStart => _ = text.discard_line(&mut Nobody),
            Key::DeleteToEnd => _ = text.kill_line(&mut Nobody),
            Key::Left => _ = text.move_backward(1),
            Key::Right => _ = text.move_forward(1),
            Key::WordLeft => _ = text.move_to_prev_word(Word::Emacs, 1),
            Key::WordRight => _ = text.move_to_next_word(At::AfterEnd, Word::Emacs, 1),
            Key::Start => _ = text.move_home(),
            Key::End => _ = text.move_end(),
            Key::Older => self.recall(self.recalled.checked_sub(1)),
            Key::Newer => self.recall(Some(self.recalled + 1)),
            _ => {}
        }
    }

    /// Takes the text, and remembers it.
    pub(super) fn take(&mut self) -> String {
        let line = self.text().to_owned();
        self.clear();
        if !line.is_empty() && self.history.back() != Some(&line) {
            self.history.push_back(line.clone());
            if self.history.len() > MAX_HISTORY {
                self.history.pop_front();
            }
        }
        self.recalled = self.history.len();
        line
    }

    pub(super) fn clear(&mut self) {
        self.replace_all("");
        self.recalled = self.history.len();
    }

    /// Puts `word` in the place of the last `length` bytes before the cursor.
    pub(super) fn replace_before_cursor(&mut self, length: usize, word: &str) {
        let end = self.text.pos();
        self.text.delete_range(end - length..end, &mut Nobody);
        self.text.yank(word, 1, &mut Nobody);
    }

    fn recall(&mut self, index: Option<usize>) {
        let Some(index) = index.filter(|&index| index <= self.history.len()) else {
            return;
        };
        if self.recalled == self.history.len() {
            self.draft = self.text().to_owned();
        }
        self.recalled = index;
        let line = self.history.get(index).unwrap_or(&self.draft).clone();
        self.replace_all(&line);
    }

    fn replace_all(&mut self, line: &str) {
        self.text.update(line, line.len(), &mut Nobody);
    }
}

/// Nobody has to hear of each change.
struct Nobody;

impl DeleteListener for Nobody {
    fn delete(&mut self, _index: usize, _text: &str, _direction: Direction) {}
}

impl ChangeListener for Nobody {
    fn insert_char(&mut self, _index: usize, _character: char) {}

    fn insert_str(&mut self, _index: usize, _text: &str) {}

    fn replace(&mut self, _index: usize, _old: &str, _new: &str) {}
}

/// The longest line that can be typed, in bytes. More than any server takes by default.
const MAX_LENGTH: usize = 16 * 1024;

/// How many lines can be called up again.
const MAX_HISTORY: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_see_as_one_character_is_deleted_as_one() {
        let mut line = typed("a👩‍👩‍👧é");
        line.edit(Key::DeleteBefore);
        line.edit(Key::DeleteBefore);
        assert_eq!(line.text(), "a");
    }

    #[test]
    fn words_are_moved_over_and_deleted() {
        let mut line = typed("one two three");
        line.edit(Key::WordLeft);
        line.edit(Key::DeleteWordBefore);
        assert_eq!(line.text(), "one three");
        line.edit(Key::DeleteToEnd);
        assert_eq!(line.text(), "one ");
        line.edit(Key::DeleteToStart);
        assert!(line.is_empty());
    }

    #[test]
    fn the_history_comes_back_and_so_does_the_draft() {
        let mut line = typed("one");
        assert_eq!(line.take(), "one");
        insert(&mut line, "two");
        line.take();
        insert(&mut line, "draft");
        line.edit(Key::Older);
        assert_eq!(line.text(), "two");
        line.edit(Key::Older);
        line.edit(Key::Older);
        assert_eq!(line.text(), "one");
        line.edit(Key::Newer);
        line.edit(Key::Newer);
        line.edit(Key::Newer);
        assert_eq!(line.text(), "draft");
    }

    #[test]
    fn nothing_that_a_terminal_obeys_can_be_typed_and_length_is_bounded() {
        let mut line = typed("a\u{202e}b");
        assert_eq!(line.text(), "ab");
        for _ in 0..MAX_LENGTH + 10 {
            line.edit(Key::Insert('x'));
        }
        assert_eq!(line.text().len(), MAX_LENGTH);
    }

    fn typed(text: &str) -> EditedLine {
        let mut line = EditedLine::new();
        insert(&mut line, text);
        line
    }

    fn insert(line: &mut EditedLine, text: &str) {
        text.chars().for_each(|c| line.edit(Key::Insert(c)));
    }
}
