//! The page about a matrix: `BENCHMARKS.md` and its picture.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;
use crate::link::Linked;
use crate::matrix::{MatrixOptions, Results};
use crate::plot::{self, Group};
use crate::program::Program;
use crate::workload::Workload;

/// Writes the page and the picture.
pub(crate) fn write(results: &Results, options: &MatrixOptions) -> Result<(), Failure> {
    fs::create_dir_all(&options.docs)?;
    let page = page(results, options);
    fs::write(options.docs.join("BENCHMARKS.md"), page)?;
    let svg = plot::draw(
        "Server CPU time per delivery of 64 bytes, in ns (less is better)",
        &groups(results),
    );
    fs::write(options.docs.join("benchmarks.svg"), svg)?;
    Ok(())
}

fn page(results: &Results, options: &MatrixOptions) -> String {
    let sheet = &results.sheet;
    let mut page = String::from(INTRODUCTION);
    let _ = write!(
        page,
        "\n## Where and what\n\n{}\nInterleaved repetitions: {}, in {:.1} minutes. The figures are their \
         medians.\n\n| server | version |\n| --- | --- |\n",
        machine(),
        results.repetitions,
        results.elapsed.as_secs_f64() / 60.0
    );
    for program in &results.programs {
        let version = program.version().unwrap_or_default();
        let _ = writeln!(page, "| {} | {version} |", program.name());
    }
    page.push_str("\n## Server CPU time per delivery, in ns\n\n");
    page.push_str(
        "In parentheses: as a multiple of the floor in the same repetition. The picture has the \
         same figures.\n\n![bars](benchmarks.svg)\n\n",
    );
    sheet.table(&mut page, is_timed, |row, cell| {
        let cpu = cell.cpu()?;
        let ratio = row.ratio_to(Program::LinechatFloor.name(), cell);
        Some(match ratio {
            Some(ratio) => format!("{cpu:.0} ({ratio:.2} ×)"),
            None => format!("{cpu:.0}"),
        })
    });
    page.push_str("\n## System calls per delivery\n\n");
    sheet.table(&mut page, is_timed, |_, cell| cell.syscalls());
    page.push_str(
        "\n## Deliveries per second\n\nHow fast it went on this machine, generator included: it \
         shares the processors with the server.\n\n",
    );
    sheet.table(&mut page, is_timed, |_, cell| {
        Some(format!("{:.0}", cell.rate()?))
    });
    page.push_str(
        "\n## Latency in µs: p50 / p99 / p99.9 / max\n\nWhere messages are paced, from when each \
         was to be sent; else from when it was sent.\n\n",
    );
    sheet.table(&mut page, is_timed, |_, cell| {
        let (p50, p99) = (cell.latency(|it| it.p50_us)?, cell.latency(|it| it.p99_us)?);
        let (p999, max) = (
            cell.latency(|it| it.p999_us)?,
            cell.latency(|it| it.max_us)?,
        );
        Some(format!("{p50:.0} / {p99:.0} / {p999:.0} / {max:.0}"))
    });
    page.push_str("\n## Resident memory per idle user, in bytes\n\n");
    sheet.table(
        &mut page,
        |workload| !is_timed(workload),
        |_, cell| {
            let bytes = cell.median(|outcome| outcome.bytes_per_idle_connection)?;
            Some(format!("{bytes:.0}"))
        },
    );
    match &results.linked {
        Some(linked) => linked.write(&mut page),
        None => page.push_str(NOT_LINKED),
    }
    core(&mut page, options.criterion.as_deref());
    let linked = results.linked.as_ref().map(Linked::failures);
    let failures = sheet.failures() + &linked.unwrap_or_default();
    if !failures.is_empty() {
        let _ = write!(page, "\n## What did not come to its end\n\n{failures}");
    }
    page.push_str(CONCLUSION);
    page
}

fn groups(results: &Results) -> Vec<Group> {
    let timed = results
        .sheet
        .rows
        .iter()
        .filter(|row| is_timed(row.scene.workload));
    timed
        .map(|row| {
            let bar = |program: &Program| {
                let cpu = row.cells.get(program.name())?.cpu()?;
                Some((program.name().to_owned(), cpu, program.is_linechat()))
            };
            Group {
                title: row.title(),
                bars: results.programs.iter().filter_map(bar).collect(),
            }
        })
        .collect()
}

fn is_timed(workload: Workload) -> bool {
    !matches!(workload, Workload::Idle { .. })
}

/// What criterion measured of the core.
fn core(page: &mut String, folder: Option<&Path>) {
    let Some(folder) = folder else { return };
    let mut lines = Vec::new();
    collect(folder, folder, &mut lines);
    if lines.is_empty() {
        return;
    }
    lines.sort();
    page.push_str(
        "\n## The core alone\n\n`cargo bench -p linechat-protocol`. Fan-out must grow with the \
         recipients and nothing else; a direct message and an idle poll must not grow with the \
         connections.\n\n| what | mean, in ns |\n| --- | ---: |\n",
    );
    for (_, name, nanoseconds) in lines {
        let _ = writeln!(page, "| {name} | {nanoseconds} |");
    }
}

/// Every `new/estimates.json`, named by its folders, numbers in their order.
fn collect(root: &Path, folder: &Path, lines: &mut Vec<((String, u64), String, String)>) {
    let estimates = folder.join("new").join("estimates.json");
    if let Some(mean) = mean(&estimates) {
        let name = folder.strip_prefix(root).unwrap_or(folder);
        let name = name.to_string_lossy().replace('/', ": ");
        let (group, last) = name.rsplit_once(": ").unwrap_or(("", &name));
        let order = (group.to_owned(), last.parse().unwrap_or(0));
        lines.push((order, name.clone(), format!("{mean:.0}")));
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            collect(root, &entry.path(), lines);
        }
    }
}

fn mean(estimates: &Path) -> Option<f64> {
    let text = fs::read_to_string(estimates).ok()?;
    let json: Value = serde_json::from_str(&text).ok()?;
    json["mean"]["point_estimate"].as_f64()
}

/// One paragraph about the machine.
fn machine() -> String {
    let model = first_value("/proc/cpuinfo", "model name").unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = first_value("/proc/meminfo", "MemTotal").unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or_default();
    format!(
        "{processors} processors ({model}), {memory} of memory, Linux {}, loopback. The load \
         average at the end was {load}.",
        kernel.trim()
    )
}

fn first_value(path: &str, field: &str) -> io::Result<String> {
    let text = fs::read_to_string(path)?;
    let line = text.lines().find(|line| line.starts_with(field));
    let value = line.and_then(|line| line.split_once(':'));
    Ok(value.map_or("", |(_, value)| value.trim()).to_owned())
}

const INTRODUCTION: &str = "# Benchmarks

Written by `bench/run`; run it yourself. It needs nothing but this repository, and compares with
whatever of `redis-server`, `nats-server` and `inspircd` is installed. Each server is started fresh
for each run, on the loopback, with generous limits and no throttling.

```
bench/run                  # a quarter of an hour
bench/run --quick          # two
cargo run --release -p linechat-bench -- one linechat-tokio fan-out --recipients 1000 --window 100
cargo run --release -p linechat-bench -- link linechat-tokio    # needs nats-server
```

- **A delivery** is one message of 64 bytes received by one client. Every run checks that each
  recipient got each message exactly once, in order for each sender; one that does not has failed.
- **The floor** (`linechat-floor`) is an epoll loop that does the same deliveries and nothing else:
  no protocol, no limits, no backlog. The ratio to it says how far a server is from the possible.
- **Fan-out**: one client sends to all, at most *window* messages ahead of the slowest recipient.
  **Ping-pong**: in each pair one message goes back and forth. **Messages/s**: open loop, sent when
  due whatever the server does. **Churn**: connect, log in, leave; a delivery is one such session.
- In parentheses behind a workload: the dialect of linechat. The others use a channel (IRC, Redis)
  or a subject (NATS) for all, and private messages, or one for each user, for pairs.
- `rooms+tls` and `irc+tls` are under TLS 1.3, `web` is IRC over WebSocket, `web+tls` both; the floor
  stays plain. Only who has the same takes part.
";

const NOT_LINKED: &str = "
## Linked servers

Left out: `nats-server` took no part, and nothing else links servers.
";

const CONCLUSION: &str = "
## What the figures do and do not show

- Processor time per delivery survives a busy machine; rates and latencies do not. Generator and
  server share the processors, so rates are a lower bound, and closed-loop latencies are mostly the
  queue that the workload itself makes.
- Loopback has no network card: the kernel's part differs from that of a real network, and the
  receiving half of TCP is partly paid by whoever sends.
- Batching depends on timing. A slower generator lets more messages gather, which makes each
  cheaper; compare within one table, not between machines.
- Memory is what is resident in the server's process. The kernel's own for each socket, about the
  same for all, is not in it.
- Redis and NATS are brokers with features that chat does not need, IRC servers have features that
  linechat does not have, and nobody's logs or disks are on. NATS uses several threads.
- In `direct` each message is answered, by the floor, too: three system calls. What the others do in
  that row has no answer, and takes two.
- Redis logs in nobody: its churn is a greeting and a subscription. IRC servers are left out of
  churn, since inspircd registers users once a second, and of the widest fan-out, since all
  would be told of each arrival. ngircd takes a few commands a second from each user, whatever its
  configuration, and is left out altogether.
- The processor time of churn comes in clock ticks, since threads end in between; all else is
  exact. System calls are counted in a short run of their own.

[OPTIMISATIONS.md](OPTIMISATIONS.md) tells what was done for these figures, and what each step was worth.
[CLUSTER.md](CLUSTER.md#how-much-it-carries) tells what the figures of linked servers mean.
";
