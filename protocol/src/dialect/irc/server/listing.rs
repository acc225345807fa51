//! What channels there are, and who is in them: `NAMES`, `LIST`.

use alloc::string::String;
use alloc::vec::Vec;

use super::caller::{Caller, Pen};
use crate::community::Community;
use crate::community::modes::{Ranks, RoomFlag};
use crate::community::rooms::Room;
use crate::community::users::{User, UserId};
use crate::dialect::irc::capability::Capabilities;
use crate::dialect::irc::line::LineWriter;
use crate::dialect::irc::list_filter::ListFilter;
use crate::dialect::irc::mask::Subject;
use crate::dialect::irc::name::ChannelName;
use crate::dialect::irc::numeric::Numeric;
use crate::dialect::irc::source::Source;
use crate::dialect::irc::target::targets;
use crate::dialect::irc::translation::{channel, prefixes};

impl Caller<'_> {
    pub(super) fn names(&mut self, params: &[&str]) {
        let Some(&names) = params.first() else {
            return self.numeric(Numeric::RPL_ENDOFNAMES, |line| line.word("*"));
        };
        // One target, as ISUPPORT says.
        let Some(name) = targets(names).next() else {
            return;
        };
        match ChannelName::parse(name) {
            Some(channel) => self.show_names(channel.room()),
            None => self.numeric(Numeric::RPL_ENDOFNAMES, |line| line.quoted(name)),
        }
    }

    /// Tells who is in a channel, as far as the user may see it.
    pub(super) fn show_names(&mut self, name: &str) {
        let Some(asker) = self.user_id() else { return };
        let capabilities = self.session.capabilities;
        let (mut pen, community) = self.pen();
        let room = community
            .room(name)
            .filter(|room| community.is_visible(room, asker));
        let shown = channel(room.map_or(name, |room| &room.name));
        if let Some(room) = room {
            write_names(&mut pen, community, room, asker, capabilities, &shown);
        }
        pen.cut_short("NAMES");
        pen.numeric(Numeric::RPL_ENDOFNAMES, |line| line.word(&shown));
    }

    pub(super) fn list(&mut self, params: &[&str]) {
        let Some(asker) = self.user_id() else { return };
        let conditions = params.first().copied().unwrap_or_default();
        let filters: Vec<_> = targets(conditions).map(ListFilter::parse).collect();
        let now = self.floor.unix_time();
        let (mut pen, community) = self.pen();
        pen.numeric(Numeric::RPL_LISTSTART, |line| line.word("Channel"));
        let lobby = community.settings().lobby.as_ref();
        let rooms = lobby.map(|_| community.lobby()).into_iter();
        for room in rooms.chain(community.rooms()) {
            if community.is_visible(room, asker) && admits(&filters, community, room, now) {
                if pen.cut_short("LIST") {
                    break;
                }
                write_room(&mut pen, community, room);
            }
        }
        pen.numeric(Numeric::RPL_LISTEND, |_| {});
    }
}

fn write_names(
    pen: &mut Pen<'_>,
    community: &Community,
    room: &Room,
    asker: UserId,
    capabilities: Capabilities,
    channel: &str,
) {
    let is_member = community.is_member(room, asker);
    let symbol = if room.has(RoomFlag::Secret) { "@" } else { "=" };
    let mut members = community
        .members(room)
        .filter(|&(id, ..)| is_member || community.is_found(id, asker))
        .map(|(_, user, ranks)| name_in_list(user, ranks, capabilities))
        .peekable();
    while members.peek().is_some() && !pen.is_full() {
        let mut line = LineWriter::begin(pen.out);
        line.numeric(pen.server, Numeric::RPL_NAMREPLY, pen.nick);
        line.word(symbol);
        line.word(channel);
        line.begin_text();
        let mut separator = "";
        while let Some(name) = members.next_if(|name| name.len() + separator.len() <= line.room()) {
            line.more(separator);
            line.more(&name);
            separator = " ";
        }
        line.end();
    }
}

fn name_in_list(user: &User, ranks: Ranks, capabilities: Capabilities) -> String {
    let mut name = prefixes(ranks, capabilities.has(Capabilities::MULTI_PREFIX));
    if capabilities.has(Capabilities::USERHOST_IN_NAMES) {
        let source = Source::user(&user.name, user.username(), user.host());
        name.push_str(&alloc::format!("{source}"));
    } else {
        name.push_str(&user.name);
    }
    name
}

/// Conditions of the same kind about names are alternatives; all others have to be fulfilled.
fn admits(filters: &[ListFilter<'_>], community: &Community, room: &Room, now: u64) -> bool {
    let name = Subject::new(&channel(&room.name));
    let minutes_since = |then: u64| now.saturating_sub(then) / 60_000;
    let is_name = |filter: &&ListFilter<'_>| matches!(filter, ListFilter::Name(_));
    let mut wanted = filters.iter().filter(is_name).peekable();
    let is_wanted = wanted.peek().is_none() || wanted.any(|filter| filter.admits_name(&name));
    is_wanted
        && filters.iter().all(|filter| match filter {
            ListFilter::Name(_) => true,
            ListFilter::NotName(_) => filter.admits_name(&name),
            ListFilter::Users(compare) => compare.admits(community.count_members(room) as u64),
            ListFilter::Created(compare) => compare.admits(minutes_since(room.since)),
            ListFilter::Topic(compare) => room
                .topic
                .as_ref()
                .is_some_and(|topic| compare.admits(minutes_since(topic.at))),
        })
}

fn write_room(pen: &mut Pen<'_>, community: &Community, room: &Room) {
    let topic = room.topic.as_ref().map_or("", |topic| &topic.text);
    pen.numeric(Numeric::RPL_LIST, |line| {
        line.word(&channel(&room.name));
        line.shown(community.count_members(room));
        line.text(topic);
    });
}
