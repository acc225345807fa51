//! Those who are there all the time: what they say to all and to each other is verified.

use std::fmt;

use crate::crowd::{Crowd, Script};
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::messages::{Messages, partner};
use crate::run::MESSAGE_SIZE;
use crate::soak::WIRE;

/// Users who speak in turn, at fixed times: to all, and to a partner, who answers. A message that
/// goes out late counts from when it was due.
pub(super) struct Talk {
    /// Each user is two senders: one to all, and one to its partner.
    pub(super) messages: Messages,
    turn: usize,
    due: u64,
}

impl Talk {
    /// They are the first clients of the crowd.
    pub(super) const USERS: usize = 50;

    pub(super) fn start(now: u64) -> Self {
        let senders = 2 * Self::USERS;
        let ledger = Ledger::new(Self::USERS, senders);
        Self {
            messages: Messages::new(WIRE, MESSAGE_SIZE, senders, ledger),
            turn: 0,
            due: now,
        }
    }

    fn tell_partner(&mut self, crowd: &mut Crowd, user: usize, at: u64) {
        let sender = Self::USERS + user;
        self.messages.tell_partner(crowd, user, sender, at);
    }
}

impl Script for Talk {
    fn line(
        &mut self,
        crowd: &mut Crowd,
        client: usize,
        line: &[u8],
        now: u64,
    ) -> Result<(), Failure> {
        let Some(stamp) = self.messages.read(crowd, client, line)? else {
            return Ok(());
        };
        let is_private = line.starts_with(b"#");
        let sender = sender(client, stamp.sender as usize, is_private);
        self.messages.deliver(client, sender, stamp, now)?;
        if is_private && answers(client) {
            self.tell_partner(crowd, client, now);
        }
        Ok(())
    }

    fn act(&mut self, crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        if self.messages.progress.is_stopped() {
            return Ok(None);
        }
        while self.due <= crowd.now() {
            let user = self.turn % Self::USERS;
            self.messages.say(crowd, user, Self::USERS - 1, self.due);
            if !answers(user) {
                self.tell_partner(crowd, user, self.due);
            }
            self.turn += 1;
            self.due += INTERVAL;
        }
        Ok(Some(self.due))
    }
}

impl fmt::Display for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let progress = &self.messages.progress;
        let latency = progress.latency();
        write!(
            f,
            "{} deliveries, p50 {:.1} p99 {:.1} max {:.1} ms",
            progress.delivered(),
            latency.p50_us / 1000.0,
            latency.p99_us / 1000.0,
            latency.max_us / 1000.0
        )
    }
}

/// `sender`, or one that does not exist if it would not say anything to all, or to this recipient
/// alone.
fn sender(recipient: usize, sender: usize, is_private: bool) -> usize {
    let is_its_own = match is_private {
        true => sender == Talk::USERS + partner(recipient),
        false => sender < Talk::USERS,
    };
    if is_its_own { sender } else { usize::MAX }
}

/// Of two partners, one begins and the other one answers.
fn answers(user: usize) -> bool {
    user % 2 == 1
}

/// Between two messages to all, in nanoseconds.
const INTERVAL: u64 = 10_000_000;
