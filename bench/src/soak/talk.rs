//! Those who are there all the time: what they say to all and to each other is verified.

use std::fmt;

use crate::crowd::{Crowd, Script};
use crate::failure::Failure;
use crate::login::answer;
use crate::meter::Meter;
use crate::outcome::Latency;
use crate::soak::WIRE;
use crate::stamp::Stamp;
use crate::wire::Role;

/// Users who speak in turn, at fixed times: to all, and to a partner, who answers. A message that
/// goes out late counts from when it was due.
pub(super) struct Talk {
    meter: Meter,
    /// What each user says next to all, then what each says next to its partner.
    sequences: Vec<u32>,
    turn: usize,
    due: u64,
    /// Deliveries that are still to come.
    flying: usize,
    is_stopped: bool,
}

impl Talk {
    /// They are the first clients of the crowd.
    pub(super) const USERS: usize = 50;

    pub(super) fn start(now: u64) -> Self {
        Self {
            meter: Meter::new(MESSAGE_SIZE, Self::USERS, 2 * Self::USERS),
            sequences: vec![0; 2 * Self::USERS],
            turn: 0,
            due: now,
            flying: 0,
            is_stopped: false,
        }
    }

    pub(super) fn stop(&mut self) {
        self.is_stopped = true;
    }

    pub(super) fn outstanding(&self) -> usize {
        self.flying
    }

    pub(super) fn latency(&self) -> Latency {
        self.meter.latency()
    }

    fn say(&mut self, crowd: &mut Crowd, user: usize) {
        let text = self.text(user, user, self.due);
        self.flying += Self::USERS - 1;
        crowd.send(user, |out| WIRE.say(out, &text));
    }

    fn tell_partner(&mut self, crowd: &mut Crowd, user: usize, at: u64) {
        let text = self.text(user, Self::USERS + user, at);
        self.flying += 1;
        crowd.send(user, |out| WIRE.tell(out, partner(user), &text));
    }

    fn text(&mut self, sender: usize, stream: usize, at: u64) -> Vec<u8> {
        let sequence = self.sequences[stream];
        self.sequences[stream] += 1;
        self.meter.text(Stamp {
            sender: sender as u32,
            sequence,
            at,
        })
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
        let Some(stamp) = self.meter.message(line)? else {
            answer(crowd, WIRE, Role::User, client, line)?;
            return Ok(());
        };
        let is_private = line.starts_with(b"#");
        let stream = stream(client, stamp.sender as usize, is_private);
        self.meter.deliver(client, stream, stamp, now)?;
        self.flying -= 1;
        if is_private && answers(client) {
            self.tell_partner(crowd, client, now);
        }
        Ok(())
    }

    fn act(&mut self, crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        if self.is_stopped {
            return Ok(None);
        }
        while self.due <= crowd.now() {
            let user = self.turn % Self::USERS;
            self.say(crowd, user);
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
        let latency = self.meter.latency();
        write!(
            f,
            "{} deliveries, p50 {:.1} p99 {:.1} max {:.1} ms",
            self.meter.delivered(),
            latency.p50_us / 1000.0,
            latency.p99_us / 1000.0,
            latency.max_us / 1000.0
        )
    }
}

/// The ledger's number for what `sender` says to all, or to `recipient` alone; one that does not
/// exist if that is nothing it would say.
fn stream(recipient: usize, sender: usize, is_private: bool) -> usize {
    match is_private {
        true if sender == partner(recipient) => Talk::USERS + sender,
        false if sender < Talk::USERS => sender,
        _ => usize::MAX,
    }
}

fn partner(user: usize) -> usize {
    user ^ 1
}

/// Of two partners, one begins and the other one answers.
fn answers(user: usize) -> bool {
    user % 2 == 1
}

const MESSAGE_SIZE: usize = 64;
/// Between two messages to all, in nanoseconds.
const INTERVAL: u64 = 10_000_000;
