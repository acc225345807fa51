//! Connect, log in, leave, and again.

use std::collections::VecDeque;
use std::net::SocketAddr;

use crate::crowd::{Crowd, Script};
use crate::failure::Failure;
use crate::login;
use crate::progress::Progress;
use crate::wire::{Role, Wire};
use crate::workload::Load;

/// Users who come, log in, and leave.
pub(crate) struct Churn {
    servers: Vec<SocketAddr>,
    wire: Wire,
    progress: Progress,
    /// When each place's connection began, while it logs in.
    began: Vec<Option<u64>>,
    /// Places to be taken anew.
    free: VecDeque<usize>,
    next_user: usize,
}

impl Churn {
    pub(crate) fn start(
        crowd: &mut Crowd,
        servers: &[SocketAddr],
        wire: Wire,
        users: usize,
    ) -> Self {
        Self {
            servers: servers.to_vec(),
            wire,
            progress: Progress::new(),
            began: vec![None; users],
            free: crowd.reserve(users).collect(),
            next_user: 0,
        }
    }

    fn join(&mut self, crowd: &mut Crowd, place: usize) -> Result<(), Failure> {
        let server = self.servers[place % self.servers.len()];
        crowd.reconnect(place, server)?;
        let user = self.next_user;
        self.next_user += 1;
        self.began[place] = Some(crowd.now());
        self.progress.begin(1);
        crowd.send(place, |out| self.wire.log_in(out, user, Role::User));
        Ok(())
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
        if login::answer(crowd, self.wire, Role::User, place, line)? {
            self.began[place] = None;
            self.progress.finish(now - began);
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
        if self.progress.is_stopped() {
            return Ok(None);
        }
        while let Some(place) = self.free.pop_front() {
            self.join(crowd, place)?;
        }
        Ok(None)
    }
}

impl Load for Churn {
    fn progress(&mut self) -> &mut Progress {
        &mut self.progress
    }
}
