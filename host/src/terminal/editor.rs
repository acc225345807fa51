//! The line editor: what each key does to the line, as in readline.

use std::borrow::Cow;
use std::mem;

use super::history::History;
use super::keys::Key;
use super::kill_ring::KillRing;
use super::paste;
use super::search::Search;
use super::text::Text;

/// A line that is edited, with everything that it can be made of again.
#[derive(Debug, Default)]
pub(super) struct Editor {
    text: Text,
    /// What the line was before each change, the latest last.
    undo: Vec<Text>,
    last: Last,
    killed: KillRing,
    history: History,
    /// Which line of the history is edited, if it is one.
    recalled: Option<usize>,
    /// What was edited before the history was called up.
    draft: Text,
    mode: Mode,
}

/// What a key asks of somebody else.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Nothing,
    /// A line was entered.
    Enter(String),
    /// Lines were pasted, and the user wants them entered.
    EnterAll(Vec<String>),
    /// Lines were pasted, and the user is asked whether to enter them.
    Show(Vec<String>),
    /// They are not to be entered.
    Refuse,
    Complete,
    Interrupt,
    EndOfInput,
    Suspend,
    Redraw,
    CursorAt(usize),
}

#[derive(Debug, Default)]
enum Mode {
    #[default]
    Editing,
    /// The next key is text.
    Quoting,
    Searching(Search),
    /// Whether to enter these lines.
    Asking(Vec<String>),
}

/// What the last key did, as far as the next one goes on with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Last {
    #[default]
    Other,
    Typed,
    Killed,
    /// Something was put in at this place.
    Yanked(usize),
}

impl Editor {
    pub(super) fn text(&self) -> &str {
        self.text.as_str()
    }

    pub(super) fn before_cursor(&self) -> &str {
        self.text.before_cursor()
    }

    /// What to show before the text; `prompt` unless the user is doing something else.
    pub(super) fn prompt<'a>(&self, prompt: &'a str) -> Cow<'a, str> {
        match &self.mode {
            Mode::Editing | Mode::Quoting => Cow::Borrowed(prompt),
            Mode::Searching(search) => Cow::Owned(search.prompt()),
            Mode::Asking(lines) => Cow::Owned(paste::question(lines.len())),
        }
    }

    /// What to show of the text.
    pub(super) fn shown(&self) -> (&str, usize) {
        match self.mode {
            Mode::Asking(_) => ("", 0),
            _ => (self.text(), self.before_cursor().len()),
        }
    }

    /// Puts `word` in the place of the last `length` bytes before the cursor.
    pub(super) fn complete(&mut self, length: usize, word: &str) {
        self.remember(Last::Other);
        let start = self.before_cursor().len() - length;
        self.text.replace(start, word);
    }

    pub(super) fn press(&mut self, key: Key) -> Effect {
        if let Key::CursorAt(column) = key {
            return Effect::CursorAt(column);
        }
        match mem::take(&mut self.mode) {
            Mode::Editing => self.edit(key),
            Mode::Quoting => self.quote(key),
            Mode::Searching(search) => self.search(search, key),
            Mode::Asking(lines) => self.answer(lines, key),
        }
    }

    fn edit(&mut self, key: Key) -> Effect {
        match key {
            Key::Enter => return self.enter(),
            Key::Paste(bytes) => return self.paste(&bytes),
            Key::Interrupt if self.text().is_empty() => return Effect::Interrupt,
            Key::EndOfInput if self.text().is_empty() => return Effect::EndOfInput,
            Key::Interrupt => self.clear(),
            Key::Complete => return Effect::Complete,
            Key::Suspend => return Effect::Suspend,
            Key::Redraw => return Effect::Redraw,
            Key::Quote => self.mode = Mode::Quoting,
            Key::SearchOlder => {
                self.remember(Last::Other);
                self.mode = Mode::Searching(Search::new(&self.history));
            }
            Key::Undo => self.undo(),
            Key::Older | Key::Newer | Key::Oldest | Key::Newest => self.recall(&key),
            Key::Yank => self.yank(),
            Key::YankOlder => self.yank_older(),
            Key::DeleteWordBefore
            | Key::DeleteWordAfter
            | Key::DeleteBlankWordBefore
            | Key::DeleteToStart
            | Key::DeleteToEnd => self.kill(&key),
            Key::Insert(_)
            | Key::DeleteBefore
            | Key::DeleteAfter
            | Key::EndOfInput
            | Key::Transpose
            | Key::UpperCase
            | Key::LowerCase
            | Key::Capitalize => self.change(&key),
            key => self.go(&key),
        }
        Effect::Nothing
    }

    fn go(&mut self, key: &Key) {
        let place = match key {
            Key::Left => self.text.left(),
            Key::Right => self.text.right(),
            Key::WordLeft => self.text.word_left(),
            Key::WordRight => self.text.word_right(),
            Key::Start => 0,
            Key::End => self.text.end(),
            _ => return,
        };
        self.last = Last::Other;
        self.text.move_to(place);
    }

    fn change(&mut self, key: &Key) {
        match key {
            Key::Insert(_) => self.remember(Last::Typed),
            _ => self.remember(Last::Other),
        }
        let text = &mut self.text;
        match key {
            Key::Insert(character) => text.insert(character.encode_utf8(&mut [0; 4])),
            Key::DeleteBefore => _ = text.remove(text.left()),
            Key::DeleteAfter | Key::EndOfInput => _ = text.remove(text.right()),
            Key::Transpose => text.transpose(),
            Key::UpperCase => change_word(text, |word| word.to_uppercase()),
            Key::LowerCase => change_word(text, |word| word.to_lowercase()),
            _ => change_word(text, capitalized),
        }
    }

    fn kill(&mut self, key: &Key) {
        let was_killed = self.last == Last::Killed;
        self.remember(Last::Killed);
        let text = &mut self.text;
        let (place, is_before) = match key {
            Key::DeleteWordBefore => (text.word_left(), true),
            Key::DeleteBlankWordBefore => (text.blank_word_left(), true),
            Key::DeleteToStart => (0, true),
            Key::DeleteWordAfter => (text.word_right(), false),
            _ => (text.end(), false),
        };
        let killed = text.remove(place);
        match (was_killed, is_before) {
            (false, _) => self.killed.push(killed),
            (true, true) => self.killed.prepend(&killed),
            (true, false) => self.killed.append(&killed),
        }
    }

    fn yank(&mut self) {
        let start = self.before_cursor().len();
        self.remember(Last::Yanked(start));
        if let Some(text) = self.killed.yank() {
            self.text.insert(text);
        }
    }

    /// Puts something older in the place of what was just yanked.
    fn yank_older(&mut self) {
        if let Last::Yanked(start) = self.last
            && let Some((_, older)) = self.killed.yank_older()
        {
            self.text.replace(start, older);
        }
    }

    fn recall(&mut self, key: &Key) {
        let count = self.history.len();
        let current = self.recalled.unwrap_or(count);
        let index = match key {
            Key::Older => current.saturating_sub(1),
            Key::Newer => (current + 1).min(count),
            Key::Oldest => 0,
            _ => count,
        };
        if index == current {
            return;
        }
        if self.recalled.is_none() {
            self.draft = self.text.clone();
        }
        self.forget_changes();
        self.recalled = (index < count).then_some(index);
        match self.history.line(index) {
            Some(line) => self.text.replace_all(line),
            None => self.text = mem::take(&mut self.draft),
        }
    }

    fn undo(&mut self) {
        self.last = Last::Other;
        if let Some(text) = self.undo.pop() {
            self.text = text;
        }
    }

    fn enter(&mut self) -> Effect {
        let line = self.text().to_owned();
        self.history.push(&line);
        self.clear();
        Effect::Enter(line)
    }

    fn clear(&mut self) {
        self.text = Text::default();
        self.recalled = None;
        self.forget_changes();
    }

    fn paste(&mut self, bytes: &[u8]) -> Effect {
        let mut lines = paste::lines(bytes);
        if lines.len() > 1 {
            let shown = paste::preview(&lines);
            self.mode = Mode::Asking(lines);
            return Effect::Show(shown);
        }
        self.remember(Last::Other);
        if let Some(line) = lines.pop() {
            self.text.insert(&line);
        }
        Effect::Nothing
    }

    fn answer(&mut self, lines: Vec<String>, key: Key) -> Effect {
        match key {
            Key::Insert('y' | 'Y') => Effect::EnterAll(lines),
            Key::Insert('n' | 'N') | Key::Enter | Key::Escape | Key::Interrupt | Key::Abort => {
                Effect::Refuse
            }
            key => {
                self.mode = Mode::Asking(lines);
                match key {
                    Key::Suspend => Effect::Suspend,
                    Key::Redraw => Effect::Redraw,
                    _ => Effect::Nothing,
                }
            }
        }
    }

    fn quote(&mut self, key: Key) -> Effect {
        match key {
            Key::Complete => self.change(&Key::Insert('\t')),
            Key::Insert(_) => self.change(&key),
            _ => return self.edit(key),
        }
        Effect::Nothing
    }

    fn search(&mut self, mut search: Search, key: Key) -> Effect {
        if search.press(&key, &self.history) {
            if let Some(line) = search.found(&self.history) {
                self.text.replace_all(line);
            }
            self.mode = Mode::Searching(search);
            return Effect::Nothing;
        }
        match key {
            Key::Abort | Key::Interrupt => {
                self.undo();
                Effect::Nothing
            }
            Key::Escape => Effect::Nothing,
            key => self.edit(key),
        }
    }

    /// Keeps the line as it is for undoing what comes now. Characters typed one after the other
    /// are undone together.
    fn remember(&mut self, now: Last) {
        if !(now == Last::Typed && self.last == Last::Typed) {
            self.undo.push(self.text.clone());
            if self.undo.len() > MAX_UNDO {
                self.undo.remove(0);
            }
        }
        self.last = now;
    }

    fn forget_changes(&mut self) {
        self.undo.clear();
        self.last = Last::Other;
    }
}

fn change_word(text: &mut Text, change: impl Fn(&str) -> String) {
    let end = text.word_right();
    let changed = change(text.between(end));
    text.replace(end, &changed);
}

fn capitalized(word: &str) -> String {
    let start = word.find(char::is_alphanumeric).unwrap_or_default();
    let mut rest = word[start..].chars();
    let first: String = rest.by_ref().take(1).flat_map(char::to_uppercase).collect();
    word[..start].to_owned() + &first + &rest.as_str().to_lowercase()
}

const MAX_UNDO: usize = 100;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::super::keys::Decoder;
    use super::super::row::Row;
    use super::*;
    use crate::escaped::is_obeyed;

    #[test]
    fn the_history_comes_back_and_so_does_the_draft() {
        let mut editor = Editor::default();
        assert_eq!(type_in(&mut editor, "one\r"), [Effect::Enter("one".into())]);
        assert_eq!(after(&mut editor, "two\rdraft\x1b[A"), "two");
        assert_eq!(after(&mut editor, "\x1b[A\x1b[A"), "one");
        assert_eq!(after(&mut editor, "\x1b[B\x1b[B\x1b[B"), "draft");
        assert_eq!(after(&mut editor, "\x1b<"), "one");
        assert_eq!(after(&mut editor, "\x1b>"), "draft");
    }

    #[test]
    fn what_was_killed_comes_back() {
        for (keys, line) in [
            ("one two\x17\x01\x19", "twoone "),
            // Killed one after the other, it is one text.
            ("one two three\x17\x17\x15\x19!", "one two three!"),
            ("one two\x01\x1bd\x0b\x19\x19", "one twoone two"),
            // Otherwise the older ones come in turn.
            ("one\x15two\x15\x19\x1by", "one"),
            ("one\x15two\x15\x19\x1by\x1by", "two"),
            ("one\x15\x19x\x1by", "onex"),
            ("one-two\x1b\x7f\x08\x19", "onetwo"),
        ] {
            assert_eq!(after(&mut Editor::default(), keys), line, "{keys:?}");
        }
    }

    #[test]
    fn changes_are_undone_one_by_one() {
        let mut editor = Editor::default();
        assert_eq!(after(&mut editor, "one two\x17x\x01\x0b"), "");
        for line in ["one x", "one ", "one two", "", ""] {
            assert_eq!(after(&mut editor, "\x1f"), line);
        }
    }

    #[test]
    fn words_change_their_case_and_characters_their_places() {
        assert_eq!(
            after(&mut Editor::default(), "one two\x01\x1bu\x1bc"),
            "ONE Two"
        );
        assert_eq!(
            after(&mut Editor::default(), "ONE ÄB\x01\x1bl\x1bl"),
            "one äb"
        );
        assert_eq!(after(&mut Editor::default(), "teh\x14"), "the");
    }

    #[test]
    fn the_history_is_searched_while_one_types() {
        let mut editor = Editor::default();
        type_in(&mut editor, "green tea\rcoffee\rblack tea\r");
        assert_eq!(after(&mut editor, "draft\x12te"), "black tea");
        assert_eq!(editor.prompt("> "), "(match for 'te') ");
        assert_eq!(after(&mut editor, "\x12"), "green tea");
        assert_eq!(after(&mut editor, "\x12"), "green tea");
        assert_eq!(editor.prompt("> "), "(no match for 'te') ");
        assert_eq!(after(&mut editor, "\x13"), "black tea");
        assert_eq!(after(&mut editor, "\x07"), "draft");
        assert_eq!(editor.prompt("> "), "> ");
        let entered = Effect::Enter("coffee".into());
        assert_eq!(type_in(&mut editor, "\x12cof\r"), [entered]);
        assert_eq!(after(&mut editor, "\x12gre\x1b"), "green tea");
        assert_eq!(after(&mut editor, "!"), "green tea!");
    }

    #[test]
    fn one_pasted_line_is_text_and_several_are_asked_about() {
        let mut editor = Editor::default();
        assert_eq!(after(&mut editor, "a\x1b[200~b\tc\n\x1b[201~d"), "ab\tcd");
        let lines = vec!["one".to_owned(), "two".to_owned()];
        let paste = "\x1b[200~one\r\ntwo\x1b[201~";
        assert_eq!(type_in(&mut editor, paste), [Effect::Show(lines.clone())]);
        assert_eq!(editor.prompt("> "), "send these 2 pasted lines? (y/n) ");
        assert_eq!(type_in(&mut editor, "x"), []);
        assert_eq!(type_in(&mut editor, "y"), [Effect::EnterAll(lines)]);
        type_in(&mut editor, paste);
        assert_eq!(type_in(&mut editor, "\r"), [Effect::Refuse]);
        assert_eq!(editor.text(), "ab\tcd");
    }

    #[test]
    fn a_quoted_key_is_text() {
        assert_eq!(after(&mut Editor::default(), "a\x16\tb"), "a\tb");
    }

    #[test]
    fn what_is_completed_can_be_undone() {
        let mut editor = Editor::default();
        type_in(&mut editor, "say al");
        editor.complete(2, "alice");
        assert_eq!(editor.text(), "say alice");
        assert_eq!(after(&mut editor, "\x1f"), "say al");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_the_line_is_text_and_its_row_fits(
            bytes in prop::collection::vec(key_byte(), 0..400),
            columns in 12_usize..100,
        ) {
            let mut decoder = Decoder::default();
            let mut editor = Editor::default();
            for byte in bytes {
                for key in decoder.decode(byte) {
                    editor.press(key);
                }
                let (text, cursor) = editor.shown();
                prop_assert!(!text.chars().any(|c| c != '\t' && is_obeyed(c)));
                let row = Row::new(&editor.prompt("> "), text, cursor, columns);
                prop_assert!(row.shown.width() < columns && row.cursor < columns);
            }
            decoder.time_out();
            prop_assert_eq!(decoder.patience(), None);
        }
    }

    /// Keys that do something more often than others, and every byte.
    fn key_byte() -> impl Strategy<Value = u8> {
        let keys =
            b"ab \xc3\xa9\xe6\xbc\xa2\x1b[~;3ACDbfdyu\x01\x05\x0b\x12\x14\x15\x17\x19\x1f\x7f\r\t";
        prop_oneof![4 => prop::sample::select(&keys[..]), 1 => any::<u8>()]
    }

    fn after<'a>(editor: &'a mut Editor, keys: &str) -> &'a str {
        type_in(editor, keys);
        editor.text()
    }

    fn type_in(editor: &mut Editor, keys: &str) -> Vec<Effect> {
        let mut decoder = Decoder::default();
        let mut keys: Vec<_> = keys.bytes().flat_map(|byte| decoder.decode(byte)).collect();
        keys.extend(decoder.time_out());
        let effects = keys.into_iter().map(|key| editor.press(key));
        effects
            .filter(|effect| *effect != Effect::Nothing)
            .collect()
    }
}
