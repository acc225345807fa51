//! The frames that were sent since the last flush.

use alloc::vec::Vec;
use core::ops::Range;

use crate::ConnId;

/// Frames, each encoded once, however many connections it is sent to: until the flush, what waits
/// for a connection is a range of this.
///
/// A connection that was written to by then has needed no memory of its own.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
    sharers: Vec<ConnId>,
}

impl Frames {
    /// Has a frame written here, if there is one to write. Says where it is.
    pub(crate) fn push(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> bool,
    ) -> Option<Range<usize>> {
        let start = self.bytes.len();
        let is_written = write(&mut self.bytes);
        if !is_written {
            self.bytes.truncate(start);
        }
        let frame = start..self.bytes.len();
        (!frame.is_empty()).then_some(frame)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Notes that what waits for `conn` is here, and must be copied before this is cleared.
    pub(crate) fn share(&mut self, conn: ConnId) {
        self.sharers.push(conn);
    }

    /// Whether so much was sent without a flush that it is to be copied now.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= MAX_BYTES
    }

    /// Forgets everything, after showing to `keep` who may need which bytes.
    pub(crate) fn clear(&mut self, mut keep: impl FnMut(ConnId, &[u8])) {
        for conn in self.sharers.drain(..) {
            keep(conn, &self.bytes);
        }
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
        self.sharers.shrink_to(KEPT_SHARERS);
    }
}

/// More than a batch has unless connections come and go, or lists of many names are asked for.
const MAX_BYTES: usize = 1 << 20;
const KEPT_BYTES: usize = 128 << 10;
const KEPT_SHARERS: usize = 16 << 10;
