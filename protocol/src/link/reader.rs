//! Reads the log: every message once, in its order, whatever gets lost or comes twice.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use crate::instant::Instant;

/// A message of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entries {
    /// Its sequence in the log.
    pub(crate) sequence: u64,
    pub(crate) payload: Vec<u8>,
}

/// What is known of the log, and what is missing.
#[derive(Debug)]
pub(crate) struct Reader {
    /// The sequence of the next message to be read. All before it were handed out, or are ready.
    next: u64,
    /// The last message that the log is known to have.
    last: u64,
    /// Messages in their order.
    ready: VecDeque<Entries>,
    /// Messages behind a gap.
    parked: BTreeMap<u64, Vec<u8>>,
    parked_bytes: usize,
    /// What was asked for, and until when an answer is awaited.
    asked: BTreeMap<u64, Instant>,
    /// When what is missing is asked for, if it does not come before.
    ask_at: Option<Instant>,
    /// The log does not have the next message any more.
    is_lost: bool,
    /// What the message before the next one begins with: no other one begins so. Empty if it was
    /// not read from the log.
    mark: Vec<u8>,
}

impl Reader {
    /// Begins at this message.
    pub(crate) fn new(next: u64) -> Self {
        Self {
            next,
            last: next.saturating_sub(1),
            ready: VecDeque::new(),
            parked: BTreeMap::new(),
            parked_bytes: 0,
            asked: BTreeMap::new(),
            ask_at: None,
            is_lost: false,
            mark: Vec::new(),
        }
    }

    /// A message came as it was put into the log, the one before it having the sequence `previous`.
    /// Says whether it is one of the log that was read: not another one in the place of the last.
    #[must_use]
    pub(crate) fn came(
        &mut self,
        now: Instant,
        sequence: u64,
        previous: u64,
        payload: &[u8],
    ) -> bool {
        self.last = self.last.max(sequence);
        if sequence < self.next {
            return self.last_read() != Some(sequence) || self.knows(payload);
        }
        if previous < self.next || sequence == self.next {
            // Whatever sequences there are between, they are none of the log's.
            self.take(sequence, payload.to_vec());
            self.take_parked();
        } else {
            self.park(sequence, payload);
            self.ask_at = Some(self.ask_at.map_or(now, |at| at.min(now)));
        }
        true
    }

    /// The log has this message, which is on its way, or was lost.
    pub(crate) fn exists(&mut self, now: Instant, sequence: u64) {
        self.last = self.last.max(sequence);
        if self.last >= self.next && self.ask_at.is_none() {
            self.ask_at = Some(now + PATIENCE);
        }
    }

    /// The connection is a new one: what was asked for on the last one has no answer. The log has
    /// the messages from `first` to `last`.
    pub(crate) fn reconnected(&mut self, now: Instant, first: u64, last: u64) {
        self.asked.clear();
        self.last = self.last.max(last);
        self.is_lost |= first > self.next;
        self.ask_at = (self.last >= self.next).then_some(now);
    }

    /// The next message to ask for.
    pub(crate) fn poll_ask(&mut self, now: Instant) -> Option<u64> {
        if self.next > self.last {
            self.ask_at = None;
            self.asked.clear();
        }
        if self.ask_at.is_none_or(|at| at > now) {
            return None;
        }
        self.asked.retain(|_, until| *until > now);
        if self.asked.len() >= WINDOW {
            return None;
        }
        let missing = (self.next..=self.last.min(self.next + LOOKAHEAD))
            .find(|it| !self.asked.contains_key(it) && !self.parked.contains_key(it))?;
        self.asked.insert(missing, now + ANSWER_TIMEOUT);
        Some(missing)
    }

    /// The first message that the log has from `asked` on.
    pub(crate) fn answered(&mut self, asked: u64, sequence: u64, payload: &[u8]) {
        self.asked.remove(&asked);
        if sequence < self.next || asked < self.next {
            return;
        }
        if sequence != asked {
            self.is_lost = true;
        } else if sequence == self.next {
            self.take(sequence, payload.to_vec());
            self.take_parked();
        } else {
            self.park(sequence, payload);
        }
    }

    /// Whoever was asked does not have it, yet.
    pub(crate) fn not_found(&mut self, now: Instant, asked: u64) {
        if let Some(until) = self.asked.get_mut(&asked) {
            *until = now + PATIENCE;
        }
    }

    /// The next message, once.
    pub(crate) fn pop(&mut self) -> Option<Entries> {
        self.ready.pop_front()
    }

    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The last message that was read, by which the log can be [known again](Self::knows).
    pub(crate) fn last_read(&self) -> Option<u64> {
        (!self.mark.is_empty()).then(|| self.next - 1)
    }

    /// Whether this is that message.
    pub(crate) fn knows(&self, payload: &[u8]) -> bool {
        mark(payload) == self.mark
    }

    /// Whether the next message cannot be had any more.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// The sequence of the next message that is to be read.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// How many messages of the log have yet to be read or handed out.
    pub(crate) fn lag(&self) -> u64 {
        (self.last + 1).saturating_sub(self.next) + self.ready.len() as u64
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let ask_at = self.ask_at?;
        match self.asked.values().min() {
            Some(&until) => Some(until.max(ask_at)),
            None => Some(ask_at),
        }
    }

    fn take(&mut self, sequence: u64, payload: Vec<u8>) {
        self.next = sequence + 1;
        self.mark.clear();
        self.mark.extend_from_slice(mark(&payload));
        self.ready.push_back(Entries { sequence, payload });
    }

    fn take_parked(&mut self) {
        while let Some((sequence, payload)) = self.parked.pop_first() {
            self.parked_bytes -= payload.len();
            if sequence > self.next {
                self.parked_bytes += payload.len();
                self.parked.insert(sequence, payload);
                return;
            }
            if sequence == self.next {
                self.take(sequence, payload);
            }
        }
    }

    /// What there is no room for is asked for later.
    fn park(&mut self, sequence: u64, payload: &[u8]) {
        let has_room = self.parked_bytes + payload.len() <= MAX_PARKED;
        if has_room && self.parked.insert(sequence, payload.to_vec()).is_none() {
            self.parked_bytes += payload.len();
        }
    }
}

/// What a message begins with: whose it is and the how-manieth, which no two have in common.
fn mark(payload: &[u8]) -> &[u8] {
    &payload[..payload.len().min(MARK)]
}

/// Longer than an [envelope](super::envelope::Envelope) with the longest name.
const MARK: usize = 64;
/// How many messages are asked for at a time.
const WINDOW: usize = 64;
/// How far behind the next one is looked for what is missing.
const LOOKAHEAD: u64 = 4096;
/// How many bytes are kept that came behind a gap.
const MAX_PARKED: usize = 4 << 20;
/// How long something that is on its way is waited for.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long an answer is waited for.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Instant {
        Instant::after_epoch(Duration::from_millis(milliseconds))
    }

    fn read(reader: &mut Reader) -> Vec<u64> {
        core::iter::from_fn(|| reader.pop())
            .map(|entries| entries.sequence)
            .collect()
    }

    #[test]
    fn messages_are_read_once_and_in_order() {
        let mut reader = Reader::new(1);
        for (sequence, previous) in [(1, 0), (1, 0), (2, 1), (1, 0), (3, 2)] {
            assert!(reader.came(at(0), sequence, previous, b"one"));
        }
        assert_eq!(read(&mut reader), [1, 2, 3]);
        assert_eq!((reader.lag(), reader.next_deadline()), (0, None));
    }

    #[test]
    fn a_gap_is_asked_for_at_once_and_what_came_behind_it_waits() {
        let mut reader = Reader::new(1);
        assert!(reader.came(at(0), 1, 0, b""));
        assert!(reader.came(at(0), 4, 3, b""));
        assert_eq!(read(&mut reader), [1]);
        let asked: Vec<u64> = core::iter::from_fn(|| reader.poll_ask(at(0))).collect();
        assert_eq!(asked, [2, 3]);
        reader.answered(3, 3, b"");
        assert_eq!(read(&mut reader), []);
        reader.not_found(at(5), 2);
        assert_eq!(reader.poll_ask(at(100)), None);
        assert_eq!(reader.poll_ask(at(105)), Some(2));
        reader.answered(2, 2, b"");
        assert_eq!(read(&mut reader), [2, 3, 4]);
        assert_eq!(reader.poll_ask(at(9999)), None);
        assert_eq!(reader.next_deadline(), None);
    }

    #[test]
    fn what_is_on_its_way_is_given_time_and_then_asked_for() {
        let mut reader = Reader::new(1);
        reader.exists(at(0), 1);
        assert_eq!(reader.poll_ask(at(99)), None);
        assert_eq!(reader.next_deadline(), Some(at(100)));
        assert_eq!(reader.poll_ask(at(100)), Some(1));
        assert_eq!(reader.next_deadline(), Some(at(1100)));
        assert_eq!(reader.poll_ask(at(1100)), Some(1));
        assert!(reader.came(at(1100), 1, 0, b""));
        reader.answered(1, 1, b"");
        assert_eq!(read(&mut reader), [1]);
    }

    #[test]
    fn sequences_that_the_log_has_not_are_no_gap() {
        let mut reader = Reader::new(1);
        assert!(reader.came(at(0), 1, 0, b""));
        assert!(reader.came(at(0), 5, 1, b""));
        assert_eq!(read(&mut reader), [1, 5]);
    }

    #[test]
    fn a_message_that_the_log_does_not_have_any_more_is_lost() {
        let mut reader = Reader::new(3);
        reader.reconnected(at(0), 4, 9);
        assert!(reader.is_lost());
        let mut reader = Reader::new(3);
        reader.reconnected(at(0), 3, 9);
        assert_eq!(reader.poll_ask(at(0)), Some(3));
        reader.answered(3, 7, b"");
        assert!(reader.is_lost());
    }

    #[test]
    fn so_much_is_asked_for_at_a_time_and_kept_behind_a_gap() {
        let mut reader = Reader::new(1);
        reader.reconnected(at(0), 1, 1000);
        assert_eq!(
            core::iter::from_fn(|| reader.poll_ask(at(0))).count(),
            WINDOW
        );
        for sequence in 2..20 {
            assert!(reader.came(at(0), sequence, sequence - 1, &[0; 1 << 20]));
        }
        assert!(reader.parked_bytes <= MAX_PARKED);
        assert_eq!(reader.lag(), 1000);
    }

    #[test]
    fn the_next_message_is_read_whatever_is_said_to_be_before_it() {
        let mut reader = Reader::new(1);
        assert!(reader.came(at(0), 1, 1, b""));
        assert!(reader.came(at(0), 2, 9, b""));
        assert_eq!(read(&mut reader), [1, 2]);
        assert_eq!(reader.next_deadline(), None);
    }

    #[test]
    fn another_message_in_the_place_of_the_last_is_of_another_log() {
        let mut reader = Reader::new(7);
        assert_eq!(reader.last_read(), None);
        assert!(reader.came(at(0), 7, 6, b"one"));
        assert_eq!(reader.last_read(), Some(7));
        assert!(reader.came(at(0), 7, 6, b"one"));
        assert!(!reader.came(at(0), 7, 6, b"other"));
        assert!(reader.came(at(0), 8, 7, b"two"));
        assert!(reader.came(at(0), 7, 6, b"other"));
    }
}
