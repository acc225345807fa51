//! What has to arrive, and what has arrived: each message exactly once, in order for each sender.

use std::collections::VecDeque;

use thiserror::Error;

/// Which message each recipient has to receive next from each sender.
#[derive(Debug)]
pub(crate) struct Ledger {
    senders: usize,
    /// By recipient, then by sender.
    next: Vec<u32>,
}

impl Ledger {
    pub(crate) fn new(recipients: usize, senders: usize) -> Self {
        Self {
            senders,
            next: vec![0; recipients * senders],
        }
    }

    /// `recipient` received a message.
    pub(crate) fn receive(
        &mut self,
        recipient: usize,
        sender: usize,
        sequence: u32,
    ) -> Result<(), Fault> {
        if sender >= self.senders {
            return Err(Fault::Foreign { recipient });
        }
        let next = &mut self.next[recipient * self.senders + sender];
        if sequence == *next {
            *next += 1;
            return Ok(());
        }
        let expected = *next;
        Err(if sequence < expected {
            Fault::Repeated {
                recipient,
                sender,
                sequence,
                expected,
            }
        } else {
            Fault::Missing {
                recipient,
                sender,
                sequence,
                expected,
            }
        })
    }
}

/// A server broke its promise.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum Fault {
    #[error(
        "recipient {recipient} got message {sequence} of sender {sender} before {expected}: lost \
         or out of order"
    )]
    Missing {
        recipient: usize,
        sender: usize,
        sequence: u32,
        expected: u32,
    },
    #[error(
        "recipient {recipient} got message {sequence} of sender {sender} after {expected} was \
         due: twice or out of order"
    )]
    Repeated {
        recipient: usize,
        sender: usize,
        sequence: u32,
        expected: u32,
    },
    #[error("recipient {recipient} got a message that was not for it")]
    Foreign { recipient: usize },
    #[error("recipient {recipient} got a message, though all had arrived that were to come")]
    Surplus { recipient: usize },
}

/// How far one sender is ahead of the slowest recipient.
#[derive(Debug)]
pub(crate) struct Window {
    size: usize,
    recipients: usize,
    /// The sequence number of the first message that somebody still waits for.
    base: u32,
    /// How many wait for each message from there on.
    missing: VecDeque<usize>,
}

impl Window {
    pub(crate) fn new(size: usize, recipients: usize) -> Self {
        Self {
            size,
            recipients,
            base: 0,
            missing: VecDeque::with_capacity(size),
        }
    }

    /// Takes one more message, unless the slowest recipient is too far behind.
    pub(crate) fn send(&mut self) -> bool {
        let has_room = self.missing.len() < self.size;
        if has_room {
            self.missing.push_back(self.recipients);
        }
        has_room
    }

    /// One more recipient has received a message.
    pub(crate) fn delivered(&mut self, sequence: u32) {
        let place = sequence.wrapping_sub(self.base) as usize;
        if let Some(missing) = self.missing.get_mut(place) {
            *missing = missing.saturating_sub(1);
        }
        while self.missing.front() == Some(&0) {
            self.missing.pop_front();
            self.base += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_in_order_are_fine_whichever_sender_comes_first() {
        let mut ledger = Ledger::new(2, 2);
        for (recipient, sender, sequence) in [(0, 1, 0), (0, 0, 0), (0, 1, 1), (1, 1, 0)] {
            assert_eq!(ledger.receive(recipient, sender, sequence), Ok(()));
        }
    }

    #[test]
    fn a_lost_message_is_noticed_with_the_next_one() {
        let mut ledger = Ledger::new(1, 1);
        assert_eq!(ledger.receive(0, 0, 0), Ok(()));
        let fault = ledger.receive(0, 0, 2);
        assert!(matches!(fault, Err(Fault::Missing { expected: 1, .. })));
    }

    #[test]
    fn a_message_that_comes_twice_is_noticed() {
        let mut ledger = Ledger::new(1, 1);
        assert_eq!(ledger.receive(0, 0, 0), Ok(()));
        let fault = ledger.receive(0, 0, 0);
        assert!(matches!(fault, Err(Fault::Repeated { expected: 1, .. })));
    }

    #[test]
    fn swapped_messages_are_noticed() {
        let mut ledger = Ledger::new(1, 1);
        assert!(ledger.receive(0, 0, 1).is_err());
    }

    #[test]
    fn a_sender_that_does_not_exist_is_noticed() {
        let fault = Ledger::new(1, 1).receive(0, 7, 0);
        assert_eq!(fault, Err(Fault::Foreign { recipient: 0 }));
    }

    #[test]
    fn a_sender_waits_for_the_slowest_recipient() {
        let mut window = Window::new(2, 2);
        assert!(window.send() && window.send());
        assert!(!window.send());
        window.delivered(0);
        window.delivered(1);
        assert!(!window.send());
        window.delivered(0);
        assert!(window.send());
        assert!(!window.send());
    }
}
