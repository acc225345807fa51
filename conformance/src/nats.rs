//! NATS servers, started for a case: one alone, or three that are one.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::iter;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU16, Ordering};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::bench::Bench;
use crate::patience::{PATIENCE, eventually, tries_within};
use crate::program::Program;
use crate::running::Running;

/// One server with JetStream, on a port of its own. Its files are gone with it.
pub(crate) struct Nats {
    program: Program,
    port: u16,
    /// Where it says how it is.
    monitor: u16,
    arguments: String,
    /// How long a file may become, as the shell's `ulimit` has it.
    limit: Option<&'static str>,
    running: Option<Running>,
    /// Gone after the server, which writes into it.
    folder: TempDir,
}

impl Nats {
    /// A server that keeps its streams on disk. Where NATS is not installed, the case is reported as
    /// ignored.
    #[track_caller]
    pub(crate) fn start(bench: &Bench) -> Option<Self> {
        Self::start_with(bench, "")
    }

    /// The same with further arguments.
    #[track_caller]
    pub(crate) fn start_with(bench: &Bench, arguments: &str) -> Option<Self> {
        let mut server = Self::prepare(bench, arguments)?;
        server.starts(bench);
        Some(server)
    }

    /// A server that is yet to be started.
    #[track_caller]
    pub(crate) fn prepare(bench: &Bench, arguments: &str) -> Option<Self> {
        let program = program(bench)?;
        let folder = TempDir::new().expect("a folder of its own");
        let (port, monitor) = (free_port(), free_port());
        Some(Self {
            program,
            port,
            monitor,
            arguments: format!(
                "-a 127.0.0.1 -p {port} -m {monitor} -js -sd {} {arguments}",
                folder.path().display()
            ),
            limit: None,
            running: None,
            folder,
        })
    }

    /// Starts it, for the first time or again, with what is in its folder.
    #[track_caller]
    pub(crate) fn starts(&mut self, bench: &Bench) {
        let mut launch = self.program.launch(&self.arguments);
        if let Some(limit) = self.limit {
            launch = launch.limited(limit);
        }
        let running = bench.start(launch);
        running.stderr().wait_for("NATS being ready", |log| {
            log.contains("Server is ready").then_some(())
        });
        self.running = Some(running);
    }

    /// Once it is started the next time, it cannot write files longer than 200 KiB, at most. It does
    /// then as it does on a full disk.
    pub(crate) fn gets_little_room(&mut self) {
        self.limit = Some("-S -f 200");
    }

    /// Once it is started the next time, it can.
    pub(crate) fn gets_room(&mut self) {
        self.limit = None;
    }

    /// Waits until it has all that the others have.
    #[track_caller]
    pub(crate) fn catches_up(&self) {
        eventually("NATS has caught up", || self.is_well().then_some(()));
    }

    /// Whether it says that it is.
    fn is_well(&self) -> bool {
        let ask = || -> io::Result<String> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.monitor))?;
            stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n")?;
            io::read_to_string(stream)
        };
        ask().is_ok_and(|answer| answer.contains(" 200 "))
    }

    /// It is gone at once, without a word. Its files stay.
    pub(crate) fn is_killed(&mut self) {
        self.running = None;
    }

    /// It does nothing until it [goes on](Self::goes_on).
    #[track_caller]
    pub(crate) fn stands_still(&self) {
        if let Some(running) = &self.running {
            running.stop();
        }
    }

    #[track_caller]
    pub(crate) fn goes_on(&self) {
        if let Some(running) = &self.running {
            running.signal(Signal::CONT);
        }
    }

    /// It has lost what it kept.
    pub(crate) fn loses_everything(&mut self) {
        self.is_killed();
        // There may be nothing yet.
        let _ = fs::remove_dir_all(self.folder.path());
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Its address, as `--link` takes it.
    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }
}

/// Three servers that keep each stream three times.
pub(crate) struct NatsCluster(pub(crate) Vec<Nats>);

impl NatsCluster {
    /// The same as [`Nats::start`].
    #[track_caller]
    pub(crate) fn start(bench: &Bench) -> Option<Self> {
        let mut cluster = Self::prepare(bench)?;
        while !cluster.starts(bench) {
            cluster = Self::prepare(bench)?;
        }
        Some(cluster)
    }

    fn prepare(bench: &Bench) -> Option<Self> {
        let routes = [free_port(), free_port(), free_port()];
        let route = |port: &u16| format!("nats://127.0.0.1:{port}");
        let servers = (0..3).map(|place| {
            let own = routes[place];
            let others: Vec<_> = routes.iter().filter(|&&port| port != own).collect();
            let arguments = format!(
                "--server_name n{place} --cluster_name cluster{} --cluster {} --routes {},{}",
                routes[0],
                route(&own),
                route(others[0]),
                route(others[1])
            );
            Nats::prepare(bench, &arguments)
        });
        servers.collect::<Option<_>>().map(Self)
    }

    /// Starts all of them. Now and then one does not hear who leads, and never will: says whether
    /// all know it.
    fn starts(&mut self, bench: &Bench) -> bool {
        for server in &mut self.0 {
            server.starts(bench);
        }
        let are_well = || self.0.iter().all(Nats::is_well).then_some(()).ok_or(());
        tries_within(PATIENCE, are_well).is_ok()
    }

    /// The addresses of all of them, as options.
    pub(crate) fn options(&self) -> String {
        let options = self
            .0
            .iter()
            .map(|server| format!("--link {} ", server.url()));
        options.collect()
    }
}

/// A port that nobody else is given while its server is down: none of those that the system gives
/// to whoever connects, and another one each time.
#[track_caller]
fn free_port() -> u16 {
    static COUNT: AtomicU16 = AtomicU16::new(0);
    let start = std::process::id() as u16;
    let is_free = |&port: &u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let numbers = iter::repeat_with(|| COUNT.fetch_add(1, Ordering::Relaxed));
    let mut ports = numbers
        .take(usize::from(PORTS))
        .map(|number| FIRST_PORT + start.wrapping_mul(STRIDE).wrapping_add(number) % PORTS);
    ports.find(is_free).expect("a free port")
}

/// The server that was asked for, which has to be there, or the one that is installed (Debian:
/// `apt-get install nats-server`).
#[track_caller]
fn program(bench: &Bench) -> Option<Program> {
    let Some(asked_for) = env::var_os(VARIABLE) else {
        return bench.installed("nats-server");
    };
    let program = Program::new(Path::new(&asked_for));
    assert!(program.is_installed(), "{VARIABLE} does not run");
    Some(program)
}

/// Names another NATS server than the one that is installed.
const VARIABLE: &str = "LINECHAT_NATS_SERVER";
const FIRST_PORT: u16 = 10_000;
const PORTS: u16 = 20_000;
/// How far apart two programs that run at the same time begin to look.
const STRIDE: u16 = 61;
