//! Who decides in which order the community changes.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::community::entries::{EntryError, Record};
use crate::community::vocabulary::Entry;
use crate::engine::connection::ConnId;

/// Where entries go before they are applied.
#[derive(Debug)]
pub(crate) enum Log {
    /// Nowhere: a server alone applies them where they are made.
    Alone,
    /// To a log that this server and others read, in its order.
    Shared(SharedLog),
}

/// What a node knows of the log that it shares with others.
#[derive(Debug)]
pub(crate) struct SharedLog {
    pub(crate) node: u16,
    /// Nothing that is proposed counts any more: the node begins anew.
    pub(crate) is_over: bool,
    /// How many entries this node has proposed.
    proposed: u64,
    /// The sequence of the entry that is to be applied next.
    next: u64,
    /// What is to be put into the log.
    outgoing: VecDeque<Vec<u8>>,
    /// The connections that wait to be told what became of their entries.
    untold: VecDeque<Untold>,
    /// How long these entries are in all, in bytes.
    untold_bytes: usize,
}

/// An entry of which a connection waits to be told what became.
#[derive(Debug)]
struct Untold {
    number: u64,
    conn: ConnId,
    length: usize,
}

impl Log {
    /// The number of this node.
    pub(crate) fn node(&self) -> u16 {
        match self {
            Self::Alone => 0,
            Self::Shared(log) => log.node,
        }
    }

    /// Whether connections may propose more than they have to wait for: a log that takes its time
    /// has not been given too much.
    pub(crate) fn has_room(&self) -> bool {
        match self {
            Self::Alone => false,
            Self::Shared(log) => log.untold_bytes < MAX_UNTOLD_BYTES,
        }
    }
}

impl SharedLog {
    pub(crate) fn new(node: u16) -> Self {
        Self {
            node,
            is_over: false,
            proposed: 0,
            next: 1,
            outgoing: VecDeque::new(),
            untold: VecDeque::new(),
            untold_bytes: 0,
        }
    }

    /// Proposes an entry, of which a connection is to be told what became, if one is given. Says how
    /// long the entry is, in bytes.
    pub(crate) fn propose(&mut self, entry: Entry<'_>, conn: Option<ConnId>) -> usize {
        if self.is_over {
            return 0;
        }
        let record = Record {
            number: self.proposed,
            entry,
        };
        self.proposed += 1;
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        let length = bytes.len();
        if let Some(conn) = conn {
            let number = record.number;
            self.untold_bytes += length;
            self.untold.push_back(Untold {
                number,
                conn,
                length,
            });
        }
        self.outgoing.push_back(bytes);
        length
    }

    pub(crate) fn poll(&mut self) -> Option<Vec<u8>> {
        self.outgoing.pop_front()
    }

    /// Whether the entry with this sequence is to be applied now: one that was before is not again.
    pub(crate) fn is_next(&self, sequence: u64) -> Result<bool, EntryError> {
        let expected = self.next;
        if sequence > expected {
            return Err(EntryError::Gap { expected });
        }
        Ok(sequence == expected)
    }

    /// The next entry was applied.
    pub(crate) fn advance(&mut self) {
        self.next += 1;
    }

    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    pub(crate) fn set_next(&mut self, sequence: u64) {
        self.next = sequence;
    }

    /// Which connection is to be told what became of an entry, if it is one of this node's, and how
    /// long the entry is.
    pub(crate) fn whom_to_tell(&mut self, record: &Record<'_>) -> Option<(ConnId, usize)> {
        if record.entry.node != self.node {
            return None;
        }
        let is_it = |untold: &Untold| untold.number == record.number;
        let place = self.untold.iter().position(is_it)?;
        let untold = self.untold.remove(place)?;
        self.untold_bytes -= untold.length;
        Some((untold.conn, untold.length))
    }
}

/// How much connections may have proposed before they wait for every single command, in bytes.
const MAX_UNTOLD_BYTES: usize = 1 << 20;
