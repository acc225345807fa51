//! Who is here, under which name, and in which rooms: a community, however its protocol puts it
//! on the wire.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use slotmap::SecondaryMap;

use crate::ConnId;
use crate::connection::Slot;
use crate::roster::Roster;

/// The users and their names. Names are compared byte by byte.
///
/// What peers name is kept in order, which nobody can slow down by a choice of names.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    /// Everybody, sorted by name.
    users: Vec<ConnId>,
    names: SecondaryMap<Slot, Box<str>>,
    roster: Roster,
}

impl Directory {
    /// Gives `name` to `conn`, unless somebody has it.
    pub(crate) fn claim(&mut self, name: &str, conn: ConnId) -> Result<(), NameInUse> {
        let Err(place) = self.place(name) else {
            return Err(NameInUse);
        };
        self.users.insert(place, conn);
        self.names.insert(conn.0, name.into());
        self.roster.insert(conn);
        Ok(())
    }

    /// Frees the name that `conn` has, if it has one.
    pub(crate) fn remove(&mut self, conn: ConnId) {
        if let Some(Ok(place)) = self.name(conn).map(|name| self.place(name)) {
            self.users.remove(place);
            self.names.remove(conn.0);
            self.roster.remove(conn);
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<ConnId> {
        self.place(name).ok().map(|place| self.users[place])
    }

    pub(crate) fn name(&self, conn: ConnId) -> Option<&str> {
        self.names.get(conn.0).map(|name| &**name)
    }

    pub(crate) fn len(&self) -> usize {
        self.users.len()
    }

    /// All names, sorted by bytes.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.users.iter().filter_map(|&conn| self.name(conn))
    }

    /// Where the user with this name is, or would be.
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.users
            .binary_search_by(|&conn| self.name(conn).cmp(&Some(name)))
    }

    pub(crate) fn connections(&self) -> &[ConnId] {
        self.roster.members()
    }
}

/// Somebody has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameInUse;

/// The rooms, and who is in them. A room exists as long as somebody is in it.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    rooms: BTreeMap<Arc<str>, Roster>,
    /// The rooms of each connection that is in any.
    entered: SecondaryMap<Slot, BTreeSet<Arc<str>>>,
}

impl Rooms {
    /// Puts `conn` into a room, which is created if need be. Nothing happens if it is there.
    pub(crate) fn enter(
        &mut self,
        conn: ConnId,
        room: &str,
        limits: RoomLimits,
    ) -> Result<(), TooManyRooms> {
        let existing = self.rooms.get_key_value(room);
        if existing.is_some_and(|(_, members)| members.contains(conn)) {
            return Ok(());
        }
        if existing.is_none() && self.rooms.len() >= limits.rooms {
            return Err(TooManyRooms);
        }
        if self.entered.get(conn.0).map_or(0, BTreeSet::len) >= limits.per_user {
            return Err(TooManyRooms);
        }
        let name = existing.map_or_else(|| Arc::from(room), |(name, _)| name.clone());
        self.rooms.entry(name.clone()).or_default().insert(conn);
        if !self.entered.contains_key(conn.0) {
            self.entered.insert(conn.0, BTreeSet::new());
        }
        if let Some(entered) = self.entered.get_mut(conn.0) {
            entered.insert(name);
        }
        Ok(())
    }

    /// Takes `conn` out of a room, which is gone when it was the last. Nothing happens if it is
    /// not there.
    pub(crate) fn leave(&mut self, conn: ConnId, room: &str) {
        self.remove_member(conn, room);
        if let Some(entered) = self.entered.get_mut(conn.0) {
            entered.remove(room);
            if entered.is_empty() {
                self.entered.remove(conn.0);
            }
        }
    }

    /// Takes `conn` out of all its rooms.
    pub(crate) fn leave_all(&mut self, conn: ConnId) {
        for room in self.entered.remove(conn.0).unwrap_or_default() {
            self.remove_member(conn, &room);
        }
    }

    pub(crate) fn members(&self, room: &str) -> Option<&Roster> {
        self.rooms.get(room)
    }

    /// All rooms, sorted by bytes.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.rooms.keys().map(|name| &**name)
    }

    fn remove_member(&mut self, conn: ConnId, room: &str) {
        let Some(members) = self.rooms.get_mut(room) else {
            return;
        };
        members.remove(conn);
        if members.members().is_empty() {
            self.rooms.remove(room);
        }
    }
}

/// How many rooms there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoomLimits {
    pub(crate) rooms: usize,
    pub(crate) per_user: usize,
}

/// There are as many rooms as there may be, or the user is in as many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooManyRooms;
