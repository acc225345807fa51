//! The messages of a workload: numbered and stamped when they are sent, checked and timed when
//! they arrive.

use crate::crowd::Crowd;
use crate::failure::Failure;
use crate::ledger::{Fault, Ledger};
use crate::login;
use crate::progress::Progress;
use crate::stamp::Stamp;
use crate::wire::{Role, Wire};

/// What was sent, and what has come of it.
pub(crate) struct Messages {
    wire: Wire,
    /// How long each message is, in bytes.
    size: usize,
    /// What each sender sends next.
    sequences: Vec<u32>,
    ledger: Ledger,
    pub(crate) progress: Progress,
}

impl Messages {
    /// A client may be several senders: what it says to all and what it tells its partner come
    /// each in an order of their own.
    pub(crate) fn new(wire: Wire, size: usize, senders: usize, ledger: Ledger) -> Self {
        Self {
            wire,
            size,
            sequences: vec![0; senders],
            ledger,
            progress: Progress::new(),
        }
    }

    /// Has a client say its next message to all. So many receive a copy of it; it counts from `at`.
    pub(crate) fn say(&mut self, crowd: &mut Crowd, client: usize, copies: usize, at: u64) {
        let text = self.next(client, copies, at);
        crowd.send(client, |out| self.wire.say(out, &text));
    }

    /// Has a client tell its partner something, as this `sender`.
    pub(crate) fn tell_partner(
        &mut self,
        crowd: &mut Crowd,
        client: usize,
        sender: usize,
        at: u64,
    ) {
        let text = self.next(sender, 1, at);
        crowd.send(client, |out| self.wire.tell(out, partner(client), &text));
    }

    fn next(&mut self, sender: usize, copies: usize, at: u64) -> Vec<u8> {
        let stamp = Stamp {
            sender: sender as u32,
            sequence: self.sequences[sender],
            at,
        };
        self.sequences[sender] += 1;
        self.progress.begin(copies);
        let mut text = Vec::with_capacity(self.size);
        stamp.encode(&mut text, self.size);
        text
    }

    /// The message in a line. If it is none, does what the server wants with it.
    pub(crate) fn read(
        &self,
        crowd: &mut Crowd,
        client: usize,
        line: &[u8],
    ) -> Result<Option<Stamp>, Failure> {
        let stamp = Stamp::decode(line, self.size).transpose()?;
        if stamp.is_none() {
            login::answer(crowd, self.wire, Role::User, client, line)?;
        }
        Ok(stamp)
    }

    /// A message was delivered. `sender` is the ledger's number for it.
    pub(crate) fn deliver(
        &mut self,
        recipient: usize,
        sender: usize,
        stamp: Stamp,
        now: u64,
    ) -> Result<(), Failure> {
        self.ledger.receive(recipient, sender, stamp.sequence)?;
        if self.progress.outstanding() == 0 {
            return Err(Fault::Surplus { recipient }.into());
        }
        self.progress.finish(now.saturating_sub(stamp.at));
        Ok(())
    }
}

/// With whom a client talks where they talk two by two.
pub(crate) fn partner(client: usize) -> usize {
    client ^ 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Client 0 says something to client 1, to be sent at the first millisecond.
    fn said() -> (Crowd, Messages, Stamp) {
        let mut crowd = Crowd::new(Wire::Relay.transport()).unwrap();
        crowd.reserve(2);
        let mut messages = Messages::new(Wire::Relay, 64, 1, Ledger::new(2, 1));
        messages.say(&mut crowd, 0, 1, 1_000_000);
        let mut line = Vec::new();
        crowd.send(0, |out| line.clone_from(out));
        let stamp = messages.read(&mut crowd, 1, line.trim_ascii_end());
        (crowd, messages, stamp.unwrap().unwrap())
    }

    #[test]
    fn a_delivery_counts_from_when_it_was_to_be_sent() {
        let (_, mut messages, stamp) = said();
        assert_eq!(messages.progress.outstanding(), 1);
        messages.deliver(1, 0, stamp, 6_000_000).unwrap();
        assert_eq!(messages.progress.outstanding(), 0);
        assert!((messages.progress.latency().max_us - 5000.0).abs() < 10.0);
    }

    #[test]
    fn a_copy_too_many_is_noticed() {
        let (_, mut messages, stamp) = said();
        messages.deliver(1, 0, stamp, 6_000_000).unwrap();
        let surplus = messages.deliver(0, 0, stamp, 6_000_000).unwrap_err();
        let fault = Fault::Surplus { recipient: 0 };
        assert!(matches!(surplus, Failure::Fault(found) if found == fault));
    }
}
