//! `direct`: login, and direct messages in plain words.

use std::borrow::Cow;
use std::collections::VecDeque;

use linechat_protocol::direct::Client;

use self::requests::USAGE;
use super::Manner;
use super::command::{Line, Verb};
use super::lines::OFFLINE;
use super::talk::{Entered, Said, Talk, Typed, server_side_is_client};
use super::target::Target;
use super::words::{Grammar, Words};

mod login;
mod replies;
mod requests;
#[cfg(test)]
mod tests;

/// The client of seed 004.
pub(super) struct Direct {
    client: Client,
    manner: Manner,
    login: Login,
    is_connected: bool,
    /// The name that the user has, or wants.
    name: Option<String>,
    /// Whether it was given on the command line.
    is_given: bool,
    /// Whether the user has been logged in under this name.
    was_in: bool,
    /// How often the login was refused since.
    refusals: u32,
    target: Target,
    /// Who wrote to the user last.
    writer: Option<String>,
    /// What is to be shown before anything else.
    news: VecDeque<Said>,
    words: Words,
}

/// How far the user is from being logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Login {
    /// The next line is a name.
    Asking {
        was_refused: bool,
    },
    /// There is a name, and the server has yet to say whether it can be had.
    Asked,
    LoggedIn,
}

impl Direct {
    /// Logs in as `name`; without one, the first line is the name.
    pub(super) fn new(name: Option<&str>, manner: Manner) -> Self {
        let mut direct = Self {
            client: Client::new(),
            manner,
            login: Login::Asking { was_refused: false },
            is_connected: true,
            name: None,
            is_given: name.is_some(),
            was_in: false,
            refusals: 0,
            target: Target::default(),
            writer: None,
            news: VecDeque::new(),
            words: Words::of(&GRAMMAR),
        };
        match name {
            None => direct.ask(),
            Some(name) => direct.choose(name),
        }
        direct
    }
}

impl Talk for Direct {
    server_side_is_client!();

    fn takes_lines(&self) -> bool {
        self.login != Login::Asked && self.client.has_room()
    }

    fn is_urgent(&self, line: &[u8]) -> bool {
        self.manner == Manner::Person && Line::is_one_of(line, &[Verb::Quit, Verb::Help])
    }

    fn enter(&mut self, typed: Typed<'_>) -> Entered {
        let Some(line) = typed.line() else {
            return Entered::GoOn;
        };
        let verbs = match self.manner {
            Manner::Person => GRAMMAR.verbs,
            Manner::Script => &[Verb::Quit],
        };
        match Line::parse(line, verbs) {
            Ok(Line::Command(verb, arguments)) => self.obey(verb, arguments),
            Ok(Line::Text(name)) if self.login != Login::LoggedIn => self.enter_name(name),
            Ok(Line::Text(text)) => self.say(text),
            Err(_) if self.manner == Manner::Script => Entered::Hint(USAGE.to_owned()),
            Err(hint) => Entered::Hint(hint),
        }
    }

    fn keyboard_ended(&mut self) {
        self.client.finish();
    }

    fn leave(&mut self) {
        // Who leaves does so of their own will, whatever came before.
        if let Login::Asking { was_refused } = &mut self.login {
            *was_refused = false;
        }
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

    fn completions(&self, before_cursor: &str) -> Vec<String> {
        match self.login {
            Login::LoggedIn => self.words.completions(before_cursor),
            _ => Vec::new(),
        }
    }

    fn prompt(&self) -> Cow<'_, str> {
        match self.login {
            Login::Asking { .. } => Cow::Borrowed("name> "),
            _ if !self.is_connected => Cow::Borrowed(OFFLINE),
            _ => Cow::Owned(self.target.prompt('@', '#')),
        }
    }

    fn returns(&self) -> bool {
        true
    }

    fn disconnected(&mut self) {
        self.client = Client::new();
        self.is_connected = false;
        if self.login == Login::LoggedIn {
            self.login = Login::Asked;
        }
    }

    fn wants_connection(&self) -> bool {
        self.login == Login::Asked
    }

    fn reconnected(&mut self) {
        self.is_connected = true;
        self.log_in();
    }
}

const GRAMMAR: Grammar = Grammar {
    verbs: &[
        Verb::Help,
        Verb::Quit,
        Verb::Who,
        Verb::Query,
        Verb::Message,
        Verb::Reply,
    ],
    commands: &["!quit", "!users", "!who"],
    user_mark: Some('@'),
    room_mark: None,
};
