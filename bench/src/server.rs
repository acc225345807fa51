//! A server that is measured: started here, or found running.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::process::Process;
use crate::program::Program;
use crate::wire::Wire;

/// A server to measure. One that was started here ends with this value.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    pub(crate) process: Process,
    started: Option<(Child, PathBuf)>,
}

impl Server {
    /// Starts a program and waits until it listens.
    pub(crate) fn start(program: Program, wire: Wire) -> Result<Self, Failure> {
        Self::start_with(program, wire, |_, _| {})
    }

    /// The same, with further arguments. They are told the folder for what it needs on disk.
    pub(crate) fn start_with(
        program: Program,
        wire: Wire,
        further: impl FnOnce(&mut Command, &Path),
    ) -> Result<Self, Failure> {
        let address = free_address()?;
        let folder = std::env::temp_dir().join(format!(
            "linechat-bench-{}-{}",
            std::process::id(),
            address.port()
        ));
        fs::create_dir_all(&folder)?;
        let said = folder.join("output");
        let command = program.command(wire, address.port(), &folder);
        let mut command = command.inspect_err(|_| {
            let _ = fs::remove_dir_all(&folder);
        })?;
        further(&mut command, &folder);
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(&said)?)
            .stderr(File::options().append(true).open(&said)?)
            .spawn()?;
        let process = Process { pid: child.id() };
        let mut server = Self {
            name: program.name().to_owned(),
            address,
            process,
            started: Some((child, folder)),
        };
        server.wait_until_listening(&said)?;
        Ok(server)
    }

    /// A server that somebody else started.
    pub(crate) fn attach(pid: u32, address: SocketAddr) -> Self {
        Self {
            name: format!("process {pid}"),
            address,
            process: Process { pid },
            started: None,
        }
    }

    /// Kills one that was started here. Whoever it served notices at once.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        match &mut self.started {
            Some((child, _)) => child.kill(),
            None => Ok(()),
        }
    }

    /// Looks into the system's table of sockets: a connection, made to find out, would count.
    fn wait_until_listening(&mut self, said: &Path) -> Result<(), Failure> {
        let begin = Instant::now();
        loop {
            if is_listening(self.address.port())? {
                return Ok(());
            }
            let ended = match &mut self.started {
                Some((child, _)) => child.try_wait()?.is_some(),
                None => false,
            };
            if ended || begin.elapsed() > START_TIME {
                return Err(Failure::Start {
                    program: self.name.clone(),
                    reason: fs::read_to_string(said).unwrap_or_default(),
                });
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some((child, folder)) = &mut self.started {
            // Whatever fails here has ended, or is gone, already.
            let _ = child.kill();
            let _ = child.wait();
            let _ = fs::remove_dir_all(folder);
        }
    }
}

fn free_address() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

fn is_listening(port: u16) -> Result<bool, Failure> {
    let table = fs::read_to_string("/proc/net/tcp")?;
    let place = format!(":{port:04X}");
    Ok(table.lines().any(|line| {
        let mut columns = line.split_whitespace().skip(1);
        columns.next().is_some_and(|local| local.ends_with(&place))
            && columns.nth(1) == Some(LISTEN_STATE)
    }))
}

const START_TIME: Duration = Duration::from_secs(20);
/// As the table of sockets writes it.
const LISTEN_STATE: &str = "0A";
