//! A set of connections that is quick to send to.

use alloc::vec::Vec;

use crate::ConnId;

/// Connections in a row.
///
/// They are sorted, so that a set of a few takes a few bytes however many connections there are
/// elsewhere; joining ten thousand others moves 80 kB at the worst.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    members: Vec<ConnId>,
}

impl Roster {
    /// Says whether `conn` was not a member before.
    pub(crate) fn insert(&mut self, conn: ConnId) -> bool {
        let Err(place) = self.members.binary_search(&conn) else {
            return false;
        };
        self.members.insert(place, conn);
        true
    }

    /// Says whether `conn` was a member.
    pub(crate) fn remove(&mut self, conn: ConnId) -> bool {
        let Ok(place) = self.members.binary_search(&conn) else {
            return false;
        };
        self.members.remove(place);
        true
    }

    pub(crate) fn contains(&self, conn: ConnId) -> bool {
        self.members.binary_search(&conn).is_ok()
    }

    pub(crate) fn members(&self) -> &[ConnId] {
        &self.members
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use slotmap::SlotMap;

    use super::*;
    use crate::engine::connection::Slot;

    #[test]
    fn whoever_was_inserted_and_not_removed_is_a_member_once() {
        let mut names: SlotMap<Slot, ()> = SlotMap::with_key();
        let conns: Vec<ConnId> = (0..5).map(|_| ConnId(names.insert(()))).collect();
        let mut roster = Roster::default();
        for &conn in conns.iter().rev() {
            assert!(roster.insert(conn));
            assert!(!roster.insert(conn));
        }
        for leaver in [0, 4, 2] {
            assert!(roster.remove(conns[leaver]));
            assert!(!roster.remove(conns[leaver]));
        }
        assert_eq!(roster.members(), [conns[1], conns[3]]);
        assert!(roster.contains(conns[3]) && !roster.contains(conns[4]));
    }
}
