//! `pair`: section 7.

use std::collections::VecDeque;

use linechat_protocol::{CloseReason, Peer};

use super::{Everybody, Rules};

pub(super) struct Pair {
    full_duplex: bool,
    operator: Option<usize>,
    client: Option<usize>,
    /// Who came when the client had ended.
    next: Option<usize>,
    is_clients_turn: bool,
    typed: VecDeque<Vec<u8>>,
    is_keyboard_ended: bool,
}

impl Pair {
    pub(super) fn new(full_duplex: bool) -> Self {
        Self {
            full_duplex,
            operator: None,
            client: None,
            next: None,
            is_clients_turn: true,
            typed: VecDeque::new(),
            is_keyboard_ended: false,
        }
    }

    fn begin(&mut self, all: &mut Everybody, who: usize) {
        self.client = Some(who);
        self.is_clients_turn = true;
        self.answer(all);
    }

    /// The operator says what was typed, as far as it is the operator's turn.
    fn answer(&mut self, all: &mut Everybody) {
        let Some(client) = self.client else { return };
        while self.full_duplex || !self.is_clients_turn {
            let Some(line) = self.typed.pop_front() else {
                break;
            };
            all.tell(client, [&line[..], b"\n"].concat());
            self.is_clients_turn = true;
        }
        if self.is_keyboard_ended && self.typed.is_empty() {
            self.is_clients_turn = true;
        }
    }
}

impl Rules for Pair {
    fn is_welcome(&self, all: &Everybody) -> bool {
        let is_over = |client: usize| all.parties[client].stream.is_ended();
        let is_free = self.client.is_none_or(is_over) && self.next.is_none();
        self.operator.is_some() && is_free && !self.is_keyboard_ended
    }

    fn listens_to(&self, who: usize) -> bool {
        if self.client != Some(who) {
            return self.operator == Some(who);
        }
        self.full_duplex || self.is_clients_turn || self.next.is_some()
    }

    fn joined(&mut self, all: &mut Everybody, who: usize) {
        if all.parties[who].peer == Peer::Console {
            self.operator = Some(who);
        } else if self.client.is_some() {
            self.next = Some(who);
        } else {
            self.begin(all, who);
        }
    }

    fn said(&mut self, all: &mut Everybody, who: usize, content: &[u8], _ending: &[u8]) {
        if self.client == Some(who) {
            if let Some(operator) = self.operator {
                all.tell(operator, [content, b"\n"].concat());
            }
            self.is_clients_turn = false;
        } else if content != b"EXIT" {
            self.typed.push_back(content.to_vec());
        } else if let Some(client) = self.client {
            all.close(client, CloseReason::OperatorExit);
            return;
        }
        self.answer(all);
    }

    fn said_too_much(&mut self, all: &mut Everybody, who: usize) {
        if self.client == Some(who) {
            all.close(who, CloseReason::LineTooLong);
        }
    }

    fn ended(&mut self, all: &mut Everybody, who: usize) {
        if self.operator != Some(who) {
            return all.close(who, CloseReason::PeerLeft);
        }
        self.is_keyboard_ended = true;
        if self.client.is_none() {
            all.shut_down();
        }
        self.answer(all);
    }

    fn left(&mut self, all: &mut Everybody, who: usize) {
        if self.operator == Some(who) {
            self.operator = None;
            all.shut_down();
        } else if self.client == Some(who) {
            self.client = None;
            self.typed.clear();
            if self.is_keyboard_ended {
                all.shut_down();
            } else if let Some(next) = self.next.take() {
                self.begin(all, next);
            }
        } else if self.next == Some(who) {
            self.next = None;
        }
    }
}
