//! Every workload with every server, side by side.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::link::Linked;
use crate::outcome::Outcome;
use crate::page;
use crate::program::Program;
use crate::run::{Terms, run};
use crate::server::Server;
use crate::sheet::{Scene, Sheet};
use crate::tunnel::Transport;
use crate::wire::Wire;
use crate::workload::Workload;

/// What to run, and where its page goes.
#[derive(Debug)]
pub(crate) struct MatrixOptions {
    pub(crate) is_quick: bool,
    pub(crate) time: Duration,
    /// Empty for all that are there.
    pub(crate) programs: Vec<Program>,
    pub(crate) docs: PathBuf,
    pub(crate) criterion: Option<PathBuf>,
}

impl MatrixOptions {
    /// Unless they are named, all but ngircd, which takes a few commands a second from each user.
    fn wants(&self, program: Program) -> bool {
        if self.programs.is_empty() {
            return program != Program::Ngircd;
        }
        self.programs.contains(&program)
    }
}

/// All runs of a matrix.
#[derive(Default)]
pub(crate) struct Results {
    pub(crate) sheet: Sheet,
    /// Those of servers that are linked, if NATS takes part.
    pub(crate) linked: Option<Linked>,
    pub(crate) programs: Vec<Program>,
    pub(crate) repetitions: usize,
    pub(crate) elapsed: Duration,
}

/// Runs everything that is there and writes the page.
pub(crate) fn run_all(options: &MatrixOptions) -> Result<(), Failure> {
    let begin = Instant::now();
    let programs: Vec<Program> = Program::ALL
        .into_iter()
        .filter(|program| options.wants(*program))
        .filter(|program| program.path().is_some())
        .collect();
    let mut results = Results {
        sheet: Sheet::new(
            programs.iter().map(|program| program.name()).collect(),
            scenes(options.is_quick),
        ),
        linked: linked(&programs),
        programs,
        ..Results::default()
    };
    let mut longest = Duration::ZERO;
    while results.repetitions < MAX_REPETITIONS
        && (results.repetitions == 0 || begin.elapsed() + longest < options.time)
    {
        let repetition = Instant::now();
        results.repeat(options.is_quick);
        longest = longest.max(repetition.elapsed());
        if results.repetitions == 1 && !options.is_quick {
            results.count_syscalls();
        }
    }
    results.elapsed = begin.elapsed();
    page::write(&results, options)
}

impl Results {
    /// Each workload with each program once, the programs one right after the other.
    fn repeat(&mut self, is_quick: bool) {
        let time = Duration::from_millis(if is_quick { 500 } else { 1200 });
        let terms = Terms::measuring(time);
        self.repetitions += 1;
        for row in &mut self.sheet.rows {
            let is_done =
                self.repetitions > 1 && matches!(row.scene.workload, Workload::Idle { .. });
            if is_done {
                // It hardly varies.
                continue;
            }
            for &program in &self.programs {
                let Some(done) = row.scene.play(program, terms) else {
                    continue;
                };
                row.record(program.name(), done);
            }
        }
        if let Some(linked) = &mut self.linked {
            linked.repeat(time);
        }
    }

    fn count_syscalls(&mut self) {
        let terms = Terms::counting_syscalls();
        for row in &mut self.sheet.rows {
            if matches!(row.scene.workload, Workload::Idle { .. }) {
                continue;
            }
            for &program in &self.programs {
                let Some(Ok(outcome)) = row.scene.play(program, terms) else {
                    continue;
                };
                row.count_syscalls(program.name(), &outcome);
            }
        }
        if let Some(linked) = &mut self.linked {
            linked.count_syscalls();
        }
    }
}

/// What there is to link: the first of linechat's own.
fn linked(programs: &[Program]) -> Option<Linked> {
    let ours = programs.iter().find(|program| program.is_linechat())?;
    let has_nats = programs.contains(&Program::NatsServer);
    has_nats.then(|| Linked::new(*ours))
}

impl Scene {
    /// A run with a server of its own, unless the program has no part in it.
    fn play(self, program: Program, terms: Terms) -> Option<Result<Outcome, Failure>> {
        let wire = self.wire(program)?;
        Some(
            Server::start(program, wire)
                .and_then(|server| run(&server.into(), wire, self.workload, terms)),
        )
    }

    fn wire(self, program: Program) -> Option<Wire> {
        if program.is_linechat() {
            return Some(self.ours);
        }
        if program == Program::LinechatFloor {
            return Some(self.floor);
        }
        if self.ours.transport() != Transport::Plain {
            // Another transport would be another thing to measure.
            return program.speaks(self.ours).then_some(self.ours);
        }
        let fits = match self.workload {
            // Everybody would be told of everybody's arrival: 50 million lines.
            Workload::FanOut { recipients, .. } => !program.is_irc() || recipients < 5000,
            // They register users once a second.
            Workload::Churn { .. } => !program.is_irc(),
            _ => true,
        };
        fits.then(|| usual_wire(program, self.workload))?
    }
}

/// The protocol in which a program does a workload, unless told otherwise.
pub(crate) fn usual_wire(program: Program, workload: Workload) -> Option<Wire> {
    let is_public = matches!(workload, Workload::FanOut { .. } | Workload::Paced { .. });
    Some(match program {
        Program::LinechatTokio | Program::LinechatSmol | Program::LinechatBlocking => {
            if is_public {
                Wire::Relay
            } else {
                Wire::Rooms
            }
        }
        Program::LinechatFloor => {
            if is_public {
                Wire::Relay
            } else {
                Wire::Pairs
            }
        }
        Program::RedisServer => Wire::Redis,
        Program::NatsServer => Wire::Nats,
        Program::Inspircd | Program::Ngircd => Wire::Irc,
    })
}

fn scenes(is_quick: bool) -> impl Iterator<Item = Scene> {
    let public = |ours, workload| Scene {
        workload,
        ours,
        floor: Wire::Relay,
    };
    let fan_out = |ours, recipients, window| {
        public(
            ours,
            Workload::FanOut {
                recipients,
                senders: 1,
                window,
            },
        )
    };
    let private = |ours, floor, workload| Scene {
        workload,
        ours,
        floor,
    };
    let ping_pong =
        |ours, floor, pairs| private(ours, floor, Workload::PingPong { pairs, window: 1 });
    let essential = [
        fan_out(Wire::Relay, 100, 100),
        fan_out(Wire::Relay, 1000, 100),
        fan_out(Wire::Relay, 1000, 1),
        ping_pong(Wire::Rooms, Wire::Pairs, 64),
        ping_pong(Wire::Rooms, Wire::Pairs, 500),
        private(Wire::Rooms, Wire::Pairs, Workload::Idle { users: 5000 }),
    ];
    let further = [
        fan_out(Wire::Rooms, 1000, 100),
        fan_out(Wire::Irc, 1000, 100),
        fan_out(Wire::IrcTags, 1000, 100),
        fan_out(Wire::IrcTls, 1000, 100),
        fan_out(Wire::Web, 1000, 100),
        fan_out(Wire::Relay, 10_000, 10),
        ping_pong(Wire::Direct, Wire::Answers, 500),
        ping_pong(Wire::Irc, Wire::Pairs, 500),
        ping_pong(Wire::IrcTls, Wire::Pairs, 500),
        ping_pong(Wire::Web, Wire::Pairs, 500),
        public(
            Wire::Relay,
            Workload::Paced {
                users: 1000,
                rate: 50,
            },
        ),
        private(Wire::Rooms, Wire::Pairs, Workload::Churn { users: 64 }),
        private(Wire::Irc, Wire::Pairs, Workload::Idle { users: 5000 }),
        private(Wire::IrcTls, Wire::Pairs, Workload::Idle { users: 5000 }),
        private(Wire::RoomsTls, Wire::Pairs, Workload::Idle { users: 5000 }),
        private(Wire::Web, Wire::Pairs, Workload::Idle { users: 5000 }),
        private(Wire::WebTls, Wire::Pairs, Workload::Idle { users: 5000 }),
    ];
    let further = further.into_iter().filter(move |_| !is_quick);
    essential.into_iter().chain(further)
}

const MAX_REPETITIONS: usize = 5;
