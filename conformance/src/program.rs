//! Starting a program, watching it, and making sure that it ends.

use std::collections::VecDeque;
use std::env;
use std::fs;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal};

use crate::patience::{PATIENCE, eventually};
use crate::peer::{Peer, connect_slow};
use crate::terminal::Terminal;
use crate::transcript::Transcript;

/// The program under test.
pub(crate) struct Program {
    path: PathBuf,
}

impl Program {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Whether it promises to stay within two threads; a thread for each connection cannot.
    pub(crate) fn is_event_driven(&self) -> bool {
        !self
            .path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().contains("blocking"))
    }

    /// A command line of the words in `line`, in an environment without settings of its own.
    pub(crate) fn launch(&self, line: &str) -> Launch {
        Launch {
            program: self.path.clone(),
            arguments: line.split_whitespace().map(str::to_owned).collect(),
            environment: Vec::new(),
            prelude: None,
            has_keyboard: true,
        }
    }
}

/// A command line on its way to becoming a process.
pub(crate) struct Launch {
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(&'static str, String)>,
    prelude: Option<String>,
    has_keyboard: bool,
}

impl Launch {
    /// On a terminal, but with nothing to read from it.
    pub(crate) fn without_keyboard(mut self) -> Self {
        self.has_keyboard = false;
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Runs under a limit of open files, given as the shell's `ulimit` has it (`-n 64`).
    pub(crate) fn limited(mut self, limit: &str) -> Self {
        self.prelude = Some(format!("ulimit {limit}; exec \"$0\" \"$@\""));
        self
    }

    #[track_caller]
    pub(crate) fn start(self, transcript: &Transcript) -> Running {
        transcript.note(
            "program",
            &format!("{:?} {:?}", self.arguments, self.environment),
        );
        let mut command = self.command();
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("cannot start {}: {error}", self.program.display());
        });
        Running::new(child, transcript.clone())
    }

    /// The same on a terminal.
    #[track_caller]
    pub(crate) fn start_on(self, terminal: &Terminal, transcript: &Transcript) -> Running {
        transcript.note(
            "program",
            &format!("{:?} {:?}", self.arguments, self.environment),
        );
        let mut command = self.command();
        command
            .env("TERM", "xterm-256color")
            .stdout(terminal.device())
            .stderr(terminal.device());
        if self.has_keyboard {
            command.stdin(terminal.device());
        } else {
            command.stdin(Stdio::null());
        }
        Running::new(command.spawn().expect("it starts"), transcript.clone())
    }

    fn command(&self) -> Command {
        let mut command = match &self.prelude {
            None => Command::new(&self.program),
            Some(prelude) => {
                let mut shell = Command::new("sh");
                shell.arg("-c").arg(prelude).arg(&self.program);
                shell
            }
        };
        command.args(&self.arguments);
        for (name, _) in env::vars_os().filter(|(name, _)| is_setting(&name.to_string_lossy())) {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A started program. It is killed when dropped.
pub(crate) struct Running {
    pid: Pid,
    addresses: Vec<SocketAddr>,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Stderr,
    ended: Receiver<ExitStatus>,
    status: Option<ExitStatus>,
    transcript: Transcript,
}

impl Running {
    fn new(mut child: Child, transcript: Transcript) -> Self {
        let (sender, ended) = mpsc::channel();
        let stdin = child.stdin.take();
        let stdout = child.stdout.take();
        let stderr = match child.stderr.take() {
            Some(pipe) => Stderr::collect(pipe),
            None => Stderr::collect(io::empty()),
        };
        let pid = Pid::from_child(&child);
        thread::spawn(move || {
            let status = child.wait().expect("a child that nobody else waits for");
            // Nobody may be interested any more.
            let _ = sender.send(status);
        });
        Self {
            pid,
            addresses: Vec::new(),
            stdin,
            stdout,
            stderr,
            ended,
            status: None,
            transcript,
        }
    }

    /// Waits for `listeners` lines that say where the program listens.
    #[track_caller]
    pub(crate) fn wait_until_listening(&mut self, listeners: usize) {
        self.addresses = self.stderr.wait_for("listening lines", |log| {
            let addresses: Vec<_> = log.lines().filter_map(listening_address).collect();
            (addresses.len() >= listeners).then_some(addresses)
        });
    }

    /// Where it listens, as it says itself.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Connects a peer, which is called `name` in the report.
    #[track_caller]
    pub(crate) fn peer(&self, name: &str) -> Peer {
        self.peer_at(self.door(), name)
    }

    /// Connects a peer whose receive buffer is small, so that what it does not read
    /// soon becomes the server's backlog.
    #[track_caller]
    pub(crate) fn slow_peer(&self, name: &str) -> Peer {
        Peer::connect_slow(name, self.door(), &self.transcript)
    }

    #[track_caller]
    pub(crate) fn peer_from(&self, source: IpAddr, name: &str) -> Peer {
        Peer::connect_from(name, source, self.door(), &self.transcript)
    }

    #[track_caller]
    pub(crate) fn peer_at(&self, address: SocketAddr, name: &str) -> Peer {
        Peer::connect(name, address, &self.transcript)
    }

    /// A bare connection, for crowds that need no transcript.
    #[track_caller]
    pub(crate) fn stream(&self) -> TcpStream {
        TcpStream::connect(self.door()).expect("a listening server can be connected to")
    }

    /// The same with a small receive buffer.
    #[track_caller]
    pub(crate) fn slow_stream(&self) -> TcpStream {
        connect_slow(self.door())
    }

    /// The program's standard input and output, as a peer like any other. From now on the output
    /// is read all the time.
    #[track_caller]
    pub(crate) fn console(&mut self, name: &str) -> Peer {
        let stdin = self.stdin.take();
        let stdout = drain(self.screen());
        Peer::at_console(name, stdin, stdout, &self.transcript)
    }

    /// The program's standard input alone.
    #[track_caller]
    pub(crate) fn keyboard(&mut self) -> ChildStdin {
        self.stdin.take().expect("there is one keyboard")
    }

    /// The program's standard output alone, which nobody reads by itself.
    #[track_caller]
    pub(crate) fn screen(&mut self) -> ChildStdout {
        self.stdout.take().expect("there is one screen")
    }

    pub(crate) fn stderr(&self) -> &Stderr {
        &self.stderr
    }

    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        self.transcript.note("program", &format!("gets {signal:?}"));
        rustix::process::kill_process(self.pid, signal).expect("the program still runs");
    }

    /// Waits until it ends.
    ///
    /// # Panics
    ///
    /// If it was ended by a signal: a program that was told to stop exits, it does not die.
    #[track_caller]
    pub(crate) fn exit_status(&mut self) -> i32 {
        let status = self
            .status
            .unwrap_or_else(|| self.ended.recv_timeout(PATIENCE).expect("the program ends"));
        self.status = Some(status);
        assert_eq!(status.signal(), None, "the program was killed by a signal");
        // Its last words may still be in the pipe.
        self.stderr.wait_for_end();
        status
            .code()
            .expect("a program that was not killed has an exit code")
    }

    /// Waits until it ends, and tells how. Standard output is for somebody else to tell.
    #[track_caller]
    pub(crate) fn outcome(&mut self) -> Outcome {
        Outcome {
            status: self.exit_status(),
            stdout: String::new(),
            stderr: self.stderr.text(),
        }
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.status = self.status.or_else(|| self.ended.try_recv().ok());
        self.status.is_some()
    }

    /// Waits until nothing listens any more, which is how a shutdown shows first.
    #[track_caller]
    pub(crate) fn wait_until_refusing(&self) {
        let door = self.door();
        eventually("stops accepting", || TcpStream::connect(door).err());
    }

    #[track_caller]
    pub(crate) fn terminate(&mut self) -> i32 {
        self.signal(Signal::TERM);
        self.exit_status()
    }

    /// How many threads it runs.
    pub(crate) fn threads(&self) -> usize {
        fs::read_dir(self.proc("task"))
            .expect("the program runs")
            .count()
    }

    /// Processor time used so far, in ticks of a hundredth of a second.
    pub(crate) fn cpu_ticks(&self) -> u64 {
        let stat = self.read_proc("stat");
        // The second field is the name in brackets and may contain anything.
        let (_, fields) = stat.rsplit_once(')').expect("stat has a name in brackets");
        let times = fields.split_whitespace().skip(11).take(2);
        times
            .map(|ticks| ticks.parse::<u64>().expect("ticks are a number"))
            .sum()
    }

    /// How many files and sockets it has open.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(self.proc("fd"))
            .expect("the program runs")
            .count()
    }

    /// Its memory now, in KiB.
    pub(crate) fn memory(&self) -> usize {
        self.kib("VmRSS:")
    }

    /// The most memory it ever had, in KiB.
    pub(crate) fn peak_memory(&self) -> usize {
        self.kib("VmHWM:")
    }

    fn kib(&self, field: &str) -> usize {
        let status = self.read_proc("status");
        let value = status.lines().find_map(|line| line.strip_prefix(field));
        let number = value.and_then(|value| value.split_whitespace().next());
        number
            .and_then(|kib| kib.parse().ok())
            .expect("status tells of memory")
    }

    /// Where to connect to the first listener.
    #[track_caller]
    pub(crate) fn door(&self) -> SocketAddr {
        let mut address = *self.addresses.first().expect("the program listens");
        match address.ip() {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        address
    }

    fn read_proc(&self, file: &str) -> String {
        fs::read_to_string(self.proc(file)).expect("the program runs")
    }

    fn proc(&self, file: &str) -> PathBuf {
        format!("/proc/{}/{file}", self.pid.as_raw_nonzero()).into()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.status = self.status.or_else(|| self.ended.try_recv().ok());
        if self.status.is_none() {
            // It may have ended just now by itself.
            let _ = rustix::process::kill_process(self.pid, Signal::KILL);
            let _ = self.ended.recv_timeout(PATIENCE);
        }
    }
}

/// How a program ended that was run to its end.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// What the program writes to standard error, read all the time so that it never blocks on it.
#[derive(Clone)]
pub(crate) struct Stderr(Arc<(Mutex<Log>, Condvar)>);

impl Stderr {
    fn collect(mut pipe: impl Read + Send + 'static) -> Self {
        let stderr = Self(Arc::default());
        let collector = stderr.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = pipe.read(&mut buffer) {
                collector.log().push(&buffer[..n]);
                collector.0.1.notify_all();
            }
            collector.log().ended = true;
            collector.0.1.notify_all();
        });
        stderr
    }

    /// Everything so far; of a lot, the end.
    pub(crate) fn text(&self) -> String {
        self.log().text()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.log().bytes.iter().copied().collect()
    }

    /// The last lines, for a report.
    pub(crate) fn tail(&self) -> String {
        let text = self.text();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Waits until `found` finds what it looks for in the text so far.
    #[track_caller]
    pub(crate) fn wait_for<T>(&self, what: &str, found: impl Fn(&str) -> Option<T>) -> T {
        let (_, grown) = &*self.0;
        let mut log = self.log();
        loop {
            if let Some(found) = found(&log.text()) {
                return found;
            }
            assert!(
                !log.ended,
                "standard error ended without {what}: {}",
                log.text()
            );
            let (guard, wait) = grown
                .wait_timeout(log, PATIENCE)
                .unwrap_or_else(PoisonError::into_inner);
            assert!(
                !wait.timed_out(),
                "no {what} on standard error: {}",
                guard.text()
            );
            log = guard;
        }
    }

    #[track_caller]
    fn wait_for_end(&self) {
        let (_, grown) = &*self.0;
        let waited = grown.wait_timeout_while(self.log(), PATIENCE, |log| !log.ended);
        let (log, _) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(log.ended, "standard error ends with the program");
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Log {
    bytes: VecDeque<u8>,
    ended: bool,
}

impl Log {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        let excess = self.bytes.len().saturating_sub(MAX_LOG);
        self.bytes.drain(..excess);
    }

    fn text(&self) -> String {
        let (front, back) = self.bytes.as_slices();
        String::from_utf8_lossy(&[front, back].concat()).into_owned()
    }
}

/// Reads a pipe all the time, so that its writer never blocks.
fn drain(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || -> io::Result<()> {
        let mut buffer = [0; 4096];
        loop {
            let n = pipe.read(&mut buffer)?;
            if n == 0 || sender.send(buffer[..n].to_vec()).is_err() {
                return Ok(());
            }
        }
    });
    receiver
}

fn listening_address(line: &str) -> Option<SocketAddr> {
    let (_, address) = line.split_once("listening on ")?;
    let end = address.find(|c: char| !c.is_ascii_hexdigit() && !".:[]".contains(c));
    address[..end.unwrap_or(address.len())]
        .trim_end_matches('.')
        .parse()
        .ok()
}

/// Whether an environment variable would change what the program does.
fn is_setting(name: &str) -> bool {
    name.starts_with("LINECHAT_") || name.starts_with("RUST_") || name == "NO_COLOR"
}

/// How much of standard error is kept.
const MAX_LOG: usize = 1 << 20;
