//! Peers that speak something else, or nonsense.

use std::net::SocketAddr;
use std::ops::Range;

use crate::crowd::{Crowd, Script};
use crate::failure::Failure;
use crate::soak::FIRST_GARBAGE;

/// Each sends its garbage and goes away, half of them by a reset.
pub(super) struct Garbage {
    server: SocketAddr,
    pub(super) places: Range<usize>,
    due: u64,
    pub(super) visits: u64,
}

impl Garbage {
    pub(super) fn start(crowd: &mut Crowd, server: SocketAddr) -> Self {
        Self {
            server,
            places: crowd.reserve(PLACES),
            due: crowd.now(),
            visits: 0,
        }
    }

    fn come(&mut self, crowd: &mut Crowd) -> Result<(), Failure> {
        let number = self.visits as usize;
        let place = self.places.start + number % PLACES;
        if number.is_multiple_of(2) {
            crowd.reset(place)?;
        }
        crowd.reconnect(place, self.server)?;
        crowd.send(place, |out| write_garbage(out, number));
        self.visits += 1;
        Ok(())
    }
}

impl Script for Garbage {
    fn line(&mut self, _: &mut Crowd, _: usize, _: &[u8], _: u64) -> Result<(), Failure> {
        Ok(())
    }

    fn closed(&mut self, _crowd: &mut Crowd, _client: usize) -> Result<(), Failure> {
        Ok(())
    }

    fn act(&mut self, crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        while self.due <= crowd.now() {
            self.come(crowd)?;
            self.due += INTERVAL;
        }
        Ok(Some(self.due))
    }
}

/// Nothing of it may reach anybody else, so none of it is a message to all.
fn write_garbage(out: &mut Vec<u8>, number: usize) {
    let register = |out: &mut Vec<u8>| out.extend(format!("u{}\n", FIRST_GARBAGE + number).bytes());
    match number % 5 {
        0 => out.extend_from_slice(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"),
        1 => out.resize(number % 100_000, 0),
        2 => {
            register(out);
            out.resize(out.len() + 100_000, b'x');
            out.extend_from_slice(b"\n!no such command\n#nobody\n@\n!enter \n");
        }
        3 => {
            register(out);
            for line in 0..100_u8 {
                out.extend_from_slice(&[b'#', 0xff, 0xfd, line, 0x1b, 0xc3, b'\n']);
            }
        }
        _ => {
            register(out);
            let requests = [
                "!users\n",
                "!rooms\n",
                "!enter den\n",
                "@den hi\n",
                "!leave den\n",
            ];
            (0..200).for_each(|n| out.extend_from_slice(requests[n % 5].as_bytes()));
        }
    }
}

const PLACES: usize = 8;
/// Between two of them, in nanoseconds.
const INTERVAL: u64 = 50_000_000;
