//! Being in channels: `JOIN`, `PART`, `TOPIC`, `INVITE`, `KICK`.

use super::caller::Caller;
use crate::community::rooms::Topic;
use crate::community::vocabulary::Command;
use crate::dialect::irc::isupport::{MAX_REASON, MAX_TOPIC};
use crate::dialect::irc::name::ChannelName;
use crate::dialect::irc::numeric::Numeric;
use crate::dialect::irc::target::targets;
use crate::dialect::irc::text::tamed;
use crate::dialect::irc::translation::channel;

impl Caller<'_> {
    pub(super) fn join(&mut self, params: &[&str]) {
        if params[0] == "0" {
            return self.part_all();
        }
        let mut keys = params.get(1).copied().unwrap_or_default().split(',');
        for name in targets(params[0]) {
            let key = keys.next().filter(|key| !key.is_empty());
            let Some(name) = self.named_channel(name) else {
                continue;
            };
            let room = name.room();
            self.propose(&Command::Enter { room, key });
        }
    }

    fn part_all(&mut self) {
        let rooms = self.user().map(|user| user.rooms().to_vec());
        for room in rooms.unwrap_or_default() {
            let room = &room;
            self.propose(&Command::Part { room, reason: "" });
        }
    }

    /// A channel, by its name. If nobody can have that, says so.
    pub(super) fn named_channel<'n>(&mut self, name: &'n str) -> Option<ChannelName<'n>> {
        let channel = ChannelName::parse(name);
        if channel.is_none() {
            self.numeric(Numeric::ERR_NOSUCHCHANNEL, |line| line.quoted(name));
        }
        channel
    }

    /// Shows a channel to who has just entered it.
    pub(super) fn show_entered(&mut self, room: &str) {
        self.show_topic(room, false);
        self.show_names(room);
    }

    pub(super) fn part(&mut self, params: &[&str]) {
        let reason = params.get(1).copied().unwrap_or_default();
        let reason = &tamed(reason, MAX_REASON);
        for name in targets(params[0]) {
            let Some(name) = self.named_channel(name) else {
                continue;
            };
            let room = name.room();
            self.propose(&Command::Part { room, reason });
        }
    }

    pub(super) fn topic(&mut self, params: &[&str]) {
        let Some(name) = self.named_channel(params[0]) else {
            return;
        };
        let room = name.room();
        if let Some(topic) = params.get(1) {
            let topic = &tamed(topic, MAX_TOPIC);
            return self.propose(&Command::SetTopic { room, topic });
        }
        let Some(asker) = self.user_id() else { return };
        let community = &self.floor.community;
        let visible = community
            .room(room)
            .filter(|room| community.is_visible(room, asker));
        match visible {
            None => self.numeric(Numeric::ERR_NOSUCHCHANNEL, |line| line.word(name.as_str())),
            Some(_) => self.show_topic(room, true),
        }
    }

    /// Tells what a channel is about; that it is about nothing, if `always`.
    fn show_topic(&mut self, room: &str, always: bool) {
        let (mut pen, community) = self.pen();
        let Some(room) = community.room(room) else {
            return;
        };
        let channel = channel(&room.name);
        let Some(topic) = room.topic.as_deref() else {
            if always {
                pen.numeric(Numeric::RPL_NOTOPIC, |line| line.word(&channel));
            }
            return;
        };
        let Topic { text, by, at } = topic;
        pen.numeric(Numeric::RPL_TOPIC, |line| {
            line.word(&channel);
            line.text(text);
        });
        pen.numeric(Numeric::RPL_TOPICWHOTIME, |line| {
            line.word(&channel);
            line.word(by);
            line.shown(at / 1000);
        });
    }

    pub(super) fn invite(&mut self, params: &[&str]) {
        let &[nick, name, ..] = params else {
            return match params {
                [] => self.show_invitations(),
                _ => self.needs_more_params("INVITE"),
            };
        };
        if let Some(channel) = self.named_channel(name) {
            self.propose(&Command::Invite {
                room: channel.room(),
                name: nick,
            });
        }
    }

    fn show_invitations(&mut self) {
        let extra = self.user().and_then(|user| user.extra());
        let rooms = extra.map(|extra| extra.invitations.clone());
        let (mut pen, community) = self.pen();
        for room in rooms.iter().flatten() {
            if let Some(room) = community.room_by_key(room) {
                let channel = channel(&room.name);
                pen.numeric(Numeric::RPL_INVITELIST, |line| line.word(&channel));
            }
        }
        pen.numeric(Numeric::RPL_ENDOFINVITELIST, |_| {});
    }

    pub(super) fn tell_invited(&mut self, room: &str, name: &str) {
        let channel = channel(room);
        let (mut pen, community) = self.pen();
        let Some(whom) = community.find(name) else {
            return;
        };
        pen.numeric(Numeric::RPL_INVITING, |line| {
            line.word(&whom.name);
            line.word(&channel);
        });
        pen.tell_if_away(whom);
    }

    pub(super) fn kick(&mut self, params: &[&str]) {
        let Some(channel) = self.named_channel(params[0]) else {
            return;
        };
        let mut names = targets(params[1]);
        let Some(name) = names.next() else {
            return self.needs_more_params("KICK");
        };
        if names.next().is_some() {
            return self.numeric(Numeric::ERR_TOOMANYTARGETS, |line| line.quoted(params[1]));
        }
        let reason = params.get(2).copied().filter(|reason| !reason.is_empty());
        let own = self.user().map(|user| user.name.clone());
        let reason = reason.or(own.as_deref()).unwrap_or_default();
        self.propose(&Command::Kick {
            room: channel.room(),
            name,
            reason: &tamed(reason, MAX_REASON),
        });
    }
}
