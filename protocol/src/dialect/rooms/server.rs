//! The rules of `rooms`.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::message::{Nickname, Refusal, Reply, Request, RoomName, UserName};
use super::voice::RoomsVoice;
use crate::close::CloseReason;
use crate::community::Door;
use crate::community::modes::UserModes;
use crate::community::users::UserId;
use crate::community::vocabulary::{
    Applicant, Audience, Command, Manner, Outcome, Refused, Speech,
};
use crate::dialect::{self, DOOR_ROOMS, Profile};
use crate::engine::connection::ConnId;
use crate::floor::Floor;
use crate::rules::{Rules, Voice};
use crate::wire::lines::Line;

pub(crate) static PROFILE: Profile = Profile {
    name: "rooms",
    summary: "nicknames, public and private messages, chat rooms",
    default_port: 8888,
    options: || dialect::Options::Rooms(Options::default()),
    door: Some(DOOR_ROOMS),
    drops_telnet_commands: true,
    refuses_http: true,
    needs_console: false,
    folds_case: false,
    max_line: None,
    idle_timeout: None,
};

pub(crate) const DOOR: Door = Door {
    is_lobby: true,
    max_users: None,
    can_say: |name| UserName::parse(name).is_some(),
};

/// What can be chosen for `rooms`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// What users of other dialects call the room where public messages are said, in a server that
    /// speaks several. Default: `lobby`.
    pub lobby: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lobby: String::from("lobby"),
        }
    }
}

impl From<Options> for dialect::Options {
    fn from(options: Options) -> Self {
        Self::Rooms(options)
    }
}

pub(crate) fn rules() -> (Box<dyn Rules>, Option<Box<dyn Voice>>) {
    (Box::new(RoomsRules), Some(Box::new(RoomsVoice)))
}

/// Sessions have no state of their own: a connection has a user, or is about to name one.
struct RoomsRules;

impl RoomsRules {
    /// The first line is the nickname. On success nothing is said, and neither on failure.
    fn register(&mut self, floor: &mut Floor, conn: ConnId, line: &[u8]) {
        let Some(nick) = Nickname::parse(line) else {
            let reason = match floor.engine.speaks_http(conn) {
                true => CloseReason::HttpRequest,
                false => CloseReason::MalformedNickname,
            };
            return floor.engine.close(conn, reason);
        };
        let identity = floor.identity(conn, "rooms");
        let command = Command::Join(Applicant {
            name: nick.as_str(),
            door: DOOR_ROOMS,
            modes: UserModes::NONE,
            profile: identity
                .as_ref()
                .map(|identity| identity.profile(nick.as_str())),
        });
        self.propose(floor, conn, &command);
    }

    fn obey<'a>(
        &mut self,
        floor: &mut Floor,
        conn: ConnId,
        user: UserId,
        request: Request<'a>,
    ) -> Result<(), Refusal<'a>> {
        let command = match request {
            Request::Nothing => return Ok(()),
            Request::Public { text } => say(Audience::Public, text),
            Request::Private { to, text } => say(Audience::User { name: to }, text),
            Request::Room { room, text } => {
                must_be_in(floor, user, room)?;
                let room = room.as_str();
                say(Audience::Room { room, rank: None }, text)
            }
            Request::Enter(room) => Command::Enter {
                room: nameable(floor, room)?.as_str(),
                key: None,
            },
            Request::Leave(room) => Command::Part {
                room: nameable(floor, room)?.as_str(),
                reason: "",
            },
            Request::Users => return list(floor, conn, joined(users(floor))),
            Request::Rooms => return list(floor, conn, joined(rooms(floor, user))),
            Request::Members(room) => {
                let names = joined(members(floor, user, room)?);
                return list(floor, conn, names);
            }
            Request::Help => {
                reply(floor, conn, Reply::Help(HELP));
                return Ok(());
            }
            Request::Quit => {
                floor.engine.close(conn, CloseReason::Quit);
                return Ok(());
            }
        };
        self.propose(floor, conn, &command);
        Ok(())
    }

    fn propose(&mut self, floor: &mut Floor, conn: ConnId, command: &Command<'_>) {
        if let Some(outcome) = floor.propose(conn, command) {
            self.outcome(floor, conn, command, outcome);
        }
    }
}

impl Rules for RoomsRules {
    fn joined(&mut self, _floor: &mut Floor, _conn: ConnId) {}

    fn message(&mut self, floor: &mut Floor, conn: ConnId, line: Line<'_>) {
        let Some(user) = floor.user_at(conn) else {
            return self.register(floor, conn, line.content());
        };
        let done = Request::parse(line.content())
            .and_then(|request| self.obey(floor, conn, user, request));
        if let Err(refusal) = done {
            refuse(floor, conn, refusal);
        }
    }

    fn line_too_long(&mut self, floor: &mut Floor, conn: ConnId) {
        if floor.user_at(conn).is_none() {
            return floor.engine.close(conn, CloseReason::MalformedNickname);
        }
        floor.engine.line_dropped(conn);
        let max_line = floor.engine.terms(conn).max_line;
        refuse(floor, conn, Refusal::LineTooLong(max_line));
    }

    fn may_follow(&self, floor: &Floor, conn: ConnId, line: &[u8]) -> bool {
        match (Request::parse(line), floor.user_at(conn)) {
            (Ok(Request::Public { .. } | Request::Private { .. }), Some(_)) => true,
            (Ok(Request::Room { room, .. }), Some(user)) => must_be_in(floor, user, room).is_ok(),
            _ => false,
        }
    }

    fn outcome(
        &mut self,
        floor: &mut Floor,
        conn: ConnId,
        command: &Command<'_>,
        outcome: Outcome,
    ) {
        let Err(refused) = outcome else { return };
        match *command {
            Command::Join(_) => {
                let reason = match refused {
                    Refused::NameInUse => CloseReason::NicknameInUse,
                    _ => CloseReason::MalformedNickname,
                };
                floor.engine.close(conn, reason);
            }
            Command::Enter { room, .. } => {
                let refusal = match refused {
                    Refused::TooManyRooms => Refusal::TooManyRooms,
                    _ => Refusal::CannotEnter(RoomName::known(room)),
                };
                refuse(floor, conn, refusal);
            }
            Command::Say(Speech { to, .. }) => {
                let lobby = floor.community.lobby().name.clone();
                refuse(floor, conn, why_unsaid(to, refused, &lobby));
            }
            // Nothing happens to who is not there.
            _ => {}
        }
    }

    fn left(&mut self, floor: &mut Floor, conn: ConnId, reason: CloseReason) {
        floor.leave(conn, reason.as_farewell());
        if reason.is_fault_of_servers() {
            let error = Reply::Error(reason.as_farewell());
            floor.engine.send_last(conn, |frame| error.encode(frame));
        }
    }
}

fn say<'a>(to: Audience<'a>, text: &'a str) -> Command<'a> {
    Command::Say(Speech {
        to,
        manner: Manner::Message,
        text,
        annotations: "",
    })
}

fn why_unsaid<'a>(to: Audience<'a>, refused: Refused, lobby: &'a str) -> Refusal<'a> {
    match (to, refused) {
        (Audience::User { name }, _) => Refusal::NoSuchUser(name),
        (Audience::Room { room, .. }, Refused::NoSuchRoom) => {
            Refusal::NoSuchRoom(RoomName::known(room))
        }
        (Audience::Room { room, .. }, _) => Refusal::CannotSend(RoomName::known(room)),
        (Audience::Public, _) => Refusal::CannotSend(RoomName::known(lobby)),
    }
}

/// A room that users of `rooms` can name: any but the lobby, which they are in anyway.
fn nameable<'a>(floor: &Floor, room: RoomName<'a>) -> Result<RoomName<'a>, Refusal<'a>> {
    if floor.community.is_lobby_name(room.as_str()) {
        return Err(Refusal::BadRoomName(room.as_str()));
    }
    Ok(room)
}

fn must_be_in<'a>(floor: &Floor, user: UserId, room: RoomName<'a>) -> Result<(), Refusal<'a>> {
    let name = nameable(floor, room)?;
    let room = floor.community.room(name.as_str());
    let room = room
        .filter(|room| floor.community.is_visible(room, user))
        .ok_or(Refusal::NoSuchRoom(name))?;
    if room.ranks(user).is_none() {
        return Err(Refusal::NotInRoom(name));
    }
    Ok(())
}

fn users(floor: &Floor) -> Vec<&str> {
    let users = floor.community.users.iter();
    users.map(|(_, user)| &*user.name).collect()
}

/// The rooms that users of `rooms` can name and this one may see.
fn rooms(floor: &Floor, user: UserId) -> Vec<&str> {
    let rooms = floor.community.rooms();
    rooms
        .filter(|room| floor.community.is_visible(room, user))
        .map(|room| &*room.name)
        .filter(|name| RoomName::parse(name).is_ok())
        .collect()
}

/// The names of those in a room.
fn members<'f, 'a>(
    floor: &'f Floor,
    user: UserId,
    room: RoomName<'a>,
) -> Result<Vec<&'f str>, Refusal<'a>> {
    let name = nameable(floor, room)?;
    let room = floor.community.room(name.as_str());
    let room = room
        .filter(|room| floor.community.is_visible(room, user))
        .ok_or(Refusal::NoSuchRoom(name))?;
    let members = room.members().iter();
    Ok(members
        .filter_map(|member| floor.community.user(member.user))
        .map(|user| &*user.name)
        .collect())
}

/// Names with one space between them, sorted by bytes.
fn joined(mut names: Vec<&str>) -> String {
    names.sort_unstable();
    names.join(" ")
}

/// Sends a list, if it finds room.
fn list(floor: &mut Floor, conn: ConnId, names: String) -> Result<(), Refusal<'static>> {
    if names.len() + LINE_END > floor.engine.max_answer() {
        return Err(Refusal::ListTooLong);
    }
    reply(floor, conn, Reply::List(&names));
    Ok(())
}

fn reply(floor: &mut Floor, conn: ConnId, reply: Reply<'_>) {
    floor.engine.send(conn, |frame| reply.encode(frame));
}

fn refuse(floor: &mut Floor, conn: ConnId, refusal: Refusal<'_>) {
    floor.engine.send(conn, |frame| refusal.encode(frame));
}

const HELP: &str = "text | #nick text | @room text | !users | !enter room | !leave room | !rooms \
                    | !members room | !help | !quit";
const LINE_END: usize = 2;
