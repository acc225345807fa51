//! What is counted for metrics: plain numbers, always on.

use alloc::vec::Vec;

use super::Engine;
use crate::close::CloseReason;
use crate::engine::connection::ConnId;
use crate::stats::Counts;

/// The numbers of all dialects.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// By [`Listening::language`](super::Listening::language).
    languages: Vec<LanguageCounters>,
    closed: Vec<(CloseReason, u64)>,
}

/// The numbers of one dialect.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LanguageCounters {
    pub(crate) connections: usize,
    pub(crate) counts: Counts,
}

impl Counters {
    pub(crate) fn add_language(&mut self) {
        self.languages.push(LanguageCounters::default());
    }

    pub(super) fn count_closed(&mut self, reason: CloseReason) {
        match self.closed.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => self.closed.push((reason, 1)),
        }
    }
}

impl Engine {
    /// A connection said something that its dialect passes on.
    pub(crate) fn count_said(&mut self, conn: ConnId) {
        if let Some(language) = self.language(conn) {
            self.language_counters(language).counts.messages += 1;
        }
    }

    /// So many recipients of a dialect are sent a copy of a message.
    pub(crate) fn count_copies(&mut self, language: u8, copies: usize) {
        self.language_counters(language).counts.deliveries += copies as u64;
    }

    pub(crate) fn count_received(&mut self, language: u8, bytes: usize) {
        self.language_counters(language).counts.received_bytes += bytes as u64;
    }

    pub(crate) fn counters(&self, language: u8) -> LanguageCounters {
        let language = self.counters.languages.get(usize::from(language));
        language.copied().unwrap_or_default()
    }

    pub(crate) fn closed(&self) -> &[(CloseReason, u64)] {
        &self.counters.closed
    }

    pub(crate) fn buffered(&self) -> usize {
        self.buffered
    }

    pub(crate) fn openings(&self) -> usize {
        self.openings
    }

    pub(super) fn language_counters(&mut self, language: u8) -> &mut LanguageCounters {
        &mut self.counters.languages[usize::from(language)]
    }
}
