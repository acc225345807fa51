//! Everything at once, for an hour: users who talk, others who come and go, and peers who mean
//! harm. The talk is verified all the time, and what the server takes of the system is watched.

mod deaf;
mod garbage;
mod talk;
mod trickle;
mod visitors;
mod watch;

use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use crate::crowd::{Crowd, Script};
use crate::failure::Failure;
use crate::login;
use crate::program::Program;
use crate::progress::Progress;
use crate::run::finish;
use crate::server::Server;
use crate::soak::deaf::Deaf;
use crate::soak::garbage::Garbage;
use crate::soak::talk::Talk;
use crate::soak::trickle::Trickle;
use crate::soak::visitors::Visitors;
use crate::soak::watch::Watch;
use crate::wire::{Role, Wire};
use crate::workload::Load;

/// Soaks a program and prints how it goes. Fails if it did not go well.
pub(crate) fn run(program: Program, time: Duration) -> Result<(), Failure> {
    if !program.is_linechat() {
        return Err(Failure::Unfit(format!(
            "{} does not speak {}",
            program.name(),
            WIRE.name()
        )));
    }
    let server = Server::start(program, WIRE)?;
    let crowd = &mut Crowd::new(WIRE.transport())?;
    login::log_in(crowd, &[server.address], WIRE, Talk::USERS, |_| Role::User)?;
    let mut watch = Watch::begin(server.process, time)?;
    let mut soak = Soak::start(crowd, server.address)?;
    while watch.elapsed() < time {
        crowd.run(&mut soak, SAMPLE_INTERVAL)?;
        if watch.sample()? {
            writeln!(io::stdout(), "{watch}; {soak}")?;
        }
    }
    finish(crowd, &mut soak)?;
    (Talk::USERS..crowd.len()).for_each(|guest| crowd.disconnect(guest));
    watch.wait_until_settled()?;
    let verdict = watch.verdict(soak.progress().latency());
    if verdict.is_ok() {
        writeln!(io::stdout(), "{}: all is well", server.name)?;
    }
    verdict
}

/// All clients of a run, by what they are there for.
struct Soak {
    talk: Talk,
    visitors: Visitors,
    deaf: Deaf,
    trickle: Trickle,
    garbage: Garbage,
}

impl Soak {
    fn start(crowd: &mut Crowd, server: SocketAddr) -> Result<Self, Failure> {
        let deaf = Deaf::start(crowd, server)?;
        Ok(Self {
            deaf,
            visitors: Visitors::start(crowd, server),
            trickle: Trickle::start(crowd, server),
            garbage: Garbage::start(crowd, server),
            talk: Talk::start(crowd.now()),
        })
    }

    /// Those who come and go. Their places are taken by one after the other.
    fn guests(&mut self) -> [(Range<usize>, &mut dyn Script); 4] {
        [
            (self.visitors.places.clone(), &mut self.visitors),
            (self.deaf.places.clone(), &mut self.deaf),
            (self.trickle.places.clone(), &mut self.trickle),
            (self.garbage.places.clone(), &mut self.garbage),
        ]
    }

    fn part(&mut self, client: usize) -> &mut dyn Script {
        if client < Talk::USERS {
            return &mut self.talk;
        }
        let mut guests = self.guests().into_iter();
        let part = guests.find(|(places, _)| places.contains(&client));
        part.expect("everybody is there for something").1
    }
}

impl Script for Soak {
    fn line(
        &mut self,
        crowd: &mut Crowd,
        client: usize,
        line: &[u8],
        now: u64,
    ) -> Result<(), Failure> {
        self.part(client).line(crowd, client, line, now)
    }

    fn closed(&mut self, crowd: &mut Crowd, client: usize) -> Result<(), Failure> {
        self.part(client).closed(crowd, client)
    }

    fn act(&mut self, crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        let mut due = self.talk.act(crowd)?;
        for (_, guests) in self.guests() {
            let next = guests.act(crowd)?;
            due = due.into_iter().chain(next).min();
        }
        Ok(due)
    }
}

/// What is verified is the talk.
impl Load for Soak {
    fn progress(&mut self) -> &mut Progress {
        &mut self.talk.messages.progress
    }
}

impl fmt::Display for Soak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}; {} visits, {} stalled readers closed, {} slow senders done, {} garbage",
            self.talk,
            self.visitors.visits,
            self.deaf.closed,
            self.trickle.done,
            self.garbage.visits
        )
    }
}

const WIRE: Wire = Wire::Rooms;
const SAMPLE_INTERVAL: Duration = Duration::from_secs(2);

/// Where the numbers of each kind of guests begin, from which their names are made.
const FIRST_VISITOR: usize = 1_000_000_000;
const FIRST_DEAF: usize = 2_000_000_000;
const FIRST_TRICKLING: usize = 3_000_000_000;
const FIRST_GARBAGE: usize = 4_000_000_000;
