//! Rooms, and who is in them.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::community::codec::{Coded, Malformed, coded_struct, encode_all};
use crate::community::modes::{Ranks, RoomFlag, RoomModes};
use crate::community::runs::Runs;
use crate::community::users::UserId;

/// A room. It exists as long as somebody is in it, but for the lobby.
#[derive(Debug)]
pub(crate) struct Room {
    /// As its creator wrote it.
    pub(crate) name: Box<str>,
    /// What no other room has in common with the name.
    pub(crate) key: Arc<str>,
    /// When it was created, in milliseconds since 1970-01-01 UTC.
    pub(crate) since: u64,
    pub(crate) topic: Option<Box<Topic>>,
    pub(crate) modes: RoomModes,
    /// Sorted by user.
    members: Vec<Member>,
    /// Its members on this node.
    pub(crate) runs: Runs,
}

/// A member of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) user: UserId,
    pub(crate) ranks: Ranks,
}

/// What a room is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Topic {
    pub(crate) text: Box<str>,
    /// Who said so, as others saw them.
    pub(crate) by: Box<str>,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub(crate) at: u64,
}

impl Room {
    pub(crate) fn new(name: &str, key: Arc<str>, since: u64) -> Self {
        Self {
            name: name.into(),
            key,
            since,
            topic: None,
            modes: RoomModes::usual(),
            members: Vec::new(),
            runs: Runs::default(),
        }
    }

    /// Those who entered, sorted by user.
    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// The ranks of a member. `None` for somebody else.
    pub(crate) fn ranks(&self, user: UserId) -> Option<Ranks> {
        let place = self.place(user).ok()?;
        Some(self.members[place].ranks)
    }

    pub(crate) fn ranks_mut(&mut self, user: UserId) -> Option<&mut Ranks> {
        let place = self.place(user).ok()?;
        Some(&mut self.members[place].ranks)
    }

    /// Says whether the user was no member before.
    pub(crate) fn insert(&mut self, user: UserId, ranks: Ranks) -> bool {
        let Err(place) = self.place(user) else {
            return false;
        };
        self.members.insert(place, Member { user, ranks });
        true
    }

    /// Says whether the user was a member.
    pub(crate) fn remove(&mut self, user: UserId) -> bool {
        let Ok(place) = self.place(user) else {
            return false;
        };
        self.members.remove(place);
        true
    }

    pub(crate) fn has(&self, flag: RoomFlag) -> bool {
        self.modes.flags.has(flag)
    }

    fn place(&self, user: UserId) -> Result<usize, usize> {
        self.members
            .binary_search_by_key(&user, |member| member.user)
    }
}

/// Without who listens on this node.
impl<'a> Coded<'a> for Room {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self {
            name,
            key,
            since,
            topic,
            modes,
            members,
            runs: _,
        } = self;
        name.encode(out);
        key.encode(out);
        since.encode(out);
        topic.encode(out);
        modes.encode(out);
        encode_all(members, out);
    }

    fn decode(input: &mut &'a [u8]) -> Result<Self, Malformed> {
        let room = Self {
            name: Coded::decode(input)?,
            key: Coded::decode(input)?,
            since: Coded::decode(input)?,
            topic: Coded::decode(input)?,
            modes: Coded::decode(input)?,
            members: Coded::decode(input)?,
            runs: Runs::default(),
        };
        let is_sorted = room.members.is_sorted_by(|one, next| one.user < next.user);
        is_sorted.then_some(room).ok_or(Malformed)
    }
}

coded_struct!(Member { user, ranks });
coded_struct!(Topic { text, by, at });
