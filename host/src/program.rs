//! A program from its command line to its exit status.

use std::io;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use linechat_driver::Service;

use crate::cli::{self, Manual, Request, ServeOptions};
use crate::connect;
use crate::serve::{check, serve};
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
    let entrances: Vec<_> = passed.iter().flat_map(Passed::entrances).collect();
    match cli::parse(
        program,
        version,
        std::env::args_os(),
        entrances.clone().into_iter(),
    ) {
        Ok(Request::Serve(options)) if options.is_check => check(*options),
        Ok(Request::Serve(options)) => {
            let reparse = Box::new(move || reparse(program, version, entrances.clone()));
            serve(*options, passed, reparse, run)
        }
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

/// Understands the command line once more, and with it the file that it names.
fn reparse(
    program: &'static str,
    version: &'static str,
    passed: Vec<String>,
) -> Result<ServeOptions, String> {
    match cli::parse(program, version, std::env::args_os(), passed.into_iter()) {
        Ok(Request::Serve(options)) => Ok(*options),
        Ok(_) => Err("this is no command line of a server".into()),
        Err(message) => Err(one_line(&message.to_string())),
    }
}

/// The first paragraph, without what programs begin errors with.
fn one_line(message: &str) -> String {
    let words = message.split("\n\n").next().unwrap_or(message);
    let words = words.strip_prefix("error: ").unwrap_or(words);
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}
