//! `MODE`: the modes of channels and users, and what the community calls them.

use alloc::vec::Vec;

use super::caller::Caller;
use crate::community::modes::UserModes;
use crate::community::rooms::Room;
use crate::community::vocabulary::Command;
use crate::dialect::irc::mode::{ChannelFlag, ListMode, user_mode_changes};
use crate::dialect::irc::mode_change::{BadModeChange, ModeChange, channel_mode_changes};
use crate::dialect::irc::mode_string::ModeString;
use crate::dialect::irc::name::{ChannelKey, ChannelName};
use crate::dialect::irc::numeric::Numeric;
use crate::dialect::irc::translation::{
    channel, mask_list, room_flag, shown_user_modes, to_community, user_mode,
};

impl Caller<'_> {
    pub(super) fn mode(&mut self, params: &[&str]) {
        let (target, changes) = (params[0], &params[1..]);
        if target.starts_with('#') {
            if let Some(channel) = self.named_channel(target) {
                self.channel_mode(channel, changes);
            }
            return;
        }
        let Some(id) = self.floor.community.users.find(target) else {
            return self.numeric(Numeric::ERR_NOSUCHNICK, |line| line.quoted(target));
        };
        if Some(id) != self.user_id() {
            return self.numeric(Numeric::ERR_USERSDONTMATCH, |_| {});
        }
        match changes.first() {
            None => self.show_user_modes(),
            Some(letters) => self.change_user_modes(letters),
        }
    }

    fn channel_mode(&mut self, name: ChannelName<'_>, params: &[&str]) {
        let room = name.room();
        let Some(asker) = self.user_id() else { return };
        let community = &self.floor.community;
        let Some(found) = community.room(room) else {
            return self.numeric(Numeric::ERR_NOSUCHCHANNEL, |line| line.word(name.as_str()));
        };
        if params.is_empty() {
            let is_member = community.is_member(found, asker);
            return self.show_modes(room, is_member);
        }
        let mut wanted = Vec::new();
        for change in channel_mode_changes(params) {
            match change {
                Ok(ModeChange::Show(list)) => self.show_list(room, list),
                Ok(change) => wanted.push(change),
                Err(mistake) => self.tell_mistake(name, mistake),
            }
        }
        if !wanted.is_empty() {
            let changes: Vec<_> = wanted.iter().filter_map(to_community).collect();
            let changes = &changes;
            self.propose(&Command::ChangeModes { room, changes });
        }
    }

    fn tell_mistake(&mut self, channel: ChannelName<'_>, mistake: BadModeChange<'_>) {
        match mistake {
            BadModeChange::Unknown(letter) => self.numeric(Numeric::ERR_UNKNOWNMODE, |line| {
                line.quoted(letter.encode_utf8(&mut [0; 4]));
            }),
            BadModeChange::NoParameter(letter) => {
                self.numeric(Numeric::ERR_INVALIDMODEPARAM, |line| {
                    line.word(channel.as_str());
                    line.shown(letter);
                    line.word("*");
                    line.text("You must specify a parameter");
                });
            }
            BadModeChange::BadParameter(letter, parameter) => {
                self.numeric(Numeric::ERR_INVALIDMODEPARAM, |line| {
                    line.word(channel.as_str());
                    line.shown(letter);
                    // A key that is mistyped is a secret still.
                    line.quoted(if letter == 'k' { "*" } else { parameter });
                    line.text("That is no value for this mode");
                });
            }
        }
    }

    /// Tells the modes of a channel; its key to members alone.
    fn show_modes(&mut self, room: &str, is_member: bool) {
        let (mut pen, community) = self.pen();
        let Some(room) = community.room(room) else {
            return;
        };
        let channel = channel(&room.name);
        let modes = shown_modes(room, is_member);
        pen.numeric(Numeric::RPL_CHANNELMODEIS, |line| {
            line.word(&channel);
            line.shown(&modes);
        });
        pen.numeric(Numeric::RPL_CREATIONTIME, |line| {
            line.word(&channel);
            line.shown(room.since / 1000);
        });
    }

    fn show_list(&mut self, room: &str, list: ListMode) {
        let (entry, end) = match list {
            ListMode::Ban => (Numeric::RPL_BANLIST, Numeric::RPL_ENDOFBANLIST),
            ListMode::BanException => (Numeric::RPL_EXCEPTLIST, Numeric::RPL_ENDOFEXCEPTLIST),
            ListMode::InviteException => (Numeric::RPL_INVEXLIST, Numeric::RPL_ENDOFINVEXLIST),
        };
        let (mut pen, community) = self.pen();
        let Some(room) = community.room(room) else {
            return;
        };
        let channel = channel(&room.name);
        for listed in room.modes.list(mask_list(list)) {
            pen.numeric(entry, |line| {
                line.word(&channel);
                line.word(&listed.mask);
                line.word(&listed.by);
                line.shown(listed.at / 1000);
            });
        }
        pen.numeric(end, |line| line.word(&channel));
    }

    fn show_user_modes(&mut self) {
        let modes = self.user().map(|user| user.modes).unwrap_or_default();
        let letters = shown_user_modes(modes, UserModes::NONE);
        self.numeric(Numeric::RPL_UMODEIS, |line| line.shown(&letters));
    }

    fn change_user_modes(&mut self, letters: &str) {
        let (mut set, mut clear) = (UserModes::NONE, UserModes::NONE);
        let mut has_unknown = false;
        for change in user_mode_changes(letters) {
            match change {
                Ok(change) if change.on => {
                    set |= user_mode(change.mode);
                    clear = clear.without(user_mode(change.mode));
                }
                Ok(change) => {
                    clear |= user_mode(change.mode);
                    set = set.without(user_mode(change.mode));
                }
                Err(_) => has_unknown = true,
            }
        }
        if has_unknown {
            self.numeric(Numeric::ERR_UMODEUNKNOWNFLAG, |_| {});
        }
        // Only a password makes operators.
        let set = set.without(UserModes::OPERATOR);
        self.propose(&Command::ChangeUserModes { set, clear });
    }
}

/// The modes of a room, as they stand in a line.
fn shown_modes(room: &Room, with_key: bool) -> ModeString {
    let mut modes = ModeString::default();
    for &flag in ChannelFlag::ALL {
        if room.has(room_flag(flag)) {
            modes.push(&ModeChange::Flag(flag, true));
        }
    }
    if let Some(key) = room.modes.key.as_deref().and_then(ChannelKey::parse) {
        if with_key {
            modes.push(&ModeChange::SetKey(key));
        } else {
            modes.push_letter('k', true);
        }
    }
    if let Some(limit) = room.modes.limit {
        modes.push(&ModeChange::SetLimit(limit));
    }
    modes
}
