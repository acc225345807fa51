//! `rooms` for people: registration, rooms, and answers in plain words.

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};
use std::str;
use std::time::{Duration, Instant};

use linechat_protocol::rooms::{Asked, Client, Event, Nickname, Request};
use linechat_protocol::{Names, RequestError, Violation};

use super::admission;
use super::command::{Arguments, Line, Verb};
use super::lines::OFFLINE;
use super::talk::{End, Entered, Message, Said, Talk, Typed, content, server_side_is_client};
use super::target::Target;
use super::words::{Grammar, Words};

/// The client of seed 002 on a terminal.
pub(super) struct Rooms {
    client: Client,
    stage: Stage,
    is_connected: bool,
    /// The nickname that the user has, or wants.
    nick: Option<String>,
    /// Whether it was given on the command line.
    is_given: bool,
    /// Whether the user has been in under this nickname.
    was_in: bool,
    /// How often the nickname was refused since.
    refusals: u32,
    /// The rooms that the user has entered.
    entered: BTreeSet<String>,
    target: Target,
    /// Who wrote to the user last.
    writer: Option<String>,
    /// What is to be shown before anything else.
    news: VecDeque<Said>,
    words: Words,
}

/// How far the user is from being registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The next line is a nickname.
    Asking,
    /// There is a nickname, but no connection.
    Named,
    /// The nickname was sent, and nothing else. A server may take for the nickname what comes right
    /// behind it.
    Registering(Instant),
    /// The server was asked who is here, since its answer shows that it accepts the nickname, about
    /// which it says nothing.
    Confirming(Instant),
    In,
}

impl Rooms {
    /// Registers as `nick`; without one, the user is asked for it.
    pub(super) fn new(nick: Option<&str>) -> Self {
        let mut rooms = Self {
            client: Client::new(),
            stage: Stage::Asking,
            is_connected: true,
            nick: None,
            is_given: nick.is_some(),
            was_in: false,
            refusals: 0,
            entered: BTreeSet::new(),
            target: Target::default(),
            writer: None,
            news: VecDeque::new(),
            words: Words::of(&GRAMMAR),
        };
        match nick {
            None => rooms.ask("enter the nickname to register with, or /quit"),
            Some(nick) => rooms.choose(nick),
        }
        rooms
    }

    fn ask(&mut self, question: &str) {
        self.stage = Stage::Asking;
        self.nick = None;
        self.was_in = false;
        self.news.push_back(Said::Question(question.to_owned()));
    }

    fn choose(&mut self, nick: &str) {
        self.nick = Some(nick.to_owned());
        self.stage = Stage::Named;
        if self.is_connected {
            self.register();
        }
    }

    fn register(&mut self) {
        let Some(nick) = &self.nick else { return };
        match self.client.register(nick) {
            Ok(()) => self.stage = Stage::Registering(Instant::now()),
            Err(error) => {
                let reason = format!("cannot register as '{nick}': {}", reason(error));
                self.refuse(reason, None);
            }
        }
    }

    /// Tells the user that the nickname cannot be had, and asks for another one unless it was given.
    /// With `end` the connection is at its end, too.
    fn refuse(&mut self, reason: String, end: Option<End>) {
        if self.is_given && !self.was_in {
            self.client.finish();
            let reason = format!("{reason}; choose another with --name");
            self.news.push_back(Said::End(End::Refused(reason)));
            return;
        }
        self.news.push_back(Said::Hint(reason));
        self.ask("enter another nickname, or /quit");
        self.news.extend(end.map(Said::End));
    }

    /// The server has closed the connection before it has said anything.
    fn nickname_refused(&mut self) {
        let nick = self.nick.clone().unwrap_or_default();
        let (Stage::Registering(since) | Stage::Confirming(since)) = self.stage else {
            return self.news.push_back(Said::End(End::Closed));
        };
        if admission::is_late(since) {
            return self.news.push_back(Said::End(End::Closed));
        }
        if self.was_in && self.refusals < MAX_REFUSALS {
            // The server may not know yet that the connection before is gone.
            self.refusals += 1;
            let hint = format!("the server does not accept the nickname '{nick}' yet");
            self.news.push_back(Said::Hint(hint));
            return self.news.push_back(Said::End(End::Closed));
        }
        self.refuse(admission::refused(&nick), Some(End::AskAgain));
    }

    fn enter_nick(&mut self, line: &[u8]) -> Entered {
        match str::from_utf8(line) {
            Ok("!quit") => return Entered::Leave,
            Ok(nick) => self.choose(nick),
            Err(_) => return Entered::Hint("a nickname is plain text".to_owned()),
        }
        Entered::GoOn
    }

    fn say(&mut self, line: &[u8]) -> Entered {
        match Request::parse(line) {
            Ok(Request::Nothing) => Entered::GoOn,
            Ok(Request::Public { text }) => self.say_to_target(text),
            Ok(request) => self.request(request),
            Err(refusal) => Entered::Hint(format!("not sent: {refusal}")),
        }
    }

    fn say_to_target(&mut self, text: &str) -> Entered {
        let asked = match &self.target {
            Target::Nobody => self.client.say(text),
            Target::User(nick) => self.client.say_to(nick, text),
            Target::Room(room) => self.client.say_in(room, text),
        };
        told(asked)
    }

    fn request(&mut self, request: Request<'_>) -> Entered {
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

    fn has_entered(&mut self, room: &str) {
        self.words.learn_room(room);
        self.entered.insert(room.to_owned());
    }

    fn has_left(&mut self, room: &str) {
        self.entered.remove(room);
        if self.target.is_room(room) {
            self.target = Target::Nobody;
        }
    }

    fn obey(&mut self, verb: Verb, arguments: Arguments<'_>) -> Entered {
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
    fn obey_in_room(&mut self, verb: Verb, name: &str) -> Entered {
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

    fn join(&mut self, room: &str) -> Entered {
        let asked = self.client.enter(room);
        if asked.is_ok() {
            self.has_entered(room);
            self.target = Target::Room(room.to_owned());
        }
        told(asked)
    }

    fn query(&mut self, nick: &str) -> Entered {
        if !nick.is_empty() && Nickname::parse(nick.as_bytes()).is_none() {
            return told(Err(RequestError::BadName));
        }
        self.target = Target::user(nick);
        Entered::GoOn
    }

    fn understand(&mut self, event: Event) -> Option<Said> {
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

    fn message(&mut self, place: String, from: String, text: String) -> Said {
        self.words.learn_user(&from);
        Said::Message(Message {
            is_private: place == "#",
            place,
            from,
            text,
            me: self.nick.clone(),
        })
    }

    fn refused(&mut self, request: Option<Asked>) {
        match request {
            Some(Asked::Enter { room } | Asked::SayIn { room }) => self.has_left(&room),
            Some(Asked::Users) => self.is_in(),
            _ => {}
        }
    }

    /// Who is here; for the first time, that is the confirmation of the nickname.
    fn users(&mut self, names: &Names) -> Said {
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

    fn is_in(&mut self) {
        if self.stage == Stage::In {
            return;
        }
        self.stage = Stage::In;
        self.was_in = true;
        self.refusals = 0;
        for room in &self.entered {
            // There is room for a few lines at the beginning.
            let _ = self.client.enter(room);
        }
    }
}

impl Talk for Rooms {
    server_side_is_client!();

    fn takes_lines(&self) -> bool {
        match self.stage {
            Stage::Asking => true,
            Stage::Named | Stage::Registering(_) => false,
            Stage::Confirming(_) | Stage::In => self.client.has_room(),
        }
    }

    fn is_urgent(&self, line: &[u8]) -> bool {
        Line::is_one_of(line, &[Verb::Quit, Verb::Help])
    }

    fn enter(&mut self, typed: Typed<'_>) -> Entered {
        let line = match typed {
            Typed::Line(line) => content(line),
            Typed::Piece { is_first: true, .. } => {
                return Entered::Hint("not sent: the line is too long".to_owned());
            }
            Typed::Piece { .. } => return Entered::GoOn,
        };
        match Line::parse(line, GRAMMAR.verbs) {
            Ok(Line::Command(verb, arguments)) => self.obey(verb, arguments),
            Ok(Line::Text(nick)) if self.stage == Stage::Asking => self.enter_nick(nick),
            Ok(Line::Text(text)) => self.say(text),
            Err(hint) => Entered::Hint(hint),
        }
    }

    fn keyboard_ended(&mut self) {
        self.client.finish();
    }

    fn leave(&mut self) {
        self.client.finish();
    }

    fn poll(&mut self) -> Option<Said> {
        loop {
            if let Some(said) = self.news.pop_front() {
                return Some(said);
            }
            let event = self.client.poll_event()?;
            if let Some(said) = self.understand(event) {
                return Some(said);
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self.stage {
            Stage::Registering(since) => Some(since + PAUSE),
            _ => None,
        }
    }

    fn tick(&mut self, now: Instant) {
        if let Stage::Registering(since) = self.stage
            && since + PAUSE <= now
            && self.client.list_users().is_ok()
        {
            self.stage = Stage::Confirming(since);
        }
    }

    fn completions(&self, before_cursor: &str) -> Vec<String> {
        match self.stage {
            Stage::Asking => Vec::new(),
            _ => self.words.completions(before_cursor),
        }
    }

    fn prompt(&self) -> Cow<'_, str> {
        match self.stage {
            Stage::Asking => Cow::Borrowed("nickname> "),
            _ if !self.is_connected => Cow::Borrowed(OFFLINE),
            _ => Cow::Owned(self.target.prompt('#', '@')),
        }
    }

    fn returns(&self) -> bool {
        true
    }

    fn disconnected(&mut self) {
        self.client = Client::new();
        self.is_connected = false;
        if self.stage != Stage::Asking {
            self.stage = Stage::Named;
        }
    }

    fn wants_connection(&self) -> bool {
        self.stage != Stage::Asking
    }

    fn reconnected(&mut self) {
        self.is_connected = true;
        self.register();
    }
}

fn told(asked: Result<(), RequestError>) -> Entered {
    match asked {
        Ok(()) => Entered::GoOn,
        Err(error) => Entered::Hint(format!("not sent: {}", reason(error))),
    }
}

fn reason(error: RequestError) -> String {
    match error {
        RequestError::BadName => "a nickname is 1 to 32 ASCII letters and digits".to_owned(),
        RequestError::BadRoomName => {
            "a room's name is 1 to 32 of ASCII letters, digits, - and _".to_owned()
        }
        other => other.to_string(),
    }
}

/// Another server of this kind may say more than ours.
fn foreign(violation: &Violation) -> Said {
    match violation {
        Violation::NotInProtocol { line } | Violation::Unasked { line } => Said::Line(line.clone()),
        other => Said::Hint(other.to_string()),
    }
}

fn enumerated(names: &Names) -> String {
    let names: Vec<_> = names.iter().collect();
    match names[..] {
        [] => "none".to_owned(),
        _ => names.join(", "),
    }
}

fn help() -> Vec<String> {
    let commands = GRAMMAR.verbs.iter().map(|verb| verb.help());
    let protocol =
        "What the protocol has can be typed as well: #nick text, @room text, !users, ...";
    commands.chain([protocol.to_owned()]).collect()
}

const GRAMMAR: Grammar = Grammar {
    verbs: &[
        Verb::Help,
        Verb::Quit,
        Verb::Who,
        Verb::Rooms,
        Verb::Members,
        Verb::Join,
        Verb::Part,
        Verb::Query,
        Verb::Message,
        Verb::Reply,
        Verb::All,
    ],
    commands: &[
        "!enter ",
        "!help",
        "!leave ",
        "!members ",
        "!quit",
        "!rooms",
        "!users",
    ],
    user_mark: Some('#'),
    room_mark: Some('@'),
};

/// How long nothing follows a nickname.
const PAUSE: Duration = Duration::from_millis(300);

/// How often to try a nickname again that was the user's own before the connection was lost.
const MAX_REFUSALS: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nickname_is_sent_alone_and_confirmed_by_who_is_here() {
        let mut rooms = Rooms::new(Some("alice"));
        assert_eq!(rooms.transmit(), b"alice\r\n");
        assert!(!rooms.takes_lines());
        rooms.tick(Instant::now() + PAUSE);
        assert_eq!(rooms.transmit(), b"alice\r\n!users\r\n");
        assert!(rooms.takes_lines());
        rooms.receive(b"alice bob\r\n");
        let [shown] = &shown(&mut rooms)[..] else {
            panic!("one line")
        };
        assert!(
            shown.contains("you are alice")
                && shown.contains("alice, bob")
                && shown.contains("/help")
        );
    }

    #[test]
    fn what_is_typed_plainly_goes_to_the_target() {
        let mut rooms = registered();
        for (typed, sent, prompt) in [
            ("hi", "hi\r\n", "> "),
            ("/join den", "!enter den\r\n", "@den> "),
            ("hi", "@den hi\r\n", "@den> "),
            ("/all hi", "hi\r\n", "@den> "),
            ("/msg bob hi", "#bob hi\r\n", "@den> "),
            ("/query bob", "", "#bob> "),
            ("//hi", "#bob /hi\r\n", "#bob> "),
            ("@den hi", "@den hi\r\n", "#bob> "),
            ("/query", "", "> "),
            ("/join den", "!enter den\r\n", "@den> "),
            ("/members", "!members den\r\n", "@den> "),
            ("/part", "!leave den\r\n", "> "),
            ("!enter hall", "!enter hall\r\n", "> "),
            ("", "", "> "),
        ] {
            assert_eq!(
                rooms.enter(Typed::Line(typed.as_bytes())),
                Entered::GoOn,
                "{typed}"
            );
            assert_eq!(rooms.transmit(), sent.as_bytes(), "{typed}");
            assert_eq!(rooms.prompt(), prompt, "{typed}");
            rooms.advance(sent.len());
        }
    }

    #[test]
    fn who_wrote_last_is_answered() {
        let mut rooms = registered();
        assert!(matches!(enter(&mut rooms, "/reply hi"), Entered::Hint(_)));
        rooms.receive(b"#bob: psst\r\ncarol: hi\r\n");
        assert_eq!(shown(&mut rooms), ["#bob: psst", "carol: hi"]);
        assert_eq!(enter(&mut rooms, "/r what?"), Entered::GoOn);
        assert_eq!(rooms.transmit(), b"#bob what?\r\n");
    }

    #[test]
    fn a_room_that_cannot_be_spoken_in_is_no_target() {
        let mut rooms = registered();
        enter(&mut rooms, "/join den");
        rooms.receive(b"!error too many rooms\r\n");
        assert_eq!(shown(&mut rooms), ["(too many rooms)"]);
        assert_eq!(rooms.prompt(), "> ");
    }

    #[test]
    fn nothing_is_sent_that_is_a_command_or_refused() {
        let mut rooms = registered();
        for line in [
            "/nonsense",
            "/msg bob",
            "/help",
            "!nonsense",
            "#",
            "!enter a b",
            "/query a b",
        ] {
            let entered = enter(&mut rooms, line);
            assert!(
                matches!(entered, Entered::Hint(_) | Entered::Hints(_)),
                "{line}"
            );
        }
        assert_eq!(rooms.transmit(), b"");
    }

    #[test]
    fn one_s_own_words_in_a_room_are_shown_once() {
        let mut rooms = registered();
        enter(&mut rooms, "@den hi");
        rooms.receive(b"@den alice: hi\r\n@den bob: ho\r\n");
        assert_eq!(shown(&mut rooms), ["@den bob: ho"]);
    }

    #[test]
    fn after_a_refusal_another_nickname_is_asked_for_and_then_a_connection() {
        let mut rooms = Rooms::new(None);
        assert_eq!(rooms.prompt(), "nickname> ");
        enter(&mut rooms, "alice");
        rooms.receive_eof();
        let told = shown(&mut rooms);
        assert!(
            told[1].contains("'alice'") && told[3] == "[AskAgain]",
            "{told:?}"
        );
        rooms.disconnected();
        assert!(!rooms.wants_connection());
        enter(&mut rooms, "eve");
        assert!(rooms.wants_connection());
        assert_eq!(rooms.transmit(), b"");
        rooms.reconnected();
        assert_eq!(rooms.transmit(), b"eve\r\n");
    }

    #[test]
    fn a_given_nickname_is_tried_once() {
        let mut rooms = Rooms::new(Some("alice"));
        rooms.receive_eof();
        assert!(shown(&mut rooms)[0].contains("--name"));
        assert!(shown(&mut Rooms::new(Some("a b")))[0].contains("ASCII letters"));
    }

    #[test]
    fn a_server_that_ends_late_or_is_left_has_refused_nobody() {
        let mut rooms = registered();
        rooms.receive_eof();
        assert_eq!(shown(&mut rooms), ["[Closed]"]);
        let mut rooms = Rooms::new(Some("alice"));
        rooms.tick(Instant::now() + PAUSE);
        assert_eq!(enter(&mut rooms, "!quit"), Entered::Leave);
        rooms.receive_eof();
        assert_eq!(shown(&mut rooms), ["[Closed]"]);
    }

    #[test]
    fn with_a_new_connection_everything_is_as_before() {
        let mut rooms = registered();
        enter(&mut rooms, "/join den");
        rooms.receive_eof();
        rooms.disconnected();
        assert!(!rooms.takes_lines());
        assert_eq!(rooms.prompt(), OFFLINE);
        assert!(rooms.is_urgent(b"/quit\n") && !rooms.is_urgent(b"hi\n"));
        rooms.reconnected();
        rooms.tick(Instant::now() + PAUSE);
        rooms.receive(b"alice\r\n");
        assert!(shown(&mut rooms).concat().contains("you are alice again"));
        assert_eq!(rooms.transmit(), b"alice\r\n!users\r\n!enter den\r\n");
        assert_eq!(rooms.prompt(), "@den> ");
    }

    fn registered() -> Rooms {
        let mut rooms = Rooms::new(Some("alice"));
        rooms.tick(Instant::now() + PAUSE);
        rooms.receive(b"alice bob\r\n");
        shown(&mut rooms);
        rooms.advance(rooms.transmit().len());
        rooms
    }

    fn enter(rooms: &mut Rooms, line: &str) -> Entered {
        rooms.enter(Typed::Line(line.as_bytes()))
    }

    fn shown(rooms: &mut Rooms) -> Vec<String> {
        let said = std::iter::from_fn(|| rooms.poll());
        let words = said.map(|said| match said {
            Said::Line(line) | Said::Bytes(line) => String::from_utf8(line).unwrap(),
            Said::Message(message) => message.to_string(),
            Said::Hint(hint) | Said::Question(hint) => format!("({hint})"),
            Said::End(End::Refused(reason)) => reason,
            Said::End(end) => format!("[{end:?}]"),
        });
        words.collect()
    }
}
