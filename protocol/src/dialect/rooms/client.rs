//! The client of `rooms`.

use alloc::borrow::ToOwned;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use super::message::{Nickname, Refusal, Reply, Request, RoomName, UserName};
use crate::client::{Client as AnyClient, ClientDialect, ClientLimits, Half, Output};
use crate::{Names, RequestError, Violation};

/// A client of `rooms` (seed 002).
///
/// The server answers lists and help, in the order in which they were asked for, so each list is
/// told with what it lists. To everything else it says nothing, or that it refuses; a refusal
/// names what it is about and is told with the oldest request that it can belong to. That a
/// nickname was accepted is not said either, only that it was not: then the server closes the
/// connection before it has said anything ([`Event::NicknameRefused`]).
///
/// ```
/// use linechat_protocol::rooms::{Client, Event};
///
/// let mut client = Client::new();
/// client.register("alice")?;
/// client.enter("den")?;
/// client.list_members("den")?;
/// assert_eq!(client.transmit(), b"alice\r\n!enter den\r\n!members den\r\n");
///
/// client.receive(b"bob: hello\r\nalice bob\r\n");
/// let (from, text) = ("bob".into(), "hello".into());
/// assert_eq!(client.poll_event(), Some(Event::Public { from, text }));
/// let Some(Event::Members { room, names }) = client.poll_event() else { unreachable!() };
/// assert!(room == "den" && names.contains("bob"));
/// # Ok::<(), linechat_protocol::RequestError>(())
/// ```
pub type Client = AnyClient<ClientState>;

impl Client {
    /// Asks to be known under this nickname: 1 to 32 ASCII letters and digits. Comes first, and
    /// once.
    ///
    /// # Errors
    ///
    /// It is no nickname, or there is one already.
    pub fn register(&mut self, nick: &str) -> Result<(), RequestError> {
        if self.state.nick.is_some() {
            return Err(RequestError::AlreadyLoggedIn);
        }
        Nickname::parse(nick.as_bytes()).ok_or(RequestError::BadName)?;
        let line = [nick.as_bytes(), b"\r\n"].concat();
        self.output.send(&line, &self.limits)?;
        self.state.nick = Some(nick.to_owned());
        Ok(())
    }

    /// Says something to every other client.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    pub fn say(&mut self, text: &str) -> Result<(), RequestError> {
        self.request(Request::Public { text })
    }

    /// Says something to one client.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    pub fn say_to(&mut self, nick: &str, text: &str) -> Result<(), RequestError> {
        self.request(Request::Private { to: nick, text })
    }

    /// Says something to every member of a room, which comes back to the client, too.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    pub fn say_in(&mut self, room: &str, text: &str) -> Result<(), RequestError> {
        let room = room_name(room)?;
        self.request(Request::Room { room, text })
    }

    /// Enters a room, which is created if need be.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    pub fn enter(&mut self, room: &str) -> Result<(), RequestError> {
        self.request(Request::Enter(room_name(room)?))
    }

    /// Leaves a room.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    pub fn leave(&mut self, room: &str) -> Result<(), RequestError> {
        self.request(Request::Leave(room_name(room)?))
    }

    /// Asks for all nicknames. The answer is [`Event::Users`].
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    pub fn list_users(&mut self) -> Result<(), RequestError> {
        self.request(Request::Users)
    }

    /// Asks for all rooms. The answer is [`Event::Rooms`].
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    pub fn list_rooms(&mut self) -> Result<(), RequestError> {
        self.request(Request::Rooms)
    }

    /// Asks for the nicknames in a room. The answer is [`Event::Members`].
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    pub fn list_members(&mut self, room: &str) -> Result<(), RequestError> {
        self.request(Request::Members(room_name(room)?))
    }

    /// Asks to be disconnected. Nothing can be asked for after this.
    ///
    /// # Errors
    ///
    /// As [`request`](Self::request).
    pub fn quit(&mut self) -> Result<(), RequestError> {
        self.request(Request::Quit)
    }

    /// Sends a request, as one of the other methods or
    /// [`Request::parse`] makes it.
    ///
    /// # Errors
    ///
    /// No nickname was asked for yet; the text is empty, too long, has characters that terminals
    /// obey, or begins like another request; the nickname or the room can be nobody's.
    pub fn request(&mut self, request: Request<'_>) -> Result<(), RequestError> {
        if self.state.nick.is_none() {
            return Err(RequestError::NotLoggedIn);
        }
        let mut line = Vec::new();
        request.encode(&mut line);
        check_understood(&line, request)?;
        let waiting = Waiting {
            asked: asked(request),
            length: line.len() - LINE_END,
        };
        if !self.state.has_room_for(&waiting.asked, &self.limits) {
            return Err(RequestError::Full);
        }
        self.output.send(&line, &self.limits)?;
        self.state.wait(waiting, &self.limits);
        if request == Request::Quit {
            self.output.finish();
        }
        Ok(())
    }

    /// The nickname that was asked for.
    pub fn nick(&self) -> Option<&str> {
        self.state.nick.as_deref()
    }
}

/// Whether the server understands a line as the request that it was made from: the grammar alone
/// judges.
fn check_understood(line: &[u8], request: Request<'_>) -> Result<(), RequestError> {
    if let Request::Private { to, .. } = request {
        UserName::parse(to).ok_or(RequestError::BadName)?;
    }
    match (Request::parse(&line[..line.len() - LINE_END]), request) {
        (Ok(understood), _) if understood == request => Ok(()),
        (Err(Refusal::NotPlainText), _) => Err(RequestError::NotPlainText),
        (_, Request::Public { text }) if !text.is_empty() => Err(RequestError::LooksLikeRequest),
        _ => Err(RequestError::NoText),
    }
}

fn room_name(room: &str) -> Result<RoomName<'_>, RequestError> {
    RoomName::parse(room).map_err(|_| RequestError::BadRoomName)
}

/// What was asked of the server, as far as it can refuse or answer it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Asked {
    /// [`Client::say`]
    Say,
    /// [`Client::say_to`]
    SayTo {
        /// The recipient.
        nick: String,
    },
    /// [`Client::say_in`]
    SayIn {
        /// The room.
        room: String,
    },
    /// [`Client::enter`]
    Enter {
        /// The room.
        room: String,
    },
    /// [`Client::leave`]
    Leave {
        /// The room.
        room: String,
    },
    /// [`Client::list_users`]
    Users,
    /// [`Client::list_rooms`]
    Rooms,
    /// [`Client::list_members`]
    Members {
        /// The room.
        room: String,
    },
    /// [`Request::Help`]
    Help,
    /// [`Client::quit`], or nothing.
    Nothing,
}

impl Asked {
    /// Whether the server says something whatever comes of it.
    fn is_answered(&self) -> bool {
        self.is_list() || *self == Self::Help
    }

    fn is_list(&self) -> bool {
        matches!(self, Self::Users | Self::Rooms | Self::Members { .. })
    }
}

fn asked(request: Request<'_>) -> Asked {
    let name = |room: RoomName<'_>| room.as_str().to_owned();
    match request {
        Request::Public { .. } => Asked::Say,
        Request::Private { to, .. } => Asked::SayTo {
            nick: to.to_owned(),
        },
        Request::Room { room, .. } => Asked::SayIn { room: name(room) },
        Request::Enter(room) => Asked::Enter { room: name(room) },
        Request::Leave(room) => Asked::Leave { room: name(room) },
        Request::Users => Asked::Users,
        Request::Rooms => Asked::Rooms,
        Request::Members(room) => Asked::Members { room: name(room) },
        Request::Help => Asked::Help,
        Request::Nothing | Request::Quit => Asked::Nothing,
    }
}

/// What a server of `rooms` says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Somebody said something to everybody.
    Public {
        /// Who.
        from: String,
        /// What: plain text.
        text: String,
    },
    /// Somebody said something to the client alone.
    Private {
        /// Who.
        from: String,
        /// What: plain text.
        text: String,
    },
    /// Somebody, perhaps the client itself, said something in a room.
    Room {
        /// Where.
        room: String,
        /// Who.
        from: String,
        /// What: plain text.
        text: String,
    },
    /// All nicknames.
    Users(Names),
    /// All rooms.
    Rooms(Names),
    /// The nicknames in a room.
    Members {
        /// The room.
        room: String,
        /// Who is in it.
        names: Names,
    },
    /// What can be typed.
    Help(String),
    /// The server itself has something to say: plain text.
    Notice(String),
    /// The server refused a request.
    Refused {
        /// Which, if that can be told.
        request: Option<Asked>,
        /// Why, in the server's words: plain text. [`Refusal::parse`] understands them.
        error: String,
    },
    /// The server closed the connection before it had said anything and before the client had
    /// ended: the nickname is in use. Always the last event.
    NicknameRefused,
    /// The server does not keep to the protocol.
    Violation(Violation),
    /// The server closed the connection. Always the last event.
    Closed,
}

impl From<Violation> for Event {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

/// What a [`Client`] knows: its nickname, and what it waits for.
#[derive(Debug, Default)]
pub struct ClientState {
    nick: Option<String>,
    /// Whether the server has said anything.
    heard: bool,
    /// What the server may yet say something about, in the order in which it does.
    waiting: VecDeque<Waiting>,
    /// How many of those it says something about whatever comes of them.
    unanswered: usize,
}

impl ClientState {
    fn has_room_for(&self, asked: &Asked, limits: &ClientLimits) -> bool {
        !asked.is_answered() || self.unanswered < limits.max_unanswered
    }

    /// Waits for what the server says about a request. If too many wait, those are forgotten
    /// about which it may well say nothing, the oldest first.
    fn wait(&mut self, waiting: Waiting, limits: &ClientLimits) {
        self.unanswered += usize::from(waiting.asked.is_answered());
        self.waiting.push_back(waiting);
        if self.waiting.len() > limits.max_unanswered {
            let silent = |waiting: &Waiting| !waiting.asked.is_answered();
            if let Some(oldest) = self.waiting.iter().position(silent) {
                self.waiting.remove(oldest);
            }
        }
    }

    /// The request that the server speaks of: the oldest that `fits`. It answers in order, so
    /// that none behind one without its answer can be it, and all before it have had theirs.
    fn settle(&mut self, fits: impl Fn(&Waiting) -> bool) -> Option<Asked> {
        let barrier = self
            .waiting
            .iter()
            .position(|waiting| waiting.asked.is_answered());
        let candidates = barrier.map_or(self.waiting.len(), |place| place + 1);
        let place = self.waiting.iter().take(candidates).position(fits)?;
        let settled = self.waiting.drain(..=place).next_back()?;
        self.unanswered -= usize::from(settled.asked.is_answered());
        Some(settled.asked)
    }

    fn understand(&mut self, reply: Reply<'_>) -> Option<Event> {
        Some(match reply {
            Reply::Public { from, text } => Event::Public {
                from: from.as_str().to_owned(),
                text: text.to_owned(),
            },
            Reply::Private { from, text } => Event::Private {
                from: from.as_str().to_owned(),
                text: text.to_owned(),
            },
            Reply::Room { room, from, text } => self.said_in(room, from, text),
            Reply::Error(error) => self.refused(error),
            Reply::Notice(text) => Event::Notice(text.to_owned()),
            Reply::Help(text) => {
                self.settle(|waiting| waiting.asked == Asked::Help)?;
                Event::Help(text.to_owned())
            }
            Reply::List(list) => {
                let names = Names::collect(list.split(' ').filter(|name| !name.is_empty()));
                match self.settle(|waiting| waiting.asked.is_list())? {
                    Asked::Users => Event::Users(names),
                    Asked::Members { room } => Event::Members { room, names },
                    _ => Event::Rooms(names),
                }
            }
        })
    }

    fn said_in(&mut self, room: RoomName<'_>, from: UserName<'_>, text: &str) -> Event {
        let room = room.as_str().to_owned();
        if self.nick.as_deref() == Some(from.as_str()) {
            // What comes back was not refused.
            let said = Asked::SayIn { room: room.clone() };
            self.settle(|waiting| waiting.asked == said);
        }
        Event::Room {
            room,
            from: from.as_str().to_owned(),
            text: text.to_owned(),
        }
    }

    fn refused(&mut self, error: &str) -> Event {
        let refusal = Refusal::parse(error);
        Event::Refused {
            request: refusal.and_then(|refusal| self.settle(|waiting| waiting.fits(refusal))),
            error: error.to_owned(),
        }
    }
}

impl ClientDialect for ClientState {
    type Event = Event;
}

impl Half for ClientState {
    type Reported = Event;

    fn line(&mut self, _output: &mut Output, line: &[u8]) -> Option<Event> {
        self.heard = true;
        let Some(reply) = Reply::parse(line) else {
            return Some(Violation::not_in_protocol(line).into());
        };
        let event = self.understand(reply);
        Some(event.unwrap_or_else(|| Violation::unasked(line).into()))
    }

    fn line_too_long(&mut self, _output: &mut Output, max: usize) -> Event {
        self.heard = true;
        Violation::LineTooLong { max }.into()
    }

    fn closed(&mut self, output: &Output) -> Event {
        if self.nick.is_some() && !self.heard && !output.is_finished() {
            Event::NicknameRefused
        } else {
            Event::Closed
        }
    }

    fn has_room(&self, output: &Output, limits: &ClientLimits) -> bool {
        output.has_room(0, limits) && self.unanswered < limits.max_unanswered
    }
}

/// A request about which the server may yet say something.
#[derive(Debug)]
struct Waiting {
    asked: Asked,
    /// Of its line, in bytes.
    length: usize,
}

impl Waiting {
    /// Whether a refusal can belong to it.
    fn fits(&self, refusal: Refusal<'_>) -> bool {
        match (refusal, &self.asked) {
            (Refusal::LineTooLong(max), _) => self.length > max,
            (Refusal::NoSuchUser(name), Asked::SayTo { nick }) => name == nick,
            (Refusal::NoSuchRoom(name), Asked::SayIn { room } | Asked::Members { room })
            | (Refusal::NotInRoom(name), Asked::SayIn { room }) => name.as_str() == room,
            (Refusal::TooManyRooms, Asked::Enter { .. }) => true,
            (Refusal::CannotEnter(name), Asked::Enter { room })
            | (Refusal::CannotSend(name), Asked::SayIn { room }) => name.as_str() == room,
            (Refusal::ListTooLong, asked) => asked.is_list(),
            _ => false,
        }
    }
}

const LINE_END: usize = 2;

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn the_nickname_comes_first_and_once() {
        let mut client = Client::new();
        assert_eq!(client.say("hi"), Err(RequestError::NotLoggedIn));
        for nick in ["", "a b", "é", "a\n", &"x".repeat(33)] {
            assert_eq!(client.register(nick), Err(RequestError::BadName));
        }
        assert_eq!(client.register("alice"), Ok(()));
        assert_eq!(client.register("bob"), Err(RequestError::AlreadyLoggedIn));
        assert_eq!(client.transmit(), b"alice\r\n");
        assert_eq!(client.nick(), Some("alice"));
    }

    #[test]
    fn every_request_is_one_line() {
        let mut client = registered();
        client.say("hi").unwrap();
        client.say_to("bob", " hi").unwrap();
        client.say_in("den", " ").unwrap();
        client.enter("den").unwrap();
        client.leave("den").unwrap();
        client.list_users().unwrap();
        client.list_rooms().unwrap();
        client.list_members("den").unwrap();
        client.request(Request::Help).unwrap();
        client.quit().unwrap();
        let lines = "hi\r\n#bob  hi\r\n@den  \r\n!enter den\r\n!leave den\r\n!users\r\n\
                     !rooms\r\n!members den\r\n!help\r\n!quit\r\n";
        assert_eq!(client.transmit(), lines.as_bytes());
        assert_eq!(client.say("more"), Err(RequestError::Finished));
    }

    #[test]
    fn what_the_server_would_refuse_or_misunderstand_is_not_sent() {
        let mut client = registered();
        assert_eq!(client.say(""), Err(RequestError::NoText));
        assert_eq!(client.say_to("bob", ""), Err(RequestError::NoText));
        assert_eq!(client.say_in("den", ""), Err(RequestError::NoText));
        for text in ["#bob hi", "@den hi", "!users", "!", "#"] {
            assert_eq!(client.say(text), Err(RequestError::LooksLikeRequest));
        }
        for text in ["a\r\nb", "\x1b", "a\u{202e}"] {
            assert_eq!(client.say(text), Err(RequestError::NotPlainText));
            assert_eq!(client.say_to("bob", text), Err(RequestError::NotPlainText));
        }
        for nick in ["", "a b", "a#b", "a\u{202e}"] {
            assert_eq!(client.say_to(nick, "hi"), Err(RequestError::BadName));
        }
        for room in ["", "a b", "é", "a\n"] {
            assert_eq!(client.enter(room), Err(RequestError::BadRoomName));
            assert_eq!(client.say_in(room, "hi"), Err(RequestError::BadRoomName));
        }
        assert_eq!(
            client.say(&"x".repeat(8193)),
            Err(RequestError::LineTooLong { max: 8192 })
        );
        assert!(client.transmit().is_empty());
        assert!(client.state.waiting.is_empty());
    }

    #[test]
    fn lists_belong_to_requests_in_their_order() {
        let mut client = registered();
        client.list_rooms().unwrap();
        client.say("hi").unwrap();
        client.list_members("den").unwrap();
        client.request(Request::Help).unwrap();
        client.list_users().unwrap();
        client.receive(b"\r\nalice\r\nbob: a b\r\n!help x\r\nalice bob\r\n");
        let expected = [
            Event::Rooms(Names::default()),
            Event::Members {
                room: "den".into(),
                names: names(&["alice"]),
            },
            Event::Public {
                from: "bob".into(),
                text: "a b".into(),
            },
            Event::Help("x".into()),
            Event::Users(names(&["alice", "bob"])),
        ];
        assert_eq!(events(&mut client), expected);
        assert_eq!(client.state.unanswered, 0);
        assert!(client.state.waiting.is_empty());
    }

    #[test]
    fn an_error_about_a_room_belongs_to_the_oldest_request_that_names_it() {
        let mut client = registered();
        client.say_in("den", "hi").unwrap();
        client.list_members("den").unwrap();
        client.list_users().unwrap();
        client.receive(b"!error no such room: den\r\n!error no such room: den\r\nalice\r\n");
        let room = || String::from("den");
        let expected = [
            refused(Some(Asked::SayIn { room: room() }), "no such room: den"),
            refused(Some(Asked::Members { room: room() }), "no such room: den"),
            Event::Users(names(&["alice"])),
        ];
        assert_eq!(events(&mut client), expected);
    }

    #[test]
    fn what_came_back_from_a_room_was_not_refused() {
        let mut client = registered();
        client.say_in("den", "hi").unwrap();
        client.list_members("den").unwrap();
        client.receive(b"@den bob: ho\r\n@den alice: hi\r\n!error no such room: den\r\n");
        let events = events(&mut client);
        assert!(matches!(
            events[..2],
            [Event::Room { .. }, Event::Room { .. }]
        ));
        let room = "den".into();
        assert_eq!(
            events[2],
            refused(Some(Asked::Members { room }), "no such room: den")
        );
    }

    #[test]
    fn an_error_never_belongs_to_a_request_behind_one_without_its_answer() {
        let mut client = registered();
        client.list_users().unwrap();
        client.say_to("bob", "hi").unwrap();
        let error = "no such user: bob";
        client.receive(b"!error no such user: bob\r\nalice\r\n!error no such user: bob\r\n");
        let expected = [
            refused(None, error),
            Event::Users(names(&["alice"])),
            refused(Some(Asked::SayTo { nick: "bob".into() }), error),
        ];
        assert_eq!(events(&mut client), expected);
    }

    #[test]
    fn every_refusal_finds_its_request() {
        let long = "x".repeat(100);
        let room = || String::from("den");
        let mut client = registered();
        client.enter("den").unwrap();
        client.say_to("bob", "hi").unwrap();
        client.say_in("den", "hi").unwrap();
        client.say(&long).unwrap();
        client.list_rooms().unwrap();
        let errors = [
            ("too many rooms", Asked::Enter { room: room() }),
            ("no such user: bob", Asked::SayTo { nick: "bob".into() }),
            ("you are not in room: den", Asked::SayIn { room: room() }),
            ("line is longer than 50 bytes", Asked::Say),
            ("too many names to list", Asked::Rooms),
        ];
        for (error, request) in errors {
            client.receive(alloc::format!("!error {error}\r\n").as_bytes());
            assert_eq!(client.poll_event(), Some(refused(Some(request), error)));
        }
    }

    #[test]
    fn the_line_that_is_too_long_is_the_oldest_that_is_longer_than_the_server_allows() {
        let mut client = registered();
        client.say(&"x".repeat(50)).unwrap();
        client.say_to("bob", &"x".repeat(46)).unwrap();
        let error = "line is longer than 50 bytes";
        client.receive(alloc::format!("!error {error}\r\n").as_bytes());
        let request = Asked::SayTo { nick: "bob".into() };
        assert_eq!(events(&mut client), [refused(Some(request), error)]);
    }

    #[test]
    fn what_others_say_in_a_room_leaves_open_what_becomes_of_ones_own_words() {
        let mut client = registered();
        client.say_in("den", "hi").unwrap();
        let error = "you are not in room: den";
        client.receive(b"@den bob: ho\r\n!error you are not in room: den\r\n");
        let request = Asked::SayIn { room: "den".into() };
        assert_eq!(
            events(&mut client).pop(),
            Some(refused(Some(request), error))
        );
    }

    #[test]
    fn words_of_another_server_are_told_without_a_request() {
        let mut client = registered();
        client.say_to("bob", "hi").unwrap();
        client.receive(b"!error nobody of that name\r\n");
        assert_eq!(
            client.poll_event(),
            Some(refused(None, "nobody of that name"))
        );
    }

    #[test]
    fn an_answer_that_nobody_asked_for_and_garbage_are_named() {
        let mut client = registered();
        client.receive(b"alice bob\r\n!help x\r\n\xff\r\n@den\r\n");
        let expected = [
            Violation::unasked(b"alice bob"),
            Violation::unasked(b"!help x"),
            Violation::not_in_protocol(b"\xff"),
            Violation::not_in_protocol(b"@den"),
        ];
        assert_eq!(events(&mut client), expected.map(Event::Violation));
    }

    #[test]
    fn a_server_that_closes_without_a_word_has_refused_the_nickname() {
        let mut refused = registered();
        refused.receive_eof();
        assert_eq!(events(&mut refused), [Event::NicknameRefused]);

        let mut accepted = registered();
        accepted.receive(b"bob: hi\r\n");
        accepted.receive_eof();
        assert_eq!(events(&mut accepted).pop(), Some(Event::Closed));

        let mut finished = registered();
        finished.finish();
        finished.receive_eof();
        assert_eq!(events(&mut finished), [Event::Closed]);
    }

    #[test]
    fn what_may_never_be_answered_is_forgotten_and_what_will_be_is_bounded() {
        let mut client = Client::with_limits(ClientLimits {
            max_unanswered: 2,
            ..ClientLimits::default()
        });
        client.register("alice").unwrap();
        client.list_users().unwrap();
        for _ in 0..10 {
            client.say_to("bob", "hi").unwrap();
        }
        assert_eq!(client.state.waiting.len(), 2);
        client.list_rooms().unwrap();
        assert!(!client.has_room());
        assert_eq!(client.list_users(), Err(RequestError::Full));
        assert_eq!(client.say("hi"), Ok(()));
        assert_eq!(client.state.waiting.len(), 2);
        client.receive(b"alice\r\nden\r\n");
        let expected = [
            Event::Users(names(&["alice"])),
            Event::Rooms(names(&["den"])),
        ];
        assert_eq!(events(&mut client), expected);
        assert!(client.has_room());
    }

    fn registered() -> Client {
        let mut client = Client::new();
        client.register("alice").unwrap();
        client.advance("alice\r\n".len());
        client
    }

    fn refused(request: Option<Asked>, error: &str) -> Event {
        let error = error.to_owned();
        Event::Refused { request, error }
    }

    fn names(names: &[&str]) -> Names {
        Names::collect(names.iter().copied())
    }

    fn events(client: &mut Client) -> Vec<Event> {
        core::iter::from_fn(|| client.poll_event()).collect()
    }
}
