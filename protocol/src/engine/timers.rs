//! One timer for each connection, for the earliest of its deadlines.

use alloc::collections::BTreeSet;

use crate::engine::connection::{ConnId, Connection};
use crate::instant::Instant;
use crate::limits::Limits;
use crate::listener::Terms;

/// The timers that are set, in the order in which they expire.
///
/// A deadline that moves away leaves its timer as it is: when that expires, the connection is
/// looked at, nothing is due, and the timer is set anew. So a message costs no timer operation.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    set: BTreeSet<(Instant, ConnId)>,
}

impl Timers {
    pub(crate) fn next(&self) -> Option<Instant> {
        self.set.first().map(|&(at, _)| at)
    }

    /// Makes sure that the connection is looked at in time for its earliest deadline.
    pub(crate) fn arm(
        &mut self,
        id: ConnId,
        conn: &mut Connection,
        now: Instant,
        limits: &Limits,
        terms: &Terms,
    ) {
        if let Some(deadline) = conn.next_deadline(now, limits, terms) {
            self.arm_at(id, conn, deadline);
        }
    }

    pub(crate) fn arm_at(&mut self, id: ConnId, conn: &mut Connection, deadline: Instant) {
        if conn.timer.is_some_and(|timer| timer <= deadline) {
            return;
        }
        self.disarm(id, conn);
        conn.timer = Some(deadline);
        self.set.insert((deadline, id));
    }

    pub(crate) fn disarm(&mut self, id: ConnId, conn: &mut Connection) {
        if let Some(timer) = conn.timer.take() {
            self.set.remove(&(timer, id));
        }
    }

    /// A connection whose timer has expired. Its timer is no longer set.
    pub(crate) fn pop_expired(&mut self, now: Instant) -> Option<ConnId> {
        let &(at, id) = self.set.first()?;
        if at > now {
            return None;
        }
        self.set.pop_first();
        Some(id)
    }
}
