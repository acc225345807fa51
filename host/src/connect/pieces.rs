//! Lines out of pieces.

/// The beginning of a line, until it has its end or is too long to be held.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    bytes: Vec<u8>,
}

impl Pieces {
    /// Hands on each line that ends in `bytes`, without its `\n`.
    pub(super) fn push(&mut self, bytes: &[u8], mut line: impl FnMut(&[u8])) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.bytes.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.bytes.len() > MAX_LINE {
                line(self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes));
                self.bytes.clear();
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// The longest line that is kept as one, in bytes.
const MAX_LINE: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_out_whole_and_endless_ones_in_pieces() {
        let mut pieces = Pieces::default();
        let mut lines = Vec::new();
        for bytes in [&b"a"[..], b"b\n\nc", &[b'x'; MAX_LINE], b"d\n"] {
            pieces.push(bytes, |line| lines.push(line.len()));
        }
        assert_eq!(lines, [2, 0, MAX_LINE + 1, 1]);
        assert!(pieces.is_empty());
    }
}
