//! One run: what serves, a workload, and the figures.

use std::io;
use std::time::Duration;

use crate::crowd::{Crowd, PATIENCE};
use crate::failure::Failure;
use crate::login;
use crate::outcome::Outcome;
use crate::process::{Process, SyscallCount};
use crate::site::{Site, Spent};
use crate::wire::{Role, Wire};
use crate::workload::{Churn, FanOut, Idle, Load, Paced, PingPong, Workload};

/// How a run is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) warm_up: Duration,
    pub(crate) time: Duration,
    /// How long each message is, in bytes.
    pub(crate) size: usize,
    /// Count system calls rather than processor time.
    pub(crate) syscalls: bool,
}

impl Terms {
    /// Those under which is measured for so long.
    pub(crate) fn measuring(time: Duration) -> Self {
        Self {
            warm_up: Duration::from_millis(300),
            time,
            size: MESSAGE_SIZE,
            syscalls: false,
        }
    }

    /// Those under which system calls are counted: their number hardly varies.
    pub(crate) fn counting_syscalls() -> Self {
        Self {
            warm_up: Duration::from_millis(200),
            time: Duration::from_millis(500),
            size: MESSAGE_SIZE,
            syscalls: true,
        }
    }
}

/// Makes a run. Clients are spread over the servers in turn.
pub(crate) fn run(
    site: &Site,
    wire: Wire,
    workload: Workload,
    terms: Terms,
) -> Result<Outcome, Failure> {
    if !workload.fits(wire) {
        return Err(Failure::Unfit(format!("{} has no {workload}", wire.name())));
    }
    let crowd = &mut Crowd::new(wire.transport())?;
    let (at, size) = (site.addresses(), terms.size);
    let mut outcome = match workload {
        Workload::FanOut {
            recipients,
            senders,
            window,
        } => {
            let numbers = (recipients, senders, window);
            let load = FanOut::start(crowd, &at, wire, size, numbers)?;
            measure(crowd, load, site, terms, Process::cpu)?
        }
        Workload::PingPong { pairs, window } => {
            let load = PingPong::start(crowd, &at, wire, size, (pairs, window))?;
            measure(crowd, load, site, terms, Process::cpu)?
        }
        Workload::Paced { users, rate } => {
            let load = Paced::start(crowd, &at, wire, size, (users, rate))?;
            measure(crowd, load, site, terms, Process::cpu)?
        }
        Workload::Churn { users } => {
            let load = Churn::start(crowd, &at, wire, users);
            measure(crowd, load, site, terms, Process::cpu_of_all)?
        }
        Workload::Idle { users } => weigh(crowd, site, wire, users)?,
    };
    outcome.server = site.name();
    outcome.wire = wire.name().to_owned();
    outcome.workload = workload.to_string();
    outcome.connections = crowd.len();
    Ok(outcome)
}

fn measure(
    crowd: &mut Crowd,
    mut load: impl Load,
    site: &Site,
    terms: Terms,
    cpu: fn(Process) -> io::Result<Duration>,
) -> Result<Outcome, Failure> {
    crowd.run(&mut load, terms.warm_up)?;
    let counters = match terms.syscalls {
        true => site.count_syscalls()?,
        false => Vec::new(),
    };
    load.progress().reset();
    let before = (crowd.now(), Spent::by(site, cpu)?);
    crowd.run(&mut load, terms.time)?;
    let after = (crowd.now(), Spent::by(site, cpu)?);
    let deliveries = load.progress().delivered();
    let latency = load.progress().latency();
    let syscalls = counters.into_iter().map(SyscallCount::stop);
    let syscalls = syscalls.sum::<io::Result<u64>>()?;
    let threads = site.total(Process::threads)?;
    finish(crowd, &mut load)?;

    let seconds = (after.0 - before.0) as f64 / 1e9;
    let spent = after.1.since(before.1);
    let each = |total: f64| (deliveries > 0).then(|| total / deliveries as f64);
    let each_ns = |time: Duration| each(time.as_nanos() as f64);
    // Counting slows the server down.
    let is_timed = !terms.syscalls;
    Ok(Outcome {
        seconds,
        deliveries,
        deliveries_per_second: deliveries as f64 / seconds,
        latency: is_timed.then_some(latency),
        cpu_ns_per_delivery: each_ns(spent.servers).filter(|_| is_timed),
        beside_cpu_ns_per_delivery: spent.beside.and_then(each_ns).filter(|_| is_timed),
        server_cpu_share: is_timed.then_some(spent.servers.as_secs_f64() / seconds),
        generator_cpu_share: is_timed.then_some(spent.generator.as_secs_f64() / seconds),
        syscalls_per_delivery: each(syscalls as f64).filter(|_| !is_timed),
        threads,
        ..Outcome::default()
    })
}

/// Everything that was sent must arrive, and nothing after that.
pub(crate) fn finish(crowd: &mut Crowd, load: &mut impl Load) -> Result<(), Failure> {
    load.progress().stop();
    if !crowd.run_until(load, PATIENCE, |load| load.progress().outstanding() == 0)? {
        return Err(Failure::Lost {
            outstanding: load.progress().outstanding(),
        });
    }
    crowd.run(load, LISTEN_ON)
}

/// How much memory one more user takes, once the server has seen a few.
fn weigh(crowd: &mut Crowd, site: &Site, wire: Wire, users: usize) -> Result<Outcome, Failure> {
    let at = site.addresses();
    let mut idle = Idle(wire);
    login::log_in(crowd, &at, wire, FIRST_USERS, |_| Role::User)?;
    crowd.run(&mut idle, MEMORY_SETTLES)?;
    let before = site.total(Process::resident)?;
    login::log_in(crowd, &at, wire, users, |_| Role::User)?;
    crowd.run(&mut idle, MEMORY_SETTLES)?;
    let after = site.total(Process::resident)?;
    Ok(Outcome {
        bytes_per_idle_connection: Some(after.saturating_sub(before) as f64 / users as f64),
        threads: site.total(Process::threads)?,
        ..Outcome::default()
    })
}

/// How long nothing may come after everything has.
const LISTEN_ON: Duration = Duration::from_millis(20);
const FIRST_USERS: usize = 16;
const MEMORY_SETTLES: Duration = Duration::from_millis(200);
/// How long a message is unless it is chosen, in bytes.
pub(crate) const MESSAGE_SIZE: usize = 64;
