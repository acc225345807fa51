//! The rules of `direct`.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::message::{Reply, Request, RequestHeader, Username};
use super::voice::DirectVoice;
use crate::close::CloseReason;
use crate::community::Door;
use crate::community::modes::UserModes;
use crate::community::vocabulary::{
    Applicant, Audience, Command, Done, Manner, Outcome, Refused, Speech,
};
use crate::dialect::{self, DOOR_DIRECT, Profile};
use crate::engine::connection::ConnId;
use crate::floor::Floor;
use crate::rules::{Rules, Voice};
use crate::wire::lines::Line;

pub(crate) static PROFILE: Profile = Profile {
    name: "direct",
    summary: "login, list and direct messages, with an answer to every request",
    default_port: 5378,
    options: || dialect::Options::Direct(Options::default()),
    door: Some(DOOR_DIRECT),
    drops_telnet_commands: true,
    refuses_http: true,
    needs_console: false,
    folds_case: false,
    max_line: None,
    idle_timeout: None,
};

pub(crate) fn door(options: &Options) -> Door {
    Door {
        is_lobby: false,
        max_users: Some(options.max_users),
        can_say: |name| Username::parse(name.as_bytes()).is_some(),
    }
}

/// What can be chosen for `direct`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// How many users may be logged in at a time. Default: 16 (seed 004, requirement 2).
    pub max_users: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_users: 16 }
    }
}

impl From<Options> for dialect::Options {
    fn from(options: Options) -> Self {
        Self::Direct(options)
    }
}

pub(crate) fn rules() -> (Box<dyn Rules>, Option<Box<dyn Voice>>) {
    (Box::new(DirectRules), Some(Box::new(DirectVoice)))
}

/// Sessions have no state of their own: a connection has a user, or has not logged in.
struct DirectRules;

impl DirectRules {
    fn log_in(&mut self, floor: &mut Floor, conn: ConnId, name: Username<'_>) {
        let identity = floor.identity(conn, "direct");
        let command = Command::Join(Applicant {
            name: name.as_str(),
            door: DOOR_DIRECT,
            modes: UserModes::NONE,
            profile: identity
                .as_ref()
                .map(|identity| identity.profile(name.as_str())),
        });
        self.propose(floor, conn, &command);
    }

    fn deliver(&mut self, floor: &mut Floor, conn: ConnId, to: &[u8], text: &str) {
        let Ok(name) = core::str::from_utf8(to) else {
            return send(floor, conn, &Reply::BadDestUser);
        };
        let command = Command::Say(Speech {
            to: Audience::User { name },
            manner: Manner::Message,
            text,
            annotations: "",
        });
        self.propose(floor, conn, &command);
    }

    fn propose(&mut self, floor: &mut Floor, conn: ConnId, command: &Command<'_>) {
        if let Some(outcome) = floor.propose(conn, command) {
            self.outcome(floor, conn, command, outcome);
        }
    }
}

impl Rules for DirectRules {
    fn joined(&mut self, _floor: &mut Floor, _conn: ConnId) {}

    fn message(&mut self, floor: &mut Floor, conn: ConnId, line: Line<'_>) {
        let is_logged_in = floor.user_at(conn).is_some();
        let known = RequestHeader::split(line.content());
        let Some((header, body)) =
            known.filter(|&(header, _)| (header == RequestHeader::HelloFrom) != is_logged_in)
        else {
            return send(floor, conn, &Reply::BadRequestHeader);
        };
        match Request::parse(header, body) {
            Ok(Request::HelloFrom(name)) => self.log_in(floor, conn, name),
            Ok(Request::List) => list(floor, conn),
            Ok(Request::Send { to, text }) => self.deliver(floor, conn, to, text),
            Err(_) => send(floor, conn, &Reply::BadRequestBody),
        }
    }

    fn line_too_long(&mut self, floor: &mut Floor, conn: ConnId) {
        floor.engine.line_dropped(conn);
        send(floor, conn, &Reply::BadRequestBody);
    }

    fn may_follow(&self, floor: &Floor, conn: ConnId, line: &[u8]) -> bool {
        let request = RequestHeader::split(line).map(|(header, body)| Request::parse(header, body));
        let is_valid = match request {
            Some(Ok(Request::Send { to, .. })) => core::str::from_utf8(to).is_ok(),
            _ => false,
        };
        is_valid && floor.user_at(conn).is_some()
    }

    fn outcome(
        &mut self,
        floor: &mut Floor,
        conn: ConnId,
        command: &Command<'_>,
        outcome: Outcome,
    ) {
        let reply = match (command, outcome) {
            (Command::Join(applicant), Ok(_)) => Reply::Hello(Username::known(applicant.name)),
            (Command::Join(_), Err(Refused::TooManyUsers)) => Reply::Busy,
            (Command::Join(_), Err(Refused::NameInUse)) => Reply::InUse,
            (Command::Join(_), Err(_)) => Reply::BadRequestBody,
            // A recipient who is closed because of it will not read it.
            (Command::Say(_), Ok(Done::Said(to))) if floor.is_reachable(to) => Reply::SendOk,
            (Command::Say(_), _) => Reply::BadDestUser,
            _ => return,
        };
        send(floor, conn, &reply);
    }

    fn left(&mut self, floor: &mut Floor, conn: ConnId, reason: CloseReason) {
        floor.leave(conn, reason.as_farewell());
    }
}

/// Everybody, sorted by bytes.
fn list(floor: &mut Floor, conn: ConnId) {
    let users = floor.community.users.iter();
    let mut names: Vec<Username<'_>> = users.map(|(_, user)| Username::known(&user.name)).collect();
    names.sort_unstable();
    let mut frame = Vec::new();
    Reply::ListOk(names).encode(&mut frame);
    floor.engine.send(conn, |out| out.extend_from_slice(&frame));
}

fn send(floor: &mut Floor, conn: ConnId, reply: &Reply<'_>) {
    floor.engine.send(conn, |frame| reply.encode(frame));
}
