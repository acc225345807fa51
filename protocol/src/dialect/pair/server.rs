//! The rules of `pair`.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::typed::{EXIT, TypedLines};
use crate::dialect::Profile;
use crate::engine::Engine;
use crate::lines::Line;
use crate::rules::Rules;
use crate::{CloseReason, Config, ConnId, Framing, Peer, Setting};

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

struct Pair {
    full_duplex: bool,
    operator: Option<ConnId>,
    client: Option<ConnId>,
    turn: Turn,
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
            turn: Turn::Client,
            typed: TypedLines::default(),
            keyboard_ended: false,
        }
    }

    fn client_said(&mut self, engine: &mut Engine, client: ConnId, line: &[u8]) {
        if let Some(operator) = self.operator {
            send_line(engine, operator, line);
        }
        self.turn = Turn::Operator;
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
        while self.full_duplex || self.turn == Turn::Operator {
            let Some(line) = self.typed.pop() else { break };
            send_line(engine, client, &line);
            self.turn = Turn::Client;
        }
        if self.typed.is_empty() && self.keyboard_ended {
            self.turn = Turn::Client;
        }
        self.listen(engine, client);
    }

    /// Takes from the client when it may speak, and from the operator unless too much waits.
    fn listen(&self, engine: &mut Engine, client: ConnId) {
        if self.full_duplex || self.turn == Turn::Client {
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

    fn operator_left(&mut self, engine: &mut Engine) {
        self.operator = None;
        engine.shut_down();
    }

    fn client_left(&mut self, engine: &mut Engine) {
        self.client = None;
        self.typed = TypedLines::default();
        if let Some(operator) = self.operator {
            engine.couple(operator, None);
            engine.resume(operator);
        }
        if self.keyboard_ended {
            engine.shut_down();
        }
    }
}

impl Rules for Pair {
    fn accepting(&self) -> bool {
        self.operator.is_some() && self.client.is_none()
    }

    fn joined(&mut self, engine: &mut Engine, conn: ConnId) {
        if engine.peer(conn) == Some(Peer::Console) {
            self.operator = Some(conn);
            return;
        }
        self.client = Some(conn);
        self.turn = Turn::Client;
        engine.couple(conn, self.operator);
        if let Some(operator) = self.operator {
            engine.couple(operator, Some(conn));
        }
        self.speak(engine, conn);
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
        if self.client == Some(conn) {
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
            self.client_left(engine);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Client,
    Operator,
}

fn send_line(engine: &mut Engine, to: ConnId, line: &[u8]) {
    let mut frame = Vec::with_capacity(line.len() + 1);
    frame.extend_from_slice(line);
    frame.push(b'\n');
    engine.send(to, &frame);
}
