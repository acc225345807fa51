//! Puts entries into the log: one message at a time, repeated until it is there.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use crate::instant::Instant;
use crate::link::envelope::push_entry;

/// What is to be put into the log.
#[derive(Debug, Default)]
pub(crate) struct Publisher {
    /// Entries, in their order.
    entries: VecDeque<Vec<u8>>,
    /// The number of the next message.
    number: u64,
    in_flight: Option<InFlight>,
}

/// A message of which it is not known that the log has it.
#[derive(Debug)]
struct InFlight {
    number: u64,
    message: Vec<u8>,
    /// When it was published first.
    since: Instant,
    /// When it is published again.
    retry_at: Instant,
    retry_after: Duration,
}

impl Publisher {
    pub(crate) fn push(&mut self, entry: Vec<u8>) {
        self.entries.push_back(entry);
    }

    /// The next message that is to be published, with its number: one that was before, if it is time
    /// for that, or else a new one of all the entries that wait and fit, behind what `begin` writes.
    pub(crate) fn poll(
        &mut self,
        now: Instant,
        begin: impl FnOnce(u64) -> Vec<u8>,
    ) -> Option<(u64, &[u8])> {
        if self.in_flight.is_none() && !self.entries.is_empty() {
            let message = self.next_message(begin(self.number));
            self.in_flight = Some(InFlight {
                number: self.number,
                message,
                since: now,
                retry_at: now,
                retry_after: ACK_TIMEOUT,
            });
            self.number += 1;
        }
        let in_flight = self.in_flight.as_mut().filter(|it| it.retry_at <= now)?;
        in_flight.retry_at = now + in_flight.retry_after;
        Some((in_flight.number, &in_flight.message))
    }

    /// The log has this message.
    pub(crate) fn stored(&mut self, number: u64) {
        self.in_flight.take_if(|it| it.number == number);
    }

    /// Whether it is not known that the log has this message.
    pub(crate) fn awaits(&self, number: u64) -> bool {
        self.in_flight
            .as_ref()
            .is_some_and(|it| it.number == number)
    }

    /// The log did not take this message: it is published again after a pause.
    pub(crate) fn refused(&mut self, now: Instant, number: u64) {
        if let Some(in_flight) = self.in_flight.as_mut().filter(|it| it.number == number) {
            in_flight.retry_at = now + REFUSED_PAUSE;
        }
    }

    /// The connection is a new one: what is in flight is published again at once.
    pub(crate) fn reconnected(&mut self, now: Instant) {
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.retry_at = now;
        }
    }

    /// Since when the log has not taken what it was given.
    pub(crate) fn waits_since(&self) -> Option<Instant> {
        self.in_flight.as_ref().map(|it| it.since)
    }

    /// Whether the log has everything.
    pub(crate) fn is_idle(&self) -> bool {
        self.in_flight.is_none() && self.entries.is_empty()
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.in_flight.as_ref().map(|it| it.retry_at)
    }

    /// As many entries as fit, at least one.
    fn next_message(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        let mut entries = 0;
        while let Some(entry) = self.entries.front() {
            if entries > 0 && message.len() + entry.len() > MAX_MESSAGE {
                break;
            }
            push_entry(&mut message, entry);
            self.entries.pop_front();
            entries += 1;
        }
        message
    }
}

/// How long a message is, unless a single entry is longer, in bytes.
const MAX_MESSAGE: usize = 64 << 10;
/// How long it is waited for that a message is in the log.
const ACK_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a log that refuses is left alone.
const REFUSED_PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::envelope::next_entry;

    fn at(milliseconds: u64) -> Instant {
        Instant::after_epoch(Duration::from_millis(milliseconds))
    }

    fn publisher(entries: &[&[u8]]) -> Publisher {
        let mut publisher = Publisher::default();
        for entry in entries {
            publisher.push(entry.to_vec());
        }
        publisher
    }

    fn poll(publisher: &mut Publisher, now: Instant) -> Option<(u64, usize)> {
        let (number, mut message) = publisher.poll(now, |_| Vec::new())?;
        let entries = core::iter::from_fn(|| next_entry(&mut message)).count();
        Some((number, entries))
    }

    #[test]
    fn one_message_is_in_flight_and_the_next_carries_all_that_waited() {
        let mut publisher = publisher(&[b"a"]);
        assert_eq!(poll(&mut publisher, at(0)), Some((0, 1)));
        publisher.push(b"b".to_vec());
        publisher.push(b"c".to_vec());
        assert_eq!(poll(&mut publisher, at(0)), None);
        publisher.stored(7);
        assert_eq!(poll(&mut publisher, at(0)), None);
        publisher.stored(0);
        assert_eq!(poll(&mut publisher, at(0)), Some((1, 2)));
        publisher.stored(1);
        assert!(publisher.is_idle());
        assert_eq!(publisher.next_deadline(), None);
    }

    #[test]
    fn a_message_is_repeated_under_its_number_until_the_log_has_it() {
        let mut publisher = publisher(&[b"a"]);
        assert_eq!(poll(&mut publisher, at(0)), Some((0, 1)));
        publisher.push(b"b".to_vec());
        assert_eq!(publisher.next_deadline(), Some(at(1000)));
        assert_eq!(poll(&mut publisher, at(999)), None);
        assert_eq!(poll(&mut publisher, at(1000)), Some((0, 1)));
        publisher.refused(at(1001), 0);
        assert_eq!(poll(&mut publisher, at(1101)), Some((0, 1)));
        publisher.reconnected(at(1102));
        assert_eq!(poll(&mut publisher, at(1102)), Some((0, 1)));
        assert_eq!(publisher.waits_since(), Some(at(0)));
    }

    #[test]
    fn a_message_has_room_for_so_much_and_for_one_entry_always() {
        let long = [0; MAX_MESSAGE / 2];
        let longest = [0; MAX_MESSAGE * 2];
        let mut publisher = publisher(&[&long, &long, &longest, b"a"]);
        for number in 0..4 {
            assert_eq!(poll(&mut publisher, at(0)), Some((number, 1)));
            publisher.stored(number);
        }
    }
}
