//! What is said in `rooms`, both ways.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use thiserror::Error;

use crate::wire::text::{is_refused, plain_text, quoted};

/// What a registered client sends: one line.
///
/// ```
/// use linechat_protocol::rooms::{Refusal, Request};
///
/// assert_eq!(Request::parse(b"#bob hello"), Ok(Request::Private { to: "bob", text: "hello" }));
/// assert_eq!(Request::parse(b"!enter a b"), Err(Refusal::BadRoomName("a b")));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request<'a> {
    /// An empty line: nothing.
    Nothing,
    /// `text`, to every other registered client.
    Public {
        /// What is said.
        text: &'a str,
    },
    /// `#nick text`, to one client.
    Private {
        /// The recipient, as the sender put it. It need not be a valid nickname.
        to: &'a str,
        /// What is said.
        text: &'a str,
    },
    /// `@room text`, to every member of a room.
    Room {
        /// The room.
        room: RoomName<'a>,
        /// What is said.
        text: &'a str,
    },
    /// `!users`: all nicknames.
    Users,
    /// `!enter room`
    Enter(RoomName<'a>),
    /// `!leave room`
    Leave(RoomName<'a>),
    /// `!rooms`: all rooms.
    Rooms,
    /// `!members room`: the nicknames in a room.
    Members(RoomName<'a>),
    /// `!help`: what can be typed. An addition to the document.
    Help,
    /// `!quit`: be disconnected. An addition to the document.
    Quit,
}

impl<'a> Request<'a> {
    /// Understands one line, without its ending.
    ///
    /// # Errors
    ///
    /// The refusal with which the server answers such a line.
    pub fn parse(line: &'a [u8]) -> Result<Self, Refusal<'a>> {
        let line = plain_text(line).ok_or(Refusal::NotPlainText)?;
        match line.as_bytes().first() {
            None => Ok(Self::Nothing),
            Some(b'#') => Self::parse_private(&line[1..]),
            Some(b'@') => Self::parse_room(&line[1..]),
            Some(b'!') => Self::parse_command(line),
            Some(_) => Ok(Self::Public { text: line }),
        }
    }

    /// Appends the request to `out`, with its `\r\n`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Nothing => put(out, &[]),
            Self::Public { text } => put(out, &[text]),
            Self::Private { to, text } => put(out, &["#", to, " ", text]),
            Self::Room { room, text } => put(out, &["@", room.0, " ", text]),
            Self::Users => put(out, &["!users"]),
            Self::Enter(room) => put(out, &["!enter ", room.0]),
            Self::Leave(room) => put(out, &["!leave ", room.0]),
            Self::Rooms => put(out, &["!rooms"]),
            Self::Members(room) => put(out, &["!members ", room.0]),
            Self::Help => put(out, &["!help"]),
            Self::Quit => put(out, &["!quit"]),
        }
    }

    fn parse_private(rest: &'a str) -> Result<Self, Refusal<'a>> {
        let (to, text) = addressed(rest).ok_or(Refusal::Usage("#nick text"))?;
        Ok(Self::Private { to, text })
    }

    fn parse_room(rest: &'a str) -> Result<Self, Refusal<'a>> {
        let (room, text) = addressed(rest).ok_or(Refusal::Usage("@room text"))?;
        Ok(Self::Room {
            room: RoomName::parse(room)?,
            text,
        })
    }

    fn parse_command(line: &'a str) -> Result<Self, Refusal<'a>> {
        let (command, argument) = match line.split_once(' ') {
            Some((command, argument)) => (command, argument),
            None => (line, ""),
        };
        let room = |usage| match argument {
            "" => Err(Refusal::Usage(usage)),
            name => RoomName::parse(name),
        };
        let alone = |usage, request| match argument {
            "" => Ok(request),
            _ => Err(Refusal::Usage(usage)),
        };
        match command {
            "!users" => alone("!users", Self::Users),
            "!enter" => room("!enter room").map(Self::Enter),
            "!leave" => room("!leave room").map(Self::Leave),
            "!rooms" => alone("!rooms", Self::Rooms),
            "!members" => room("!members room").map(Self::Members),
            "!help" => alone("!help", Self::Help),
            "!quit" => alone("!quit", Self::Quit),
            _ => Err(Refusal::UnknownCommand(command)),
        }
    }
}

/// Why the server does not do what a line asks for; on the wire, the text of an error.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal<'a> {
    /// The line is not UTF-8, or has characters that terminals obey.
    #[error("message is not plain text")]
    NotPlainText,
    /// The line is longer than this many bytes.
    #[error("line is longer than {0} bytes")]
    LineTooLong(usize),
    /// Something is missing, or too much. What can be typed.
    #[error("usage: {0}")]
    Usage(&'a str),
    /// There is no such command. With its `!`.
    #[error("unknown command: {} (try !help)", quoted(.0))]
    UnknownCommand(&'a str),
    /// No room can have this name.
    #[error("bad room name: {}", quoted(.0))]
    BadRoomName(&'a str),
    /// Nobody has this nickname.
    #[error("no such user: {}", quoted(.0))]
    NoSuchUser(&'a str),
    /// Nobody is in this room.
    #[error("no such room: {0}")]
    NoSuchRoom(RoomName<'a>),
    /// Only members may speak in a room.
    #[error("you are not in room: {0}")]
    NotInRoom(RoomName<'a>),
    /// There are as many rooms as there may be, or the client is in as many.
    #[error("too many rooms")]
    TooManyRooms,
    /// The room's operators let nobody in, or not this client.
    #[error("cannot enter room: {0}")]
    CannotEnter(RoomName<'a>),
    /// The room's operators let nobody speak, or not this client.
    #[error("cannot send to room: {0}")]
    CannotSend(RoomName<'a>),
    /// A list would not fit into what may wait for one client.
    #[error("too many names to list")]
    ListTooLong,
}

impl<'a> Refusal<'a> {
    /// Understands the text of an error. `None` for one that only another server says.
    ///
    /// A name that was cut when it was quoted stays cut.
    pub fn parse(text: &'a str) -> Option<Self> {
        match text {
            "message is not plain text" => return Some(Self::NotPlainText),
            "too many rooms" => return Some(Self::TooManyRooms),
            "too many names to list" => return Some(Self::ListTooLong),
            _ => {}
        }
        if let Some(rest) = text.strip_prefix("line is longer than ") {
            let max = rest.strip_suffix(" bytes")?.parse().ok()?;
            return Some(Self::LineTooLong(max));
        }
        if let Some(rest) = text.strip_prefix("unknown command: ") {
            let command = rest.strip_suffix(" (try !help)")?;
            return Some(Self::UnknownCommand(command));
        }
        let (kind, rest) = text.split_once(": ")?;
        match kind {
            "usage" => Some(Self::Usage(rest)),
            "bad room name" => Some(Self::BadRoomName(rest)),
            "no such user" => Some(Self::NoSuchUser(rest)),
            "no such room" => RoomName::parse(rest).ok().map(Self::NoSuchRoom),
            "you are not in room" => RoomName::parse(rest).ok().map(Self::NotInRoom),
            "cannot enter room" => RoomName::parse(rest).ok().map(Self::CannotEnter),
            "cannot send to room" => RoomName::parse(rest).ok().map(Self::CannotSend),
            _ => None,
        }
    }

    /// Appends the answer that says so to `out`, with its `\r\n`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        Reply::Error(&self.to_string()).encode(out);
    }
}

/// What a server sends: one line.
///
/// A list of names looks like nothing else, but which list it is only the order of the requests
/// tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply<'a> {
    /// `nick: text`
    Public {
        /// Who said it.
        from: UserName<'a>,
        /// What was said.
        text: &'a str,
    },
    /// `#nick: text`
    Private {
        /// Who said it.
        from: UserName<'a>,
        /// What was said.
        text: &'a str,
    },
    /// `@room nick: text`
    Room {
        /// Where it was said.
        room: RoomName<'a>,
        /// Who said it.
        from: UserName<'a>,
        /// What was said.
        text: &'a str,
    },
    /// `!error text`: the answer to a request that is refused.
    Error(&'a str),
    /// `!help text`: what can be typed.
    Help(&'a str),
    /// `!notice text`: what the server itself has to say. Answers no request.
    Notice(&'a str),
    /// Names, separated by one space; an empty line if there are none.
    List(&'a str),
}

impl<'a> Reply<'a> {
    /// Understands one line, without its ending. `None` for a line that no server sends that
    /// keeps to the protocol.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let line = plain_text(line)?;
        if let Some(error) = line.strip_prefix("!error ") {
            return Some(Self::Error(error));
        }
        if let Some(help) = line.strip_prefix("!help ") {
            return Some(Self::Help(help));
        }
        if let Some(notice) = line.strip_prefix("!notice ") {
            return Some(Self::Notice(notice));
        }
        if let Some(rest) = line.strip_prefix('#') {
            return said(rest).map(|(from, text)| Self::Private { from, text });
        }
        if let Some(rest) = line.strip_prefix('@') {
            let (room, rest) = rest.split_once(' ')?;
            let room = RoomName::parse(room).ok()?;
            return said(rest).map(|(from, text)| Self::Room { room, from, text });
        }
        if let Some((from, text)) = said(line) {
            return Some(Self::Public { from, text });
        }
        let is_list =
            line.is_empty() || line.split(' ').all(|name| UserName::parse(name).is_some());
        is_list.then_some(Self::List(line))
    }

    /// Appends the reply to `out`, with its `\r\n`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Public { from, text } => put(out, &[from.0, ": ", text]),
            Self::Private { from, text } => put(out, &["#", from.0, ": ", text]),
            Self::Room { room, from, text } => put(out, &["@", room.0, " ", from.0, ": ", text]),
            Self::Error(text) => put(out, &["!error ", text]),
            Self::Help(text) => put(out, &["!help ", text]),
            Self::Notice(text) => put(out, &["!notice ", text]),
            Self::List(names) => put(out, &[names]),
        }
    }
}

/// The name of a client: 1 to 32 ASCII letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nickname<'a>(&'a str);

impl<'a> Nickname<'a> {
    /// The nickname, if it is one.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let is_valid = has_name_length(bytes) && bytes.iter().all(u8::is_ascii_alphanumeric);
        core::str::from_utf8(bytes)
            .ok()
            .filter(|_| is_valid)
            .map(Self)
    }

    /// The nickname as text.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

impl fmt::Display for Nickname<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The name of a user, as `rooms` shows it: a [`Nickname`], or one of a user who speaks another
/// dialect of the same server. 1 to 64 bytes without white space, `#`, `@` and `!`, and without what
/// terminals obey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName<'a>(&'a str);

impl<'a> UserName<'a> {
    /// The name, if it is one.
    pub fn parse(name: &'a str) -> Option<Self> {
        let is_legal = |character: char| {
            !character.is_whitespace() && !is_refused(character) && !"#@!".contains(character)
        };
        let fits = (1..=Self::MAX_LEN).contains(&name.len());
        (fits && name.chars().all(is_legal)).then_some(Self(name))
    }

    /// A name that is known to be one.
    pub(crate) fn known(name: &'a str) -> Self {
        debug_assert!(Self::parse(name).is_some(), "{name:?}");
        Self(name)
    }

    /// The name as text.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// The longest name, in bytes.
    pub const MAX_LEN: usize = 64;
}

impl<'a> From<Nickname<'a>> for UserName<'a> {
    fn from(nickname: Nickname<'a>) -> Self {
        Self(nickname.0)
    }
}

impl fmt::Display for UserName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The name of a room: 1 to 32 of ASCII letters, digits, `-` and `_`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomName<'a>(&'a str);

impl<'a> RoomName<'a> {
    /// The room's name.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn parse(name: &'a str) -> Result<Self, Refusal<'a>> {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if has_name_length(name.as_bytes()) && name.bytes().all(is_legal) {
            Ok(Self(name))
        } else {
            Err(Refusal::BadRoomName(name))
        }
    }

    /// A name that is known to be one.
    pub(crate) fn known(name: &'a str) -> Self {
        debug_assert!(Self::parse(name).is_ok(), "{name:?}");
        Self(name)
    }

    /// The room's name as text.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

impl fmt::Display for RoomName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A name, one space, and a text that is not empty.
fn addressed(rest: &str) -> Option<(&str, &str)> {
    rest.split_once(' ')
        .filter(|(name, text)| !name.is_empty() && !text.is_empty())
}

/// A name, a colon, a space, and a text.
fn said(rest: &str) -> Option<(UserName<'_>, &str)> {
    let (from, text) = rest.split_once(": ")?;
    Some((UserName::parse(from)?, text))
}

fn has_name_length(name: &[u8]) -> bool {
    (1..=MAX_NAME).contains(&name.len())
}

fn put(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// The longest nickname and the longest room name, in bytes.
const MAX_NAME: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_handed_on_as_it_stands_behind_the_one_space() {
        assert_eq!(
            Request::parse(b"#bob  hi "),
            Ok(Request::Private {
                to: "bob",
                text: " hi "
            })
        );
        let room = RoomName::parse("den").unwrap();
        assert_eq!(
            Request::parse(b"@den  "),
            Ok(Request::Room { room, text: " " })
        );
        assert_eq!(Request::parse(b" "), Ok(Request::Public { text: " " }));
    }

    #[test]
    fn names_are_shown_as_they_are() {
        let nick = Nickname::parse(b"alice").unwrap();
        let room = RoomName::parse("the-den").unwrap();
        assert_eq!(alloc::format!("{nick} in {room}"), "alice in the-den");
    }

    #[test]
    fn what_is_missing_is_told() {
        let usages = [
            ("#", "#nick text"),
            ("#bob", "#nick text"),
            ("#bob ", "#nick text"),
            ("# hi", "#nick text"),
            ("@den", "@room text"),
            ("@den ", "@room text"),
            ("@ hi", "@room text"),
            ("!enter", "!enter room"),
            ("!enter ", "!enter room"),
            ("!leave", "!leave room"),
            ("!members", "!members room"),
            ("!users all", "!users"),
        ];
        for (line, usage) in usages {
            assert_eq!(
                Request::parse(line.as_bytes()),
                Err(Refusal::Usage(usage)),
                "{line:?}"
            );
        }
    }

    #[test]
    fn a_room_name_is_all_that_follows_the_space() {
        for name in [" a", "a b", "a!", "é", &"x".repeat(33)] {
            for command in ["!enter", "!leave", "!members"] {
                let line = alloc::format!("{command} {name}");
                let parsed = Request::parse(line.as_bytes());
                assert_eq!(parsed, Err(Refusal::BadRoomName(name)), "{line:?}");
            }
        }
        let longest = alloc::format!("!enter {}", "a-_9".repeat(8));
        assert!(Request::parse(longest.as_bytes()).is_ok());
        assert_eq!(Request::parse(b"@a! hi"), Err(Refusal::BadRoomName("a!")));
    }

    #[test]
    fn an_unknown_command_is_quoted_with_its_mark_and_cut() {
        assert_eq!(Request::parse(b"!"), Err(Refusal::UnknownCommand("!")));
        assert_eq!(
            Request::parse(b"!Users"),
            Err(Refusal::UnknownCommand("!Users"))
        );
        let long = alloc::format!("!{}", "x".repeat(100));
        let told = Request::parse(long.as_bytes()).unwrap_err().to_string();
        assert_eq!(
            told,
            alloc::format!("unknown command: !{} (try !help)", "x".repeat(63))
        );
    }

    #[test]
    fn the_text_rule_comes_before_everything_else() {
        for line in [&b"#\x07"[..], b"!nonsense\x1b", b"@den \xff", b"\x00"] {
            assert_eq!(Request::parse(line), Err(Refusal::NotPlainText), "{line:?}");
        }
    }

    #[test]
    fn every_refusal_is_understood_as_it_was_meant() {
        let room = RoomName::parse("d-n").unwrap();
        let refusals = [
            Refusal::NotPlainText,
            Refusal::LineTooLong(8192),
            Refusal::Usage("@room text"),
            Refusal::UnknownCommand("!a (try !help)"),
            Refusal::BadRoomName(" a: b"),
            Refusal::NoSuchUser("a: b"),
            Refusal::NoSuchRoom(room),
            Refusal::NotInRoom(room),
            Refusal::TooManyRooms,
            Refusal::ListTooLong,
        ];
        for refusal in refusals {
            assert_eq!(Refusal::parse(&refusal.to_string()), Some(refusal));
        }
    }

    #[test]
    fn what_another_server_says_is_no_refusal_of_ours() {
        for text in [
            "",
            "no",
            "line is longer than x bytes",
            "line is longer than 5",
            "unknown command: !a",
            "no such room: a b",
            "trouble: a",
        ] {
            assert_eq!(Refusal::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_nickname_is_letters_and_digits() {
        let longest = "x".repeat(32);
        for name in ["a", "Bob42", &longest] {
            assert!(Nickname::parse(name.as_bytes()).is_some(), "{name:?}");
        }
        let too_long = "x".repeat(33);
        for name in ["", "a b", "a-b", "é", "a\r", &too_long] {
            assert!(Nickname::parse(name.as_bytes()).is_none(), "{name:?}");
        }
    }

    #[test]
    fn every_reply_is_understood_as_it_was_meant() {
        let from = UserName::parse("bob").unwrap();
        let room = RoomName::parse("d-n").unwrap();
        let replies = [
            (Reply::Public { from, text: "a: b" }, "bob: a: b\r\n"),
            (Reply::Private { from, text: "hi" }, "#bob: hi\r\n"),
            (
                Reply::Room {
                    room,
                    from,
                    text: " hi",
                },
                "@d-n bob:  hi\r\n",
            ),
            (
                Reply::Error("no such user: x"),
                "!error no such user: x\r\n",
            ),
            (Reply::Help("x"), "!help x\r\n"),
            (Reply::Notice("x"), "!notice x\r\n"),
            (Reply::List("alice bob"), "alice bob\r\n"),
            (Reply::List(""), "\r\n"),
        ];
        for (reply, line) in replies {
            let mut out = Vec::new();
            reply.encode(&mut out);
            assert_eq!(out, line.as_bytes());
            assert_eq!(Reply::parse(&out[..out.len() - 2]), Some(reply));
        }
    }
}
