//! The rules of `pair`.

use alloc::boxed::Box;

use super::typed::{EXIT, TypedLines};
use crate::close::CloseReason;
use crate::dialect::{self, Profile};
use crate::engine::Engine;
use crate::engine::connection::ConnId;
use crate::event::Event;
use crate::floor::Floor;
use crate::listener::Framing;
use crate::peer::Peer;
use crate::rules::Rules;
use crate::wire::lines::Line;

pub(crate) static PROFILE: Profile = Profile {
    name: "pair",
    summary: "the operator at the server's keyboard talks with one client at a time",
    default_port: 2000,
    options: || dialect::Options::Pair(Options::default()),
    door: None,
    drops_telnet_commands: false,
    refuses_http: true,
    needs_console: true,
    folds_case: false,
    max_line: None,
    idle_timeout: None,
};

/// What can be chosen for `pair`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// What counts as one message. Default: [`Framing::Auto`]; it takes no
    /// [chunks](Framing::Chunks).
    pub framing: Framing,
    /// Neither wait for turns nor make the client wait. Default: no.
    pub full_duplex: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            framing: Framing::Auto,
            full_duplex: false,
        }
    }
}

impl From<Options> for dialect::Options {
    fn from(options: Options) -> Self {
        Self::Pair(options)
    }
}

pub(crate) fn rules(options: &Options) -> Box<dyn Rules> {
    Box::new(Pair::new(options.full_duplex))
}

/// Whose turn it is to speak in `pair`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The client's, which is heard; what the operator types waits.
    Client,
    /// The operator's; what the client sends waits.
    Operator,
    /// Neither waits: the server is in full duplex
    /// ([`Options::full_duplex`]).
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
    fn new(full_duplex: bool) -> Self {
        Self {
            full_duplex,
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
    fn begin(&mut self, floor: &mut Floor, client: ConnId) {
        self.client = Some(client);
        self.is_answer_due = false;
        self.reported = None;
        floor.engine.couple(client, self.operator);
        if let Some(operator) = self.operator {
            floor.engine.couple(operator, Some(client));
        }
        self.speak(floor, client);
    }

    fn client_said(&mut self, floor: &mut Floor, client: ConnId, line: &[u8]) {
        floor.engine.count_said(client);
        if let Some(operator) = self.operator {
            send_line(floor, operator, line);
        }
        self.is_answer_due = true;
        self.speak(floor, client);
    }

    fn operator_said(&mut self, floor: &mut Floor, operator: ConnId, line: &[u8]) {
        if line == EXIT {
            if let Some(client) = self.client {
                floor.engine.close(client, CloseReason::OperatorExit);
            }
            return;
        }
        floor.engine.count_said(operator);
        self.typed.push(line);
        if let Some(client) = self.client {
            self.speak(floor, client);
        }
        if self.typed.cost() > floor.engine.max_answer() {
            floor.engine.hold(operator);
        }
    }

    /// Sends the client what the operator typed, as far as it is the operator's turn.
    fn speak(&mut self, floor: &mut Floor, client: ConnId) {
        while self.turn() != Turn::Client {
            let Some(line) = self.typed.pop() else { break };
            send_line(floor, client, &line);
            self.is_answer_due = false;
        }
        if self.is_answer_due && self.keyboard_ended {
            // No answer will ever come, which the client is to know: it may wait for one.
            floor.engine.end_sending(client);
            self.is_answer_due = false;
        }
        self.listen(floor, client);
        self.report_turn(floor, client);
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
    fn listen(&self, floor: &mut Floor, client: ConnId) {
        if self.turn() != Turn::Operator || self.next.is_some() {
            floor.engine.resume(client);
        } else {
            floor.engine.hold(client);
        }
        if let Some(operator) = self.operator
            && self.typed.cost() <= floor.engine.max_answer()
        {
            floor.engine.resume(operator);
        }
    }

    fn report_turn(&mut self, floor: &mut Floor, client: ConnId) {
        let turn = self.turn();
        if self.reported.replace(turn) != Some(turn)
            && let Some(peer) = floor.engine.peer(client)
        {
            floor
                .engine
                .report(Event::TurnChanged { client, peer, turn });
        }
    }

    fn operator_left(&mut self, floor: &mut Floor) {
        self.operator = None;
        floor.engine.shut_down();
    }

    fn client_left(&mut self, floor: &mut Floor, client: ConnId) {
        self.client = None;
        self.drop_typed(floor, client);
        if let Some(operator) = self.operator {
            floor.engine.couple(operator, None);
            floor.engine.resume(operator);
        }
        if self.keyboard_ended {
            floor.engine.shut_down();
        } else if let Some(next) = self.next.take() {
            self.begin(floor, next);
        }
    }

    fn drop_typed(&mut self, floor: &mut Floor, client: ConnId) {
        let lines = core::mem::take(&mut self.typed).into_lines();
        if !lines.is_empty()
            && let Some(peer) = floor.engine.peer(client)
        {
            floor.engine.report(Event::TypedLinesDropped {
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

    fn joined(&mut self, floor: &mut Floor, conn: ConnId) {
        if floor.engine.peer(conn) == Some(Peer::Console) {
            self.operator = Some(conn);
        } else if let Some(client) = self.client {
            self.next = Some(conn);
            floor.engine.hold(conn);
            self.listen(floor, client);
        } else {
            self.begin(floor, conn);
        }
    }

    fn message(&mut self, floor: &mut Floor, conn: ConnId, line: Line<'_>) {
        if self.client == Some(conn) {
            self.client_said(floor, conn, line.content());
        } else {
            self.operator_said(floor, conn, line.content());
        }
    }

    fn line_too_long(&mut self, floor: &mut Floor, conn: ConnId) {
        if self.client == Some(conn) {
            floor.engine.close(conn, CloseReason::LineTooLong);
        } else {
            floor.engine.line_dropped(conn);
        }
    }

    fn input_ended(&mut self, floor: &mut Floor, conn: ConnId) {
        if self.operator != Some(conn) {
            return floor.engine.close(conn, CloseReason::PeerLeft);
        }
        self.keyboard_ended = true;
        match self.client {
            Some(client) => self.speak(floor, client),
            None => floor.engine.shut_down(),
        }
    }

    fn left(&mut self, floor: &mut Floor, conn: ConnId, _reason: CloseReason) {
        if self.operator == Some(conn) {
            self.operator_left(floor);
        } else if self.client == Some(conn) {
            self.client_left(floor, conn);
        } else if self.next == Some(conn) {
            self.next = None;
        }
    }
}

fn send_line(floor: &mut Floor, to: ConnId, line: &[u8]) {
    floor.engine.pass_on(&[to], None, |frame| {
        frame.extend_from_slice(line);
        frame.push(b'\n');
    });
}
