//! What may be done in a room, by whom; and what users are.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::{BitOr, BitOrAssign};

use crate::community::codec::{coded_enum, coded_flags, coded_struct};

/// What a member may do in a room. Each rank may do what those below it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// May speak where others may not.
    Voice,
    /// May put out members without a rank.
    HalfOperator,
    /// May do everything in the room.
    Operator,
}

impl Rank {
    pub(crate) const ALL: [Self; 3] = [Self::Voice, Self::HalfOperator, Self::Operator];

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The ranks of a member: any of them, also several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ranks(u8);

impl Ranks {
    pub(crate) fn of(rank: Rank) -> Self {
        Self(rank.bit())
    }

    pub(crate) fn has(self, rank: Rank) -> bool {
        self.0 & rank.bit() != 0
    }

    /// Whether one of them is `rank` or above.
    pub(crate) fn reach(self, rank: Rank) -> bool {
        self.0 >= rank.bit()
    }

    /// Says whether that changed anything.
    pub(crate) fn change(&mut self, rank: Rank, set: bool) -> bool {
        let before = *self;
        if set {
            self.0 |= rank.bit();
        } else {
            self.0 &= !rank.bit();
        }
        *self != before
    }
}

/// One change of a room's modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModeChange<'a> {
    Flag {
        flag: RoomFlag,
        set: bool,
    },
    /// A member gains or loses a rank.
    Rank {
        rank: Rank,
        name: &'a str,
        set: bool,
    },
    /// Who enters needs this key. `None`: any or none.
    Key(Option<&'a str>),
    /// The room takes so many members. `None`: any number.
    Limit(Option<u32>),
    /// A mask is put on a list, or taken off.
    Mask {
        list: MaskList,
        mask: &'a str,
        set: bool,
    },
}

/// What can be switched on in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoomFlag {
    /// Only who is invited may enter.
    InviteOnly,
    /// Only members with a rank may speak.
    Moderated,
    /// Only members may speak.
    MembersOnly,
    /// It is shown to its members alone.
    Secret,
    /// Only its operators say what it is about.
    TopicLocked,
    /// Programs do not ask each other.
    NoQueries,
}

/// The flags that are on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoomFlags(u8);

impl RoomFlags {
    pub(crate) fn has(self, flag: RoomFlag) -> bool {
        self.0 & Self::bit(flag) != 0
    }

    /// Says whether that changed anything.
    pub(crate) fn change(&mut self, flag: RoomFlag, set: bool) -> bool {
        let before = *self;
        if set {
            self.0 |= Self::bit(flag);
        } else {
            self.0 &= !Self::bit(flag);
        }
        *self != before
    }

    const fn bit(flag: RoomFlag) -> u8 {
        1 << flag as u8
    }
}

/// The lists of masks that a room has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MaskList {
    /// May neither enter nor speak.
    Ban,
    /// May, though banned.
    Exception,
    /// May enter uninvited.
    Invitation,
}

/// A mask on a list, who put it there, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedMask {
    pub(crate) list: MaskList,
    pub(crate) mask: Box<str>,
    /// As others saw them.
    pub(crate) by: Box<str>,
    /// In milliseconds since 1970-01-01 UTC.
    pub(crate) at: u64,
}

/// What may be done in a room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoomModes {
    pub(crate) flags: RoomFlags,
    pub(crate) key: Option<Box<str>>,
    pub(crate) limit: Option<u32>,
    /// All lists, in the order in which masks were put there.
    pub(crate) masks: Vec<ListedMask>,
}

impl RoomModes {
    /// Those of a new room.
    pub(crate) fn usual() -> Self {
        let mut modes = Self::default();
        modes.flags.change(RoomFlag::MembersOnly, true);
        modes.flags.change(RoomFlag::TopicLocked, true);
        modes
    }

    pub(crate) fn list(&self, list: MaskList) -> impl Iterator<Item = &ListedMask> {
        self.masks.iter().filter(move |listed| listed.list == list)
    }
}

/// What a user is, and wants to hear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct UserModes(u8);

impl UserModes {
    /// Nothing in particular.
    pub(crate) const NONE: Self = Self(0);
    /// Is shown to those alone who share a room.
    pub(crate) const INVISIBLE: Self = Self(1);
    /// Is a program.
    pub(crate) const BOT: Self = Self(2);
    /// Operates the server.
    pub(crate) const OPERATOR: Self = Self(4);
    /// Hears calls for operators.
    pub(crate) const HEARS_CALLS: Self = Self(8);

    pub(crate) fn contains(self, modes: Self) -> bool {
        self.0 & modes.0 == modes.0
    }

    pub(crate) fn without(self, modes: Self) -> Self {
        Self(self.0 & !modes.0)
    }
}

impl BitOr for UserModes {
    type Output = Self;

    fn bitor(self, modes: Self) -> Self {
        Self(self.0 | modes.0)
    }
}

impl BitOrAssign for UserModes {
    fn bitor_assign(&mut self, modes: Self) {
        self.0 |= modes.0;
    }
}

coded_enum!(Rank { 0 => Voice, 1 => HalfOperator, 2 => Operator });
coded_enum!(RoomFlag {
    0 => InviteOnly, 1 => Moderated, 2 => MembersOnly, 3 => Secret, 4 => TopicLocked, 5 => NoQueries,
});
coded_enum!(MaskList { 0 => Ban, 1 => Exception, 2 => Invitation });
coded_enum!(ModeChange<'a> {
    0 => Flag { flag, set },
    1 => Rank { rank, name, set },
    2 => Key(key),
    3 => Limit(limit),
    4 => Mask { list, mask, set },
});
coded_struct!(ListedMask { list, mask, by, at });
coded_struct!(RoomModes {
    flags,
    key,
    limit,
    masks
});
coded_flags!(Ranks, 0b111);
coded_flags!(RoomFlags, 0b11_1111);
coded_flags!(UserModes, 0b1111);
