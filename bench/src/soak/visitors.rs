//! Users who log in and leave, in all ways there are.

use std::net::SocketAddr;
use std::ops::Range;

use crate::crowd::{Crowd, PATIENCE, Script, nanoseconds};
use crate::failure::Failure;
use crate::login::answer;
use crate::soak::{FIRST_VISITOR, WIRE};
use crate::wire::Role;

/// Whoever takes the place of a visitor who said goodbye has the same name, which must be free.
pub(super) struct Visitors {
    server: SocketAddr,
    pub(super) places: Range<usize>,
    /// By place, less the first.
    visitors: Vec<Visitor>,
    next_name: usize,
    pub(super) visits: u64,
}

#[derive(Clone, Copy)]
struct Visitor {
    name: usize,
    stage: Stage,
    /// When the next one comes, or by when the stage must be over.
    due: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Away,
    LoggingIn,
    Quitting,
}

impl Visitors {
    pub(super) fn start(crowd: &mut Crowd, server: SocketAddr) -> Self {
        let due = crowd.now();
        let visitor = |place| Visitor {
            name: FIRST_VISITOR + place,
            stage: Stage::Away,
            due: due + place as u64 * INTERVAL / PLACES as u64,
        };
        Self {
            server,
            places: crowd.reserve(PLACES),
            visitors: (0..PLACES).map(visitor).collect(),
            next_name: FIRST_VISITOR + PLACES,
            visits: 0,
        }
    }

    fn come(&mut self, crowd: &mut Crowd, place: usize) -> Result<(), Failure> {
        crowd.reconnect(place, self.server)?;
        let visitor = self.visitor(place);
        visitor.stage = Stage::LoggingIn;
        visitor.due = crowd.now() + nanoseconds(PATIENCE);
        crowd.send(place, |out| WIRE.log_in(out, visitor.name, Role::User));
        Ok(())
    }

    fn leave(&mut self, crowd: &mut Crowd, place: usize) -> Result<(), Failure> {
        self.visits += 1;
        match self.visits % 3 {
            0 => crowd.reset(place)?,
            1 => crowd.disconnect(place),
            _ => {
                crowd.send(place, |out| WIRE.leave(out));
                self.visitor(place).stage = Stage::Quitting;
                return Ok(());
            }
        }
        // The server may hear of the next one before it knows that this one has left.
        let name = self.next_name;
        self.next_name += 1;
        let visitor = self.visitor(place);
        visitor.name = name;
        visitor.go_away(crowd.now());
        Ok(())
    }

    fn visitor(&mut self, place: usize) -> &mut Visitor {
        &mut self.visitors[place - self.places.start]
    }
}

impl Visitor {
    fn go_away(&mut self, now: u64) {
        self.stage = Stage::Away;
        self.due = now + INTERVAL;
    }
}

impl Script for Visitors {
    fn line(
        &mut self,
        crowd: &mut Crowd,
        client: usize,
        line: &[u8],
        _now: u64,
    ) -> Result<(), Failure> {
        let is_ready = answer(crowd, WIRE, Role::User, client, line)?;
        if is_ready && self.visitor(client).stage == Stage::LoggingIn {
            self.leave(crowd, client)?;
        }
        Ok(())
    }

    fn closed(&mut self, crowd: &mut Crowd, client: usize) -> Result<(), Failure> {
        let visitor = self.visitor(client);
        if visitor.stage == Stage::LoggingIn {
            return Err(Failure::Closed { client });
        }
        visitor.go_away(crowd.now());
        Ok(())
    }

    fn act(&mut self, crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        let now = crowd.now();
        for place in self.places.clone() {
            let visitor = self.visitor(place);
            if visitor.due > now {
                continue;
            }
            if visitor.stage != Stage::Away {
                return Err(Failure::Login { missing: 1 });
            }
            self.come(crowd, place)?;
        }
        Ok(self.visitors.iter().map(|visitor| visitor.due).min())
    }
}

const PLACES: usize = 16;
/// How long a place stays empty, in nanoseconds.
const INTERVAL: u64 = 100_000_000;
