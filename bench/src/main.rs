//! Load for chat servers, verified while it is measured.
//!
//! Each message carries its sender and its number; the run fails unless every recipient gets each
//! message exactly once, in the order in which its sender sent them. What is reported first is the
//! server's processor time for each delivery, since that survives a busy machine better than any
//! rate.
//!
//! ```text
//! linechat-bench one linechat-tokio fan-out --recipients 1000 --window 100
//! linechat-bench one redis-server ping-pong --pairs 500
//! linechat-bench attach PID 127.0.0.1:8888 rooms churn
//! linechat-bench matrix --quick
//! linechat-bench soak linechat-tokio --minutes 5
//! linechat-bench link linechat-tokio
//! ```

mod crowd;
mod failure;
mod ledger;
mod link;
mod login;
mod matrix;
mod messages;
mod outcome;
mod page;
mod plot;
mod process;
mod program;
mod progress;
mod run;
mod server;
mod sheet;
mod site;
mod soak;
mod stamp;
mod tunnel;
mod wire;
mod workload;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::failure::Failure;
use crate::link::Linked;
use crate::matrix::MatrixOptions;
use crate::program::Program;
use crate::run::{Terms, run};
use crate::server::Server;
use crate::site::Site;
use crate::stamp::Stamp;
use crate::wire::Wire;
use crate::workload::Workload;

/// Load for chat servers, verified while it is measured
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a server, do one thing with it, and say how it went
    One {
        /// Linechat's own are expected beside this program, the others where the system has them
        program: Program,
        /// [default: the one that fits]
        #[arg(long)]
        wire: Option<Wire>,
        #[command(flatten)]
        terms: TermArgs,
        #[command(subcommand)]
        workload: Workload,
    },
    /// Do one thing with a server that is running
    Attach {
        /// Its process
        pid: u32,
        address: SocketAddr,
        wire: Wire,
        #[command(flatten)]
        terms: TermArgs,
        #[command(subcommand)]
        workload: Workload,
    },
    /// Start a server, do everything with it that users do, well-meaning or not, and watch that it
    /// stays fast, correct and small
    Soak {
        /// One of linechat's own, expected beside this program
        program: Program,
        /// How long
        #[arg(long, default_value_t = 60.0)]
        minutes: f64,
    },
    /// Link servers over NATS, one to three, and say what that costs
    Link {
        /// One of linechat's own, expected beside this program
        #[arg(default_value = "linechat-tokio")]
        program: Program,
        /// How long to measure in each run
        #[arg(long, value_name = "SECS", default_value_t = 1.0)]
        seconds: f64,
        /// How often; the figures are the medians
        #[arg(long, value_name = "N", default_value_t = 1)]
        repetitions: usize,
        /// Count system calls, too, in runs of their own
        #[arg(long)]
        syscalls: bool,
    },
    /// Do everything with every server that is there, and write the page about it
    Matrix(MatrixArgs),
}

#[derive(Args, Debug)]
struct TermArgs {
    /// How long to measure
    #[arg(long, value_name = "SECS", default_value_t = 3.0)]
    seconds: f64,
    /// How long to let it run before
    #[arg(long, value_name = "SECS", default_value_t = 0.5)]
    warm_up: f64,
    /// How long each message is
    #[arg(long, value_name = "BYTES", default_value_t = 64)]
    #[arg(value_parser = clap::value_parser!(u32).range(Stamp::MIN_SIZE as i64..=400))]
    size: u32,
    /// Count system calls, by perf or else strace, rather than processor time
    #[arg(long)]
    syscalls: bool,
}

impl TermArgs {
    fn terms(&self) -> Terms {
        Terms {
            warm_up: Duration::from_secs_f64(self.warm_up),
            time: Duration::from_secs_f64(self.seconds),
            size: self.size as usize,
            syscalls: self.syscalls,
        }
    }
}

#[derive(Args, Debug)]
struct MatrixArgs {
    /// A few workloads, two minutes at most
    #[arg(long)]
    quick: bool,
    /// Begin no further repetition that would not end by then [default: 10, or 2]
    #[arg(long)]
    minutes: Option<f64>,
    /// Only these programs
    #[arg(long, value_delimiter = ',')]
    programs: Vec<Program>,
    /// Where the page and the plot go
    #[arg(long, default_value = "docs")]
    docs: PathBuf,
    /// Where `cargo bench` left its results for the core
    #[arg(long)]
    criterion: Option<PathBuf>,
}

fn main() -> ExitCode {
    match execute(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> Result<(), Failure> {
    raise_file_limit()?;
    match command {
        Command::One {
            program,
            wire,
            terms,
            workload,
        } => {
            let wire = wire.or_else(|| matrix::usual_wire(program, workload));
            let wire = wire.filter(|&wire| program.speaks(wire)).ok_or_else(|| {
                Failure::Unfit(format!("{} has nothing for {workload}", program.name()))
            })?;
            report(
                &Server::start(program, wire)?.into(),
                wire,
                workload,
                &terms,
            )
        }
        Command::Attach {
            pid,
            address,
            wire,
            terms,
            workload,
        } => report(&Server::attach(pid, address).into(), wire, workload, &terms),
        Command::Soak { program, minutes } => {
            soak::run(program, Duration::from_secs_f64(minutes * 60.0))
        }
        Command::Link {
            program,
            seconds,
            repetitions,
            syscalls,
        } => link(
            program,
            Duration::from_secs_f64(seconds),
            repetitions,
            syscalls,
        ),
        Command::Matrix(arguments) => {
            let minutes = arguments
                .minutes
                .unwrap_or(if arguments.quick { 2.0 } else { 10.0 });
            matrix::run_all(&MatrixOptions {
                is_quick: arguments.quick,
                time: Duration::from_secs_f64(minutes * 60.0),
                programs: arguments.programs,
                docs: arguments.docs,
                criterion: arguments.criterion,
            })
        }
    }
}

fn report(site: &Site, wire: Wire, workload: Workload, terms: &TermArgs) -> Result<(), Failure> {
    let outcome = run(site, wire, workload, terms.terms())?;
    let json = serde_json::to_string(&outcome).map_err(io::Error::from)?;
    writeln!(io::stdout(), "{outcome}\n{json}")?;
    Ok(())
}

fn link(
    program: Program,
    time: Duration,
    repetitions: usize,
    syscalls: bool,
) -> Result<(), Failure> {
    if !program.is_linechat() {
        let name = program.name();
        return Err(Failure::Unfit(format!("{name} cannot be linked")));
    }
    if Program::NatsServer.path().is_none() {
        println!("skipped: nats-server is not installed, and nothing else links servers");
        return Ok(());
    }
    let mut linked = Linked::new(program);
    (0..repetitions).for_each(|_| linked.repeat(time));
    if syscalls {
        linked.count_syscalls();
    }
    let mut section = String::new();
    linked.write(&mut section);
    writeln!(io::stdout(), "{section}")?;
    match linked.failures() {
        failures if failures.is_empty() => Ok(()),
        failures => Err(Failure::Unsound(failures)),
    }
}

/// Ten thousand connections take as many descriptors, here and in the servers started from here.
fn raise_file_limit() -> io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    )?;
    Ok(())
}
