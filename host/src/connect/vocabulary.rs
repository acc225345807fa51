//! What can be typed: commands, and the names that were seen.

use std::collections::{BTreeSet, VecDeque};
use std::str;

use linechat_protocol::rooms::{Reply, Request};

/// The words that can be completed.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// As they stand at the beginning of a line.
    commands: &'static [&'static str],
    /// Whether lines mean what they do in `rooms`.
    has_rooms: bool,
    users: BTreeSet<String>,
    rooms: BTreeSet<String>,
    /// The lists that the server was asked for and has not sent. What a list is of, it does not
    /// say.
    lists: VecDeque<List>,
}

/// A list that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum List {
    Users,
    Rooms,
    /// Who is in this room.
    Members(String),
}

impl Vocabulary {
    /// Commands alone.
    pub(super) fn of(commands: &'static [&'static str]) -> Self {
        Self {
            commands,
            ..Self::default()
        }
    }

    /// What can be typed in `rooms`.
    pub(super) fn of_rooms() -> Self {
        Self {
            has_rooms: true,
            ..Self::of(&[
                "!enter", "!help", "!leave", "!members", "!quit", "!rooms", "!users", "/quit",
            ])
        }
    }

    /// Learns from what the user sends.
    pub(super) fn user_said(&mut self, line: &[u8]) {
        if !self.has_rooms {
            return;
        }
        match Request::parse(line) {
            Ok(Request::Users) => self.expect(List::Users),
            Ok(Request::Rooms) => self.expect(List::Rooms),
            Ok(Request::Members(room)) => self.expect(List::Members(room.as_str().to_owned())),
            Ok(Request::Enter(room)) => self.learn_room(room.as_str()),
            _ => {}
        }
    }

    /// Learns from what the server sends.
    pub(super) fn server_said(&mut self, line: &[u8]) {
        if !self.has_rooms {
            return;
        }
        match Reply::parse(line) {
            Some(Reply::Public { from, .. } | Reply::Private { from, .. }) => {
                self.learn_user(from.as_str());
            }
            Some(Reply::Room { room, from, .. }) => {
                self.learn_room(room.as_str());
                self.learn_user(from.as_str());
            }
            Some(Reply::List(names)) => self.list_came(names),
            Some(Reply::Error(error)) => {
                if let Some(List::Members(room)) = self.lists.front()
                    && error.ends_with(room.as_str())
                {
                    self.lists.pop_front();
                }
            }
            _ => {}
        }
    }

    /// A name was seen.
    pub(super) fn learn_user(&mut self, name: &str) {
        learn(&mut self.users, name);
    }

    /// What the last word before the cursor can become.
    pub(super) fn completions(&self, before_cursor: &str) -> Vec<String> {
        let (before, word) = before_cursor
            .rsplit_once(' ')
            .unwrap_or(("", before_cursor));
        let is_first = word.len() == before_cursor.len();
        let starts = |candidate: &String| candidate.starts_with(word) && candidate != word;
        let marked = |names: &BTreeSet<String>, mark: &str| -> Vec<String> {
            names
                .iter()
                .map(|name| format!("{mark}{name}"))
                .filter(starts)
                .collect()
        };
        match word.chars().next() {
            Some('!' | '/') if is_first => self
                .commands
                .iter()
                .map(ToString::to_string)
                .filter(starts)
                .collect(),
            Some('#') if is_first && self.has_rooms => marked(&self.users, "#"),
            Some('@') if is_first && self.has_rooms => marked(&self.rooms, "@"),
            Some('@') if is_first => marked(&self.users, "@"),
            _ if matches!(before, "!enter" | "!leave" | "!members") => marked(&self.rooms, ""),
            None if is_first => self.commands.iter().map(ToString::to_string).collect(),
            None => Vec::new(),
            Some(_) => marked(&self.users, ""),
        }
    }

    fn expect(&mut self, list: List) {
        if self.lists.len() < MAX_NAMES {
            self.lists.push_back(list);
        }
    }

    fn list_came(&mut self, names: &str) {
        let names: Vec<_> = str::split_whitespace(names).collect();
        match self.lists.pop_front() {
            Some(List::Users | List::Members(_)) => {
                names.into_iter().for_each(|name| self.learn_user(name));
            }
            Some(List::Rooms) => names.into_iter().for_each(|name| self.learn_room(name)),
            None => {}
        }
    }

    fn learn_room(&mut self, name: &str) {
        learn(&mut self.rooms, name);
    }
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

    #[test]
    fn names_are_learnt_from_what_comes_and_completed_where_they_fit() {
        let mut words = Vocabulary::of_rooms();
        words.server_said(b"alice: hi");
        words.server_said(b"@den albert: hi");
        assert_eq!(words.completions("#al"), ["#albert", "#alice"]);
        assert_eq!(words.completions("@"), ["@den"]);
        assert_eq!(words.completions("hello al"), ["albert", "alice"]);
        assert_eq!(words.completions("!leave d"), ["den"]);
        assert_eq!(words.completions("!l"), ["!leave"]);
        assert_eq!(words.completions("#alice"), [""; 0]);
    }

    #[test]
    fn a_list_is_of_what_was_asked_for() {
        let mut words = Vocabulary::of_rooms();
        for request in ["!members gone", "!rooms", "!users"] {
            words.user_said(request.as_bytes());
        }
        words.server_said(b"!error no such room: gone");
        words.server_said(b"den hall");
        words.server_said(b"alice bob");
        assert_eq!(words.completions("@"), ["@den", "@hall"]);
        assert_eq!(words.completions("#"), ["#alice", "#bob"]);
    }

    #[test]
    fn what_a_server_makes_one_remember_is_bounded() {
        let mut words = Vocabulary::of_rooms();
        for number in 0..MAX_NAMES + 10 {
            words.server_said(format!("n{number}: hi").as_bytes());
        }
        assert_eq!(words.completions("#n").len(), MAX_NAMES);
    }
}
