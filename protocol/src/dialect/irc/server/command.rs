//! Which commands there are.

use super::caller::Caller;
use crate::dialect::irc::message::Message;
use crate::dialect::irc::numeric::Numeric;
use crate::dialect::irc::tags::Tags;

/// A command of clients.
struct Entry {
    name: &'static str,
    /// How many parameters it needs.
    params: usize,
    /// Whether it is for those, too, who are not registered.
    is_for_guests: bool,
    obey: fn(&mut Caller<'_>, &[&str], Tags<'_>),
}

macro_rules! commands {
    ($($name:literal $params:literal $who:ident $obey:ident $($tags:ident)?,)*) => {
        /// All of them, sorted by name.
        static COMMANDS: &[Entry] = &[$(Entry {
            name: $name,
            params: $params,
            is_for_guests: commands!(@$who),
            obey: |caller, params, _tags| caller.$obey(params $(, commands!(@$tags _tags))?),
        },)*];
    };
    (@tags $tags:ident) => { $tags };
    (@guests) => { true };
    (@users) => { false };
}

commands! {
    "ADMIN" 0 users admin,
    "AWAY" 0 users away,
    "CAP" 0 guests cap,
    "HELP" 0 users help,
    "HELPOP" 0 users help,
    "INFO" 0 users info,
    "INVITE" 0 users invite,
    "ISON" 1 users ison,
    "JOIN" 1 users join,
    "KICK" 2 users kick,
    "KILL" 2 users kill,
    "LINKS" 0 users links,
    "LIST" 0 users list,
    "LUSERS" 0 users lusers,
    "MAP" 0 users map,
    "MODE" 1 users mode,
    "MONITOR" 1 users monitor,
    "MOTD" 0 users motd,
    "NAMES" 0 users names,
    "NICK" 0 guests nick,
    "NOTICE" 0 users notice tags,
    "OPER" 2 users oper,
    "PART" 1 users part,
    "PASS" 1 guests pass,
    "PING" 0 guests ping,
    "PONG" 0 guests pong,
    "PRIVMSG" 0 users privmsg tags,
    "QUIT" 0 guests quit,
    "REHASH" 0 users rehash,
    "SETNAME" 1 users setname,
    "TAGMSG" 1 users tagmsg tags,
    "TIME" 0 users time,
    "TOPIC" 1 users topic,
    "USER" 4 guests user_command,
    "USERHOST" 1 users userhost,
    "VERSION" 0 users version,
    "WALLOPS" 1 users wallops,
    "WHO" 0 users who,
    "WHOIS" 0 users whois,
    "WHOWAS" 0 users whowas,
}

/// The names of all commands.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|command| command.name)
}

fn find(name: &str) -> Option<&'static Entry> {
    let mut commands = COMMANDS.iter();
    commands.find(|command| command.name.eq_ignore_ascii_case(name))
}

impl Caller<'_> {
    /// Does what a message asks for, if it can be asked for.
    pub(super) fn obey(&mut self, message: &Message<'_>) {
        let is_registered = self.user_id().is_some();
        let Some(command) = find(message.command) else {
            if !is_registered {
                return self.numeric(Numeric::ERR_NOTREGISTERED, |_| {});
            }
            return self.numeric(Numeric::ERR_UNKNOWNCOMMAND, |line| {
                line.quoted(message.command);
            });
        };
        if !is_registered && !command.is_for_guests {
            return self.numeric(Numeric::ERR_NOTREGISTERED, |_| {});
        }
        let params = message.params.as_slice();
        if params.len() < command.params {
            return self.needs_more_params(command.name);
        }
        (command.obey)(self, params, message.tags);
    }

    pub(super) fn needs_more_params(&mut self, command: &str) {
        self.numeric(Numeric::ERR_NEEDMOREPARAMS, |line| line.word(command));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_sorted_and_found_in_any_case() {
        assert!(COMMANDS.is_sorted_by_key(|command| command.name));
        for name in names() {
            assert_eq!(find(&name.to_ascii_lowercase()).unwrap().name, name);
        }
        assert!(find("FOO").is_none());
    }
}
