//! `pair`: turns with the operator at the server.

use std::borrow::Cow;

use linechat_protocol::LineEvent;
use linechat_protocol::pair::{Client, Typed as Taken};

use super::Manner;
use super::command::{Line, Verb};
use super::lines::help;
use super::talk::{
    End, Entered, Said, Talk, Typed, complaint, pauses_end_lines, server_side_is_client,
};
use super::words::{Grammar, Words};

/// The client of seed 003.
pub(super) struct Pair {
    client: Client,
    full_duplex: bool,
    manner: Manner,
    words: Words,
}

impl Pair {
    pub(super) fn new(full_duplex: bool, manner: Manner) -> Self {
        let client = Client::new();
        Self {
            client: if full_duplex {
                client.full_duplex()
            } else {
                client
            },
            full_duplex,
            manner,
            words: Words::of(&GRAMMAR),
        }
    }

    fn say(&mut self, line: &[u8]) -> Entered {
        match self.client.enter(line) {
            Ok(Taken::Line) => Entered::GoOn,
            Ok(Taken::Exit) => Entered::Leave,
            Err(error) => Entered::Hint(format!("not sent: {error}")),
        }
    }
}

impl Talk for Pair {
    server_side_is_client!();
    pauses_end_lines!();

    /// Also when too much waits for its turn, `EXIT` has to be found: it does not wait.
    fn takes_lines(&self) -> bool {
        self.client.has_room()
    }

    fn enter(&mut self, typed: Typed<'_>) -> Entered {
        let Some(line) = typed.line() else {
            return Entered::GoOn;
        };
        if self.manner == Manner::Script {
            return self.say(line);
        }
        match Line::parse(line, GRAMMAR.verbs) {
            Ok(Line::Text(text)) => self.say(text),
            Ok(Line::Command(Verb::Help, _)) => {
                let turns =
                    "EXIT               leave, as /quit does; the other side ends with it, too";
                Entered::Hints([help(GRAMMAR.verbs), vec![turns.to_owned()]].concat())
            }
            Ok(Line::Command(..)) => Entered::Leave,
            Err(hint) => Entered::Hint(hint),
        }
    }

    fn keyboard_ended(&mut self) {
        self.client.finish();
    }

    fn leave(&mut self) {
        // The way to say at any time that nothing waits for its turn any more.
        let _ = self.client.enter(b"EXIT");
    }

    fn poll(&mut self) -> Option<Said> {
        self.client.poll_event().map(|event| match event {
            LineEvent::Line(line) => Said::Line(line),
            LineEvent::Violation(violation) => Said::Hint(complaint(&violation)),
            _ => Said::End(End::Closed),
        })
    }

    fn completions(&self, before_cursor: &str) -> Vec<String> {
        self.words.completions(before_cursor)
    }

    fn prompt(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self.client.has_turn() {
            _ if self.full_duplex => "> ",
            true => "your turn> ",
            false => "their turn> ",
        })
    }
}

const GRAMMAR: Grammar = Grammar {
    verbs: &[Verb::Help, Verb::Quit],
    commands: &[],
    user_mark: None,
    room_mark: None,
};
