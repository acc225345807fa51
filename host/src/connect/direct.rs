//! `direct`: login, and direct messages in plain words.

use std::collections::VecDeque;
use std::str;

use linechat_protocol::direct::{Asked, Client, Event};
use linechat_protocol::{Names, RequestError};

use super::talk::{End, Entered, Said, Talk, Typed, complaint, content, server_side_is_client};
use super::vocabulary::Vocabulary;

/// The client of seed 004.
pub(super) struct Direct {
    client: Client,
    login: Login,
    /// What is to be shown before anything else.
    news: VecDeque<Said>,
    vocabulary: Vocabulary,
}

/// How far the user is from being logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Login {
    /// A name was given on the command line, and there is one try.
    Given,
    /// The next line is a name.
    Asking {
        was_refused: bool,
    },
    /// The server has yet to say whether the name can be had.
    Asked,
    LoggedIn,
}

impl Direct {
    /// Logs in as `name`; without one, the first line is the name.
    pub(super) fn new(name: Option<&str>) -> Self {
        let mut direct = Self {
            client: Client::new(),
            login: Login::Asking { was_refused: false },
            news: VecDeque::new(),
            vocabulary: Vocabulary::of(&["!quit", "!users", "!who"]),
        };
        match name {
            None => direct.ask(),
            Some(name) => {
                direct.login = Login::Given;
                if let Err(error) = direct.client.log_in(name) {
                    direct.refuse(format!("cannot log in as '{name}': {error}"));
                }
            }
        }
        direct
    }

    fn ask(&mut self) {
        let question = "enter the name to log in with, or !quit".to_owned();
        self.news.push_back(Said::Question(question));
    }

    fn enter_name(&mut self, line: &[u8]) -> Entered {
        if line == b"!quit" {
            return Entered::Leave;
        }
        let name = str::from_utf8(line).map_err(|_| RequestError::BadName);
        match name.and_then(|name| self.client.log_in(name)) {
            Ok(()) => self.login = Login::Asked,
            Err(error) => self.refuse(format!("cannot log in: {error}")),
        }
        Entered::GoOn
    }

    /// Tells the user that the name cannot be had, and asks for another one unless it was given.
    fn refuse(&mut self, reason: String) {
        if self.login == Login::Given {
            self.client.finish();
            let reason = format!("{reason}; choose another name with --name");
            self.news.push_back(Said::End(End::Refused(reason)));
        } else {
            self.login = Login::Asking { was_refused: true };
            self.news.push_back(Said::Line(reason.into_bytes()));
            self.ask();
        }
    }

    fn enter_command(&mut self, line: &[u8]) -> Entered {
        let Ok(line) = str::from_utf8(line) else {
            return Entered::Hint("not sent: the text is not UTF-8".to_owned());
        };
        let asked = match line {
            "!quit" => return Entered::Leave,
            "!users" | "!who" => self.client.list(),
            _ => match line.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
                Some((to, text)) => self.client.send(to, text),
                None => return Entered::Hint(USAGE.to_owned()),
            },
        };
        match asked {
            Ok(()) => Entered::GoOn,
            Err(error) => Entered::Hint(format!("not sent: {error}")),
        }
    }

    fn understand(&mut self, event: Event) -> Option<Said> {
        let words = match event {
            Event::LoggedIn { name } => {
                self.login = Login::LoggedIn;
                format!("logged in as {name}")
            }
            Event::NameInUse { name } => {
                self.refuse(format!("the name '{name}' is in use"));
                return self.news.pop_front();
            }
            Event::ServerFull { .. } => {
                self.refuse("the server is full".to_owned());
                return self.news.pop_front();
            }
            Event::Rejected {
                request: Asked::LogIn { name },
                ..
            } => {
                self.refuse(format!("the server does not accept the name '{name}'"));
                return self.news.pop_front();
            }
            Event::Users(names) => {
                names
                    .iter()
                    .for_each(|name| self.vocabulary.learn_user(name));
                format!("users: {}", enumerated(&names))
            }
            Event::Sent { to } => format!("sent to {to}"),
            Event::NoSuchUser { to } => format!("no such user: {to}"),
            Event::Delivery { from, text } => {
                self.vocabulary.learn_user(&from);
                format!("{from}: {text}")
            }
            Event::Rejected { request, .. } => rejected(&request),
            Event::Violation(violation) => return Some(Said::Hint(complaint(&violation))),
            _ => return Some(Said::End(self.end())),
        };
        Some(Said::Line(words.into_bytes()))
    }

    /// What it means that the server has closed the connection.
    fn end(&self) -> End {
        match self.login {
            Login::Asking { was_refused: true } => {
                End::Refused("not logged in: there was no other name to try".to_owned())
            }
            _ => End::Closed,
        }
    }
}

impl Talk for Direct {
    server_side_is_client!();

    fn takes_lines(&self) -> bool {
        let is_answered = !matches!(self.login, Login::Given | Login::Asked);
        is_answered && self.client.has_room()
    }

    fn enter(&mut self, typed: Typed<'_>) -> Entered {
        let line = match typed {
            Typed::Line(line) => content(line),
            Typed::Piece { is_first: true, .. } => {
                return Entered::Hint("not sent: the line is too long".to_owned());
            }
            Typed::Piece { .. } => return Entered::GoOn,
        };
        match self.login {
            Login::LoggedIn => self.enter_command(line),
            _ => self.enter_name(line),
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
        if let Some(said) = self.news.pop_front() {
            return Some(said);
        }
        let event = self.client.poll_event()?;
        self.understand(event)
    }

    fn completions(&self, before_cursor: &str) -> Vec<String> {
        self.vocabulary.completions(before_cursor)
    }
}

fn enumerated(names: &Names) -> String {
    names.iter().collect::<Vec<_>>().join(", ")
}

fn rejected(request: &Asked) -> String {
    match request {
        Asked::Send { to } => format!("the server does not accept the message to {to}"),
        _ => "the server does not accept the request".to_owned(),
    }
}

const USAGE: &str = "type '@name text' to send a message, '!users' (or '!who') to see who is here, \
                     '!quit' to leave";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_name_and_what_follows_waits_for_the_answer() {
        let mut direct = Direct::new(None);
        assert!(matches!(direct.poll(), Some(Said::Question(_))));
        assert_eq!(enter(&mut direct, "alice\n"), Entered::GoOn);
        assert!(!direct.takes_lines());
        direct.receive(b"HELLO alice\n");
        assert_eq!(shown(&mut direct), ["logged in as alice"]);
        assert!(direct.takes_lines());
        assert_eq!(enter(&mut direct, "!who"), Entered::GoOn);
        assert_eq!(direct.transmit(), b"HELLO-FROM alice\nLIST\n");
    }

    #[test]
    fn what_comes_is_shown_in_plain_words() {
        let mut direct = logged_in();
        for line in ["@bob hi", "@eve hi", "!users"] {
            assert_eq!(enter(&mut direct, line), Entered::GoOn);
        }
        direct.receive(b"SEND-OK\nDELIVERY bob  oh\nBAD-DEST-USER\nLIST-OK alice,bob\n");
        direct.receive_eof();
        assert_eq!(
            shown(&mut direct),
            [
                "sent to bob",
                "bob:  oh",
                "no such user: eve",
                "users: alice, bob",
                "(closed)"
            ]
        );
    }

    #[test]
    fn other_input_sends_nothing_and_says_what_can_be_typed() {
        let mut direct = logged_in();
        for line in ["", "hello", "@bob", "!list", "LIST", " !users", "!users x"] {
            assert_eq!(
                enter(&mut direct, line),
                Entered::Hint(USAGE.to_owned()),
                "{line:?}"
            );
        }
        assert!(matches!(enter(&mut direct, "@bob  "), Entered::Hint(_)));
        assert_eq!(direct.transmit(), b"");
        assert_eq!(enter(&mut direct, "!quit"), Entered::Leave);
    }

    #[test]
    fn after_a_refusal_another_name_is_asked_for() {
        let mut direct = Direct::new(None);
        direct.poll();
        enter(&mut direct, "a b");
        assert!(matches!(direct.poll(), Some(Said::Line(_))));
        assert!(matches!(direct.poll(), Some(Said::Question(_))));
        enter(&mut direct, "alice");
        direct.receive(b"IN-USE\n");
        assert_eq!(
            direct.poll(),
            Some(Said::Line(b"the name 'alice' is in use".to_vec()))
        );
        assert!(matches!(direct.poll(), Some(Said::Question(_))));
        assert!(direct.takes_lines());
    }

    #[test]
    fn whoever_runs_out_of_names_was_refused_and_whoever_leaves_was_not() {
        for leaves in [false, true] {
            let mut direct = Direct::new(None);
            enter(&mut direct, "alice");
            direct.receive(b"BUSY\n");
            shown(&mut direct);
            if leaves {
                direct.leave();
            } else {
                direct.keyboard_ended();
            }
            direct.receive_eof();
            let ends = shown(&mut direct);
            assert_eq!(ends, [if leaves { "(closed)" } else { "(refused)" }]);
        }
    }

    #[test]
    fn a_name_that_was_given_is_tried_once() {
        let mut direct = Direct::new(Some("alice"));
        direct.receive(b"IN-USE\n");
        assert_eq!(shown(&mut direct), ["(refused)"]);
        assert_eq!(shown(&mut Direct::new(Some("a b"))), ["(refused)"]);
    }

    fn logged_in() -> Direct {
        let mut direct = Direct::new(Some("alice"));
        direct.receive(b"HELLO alice\n");
        shown(&mut direct);
        direct.advance(direct.transmit().len());
        direct
    }

    fn enter(direct: &mut Direct, line: &str) -> Entered {
        direct.enter(Typed::Line(line.as_bytes()))
    }

    fn shown(direct: &mut Direct) -> Vec<String> {
        let said = std::iter::from_fn(|| direct.poll());
        let words = said.map(|said| match said {
            Said::Line(line) | Said::Bytes(line) => String::from_utf8(line).unwrap(),
            Said::Hint(hint) | Said::Question(hint) => format!("({hint})"),
            Said::End(End::Closed) => "(closed)".to_owned(),
            Said::End(End::Refused(_)) => "(refused)".to_owned(),
        });
        words.collect()
    }
}
