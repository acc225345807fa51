//! The lines that were entered before.

use std::collections::VecDeque;

/// Lines that can be called up again, the oldest first.
#[derive(Debug, Default)]
pub(super) struct History {
    lines: VecDeque<String>,
}

impl History {
    /// Remembers a line, unless it is the last one again.
    pub(super) fn push(&mut self, line: &str) {
        if !line.is_empty() && self.lines.back().is_none_or(|last| last != line) {
            self.lines.push_back(line.to_owned());
            if self.lines.len() > MAX_LINES {
                self.lines.pop_front();
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn line(&self, index: usize) -> Option<&str> {
        self.lines.get(index).map(String::as_str)
    }

    /// The latest line before `index` that has `part` in it.
    pub(super) fn search_older(&self, part: &str, index: usize) -> Option<usize> {
        (0..index.min(self.len()))
            .rev()
            .find(|&index| self.has(index, part))
    }

    /// The oldest line from `index` on that has `part` in it.
    pub(super) fn search_newer(&self, part: &str, index: usize) -> Option<usize> {
        (index..self.len()).find(|&index| self.has(index, part))
    }

    fn has(&self, index: usize, part: &str) -> bool {
        self.line(index).is_some_and(|line| line.contains(part))
    }
}

const MAX_LINES: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_in_both_directions() {
        let mut history = History::default();
        for line in ["tea one", "coffee", "", "tea two", "tea two"] {
            history.push(line);
        }
        assert_eq!(history.len(), 3);
        assert_eq!(history.search_older("tea", 3), Some(2));
        assert_eq!(history.search_older("tea", 2), Some(0));
        assert_eq!(history.search_older("tea", 0), None);
        assert_eq!(history.search_newer("tea", 1), Some(2));
        assert_eq!(history.search_newer("milk", 0), None);
    }
}
