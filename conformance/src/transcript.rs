//! What was said in one case, for the report of its failure.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

/// A shared record of who sent and received what, in the order in which the suite saw it.
#[derive(Clone, Default)]
pub(crate) struct Transcript(Arc<Mutex<Record>>);

impl Transcript {
    /// Adds an entry; heavy traffic pushes the oldest ones out.
    pub(crate) fn add(&self, who: &str, what: Direction, bytes: &[u8]) {
        let mut record = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if record.entries.len() == MAX_ENTRIES {
            record.entries.pop_front();
            record.forgotten += 1;
        }
        record
            .entries
            .push_back(format!("{who:>10} {what} {}", Escaped(bytes)));
    }

    pub(crate) fn note(&self, who: &str, note: &str) {
        self.add(who, Direction::Note, note.as_bytes());
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
            .try_for_each(|entry| writeln!(f, "{entry}"))
    }
}

#[derive(Default)]
struct Record {
    entries: std::collections::VecDeque<String>,
    forgotten: usize,
}

/// Seen from the peer.
#[derive(Clone, Copy)]
pub(crate) enum Direction {
    Sent,
    Received,
    Note,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Direction::Sent => "->",
            Direction::Received => "<-",
            Direction::Note => "--",
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
const MAX_ENTRIES: usize = 200;

/// How much of each end of a long byte string is shown.
const SHOWN: usize = 160;
