//! The text format of Prometheus, version 0.0.4, as its documentation has it.
//!
//! Our own, since there is not much to it: what libraries write is OpenMetrics, in which counters
//! are described by other names than they have, so that `promtool check metrics` finds no help for
//! them.

use std::fmt::{Display, Write};

use super::histogram::Histogram;

/// A page of metrics, in the order in which they are written.
#[derive(Debug, Default)]
pub(super) struct Text(String);

/// How a metric changes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// It only grows.
    Counter,
    Gauge,
    Histogram,
}

impl Text {
    /// One metric, with what `write` has to say of it.
    pub(super) fn metric(
        &mut self,
        name: &str,
        kind: Kind,
        help: &str,
        write: impl FnOnce(&mut Samples<'_>),
    ) {
        let shown = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {shown}"));
        write(&mut Samples { text: self, name });
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    fn line(&mut self, line: impl Display) {
        // It fails only if there is no memory, and then not with an error.
        let _ = writeln!(self.0, "{line}");
    }
}

/// The samples of one metric.
pub(super) struct Samples<'t> {
    text: &'t mut Text,
    name: &'t str,
}

impl Samples<'_> {
    /// The only one.
    pub(super) fn value(&mut self, value: impl Display) {
        self.text.line(format_args!("{} {value}", self.name));
    }

    /// One of several. Nothing that peers choose may be in `labels`, of which nothing is escaped.
    pub(super) fn labelled(&mut self, labels: &[(&str, &str)], value: impl Display) {
        let labels = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{value}\""));
        let labels = labels.collect::<Vec<_>>().join(",");
        self.text
            .line(format_args!("{}{{{labels}}} {value}", self.name));
    }

    /// All that a histogram has.
    pub(super) fn histogram(&mut self, histogram: &Histogram) {
        let name = self.name;
        for (bound, count) in histogram.cumulative() {
            self.text
                .line(format_args!("{name}_bucket{{le=\"{bound}\"}} {count}"));
        }
        let count = histogram.count();
        self.text
            .line(format_args!("{name}_bucket{{le=\"+Inf\"}} {count}"));
        self.text
            .line(format_args!("{name}_sum {}", histogram.sum()));
        self.text.line(format_args!("{name}_count {count}"));
    }
}
