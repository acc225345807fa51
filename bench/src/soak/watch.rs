//! What the server takes of the system, and whether that and all else is well.

use std::fmt;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::crowd::PATIENCE;
use crate::failure::Failure;
use crate::outcome::Latency;
use crate::process::Process;

/// Looks at the server's process now and then.
pub(super) struct Watch {
    process: Process,
    began: Instant,
    /// As long as there are only those who stay.
    at_rest: Held,
    now: Held,
    /// How long the windows are in which the most memory is looked for.
    window: Duration,
    time: Duration,
    /// The most memory in the first window, and in the last.
    first: u64,
    last: u64,
    reported: Duration,
}

/// What a process has.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Held {
    memory: u64,
    descriptors: usize,
    threads: usize,
}

impl Watch {
    pub(super) fn begin(process: Process, time: Duration) -> io::Result<Self> {
        let at_rest = Held::by(process)?;
        Ok(Self {
            process,
            began: Instant::now(),
            at_rest,
            now: at_rest,
            window: MAX_WINDOW.min(time / 2),
            time,
            first: 0,
            last: 0,
            reported: Duration::ZERO,
        })
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Says whether it is time to report.
    pub(super) fn sample(&mut self) -> io::Result<bool> {
        self.now = Held::by(self.process)?;
        let elapsed = self.elapsed();
        if elapsed <= self.window || self.first == 0 {
            self.first = self.first.max(self.now.memory);
        }
        if elapsed >= self.time.saturating_sub(self.window) {
            self.last = self.last.max(self.now.memory);
        }
        let is_due = elapsed >= self.reported + REPORT_INTERVAL;
        if is_due {
            self.reported = elapsed;
        }
        Ok(is_due)
    }

    /// Waits until the server has given back what those took who are gone.
    pub(super) fn wait_until_settled(&mut self) -> io::Result<()> {
        let end = Instant::now() + PATIENCE;
        while self.is_more_than_at_rest() && Instant::now() < end {
            thread::sleep(Duration::from_millis(50));
            self.now = Held::by(self.process)?;
        }
        Ok(())
    }

    pub(super) fn verdict(&self, latency: Latency) -> Result<(), Failure> {
        let mut complaints = Vec::new();
        if latency.p99_us > MAX_P99_US {
            complaints.push(format!("p99 is {:.1} ms", latency.p99_us / 1000.0));
        }
        if self.last > self.first + self.first / 10 + MAX_GROWTH {
            complaints.push(format!(
                "memory grew from {} to {} KiB",
                self.first / 1024,
                self.last / 1024
            ));
        }
        if self.is_more_than_at_rest() {
            complaints.push(format!(
                "at first it had {}, and in the end {}",
                self.at_rest, self.now
            ));
        }
        if complaints.is_empty() {
            return Ok(());
        }
        Err(Failure::Unsound(complaints.join("; ")))
    }

    fn is_more_than_at_rest(&self) -> bool {
        self.now.descriptors > self.at_rest.descriptors || self.now.threads > self.at_rest.threads
    }
}

impl fmt::Display for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:5.0} s: {}", self.elapsed().as_secs_f64(), self.now)
    }
}

impl Held {
    fn by(process: Process) -> io::Result<Self> {
        Ok(Self {
            memory: process.resident()?,
            descriptors: process.descriptors()?,
            threads: process.threads()?,
        })
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let memory = self.memory / 1024;
        write!(
            f,
            "{memory} KiB, {} descriptors, {} threads",
            self.descriptors, self.threads
        )
    }
}

const REPORT_INTERVAL: Duration = Duration::from_secs(10);
const MAX_WINDOW: Duration = Duration::from_secs(60);
const MAX_P99_US: f64 = 100_000.0;
/// In bytes, beside a tenth.
const MAX_GROWTH: u64 = 4 << 20;
