//! The section of the page about linked servers.

use std::fmt::Write as _;
use std::time::Duration;

use crate::link::{Linked, death, late};
use crate::program::Program;
use crate::sheet::{Cell, Row, median};
use crate::workload::Workload;

impl Linked {
    /// Appends the section to a page.
    pub(crate) fn write(&self, page: &mut String) {
        let _ = write!(
            page,
            "\n## Linked servers\n\nFrom `linechat-bench link {}`, with {}. Repetitions: {}; the \
             figures are their medians.\n{INTRODUCTION}",
            self.program.name(),
            Program::NatsServer.version().unwrap_or_default(),
            self.repetitions,
        );
        page.push_str("\nMessages a second:\n\n");
        self.sheet.table(page, is_private, rate);
        page.push_str("\nLatency in µs, p50 / p99:\n\n");
        self.sheet.table(page, is_private, latency);
        page.push_str(
            "\nProcessor time per delivery, in ns: of all servers together, and after a + of the \
             NATS that links them:\n\n",
        );
        self.sheet.table(page, |_| true, cpu);
        if self.has_syscalls() {
            page.push_str("\nSystem calls per delivery, of all servers together:\n\n");
            self.sheet.table(page, |_| true, |_, cell| cell.syscalls());
        }
        page.push('\n');
        self.write_times(page);
    }

    fn has_syscalls(&self) -> bool {
        let mut cells = self.sheet.rows.iter().flat_map(|row| row.cells.values());
        cells.any(|cell| cell.syscalls_per_delivery.is_some())
    }

    fn write_times(&self, page: &mut String) {
        if let Some(seconds) = seconds(&self.gone) {
            let lease = death::LEASE.as_secs();
            let _ = writeln!(
                page,
                "With a lease of {lease} s, the users of a server that is killed are gone for all \
                 others {seconds:.2} s later."
            );
        }
        if let Some(seconds) = seconds(&self.late) {
            let entries = late::ENTRIES;
            let _ = writeln!(
                page,
                "A server that comes after {entries} messages listens {seconds:.2} s after it was \
                 started."
            );
        }
    }
}

fn rate(_: &Row, cell: &Cell) -> Option<String> {
    Some(format!("{:.0}", cell.rate()?))
}

fn latency(_: &Row, cell: &Cell) -> Option<String> {
    let (p50, p99) = (cell.latency(|it| it.p50_us)?, cell.latency(|it| it.p99_us)?);
    Some(format!("{p50:.0} / {p99:.0}"))
}

fn cpu(_: &Row, cell: &Cell) -> Option<String> {
    let servers = cell.cpu()?;
    let nats = cell.median(|outcome| outcome.beside_cpu_ns_per_delivery);
    let nats = nats.map(|nats| format!(" + {nats:.0}"));
    Some(format!("{servers:.0}{}", nats.unwrap_or_default()))
}

fn is_private(workload: Workload) -> bool {
    matches!(workload, Workload::PingPong { .. })
}

fn seconds(times: &[Duration]) -> Option<f64> {
    median(times.iter().map(Duration::as_secs_f64).collect())
}

const INTRODUCTION: &str = "
- **Alone** is one server without `--link`; **1, 2 and 3 linked** are so many in one community. Users
  are spread over them in turn, so that the two of a pair are on different servers. NATS keeps the
  log on disk. **NATS itself**: the same clients publish and subscribe there, without JetStream.
- Ping-pong of 1 pair is one message at a time, from one server to the other. With a window, so many
  go back and forth in each pair: users say several things at once.
- Servers, NATS and clients share the processors: more servers are more to do here, and nothing more
  to do it with.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_says_how_long_the_users_of_a_dead_server_stay_and_with_which_lease() {
        let mut linked = Linked::new(Program::LinechatTokio);
        linked.gone = [2.0, 9.0, 3.0].map(Duration::from_secs_f64).to_vec();
        let mut page = String::new();
        linked.write(&mut page);
        let told = "With a lease of 3 s, the users of a server that is killed are gone for all \
                    others 3.00 s later.\n";
        assert!(page.ends_with(told), "{page}");
    }
}
