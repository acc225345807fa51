//! Servers that are one community: what that costs, beside one server alone, and beside clients
//! who talk over NATS without any.

mod community;
mod death;
mod late;
mod section;

use std::time::Duration;

use crate::failure::Failure;
use crate::link::community::Community;
use crate::outcome::Outcome;
use crate::program::Program;
use crate::run::{Terms, run};
use crate::server::Server;
use crate::sheet::{Scene, Sheet};
use crate::wire::Wire;
use crate::workload::Workload;

/// What came of the runs with linked servers.
pub(crate) struct Linked {
    program: Program,
    repetitions: usize,
    sheet: Sheet,
    /// From the end of a server until its users are gone, by repetition.
    gone: Vec<Duration>,
    /// From the start of a server that comes late until it listens, by repetition.
    late: Vec<Duration>,
    /// Why some of these two are missing.
    failures: Vec<String>,
}

impl Linked {
    /// Nothing yet, of servers of this program.
    pub(crate) fn new(program: Program) -> Self {
        let names = Setup::ALL.iter().map(|setup| setup.name());
        Self {
            program,
            repetitions: 0,
            sheet: Sheet::new(names.collect(), scenes()),
            gone: Vec::new(),
            late: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// One line of a list for each run that did not come to its end.
    pub(crate) fn failures(&self) -> String {
        let mut lines = self.sheet.failures();
        lines.extend(self.failures.iter().map(|line| format!("- {line}\n")));
        lines
    }

    /// Everything once more, with runs that measure for so long.
    pub(crate) fn repeat(&mut self, time: Duration) {
        self.repetitions += 1;
        let terms = Terms::measuring(time);
        for row in &mut self.sheet.rows {
            for setup in Setup::ALL {
                if let Some(done) = setup.play(self.program, row.scene, terms) {
                    row.record(setup.name(), done);
                }
            }
        }
        let gone = death::time_until_gone(self.program);
        let failures = &mut self.failures;
        self.gone
            .extend(keep(failures, "the end of a server", gone));
        let late = late::time_until_listening(self.program);
        self.late
            .extend(keep(failures, "a server that comes late", late));
    }

    /// Counts the servers' system calls, in runs of their own.
    pub(crate) fn count_syscalls(&mut self) {
        let terms = Terms::counting_syscalls();
        for row in &mut self.sheet.rows {
            for setup in Setup::ALL {
                if let Some(Ok(outcome)) = setup.play(self.program, row.scene, terms) {
                    row.count_syscalls(setup.name(), &outcome);
                }
            }
        }
    }
}

/// Prints what came of a run, and keeps why it did not come to its end.
fn keep(
    failures: &mut Vec<String>,
    what: &str,
    done: Result<Duration, Failure>,
) -> Option<Duration> {
    match &done {
        Ok(time) => println!("{what}: {:.2} s", time.as_secs_f64()),
        Err(failure) => {
            println!("{what}: {failure}");
            failures.push(format!("{what}: {failure}"));
        }
    }
    done.ok()
}

/// Who serves the clients.
#[derive(Clone, Copy)]
enum Setup {
    /// One server that is not linked.
    Alone,
    /// So many that are.
    Linked(usize),
    /// NATS itself.
    Nats,
}

impl Setup {
    const ALL: [Self; 5] = [
        Self::Alone,
        Self::Linked(1),
        Self::Linked(2),
        Self::Linked(3),
        Self::Nats,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::Linked(1) => "1 linked",
            Self::Linked(2) => "2 linked",
            Self::Linked(_) => "3 linked",
            Self::Nats => "NATS itself",
        }
    }

    /// A run with servers of its own, unless this has no part in it.
    fn play(
        self,
        program: Program,
        scene: Scene,
        terms: Terms,
    ) -> Option<Result<Outcome, Failure>> {
        let Scene {
            workload,
            ours,
            floor,
        } = scene;
        let done = match self {
            Self::Alone => Server::start(program, ours)
                .and_then(|server| run(&server.into(), ours, workload, terms)),
            Self::Linked(count) => Community::start(program, ours, count, LEASE)
                .and_then(|community| run(&community.site, ours, workload, terms)),
            // What it does with the others is on the page for itself.
            Self::Nats if !matches!(workload, Workload::PingPong { .. }) => return None,
            Self::Nats => Server::start(Program::NatsServer, floor)
                .and_then(|server| run(&server.into(), floor, workload, terms)),
        };
        Some(done.map(|outcome| Outcome {
            server: self.name().to_owned(),
            ..outcome
        }))
    }
}

fn scenes() -> impl Iterator<Item = Scene> {
    let ping_pong = |pairs, window| Workload::PingPong { pairs, window };
    let fan_out = |senders, recipients, window| Workload::FanOut {
        recipients,
        senders,
        window,
    };
    let workloads = [
        ping_pong(1, 1),
        ping_pong(500, 1),
        ping_pong(50, 100),
        fan_out(1, 1000, 1),
        fan_out(1, 1000, 100),
        fan_out(100, 900, 1),
        Workload::Churn { users: 64 },
    ];
    workloads.into_iter().map(|workload| Scene {
        workload,
        ours: Wire::Rooms,
        floor: Wire::Nats,
    })
}

/// What servers take that are not told otherwise.
const LEASE: Duration = Duration::from_secs(15);
