//! Two by two, messages go back and forth.

use std::net::SocketAddr;

use crate::crowd::{Crowd, Script};
use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::login;
use crate::messages::{Messages, partner};
use crate::progress::Progress;
use crate::wire::{Role, Wire};
use crate::workload::Load;

/// Pairs in which whoever receives a message sends one back.
pub(crate) struct PingPong {
    messages: Messages,
    pairs: usize,
    /// How many messages go back and forth in each.
    window: usize,
    has_begun: bool,
}

impl PingPong {
    pub(crate) fn start(
        crowd: &mut Crowd,
        servers: &[SocketAddr],
        wire: Wire,
        size: usize,
        (pairs, window): (usize, usize),
    ) -> Result<Self, Failure> {
        let users = 2 * pairs;
        login::log_in(crowd, servers, wire, users, |_| Role::User)?;
        Ok(Self {
            messages: Messages::new(wire, size, users, Ledger::new(users, 1)),
            pairs,
            window,
            has_begun: false,
        })
    }

    fn send(&mut self, crowd: &mut Crowd, client: usize) {
        let now = crowd.now();
        self.messages.tell_partner(crowd, client, client, now);
    }
}

impl Script for PingPong {
    fn line(
        &mut self,
        crowd: &mut Crowd,
        client: usize,
        line: &[u8],
        now: u64,
    ) -> Result<(), Failure> {
        if let Some(stamp) = self.messages.read(crowd, client, line)? {
            // For the ledger, each has one sender; somebody else's message is one of a sender that
            // does not exist.
            let sender = usize::from(stamp.sender as usize != partner(client));
            self.messages.deliver(client, sender, stamp, now)?;
            if !self.messages.progress.is_stopped() {
                self.send(crowd, client);
            }
        }
        Ok(())
    }

    fn act(&mut self, crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        if !self.has_begun {
            self.has_begun = true;
            for pair in 0..self.pairs {
                (0..self.window).for_each(|_| self.send(crowd, 2 * pair));
            }
        }
        Ok(None)
    }
}

impl Load for PingPong {
    fn progress(&mut self) -> &mut Progress {
        &mut self.messages.progress
    }
}
