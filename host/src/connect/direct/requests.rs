//! What the user asks for.

use std::str;

use super::login::NAME;
use super::{Direct, GRAMMAR, Login};
use crate::connect::command::{Arguments, Verb};
use crate::connect::request::told;
use crate::connect::talk::Entered;
use crate::connect::target::Target;

impl Direct {
    pub(super) fn say(&mut self, line: &[u8]) -> Entered {
        let Ok(line) = str::from_utf8(line) else {
            return Entered::Hint("not sent: the text is not UTF-8".to_owned());
        };
        let addressed = line.strip_prefix('@').map(|rest| rest.split_once(' '));
        let asked = match (line, addressed, &self.target) {
            ("!quit", ..) => return Entered::Leave,
            ("!users" | "!who", ..) => self.client.list(),
            (_, Some(Some((to, text))), _) => self.client.send(to, text),
            (_, None, Target::User(to)) if !line.is_empty() && !line.starts_with('!') => {
                self.client.send(to, line)
            }
            _ => return Entered::Hint(USAGE.to_owned()),
        };
        told(asked, NAME)
    }

    pub(super) fn obey(&mut self, verb: Verb, arguments: Arguments<'_>) -> Entered {
        let Arguments { name, text } = arguments;
        match verb {
            Verb::Quit => return Entered::Leave,
            Verb::Help => return Entered::Hints(help()),
            _ if self.login != Login::LoggedIn => {
                return Entered::Hint("log in first".to_owned());
            }
            _ => {}
        }
        let asked = match (verb, &self.writer) {
            (Verb::Who, _) => self.client.list(),
            (Verb::Message, _) => self.client.send(name, text),
            (Verb::Reply, Some(writer)) => self.client.send(writer, text),
            (Verb::Reply, None) => {
                return Entered::Hint("nobody has written to you yet".to_owned());
            }
            _ => {
                self.target = Target::user(name);
                Ok(())
            }
        };
        told(asked, NAME)
    }
}

fn help() -> Vec<String> {
    let commands = GRAMMAR.verbs.iter().map(|verb| verb.help());
    let short = "@name text, !users (or !who) and !quit are short for three of them.";
    commands.chain([short.to_owned()]).collect()
}

pub(super) const USAGE: &str = "type '@name text' to send a message, '!users' (or '!who') to see who is here, \
                     '!quit' to leave";
