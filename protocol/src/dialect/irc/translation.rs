//! What the community knows, in the words of IRC, and the other way round.

use alloc::string::String;

use super::mask::Mask;
use super::mode::{ChannelFlag, ListMode, Prefix, UserMode};
use super::mode_change::ModeChange;
use super::mode_string::ModeString;
use super::name::ChannelKey;
use crate::community::modes::{self as community, MaskList, Rank, Ranks, RoomFlag, UserModes};
use crate::community::vocabulary::Manner;

/// The name of a room as a channel's.
pub(super) fn channel(room: &str) -> String {
    let mut channel = String::with_capacity(room.len() + 1);
    channel.push('#');
    channel.push_str(room);
    channel
}

/// The command that says something in this manner.
pub(super) fn says(manner: Manner) -> &'static str {
    match manner {
        Manner::Message | Manner::Action | Manner::Query => "PRIVMSG",
        Manner::Notice | Manner::Answer => "NOTICE",
        Manner::Annotation => "TAGMSG",
    }
}

/// How many bytes stand around a text that is said in this manner.
pub(super) fn marks(manner: Manner) -> usize {
    match manner {
        Manner::Action => "\x01ACTION \x01".len(),
        Manner::Query | Manner::Answer => "\x01\x01".len(),
        Manner::Message | Manner::Notice | Manner::Annotation => 0,
    }
}

/// The letters of user modes that are set and cleared.
pub(super) fn shown_user_modes(set: UserModes, clear: UserModes) -> ModeString {
    let mut modes = ModeString::default();
    for (changed, on) in [(set, true), (clear, false)] {
        for &mode in UserMode::ALL {
            if changed.contains(user_mode(mode)) {
                modes.push_letter(mode.letter(), on);
            }
        }
    }
    modes
}

/// What stands before the name of a member: all prefixes, or the highest.
pub(super) fn prefixes(ranks: Ranks, all: bool) -> String {
    if !all {
        return highest(ranks).map(Prefix::symbol).into_iter().collect();
    }
    let prefixes = Prefix::ALL
        .iter()
        .filter(|&&prefix| ranks.has(rank(prefix)));
    prefixes.map(|prefix| prefix.symbol()).collect()
}

pub(super) fn to_community<'a>(change: &'a ModeChange<'_>) -> Option<community::ModeChange<'a>> {
    Some(match change {
        ModeChange::Flag(flag, set) => community::ModeChange::Flag {
            flag: room_flag(*flag),
            set: *set,
        },
        ModeChange::SetKey(key) => community::ModeChange::Key(Some(key.as_str())),
        ModeChange::UnsetKey => community::ModeChange::Key(None),
        ModeChange::SetLimit(limit) => community::ModeChange::Limit(Some(*limit)),
        ModeChange::UnsetLimit => community::ModeChange::Limit(None),
        ModeChange::List(list, set, mask) => community::ModeChange::Mask {
            list: mask_list(*list),
            mask: mask.as_str(),
            set: *set,
        },
        ModeChange::Prefix(prefix, set, name) => community::ModeChange::Rank {
            rank: rank(*prefix),
            name,
            set: *set,
        },
        ModeChange::Show(_) => return None,
    })
}

/// A change as it stands in a line. `None` for one that IRC cannot say.
pub(super) fn from_community<'a>(change: &community::ModeChange<'a>) -> Option<ModeChange<'a>> {
    Some(match *change {
        community::ModeChange::Flag { flag, set } => ModeChange::Flag(channel_flag(flag)?, set),
        community::ModeChange::Key(Some(key)) => ModeChange::SetKey(ChannelKey::parse(key)?),
        community::ModeChange::Key(None) => ModeChange::UnsetKey,
        community::ModeChange::Limit(Some(limit)) => ModeChange::SetLimit(limit),
        community::ModeChange::Limit(None) => ModeChange::UnsetLimit,
        community::ModeChange::Mask { list, mask, set } => {
            let mut lists = ListMode::ALL.iter().copied();
            let list = lists.find(|&mode| mask_list(mode) == list)?;
            ModeChange::List(list, set, Mask::parse(mask)?)
        }
        community::ModeChange::Rank {
            rank: wanted,
            name,
            set,
        } => {
            let mut prefixes = Prefix::ALL.iter().copied();
            let prefix = prefixes.find(|&prefix| rank(prefix) == wanted)?;
            ModeChange::Prefix(prefix, set, name)
        }
    })
}

/// The letter of a change.
pub(super) fn letter_of(change: &community::ModeChange<'_>) -> char {
    from_community(change).map_or('?', |change| change.letter())
}

pub(super) fn rank(prefix: Prefix) -> Rank {
    match prefix {
        Prefix::Operator => Rank::Operator,
        Prefix::HalfOperator => Rank::HalfOperator,
        Prefix::Voice => Rank::Voice,
    }
}

pub(super) fn room_flag(flag: ChannelFlag) -> RoomFlag {
    match flag {
        ChannelFlag::NoCtcp => RoomFlag::NoQueries,
        ChannelFlag::InviteOnly => RoomFlag::InviteOnly,
        ChannelFlag::Moderated => RoomFlag::Moderated,
        ChannelFlag::NoExternal => RoomFlag::MembersOnly,
        ChannelFlag::Secret => RoomFlag::Secret,
        ChannelFlag::TopicLocked => RoomFlag::TopicLocked,
    }
}

fn channel_flag(flag: RoomFlag) -> Option<ChannelFlag> {
    let mut flags = ChannelFlag::ALL.iter().copied();
    flags.find(|&letter| room_flag(letter) == flag)
}

pub(super) fn mask_list(list: ListMode) -> MaskList {
    match list {
        ListMode::Ban => MaskList::Ban,
        ListMode::BanException => MaskList::Exception,
        ListMode::InviteException => MaskList::Invitation,
    }
}

pub(super) fn user_mode(mode: UserMode) -> UserModes {
    match mode {
        UserMode::Bot => UserModes::BOT,
        UserMode::Invisible => UserModes::INVISIBLE,
        UserMode::Operator => UserModes::OPERATOR,
        UserMode::Wallops => UserModes::HEARS_CALLS,
    }
}

/// The prefix of the highest rank that a member has, among all.
fn highest(ranks: Ranks) -> Option<Prefix> {
    let mut all = Prefix::ALL.iter().copied();
    all.find(|&prefix| ranks.has(rank(prefix)))
}
