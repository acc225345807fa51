//! Bytes that wait for one peer.

use core::mem;
use core::ops::Range;

use bytes::{Buf, BytesMut};

/// Whole frames, in the order in which they were queued, less what has been written of the first.
///
/// Its backlog is what waits here and what was handed out and is not yet known to be written.
///
/// What waits may be in the [`Frames`](crate::engine::frames::Frames) of the batch, which are lent to
/// every method that looks at bytes.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queued: Queued,
    /// How many bytes were written off its own buffer, which still keeps their memory.
    spent: usize,
    /// How many bytes [`take`](Self::take) handed out that nobody has reported as written.
    handed_out: usize,
    /// The last byte written, to tell whether the peer has received half a frame.
    last_written: Option<u8>,
}

/// Where the bytes are that wait.
#[derive(Debug)]
enum Queued {
    /// A range of the frames of the batch; an empty one if nothing waits.
    Shared(Range<usize>),
    Own(BytesMut),
}

impl Default for Queued {
    fn default() -> Self {
        Self::Shared(0..0)
    }
}

impl Outbox {
    /// How much output waits for this peer, in bytes.
    pub(crate) fn backlog(&self) -> usize {
        self.queued_len() + self.handed_out
    }

    pub(crate) fn has_queued(&self) -> bool {
        self.queued_len() > 0
    }

    pub(crate) fn queued<'a>(&'a self, frames: &'a [u8]) -> &'a [u8] {
        match &self.queued {
            Queued::Shared(range) => &frames[range.clone()],
            Queued::Own(bytes) => bytes,
        }
    }

    /// Queues the frame that is at `at`. Says whether this outbox refers to `frames` from now on,
    /// and has to [`own`](Self::own) what waits before they go.
    pub(crate) fn push(&mut self, frames: &[u8], at: Range<usize>) -> bool {
        debug_assert!(!at.is_empty());
        match &mut self.queued {
            Queued::Shared(range) if Range::is_empty(range) => {
                *range = at;
                return true;
            }
            Queued::Shared(range) if range.end == at.start => range.end = at.end,
            Queued::Own(bytes) => bytes.extend_from_slice(&frames[at]),
            Queued::Shared(_) => {
                let mut bytes = self.remove_queued(frames);
                bytes.extend_from_slice(&frames[at]);
                self.queued = Queued::Own(bytes);
            }
        }
        false
    }

    /// Has what waits here and nowhere else.
    pub(crate) fn own(&mut self, frames: &[u8]) {
        if matches!(self.queued, Queued::Shared(_)) && self.has_queued() {
            self.queued = Queued::Own(self.remove_queued(frames));
        }
    }

    /// Hands out all that waits. It stays in the backlog until [`advance`](Self::advance).
    pub(crate) fn take(&mut self, frames: &[u8]) -> BytesMut {
        let bytes = self.remove_queued(frames);
        self.handed_out += bytes.len();
        bytes
    }

    /// `written` more bytes are with the peer's transport: of those handed out first, then of
    /// those that wait.
    pub(crate) fn advance(&mut self, frames: &[u8], written: usize) {
        let of_handed_out = written.min(self.handed_out);
        self.handed_out -= of_handed_out;
        let of_queued = (written - of_handed_out).min(self.queued_len());
        if of_queued > 0 {
            self.last_written = Some(self.queued(frames)[of_queued - 1]);
        } else if of_handed_out > 0 {
            // What is handed out ends where a frame ends.
            self.last_written = None;
        }
        match &mut self.queued {
            Queued::Shared(range) => range.start += of_queued,
            Queued::Own(bytes) => {
                bytes.advance(of_queued);
                self.spent += of_queued;
                if self.spent >= bytes.len().max(MAX_SPENT) {
                    *bytes = BytesMut::from(&bytes[..]);
                    self.spent = 0;
                }
            }
        }
        self.forget_if_empty();
    }

    /// Drops every frame of which nothing has been written, so that the peer, who is about to be
    /// closed, sees whole lines only.
    pub(crate) fn truncate_to_started_frame(&mut self, frames: &[u8]) {
        let started = self.handed_out == 0 && self.last_written.is_some_and(|byte| byte != b'\n');
        let rest = match memchr::memchr(b'\n', self.queued(frames)) {
            Some(end) if started => end + 1,
            _ => 0,
        };
        match &mut self.queued {
            Queued::Shared(range) => range.end = range.start + rest,
            // Copied, since a shortened buffer keeps all of its memory until it is written.
            Queued::Own(bytes) => *bytes = BytesMut::from(&bytes[..rest]),
        }
        self.forget_if_empty();
    }

    /// Drops everything, what was handed out too.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn remove_queued(&mut self, frames: &[u8]) -> BytesMut {
        self.spent = 0;
        match mem::take(&mut self.queued) {
            Queued::Shared(range) => BytesMut::from(&frames[range]),
            Queued::Own(bytes) => bytes,
        }
    }

    fn queued_len(&self) -> usize {
        match &self.queued {
            Queued::Shared(range) => range.len(),
            Queued::Own(bytes) => bytes.len(),
        }
    }

    /// An empty outbox has no memory of its own.
    fn forget_if_empty(&mut self) {
        if !self.has_queued() {
            self.queued = Queued::default();
            self.spent = 0;
        }
    }
}

/// How much memory of what is written a buffer may keep that has less waiting, in bytes. Whoever
/// always leaves a little must not keep the memory of the most that ever waited.
const MAX_SPENT: usize = 4096;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// An outbox, and the frames that it may refer to.
    #[derive(Default)]
    struct Batch {
        frames: Vec<u8>,
        outbox: Outbox,
    }

    impl Batch {
        fn with(frames: &[&[u8]]) -> Self {
            let mut batch = Self::default();
            for frame in frames {
                batch.push(frame);
            }
            batch
        }

        fn push(&mut self, frame: &[u8]) {
            let start = self.frames.len();
            self.frames.extend_from_slice(frame);
            let end = self.frames.len();
            self.outbox.push(&self.frames, start..end);
        }

        fn push_for_somebody_else(&mut self, frame: &[u8]) {
            self.frames.extend_from_slice(frame);
        }

        fn flush(&mut self) {
            self.outbox.own(&self.frames);
            self.frames.clear();
        }

        fn take(&mut self) -> BytesMut {
            self.outbox.take(&self.frames)
        }

        fn advance(&mut self, written: usize) {
            self.outbox.advance(&self.frames, written);
        }

        fn truncate(&mut self) {
            self.outbox.truncate_to_started_frame(&self.frames);
        }

        fn queued(&self) -> &[u8] {
            self.outbox.queued(&self.frames)
        }
    }

    #[test]
    fn frames_in_a_row_are_not_copied() {
        let batch = Batch::with(&[b"one\n", b"two\n"]);
        assert_eq!(batch.queued(), b"one\ntwo\n");
        assert!(core::ptr::eq(batch.queued(), &*batch.frames));
    }

    #[test]
    fn a_frame_for_somebody_else_in_between_is_left_out() {
        let mut batch = Batch::with(&[b"one\n"]);
        batch.push_for_somebody_else(b"two\n");
        batch.push(b"three\n");
        assert_eq!(batch.queued(), b"one\nthree\n");
    }

    #[test]
    fn what_is_not_written_outlives_the_batch() {
        let mut batch = Batch::with(&[b"one\n", b"two\n"]);
        batch.advance(5);
        batch.flush();
        assert_eq!(batch.queued(), b"wo\n");
        batch.push(b"three\n");
        assert_eq!(batch.queued(), b"wo\nthree\n");
    }

    #[test]
    fn what_was_handed_out_counts_until_it_is_written() {
        let mut batch = Batch::with(&[b"one\n"]);
        assert_eq!(batch.take(), b"one\n"[..]);
        batch.push(b"two\n");
        assert_eq!((batch.outbox.backlog(), batch.queued()), (8, &b"two\n"[..]));
        batch.advance(3);
        assert_eq!(batch.outbox.backlog(), 5);
        batch.advance(1);
        assert_eq!((batch.outbox.backlog(), batch.queued()), (4, &b"two\n"[..]));
    }

    #[test]
    fn more_than_everything_cannot_be_written() {
        let mut batch = Batch::with(&[b"one\n"]);
        batch.advance(usize::MAX);
        assert!(batch.outbox.backlog() == 0);
    }

    #[test]
    fn a_frame_that_was_begun_is_kept_when_the_rest_is_dropped() {
        let mut batch = Batch::with(&[b"one\r\n", b"two\r\n", b"three\r\n"]);
        batch.advance(7);
        batch.truncate();
        assert_eq!(batch.queued(), b"o\r\n");
    }

    #[test]
    fn the_last_byte_of_an_ending_belongs_to_the_frame_that_was_begun() {
        let mut batch = Batch::with(&[b"one\r\n", b"two\r\n"]);
        batch.advance(4);
        batch.flush();
        batch.truncate();
        assert_eq!(batch.queued(), b"\n");
    }

    #[test]
    fn a_frame_that_was_begun_is_still_so_after_a_write_of_nothing() {
        let mut batch = Batch::with(&[b"one\n", b"two\n"]);
        batch.advance(1);
        batch.advance(0);
        batch.truncate();
        assert_eq!(batch.queued(), b"ne\n");
    }

    #[test]
    fn at_a_frame_boundary_everything_is_dropped() {
        let mut between = Batch::with(&[b"one\n", b"two\n"]);
        between.advance(4);
        between.truncate();
        assert!(between.outbox.backlog() == 0);

        let mut untouched = Batch::with(&[b"one\n"]);
        untouched.truncate();
        assert!(untouched.outbox.backlog() == 0);
    }

    #[test]
    fn frames_that_are_dropped_take_no_memory() {
        let mut batch = Batch::with(&[b"one\n", &[b'x'; 100_000]]);
        batch.advance(1);
        batch.flush();
        batch.truncate();
        assert_eq!(batch.queued(), b"ne\n");
        let capacity = batch.outbox.take(&[]).capacity();
        assert!(capacity < 100, "{capacity}");
    }

    #[test]
    fn what_was_handed_out_ends_at_a_frame_boundary() {
        let mut batch = Batch::with(&[b"one\n"]);
        batch.advance(1);
        batch.take();
        batch.push(b"two\n");
        batch.truncate();
        assert_eq!((batch.outbox.backlog(), batch.queued()), (3, &b""[..]));
        batch.advance(3);
        batch.push(b"three\n");
        batch.truncate();
        assert!(batch.outbox.backlog() == 0);
    }
}
