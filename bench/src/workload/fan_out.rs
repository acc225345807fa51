//! Few send to many.

use std::net::SocketAddr;

use crate::crowd::{Crowd, Script};
use crate::failure::Failure;
use crate::ledger::{Ledger, Window};
use crate::login;
use crate::messages::Messages;
use crate::progress::Progress;
use crate::wire::{Role, Wire};
use crate::workload::Load;

/// Senders that wait for the slowest recipient.
pub(crate) struct FanOut {
    messages: Messages,
    /// By sender.
    windows: Vec<Window>,
    /// How many receive each message.
    copies: usize,
}

impl FanOut {
    pub(crate) fn start(
        crowd: &mut Crowd,
        servers: &[SocketAddr],
        wire: Wire,
        size: usize,
        (recipients, senders, window): (usize, usize, usize),
    ) -> Result<Self, Failure> {
        let count = recipients + senders;
        let is_alone = senders == 1 && wire == Wire::Redis;
        login::log_in(crowd, servers, wire, count, |user| match user {
            0 if is_alone => Role::Speaker,
            _ => Role::Member,
        })?;
        login::meet(crowd, wire)?;
        let hears_itself = wire.echoes() && !is_alone;
        let copies = count - usize::from(!hears_itself);
        Ok(Self {
            messages: Messages::new(wire, size, senders, Ledger::new(count, senders)),
            windows: (0..senders).map(|_| Window::new(window, copies)).collect(),
            copies,
        })
    }
}

impl Script for FanOut {
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
            self.windows[sender].delivered(stamp.sequence);
        }
        Ok(())
    }

    fn act(&mut self, crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        if self.messages.progress.is_stopped() {
            return Ok(None);
        }
        for (sender, window) in self.windows.iter_mut().enumerate() {
            while window.send() {
                let now = crowd.now();
                self.messages.say(crowd, sender, self.copies, now);
            }
        }
        Ok(None)
    }
}

impl Load for FanOut {
    fn progress(&mut self) -> &mut Progress {
        &mut self.messages.progress
    }
}
