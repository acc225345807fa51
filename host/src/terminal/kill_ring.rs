//! What was cut out of a line, for putting it in elsewhere.

use std::collections::VecDeque;

/// The texts that were cut out, the latest first.
#[derive(Debug, Default)]
pub(super) struct KillRing {
    texts: VecDeque<String>,
    /// Which one was put in last.
    yanked: usize,
}

impl KillRing {
    /// Keeps a text that was cut out.
    pub(super) fn push(&mut self, text: String) {
        if !text.is_empty() {
            self.texts.push_front(text);
            self.texts.truncate(MAX_TEXTS);
        }
    }

    /// Adds to the latest text what was cut out behind it.
    pub(super) fn append(&mut self, text: &str) {
        match self.texts.front_mut() {
            Some(latest) => latest.push_str(text),
            None => self.push(text.to_owned()),
        }
    }

    /// Adds to the latest text what was cut out before it.
    pub(super) fn prepend(&mut self, text: &str) {
        match self.texts.front_mut() {
            Some(latest) => latest.insert_str(0, text),
            None => self.push(text.to_owned()),
        }
    }

    /// The latest text.
    pub(super) fn yank(&mut self) -> Option<&str> {
        self.yanked = 0;
        self.texts.front().map(String::as_str)
    }

    /// The one that was yanked last, and the next older one.
    pub(super) fn yank_older(&mut self) -> Option<(&str, &str)> {
        let last = self.yanked;
        self.yanked = (last + 1) % self.texts.len().max(1);
        Some((self.texts.get(last)?, self.texts.get(self.yanked)?))
    }
}

const MAX_TEXTS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_comes_first_and_the_others_in_turn() {
        let mut ring = KillRing::default();
        assert_eq!(ring.yank(), None);
        assert_eq!(ring.yank_older(), None);
        ring.push("one".into());
        ring.push(String::new());
        ring.push("two".into());
        ring.append("!");
        ring.prepend("my ");
        assert_eq!(ring.yank(), Some("my two!"));
        assert_eq!(ring.yank_older(), Some(("my two!", "one")));
        assert_eq!(ring.yank_older(), Some(("one", "my two!")));
    }
}
