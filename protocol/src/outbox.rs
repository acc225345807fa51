//! Bytes that wait for one peer.

use bytes::{Buf, BytesMut};

/// Whole frames, in the order in which they were queued, less what has been written of the first.
///
/// Its backlog is what waits here and what was handed out and is not yet known to be written.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: BytesMut,
    /// How many bytes [`take`](Self::take) handed out that nobody has reported as written.
    handed_out: usize,
    /// The last byte written, to tell whether the peer has received half a frame.
    last_written: Option<u8>,
}

impl Outbox {
    /// How much memory this peer's output takes, in bytes.
    pub(crate) fn backlog(&self) -> usize {
        self.waiting.len() + self.handed_out
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.backlog() == 0
    }

    pub(crate) fn push(&mut self, frame: &[u8]) {
        self.waiting.extend_from_slice(frame);
    }

    pub(crate) fn waiting(&self) -> &[u8] {
        &self.waiting
    }

    /// Hands out all that waits. It stays in the backlog until [`advance`](Self::advance).
    pub(crate) fn take(&mut self) -> BytesMut {
        self.handed_out += self.waiting.len();
        core::mem::take(&mut self.waiting)
    }

    /// `written` more bytes are with the peer's transport: of those handed out first, then of
    /// those that wait.
    pub(crate) fn advance(&mut self, written: usize) {
        let of_handed_out = written.min(self.handed_out);
        self.handed_out -= of_handed_out;
        let of_waiting = (written - of_handed_out).min(self.waiting.len());
        if of_waiting > 0 {
            self.last_written = Some(self.waiting[of_waiting - 1]);
        } else if of_handed_out > 0 {
            // What is handed out ends where a frame ends.
            self.last_written = None;
        }
        if of_waiting < self.waiting.len() {
            self.waiting.advance(of_waiting);
        } else {
            self.waiting = BytesMut::new();
        }
    }

    /// Drops every frame of which nothing has been written, so that the peer, who is about to be
    /// closed, sees whole lines only.
    pub(crate) fn truncate_to_started_frame(&mut self) {
        let started = self.handed_out == 0 && self.last_written.is_some_and(|byte| byte != b'\n');
        let rest = match memchr::memchr(b'\n', &self.waiting) {
            Some(end) if started => end + 1,
            _ => 0,
        };
        if rest == 0 {
            self.waiting = BytesMut::new();
        } else {
            self.waiting.truncate(rest);
        }
    }

    /// Drops everything, what was handed out too.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(frames: &[&[u8]]) -> Outbox {
        let mut outbox = Outbox::default();
        for frame in frames {
            outbox.push(frame);
        }
        outbox
    }

    #[test]
    fn what_was_handed_out_counts_until_it_is_written() {
        let mut outbox = outbox(&[b"one\n"]);
        assert_eq!(outbox.take(), b"one\n"[..]);
        outbox.push(b"two\n");
        assert_eq!((outbox.backlog(), outbox.waiting()), (8, &b"two\n"[..]));
        outbox.advance(3);
        assert_eq!(outbox.backlog(), 5);
        outbox.advance(1);
        assert_eq!((outbox.backlog(), outbox.waiting()), (4, &b"two\n"[..]));
    }

    #[test]
    fn more_than_everything_cannot_be_written() {
        let mut outbox = outbox(&[b"one\n"]);
        outbox.advance(usize::MAX);
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_frame_that_was_begun_is_kept_when_the_rest_is_dropped() {
        let mut outbox = outbox(&[b"one\r\n", b"two\r\n", b"three\r\n"]);
        outbox.advance(7);
        outbox.truncate_to_started_frame();
        assert_eq!(outbox.waiting(), b"o\r\n");
    }

    #[test]
    fn the_last_byte_of_an_ending_belongs_to_the_frame_that_was_begun() {
        let mut outbox = outbox(&[b"one\r\n", b"two\r\n"]);
        outbox.advance(4);
        outbox.truncate_to_started_frame();
        assert_eq!(outbox.waiting(), b"\n");
    }

    #[test]
    fn at_a_frame_boundary_everything_is_dropped() {
        let mut between = outbox(&[b"one\n", b"two\n"]);
        between.advance(4);
        between.truncate_to_started_frame();
        assert!(between.is_empty());

        let mut untouched = outbox(&[b"one\n"]);
        untouched.truncate_to_started_frame();
        assert!(untouched.is_empty());
    }

    #[test]
    fn what_was_handed_out_ends_at_a_frame_boundary() {
        let mut outbox = outbox(&[b"one\n"]);
        outbox.advance(1);
        outbox.take();
        outbox.push(b"two\n");
        outbox.truncate_to_started_frame();
        assert_eq!((outbox.backlog(), outbox.waiting()), (3, &b""[..]));
        outbox.advance(3);
        outbox.push(b"three\n");
        outbox.truncate_to_started_frame();
        assert!(outbox.is_empty());
    }
}
