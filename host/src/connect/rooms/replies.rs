//! What the server says.

use linechat_protocol::rooms::{Asked, Event};
use linechat_protocol::{Names, Violation};

use super::{Rooms, Stage};
use crate::connect::talk::{End, Message, Said};
use crate::connect::words::enumerated;

impl Rooms {
    pub(super) fn understand(&mut self, event: Event) -> Option<Said> {
        let words = match event {
            Event::Public { from, text } => return Some(self.message(String::new(), from, text)),
            Event::Private { from, text } => {
                self.writer = Some(from.clone());
                return Some(self.message("#".to_owned(), from, text));
            }
            // One's own words are on the screen since they were typed.
            Event::Room { from, .. } if self.nick.as_deref() == Some(&*from) => return None,
            Event::Room { room, from, text } => {
                self.words.learn_room(&room);
                return Some(self.message(format!("@{room} "), from, text));
            }
            Event::Users(names) => return Some(self.users(&names)),
            Event::Rooms(names) => {
                names.iter().for_each(|room| self.words.learn_room(room));
                format!("rooms: {}", enumerated(&names))
            }
            Event::Members { room, names } => {
                names.iter().for_each(|nick| self.words.learn_user(nick));
                format!("in {room}: {}", enumerated(&names))
            }
            Event::Help(text) => text,
            Event::Refused { request, error } => {
                self.refused(request);
                return Some(Said::Hint(error));
            }
            Event::NicknameRefused => {
                self.nickname_refused();
                return None;
            }
            Event::Violation(violation) => return Some(foreign(&violation)),
            _ => return Some(Said::End(End::Closed)),
        };
        Some(Said::Line(words.into_bytes()))
    }

    pub(super) fn message(&mut self, place: String, from: String, text: String) -> Said {
        self.words.learn_user(&from);
        Said::Message(Message {
            is_private: place == "#",
            place,
            from,
            text,
            me: self.nick.clone(),
        })
    }

    pub(super) fn refused(&mut self, request: Option<Asked>) {
        match request {
            Some(Asked::Enter { room } | Asked::SayIn { room }) => self.has_left(&room),
            Some(Asked::Users) => self.is_in(),
            _ => {}
        }
    }

    /// Who is here; for the first time, that is the confirmation of the nickname.
    pub(super) fn users(&mut self, names: &Names) -> Said {
        names.iter().for_each(|nick| self.words.learn_user(nick));
        let Stage::Confirming(_) = self.stage else {
            return Said::Line(format!("users: {}", enumerated(names)).into_bytes());
        };
        let again = if self.was_in { " again" } else { "" };
        let nick = self.nick.clone().unwrap_or_default();
        let users = enumerated(names);
        self.is_in();
        Said::Hint(format!(
            "you are {nick}{again}; users: {users}; /help says what can be typed"
        ))
    }
}

/// Another server of this kind may say more than ours.
fn foreign(violation: &Violation) -> Said {
    match violation {
        Violation::NotInProtocol { line } | Violation::Unasked { line } => Said::Line(line.clone()),
        other => Said::Hint(other.to_string()),
    }
}
