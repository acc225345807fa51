//! What both sides of `pair` type.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Lines that wait to be sent.
#[derive(Debug, Default)]
pub(crate) struct TypedLines {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl TypedLines {
    pub(crate) fn push(&mut self, line: &[u8]) {
        self.bytes += line.len() + LINE_COST;
        self.lines.push_back(line.to_vec());
    }

    pub(crate) fn pop(&mut self) -> Option<Vec<u8>> {
        let line = self.lines.pop_front()?;
        self.bytes -= line.len() + LINE_COST;
        Some(line)
    }

    /// All of them, oldest first.
    pub(crate) fn into_lines(self) -> Vec<Vec<u8>> {
        self.lines.into()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How much memory they take, in bytes.
    pub(crate) fn cost(&self) -> usize {
        self.bytes
    }
}

/// What a side types to end the talk. It is not sent.
pub(crate) const EXIT: &[u8] = b"EXIT";
/// What a line that waits takes beside its bytes.
const LINE_COST: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_costs_until_it_is_sent_and_the_others_still_do() {
        let mut typed = TypedLines::default();
        typed.push(b"one");
        let cost_of_one = typed.cost();
        typed.push(b"two");
        assert_eq!(typed.cost(), 2 * cost_of_one);
        assert_eq!(typed.pop().as_deref(), Some(&b"one"[..]));
        assert_eq!(typed.cost(), cost_of_one);
        assert_eq!(typed.pop().as_deref(), Some(&b"two"[..]));
        assert_eq!(typed.cost(), 0);
    }
}
