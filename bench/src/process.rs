//! What the system knows of a server's process.

use std::fs;
use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::param::clock_ticks_per_second;
use rustix::process::{Pid, Signal, kill_process};

/// A process that is looked at from outside.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
}

impl Process {
    pub(crate) fn myself() -> Self {
        Self {
            pid: std::process::id(),
        }
    }

    /// The processor time of its living threads, exact to the nanosecond.
    pub(crate) fn cpu(self) -> io::Result<Duration> {
        let mut total = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.pid))? {
            // A thread may have ended in between.
            if let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) {
                total += number(text.split_whitespace().next());
            }
        }
        Ok(Duration::from_nanos(total))
    }

    /// The processor time of all its threads, those that have ended too, in clock ticks of usually
    /// 10 ms.
    pub(crate) fn cpu_of_all(self) -> io::Result<Duration> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        // The name in parentheses may contain anything.
        let rest = text.rsplit_once(')').map_or("", |(_, rest)| rest);
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = number(fields.get(11).copied()) + number(fields.get(12).copied());
        Ok(Duration::from_secs_f64(
            ticks as f64 / clock_ticks_per_second() as f64,
        ))
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(self) -> io::Result<u64> {
        Ok(number(self.status("VmRSS")?.split_whitespace().next()) * 1024)
    }

    pub(crate) fn threads(self) -> io::Result<usize> {
        Ok(number(Some(&self.status("Threads")?)) as usize)
    }

    /// How many files and sockets it has open.
    pub(crate) fn descriptors(self) -> io::Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.pid))?.count())
    }

    fn status(self, field: &str) -> io::Result<String> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
            .unwrap_or_default();
        Ok(value.trim().to_owned())
    }
}

/// Counts the system calls of a process, by `perf` if it may, or else by `strace`, which slows
/// the process down.
pub(crate) struct SyscallCount {
    tool: Child,
    is_perf: bool,
}

impl SyscallCount {
    /// Returns when counting has begun.
    pub(crate) fn start(server: Process) -> io::Result<Self> {
        if perf_works() {
            Self::start_perf(server)
        } else {
            Self::start_strace(server)
        }
    }

    /// How many there were.
    pub(crate) fn stop(mut self) -> io::Result<u64> {
        drop(self.tool.stdin.take());
        if !self.is_perf {
            kill_process(Pid::from_child(&self.tool), Signal::INT)?;
        }
        let mut report = String::new();
        if let Some(stderr) = &mut self.tool.stderr {
            stderr.read_to_string(&mut report)?;
        }
        self.tool.wait()?;
        let count = if self.is_perf {
            count_in_perf_report(&report)
        } else {
            count_in_strace_report(&report)
        };
        count.ok_or_else(|| io::Error::other(format!("no count in: {report}")))
    }

    /// Counts for as long as a command runs that says when it begins, and ends with its input.
    fn start_perf(server: Process) -> io::Result<Self> {
        let mut tool = Command::new("perf")
            .args(["stat", "-x", ",", "-e", PERF_EVENT, "-p"])
            .arg(server.pid.to_string())
            .args(["--", "sh", "-c", "echo; exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(stdout) = &mut tool.stdout {
            stdout.read_exact(&mut [0])?;
        }
        Ok(Self {
            tool,
            is_perf: true,
        })
    }

    fn start_strace(server: Process) -> io::Result<Self> {
        let tool = Command::new("strace")
            .args(["-c", "-f", "-p"])
            .arg(server.pid.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        for _ in 0..500 {
            if server.status("TracerPid")? != "0" {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Self {
            tool,
            is_perf: false,
        })
    }
}

impl Drop for SyscallCount {
    fn drop(&mut self) {
        // It has ended already unless the run failed.
        let _ = self.tool.kill();
        let _ = self.tool.wait();
    }
}

fn perf_works() -> bool {
    let output = Command::new("perf")
        .args(["stat", "-x", ",", "-e", PERF_EVENT, "true"])
        .output();
    output.is_ok_and(|output| {
        count_in_perf_report(&String::from_utf8_lossy(&output.stderr)).is_some()
    })
}

fn count_in_perf_report(report: &str) -> Option<u64> {
    let line = report.lines().find(|line| line.contains(PERF_EVENT))?;
    line.split(',').next()?.parse().ok()
}

/// The calls in the line of totals: `100.00  0.001  3  42  1 total`.
fn count_in_strace_report(report: &str) -> Option<u64> {
    let total = report.lines().find(|line| line.ends_with(" total"))?;
    total.split_whitespace().nth(3)?.parse().ok()
}

fn number(text: Option<&str>) -> u64 {
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

const PERF_EVENT: &str = "raw_syscalls:sys_enter";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_can_be_looked_at() {
        let me = Process::myself();
        assert!(me.cpu().unwrap() > Duration::ZERO);
        assert!(me.cpu_of_all().is_ok());
        assert!(me.resident().unwrap() > 100_000);
        assert!(me.threads().unwrap() >= 1);
        assert!(me.descriptors().unwrap() >= 1);
    }

    #[test]
    fn counts_are_found_in_what_the_tools_say() {
        let perf = "145,,raw_syscalls:sys_enter,1323393,100.00,,\n";
        assert_eq!(count_in_perf_report(perf), Some(145));
        let strace = "% time seconds usecs/call calls errors syscall\n\
                      100.00    0.000451           3       142         9 total\n";
        assert_eq!(count_in_strace_report(strace), Some(142));
        assert_eq!(count_in_strace_report("strace: not permitted"), None);
    }
}
