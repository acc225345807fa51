//! `rooms`: section 6, row by row.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Bounds;
use linechat_protocol::{CloseReason, Dialect};

use super::Everybody;
use super::community::People;

pub(super) struct Rooms {
    rooms: BTreeMap<String, BTreeSet<String>>,
    max_line: usize,
    max_rooms: usize,
    max_rooms_per_user: usize,
    /// Where other dialects are served, too, what is public is said in a room of this name.
    lobby: Option<&'static str>,
}

impl Rooms {
    pub(super) fn new(limits: &Bounds, is_mixed: bool) -> Self {
        Self {
            lobby: is_mixed.then_some("lobby"),
            rooms: BTreeMap::new(),
            max_line: limits.max_line,
            max_rooms: limits.max_rooms,
            max_rooms_per_user: limits.max_rooms_per_user,
        }
    }

    fn register(&mut self, people: &mut People, all: &mut Everybody, who: usize, line: &[u8]) {
        let nick = String::from_utf8_lossy(line).into_owned();
        let is_alphanumeric = nick.chars().all(|c| c.is_ascii_alphanumeric());
        if !is_alphanumeric || nick.is_empty() || nick.len() > 32 {
            all.close(who, CloseReason::MalformedNickname);
        } else if let Some(&owner) = people.names.get(&nick) {
            assert_ne!(owner, who);
            all.close(who, CloseReason::NicknameInUse);
        } else {
            people.names.insert(nick, who);
            all.parties[who].is_logged_in = true;
        }
    }

    /// What the sender is answered.
    fn answer(
        &mut self,
        people: &People,
        all: &mut Everybody,
        who: usize,
        nick: &str,
        line: &str,
    ) -> Option<String> {
        if line.is_empty() {
            return None;
        }
        if let Some(rest) = line.strip_prefix('#') {
            return private(people, all, nick, rest);
        }
        if let Some(rest) = line.strip_prefix('@') {
            return self.to_room(people, all, nick, rest);
        }
        if line.starts_with('!') {
            return self.command(people, all, who, nick, line);
        }
        for other in people.who_speak(all, Dialect::ROOMS) {
            if other != who {
                all.tell(other, format!("{nick}: {line}\r\n"));
            }
        }
        None
    }

    fn to_room(
        &self,
        people: &People,
        all: &mut Everybody,
        nick: &str,
        rest: &str,
    ) -> Option<String> {
        let Some((room, text)) = name_and_text(rest) else {
            return Some("!error usage: @room text".into());
        };
        if !self.is_room_name(room) {
            return Some(format!("!error bad room name: {}", cut(room)));
        }
        let Some(members) = self.rooms.get(room) else {
            return Some(format!("!error no such room: {room}"));
        };
        if !members.contains(nick) {
            return Some(format!("!error you are not in room: {room}"));
        }
        for member in members {
            all.tell(people.names[member], format!("@{room} {nick}: {text}\r\n"));
        }
        None
    }

    fn command(
        &mut self,
        people: &People,
        all: &mut Everybody,
        who: usize,
        nick: &str,
        line: &str,
    ) -> Option<String> {
        let (command, argument) = line.split_once(' ').unwrap_or((line, ""));
        match command {
            "!enter" | "!leave" | "!members" if argument.is_empty() => {
                Some(format!("!error usage: {command} room"))
            }
            "!enter" | "!leave" | "!members" if !self.is_room_name(argument) => {
                Some(format!("!error bad room name: {}", cut(argument)))
            }
            "!users" | "!rooms" | "!help" | "!quit" if !argument.is_empty() => {
                Some(format!("!error usage: {command}"))
            }
            "!enter" => self.enter(nick, argument),
            "!leave" => {
                self.leave(nick, argument);
                None
            }
            "!members" => match self.rooms.get(argument) {
                Some(members) => Some(list(members)),
                None => Some(format!("!error no such room: {argument}")),
            },
            "!users" => Some(list(people.names.keys())),
            "!rooms" => Some(list(self.rooms.keys())),
            "!help" => Some(HELP.into()),
            "!quit" => {
                all.close(who, CloseReason::Quit);
                None
            }
            _ => Some(format!(
                "!error unknown command: {} (try !help)",
                cut(command)
            )),
        }
    }

    fn enter(&mut self, nick: &str, room: &str) -> Option<String> {
        let is_member = |members: &BTreeSet<String>| members.contains(nick);
        if self.rooms.get(room).is_some_and(is_member) {
            return None;
        }
        let entered = self
            .rooms
            .values()
            .filter(|members| is_member(members))
            .count();
        let is_new = !self.rooms.contains_key(room);
        if entered >= self.max_rooms_per_user || (is_new && self.rooms.len() >= self.max_rooms) {
            return Some("!error too many rooms".into());
        }
        self.rooms
            .entry(room.into())
            .or_default()
            .insert(nick.into());
        None
    }

    fn leave(&mut self, nick: &str, room: &str) {
        if let Some(members) = self.rooms.get_mut(room) {
            members.remove(nick);
        }
        self.rooms.retain(|_, members| !members.is_empty());
    }
}

impl Rooms {
    fn is_room_name(&self, name: &str) -> bool {
        is_room_name(name) && self.lobby != Some(name)
    }

    pub(super) fn said(
        &mut self,
        people: &mut People,
        all: &mut Everybody,
        who: usize,
        content: &[u8],
    ) {
        let Some(nick) = people.name_of(who) else {
            return self.register(people, all, who, content);
        };
        let answer = match String::from_utf8(content.to_vec()) {
            Ok(line) if is_plain(&line) => self.answer(people, all, who, &nick, &line),
            _ => Some("!error message is not plain text".into()),
        };
        if let Some(answer) = answer {
            all.tell(who, answer + "\r\n");
        }
    }

    pub(super) fn said_too_much(&self, people: &People, all: &mut Everybody, who: usize) {
        if people.name_of(who).is_none() {
            all.close(who, CloseReason::MalformedNickname);
        } else {
            let max = self.max_line;
            all.tell(who, format!("!error line is longer than {max} bytes\r\n"));
        }
    }

    pub(super) fn left(&mut self, nick: &str) {
        for room in self.rooms.keys().cloned().collect::<Vec<_>>() {
            self.leave(nick, &room);
        }
    }
}

fn private(people: &People, all: &mut Everybody, nick: &str, rest: &str) -> Option<String> {
    let Some((to, text)) = name_and_text(rest) else {
        return Some("!error usage: #nick text".into());
    };
    let is_there = people.write(all, nick, to, text);
    (!is_there).then(|| format!("!error no such user: {}", cut(to)))
}

/// Section 1, the text rule.
pub(super) fn is_plain(text: &str) -> bool {
    text.chars().all(|character| {
        let code = u32::from(character);
        let is_c0 = code < 0x20 && character != '\t';
        let is_c1 = (0x80..0xA0).contains(&code);
        let is_separator = code == 0x2028 || code == 0x2029;
        let is_bidi = (0x202A..=0x202E).contains(&code) || (0x2066..=0x2069).contains(&code);
        !(is_c0 || code == 0x7F || is_c1 || is_separator || is_bidi)
    })
}

fn name_and_text(rest: &str) -> Option<(&str, &str)> {
    let (name, text) = rest.split_once(' ')?;
    (!name.is_empty() && !text.is_empty()).then_some((name, text))
}

fn is_room_name(name: &str) -> bool {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !name.is_empty() && name.len() <= 32 && name.chars().all(is_legal)
}

fn list<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    let mut names: Vec<_> = names.into_iter().map(String::as_str).collect();
    names.sort_by_key(|name| name.as_bytes());
    names.join(" ")
}

/// Whole characters, at most 64 bytes.
fn cut(text: &str) -> String {
    let mut quoted = text.to_owned();
    while quoted.len() > 64 {
        quoted.pop();
    }
    quoted
}

const HELP: &str = "!help text | #nick text | @room text | !users | !enter room | !leave room \
                    | !rooms | !members room | !help | !quit";
