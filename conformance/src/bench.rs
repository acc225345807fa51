//! Where one case sets up its world: servers to talk to, and what has to be shown if it fails.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::net::{Ipv6Addr, TcpListener};
use std::sync::Arc;

use crate::program::{Launch, Program, Running, Stderr};
use crate::transcript::Transcript;

/// The world of one case. Whatever was started on it is gone when the case is over.
pub(crate) struct Bench {
    program: Arc<Program>,
    transcript: Transcript,
    logs: RefCell<Vec<Stderr>>,
    skipped: Cell<Option<&'static str>>,
}

impl Bench {
    pub(crate) fn new(program: Arc<Program>) -> Self {
        Self {
            program,
            transcript: Transcript::default(),
            logs: RefCell::default(),
            skipped: Cell::new(None),
        }
    }

    /// Starts `serve` with the words of `line` on a free port of the loopback, and waits until
    /// connections to it succeed.
    #[track_caller]
    pub(crate) fn serve(&self, line: &str) -> Running {
        self.serve_on("127.0.0.1:0", line)
    }

    #[track_caller]
    pub(crate) fn serve_on(&self, listen: &str, line: &str) -> Running {
        let mut server = self.start(self.launch(&format!("serve {line} --listen {listen}")));
        server.wait_until_listening(1);
        server
    }

    /// Runs the program with the words of `line` to its end.
    #[track_caller]
    pub(crate) fn run(&self, line: &str) -> Outcome {
        self.finish(self.launch(line))
    }

    #[track_caller]
    pub(crate) fn finish(&self, launch: Launch) -> Outcome {
        let mut running = self.start(launch);
        let stdout = running.console("stdout").rest();
        let status = running.exit_status();
        Outcome {
            status,
            stdout: lossy(&stdout),
            stderr: running.stderr().text(),
        }
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

    /// Reports the case as ignored. It has to return by itself.
    pub(crate) fn skip(&self, reason: &'static str) {
        self.skipped.set(Some(reason));
    }

    pub(crate) fn skipped(&self) -> Option<&'static str> {
        self.skipped.get()
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

/// How a program ended that was run to its end.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
