//! One suite over real sockets that holds every linechat program to the same protocols.
//!
//! The suite starts a program, talks to it as peers and as an operator would, and compares every
//! byte. It shares no code with the programs, so that a mistake in the grammar cannot cancel
//! itself out. What it promises on their behalf is what `docs/PROTOCOLS.md` says about the wire
//! and the prompt.
//!
//! A runtime crate runs it as one of its tests, with `harness = false`:
//!
//! ```no_run
//! // tests/conformance.rs, with env!("CARGO_BIN_EXE_linechat-tokio") for the path
//! fn main() -> std::process::ExitCode {
//!     linechat_conformance::Suite::Protocols.main("target/debug/linechat-tokio".as_ref())
//! }
//! ```
//!
//! Any build can be checked by hand, with the filters and options of `cargo test`:
//!
//! ```text
//! cargo run -p linechat-conformance -- target/release/linechat-tokio rooms::
//! cargo run -p linechat-conformance -- faults target/release/linechat-tokio crowds::
//! ```
//!
//! # How a case is written
//!
//! A case is a function whose name is the sentence it proves. It gets a `Bench`, starts servers
//! on it and connects `Peer`s to them. Nothing sleeps to synchronise: a case waits for the bytes
//! that must come, and shows that nothing else comes with a *marker*, a request whose answer has
//! to be the next thing to arrive. Deadlines are generous and only met by failures, which print
//! what each peer sent and received, and the end of the server's log.

mod bench;
mod cases;
mod documents;
mod faults;
mod nats;
mod patience;
mod peer;
mod program;
mod runner;
mod running;
mod stderr;
mod student;
mod supervisor;
mod terminal;
mod tls;
mod transcript;
mod websocket;

use std::env;
use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::Arguments;

/// Which cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// What every program must do.
    Protocols,
    /// What must not take a server away from those who behave: crowds that vanish, peers that do
    /// not read, endless lines. One case at a time, each a load of its own.
    Faults,
}

impl Suite {
    /// Runs it against `program`, with the process's own arguments as filters and options.
    ///
    /// Failures are reported on standard output as by `cargo test`; the exit code tells whether
    /// there were any.
    pub fn main(self, program: &Path) -> ExitCode {
        self.main_with(program, env::args())
    }

    /// Runs it against `program` with the given `arguments`, the first of which names the command
    /// as in [`std::env::args`].
    pub fn main_with(
        self,
        program: &Path,
        arguments: impl IntoIterator<Item = String>,
    ) -> ExitCode {
        let arguments = Arguments::from_iter(arguments);
        match self {
            // Most cases wait for the program most of the time, some for its timers.
            Self::Protocols => runner::run(program, cases::all(), 8, arguments),
            Self::Faults => runner::run(program, faults::all(), 1, arguments),
        }
    }
}
