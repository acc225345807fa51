//! What a run measures on the clients' side.

use hdrhistogram::Histogram;

use crate::failure::Failure;
use crate::ledger::Ledger;
use crate::outcome::Latency;
use crate::stamp::Stamp;

/// Counts, times and checks deliveries.
pub(crate) struct Meter {
    /// How long each message is, in bytes.
    size: usize,
    ledger: Ledger,
    latency: Histogram<u64>,
    delivered: u64,
}

impl Meter {
    pub(crate) fn new(size: usize, recipients: usize, senders: usize) -> Self {
        Self {
            size,
            ledger: Ledger::new(recipients, senders),
            latency: histogram(),
            delivered: 0,
        }
    }

    /// The message in a line, if it is one.
    pub(crate) fn message(&self, line: &[u8]) -> Result<Option<Stamp>, Failure> {
        Ok(Stamp::decode(line, self.size).transpose()?)
    }

    /// A message was delivered. `sender` is the ledger's number for it.
    pub(crate) fn deliver(
        &mut self,
        recipient: usize,
        sender: usize,
        stamp: Stamp,
        now: u64,
    ) -> Result<(), Failure> {
        self.ledger.receive(recipient, sender, stamp.sequence)?;
        self.finish(now.saturating_sub(stamp.at));
        Ok(())
    }

    /// Something was done that took so many nanoseconds.
    pub(crate) fn finish(&mut self, nanoseconds: u64) {
        self.latency.saturating_record(nanoseconds);
        self.delivered += 1;
    }

    /// The text of a message.
    pub(crate) fn text(&self, stamp: Stamp) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.size);
        stamp.encode(&mut text, self.size);
        text
    }

    /// How much was delivered since the last reset.
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

    /// Begins anew; what must arrive stays as it is.
    pub(crate) fn reset(&mut self) {
        self.latency.reset();
        self.delivered = 0;
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
        let mut meter = Meter::new(64, 1, 1);
        for microseconds in 1..=1000 {
            meter.finish(microseconds * 1000);
        }
        let latency = meter.latency();
        assert!((latency.p50_us - 500.0).abs() < 1.0);
        assert!((latency.p99_us - 990.0).abs() < 1.0);
        assert!((latency.max_us - 1000.0).abs() < 1.0);
        assert_eq!(meter.delivered(), 1000);
    }

    #[test]
    fn a_delivery_counts_from_when_it_was_to_be_sent() {
        let mut meter = Meter::new(64, 1, 1);
        let stamp = Stamp {
            sender: 0,
            sequence: 0,
            at: 1_000_000,
        };
        let text = meter.text(stamp);
        let read = meter.message(&text).unwrap().unwrap();
        meter.deliver(0, 0, read, 6_000_000).unwrap();
        assert!((meter.latency().max_us - 5000.0).abs() < 10.0);
    }
}
