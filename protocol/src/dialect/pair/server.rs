//! The rules of `pair`.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::typed::{EXIT, TypedLines};
use crate::dialect::Profile;
use crate::engine::Engine;
use crate::lines::Line;
use crate::rules::Rules;
use crate::{CloseReason, Config, ConnId, Event, Framing, Peer, Setting};

pub(crate) static PROFILE: Profile = Profile {
    name: "pair",
    summary: "the operator at the server's keyboard talks with one client at a time",
    default_port: 2000,
    settings: &[Setting::Framing, Setting::Pause, Setting::FullDuplex],
    framing: |_| Framing::Auto,
    drops_telnet_commands: false,
    refuses_http: true,
    needs_console: true,
    rules: |config| Box::new(Pair::new(config)),
};

/// Whose turn it is to speak in `pair`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The client's, which is heard; what the operator types waits.
    Client,
    /// The operator's; what the client sends waits.
    Operator,
    /// Neither waits: the server is in full duplex
    /// ([`Config::full_duplex`](crate::Config::full_duplex)).
    Both,
}

struct Pair {
    full_duplex: bool,
    operator: Option<ConnId>,
    client: Option<ConnId>,
    /// Who came when the client had ended, and waits for what it said last to be printed.
    next: Option<ConnId>,
    /// The client has said something that was not answered.
    is_answer_due: bool,
    /// Whose turn was last reported.
    reported: Option<Turn>,
    /// What the operator typed out of turn, or while nobody was connected.
    typed: TypedLines,
    /// Nothing more will be typed.
    keyboard_ended: bool,
}

impl Pair {
    fn new(config: &Config) -> Self {
        Self {
            full_duplex: config.full_duplex,
            operator: None,
            client: None,
            next: None,
            is_answer_due: false,
            reported: None,
            typed: TypedLines::default(),
            keyboard_ended: false,
        }
    }

    /// The talk with a client begins.
    fn begin(&mut self, engine: &mut Engine, client: ConnId) {
        self.client = Some(client);
        self.is_answer_due = false;
        self.reported = None;
        engine.couple(client, self.operator);
        if let Some(operator) = self.operator {
            engine.couple(operator, Some(client));
        }
        self.speak(engine, client);
    }

    fn client_said(&mut self, engine: &mut Engine, client: ConnId, line: &[u8]) {
        if let Some(operator) = self.operator {
            send_line(engine, operator, line);
        }
        self.is_answer_due = true;
        self.speak(engine, client);
    }

    fn operator_said(&mut self, engine: &mut Engine, operator: ConnId, line: &[u8]) {
        if line == EXIT {
            if let Some(client) = self.client {
                engine.close(client, CloseReason::OperatorExit);
            }
            return;
        }
        self.typed.push(line);
        if let Some(client) = self.client {
            self.speak(engine, client);
        }
        if self.typed.cost() > engine.max_answer() {
            engine.hold(operator);
        }
    }

    /// Sends the client what the operator typed, as far as it is the operator's turn.
    fn speak(&mut self, engine: &mut Engine, client: ConnId) {
        while self.turn() != Turn::Client {
            let Some(line) = self.typed.pop() else { break };
            send_line(engine, client, &line);
            self.is_answer_due = false;
        }
        if self.is_answer_due && self.keyboard_ended {
            // No answer will ever come, which the client is to know: it may wait for one.
            engine.end_sending(client);
            self.is_answer_due = false;
        }
        self.listen(engine, client);
        self.report_turn(engine, client);
    }

    fn turn(&self) -> Turn {
        match self.is_answer_due {
            _ if self.full_duplex => Turn::Both,
            true => Turn::Operator,
            false => Turn::Client,
        }
    }

    /// Takes from the client when it may speak, or somebody else waits for its end; and from the
    /// operator unless too much waits.
    fn listen(&self, engine: &mut Engine, client: ConnId) {
        if self.turn() != Turn::Operator || self.next.is_some() {
            engine.resume(client);
        } else {
            engine.hold(client);
        }
        if let Some(operator) = self.operator
            && self.typed.cost() <= engine.max_answer()
        {
            engine.resume(operator);
        }
    }

    fn report_turn(&mut self, engine: &mut Engine, client: ConnId) {
        let turn = self.turn();
        if self.reported.replace(turn) != Some(turn)
            && let Some(peer) = engine.peer(client)
        {
            engine.report(Event::TurnChanged { client, peer, turn });
        }
    }

    fn operator_left(&mut self, engine: &mut Engine) {
        self.operator = None;
        engine.shut_down();
    }

    fn client_left(&mut self, engine: &mut Engine, client: ConnId) {
        self.client = None;
        self.drop_typed(engine, client);
        if let Some(operator) = self.operator {
            engine.couple(operator, None);
            engine.resume(operator);
        }
        if self.keyboard_ended {
            engine.shut_down();
        } else if let Some(next) = self.next.take() {
            self.begin(engine, next);
        }
    }

    fn drop_typed(&mut self, engine: &mut Engine, client: ConnId) {
        let lines = core::mem::take(&mut self.typed).into_lines();
        if !lines.is_empty()
            && let Some(peer) = engine.peer(client)
        {
            engine.report(Event::TypedLinesDropped {
                client,
                peer,
                lines,
            });
        }
    }
}

impl Rules for Pair {
    fn accepting(&self, engine: &Engine) -> bool {
        let is_free = self.client.is_none_or(|client| engine.has_ended(client));
        self.operator.is_some() && self.next.is_none() && is_free && !self.keyboard_ended
    }

    fn joined(&mut self, engine: &mut Engine, conn: ConnId) {
        if engine.peer(conn) == Some(Peer::Console) {
            self.operator = Some(conn);
        } else if let Some(client) = self.client {
            self.next = Some(conn);
            engine.hold(conn);
            self.listen(engine, client);
        } else {
            self.begin(engine, conn);
        }
    }

    fn message(&mut self, engine: &mut Engine, conn: ConnId, line: Line<'_>) {
        if self.client == Some(conn) {
            self.client_said(engine, conn, line.content());
        } else {
            self.operator_said(engine, conn, line.content());
        }
    }

    fn line_too_long(&mut self, engine: &mut Engine, conn: ConnId) {
        if self.client == Some(conn) {
            engine.close(conn, CloseReason::LineTooLong);
        } else {
            engine.line_dropped(conn);
        }
    }

    fn input_ended(&mut self, engine: &mut Engine, conn: ConnId) {
        if self.operator != Some(conn) {
            return engine.close(conn, CloseReason::PeerLeft);
        }
        self.keyboard_ended = true;
        match self.client {
            Some(client) => self.speak(engine, client),
            None => engine.shut_down(),
        }
    }

    fn left(&mut self, engine: &mut Engine, conn: ConnId) {
        if self.operator == Some(conn) {
            self.operator_left(engine);
        } else if self.client == Some(conn) {
            self.client_left(engine, conn);
        } else if self.next == Some(conn) {
            self.next = None;
        }
    }
}

fn send_line(engine: &mut Engine, to: ConnId, line: &[u8]) {
    let mut frame = Vec::with_capacity(line.len() + 1);
    frame.extend_from_slice(line);
    frame.push(b'\n');
    engine.send(to, &frame);
}
