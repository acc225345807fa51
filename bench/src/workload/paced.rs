//! Messages at a fixed rate.

use std::net::SocketAddr;

use crate::crowd::{Crowd, Script};
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::login;
use crate::messages::Messages;
use crate::progress::Progress;
use crate::wire::{Role, Wire};
use crate::workload::Load;

/// Messages to all at fixed times. A message that goes out late counts from when it was due.
pub(crate) struct Paced {
    messages: Messages,
    senders: usize,
    /// How many receive each message.
    copies: usize,
    /// How many were sent.
    turn: usize,
    /// When the next one is due.
    due: u64,
    /// Nanoseconds between messages.
    interval: u64,
}

impl Paced {
    pub(crate) fn start(
        crowd: &mut Crowd,
        servers: &[SocketAddr],
        wire: Wire,
        size: usize,
        (users, rate): (usize, u64),
    ) -> Result<Self, Failure> {
        login::log_in(crowd, servers, wire, users, |_| Role::Member)?;
        login::meet(crowd, wire)?;
        let senders = users.min(MAX_SENDERS);
        Ok(Self {
            messages: Messages::new(wire, size, senders, Ledger::new(users, senders)),
            senders,
            copies: users - usize::from(!wire.echoes()),
            turn: 0,
            due: crowd.now(),
            interval: 1_000_000_000 / rate.max(1),
        })
    }
}

impl Script for Paced {
    fn line(
        &mut self,
        crowd: &mut Crowd,
        client: usize,
        line: &[u8],
        now: u64,
    ) -> Result<(), Failure> {
        if let Some(stamp) = self.messages.read(crowd, client, line)? {
            let sender = stamp.sender as usize;
            self.messages.deliver(client, sender, stamp, now)?;
        }
        Ok(())
    }

    fn act(&mut self, crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        if self.messages.progress.is_stopped() {
            return Ok(None);
        }
        while self.due <= crowd.now() {
            let sender = self.turn % self.senders;
            self.messages.say(crowd, sender, self.copies, self.due);
            self.turn += 1;
            self.due += self.interval;
        }
        Ok(Some(self.due))
    }
}

impl Load for Paced {
    fn progress(&mut self) -> &mut Progress {
        &mut self.messages.progress
    }
}

const MAX_SENDERS: usize = 100;
