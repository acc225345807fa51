//! A program from its command line to its exit status.

use std::io;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use linechat_driver::Service;

use crate::cli::{self, Manual, Request};
use crate::connect;
use crate::serve::serve;
use crate::systemd::Passed;

/// Runs a program: understands its command line, prepares everything, and lets `run` serve until
/// it was shut down; or talks with a server, if that is what the command line asks for.
///
/// What `run` gets besides the service is readable once the program was told to end (SIGINT, SIGTERM
/// or SIGHUP). What can be read from it means nothing.
///
/// `program` is the name that the help shows, `version` what `--version` does.
///
/// The exit status is 0 after `run` returned `Ok`, or once a text that was asked for is printed; 2
/// where the command line makes no sense; otherwise 1, with one line on standard error that names
/// the cause.
pub fn main(
    program: &'static str,
    version: &'static str,
    run: impl FnOnce(Service, UnixStream) -> io::Result<()>,
) -> ExitCode {
    let passed = Passed::take();
    let entrances = passed.iter().flat_map(Passed::entrances);
    match cli::parse(program, version, std::env::args_os(), entrances) {
        Ok(Request::Serve(options)) => serve(*options, passed, run),
        Ok(Request::Connect(options)) => connect::run(&options),
        Ok(Request::Explain(manual)) => explain(manual),
        Err(message) => {
            // Nobody is left to tell if this fails.
            let _ = message.print();
            u8::try_from(message.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
        }
    }
}

fn explain(manual: Manual) -> ExitCode {
    match manual.produce() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write: {error}");
            ExitCode::FAILURE
        }
    }
}
