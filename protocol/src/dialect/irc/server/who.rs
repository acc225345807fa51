//! `WHO`: users of a channel, or whose name matches; with WHOX, the fields that were asked for.

use alloc::string::String;

use super::caller::{Caller, Pen};
use crate::community::Community;
use crate::community::modes::UserModes;
use crate::community::rooms::Room;
use crate::community::users::{User, UserId};
use crate::dialect::irc::capability::Capabilities;
use crate::dialect::irc::line::LineWriter;
use crate::dialect::irc::mask::{Subject, matches};
use crate::dialect::irc::name::ChannelName;
use crate::dialect::irc::numeric::Numeric;
use crate::dialect::irc::translation::{channel, prefixes};
use crate::dialect::irc::whox::{WhoxField, WhoxRequest};

impl Caller<'_> {
    pub(super) fn who(&mut self, params: &[&str]) {
        let Some(asker) = self.user_id() else { return };
        let mask = params.first().copied().unwrap_or("*");
        let flags = params.get(1).copied().unwrap_or_default();
        let question = Question {
            asker,
            whox: WhoxRequest::parse(flags),
            only_operators: flags.split('%').next().unwrap_or_default().contains('o'),
            all_prefixes: self.has(Capabilities::MULTI_PREFIX),
            now: self.floor.unix_time(),
        };
        let (mut pen, community) = self.pen();
        if let Some(name) = ChannelName::parse(mask) {
            question.answer_channel(&mut pen, community, name);
        } else if let Some(id) = community.users.find(mask) {
            question.answer_user(&mut pen, community, id);
        } else {
            question.answer_mask(&mut pen, community, if mask == "0" { "*" } else { mask });
        }
        pen.cut_short("WHO");
        pen.numeric(Numeric::RPL_ENDOFWHO, |line| line.quoted(mask));
    }
}

/// What somebody asks with `WHO`.
struct Question<'a> {
    asker: UserId,
    whox: Option<WhoxRequest<'a>>,
    only_operators: bool,
    all_prefixes: bool,
    /// In milliseconds since 1970-01-01 UTC.
    now: u64,
}

/// One user, as `WHO` shows them.
struct Shown<'a> {
    user: &'a User,
    /// The channel that is shown, or `*`.
    channel: &'a str,
    /// Here or gone, operator, bot, prefixes.
    flags: &'a str,
}

impl Question<'_> {
    fn answer_channel(&self, pen: &mut Pen<'_>, community: &Community, name: ChannelName<'_>) {
        let Some(room) = community
            .room(name.room())
            .filter(|room| community.is_visible(room, self.asker))
        else {
            return;
        };
        let is_member = community.is_member(room, self.asker);
        let shown = channel(&room.name);
        for (id, user, ranks) in community.members(room) {
            if is_member || community.is_found(id, self.asker) {
                let prefixes = prefixes(ranks, self.all_prefixes);
                self.answer(pen, user, &shown, &prefixes);
            }
            if pen.is_full() {
                break;
            }
        }
    }

    fn answer_user(&self, pen: &mut Pen<'_>, community: &Community, id: UserId) {
        let Some(user) = community.user(id) else {
            return;
        };
        match self.common_room(community, user) {
            Some(room) => {
                let prefixes = prefixes(room.ranks(id).unwrap_or_default(), self.all_prefixes);
                self.answer(pen, user, &channel(&room.name), &prefixes);
            }
            None => self.answer(pen, user, "*", ""),
        }
    }

    fn answer_mask(&self, pen: &mut Pen<'_>, community: &Community, mask: &str) {
        for (id, user) in community.users.iter() {
            let is_meant = || {
                matches(mask, &user.name)
                    || matches(mask, user.username())
                    || matches(mask, user.host())
                    || Subject::new(user.real_name()).matches(mask)
                    || matches(mask, pen.server)
            };
            if community.is_found(id, self.asker) && is_meant() {
                self.answer_user(pen, community, id);
            }
            if pen.is_full() {
                break;
            }
        }
    }

    /// A channel in which both are.
    fn common_room<'c>(&self, community: &'c Community, user: &User) -> Option<&'c Room> {
        let own = community.user(self.asker)?;
        let common = user.rooms().iter().find(|room| own.is_in(room))?;
        community.room_by_key(common)
    }

    fn answer(&self, pen: &mut Pen<'_>, user: &User, channel: &str, prefixes: &str) {
        if self.only_operators && !user.is_operator() {
            return;
        }
        let mut flags = String::from(if user.away().is_some() { "G" } else { "H" });
        if user.is_operator() {
            flags.push('*');
        }
        if user.modes.contains(UserModes::BOT) {
            flags.push('B');
        }
        flags.push_str(prefixes);
        let shown = Shown {
            user,
            channel,
            flags: &flags,
        };
        match self.whox {
            Some(whox) => self.answer_fields(pen, &shown, whox),
            None => answer_plainly(pen, &shown),
        }
    }

    fn answer_fields(&self, pen: &mut Pen<'_>, shown: &Shown<'_>, whox: WhoxRequest<'_>) {
        let mut line = LineWriter::begin(pen.out);
        line.numeric(pen.server, Numeric::RPL_WHOSPCRPL, pen.nick);
        for field in whox.fields() {
            self.write_field(&mut line, pen.server, shown, field, whox.token());
        }
        line.end();
    }

    fn write_field(
        &self,
        line: &mut LineWriter<'_>,
        server: &str,
        shown: &Shown<'_>,
        field: WhoxField,
        token: &str,
    ) {
        let user = shown.user;
        let spoke = user.extra().map_or(user.since, |extra| extra.spoke);
        match field {
            WhoxField::Token => line.word(token),
            WhoxField::Channel => line.word(shown.channel),
            WhoxField::User => line.word(user.username()),
            WhoxField::Address => line.word("255.255.255.255"),
            WhoxField::Host => line.word(user.host()),
            WhoxField::Server => line.word(server),
            WhoxField::Nick => line.word(&user.name),
            WhoxField::Flags => line.word(shown.flags),
            WhoxField::Hops | WhoxField::Account => line.word("0"),
            WhoxField::Idle => line.shown(self.now.saturating_sub(spoke) / 1000),
            WhoxField::Level => line.word("n/a"),
            WhoxField::RealName => line.text(user.real_name()),
        }
    }
}

fn answer_plainly(pen: &mut Pen<'_>, shown: &Shown<'_>) {
    let user = shown.user;
    let server = pen.server;
    pen.numeric(Numeric::RPL_WHOREPLY, |line| {
        line.word(shown.channel);
        line.word(user.username());
        line.word(user.host());
        line.word(server);
        line.word(&user.name);
        line.word(shown.flags);
        line.text_shown(format_args!("0 {}", user.real_name()));
    });
}
