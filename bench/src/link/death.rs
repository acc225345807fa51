//! How long the users of a server are there that was killed.

use std::time::{Duration, Instant};

use memchr::memmem;

use crate::crowd::{Crowd, PATIENCE, Script};
use crate::failure::Failure;
use crate::ledger::Fault;
use crate::link::community::Community;
use crate::login;
use crate::program::Program;
use crate::wire::{Role, Wire};

/// Kills one of two servers, and waits until each user of the other one was told of each who was
/// on it.
pub(super) fn time_until_gone(program: Program) -> Result<Duration, Failure> {
    let mut community = Community::start(program, WIRE, SERVERS, LEASE)?;
    let crowd = &mut Crowd::new(WIRE.transport())?;
    let at = community.site.addresses();
    login::log_in(crowd, &at, WIRE, USERS, |_| Role::Member)?;
    let mut mourning = Mourning::new(USERS);
    let begin = Instant::now();
    community.site.servers[KILLED].kill()?;
    if !crowd.run_until(&mut mourning, LEASE + PATIENCE, |it| it.missing() == 0)? {
        return Err(Failure::Lost {
            outstanding: mourning.missing(),
        });
    }
    Ok(begin.elapsed())
}

/// The users of both servers.
struct Mourning {
    /// Of how many each user is yet to be told, by client.
    missing: Vec<usize>,
}

impl Mourning {
    fn new(users: usize) -> Self {
        let missing = |client| match client % SERVERS {
            KILLED => 0,
            _ => users / SERVERS,
        };
        Self {
            missing: (0..users).map(missing).collect(),
        }
    }

    fn missing(&self) -> usize {
        self.missing.iter().sum()
    }
}

impl Script for Mourning {
    fn line(
        &mut self,
        crowd: &mut Crowd,
        client: usize,
        line: &[u8],
        _now: u64,
    ) -> Result<(), Failure> {
        if memmem::find(line, GONE).is_none() {
            login::answer(crowd, WIRE, Role::User, client, line)?;
            return Ok(());
        }
        let surplus = Fault::Surplus { recipient: client };
        let missing = &mut self.missing[client];
        *missing = missing.checked_sub(1).ok_or(surplus)?;
        Ok(())
    }

    fn closed(&mut self, _crowd: &mut Crowd, client: usize) -> Result<(), Failure> {
        match client % SERVERS {
            KILLED => Ok(()),
            _ => Err(Failure::Closed { client }),
        }
    }

    fn act(&mut self, _crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        Ok(None)
    }
}

/// Where users are told who leaves.
const WIRE: Wire = Wire::Irc;
const GONE: &[u8] = b" QUIT :server gone";
const USERS: usize = 100;
const SERVERS: usize = 2;
/// Clients are spread over the servers in turn.
const KILLED: usize = 1;
pub(super) const LEASE: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_gone_once_each_of_the_others_was_told_of_each_and_of_nobody_twice() {
        let mut crowd = Crowd::new(WIRE.transport()).unwrap();
        let mut mourning = Mourning::new(4);
        let mut tell = |client, user: &str| {
            let line = format!(":{user}!{user}@hidden QUIT :server gone");
            let done = mourning.line(&mut crowd, client, line.as_bytes(), 0);
            done.map(|()| mourning.missing())
        };
        assert_eq!(tell(0, "u1").unwrap(), 3);
        assert_eq!(tell(0, "u3").unwrap(), 2);
        assert!(tell(0, "u3").is_err());
        assert_eq!(tell(2, "u1").unwrap(), 1);
        assert_eq!(tell(2, "u3").unwrap(), 0);
    }
}
