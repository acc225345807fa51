//! Readers that stall, and somebody who tells them a lot.

use std::net::SocketAddr;
use std::ops::Range;

use crate::crowd::{Crowd, PATIENCE, Script, nanoseconds};
use crate::failure::Failure;
use crate::login;
use crate::soak::{FIRST_DEAF, WIRE};
use crate::wire::Role;

/// Each is told things until the server says that there is no such user any more; then the next
/// one comes.
pub(super) struct Deaf {
    server: SocketAddr,
    /// The one who tells comes first.
    pub(super) places: Range<usize>,
    listeners: Vec<Listener>,
    next_name: usize,
    turn: usize,
    due: u64,
    pub(super) closed: u64,
}

#[derive(Clone, Copy)]
struct Listener {
    name: usize,
    came: u64,
}

impl Deaf {
    pub(super) fn start(crowd: &mut Crowd, server: SocketAddr) -> Result<Self, Failure> {
        let teller = crowd.len();
        login::log_in(crowd, &[server], WIRE, 1, |_| Role::User)?;
        let places = teller..crowd.reserve(LISTENERS).end;
        let mut deaf = Self {
            server,
            places,
            listeners: vec![Listener { name: 0, came: 0 }; LISTENERS],
            next_name: FIRST_DEAF,
            turn: 0,
            due: crowd.now(),
            closed: 0,
        };
        for listener in 0..LISTENERS {
            deaf.come(crowd, listener)?;
        }
        Ok(deaf)
    }

    fn come(&mut self, crowd: &mut Crowd, listener: usize) -> Result<(), Failure> {
        let (name, place) = (self.next_name, self.place(listener));
        self.next_name += 1;
        crowd.reset(place)?;
        crowd.reconnect_deaf(place, self.server)?;
        crowd.send(place, |out| WIRE.log_in(out, name, Role::User));
        let came = crowd.now();
        self.listeners[listener] = Listener { name, came };
        Ok(())
    }

    fn place(&self, listener: usize) -> usize {
        self.places.start + 1 + listener
    }
}

impl Script for Deaf {
    fn line(
        &mut self,
        crowd: &mut Crowd,
        client: usize,
        line: &[u8],
        now: u64,
    ) -> Result<(), Failure> {
        if client != self.places.start {
            return Ok(());
        }
        let name = line.strip_prefix(NO_SUCH_USER);
        let Some(name) = name.and_then(|name| str::from_utf8(name).ok()?.parse::<usize>().ok())
        else {
            return Ok(());
        };
        let mut listeners = self.listeners.iter();
        let closed = listeners
            .position(|listener| listener.name == name && now > listener.came + TIME_TO_LOG_IN);
        if let Some(listener) = closed {
            self.closed += 1;
            self.come(crowd, listener)?;
        }
        Ok(())
    }

    fn closed(&mut self, _crowd: &mut Crowd, client: usize) -> Result<(), Failure> {
        if client == self.places.start {
            return Err(Failure::Closed { client });
        }
        Ok(())
    }

    fn act(&mut self, crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        while self.due <= crowd.now() {
            let listener = self.turn % LISTENERS;
            let Listener { name, came } = self.listeners[listener];
            if crowd.now() > came + nanoseconds(PATIENCE) {
                return Err(Failure::Kept {
                    client: self.place(listener),
                });
            }
            crowd.send(self.places.start, |out| WIRE.tell(out, name, &[b'x'; TEXT]));
            self.turn += 1;
            self.due += INTERVAL;
        }
        Ok(Some(self.due))
    }
}

const LISTENERS: usize = 4;
/// What each is told before it is closed takes some five seconds.
const INTERVAL: u64 = 8_000_000;
const TEXT: usize = 8000;
const NO_SUCH_USER: &[u8] = b"!error no such user: u";
/// Before that, in nanoseconds, a listener is unknown because it is new.
const TIME_TO_LOG_IN: u64 = 1_000_000_000;
