//! Snapshots in NATS: in parts, since a message has a longest length.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::instant::Instant;
use crate::link::envelope::{Head, chunk, open_chunk, seal};

/// A snapshot that is written, part by part, and then said to be there.
#[derive(Debug)]
pub(crate) struct Writing {
    head: Head,
    parts: VecDeque<Vec<u8>>,
    /// The number of the first of them.
    number: u32,
    /// When it is written again, or at once if it was not.
    retry_at: Option<Instant>,
    tries: u32,
}

/// What a [`Writing`] wants written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    Chunk(u32, &'a [u8]),
    Head(Vec<u8>),
}

impl Writing {
    pub(crate) fn new(created: String, sequence: u64, snapshot: &[u8]) -> Self {
        let parts: VecDeque<Vec<u8>> = snapshot
            .chunks(CHUNK)
            .map(|bytes| chunk(sequence, bytes))
            .collect();
        Self {
            head: Head {
                created,
                sequence,
                chunks: u32::try_from(parts.len()).unwrap_or(u32::MAX),
            },
            parts,
            number: 0,
            retry_at: None,
            tries: 0,
        }
    }

    /// The last message of the log that is in it.
    pub(crate) fn sequence(&self) -> u64 {
        self.head.sequence
    }

    /// What is to be written now.
    pub(crate) fn poll(&mut self, now: Instant) -> Option<Part<'_>> {
        if self.retry_at.is_some_and(|at| at > now) {
            return None;
        }
        self.retry_at = Some(now + ACK_TIMEOUT);
        self.tries += 1;
        Some(match self.parts.front() {
            Some(part) => Part::Chunk(self.number, part),
            None => Part::Head(seal(&self.head)),
        })
    }

    /// This part was written, the head having the number behind the last. Says whether that was all.
    pub(crate) fn written(&mut self, number: u32) -> bool {
        if number != self.number {
            return false;
        }
        self.number += 1;
        self.retry_at = None;
        self.tries = 0;
        self.parts.pop_front().is_none()
    }

    /// The number of the part that is written next.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Whether it was tried so often that a newer one had better be written instead.
    pub(crate) fn has_failed(&self) -> bool {
        self.tries > MAX_TRIES
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.retry_at
    }
}

/// A snapshot that is read.
#[derive(Debug)]
pub(crate) struct Fetching {
    head: Head,
    parts: Vec<Option<Vec<u8>>>,
    /// How many were asked for, and how many are there.
    asked: u32,
    arrived: u32,
    /// When it is given up.
    until: Instant,
}

impl Fetching {
    /// `None` for one that is out of proportion.
    pub(crate) fn new(now: Instant, head: Head) -> Option<Self> {
        if head.chunks > MAX_CHUNKS {
            return None;
        }
        Some(Self {
            parts: alloc::vec![None; head.chunks as usize],
            head,
            asked: 0,
            arrived: 0,
            until: now + STALL_TIMEOUT,
        })
    }

    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// The next part to ask for: a few at a time.
    pub(crate) fn poll_ask(&mut self) -> Option<u32> {
        let is_next = self.asked < self.head.chunks && self.asked < self.arrived + WINDOW;
        is_next.then(|| {
            self.asked += 1;
            self.asked - 1
        })
    }

    /// A part has come. Says whether it is one of this snapshot.
    pub(crate) fn came(&mut self, now: Instant, number: u32, part: &[u8]) -> bool {
        let Some(bytes) = open_chunk(self.head.sequence, part) else {
            return false;
        };
        if let Some(place) = self.parts.get_mut(number as usize)
            && place.is_none()
        {
            *place = Some(bytes.to_vec());
            self.arrived += 1;
            self.until = now + STALL_TIMEOUT;
        }
        true
    }

    /// The snapshot, once all of it is there.
    pub(crate) fn whole(&self) -> Option<Vec<u8>> {
        let parts: Option<Vec<_>> = self.parts.iter().map(Option::as_ref).collect();
        Some(parts?.into_iter().flatten().copied().collect())
    }

    pub(crate) fn until(&self) -> Instant {
        self.until
    }
}

/// How much of a snapshot is in one message, in bytes.
const CHUNK: usize = 128 << 10;
/// More than that is no snapshot: half a gigabyte.
const MAX_CHUNKS: u32 = 4096;
/// How many parts are asked for at a time.
const WINDOW: u32 = 8;
const MAX_TRIES: u32 = 5;
const ACK_TIMEOUT: Duration = Duration::from_secs(2);
const STALL_TIMEOUT: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::envelope::open_all;

    fn written(snapshot: &[u8]) -> (Head, Vec<Vec<u8>>) {
        let now = Instant::EPOCH;
        let mut writing = Writing::new("then".into(), 7, snapshot);
        let mut parts = Vec::new();
        loop {
            let number = writing.number();
            let head = match writing.poll(now).unwrap() {
                Part::Chunk(_, part) => {
                    parts.push(part.to_vec());
                    None
                }
                Part::Head(head) => Some(head),
            };
            assert_eq!(writing.poll(now), None);
            if writing.written(number) {
                return (open_all(&head.unwrap()).unwrap(), parts);
            }
        }
    }

    #[test]
    fn a_snapshot_is_read_as_it_was_written_in_whatever_order() {
        let snapshot: Vec<u8> = (0..CHUNK * 2 + 5).map(|n| n as u8).collect();
        let (head, parts) = written(&snapshot);
        let mut fetching = Fetching::new(Instant::EPOCH, head).unwrap();
        let asked: Vec<u32> = core::iter::from_fn(|| fetching.poll_ask()).collect();
        assert_eq!(asked, [0, 1, 2]);
        for number in [2, 0, 2, 1] {
            assert_eq!(fetching.whole(), None);
            assert!(fetching.came(Instant::EPOCH, number, &parts[number as usize]));
        }
        assert_eq!(fetching.whole(), Some(snapshot));
    }

    #[test]
    fn parts_of_another_snapshot_do_not_count() {
        let (head, _) = written(b"abc");
        let mut fetching = Fetching::new(Instant::EPOCH, head).unwrap();
        assert!(!fetching.came(Instant::EPOCH, 0, &chunk(8, b"abc")));
        assert_eq!(fetching.whole(), None);
    }

    #[test]
    fn what_is_not_written_is_tried_again_a_few_times() {
        let mut writing = Writing::new("then".into(), 7, b"abc");
        let mut now = Instant::EPOCH;
        while !writing.has_failed() {
            assert!(writing.poll(now).is_some() && writing.poll(now).is_none());
            now = writing.next_deadline().unwrap();
        }
        assert!(now <= Instant::EPOCH + 10 * ACK_TIMEOUT);
    }

    #[test]
    fn a_snapshot_out_of_proportion_is_not_read() {
        let (mut head, _) = written(b"");
        assert_eq!(head.chunks, 0);
        head.chunks = u32::MAX;
        assert!(Fetching::new(Instant::EPOCH, head).is_none());
    }
}
