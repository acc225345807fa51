//! Figures side by side: a row for each workload, a column for each that did it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::failure::Failure;
use crate::outcome::{Latency, Outcome};
use crate::wire::Wire;
use crate::workload::Workload;

/// What came of each workload with each column.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Row>,
}

/// One workload and what came of it in each column, by repetition.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) scene: Scene,
    pub(crate) cells: BTreeMap<&'static str, Cell>,
}

#[derive(Debug, Default)]
pub(crate) struct Cell {
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) syscalls_per_delivery: Option<f64>,
    pub(crate) failures: Vec<String>,
}

/// A workload, the protocol in which linechat does it, and that of what linechat is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) workload: Workload,
    pub(crate) ours: Wire,
    pub(crate) floor: Wire,
}

impl Sheet {
    pub(crate) fn new(columns: Vec<&'static str>, scenes: impl Iterator<Item = Scene>) -> Self {
        let row = |scene| Row {
            scene,
            cells: BTreeMap::new(),
        };
        Self {
            columns,
            rows: scenes.map(row).collect(),
        }
    }

    /// Appends one kind of figure of some rows to a page.
    pub(crate) fn table(
        &self,
        page: &mut String,
        is_wanted: impl Fn(Workload) -> bool,
        show: impl Fn(&Row, &Cell) -> Option<String>,
    ) {
        page.push_str("| workload |");
        for column in &self.columns {
            let _ = write!(page, " {column} |");
        }
        page.push_str("\n| --- |");
        page.push_str(&" ---: |".repeat(self.columns.len()));
        page.push('\n');
        for row in &self.rows {
            if !is_wanted(row.scene.workload) {
                continue;
            }
            let _ = write!(page, "| {} |", row.title());
            for column in &self.columns {
                let cell = row.cells.get(column);
                let text = cell.and_then(|cell| show(row, cell));
                let _ = write!(page, " {} |", text.as_deref().unwrap_or("–"));
            }
            page.push('\n');
        }
    }

    /// One line of a list for each run that did not come to its end.
    pub(crate) fn failures(&self) -> String {
        let mut lines = String::new();
        for row in &self.rows {
            for (column, cell) in &row.cells {
                for failure in &cell.failures {
                    let _ = writeln!(lines, "- {column}, {}: {failure}", row.title());
                }
            }
        }
        lines
    }
}

impl Row {
    pub(crate) fn title(&self) -> String {
        format!("{} ({})", self.scene.workload, self.scene.ours.name())
    }

    /// Prints what came of a run, and keeps it.
    pub(crate) fn record(&mut self, column: &'static str, done: Result<Outcome, Failure>) {
        let cell = self.cells.entry(column).or_default();
        match done {
            Ok(outcome) => {
                println!("{outcome}");
                cell.outcomes.push(outcome);
            }
            Err(failure) => {
                println!("{column}, {}: {failure}", self.scene.workload);
                cell.failures.push(failure.to_string());
            }
        }
    }

    /// Prints how a run went in which system calls were counted, and keeps their number.
    pub(crate) fn count_syscalls(&mut self, column: &'static str, outcome: &Outcome) {
        println!("{outcome}");
        let cell = self.cells.entry(column).or_default();
        cell.syscalls_per_delivery = outcome.syscalls_per_delivery;
    }

    /// The median of the ratios to another column, repetition by repetition.
    pub(crate) fn ratio_to(&self, column: &str, cell: &Cell) -> Option<f64> {
        let floor = self.cells.get(column)?;
        let pairs = cell.outcomes.iter().zip(&floor.outcomes);
        let ratios = pairs.filter_map(|(outcome, floor)| {
            Some(outcome.cpu_ns_per_delivery? / floor.cpu_ns_per_delivery?)
        });
        median(ratios.collect())
    }
}

impl Cell {
    pub(crate) fn median(&self, pick: impl Fn(&Outcome) -> Option<f64>) -> Option<f64> {
        median(self.outcomes.iter().filter_map(pick).collect())
    }

    /// The servers' processor time for each delivery, in nanoseconds.
    pub(crate) fn cpu(&self) -> Option<f64> {
        self.median(|outcome| outcome.cpu_ns_per_delivery)
    }

    /// The servers' system calls for each delivery, as a table shows them.
    pub(crate) fn syscalls(&self) -> Option<String> {
        self.syscalls_per_delivery
            .map(|calls| format!("{calls:.4}"))
    }

    /// Deliveries a second.
    pub(crate) fn rate(&self) -> Option<f64> {
        self.median(|outcome| Some(outcome.deliveries_per_second))
    }

    /// One of the percentiles, in microseconds.
    pub(crate) fn latency(&self, pick: fn(Latency) -> f64) -> Option<f64> {
        self.median(|outcome| outcome.latency.map(pick))
    }
}

/// The one in the middle, or what is between the two there; nothing of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        return values.get(middle).copied();
    }
    Some((values.get(middle.checked_sub(1)?)? + values[middle]) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle_or_between_the_two_middle_ones() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }

    #[test]
    fn a_table_has_the_median_of_each_column_and_a_dash_where_nothing_was_measured() {
        let scene = Scene {
            workload: Workload::PingPong {
                pairs: 3,
                window: 1,
            },
            ours: Wire::Rooms,
            floor: Wire::Nats,
        };
        let mut sheet = Sheet::new(vec!["alone", "linked"], [scene].into_iter());
        for deliveries_per_second in [1.0, 5.0, 2.0] {
            let outcome = Outcome {
                deliveries_per_second,
                ..Outcome::default()
            };
            sheet.rows[0].record("alone", Ok(outcome));
        }
        let failure = Failure::Login { missing: 7 };
        sheet.rows[0].record("linked", Err(failure));
        let mut page = String::new();
        sheet.table(
            &mut page,
            |_| true,
            |_, cell| Some(cell.rate()?.to_string()),
        );
        let row = "| ping-pong of 3 pairs (rooms) | 2 | – |\n";
        assert!(page.ends_with(row), "{page}");
        assert!(sheet.failures().starts_with("- linked, ping-pong of 3"));
    }
}
