//! `direct`: login, and direct messages in plain words.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::str;

use linechat_protocol::direct::{Asked, Client, Event};
use linechat_protocol::{Names, RequestError};

use super::Manner;
use super::command::{Arguments, Line, Verb};
use super::lines::OFFLINE;
use super::talk::{End, Entered, Message, Said, Talk, Typed, complaint, content};
use super::target::Target;
use super::words::{Grammar, Words};

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

    fn ask(&mut self) {
        let question = "enter the name to log in with, or !quit".to_owned();
        self.news.push_back(Said::Question(question));
    }

    fn choose(&mut self, name: &str) {
        self.name = Some(name.to_owned());
        self.login = Login::Asked;
        if self.is_connected {
            self.log_in();
        }
    }

    fn log_in(&mut self) {
        let Some(name) = &self.name else { return };
        if let Err(error) = self.client.log_in(name) {
            let reason = format!("cannot log in as '{name}': {}", reason(error));
            self.refuse(&reason, ANOTHER_NAME);
        }
    }

    fn enter_name(&mut self, line: &[u8]) -> Entered {
        match str::from_utf8(line) {
            Ok("!quit") => return Entered::Leave,
            Ok(name) => self.choose(name),
            Err(_) => return Entered::Hint("a name is UTF-8".to_owned()),
        }
        Entered::GoOn
    }

    /// Tells the user why the login failed, and asks again unless the name was given.
    fn refuse(&mut self, reason: &str, advice: &str) {
        if self.was_in && self.refusals < MAX_REFUSALS {
            // The server may not know yet that the connection before is gone.
            self.refusals += 1;
            self.news.push_back(Said::Hint(reason.to_owned()));
            self.news.push_back(Said::End(End::Closed));
        } else if self.is_given && !self.was_in {
            self.client.finish();
            let reason = format!("{reason}; {advice}");
            self.news.push_back(Said::End(End::Refused(reason)));
        } else {
            self.login = Login::Asking { was_refused: true };
            self.was_in = false;
            self.news.push_back(Said::Line(reason.as_bytes().to_vec()));
            self.ask();
        }
    }

    fn say(&mut self, line: &[u8]) -> Entered {
        let Ok(line) = str::from_utf8(line) else {
            return Entered::Hint("not sent: the text is not UTF-8".to_owned());
        };
        let addressed = line.strip_prefix('@').map(|rest| rest.split_once(' '));
        let asked = match (line, addressed, &self.target) {
            ("!quit", ..) => return Entered::Leave,
            ("!users" | "!who", ..) => self.client.list(),
            (_, Some(Some((to, text))), _) => self.client.send(to, text),
            (_, None, Target::User(to)) if !line.is_empty() && !line.starts_with('!') => {
                self.client.send(to, line)
            }
            _ => return Entered::Hint(USAGE.to_owned()),
        };
        told(asked)
    }

    fn obey(&mut self, verb: Verb, arguments: Arguments<'_>) -> Entered {
        let Arguments { name, text } = arguments;
        match verb {
            Verb::Quit => return Entered::Leave,
            Verb::Help => return Entered::Hints(help()),
            _ if self.login != Login::LoggedIn => {
                return Entered::Hint("log in first".to_owned());
            }
            _ => {}
        }
        told(match (verb, &self.writer) {
            (Verb::Who, _) => self.client.list(),
            (Verb::Message, _) => self.client.send(name, text),
            (Verb::Reply, Some(writer)) => self.client.send(writer, text),
            (Verb::Reply, None) => {
                return Entered::Hint("nobody has written to you yet".to_owned());
            }
            _ => {
                self.target = Target::user(name);
                Ok(())
            }
        })
    }

    fn understand(&mut self, event: Event) -> Option<Said> {
        let words = match event {
            Event::LoggedIn { name } => {
                self.login = Login::LoggedIn;
                let again = if self.was_in { " again" } else { "" };
                (self.was_in, self.refusals) = (true, 0);
                if self.manner == Manner::Person {
                    self.news.push_back(Said::Hint(WELCOME.to_owned()));
                }
                format!("logged in{again} as {name}")
            }
            Event::NameInUse { name } => {
                self.refuse(&format!("the name '{name}' is in use"), ANOTHER_NAME);
                return None;
            }
            Event::ServerFull { .. } => {
                self.refuse("the server is full", "try again later");
                return None;
            }
            Event::Rejected {
                request: Asked::LogIn { name },
                ..
            } => {
                let reason = format!("the server does not accept the name '{name}'");
                self.refuse(&reason, ANOTHER_NAME);
                return None;
            }
            Event::Users(names) => {
                names.iter().for_each(|name| self.words.learn_user(name));
                format!("users: {}", enumerated(&names))
            }
            Event::Sent { to } => format!("sent to {to}"),
            Event::NoSuchUser { to } => format!("no such user: {to}"),
            Event::Delivery { from, text } => return Some(self.delivered(from, text)),
            Event::Rejected { request, .. } => rejected(&request),
            Event::Violation(violation) => return Some(Said::Hint(complaint(&violation))),
            _ => return Some(Said::End(self.end())),
        };
        Some(Said::Line(words.into_bytes()))
    }

    fn delivered(&mut self, from: String, text: String) -> Said {
        self.words.learn_user(&from);
        self.writer = Some(from.clone());
        Said::Message(Message {
            place: String::new(),
            from,
            text,
            is_private: true,
            me: self.name.clone(),
        })
    }

    /// What it means that the server has closed the connection.
    fn end(&self) -> End {
        match self.login {
            Login::Asking { was_refused: true } if self.manner == Manner::Script => {
                End::Refused("not logged in: there was no other name to try".to_owned())
            }
            _ => End::Closed,
        }
    }
}

impl Talk for Direct {
    fn receive(&mut self, bytes: &[u8]) {
        self.client.receive(bytes);
    }

    fn receive_eof(&mut self) {
        self.client.receive_eof();
    }

    fn wants_input(&self) -> bool {
        self.client.wants_input()
    }

    /// Half an answer is none.
    fn is_within_line(&self) -> bool {
        false
    }

    fn receive_pause(&mut self) {}

    fn transmit(&self) -> &[u8] {
        self.client.transmit()
    }

    fn advance(&mut self, written: usize) {
        self.client.advance(written);
    }

    fn is_done_sending(&self) -> bool {
        self.client.is_done_sending()
    }

    fn takes_lines(&self) -> bool {
        self.login != Login::Asked && self.client.has_room()
    }

    fn is_urgent(&self, line: &[u8]) -> bool {
        self.manner == Manner::Person && Line::is_one_of(line, &[Verb::Quit, Verb::Help])
    }

    fn enter(&mut self, typed: Typed<'_>) -> Entered {
        let line = match typed {
            Typed::Line(line) => content(line),
            Typed::Piece { is_first: true, .. } => {
                return Entered::Hint("not sent: the line is too long".to_owned());
            }
            Typed::Piece { .. } => return Entered::GoOn,
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

fn told(asked: Result<(), RequestError>) -> Entered {
    match asked {
        Ok(()) => Entered::GoOn,
        Err(error) => Entered::Hint(format!("not sent: {}", reason(error))),
    }
}

fn reason(error: RequestError) -> String {
    match error {
        RequestError::BadName => {
            "a name is 1 to 64 bytes without blanks, commas, control characters and ! @ # $ % ^ & *"
                .to_owned()
        }
        other => other.to_string(),
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

fn help() -> Vec<String> {
    let commands = GRAMMAR.verbs.iter().map(|verb| verb.help());
    let short = "@name text, !users (or !who) and !quit are short for three of them.";
    commands.chain([short.to_owned()]).collect()
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

const USAGE: &str = "type '@name text' to send a message, '!users' (or '!who') to see who is here, \
                     '!quit' to leave";

const WELCOME: &str = "@name text sends a message, !users says who is here, /help says more";

const ANOTHER_NAME: &str = "choose another name with --name";

/// How often to try a name again that was the user's own before the connection was lost.
const MAX_REFUSALS: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_name_and_what_follows_waits_for_the_answer() {
        let mut direct = Direct::new(None, Manner::Script);
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
        let mut direct = Direct::new(None, Manner::Script);
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
            let mut direct = Direct::new(None, Manner::Script);
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
        let mut direct = Direct::new(Some("alice"), Manner::Script);
        direct.receive(b"IN-USE\n");
        assert_eq!(shown(&mut direct), ["(refused)"]);
        assert_eq!(
            shown(&mut Direct::new(Some("a b"), Manner::Script)),
            ["(refused)"]
        );
    }

    #[test]
    fn a_full_server_is_not_called_a_bad_name() {
        let mut direct = Direct::new(Some("alice"), Manner::Script);
        direct.receive(b"BUSY\n");
        let Some(Said::End(End::Refused(reason))) = direct.poll() else {
            panic!("it is an end")
        };
        assert_eq!(reason, "the server is full; try again later");
    }

    #[test]
    fn on_a_terminal_a_target_stays_and_who_wrote_last_is_answered() {
        let mut direct = Direct::new(Some("alice"), Manner::Person);
        direct.receive(b"HELLO alice\nDELIVERY bob psst\n");
        shown(&mut direct);
        direct.advance(direct.transmit().len());
        for line in ["/reply hi", "/query carol", "hi", "//hi", "@bob hi", "/who"] {
            assert_eq!(enter(&mut direct, line), Entered::GoOn, "{line}");
        }
        assert_eq!(direct.prompt(), "@carol> ");
        let sent = "SEND bob hi\nSEND carol hi\nSEND carol /hi\nSEND bob hi\nLIST\n";
        assert_eq!(direct.transmit(), sent.as_bytes());
        for line in ["/join den", "/nonsense", "!nonsense", ""] {
            assert!(
                matches!(enter(&mut direct, line), Entered::Hint(_)),
                "{line}"
            );
        }
        assert_eq!(direct.transmit(), sent.as_bytes());
    }

    #[test]
    fn with_a_new_connection_the_user_is_logged_in_again() {
        let mut direct = Direct::new(Some("alice"), Manner::Person);
        direct.receive(b"HELLO alice\n");
        shown(&mut direct);
        for answer in ["IN-USE\n", "HELLO alice\n"] {
            direct.disconnected();
            assert!(direct.wants_connection() && !direct.takes_lines());
            direct.reconnected();
            assert_eq!(direct.transmit(), b"HELLO-FROM alice\n");
            direct.receive(answer.as_bytes());
            let shown = shown(&mut direct).concat();
            let is_in = shown.contains("logged in again as alice");
            assert_eq!(is_in, answer.starts_with("HELLO"), "{shown}");
        }
    }

    fn logged_in() -> Direct {
        let mut direct = Direct::new(Some("alice"), Manner::Script);
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
            Said::Message(message) => message.to_string(),
            Said::Hint(hint) | Said::Question(hint) => format!("({hint})"),
            Said::End(End::Refused(_)) => "(refused)".to_owned(),
            Said::End(_) => "(closed)".to_owned(),
        });
        words.collect()
    }
}
