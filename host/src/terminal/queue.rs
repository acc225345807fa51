//! Lines that were entered and that nobody has asked for yet.

use std::collections::VecDeque;

/// Lines in the order in which they were entered, and how much they are.
#[derive(Debug, Default)]
pub(super) struct Queue {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// The one that was taken last.
    current: Vec<u8>,
}

impl Queue {
    pub(super) fn push(&mut self, line: Vec<u8>) {
        self.bytes += line.len();
        self.lines.push_back(line);
    }

    /// The next line.
    pub(super) fn take(&mut self) -> Option<&[u8]> {
        self.take_first(&|_| true)
    }

    /// The next line of a certain kind.
    pub(super) fn take_first(&mut self, is_wanted: &dyn Fn(&[u8]) -> bool) -> Option<&[u8]> {
        let place = self.lines.iter().position(|line| is_wanted(line))?;
        self.current = self.lines.remove(place)?;
        self.bytes -= self.current.len();
        Some(&self.current)
    }

    pub(super) fn clear(&mut self) {
        self.lines.clear();
        self.bytes = 0;
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether so much waits that keys have to wait, too. No person types that much, nor pastes it
    /// at once: Ctrl-C has to be heard.
    pub(super) fn is_full(&self) -> bool {
        self.bytes > MAX_BYTES
    }
}

const MAX_BYTES: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_out_in_their_order_but_for_those_that_need_not_wait() {
        let mut queue = Queue::default();
        for line in ["one", "/quit", "two"] {
            queue.push(line.into());
        }
        assert_eq!(
            queue.take_first(&|line| line[0] == b'/'),
            Some(&b"/quit"[..])
        );
        assert_eq!(queue.take(), Some(&b"one"[..]));
        assert_eq!(queue.len(), 1);
        queue.clear();
        assert!(queue.is_empty() && queue.take().is_none());
    }

    #[test]
    fn it_is_full_until_something_is_taken() {
        let mut queue = Queue::default();
        queue.push(vec![b'x'; MAX_BYTES]);
        assert!(!queue.is_full());
        queue.push(vec![b'x']);
        assert!(queue.is_full());
        queue.take();
        assert!(!queue.is_full());
    }
}
