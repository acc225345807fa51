//! All that serves the clients of a run.

use std::io;
use std::iter::Sum;
use std::net::SocketAddr;
use std::time::Duration;

use crate::process::{Process, SyscallCount};
use crate::server::Server;

/// A server, or several that are one to their users.
#[derive(Debug)]
pub(crate) struct Site {
    /// They end before what they need.
    pub(crate) servers: Vec<Server>,
    /// What they need besides. What it costs is counted apart.
    pub(crate) beside: Option<Server>,
}

impl Site {
    /// Where each server is.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(|server| server.address).collect()
    }

    /// Something of all servers together.
    pub(crate) fn total<T: Sum>(&self, of: impl Fn(Process) -> io::Result<T>) -> io::Result<T> {
        self.servers.iter().map(|server| of(server.process)).sum()
    }

    /// Begins to count the system calls of each server.
    pub(crate) fn count_syscalls(&self) -> io::Result<Vec<SyscallCount>> {
        let servers = self.servers.iter();
        servers
            .map(|server| SyscallCount::start(server.process))
            .collect()
    }

    /// The names of the servers.
    pub(crate) fn name(&self) -> String {
        let names = self.servers.iter().map(|server| server.name.as_str());
        names.collect::<Vec<&str>>().join(" and ")
    }
}

impl From<Server> for Site {
    fn from(server: Server) -> Self {
        Self {
            servers: vec![server],
            beside: None,
        }
    }
}

/// Processor time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    pub(crate) servers: Duration,
    /// What the servers need besides.
    pub(crate) beside: Option<Duration>,
    pub(crate) generator: Duration,
}

impl Spent {
    /// All of it so far, as `cpu` reads it of a server.
    pub(crate) fn by(site: &Site, cpu: fn(Process) -> io::Result<Duration>) -> io::Result<Self> {
        let beside = site.beside.as_ref();
        Ok(Self {
            servers: site.total(cpu)?,
            beside: beside.map(|server| cpu(server.process)).transpose()?,
            generator: Process::myself().cpu()?,
        })
    }

    /// What came to it.
    pub(crate) fn since(self, before: Self) -> Self {
        let beside = self.beside.zip(before.beside);
        Self {
            servers: self.servers.saturating_sub(before.servers),
            beside: beside.map(|(now, then)| now.saturating_sub(then)),
            generator: self.generator.saturating_sub(before.generator),
        }
    }
}
