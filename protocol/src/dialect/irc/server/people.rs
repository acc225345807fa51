//! Who users are: `WHOIS`, `WHOWAS`, `USERHOST`, `ISON`; and what they say of themselves: `AWAY`,
//! `SETNAME`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::caller::{Caller, Pen};
use crate::community::modes::UserModes;
use crate::community::rooms::Room;
use crate::community::users::{User, UserId};
use crate::community::vocabulary::Command;
use crate::community::{Community, Departed};
use crate::dialect::irc::isupport::{MAX_AWAY, MAX_REAL_NAME};
use crate::dialect::irc::line::LineWriter;
use crate::dialect::irc::numeric::Numeric;
use crate::dialect::irc::target::targets;
use crate::dialect::irc::text::tamed;
use crate::dialect::irc::timestamp::Timestamp;
use crate::dialect::irc::translation::{channel, prefixes};

impl Caller<'_> {
    pub(super) fn whois(&mut self, params: &[&str]) {
        let names = match params {
            [] => return self.numeric(Numeric::ERR_NONICKNAMEGIVEN, |_| {}),
            [names] => names,
            [server, names, ..] => {
                if !self.is_for_this_server(Some(server)) {
                    return;
                }
                names
            }
        };
        // One target, as ISUPPORT says.
        let Some(name) = targets(names).next() else {
            return self.numeric(Numeric::ERR_NONICKNAMEGIVEN, |_| {});
        };
        let found = self.floor.community.users.find(name);
        match found {
            Some(id) => self.tell_who_is(id),
            None => self.numeric(Numeric::ERR_NOSUCHNICK, |line| line.quoted(name)),
        }
        self.numeric(Numeric::RPL_ENDOFWHOIS, |line| line.quoted(name));
    }

    fn tell_who_is(&mut self, id: UserId) {
        let Some(asker) = self.user_id() else { return };
        let now = self.floor.unix_time();
        let info = self.shared.options.network.clone();
        let (mut pen, community) = self.pen();
        let Some(user) = community.user(id) else {
            return;
        };
        pen.numeric(Numeric::RPL_WHOISUSER, |line| {
            line.word(&user.name);
            line.word(user.username());
            line.word(user.host());
            line.word("*");
            line.text(user.real_name());
        });
        tell_channels(&mut pen, community, user, id, asker);
        let server = pen.server;
        pen.numeric(Numeric::RPL_WHOISSERVER, |line| {
            line.word(&user.name);
            line.word(server);
            line.text(&info);
        });
        for (mode, numeric) in [
            (UserModes::OPERATOR, Numeric::RPL_WHOISOPERATOR),
            (UserModes::BOT, Numeric::RPL_WHOISBOT),
        ] {
            if user.modes.contains(mode) {
                pen.numeric(numeric, |line| line.word(&user.name));
            }
        }
        pen.tell_if_away(user);
        let may_see_address = id == asker || community.user(asker).is_some_and(User::is_operator);
        if let (true, Some(extra)) = (may_see_address, user.extra()) {
            pen.numeric(Numeric::RPL_WHOISHOST, |line| {
                line.word(&user.name);
                line.text_shown(format_args!("is connecting from *@{}", extra.address));
            });
        }
        let spoke = user.extra().map_or(user.since, |extra| extra.spoke);
        pen.numeric(Numeric::RPL_WHOISIDLE, |line| {
            line.word(&user.name);
            line.shown(now.saturating_sub(spoke) / 1000);
            line.shown(user.since / 1000);
        });
    }

    pub(super) fn whowas(&mut self, params: &[&str]) {
        let Some(&name) = params.first().filter(|name| !name.is_empty()) else {
            return self.numeric(Numeric::ERR_NONICKNAMEGIVEN, |_| {});
        };
        let count = params.get(1).and_then(|count| count.parse::<usize>().ok());
        let count = count.filter(|&count| count > 0).unwrap_or(usize::MAX);
        let (mut pen, community) = self.pen();
        let mut departed = community
            .departed()
            .filter(|departed| departed.name.eq_ignore_ascii_case(name))
            .take(count)
            .peekable();
        if departed.peek().is_none() {
            pen.numeric(Numeric::ERR_WASNOSUCHNICK, |line| line.quoted(name));
        }
        for departed in departed {
            tell_who_was(&mut pen, departed);
        }
        pen.numeric(Numeric::RPL_ENDOFWHOWAS, |line| line.quoted(name));
    }

    pub(super) fn userhost(&mut self, params: &[&str]) {
        let (mut pen, community) = self.pen();
        let found = params.iter().take(MAX_USERHOST);
        let found: Vec<String> = found
            .filter_map(|name| community.find(name))
            .map(|user| {
                let operator = if user.is_operator() { "*" } else { "" };
                let here = if user.away().is_some() { '-' } else { '+' };
                let (username, host) = (user.username(), user.host());
                format!("{}{operator}={here}{username}@{host}", user.name)
            })
            .collect();
        pen.numeric(Numeric::RPL_USERHOST, |line| line.text(&found.join(" ")));
    }

    pub(super) fn ison(&mut self, params: &[&str]) {
        let (mut pen, community) = self.pen();
        let names = params.iter().flat_map(|names| names.split(' '));
        let here: Vec<&str> = names
            .filter_map(|name| community.find(name))
            .map(|user| &*user.name)
            .collect();
        pen.numeric(Numeric::RPL_ISON, |line| line.text(&here.join(" ")));
    }

    pub(super) fn away(&mut self, params: &[&str]) {
        let text = params.first().copied().unwrap_or_default();
        let text = &tamed(text, MAX_AWAY);
        self.propose(&Command::SetAway { text });
    }

    pub(super) fn setname(&mut self, params: &[&str]) {
        let real_name = params[0];
        if real_name.is_empty() || real_name.len() > MAX_REAL_NAME {
            return self.fail(
                "SETNAME",
                "INVALID_REALNAME",
                "Real name is empty or too long",
            );
        }
        let real_name = &tamed(real_name, MAX_REAL_NAME);
        self.propose(&Command::SetRealName { real_name });
    }
}

/// The channels of a user that the asker may see, as many lines as they need.
fn tell_channels(pen: &mut Pen<'_>, community: &Community, user: &User, id: UserId, asker: UserId) {
    let lobby = community.attends(user).then(|| community.lobby());
    let rooms = user.rooms().iter();
    let rooms = rooms.filter_map(|key| community.room_by_key(key));
    let is_shown = |room: &&Room| community.is_visible(room, asker);
    let mut shown = rooms
        .chain(lobby)
        .filter(is_shown)
        .map(|room| {
            let prefixes = prefixes(room.ranks(id).unwrap_or_default(), true);
            prefixes + &channel(&room.name)
        })
        .peekable();
    if !community.is_found(id, asker) {
        return;
    }
    while shown.peek().is_some() && !pen.is_full() {
        let mut line = LineWriter::begin(pen.out);
        line.numeric(pen.server, Numeric::RPL_WHOISCHANNELS, pen.nick);
        line.word(&user.name);
        line.begin_text();
        let mut separator = "";
        while let Some(name) = shown.next_if(|name| name.len() + separator.len() <= line.room()) {
            line.more(separator);
            line.more(&name);
            separator = " ";
        }
        line.end();
    }
}

fn tell_who_was(pen: &mut Pen<'_>, departed: &Departed) {
    pen.numeric(Numeric::RPL_WHOWASUSER, |line| {
        line.word(&departed.name);
        line.word(&departed.username);
        line.word(&departed.host);
        line.word("*");
        line.text(&departed.real_name);
    });
    let server = pen.server;
    pen.numeric(Numeric::RPL_WHOISSERVER, |line| {
        line.word(&departed.name);
        line.word(server);
        line.text_shown(Timestamp::from_millis(departed.at).readable());
    });
}

/// How many names `USERHOST` takes (RFC 1459).
const MAX_USERHOST: usize = 5;
