//! A program that runs: talking to it, watching it, and making sure that it ends.

use std::fs;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, ExitStatus};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};

use crate::patience::{PATIENCE, eventually};
use crate::peer::{Peer, connect_slow};
use crate::stderr::Stderr;
use crate::tls::Pair;
use crate::transcript::Transcript;

/// A started program. It is killed when dropped.
pub(crate) struct Running {
    pid: Pid,
    addresses: Vec<SocketAddr>,
    /// What is spoken at each of them.
    schemes: Vec<String>,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Stderr,
    ended: Receiver<ExitStatus>,
    status: Option<ExitStatus>,
    transcript: Transcript,
}

impl Running {
    pub(crate) fn new(mut child: Child, transcript: Transcript) -> Self {
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
            schemes: Vec::new(),
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
        let places = self.stderr.wait_for("listening lines", |log| {
            let places: Vec<_> = log.lines().filter_map(listening_place).collect();
            (places.len() >= listeners).then_some(places)
        });
        (self.addresses, self.schemes) = places.into_iter().unzip();
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

    /// Connects a peer to the first listener under TLS.
    #[track_caller]
    pub(crate) fn secure_peer(&self, pair: &Pair, name: &str) -> Peer {
        self.peer(name).over_tls(pair)
    }

    /// Connects a peer where this is spoken, which is called `name` in the report.
    #[track_caller]
    pub(crate) fn peer_of(&self, scheme: &str, name: &str) -> Peer {
        let place = self.schemes.iter().position(|spoken| spoken == scheme);
        let place = place.unwrap_or_else(|| panic!("nobody speaks {scheme}"));
        self.peer_at(self.addresses[place], name)
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

    /// Takes the program's screen away for good: it fails to print from now on.
    #[track_caller]
    pub(crate) fn close_screen(&mut self) {
        drop(self.screen());
        // Each process that another case is about to start has a copy for a moment.
        eventually("nobody has the screen", || {
            let screen = open(self.proc("fd/1"), OFlags::WRONLY, Mode::empty()).ok()?;
            let mut polled = [PollFd::new(&screen, PollFlags::OUT)];
            poll(&mut polled, Some(&Timespec::default())).ok()?;
            let [polled] = polled;
            polled.revents().contains(PollFlags::ERR).then_some(())
        });
    }

    pub(crate) fn stderr(&self) -> &Stderr {
        &self.stderr
    }

    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        self.transcript.note("program", &format!("gets {signal:?}"));
        kill_process(self.pid, signal).expect("the program still runs");
    }

    /// Has none of its threads run until it gets SIGCONT.
    #[track_caller]
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
        eventually("all threads stop", || {
            let mut threads = fs::read_dir(self.proc("task")).ok()?;
            let has_stopped = |thread: io::Result<fs::DirEntry>| {
                let stat = fs::read_to_string(thread.ok()?.path().join("stat")).ok()?;
                // The second field is the name in brackets and may contain anything.
                Some(stat.rsplit_once(')')?.1.starts_with(" T"))
            };
            threads
                .all(|thread| has_stopped(thread) == Some(true))
                .then_some(())
        });
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

    /// How often its threads have gone to sleep so far: once for each time that they woke up.
    pub(crate) fn wakeups(&self) -> u64 {
        let threads = fs::read_dir(self.proc("task")).expect("the program runs");
        let status = |thread: io::Result<fs::DirEntry>| {
            let path = thread.ok()?.path().join("status");
            // A thread may be gone by now.
            let status = fs::read_to_string(path).ok()?;
            let mut lines = status.lines();
            let count = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
            count.trim().parse::<u64>().ok()
        };
        threads.filter_map(status).sum()
    }

    /// How many bytes it has read, from whatever it reads.
    #[track_caller]
    pub(crate) fn bytes_read(&self) -> usize {
        let io = self.read_proc("io");
        let read = io.lines().find_map(|line| line.strip_prefix("rchar: "));
        let count = read.and_then(|count| count.parse().ok());
        count.expect("io counts what is read")
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
        if !self.has_ended() {
            // It may have ended just now by itself.
            let _ = kill_process(self.pid, Signal::KILL);
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

/// An address, and what is spoken there: `listening on 127.0.0.1:8888 (rooms)`.
fn listening_place(line: &str) -> Option<(SocketAddr, String)> {
    let (_, place) = line.split_once("listening on ")?;
    let (address, scheme) = place.split_once(" (")?;
    let (scheme, _) = scheme.split_once(')')?;
    Some((address.parse().ok()?, scheme.to_owned()))
}
