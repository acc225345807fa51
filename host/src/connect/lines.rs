//! Dialects whose lines are handed on as they are, for people.

use std::borrow::Cow;
use std::collections::VecDeque;

use linechat_protocol::{LineClient, LineEvent};

use super::command::{Line, Verb};
use super::talk::{
    End, Entered, Said, Talk, Typed, complaint, pauses_end_lines, server_side_is_client,
};
use super::words::{Grammar, Words};

/// `echo`, `relay` and `addressed` on a terminal: what comes is told line by line.
pub(super) struct Lines {
    client: LineClient,
    is_connected: bool,
    has_ended: bool,
    news: VecDeque<Said>,
    words: Words,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self {
            client: LineClient::new(),
            is_connected: true,
            has_ended: false,
            news: VecDeque::new(),
            words: Words::of(&GRAMMAR),
        }
    }

    fn send(&mut self, line: &[u8]) -> Entered {
        match self.client.send(line) {
            Ok(()) => Entered::GoOn,
            Err(error) => Entered::Hint(format!("not sent: {error}")),
        }
    }
}

impl Talk for Lines {
    server_side_is_client!();
    pauses_end_lines!();

    fn takes_lines(&self) -> bool {
        self.is_connected && !self.has_ended && self.client.has_room()
    }

    fn is_urgent(&self, line: &[u8]) -> bool {
        Line::is_one_of(line, GRAMMAR.verbs)
    }

    fn enter(&mut self, typed: Typed<'_>) -> Entered {
        let Some(line) = typed.line() else {
            return Entered::GoOn;
        };
        match Line::parse(line, GRAMMAR.verbs) {
            Ok(Line::Text(text)) => self.send(text),
            Ok(Line::Command(Verb::Help, _)) => Entered::Hints(help(GRAMMAR.verbs)),
            Ok(Line::Command(..)) => Entered::Leave,
            Err(hint) => Entered::Hint(hint),
        }
    }

    fn keyboard_ended(&mut self) {
        self.leave();
    }

    fn leave(&mut self) {
        self.has_ended = true;
        self.client.finish();
    }

    fn poll(&mut self) -> Option<Said> {
        if let Some(said) = self.news.pop_front() {
            return Some(said);
        }
        Some(match self.client.poll_event()? {
            LineEvent::Line(line) => Said::Line(line),
            LineEvent::Violation(violation) => Said::Hint(complaint(&violation)),
            _ => Said::End(End::Closed),
        })
    }

    fn completions(&self, before_cursor: &str) -> Vec<String> {
        self.words.completions(before_cursor)
    }

    fn prompt(&self) -> Cow<'_, str> {
        Cow::Borrowed(if self.is_connected { "> " } else { OFFLINE })
    }

    fn returns(&self) -> bool {
        true
    }

    fn disconnected(&mut self) {
        self.client = LineClient::new();
        self.is_connected = false;
    }

    fn reconnected(&mut self) {
        self.is_connected = true;
        self.news
            .push_back(Said::Hint("connected again".to_owned()));
    }
}

/// What can be typed.
pub(super) fn help(verbs: &[Verb]) -> Vec<String> {
    let commands = verbs.iter().map(|verb| verb.help());
    commands.chain([TEXT.to_owned()]).collect()
}

const TEXT: &str = "Everything else is sent; //text sends /text. Tab completes, Ctrl-R searches.";

/// The prompt while there is no connection.
pub(super) const OFFLINE: &str = "(not connected) > ";

const GRAMMAR: Grammar = Grammar {
    verbs: &[Verb::Help, Verb::Quit],
    commands: &[],
    user_mark: None,
    room_mark: None,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_a_slash_is_never_sent_unless_there_are_two() {
        let mut lines = Lines::new();
        for line in ["/help", "/nonsense", "/msg bob hi"] {
            let entered = lines.enter(Typed::Line(line.as_bytes()));
            assert!(
                matches!(entered, Entered::Hint(_) | Entered::Hints(_)),
                "{line}"
            );
        }
        assert_eq!(lines.enter(Typed::Line(b"/quit")), Entered::Leave);
        assert_eq!(lines.transmit(), b"");
        assert_eq!(lines.enter(Typed::Line(b"//quit")), Entered::GoOn);
        assert_eq!(lines.transmit(), b"/quit\n");
    }
}
