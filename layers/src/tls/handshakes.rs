//! How many handshakes there were.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the handshakes of a server. Cheap to clone: all clones count together.
#[derive(Clone, Debug, Default)]
pub struct Handshakes(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    completed: AtomicU64,
    failed: AtomicU64,
}

impl Handshakes {
    /// Those that both sides have completed.
    pub fn completed(&self) -> u64 {
        self.0.completed.load(Ordering::Relaxed)
    }

    /// Those that were begun, and given up by either side. Who connects and sends nothing has begun
    /// none.
    pub fn failed(&self) -> u64 {
        self.0.failed.load(Ordering::Relaxed)
    }
}

/// One handshake, which counts once.
#[derive(Debug, Default)]
pub(super) struct Handshake(Option<Handshakes>);

impl Handshake {
    pub(super) fn new(handshakes: &Handshakes) -> Self {
        Self(Some(handshakes.clone()))
    }

    pub(super) fn has_completed(&mut self) {
        if let Some(Handshakes(counts)) = self.0.take() {
            counts.completed.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn has_failed(&mut self) {
        if let Some(Handshakes(counts)) = self.0.take() {
            counts.failed.fetch_add(1, Ordering::Relaxed);
        }
    }
}
