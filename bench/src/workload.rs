//! What the clients do while a server is measured.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;

use clap::Subcommand;

use crate::crowd::{Crowd, Script};
use crate::failure::Failure;
use crate::ledger::Window;
use crate::login::{self, answer};
use crate::meter::Meter;
use crate::stamp::Stamp;
use crate::wire::{Role, Wire};

/// What is done, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Subcommand)]
pub(crate) enum Workload {
    /// Few send to many, as fast as the slowest recipient receives
    FanOut {
        /// Clients that do not send
        #[arg(long, default_value_t = 1000)]
        recipients: usize,
        /// Clients that send, and receive what the other senders say
        #[arg(long, default_value_t = 1)]
        senders: usize,
        /// How many messages a sender may be ahead of the slowest recipient
        #[arg(long, default_value_t = 100)]
        window: usize,
    },
    /// Two by two, one message goes back and forth
    PingPong {
        /// How many pairs
        #[arg(long, default_value_t = 500)]
        pairs: usize,
    },
    /// Messages at a fixed rate, whatever the server does
    Paced {
        /// Everybody receives, and the first 100 send in turn
        #[arg(long, default_value_t = 1000)]
        users: usize,
        /// Messages a second, of all senders together
        #[arg(long, default_value_t = 50)]
        rate: u64,
    },
    /// Logged-in users who say nothing: what they take of the server's memory
    Idle {
        /// How many
        #[arg(long, default_value_t = 5000)]
        users: usize,
    },
    /// Connect, log in, leave, and again
    Churn {
        /// How many at a time
        #[arg(long, default_value_t = 64)]
        users: usize,
    },
}

impl Workload {
    /// Whether it can be done in a protocol.
    pub(crate) fn fits(self, wire: Wire) -> bool {
        match self {
            Self::FanOut { .. } => wire.can_say(),
            Self::PingPong { .. } => wire.can_tell(),
            Self::Paced { .. } => wire.can_say(),
            Self::Idle { .. } => true,
            Self::Churn { .. } => wire.confirms_login(),
        }
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FanOut {
                recipients,
                senders,
                window,
            } => write!(f, "fan-out {senders} to {recipients}, window {window}"),
            Self::PingPong { pairs } => write!(f, "ping-pong of {pairs} pairs"),
            Self::Paced { users, rate } => write!(f, "{rate} messages/s to {users}"),
            Self::Idle { users } => write!(f, "{users} idle users"),
            Self::Churn { users } => write!(f, "churn of {users} users"),
        }
    }
}

/// A workload under way.
pub(crate) trait Load: Script {
    fn meter(&mut self) -> &mut Meter;

    /// Begins nothing new from now on.
    fn stop(&mut self);

    /// How many deliveries are still to come.
    fn outstanding(&self) -> usize;
}

/// Senders that wait for the slowest recipient.
pub(crate) struct FanOut {
    wire: Wire,
    meter: Meter,
    windows: Vec<Window>,
    is_stopped: bool,
}

impl FanOut {
    pub(crate) fn start(
        crowd: &mut Crowd,
        server: SocketAddr,
        wire: Wire,
        size: usize,
        (recipients, senders, window): (usize, usize, usize),
    ) -> Result<Self, Failure> {
        let count = recipients + senders;
        let is_alone = senders == 1 && wire == Wire::Redis;
        login::log_in(crowd, server, wire, count, |user| match user {
            0 if is_alone => Role::Speaker,
            _ => Role::Member,
        })?;
        login::meet(crowd, wire)?;
        let hears_itself = wire.echoes() && !is_alone;
        let copies = count - usize::from(!hears_itself);
        Ok(Self {
            wire,
            meter: Meter::new(size, count, senders),
            windows: (0..senders).map(|_| Window::new(window, copies)).collect(),
            is_stopped: false,
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
        let Some(stamp) = self.meter.message(line)? else {
            answer(crowd, self.wire, Role::User, client, line)?;
            return Ok(());
        };
        let sender = stamp.sender as usize;
        self.meter.deliver(client, sender, stamp, now)?;
        self.windows[sender].delivered(stamp.sequence);
        Ok(())
    }

    fn act(&mut self, crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        if self.is_stopped {
            return Ok(None);
        }
        for (sender, window) in self.windows.iter_mut().enumerate() {
            while let Some(sequence) = window.send() {
                let text = self.meter.text(Stamp {
                    sender: sender as u32,
                    sequence,
                    at: crowd.now(),
                });
                crowd.send(sender, |out| self.wire.say(out, &text));
            }
        }
        Ok(None)
    }
}

impl Load for FanOut {
    fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }

    fn stop(&mut self) {
        self.is_stopped = true;
    }

    fn outstanding(&self) -> usize {
        self.windows.iter().map(Window::outstanding).sum()
    }
}

/// Pairs in which whoever receives a message sends one back.
pub(crate) struct PingPong {
    wire: Wire,
    meter: Meter,
    /// What each client sends next.
    sequences: Vec<u32>,
    /// Messages on their way.
    flying: usize,
    has_begun: bool,
    is_stopped: bool,
}

impl PingPong {
    pub(crate) fn start(
        crowd: &mut Crowd,
        server: SocketAddr,
        wire: Wire,
        size: usize,
        pairs: usize,
    ) -> Result<Self, Failure> {
        login::log_in(crowd, server, wire, 2 * pairs, |_| Role::User)?;
        Ok(Self {
            wire,
            meter: Meter::new(size, 2 * pairs, 1),
            sequences: vec![0; 2 * pairs],
            flying: 0,
            has_begun: false,
            is_stopped: false,
        })
    }

    fn send(&mut self, crowd: &mut Crowd, client: usize) {
        let text = self.meter.text(Stamp {
            sender: client as u32,
            sequence: self.sequences[client],
            at: crowd.now(),
        });
        self.sequences[client] += 1;
        self.flying += 1;
        crowd.send(client, |out| self.wire.tell(out, partner(client), &text));
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
        let Some(stamp) = self.meter.message(line)? else {
            answer(crowd, self.wire, Role::User, client, line)?;
            return Ok(());
        };
        // Somebody else's message is for the ledger one of a sender that does not exist.
        let sender = usize::from(stamp.sender as usize != partner(client));
        self.meter.deliver(client, sender, stamp, now)?;
        self.flying -= 1;
        if !self.is_stopped {
            self.send(crowd, client);
        }
        Ok(())
    }

    fn act(&mut self, crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        if !self.has_begun {
            self.has_begun = true;
            for client in (0..self.sequences.len()).step_by(2) {
                self.send(crowd, client);
            }
        }
        Ok(None)
    }
}

impl Load for PingPong {
    fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }

    fn stop(&mut self) {
        self.is_stopped = true;
    }

    fn outstanding(&self) -> usize {
        self.flying
    }
}

/// Messages to all at fixed times. A message that goes out late counts from when it was due.
pub(crate) struct Paced {
    wire: Wire,
    meter: Meter,
    /// Nanoseconds between messages.
    interval: u64,
    /// When the next one is due.
    due: u64,
    /// What each sender sends next.
    sequences: Vec<u32>,
    turn: usize,
    copies: usize,
    flying: usize,
    is_stopped: bool,
}

impl Paced {
    pub(crate) fn start(
        crowd: &mut Crowd,
        server: SocketAddr,
        wire: Wire,
        size: usize,
        (users, rate): (usize, u64),
    ) -> Result<Self, Failure> {
        login::log_in(crowd, server, wire, users, |_| Role::Member)?;
        login::meet(crowd, wire)?;
        let senders = users.min(MAX_PACED_SENDERS);
        Ok(Self {
            wire,
            meter: Meter::new(size, users, senders),
            interval: 1_000_000_000 / rate.max(1),
            due: crowd.now(),
            sequences: vec![0; senders],
            turn: 0,
            copies: users - usize::from(!wire.echoes()),
            flying: 0,
            is_stopped: false,
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
        let Some(stamp) = self.meter.message(line)? else {
            answer(crowd, self.wire, Role::User, client, line)?;
            return Ok(());
        };
        self.meter
            .deliver(client, stamp.sender as usize, stamp, now)?;
        self.flying -= 1;
        Ok(())
    }

    fn act(&mut self, crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        if self.is_stopped {
            return Ok(None);
        }
        while self.due <= crowd.now() {
            let sender = self.turn % self.sequences.len();
            let text = self.meter.text(Stamp {
                sender: sender as u32,
                sequence: self.sequences[sender],
                at: self.due,
            });
            crowd.send(sender, |out| self.wire.say(out, &text));
            self.sequences[sender] += 1;
            self.turn += 1;
            self.flying += self.copies;
            self.due += self.interval;
        }
        Ok(Some(self.due))
    }
}

impl Load for Paced {
    fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }

    fn stop(&mut self) {
        self.is_stopped = true;
    }

    fn outstanding(&self) -> usize {
        self.flying
    }
}

/// Users who come, log in, and leave.
pub(crate) struct Churn {
    server: SocketAddr,
    wire: Wire,
    meter: Meter,
    /// When each place's connection began, while it logs in.
    began: Vec<Option<u64>>,
    /// Places to be taken anew.
    free: VecDeque<usize>,
    next_user: usize,
    is_stopped: bool,
}

impl Churn {
    pub(crate) fn start(
        crowd: &mut Crowd,
        server: SocketAddr,
        wire: Wire,
        size: usize,
        users: usize,
    ) -> Result<Self, Failure> {
        let mut churn = Self {
            server,
            wire,
            meter: Meter::new(size, 0, 0),
            began: vec![None; users],
            free: VecDeque::new(),
            next_user: 0,
            is_stopped: false,
        };
        for _ in 0..users {
            let place = crowd.connect(server)?;
            churn.join(crowd, place);
        }
        Ok(churn)
    }

    fn join(&mut self, crowd: &mut Crowd, place: usize) {
        let user = self.next_user;
        self.next_user += 1;
        self.began[place] = Some(crowd.now());
        crowd.send(place, |out| self.wire.log_in(out, user, Role::User));
    }
}

impl Script for Churn {
    fn line(
        &mut self,
        crowd: &mut Crowd,
        place: usize,
        line: &[u8],
        now: u64,
    ) -> Result<(), Failure> {
        let Some(began) = self.began[place] else {
            return Ok(());
        };
        if answer(crowd, self.wire, Role::User, place, line)? {
            self.began[place] = None;
            self.meter.finish(now - began);
            let mut farewell = Vec::new();
            self.wire.leave(&mut farewell);
            if farewell.is_empty() {
                crowd.disconnect(place);
                self.free.push_back(place);
            } else {
                crowd.send(place, |out| out.append(&mut farewell));
            }
        }
        Ok(())
    }

    fn closed(&mut self, _crowd: &mut Crowd, place: usize) -> Result<(), Failure> {
        if self.began[place].is_some() {
            return Err(Failure::Closed { client: place });
        }
        self.free.push_back(place);
        Ok(())
    }

    fn act(&mut self, crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        if self.is_stopped {
            return Ok(None);
        }
        while let Some(place) = self.free.pop_front() {
            crowd.reconnect(place, self.server)?;
            self.join(crowd, place);
        }
        Ok(None)
    }
}

impl Load for Churn {
    fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }

    fn stop(&mut self) {
        self.is_stopped = true;
    }

    fn outstanding(&self) -> usize {
        self.began.iter().flatten().count()
    }
}

/// Nobody does anything.
pub(crate) struct Silence(pub(crate) Wire);

impl Script for Silence {
    fn line(
        &mut self,
        crowd: &mut Crowd,
        client: usize,
        line: &[u8],
        _now: u64,
    ) -> Result<(), Failure> {
        answer(crowd, self.0, Role::User, client, line)?;
        Ok(())
    }

    fn act(&mut self, _crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        Ok(None)
    }
}

fn partner(client: usize) -> usize {
    client ^ 1
}

const MAX_PACED_SENDERS: usize = 100;
