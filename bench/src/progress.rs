//! How far a workload is: what has begun, what is done, and how long each took.

use hdrhistogram::Histogram;

use crate::outcome::Latency;

/// Counts and times deliveries, or whatever else a workload does many times.
pub(crate) struct Progress {
    latency: Histogram<u64>,
    delivered: u64,
    outstanding: usize,
    is_stopped: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            latency: histogram(),
            delivered: 0,
            outstanding: 0,
            is_stopped: false,
        }
    }

    /// So many deliveries are to come.
    pub(crate) fn begin(&mut self, count: usize) {
        self.outstanding += count;
    }

    /// One of them has come, and took so many nanoseconds.
    pub(crate) fn finish(&mut self, nanoseconds: u64) {
        self.latency.saturating_record(nanoseconds);
        self.delivered += 1;
        self.outstanding -= 1;
    }

    /// How many are still to come.
    pub(crate) fn outstanding(&self) -> usize {
        self.outstanding
    }

    /// How many have come since the last reset.
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered
    }

    pub(crate) fn latency(&self) -> Latency {
        let at = |quantile| self.latency.value_at_quantile(quantile) as f64 / 1000.0;
        Latency {
            p50_us: at(0.5),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: self.latency.max() as f64 / 1000.0,
        }
    }

    /// Counts and times anew; what is to come stays as it is.
    pub(crate) fn reset(&mut self) {
        self.latency.reset();
        self.delivered = 0;
    }

    /// Nothing new is to begin from now on.
    pub(crate) fn stop(&mut self) {
        self.is_stopped = true;
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped
    }
}

/// From a microsecond to a minute, exact to a thousandth.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1_000, 60_000_000_000, 3).expect("these bounds are valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let mut progress = Progress::new();
        progress.begin(1001);
        for microseconds in 1..=1000 {
            progress.finish(microseconds * 1000);
        }
        let latency = progress.latency();
        assert!((latency.p50_us - 500.0).abs() < 1.0);
        assert!((latency.p99_us - 990.0).abs() < 1.0);
        assert!((latency.max_us - 1000.0).abs() < 1.0);
        assert_eq!(progress.delivered(), 1000);
        assert_eq!(progress.outstanding(), 1);
    }
}
