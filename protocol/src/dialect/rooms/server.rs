//! The rules of `rooms`.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::message::{Nickname, Refusal, Reply, Request, RoomName};
use crate::dialect::Profile;
use crate::directory::{Directory, RoomLimits, Rooms, TooManyRooms};
use crate::engine::Engine;
use crate::lines::Line;
use crate::rules::Rules;
use crate::{CloseReason, ConnId, Framing, Limits, Setting};

pub(crate) static PROFILE: Profile = Profile {
    name: "rooms",
    summary: "nicknames, public and private messages, chat rooms",
    default_port: 8888,
    settings: &[
        Setting::LoginTimeout,
        Setting::MaxRooms,
        Setting::MaxRoomsPerUser,
    ],
    framing: |_| Framing::Lines,
    drops_telnet_commands: true,
    refuses_http: true,
    needs_console: false,
    rules: |config| Box::new(Chat::new(&config.limits)),
};

struct Chat {
    users: Directory,
    rooms: Rooms,
    room_limits: RoomLimits,
    /// The frame that is being put together; kept for its memory.
    frame: Vec<u8>,
}

impl Chat {
    fn new(limits: &Limits) -> Self {
        Self {
            users: Directory::default(),
            rooms: Rooms::default(),
            room_limits: RoomLimits {
                rooms: limits.max_rooms,
                per_user: limits.max_rooms_per_user,
            },
            frame: Vec::new(),
        }
    }

    /// The first line is the nickname. On success nothing is said, and neither on failure.
    fn register(&mut self, engine: &mut Engine, conn: ConnId, line: &[u8]) {
        let Some(nick) = Nickname::parse(line) else {
            return engine.close(conn, CloseReason::MalformedNickname);
        };
        match self.users.claim(nick.as_str(), conn) {
            Ok(()) => engine.logged_in(conn, nick.as_str()),
            Err(_) => engine.close(conn, CloseReason::NicknameInUse),
        }
    }

    fn obey<'a>(
        &mut self,
        engine: &mut Engine,
        conn: ConnId,
        request: Request<'a>,
    ) -> Result<(), Refusal<'a>> {
        match request {
            Request::Nothing => {}
            Request::Public { text } => self.say(engine, conn, text),
            Request::Private { to, text } => self.whisper(engine, conn, to, text)?,
            Request::Room { room, text } => self.say_in(engine, conn, room, text)?,
            Request::Users => {
                let names = joined(self.users.names(), engine.max_answer())?;
                self.reply(engine, conn, Reply::List(&names));
            }
            Request::Rooms => {
                let names = joined(self.rooms.names(), engine.max_answer())?;
                self.reply(engine, conn, Reply::List(&names));
            }
            Request::Members(room) => {
                let names = self.members(room, engine.max_answer())?;
                self.reply(engine, conn, Reply::List(&names));
            }
            Request::Enter(room) => self
                .rooms
                .enter(conn, room.as_str(), self.room_limits)
                .map_err(|TooManyRooms| Refusal::TooManyRooms)?,
            Request::Leave(room) => self.rooms.leave(conn, room.as_str()),
            Request::Help => self.reply(engine, conn, Reply::Help(HELP)),
            Request::Quit => engine.close(conn, CloseReason::Quit),
        }
        Ok(())
    }

    /// To every other registered client.
    fn say(&mut self, engine: &mut Engine, conn: ConnId, text: &str) {
        if let Some(from) = nickname(&self.users, conn) {
            self.frame.clear();
            Reply::Public { from, text }.encode(&mut self.frame);
            engine.send_to_all(self.users.connections(), Some(conn), &self.frame);
        }
    }

    /// To one client.
    fn whisper<'a>(
        &mut self,
        engine: &mut Engine,
        conn: ConnId,
        to: &'a str,
        text: &str,
    ) -> Result<(), Refusal<'a>> {
        let recipient = self.users.find(to).ok_or(Refusal::NoSuchUser(to))?;
        if let Some(from) = nickname(&self.users, conn) {
            self.frame.clear();
            Reply::Private { from, text }.encode(&mut self.frame);
            engine.send(recipient, &self.frame);
        }
        Ok(())
    }

    /// To every member of a room, the sender included.
    fn say_in<'a>(
        &mut self,
        engine: &mut Engine,
        conn: ConnId,
        room: RoomName<'a>,
        text: &str,
    ) -> Result<(), Refusal<'a>> {
        let members = self
            .rooms
            .members(room.as_str())
            .ok_or(Refusal::NoSuchRoom(room))?;
        if !members.contains(conn) {
            return Err(Refusal::NotInRoom(room));
        }
        if let Some(from) = nickname(&self.users, conn) {
            self.frame.clear();
            Reply::Room { room, from, text }.encode(&mut self.frame);
            engine.send_to_all(members.members(), None, &self.frame);
        }
        Ok(())
    }

    /// The nicknames in a room.
    fn members<'a>(&self, room: RoomName<'a>, max: usize) -> Result<String, Refusal<'a>> {
        let members = self
            .rooms
            .members(room.as_str())
            .ok_or(Refusal::NoSuchRoom(room))?;
        let connections = members.members().iter();
        let mut names: Vec<&str> = connections
            .filter_map(|&member| self.users.name(member))
            .collect();
        names.sort_unstable();
        joined(names.into_iter(), max)
    }

    fn reply(&mut self, engine: &mut Engine, conn: ConnId, reply: Reply<'_>) {
        self.frame.clear();
        reply.encode(&mut self.frame);
        engine.send(conn, &self.frame);
    }

    fn refuse(&mut self, engine: &mut Engine, conn: ConnId, refusal: Refusal<'_>) {
        self.frame.clear();
        refusal.encode(&mut self.frame);
        engine.send(conn, &self.frame);
    }
}

impl Rules for Chat {
    fn joined(&mut self, _engine: &mut Engine, _conn: ConnId) {}

    fn message(&mut self, engine: &mut Engine, conn: ConnId, line: Line<'_>) {
        if self.users.name(conn).is_none() {
            return self.register(engine, conn, line.content());
        }
        let done =
            Request::parse(line.content()).and_then(|request| self.obey(engine, conn, request));
        if let Err(refusal) = done {
            self.refuse(engine, conn, refusal);
        }
    }

    fn line_too_long(&mut self, engine: &mut Engine, conn: ConnId) {
        if self.users.name(conn).is_none() {
            return engine.close(conn, CloseReason::MalformedNickname);
        }
        engine.line_dropped(conn);
        self.refuse(engine, conn, Refusal::LineTooLong(engine.limits.max_line));
    }

    fn left(&mut self, _engine: &mut Engine, conn: ConnId) {
        self.rooms.leave_all(conn);
        self.users.remove(conn);
    }
}

fn nickname(users: &Directory, conn: ConnId) -> Option<Nickname<'_>> {
    Nickname::parse(users.name(conn)?.as_bytes())
}

/// Names with one space between them, in `max` bytes with their line ending.
fn joined<'n>(
    names: impl Iterator<Item = &'n str>,
    max: usize,
) -> Result<String, Refusal<'static>> {
    let mut list = String::new();
    for name in names {
        if !list.is_empty() {
            list.push(' ');
        }
        list.push_str(name);
    }
    if list.len() + LINE_END > max {
        Err(Refusal::ListTooLong)
    } else {
        Ok(list)
    }
}

const HELP: &str = "text | #nick text | @room text | !users | !enter room | !leave room | !rooms \
                    | !members room | !help | !quit";
const LINE_END: usize = 2;
