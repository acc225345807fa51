//! What Tab can complete: commands, and the names that were seen.

use std::collections::BTreeSet;

use linechat_protocol::Names;

use super::command::{Argument, Verb};

/// What lines are made of in a dialect.
#[derive(Debug)]
pub(super) struct Grammar {
    pub(super) verbs: &'static [Verb],
    /// The commands of the protocol itself, with a blank behind those that need something more.
    pub(super) commands: &'static [&'static str],
    /// What is before a user's name at the beginning of a line.
    pub(super) user_mark: Option<char>,
    pub(super) room_mark: Option<char>,
}

/// The words that can be completed.
#[derive(Debug)]
pub(super) struct Words {
    grammar: &'static Grammar,
    users: BTreeSet<String>,
    rooms: BTreeSet<String>,
}

impl Words {
    pub(super) fn of(grammar: &'static Grammar) -> Self {
        Self {
            grammar,
            users: BTreeSet::new(),
            rooms: BTreeSet::new(),
        }
    }

    /// A user's name was seen.
    pub(super) fn learn_user(&mut self, name: &str) {
        learn(&mut self.users, name);
    }

    /// A room's name was seen.
    pub(super) fn learn_room(&mut self, name: &str) {
        learn(&mut self.rooms, name);
    }

    /// What the last word before the cursor can become, so that the line can be entered then, or
    /// lacks nothing but what only the user knows.
    pub(super) fn completions(&self, before_cursor: &str) -> Vec<String> {
        let (before, word) = match before_cursor.rsplit_once(' ') {
            None => return self.first(before_cursor),
            Some(split) => split,
        };
        let candidates = match self.argument(before) {
            Some(Argument::Room | Argument::MaybeRoom) => names(&self.rooms, "", ""),
            Some(Argument::UserAndText) => names(&self.users, "", " "),
            Some(Argument::MaybeUser) => names(&self.users, "", ""),
            Some(Argument::None) => Vec::new(),
            Some(Argument::Text) | None if word.is_empty() => Vec::new(),
            Some(Argument::Text) | None => names(&self.users, "", ""),
        };
        matching(candidates, word)
    }

    /// What the first word of a line can become.
    fn first(&self, word: &str) -> Vec<String> {
        let grammar = self.grammar;
        let candidates = match word.chars().next() {
            None | Some('/') => grammar.verbs.iter().map(|verb| command(*verb)).collect(),
            Some('!') => grammar.commands.iter().map(ToString::to_string).collect(),
            mark if mark == grammar.user_mark => names(
                &self.users,
                &mark.map_or_else(String::new, String::from),
                " ",
            ),
            mark if mark == grammar.room_mark => names(
                &self.rooms,
                &mark.map_or_else(String::new, String::from),
                " ",
            ),
            _ => names(&self.users, "", ""),
        };
        matching(candidates, word)
    }

    /// What comes behind the first word of a line, if it is a command and the line ends there.
    fn argument(&self, before: &str) -> Option<Argument> {
        let verb = self.grammar.verbs.iter().find(|verb| verb.word() == before);
        let needs_room = || {
            let commands = self.grammar.commands.iter();
            let mut needing = commands.filter_map(|command| command.strip_suffix(' '));
            needing
                .any(|command| command == before)
                .then_some(Argument::Room)
        };
        verb.map(|verb| verb.argument()).or_else(needs_room)
    }
}

/// Names for people.
pub(super) fn enumerated(names: &Names) -> String {
    let names: Vec<_> = names.iter().collect();
    match names[..] {
        [] => "none".to_owned(),
        _ => names.join(", "),
    }
}

fn command(verb: Verb) -> String {
    let blank = if verb.argument().is_needed() { " " } else { "" };
    format!("{}{blank}", verb.word())
}

fn names(names: &BTreeSet<String>, mark: &str, end: &str) -> Vec<String> {
    let names = names.iter();
    names.map(|name| format!("{mark}{name}{end}")).collect()
}

fn matching(candidates: Vec<String>, word: &str) -> Vec<String> {
    let mut candidates = candidates;
    candidates.retain(|candidate| candidate.starts_with(word) && candidate != word);
    candidates
}

fn learn(names: &mut BTreeSet<String>, name: &str) {
    if names.len() < MAX_NAMES && !names.contains(name) {
        names.insert(name.to_owned());
    }
}

/// How many names of a kind are remembered. A server may send any number.
const MAX_NAMES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    const GRAMMAR: Grammar = Grammar {
        verbs: &[Verb::Join, Verb::Quit, Verb::Query, Verb::Message],
        commands: &["!enter ", "!users"],
        user_mark: Some('#'),
        room_mark: Some('@'),
    };

    #[test]
    fn what_was_completed_can_be_entered_or_lacks_what_the_user_knows() {
        let mut words = Words::of(&GRAMMAR);
        ["alice", "albert"]
            .iter()
            .for_each(|name| words.learn_user(name));
        words.learn_room("den");
        for (before, after) in [
            ("/j", &["/join "][..]),
            ("/q", &["/quit", "/query"]),
            ("/quit", &[]),
            ("/quit ", &[]),
            ("!u", &["!users"]),
            ("!users", &[]),
            ("!e", &["!enter "]),
            ("!enter ", &["den"]),
            ("/join d", &["den"]),
            ("#al", &["#albert ", "#alice "]),
            ("#alice", &["#alice "]),
            ("@", &["@den "]),
            ("/msg ali", &["alice "]),
            ("/query ali", &["alice"]),
            ("ali", &["alice"]),
            ("hello ali", &["alice"]),
            ("hello ", &[]),
            ("/msg alice ali", &["alice"]),
        ] {
            assert_eq!(words.completions(before), after, "{before:?}");
        }
    }

    #[test]
    fn what_a_server_makes_one_remember_is_bounded() {
        let mut words = Words::of(&GRAMMAR);
        (0..MAX_NAMES + 10).for_each(|number| words.learn_user(&format!("n{number}")));
        assert_eq!(words.completions("#n").len(), MAX_NAMES);
    }
}
