//! Where one case sets up its world: servers to talk to, and what has to be shown if it fails.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

use crate::peer::Peer;
use crate::program::{Launch, Program};
pub(crate) use crate::running::Outcome;
use crate::running::Running;
use crate::stderr::Stderr;
use crate::terminal::Terminal;
use crate::transcript::Transcript;

/// The world of one case. Whatever was started on it is gone when the case is over.
pub(crate) struct Bench {
    program: Arc<Program>,
    transcript: Transcript,
    logs: RefCell<Vec<Stderr>>,
    skipped: RefCell<Option<String>>,
}

impl Bench {
    pub(crate) fn new(program: Arc<Program>) -> Self {
        Self {
            program,
            transcript: Transcript::default(),
            logs: RefCell::default(),
            skipped: RefCell::default(),
        }
    }

    /// Starts `serve` with the words of `line` on a free port of the loopback, and waits until
    /// connections to it succeed.
    #[track_caller]
    pub(crate) fn serve(&self, line: &str) -> Running {
        self.serve_on("127.0.0.1:0", line)
    }

    #[track_caller]
    pub(crate) fn serve_together(&self, dialects: &[&str], options: &str) -> Running {
        let listen = dialects
            .iter()
            .map(|name| format!(" --listen {name}://127.0.0.1:0"));
        let listen: String = listen.collect();
        let mut server = self.start(self.launch(&format!("serve{listen} {options}")));
        server.wait_until_listening(dialects.len());
        server
    }

    pub(crate) fn serve_on(&self, listen: &str, line: &str) -> Running {
        self.start_listening(self.launch(&format!("serve {line} --listen {listen}")))
    }

    #[track_caller]
    pub(crate) fn start_listening(&self, launch: Launch) -> Running {
        let mut server = self.start(launch);
        server.wait_until_listening(1);
        server
    }

    /// Starts `connect` with the words of `line`, in which `@` stands for where `server` listens.
    #[track_caller]
    pub(crate) fn connect(&self, line: &str, server: SocketAddr) -> Running {
        let line = line.replace('@', &server.to_string());
        self.start(self.launch(&format!("connect {line}")))
    }

    /// A server that the case plays itself.
    #[track_caller]
    pub(crate) fn stage(&self) -> Stage {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        Stage {
            listener,
            transcript: self.transcript.clone(),
        }
    }

    /// Runs the program with the words of `line` to its end.
    #[track_caller]
    pub(crate) fn run(&self, line: &str) -> Outcome {
        self.finish(self.launch(line))
    }

    #[track_caller]
    pub(crate) fn finish(&self, launch: Launch) -> Outcome {
        let mut running = self.start(launch);
        let console = running.console("stdout");
        to_its_end(running, console)
    }

    /// Runs a program without a keyboard and a screen to its end.
    #[track_caller]
    pub(crate) fn finish_handed(&self, launch: Launch) -> Outcome {
        self.start(launch).outcome()
    }

    /// A peer that is connected already.
    pub(crate) fn peer_over(&self, name: &str, stream: TcpStream) -> Peer {
        Peer::over(name, stream, &self.transcript)
    }

    /// The same with all of `script` on standard input, and then its end.
    #[track_caller]
    pub(crate) fn finish_with(&self, launch: Launch, script: &str) -> Outcome {
        let mut running = self.start(launch);
        let mut console = running.console("console");
        // It may end before it has read everything.
        let _ = console.try_send(script);
        console.half_close();
        to_its_end(running, console)
    }

    /// A command line that a case completes before it is started.
    pub(crate) fn launch(&self, line: &str) -> Launch {
        self.program.launch(line)
    }

    #[track_caller]
    pub(crate) fn start(&self, launch: Launch) -> Running {
        let running = launch.start(&self.transcript);
        self.logs.borrow_mut().push(running.stderr().clone());
        running
    }

    /// Starts a program on a terminal.
    #[track_caller]
    pub(crate) fn start_on(&self, launch: Launch, terminal: &Terminal) -> Running {
        launch.start_on(terminal, &self.transcript)
    }

    pub(crate) fn program(&self) -> &Program {
        &self.program
    }

    /// Whether the case can run where there may be no IPv6; it is reported as ignored if not.
    pub(crate) fn has_ipv6(&self) -> bool {
        let available = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
        if !available {
            self.skip("this machine has no IPv6 loopback");
        }
        available
    }

    /// A program of others. Where it is not installed, the case is reported as ignored.
    #[track_caller]
    pub(crate) fn installed(&self, name: &str) -> Option<Program> {
        let program = Program::new(Path::new(name));
        let is_installed = program.is_installed();
        if !is_installed {
            self.skip(&format!("{name} is not installed"));
        }
        is_installed.then_some(program)
    }

    /// Reports the case as ignored. It has to return by itself.
    pub(crate) fn skip(&self, reason: &str) {
        *self.skipped.borrow_mut() = Some(reason.to_owned());
    }

    pub(crate) fn skipped(&self) -> Option<String> {
        self.skipped.borrow().clone()
    }

    /// Puts into the report where a case has got to.
    pub(crate) fn note(&self, place: &str) {
        self.transcript.note("case", place);
    }

    /// Everything that was said, for somebody who has to find out why it was wrong.
    pub(crate) fn report(&self) -> String {
        let mut report = format!(
            "transcript (-> sent to the program, <- received):\n{}",
            self.transcript
        );
        for log in self.logs.borrow().iter() {
            let _ = write!(report, "\nstandard error of the program:\n{}", log.tail());
        }
        report
    }
}

/// Where a case waits for the program to connect.
pub(crate) struct Stage {
    listener: TcpListener,
    transcript: Transcript,
}

impl Stage {
    pub(crate) fn address(&self) -> SocketAddr {
        let address = self.listener.local_addr();
        address.expect("a bound socket has an address")
    }

    pub(crate) fn listener(&self) -> &TcpListener {
        &self.listener
    }

    /// The program, once it connects.
    #[track_caller]
    pub(crate) fn accept(&self, name: &str) -> Peer {
        let (stream, _) = self.listener.accept().expect("somebody connects");
        Peer::over(name, stream, &self.transcript)
    }
}

#[track_caller]
fn to_its_end(mut running: Running, mut console: Peer) -> Outcome {
    let stdout = console.rest();
    Outcome {
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        ..running.outcome()
    }
}
