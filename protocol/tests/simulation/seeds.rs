//! Which runs are made, and how one is seen again.

use std::collections::BTreeSet;
use std::env;
use std::io::{self, Write};
use std::ops::Range;
use std::panic;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cast::Served;
use crate::properties;
use crate::simulation::Simulation;
use crate::trace::Trace;

/// Runs every seed of the band. One that fails is run again with its trace printed.
pub(crate) fn check_all(served: Served) {
    let seeds = seeds();
    let is_usual = seeds == USUAL_SEEDS;
    let mut ends = BTreeSet::new();
    for seed in seeds {
        match panic::catch_unwind(|| check(served, seed, Trace::hashed())) {
            Ok(run) => ends.extend(ends_of(&run)),
            Err(_) => show(served, seed),
        }
    }
    println!("{served}: {ends:?}");
    for end in expected_ends(served) {
        assert!(
            !is_usual || ends.contains(*end),
            "nobody met {end} in {served}"
        );
    }
}

pub(crate) fn check(served: Served, seed: u64, trace: Trace) -> Simulation {
    let run = Simulation::run(served, seed, trace);
    properties::check(&run);
    run
}

fn show(served: Served, seed: u64) {
    println!("{served} fails with seed {seed}. To see that again:");
    println!("SIMULATION_SEEDS={seed} cargo test -p linechat-protocol --test simulation {served}");
    check(served, seed, Trace::printed());
    panic!("{served} failed with seed {seed}, but not twice");
}

/// `SIMULATION_SEEDS` is one seed, a band such as `1000..5000`, or `fresh:10000` for a band of that
/// many that nobody has run before.
pub(crate) fn seeds() -> Range<u64> {
    SEEDS.clone()
}

static SEEDS: LazyLock<Range<u64>> = LazyLock::new(|| {
    let Ok(wanted) = env::var("SIMULATION_SEEDS") else {
        return USUAL_SEEDS;
    };
    if let Some(count) = wanted.strip_prefix("fresh:") {
        return fresh(number(count));
    }
    match wanted.split_once("..") {
        Some((first, end)) => number(first)..number(end),
        None => number(&wanted)..number(&wanted) + 1,
    }
});

fn number(text: &str) -> u64 {
    let parsed = text.parse();
    parsed.expect("SIMULATION_SEEDS is like 17, 1000..5000 or fresh:10000")
}

/// The clock has its only say here. Which band it is must be seen even if all goes well.
fn fresh(count: u64) -> Range<u64> {
    let clock = SystemTime::now().duration_since(UNIX_EPOCH);
    let first = clock.expect("it is after 1970").as_millis() as u64;
    let band = first..first + count;
    let _ = writeln!(
        io::stderr(),
        "SIMULATION_SEEDS={}..{}",
        band.start,
        band.end
    );
    band
}

/// A band in which nobody stalls, say, would prove nothing about it.
fn ends_of(run: &Simulation) -> Vec<String> {
    let reasons = run.people.iter().filter_map(|person| person.close_reason());
    reasons.map(|reason| format!("{reason:?}")).collect()
}

fn expected_ends(served: Served) -> &'static [&'static str] {
    match served.dialect().name() {
        "pair" => &[
            "PeerLeft",
            "TransportFailed",
            "OperatorExit",
            "ShuttingDown",
        ],
        "rooms" => &[
            "PeerLeft",
            "Quit",
            "NicknameInUse",
            "TransportFailed",
            "Stalled",
            "SlowConsumer",
            "ShuttingDown",
        ],
        "echo" => &["PeerLeft", "TransportFailed", "ShuttingDown"],
        _ => &[
            "PeerLeft",
            "TransportFailed",
            "Stalled",
            "SlowConsumer",
            "ShuttingDown",
        ],
    }
}

const USUAL_SEEDS: Range<u64> = 0..200;
