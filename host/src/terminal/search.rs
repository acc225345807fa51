//! Searching the history while the user types what to search for.

use super::history::History;
use super::keys::Key;

/// What is searched for, and the line that was found.
#[derive(Debug)]
pub(super) struct Search {
    part: String,
    /// The line that is shown, or the place behind the last one.
    place: usize,
    is_failed: bool,
}

impl Search {
    pub(super) fn new(history: &History) -> Self {
        Self {
            part: String::new(),
            place: history.len(),
            is_failed: false,
        }
    }

    /// Goes on with a key, unless it is none of the search.
    pub(super) fn press(&mut self, key: &Key, history: &History) -> bool {
        let found = match key {
            Key::Insert(character) => {
                self.part.push(*character);
                history.search_older(&self.part, self.place.saturating_add(1))
            }
            Key::DeleteBefore => {
                self.part.pop();
                history.search_older(&self.part, history.len())
            }
            Key::SearchOlder => history.search_older(&self.part, self.place),
            Key::SearchNewer => history.search_newer(&self.part, self.place.saturating_add(1)),
            _ => return false,
        };
        self.is_failed = found.is_none();
        self.place = found.unwrap_or(self.place);
        true
    }

    /// The line that was found last.
    pub(super) fn found<'a>(&self, history: &'a History) -> Option<&'a str> {
        history.line(self.place)
    }

    pub(super) fn prompt(&self) -> String {
        let failed = if self.is_failed { "no " } else { "" };
        format!("({failed}match for '{}') ", self.part)
    }
}
