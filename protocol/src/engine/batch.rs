//! How much is done at a time.

use core::time::Duration;

use crate::Limits;

/// How much may be done before what came of it is flushed: a recipient that drains promptly must
/// not reach its limit because somebody else sends a burst, and one call must not take for ever.
#[derive(Debug)]
pub(crate) struct Batch {
    messages: usize,
    /// Who left, or was made to, and had to be told as that.
    departures: usize,
    /// The bytes that a single recipient can have been sent.
    bytes: usize,
    deliveries: usize,
    /// The bytes that all recipients together have been sent.
    delivered: usize,
    /// Steps of layers that are not open yet.
    openings: usize,
    /// Somebody who was sent something is behind, though not by too much yet.
    somebody_is_behind: bool,
    max_bytes: usize,
    max_delivered: usize,
}

impl Batch {
    pub(crate) fn new(limits: &Limits) -> Self {
        let mut batch = Self {
            messages: 0,
            departures: 0,
            bytes: 0,
            deliveries: 0,
            delivered: 0,
            openings: 0,
            somebody_is_behind: false,
            max_bytes: 0,
            max_delivered: 0,
        };
        batch.set_limits(limits);
        batch
    }

    /// How much may be done follows from these limits from now on.
    pub(crate) fn set_limits(&mut self, limits: &Limits) {
        self.max_bytes = limits.quarter_backlog().min(MAX_BATCH_BYTES);
        self.max_delivered = (limits.max_buffered / 4).max(1);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.messages + self.departures >= MAX_BATCH_MESSAGES
            || self.bytes >= self.max_bytes
            || self.deliveries >= MAX_BATCH_DELIVERIES
            || self.delivered >= self.max_delivered
    }

    pub(crate) fn count_message(&mut self) {
        self.messages += 1;
    }

    pub(crate) fn count_departure(&mut self) {
        self.departures += 1;
    }

    pub(crate) fn messages(&self) -> usize {
        self.messages
    }

    pub(crate) fn count_delivery(&mut self, length: usize) {
        self.deliveries += 1;
        self.delivered += length;
    }

    pub(crate) fn flushed(&mut self) {
        self.messages = 0;
        self.departures = 0;
        self.bytes = 0;
        self.deliveries = 0;
        self.delivered = 0;
        self.openings = 0;
        self.somebody_is_behind = false;
    }

    pub(crate) fn note_somebody_behind(&mut self) {
        self.somebody_is_behind = true;
    }

    /// How long whoever filled the batch is to wait before more is taken from them.
    pub(crate) fn pause(&self) -> Duration {
        if self.is_full() && self.somebody_is_behind {
            CATCH_UP
        } else {
            Duration::ZERO
        }
    }

    /// How long whoever said something of this length is to wait, if recipients are behind and it was
    /// taken from before they could be.
    pub(crate) fn pause_after(&self, length: usize) -> Duration {
        let length = length.max(MAX_BATCH_BYTES / MAX_BATCH_MESSAGES);
        match self.somebody_is_behind {
            true => CATCH_UP * u32::try_from(length).unwrap_or(u32::MAX) / MAX_BATCH_BYTES as u32,
            false => Duration::ZERO,
        }
    }

    pub(crate) fn count_frame(&mut self, length: usize) {
        self.bytes += length;
    }

    /// Whether so many layers were opened that chat comes first: a handshake takes as long as a
    /// thousand messages.
    pub(crate) fn is_full_of_openings(&self) -> bool {
        self.is_full() || self.openings >= MAX_BATCH_OPENINGS
    }

    pub(crate) fn count_opening(&mut self) {
        self.openings += 1;
    }
}

const MAX_BATCH_MESSAGES: usize = 1024;
const MAX_BATCH_BYTES: usize = 64 << 10;
const MAX_BATCH_OPENINGS: usize = 8;
const MAX_BATCH_DELIVERIES: usize = 1 << 18;
/// How long a recipient that is behind gets to catch up after a full batch: a sender can make the
/// server write faster than any recipient's processor time allows it to read. One that does not
/// read at all delays the sender by some eight batches before it is closed, and nobody else.
const CATCH_UP: Duration = Duration::from_millis(10);
