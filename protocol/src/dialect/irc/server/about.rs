//! What the server tells of itself: `MOTD`, `VERSION`, `TIME`, `INFO`, `ADMIN`, `HELP`.

use alloc::string::String;
use alloc::vec::Vec;

use super::caller::Caller;
use super::command;
use super::registration::VERSION;
use crate::dialect::irc::numeric::Numeric;
use crate::dialect::irc::text::{split, tamed};
use crate::dialect::irc::timestamp::Timestamp;

impl Caller<'_> {
    pub(super) fn motd(&mut self, params: &[&str]) {
        if !self.is_for_this_server(params.first().copied()) {
            return;
        }
        let Some(motd) = self.shared.options.motd.clone() else {
            return self.numeric(Numeric::ERR_NOMOTD, |_| {});
        };
        let (mut pen, _) = self.pen();
        let server = pen.server;
        pen.numeric(Numeric::RPL_MOTDSTART, |line| {
            line.text_shown(format_args!("- {server} Message of the day -"));
        });
        for text in motd.lines() {
            for piece in split(&tamed(text, text.len()), MAX_MOTD_LINE) {
                pen.numeric(Numeric::RPL_MOTD, |line| {
                    line.text_shown(format_args!("- {piece}"));
                });
            }
            if pen.is_full() {
                break;
            }
        }
        pen.numeric(Numeric::RPL_ENDOFMOTD, |_| {});
    }

    pub(super) fn version(&mut self, params: &[&str]) {
        if !self.is_for_this_server(params.first().copied()) {
            return;
        }
        let (mut pen, _) = self.pen();
        let server = pen.server;
        pen.numeric(Numeric::RPL_VERSION, |line| {
            line.word(VERSION);
            line.word(server);
            line.text("");
        });
        self.tell_isupport();
    }

    pub(super) fn time(&mut self, params: &[&str]) {
        if !self.is_for_this_server(params.first().copied()) {
            return;
        }
        let now = Timestamp::from_millis(self.floor.unix_time());
        let (mut pen, _) = self.pen();
        let server = pen.server;
        pen.numeric(Numeric::RPL_TIME, |line| {
            line.word(server);
            line.text_shown(now.readable());
        });
    }

    pub(super) fn info(&mut self, params: &[&str]) {
        if !self.is_for_this_server(params.first().copied()) {
            return;
        }
        let since = Timestamp::from_millis(self.shared.since);
        let (mut pen, _) = self.pen();
        pen.numeric(Numeric::RPL_INFO, |line| {
            line.text_shown(format_args!("{VERSION}: a chat server for many protocols"));
        });
        pen.numeric(Numeric::RPL_INFO, |line| {
            line.text_shown(format_args!("On-line since {}", since.readable()));
        });
        pen.numeric(Numeric::RPL_ENDOFINFO, |_| {});
    }

    pub(super) fn admin(&mut self, params: &[&str]) {
        if !self.is_for_this_server(params.first().copied()) {
            return;
        }
        let network = self.shared.options.network.clone();
        let (mut pen, community) = self.pen();
        let server = pen.server;
        pen.numeric(Numeric::RPL_ADMINME, |line| line.word(server));
        pen.numeric(Numeric::RPL_ADMINLOC1, |line| line.text(&network));
        let operators = community.users.iter();
        let operators: Vec<&str> = operators
            .filter(|(_, user)| user.is_operator())
            .map(|(_, user)| &*user.name)
            .take(MAX_SHOWN_OPERATORS)
            .collect();
        let present = if operators.is_empty() {
            String::from("No operator is here")
        } else {
            operators.join(" ")
        };
        pen.numeric(Numeric::RPL_ADMINEMAIL, |line| line.text(&present));
    }

    pub(super) fn help(&mut self, params: &[&str]) {
        let Some(&subject) = params.first() else {
            return self.tell_commands();
        };
        let topic = TOPICS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(subject));
        let Some((name, text)) = topic else {
            return self.numeric(Numeric::ERR_HELPNOTFOUND, |line| line.quoted(subject));
        };
        self.tell_help(name, &[text]);
    }

    fn tell_commands(&mut self) {
        let names: Vec<_> = command::names().collect();
        let names = names.join(" ");
        let lines: Vec<_> = split(&names, MAX_HELP_LINE).collect();
        self.tell_help("*", &lines);
    }

    fn tell_help(&mut self, subject: &str, lines: &[&str]) {
        let (mut pen, _) = self.pen();
        pen.numeric(Numeric::RPL_HELPSTART, |line| {
            line.word(subject);
            line.text("What this server understands:");
        });
        for text in lines {
            pen.numeric(Numeric::RPL_HELPTXT, |line| {
                line.word(subject);
                line.text(text);
            });
        }
        pen.numeric(Numeric::RPL_ENDOFHELP, |line| {
            line.word(subject);
            line.text("That is all.");
        });
    }
}

/// How commands are written.
static TOPICS: [(&str, &str); 20] = [
    (
        "AWAY",
        "AWAY [:text]  says why you do not answer, or that you are back",
    ),
    (
        "INVITE",
        "INVITE nick #channel  asks somebody into a channel",
    ),
    (
        "JOIN",
        "JOIN #channel[,#channel] [key[,key]]  enters channels",
    ),
    (
        "KICK",
        "KICK #channel nick [:reason]  puts somebody out of a channel",
    ),
    (
        "LIST",
        "LIST [conditions]  lists channels: *mask*, !*mask*, >users, C<minutes, T<minutes",
    ),
    (
        "MODE",
        "MODE #channel [+|-modes] [parameters]  shows or changes what may be done in a channel",
    ),
    (
        "MONITOR",
        "MONITOR + nick[,nick] | - nick[,nick] | C | L | S  tells who comes and goes",
    ),
    ("NAMES", "NAMES #channel  tells who is in a channel"),
    ("NICK", "NICK name  takes another name"),
    (
        "NOTICE",
        "NOTICE target[,target] :text  like PRIVMSG, but nothing answers it",
    ),
    (
        "OPER",
        "OPER name password  makes you an operator of this server",
    ),
    (
        "PART",
        "PART #channel[,#channel] [:reason]  leaves channels",
    ),
    (
        "PRIVMSG",
        "PRIVMSG target[,target] :text  says something to a channel or somebody",
    ),
    ("QUIT", "QUIT [:reason]  ends the connection"),
    ("SETNAME", "SETNAME :real name  changes your real name"),
    (
        "TOPIC",
        "TOPIC #channel [:text]  shows or sets what a channel is about",
    ),
    (
        "WALLOPS",
        "WALLOPS :text  says something to all who have the mode +w; for operators",
    ),
    ("WHO", "WHO mask|#channel [o][%fields[,token]]  lists users"),
    ("WHOIS", "WHOIS nick  tells who somebody is"),
    ("WHOWAS", "WHOWAS nick [count]  tells who had a name before"),
];

const MAX_MOTD_LINE: usize = 400;
const MAX_HELP_LINE: usize = 400;
const MAX_SHOWN_OPERATORS: usize = 10;
