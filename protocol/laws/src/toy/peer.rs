//! The peer's side: a test's. Panics when the server's does not keep to the protocol.

use std::collections::VecDeque;
use std::net::SocketAddrV4;

use super::record::{Kind, Reader, Writer};
use crate::tunnel::TunnelPeer;

use super::{BYE, GO, GREETING, HELLO, HELLO_FOR, HERE, LATE, PAGE, WHAT};

/// The peer's side of one connection.
#[derive(Debug, Default)]
pub struct ToyPeer {
    is_greeted: bool,
    reader: Reader,
    writer: Writer,
    /// What its pings say that were not answered.
    unanswered: VecDeque<u8>,
    /// How many messages it sent.
    sent: u8,
    /// What is to be sent because of what came.
    answers: Vec<u8>,
    /// All that the server said that was neither data nor an answer to a ping, in words.
    pub told: Vec<&'static str>,
    pub pongs: usize,
}

/// What it sends.
impl ToyPeer {
    pub fn new(has_no_opening: bool) -> Self {
        Self {
            is_greeted: has_no_opening,
            ..Self::default()
        }
    }

    /// All of the opening at once.
    pub fn opening() -> Vec<u8> {
        [HELLO, GO].concat()
    }

    /// The opening by a proxy, for this other peer.
    pub fn opening_for(address: SocketAddrV4) -> Vec<u8> {
        let port = address.port().to_be_bytes();
        [&HELLO_FOR[..], &address.ip().octets(), &port, &GO].concat()
    }

    pub fn request_for_a_page() -> Vec<u8> {
        PAGE.to_vec()
    }

    pub fn ping(&mut self) -> Vec<u8> {
        self.unanswered.push_back(self.sent);
        self.writer.write(Kind::Ping, &[self.sent])
    }
}

impl TunnelPeer for ToyPeer {
    fn opening(&mut self) -> Vec<u8> {
        if self.is_greeted {
            return Vec::new();
        }
        Self::opening()
    }

    /// A message, and now and then a ping before, within or behind it.
    fn seal(&mut self, plain: &[u8]) -> Vec<u8> {
        if plain.is_empty() {
            return Vec::new();
        }
        self.sent = self.sent.wrapping_add(1);
        let (one, other) = plain.split_at(plain.len() / 2);
        match self.sent % 8 {
            2 => [self.ping(), self.writer.write_all(plain)].concat(),
            4 => [
                self.writer.write_all(one),
                self.ping(),
                self.writer.write_all(other),
            ]
            .concat(),
            6 => [self.writer.write_all(plain), self.ping()].concat(),
            _ => self.writer.write_all(plain),
        }
    }

    fn goodbye(&mut self) -> Vec<u8> {
        self.writer.write(Kind::Bye, b"")
    }

    fn nonsense(&mut self) -> Vec<u8> {
        b"?".repeat(4)
    }

    fn take_answers(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.answers)
    }

    fn receive(&mut self, received: &[u8], plain: &mut Vec<u8>) {
        self.reader.unparsed.extend_from_slice(received);
        while !self.is_greeted && self.hear_word() {}
        while self.is_greeted
            && let Some(record) = self.reader.next()
        {
            let (kind, payload) = record.unwrap_or_else(|wrong| panic!("{wrong}"));
            assert!(!self.is_told_goodbye(), "{kind:?} after the goodbye");
            match kind {
                Kind::Data => plain.extend_from_slice(&payload),
                Kind::Pong => self.is_answered(&payload),
                Kind::Ping => self.answers.extend(self.writer.write(Kind::Pong, &payload)),
                Kind::Bye if payload == b"!" => self.told.push("bye, you are at fault"),
                Kind::Bye => self.told.push("bye"),
                Kind::Late => self.told.push("late"),
                Kind::What => self.told.push("what?"),
            }
        }
    }

    fn is_told_goodbye(&self) -> bool {
        matches!(
            self.told[..],
            [.., "bye" | "bye, you are at fault" | "here"]
        )
    }

    fn has_half_a_record(&self) -> bool {
        !self.reader.unparsed.is_empty()
    }
}

/// What it receives.
impl ToyPeer {
    /// What is in what came.
    pub fn open(&mut self, received: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        self.receive(received, &mut plain);
        plain
    }

    /// Whether it came to the point where there are records.
    pub fn is_greeted(&self) -> bool {
        self.is_greeted
    }

    fn hear_word(&mut self) -> bool {
        let Some(word) = self.reader.take() else {
            return false;
        };
        assert!(!self.is_told_goodbye(), "{word:?} after the goodbye");
        match word {
            GREETING => self.is_greeted = true,
            HERE => self.told.push("here"),
            LATE => self.told.push("late"),
            WHAT => self.told.push("what?"),
            BYE => self.told.push("bye"),
            other => panic!("the server says {other:?}"),
        }
        true
    }

    fn is_answered(&mut self, payload: &[u8]) {
        let expected = self.unanswered.pop_front();
        assert_eq!(payload, expected.as_slice(), "an answer to another ping");
        self.pongs += 1;
    }
}
