//! The network between one client and the server.

use std::collections::VecDeque;
use std::time::Duration;

use linechat_protocol::Instant;

use crate::dice::Dice;

/// Both directions.
pub(crate) struct Link {
    pub(crate) to_server: Pipe,
    pub(crate) to_client: Pipe,
}

impl Link {
    pub(crate) fn new(dice: &mut Dice, widest: usize) -> Self {
        Self {
            to_server: Pipe::new(dice, widest),
            to_client: Pipe::new(dice, widest),
        }
    }

    pub(crate) fn pipe(&mut self, to: End) -> &mut Pipe {
        match to {
            End::Server => &mut self.to_server,
            End::Client => &mut self.to_client,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Server,
    Client,
}

/// One direction: bytes arrive in order, late, in pieces, and only as many are under way as the
/// reader makes room for.
pub(crate) struct Pipe {
    window: usize,
    latency: Duration,
    jitter: u64,
    /// The most that one read brings.
    longest_read: usize,
    bytes: VecDeque<u8>,
    /// How many bytes arrive when.
    under_way: VecDeque<(Instant, usize)>,
    arrived: usize,
    last_arrival: Instant,
    end: Option<Instant>,
    /// The writer had more than there was room for.
    pub(crate) is_writer_waiting: bool,
}

impl Pipe {
    fn new(dice: &mut Dice, widest: usize) -> Self {
        Self {
            window: widest / *dice.pick(&[1, 2, 4]),
            latency: Duration::from_millis(dice.within(0..=20)),
            jitter: *dice.pick(&[0, 3, 20]),
            longest_read: *dice.pick(&[2, 32, 256, 4096]),
            bytes: VecDeque::new(),
            under_way: VecDeque::new(),
            arrived: 0,
            last_arrival: Instant::EPOCH,
            end: None,
            is_writer_waiting: false,
        }
    }

    /// How long a message can take that has a whole backlog before it.
    pub(crate) fn slowest_crossing(&self, max_backlog: usize) -> Duration {
        let turns = (max_backlog / self.window + 2) as u32;
        turns * (2 * self.latency + Duration::from_millis(self.jitter))
    }

    pub(crate) fn latency(&self) -> Duration {
        self.latency
    }

    /// Takes what fits. Returns how much that is, and when it arrives.
    pub(crate) fn write(
        &mut self,
        now: Instant,
        bytes: &[u8],
        dice: &mut Dice,
    ) -> (usize, Vec<Instant>) {
        let count = bytes.len().min(self.window - self.bytes.len());
        self.is_writer_waiting = count < bytes.len();
        self.bytes.extend(&bytes[..count]);
        let mut arrivals = Vec::new();
        let mut rest = count;
        while rest > 0 {
            let is_last = arrivals.len() == 2;
            let piece = if is_last { rest } else { 1 + dice.below(rest) };
            rest -= piece;
            arrivals.push(self.arrival(now, dice));
            self.under_way.push_back((self.last_arrival, piece));
        }
        (count, arrivals)
    }

    /// Ends this direction behind what was written. Returns when the reader notices.
    pub(crate) fn end(&mut self, now: Instant, dice: &mut Dice) -> Instant {
        let arrival = self.arrival(now, dice);
        *self.end.get_or_insert(arrival)
    }

    /// Whether all that was written was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.end.is_some()
    }

    /// What one read brings, if anything has arrived.
    pub(crate) fn read(&mut self, now: Instant, dice: &mut Dice) -> Vec<u8> {
        while let Some(&(at, count)) = self.under_way.front()
            && at <= now
        {
            self.under_way.pop_front();
            self.arrived += count;
        }
        if self.arrived == 0 {
            return Vec::new();
        }
        let count = self.arrived.min(1 + dice.below(self.longest_read));
        self.arrived -= count;
        self.bytes.drain(..count).collect()
    }

    /// Whether there is more to read of what has arrived.
    pub(crate) fn has_more(&self, now: Instant) -> bool {
        self.arrived > 0 || self.is_at_end(now)
    }

    /// Whether the reader has read everything and sees the end.
    pub(crate) fn is_at_end(&self, now: Instant) -> bool {
        self.bytes.is_empty() && self.end.is_some_and(|at| at <= now)
    }

    fn arrival(&mut self, now: Instant, dice: &mut Dice) -> Instant {
        let late = Duration::from_millis(dice.within(0..=self.jitter));
        self.last_arrival = self.last_arrival.max(now + self.latency + late);
        self.last_arrival
    }
}
