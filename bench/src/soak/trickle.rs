//! Peers that send a byte a second.

use std::net::SocketAddr;
use std::ops::Range;

use crate::crowd::{Crowd, Script};
use crate::failure::Failure;
use crate::soak::{FIRST_TRICKLING, WIRE};

/// Each registers and quits, byte by byte, and must be understood in the end.
pub(super) struct Trickle {
    server: SocketAddr,
    pub(super) places: Range<usize>,
    /// What each has yet to send, by place, less the first.
    rest: Vec<Vec<u8>>,
    next_name: usize,
    due: u64,
    pub(super) done: u64,
}

impl Trickle {
    pub(super) fn start(crowd: &mut Crowd, server: SocketAddr) -> Self {
        Self {
            server,
            places: crowd.reserve(PLACES),
            rest: vec![Vec::new(); PLACES],
            next_name: FIRST_TRICKLING,
            due: crowd.now(),
            done: 0,
        }
    }

    fn come(&mut self, crowd: &mut Crowd, place: usize) -> Result<(), Failure> {
        crowd.reconnect(place, self.server)?;
        let rest = &mut self.rest[place - self.places.start];
        rest.extend(format!("u{}\n", self.next_name).bytes());
        WIRE.leave(rest);
        rest.reverse();
        self.next_name += 1;
        Ok(())
    }
}

impl Script for Trickle {
    fn line(&mut self, _: &mut Crowd, _: usize, _: &[u8], _: u64) -> Result<(), Failure> {
        Ok(())
    }

    fn closed(&mut self, crowd: &mut Crowd, client: usize) -> Result<(), Failure> {
        if !self.rest[client - self.places.start].is_empty() {
            return Err(Failure::Closed { client });
        }
        self.done += 1;
        self.come(crowd, client)
    }

    fn act(&mut self, crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        if self.next_name == FIRST_TRICKLING {
            for place in self.places.clone() {
                self.come(crowd, place)?;
            }
        }
        if self.due <= crowd.now() {
            self.due += INTERVAL;
            for (place, rest) in self.places.clone().zip(&mut self.rest) {
                if let Some(byte) = rest.pop() {
                    crowd.send(place, |out| out.push(byte));
                }
            }
        }
        Ok(Some(self.due))
    }
}

const PLACES: usize = 8;
/// In nanoseconds.
const INTERVAL: u64 = 1_000_000_000;
