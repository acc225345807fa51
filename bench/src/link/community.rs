//! Servers that are one community, and the NATS that links them.

use std::time::Duration;

use crate::failure::Failure;
use crate::program::Program;
use crate::server::Server;
use crate::site::Site;
use crate::wire::Wire;

/// A community of its own. All of it ends with this value.
pub(super) struct Community {
    pub(super) site: Site,
    /// Where NATS is.
    link: String,
    program: Program,
    wire: Wire,
    /// How long a server is silent before its users count as gone.
    lease: Duration,
}

impl Community {
    /// Starts a NATS that keeps its log on disk, and so many servers.
    pub(super) fn start(
        program: Program,
        wire: Wire,
        count: usize,
        lease: Duration,
    ) -> Result<Self, Failure> {
        let nats = Server::start_with(Program::NatsServer, Wire::Nats, |command, folder| {
            command.arg("--jetstream").arg("--store_dir").arg(folder);
        })?;
        let mut community = Self {
            link: format!("nats://{}", nats.address),
            site: Site {
                servers: Vec::new(),
                beside: Some(nats),
            },
            program,
            wire,
            lease,
        };
        for _ in 0..count {
            community.join()?;
        }
        Ok(community)
    }

    /// Starts one more, and waits until the others have let it in.
    pub(super) fn join(&mut self) -> Result<(), Failure> {
        let node = format!("n{}", self.site.servers.len() + 1);
        let server = Server::start_with(self.program, self.wire, |command, _| {
            command.args(["--community", "bench", "--node", &node]);
            command.args(["--link", &self.link]);
            command.args(["--link-lease", &self.lease.as_secs().to_string()]);
        })?;
        self.site.servers.push(server);
        Ok(())
    }
}
