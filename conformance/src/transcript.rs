//! What was said in one case, for the report of its failure.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

/// A shared record of who sent and received what, in the order in which the suite saw it.
#[derive(Clone, Default)]
pub(crate) struct Transcript(Arc<Mutex<Record>>);

impl Transcript {
    /// Records bytes that were sent or received.
    pub(crate) fn add(&self, who: &str, what: Direction, bytes: &[u8]) {
        self.push(format!("{who:>10} {what} {}", Escaped(bytes)));
    }

    /// Records something else that happened.
    pub(crate) fn note(&self, who: &str, note: &str) {
        self.push(format!("{who:>10} -- {note}"));
    }

    /// Heavy traffic pushes the oldest entries out, repetition only counts.
    fn push(&self, entry: String) {
        let mut record = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match record.entries.back_mut() {
            Some((last, times)) if *last == entry => *times += 1,
            _ => record.entries.push_back((entry, 1)),
        }
        if record.entries.len() > MAX_ENTRIES {
            record.entries.pop_front();
            record.forgotten += 1;
        }
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if record.forgotten > 0 {
            writeln!(f, "  ({} entries before these)", record.forgotten)?;
        }
        record
            .entries
            .iter()
            .try_for_each(|(entry, times)| match times {
                1 => writeln!(f, "{entry}"),
                _ => writeln!(f, "{entry} ({times} times)"),
            })
    }
}

#[derive(Default)]
struct Record {
    /// What happened, and how many times in a row.
    entries: VecDeque<(String, usize)>,
    forgotten: usize,
}

/// Seen from the peer.
#[derive(Clone, Copy)]
pub(crate) enum Direction {
    Sent,
    Received,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::Sent => "->",
            Direction::Received => "<-",
        })
    }
}

/// Bytes as in a Rust byte string, with the middle of long ones left out.
pub(crate) struct Escaped<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = self;
        f.write_char('"')?;
        if bytes.len() <= 2 * SHOWN {
            write!(f, "{}", bytes.escape_ascii())?;
        } else {
            let (start, end) = (&bytes[..SHOWN], &bytes[bytes.len() - SHOWN..]);
            let omitted = bytes.len() - 2 * SHOWN;
            write!(
                f,
                "{}\" … {omitted} bytes … \"{}",
                start.escape_ascii(),
                end.escape_ascii()
            )?;
        }
        f.write_char('"')
    }
}

/// How many entries one case keeps.
const MAX_ENTRIES: usize = 60;

/// How much of each end of a long byte string is shown.
const SHOWN: usize = 60;
