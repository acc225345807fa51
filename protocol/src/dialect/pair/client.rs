//! The client of `pair`.

use super::typed::{EXIT, TypedLines};
use crate::client::{Client as AnyClient, ClientDialect, ClientLimits, Half, LineEvent, Output};
use crate::{RequestError, Violation};

/// A client of `pair` (seed 003): what its user types goes to the operator, what the operator
/// types comes back.
///
/// They take turns, the client first: it sends a line, then tells one from the server. What its
/// user types out of turn waits, and what the server sends out of turn waits, too, until the
/// server closes the connection; a client with [`full_duplex`](Self::full_duplex) lets neither
/// wait. A user who has nothing more to type ([`finish`](Self::finish)) passes the turns on: what
/// was typed is still sent, each line in its turn, then the sending half ends, and what comes is
/// told as it comes.
///
/// A server that ends its half may still listen, and will never answer: what waits for its turn is
/// sent then. Write what [`transmit`](AnyClient::transmit) shows after
/// [`LineEvent::Closed`] before hanging up, and never mind if that fails.
///
/// ```
/// use linechat_protocol::LineEvent;
/// use linechat_protocol::pair::{Client, Typed};
///
/// let mut client = Client::new();
/// client.enter(b"Hello.")?;
/// client.enter(b"Are you there?")?;
/// assert_eq!(client.transmit(), b"Hello.\n");
///
/// client.receive(b"Yes.\n");
/// assert_eq!(client.poll_event(), Some(LineEvent::Line(b"Yes.".to_vec())));
/// assert_eq!(client.transmit(), b"Hello.\nAre you there?\n");
///
/// assert_eq!(client.enter(b"EXIT"), Ok(Typed::Exit));
/// # Ok::<(), linechat_protocol::RequestError>(())
/// ```
pub type Client = AnyClient<ClientState>;

impl Client {
    /// The same client, which neither waits for turns nor makes the server wait.
    #[must_use]
    pub fn full_duplex(mut self) -> Self {
        self.state.full_duplex = true;
        self
    }

    /// Whether the client's user is expected to type something: it is the client's turn, and
    /// nothing waits for it.
    pub fn has_turn(&self) -> bool {
        self.state.full_duplex || self.state.turn == Turn::Client
    }

    /// The user typed a line, which is given without its ending.
    ///
    /// # Errors
    ///
    /// It has a line feed in it, is too long, or does not fit now. `EXIT` is never refused.
    pub fn enter(&mut self, line: &[u8]) -> Result<Typed, RequestError> {
        if line == EXIT {
            self.state.exit(&mut self.output);
            return Ok(Typed::Exit);
        }
        self.output
            .check(line, self.state.typed.cost(), &self.limits)?;
        if self.state.keyboard_ended {
            return Err(RequestError::Finished);
        }
        self.state.typed.push(line);
        self.state.speak(&mut self.output);
        Ok(Typed::Line)
    }
}

/// What became of a line that was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Typed {
    /// It is sent, now or when it is the client's turn.
    Line,
    /// It was `EXIT`: the talk is over. Write what [`transmit`](AnyClient::transmit) shows and
    /// hang up; what waited for its turn is dropped, and nothing more is told.
    Exit,
}

/// What a [`Client`] knows: whose turn it is.
#[derive(Debug, Default)]
pub struct ClientState {
    full_duplex: bool,
    turn: Turn,
    /// What was typed out of turn.
    typed: TypedLines,
    keyboard_ended: bool,
    exited: bool,
}

impl ClientState {
    /// Sends what was typed, as far as it is the client's turn.
    fn speak(&mut self, output: &mut Output) {
        while self.full_duplex || self.turn == Turn::Client {
            let Some(line) = self.typed.pop() else { break };
            output.push_line(&line);
            self.turn = Turn::Server;
        }
        if self.passes_turns_on() {
            output.finish();
        }
    }

    fn passes_turns_on(&self) -> bool {
        self.keyboard_ended && self.typed.is_empty()
    }

    fn server_spoke(&mut self, output: &mut Output) {
        self.turn = Turn::Client;
        self.speak(output);
    }

    fn exit(&mut self, output: &mut Output) {
        self.exited = true;
        self.typed = TypedLines::default();
        output.finish();
    }
}

impl ClientDialect for ClientState {
    type Event = LineEvent;
}

impl Half for ClientState {
    type Reported = LineEvent;

    fn line(&mut self, output: &mut Output, line: &[u8]) -> Option<LineEvent> {
        self.server_spoke(output);
        Some(LineEvent::Line(line.to_vec()))
    }

    fn line_too_long(&mut self, output: &mut Output, max: usize) -> LineEvent {
        self.server_spoke(output);
        Violation::LineTooLong { max }.into()
    }

    fn closed(&mut self, _output: &Output) -> LineEvent {
        LineEvent::Closed
    }

    fn server_ended(&mut self, output: &mut Output) {
        while let Some(line) = self.typed.pop() {
            output.push_line(&line);
        }
        output.end_unread();
    }

    fn listens(&self, server_closed: bool) -> bool {
        let in_turn = self.full_duplex || self.turn == Turn::Server || self.passes_turns_on();
        (in_turn || server_closed) && !self.exited
    }

    fn has_room(&self, output: &Output, limits: &ClientLimits) -> bool {
        output.has_room(self.typed.cost(), limits)
    }

    fn finish(&mut self, output: &mut Output) {
        self.keyboard_ended = true;
        self.speak(output);
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Turn {
    #[default]
    Client,
    Server,
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn each_side_waits_for_its_turn() {
        let mut client = Client::new();
        client.receive(b"early\nlate\n");
        assert_eq!(told(&mut client), [""; 0]);
        assert!(client.has_turn());
        assert_eq!(client.enter(b"one"), Ok(Typed::Line));
        assert!(!client.has_turn());
        assert_eq!(client.enter(b"two"), Ok(Typed::Line));
        assert_eq!(client.enter(b"three"), Ok(Typed::Line));
        assert_eq!(client.transmit(), b"one\n");
        assert_eq!(told(&mut client), ["early", "late"]);
        assert_eq!(client.transmit(), b"one\ntwo\nthree\n");
    }

    #[test]
    fn in_full_duplex_nobody_waits() {
        let mut client = Client::new().full_duplex();
        client.receive(b"a\nb\n");
        assert_eq!(told(&mut client), ["a", "b"]);
        assert_eq!(client.enter(b"one"), Ok(Typed::Line));
        assert_eq!(client.enter(b"two"), Ok(Typed::Line));
        assert_eq!(client.transmit(), b"one\ntwo\n");
    }

    #[test]
    fn exit_takes_effect_at_once_and_is_not_sent() {
        let mut client = Client::new();
        assert_eq!(client.enter(b"sent"), Ok(Typed::Line));
        assert_eq!(client.enter(b"waits"), Ok(Typed::Line));
        assert_eq!(client.enter(b"EXIT"), Ok(Typed::Exit));
        client.receive(b"late\n");
        client.receive_eof();
        assert_eq!(told(&mut client), [""; 0]);
        assert_eq!(client.transmit(), b"sent\n");
        client.advance(5);
        assert!(client.is_done_sending());
        assert_eq!(client.enter(b"more"), Err(RequestError::Finished));
    }

    #[test]
    fn only_exit_alone_on_its_line_is_exit() {
        let mut client = Client::new().full_duplex();
        for line in ["exit", " EXIT", "EXIT ", "EXIT now"] {
            assert_eq!(client.enter(line.as_bytes()), Ok(Typed::Line));
        }
        assert_eq!(client.transmit(), b"exit\n EXIT\nEXIT \nEXIT now\n");
    }

    #[test]
    fn a_keyboard_that_ended_sends_what_was_typed_by_turns_and_then_passes_them_on() {
        let mut client = Client::new();
        assert_eq!(client.enter(b"one"), Ok(Typed::Line));
        assert_eq!(client.enter(b"two"), Ok(Typed::Line));
        client.finish();
        assert_eq!(client.enter(b"three"), Err(RequestError::Finished));
        client.advance(4);
        assert!(!client.is_done_sending());
        client.receive(b"a\nb\nc\n");
        assert_eq!(told(&mut client), ["a", "b", "c"]);
        assert_eq!(client.transmit(), b"two\n");
        client.advance(4);
        assert!(client.is_done_sending());
    }

    #[test]
    fn a_server_that_closes_out_of_turn_is_heard_to_its_end() {
        let mut client = Client::new();
        client.receive(b"a\nb");
        client.receive_eof();
        assert_eq!(told(&mut client), ["a", "b", "closed"]);
        assert_eq!(client.enter(b"one"), Err(RequestError::Closed));
    }

    #[test]
    fn what_waits_for_a_turn_is_sent_to_a_server_that_will_say_nothing_more() {
        let mut client = Client::new();
        for line in ["one", "two", "three"] {
            assert_eq!(client.enter(line.as_bytes()), Ok(Typed::Line));
        }
        client.advance(4);
        client.receive_eof();
        assert_eq!(told(&mut client), ["closed"]);
        assert_eq!(client.transmit(), b"two\nthree\n");
        assert_eq!(client.enter(b"four"), Err(RequestError::Closed));
        assert!(!client.is_done_sending());
        client.advance(10);
        assert!(client.is_done_sending());
    }

    #[test]
    fn a_line_that_is_too_long_is_a_turn() {
        let mut client = Client::with_limits(ClientLimits {
            max_received_line: 3,
            ..ClientLimits::default()
        });
        assert_eq!(client.enter(b"one"), Ok(Typed::Line));
        assert_eq!(client.enter(b"two"), Ok(Typed::Line));
        client.receive(b"12345\nabc\n");
        assert_eq!(told(&mut client), ["too long", "abc"]);
        assert_eq!(client.transmit(), b"one\ntwo\n");
    }

    #[test]
    fn what_waits_on_either_side_is_bounded() {
        let mut client = Client::with_limits(ClientLimits {
            max_received_line: 8,
            max_backlog: 100,
            ..ClientLimits::default()
        });
        assert!(client.has_room());
        client.receive(b"out\nof\nturn\n");
        assert_eq!(client.poll_event(), None);
        assert!(!client.wants_input());
        let typed = core::iter::repeat_with(|| client.enter(b"x"));
        let taken = typed.take_while(Result::is_ok).count();
        assert!((2..10).contains(&taken));
        assert!(!client.has_room());
        assert_eq!(client.enter(b"EXIT"), Ok(Typed::Exit));
    }

    fn told(client: &mut Client) -> Vec<String> {
        let events = core::iter::from_fn(|| client.poll_event());
        let shown = events.map(|event| match event {
            LineEvent::Line(line) => String::from_utf8(line).unwrap(),
            LineEvent::Violation(_) => "too long".into(),
            LineEvent::Closed => "closed".into(),
        });
        shown.collect()
    }
}
