//! What the user asks for.

use linechat_protocol::RequestError;
use linechat_protocol::rooms::{Nickname, Request};

use super::registration::NICKNAME;
use super::{GRAMMAR, Rooms, Stage};
use crate::connect::command::{Arguments, Verb};
use crate::connect::request;
use crate::connect::talk::Entered;
use crate::connect::target::Target;

impl Rooms {
    pub(super) fn say(&mut self, line: &[u8]) -> Entered {
        match Request::parse(line) {
            Ok(Request::Nothing) => Entered::GoOn,
            Ok(Request::Public { text }) => self.say_to_target(text),
            Ok(request) => self.request(request),
            Err(refusal) => Entered::Hint(format!("not sent: {refusal}")),
        }
    }

    pub(super) fn say_to_target(&mut self, text: &str) -> Entered {
        let asked = match &self.target {
            Target::Nobody => self.client.say(text),
            Target::User(nick) => self.client.say_to(nick, text),
            Target::Room(room) => self.client.say_in(room, text),
        };
        told(asked)
    }

    pub(super) fn request(&mut self, request: Request<'_>) -> Entered {
        let asked = self.client.request(request);
        match request {
            _ if asked.is_err() => {}
            Request::Enter(room) => self.has_entered(room.as_str()),
            Request::Leave(room) => self.has_left(room.as_str()),
            Request::Quit => return Entered::Leave,
            _ => {}
        }
        told(asked)
    }

    pub(super) fn has_entered(&mut self, room: &str) {
        self.words.learn_room(room);
        self.entered.insert(room.to_owned());
    }

    pub(super) fn has_left(&mut self, room: &str) {
        self.entered.remove(room);
        if self.target.is_room(room) {
            self.target = Target::Nobody;
        }
    }

    pub(super) fn obey(&mut self, verb: Verb, arguments: Arguments<'_>) -> Entered {
        let Arguments { name, text } = arguments;
        match verb {
            Verb::Quit => return Entered::Leave,
            Verb::Help => return Entered::Hints(help()),
            _ if !matches!(self.stage, Stage::Confirming(_) | Stage::In) => {
                return Entered::Hint("enter a nickname first".to_owned());
            }
            _ => {}
        }
        let asked = match verb {
            Verb::Who => self.client.list_users(),
            Verb::Rooms => self.client.list_rooms(),
            Verb::Members | Verb::Part => return self.obey_in_room(verb, name),
            Verb::Join => return self.join(name),
            Verb::Query => return self.query(name),
            Verb::Message => self.client.say_to(name, text),
            Verb::Reply => match &self.writer {
                Some(writer) => self.client.say_to(writer, text),
                None => return Entered::Hint("nobody has written to you yet".to_owned()),
            },
            _ => self.client.say(text),
        };
        told(asked)
    }

    /// What is done in the room that is meant unless another one is named.
    pub(super) fn obey_in_room(&mut self, verb: Verb, name: &str) -> Entered {
        let room = match &self.target {
            Target::Room(room) if name.is_empty() => room.clone(),
            _ => name.to_owned(),
        };
        if room.is_empty() {
            return Entered::Hint(format!("which room? {} ROOM", verb.word()));
        }
        let asked = if verb == Verb::Members {
            self.client.list_members(&room)
        } else {
            let left = self.client.leave(&room);
            self.has_left(&room);
            left
        };
        told(asked)
    }

    pub(super) fn join(&mut self, room: &str) -> Entered {
        let asked = self.client.enter(room);
        if asked.is_ok() {
            self.has_entered(room);
            self.target = Target::Room(room.to_owned());
        }
        told(asked)
    }

    pub(super) fn query(&mut self, nick: &str) -> Entered {
        if !nick.is_empty() && Nickname::parse(nick.as_bytes()).is_none() {
            return told(Err(RequestError::BadName));
        }
        self.target = Target::user(nick);
        Entered::GoOn
    }
}

fn told(asked: Result<(), RequestError>) -> Entered {
    request::told(asked, NICKNAME)
}

fn help() -> Vec<String> {
    let commands = GRAMMAR.verbs.iter().map(|verb| verb.help());
    let protocol =
        "What the protocol has can be typed as well: #nick text, @room text, !users, ...";
    commands.chain([protocol.to_owned()]).collect()
}
