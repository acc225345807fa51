//! `rooms` for people: registration, rooms, and answers in plain words.

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use linechat_protocol::rooms::Client;

use super::command::{Line, Verb};
use super::lines::OFFLINE;
use super::talk::{Entered, Said, Talk, Typed, pauses_end_lines, server_side_is_client};
use super::target::Target;
use super::words::{Grammar, Words};

mod registration;
mod replies;
mod requests;
#[cfg(test)]
mod tests;

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
}

impl Talk for Rooms {
    server_side_is_client!();
    pauses_end_lines!();

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
        let Some(line) = typed.line() else {
            return Entered::GoOn;
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
