//! Getting a crowd into place.

use std::net::SocketAddr;
use std::time::Duration;

use crate::crowd::{Crowd, PATIENCE, Script, nanoseconds};
use crate::failure::Failure;
use crate::wire::{Control, Role, Wire};

/// Connects and logs in `count` more clients, with one server after the other.
pub(crate) fn log_in(
    crowd: &mut Crowd,
    servers: &[SocketAddr],
    wire: Wire,
    count: usize,
    role: impl Fn(usize) -> Role,
) -> Result<(), Failure> {
    let first = crowd.len();
    let mut login = Login {
        wire,
        roles: (0..first + count).map(role).collect(),
        is_ready: vec![false; first + count],
        pending: 0,
    };
    for user in first..first + count {
        let client = crowd.connect(servers[user % servers.len()])?;
        crowd.send(client, |out| wire.log_in(out, user, login.roles[user]));
        if wire.confirms_login() {
            login.pending += 1;
        }
        let at_once = if user + 1 == first + count {
            0
        } else {
            AT_ONCE
        };
        // What the others are told of each newcomer is read in between.
        let time = if login.pending > at_once {
            PATIENCE
        } else {
            Duration::ZERO
        };
        if !crowd.run_until(&mut login, time, |login| login.pending <= at_once)? && !time.is_zero()
        {
            return Err(Failure::Login {
                missing: login.pending,
            });
        }
    }
    crowd.settle(&mut login, QUIET)
}

/// Waits until what one client says reaches all others, where no login is confirmed: the server
/// may still be about to accept some.
pub(crate) fn meet(crowd: &mut Crowd, wire: Wire) -> Result<(), Failure> {
    if wire.confirms_login() {
        return Ok(());
    }
    let mut probe = Probe {
        heard: vec![false; crowd.len()],
        missing: crowd.len() - 1,
        next: 0,
    };
    probe.heard[0] = true;
    if !crowd.run_until(&mut probe, PATIENCE, |probe| probe.missing == 0)? {
        return Err(Failure::Login {
            missing: probe.missing,
        });
    }
    crowd.settle(&mut probe, QUIET)
}

struct Login {
    wire: Wire,
    roles: Vec<Role>,
    is_ready: Vec<bool>,
    /// How many have yet to be confirmed.
    pending: usize,
}

impl Script for Login {
    fn line(
        &mut self,
        crowd: &mut Crowd,
        client: usize,
        line: &[u8],
        _now: u64,
    ) -> Result<(), Failure> {
        if answer(crowd, self.wire, self.roles[client], client, line)? && !self.is_ready[client] {
            self.is_ready[client] = true;
            self.pending = self.pending.saturating_sub(1);
        }
        Ok(())
    }

    fn act(&mut self, _crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        Ok(None)
    }
}

/// Does what the server wants of a client with a line that is no message. Says whether the login
/// is done with it.
pub(crate) fn answer(
    crowd: &mut Crowd,
    wire: Wire,
    role: Role,
    client: usize,
    line: &[u8],
) -> Result<bool, Failure> {
    match wire.understand(line, role) {
        Control::Nothing => {}
        Control::Ready => return Ok(true),
        Control::Reply(reply) => crowd.send(client, |out| out.extend_from_slice(&reply)),
        Control::Refused => {
            return Err(Failure::Refused {
                client,
                line: String::from_utf8_lossy(line).into_owned(),
            });
        }
    }
    Ok(false)
}

struct Probe {
    heard: Vec<bool>,
    missing: usize,
    /// When to ask again.
    next: u64,
}

impl Script for Probe {
    fn line(
        &mut self,
        _crowd: &mut Crowd,
        client: usize,
        line: &[u8],
        _now: u64,
    ) -> Result<(), Failure> {
        if line.ends_with(PROBE) && !self.heard[client] {
            self.heard[client] = true;
            self.missing -= 1;
        }
        Ok(())
    }

    fn act(&mut self, crowd: &mut Crowd) -> Result<Option<u64>, Failure> {
        if self.missing > 0 && crowd.now() >= self.next {
            crowd.send(0, |out| {
                out.extend_from_slice(PROBE);
                out.push(b'\n');
            });
            self.next = crowd.now() + nanoseconds(PROBE_INTERVAL);
        }
        Ok((self.missing > 0).then_some(self.next))
    }
}

const AT_ONCE: usize = 100;
const QUIET: Duration = Duration::from_millis(100);
const PROBE: &[u8] = b"probe";
const PROBE_INTERVAL: Duration = Duration::from_millis(50);
