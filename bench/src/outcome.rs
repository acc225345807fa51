//! What a run found out.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The figures of one run. Those that were not measured are absent.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Outcome {
    pub(crate) server: String,
    pub(crate) wire: String,
    pub(crate) workload: String,
    pub(crate) connections: usize,
    pub(crate) seconds: f64,
    /// Deliveries, or sessions where the workload is churn.
    pub(crate) deliveries: u64,
    pub(crate) deliveries_per_second: f64,
    pub(crate) latency: Option<Latency>,
    pub(crate) cpu_ns_per_delivery: Option<f64>,
    /// That of what the server needs besides.
    pub(crate) beside_cpu_ns_per_delivery: Option<f64>,
    /// How much of one processor the server and the generator had.
    pub(crate) server_cpu_share: Option<f64>,
    pub(crate) generator_cpu_share: Option<f64>,
    pub(crate) syscalls_per_delivery: Option<f64>,
    pub(crate) bytes_per_idle_connection: Option<f64>,
    pub(crate) threads: usize,
}

/// Percentiles in microseconds.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) p999_us: f64,
    pub(crate) max_us: f64,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}), {}:", self.server, self.wire, self.workload)?;
        if let Some(bytes) = self.bytes_per_idle_connection {
            return write!(f, " {bytes:.0} bytes per idle connection");
        }
        write!(f, " {:.0}/s", self.deliveries_per_second)?;
        if let Some(cpu) = self.cpu_ns_per_delivery {
            write!(f, ", server CPU {cpu:.0} ns each")?;
        }
        if let Some(cpu) = self.beside_cpu_ns_per_delivery {
            write!(f, ", beside it {cpu:.0} ns")?;
        }
        if let Some(calls) = self.syscalls_per_delivery {
            write!(f, ", {calls:.4} system calls each")?;
        }
        if let Some(latency) = self.latency {
            write!(
                f,
                ", latency p50 {:.0} p99 {:.0} p99.9 {:.0} max {:.0} µs",
                latency.p50_us, latency.p99_us, latency.p999_us, latency.max_us
            )?;
        }
        if let (Some(server), Some(generator)) = (self.server_cpu_share, self.generator_cpu_share) {
            write!(
                f,
                ", of one processor: server {:.0}%, generator {:.0}%",
                server * 100.0,
                generator * 100.0
            )?;
        }
        Ok(())
    }
}
