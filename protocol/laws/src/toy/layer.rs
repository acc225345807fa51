//! The server's side.

use std::net::{Ipv4Addr, SocketAddr};

use bytes::BytesMut;
use linechat_protocol::{CloseReason, Instant, Layer, LayerEnd, LayerError, LayerStage, Peer};

use super::record::{Kind, MAX_PAYLOAD, Reader, Writer};
use super::{BYE, GO, GREETING, HELLO, HELLO_FOR, HERE, LATE, PAGE, Toy, WHAT};

/// The server's side of one connection.
#[derive(Debug)]
pub struct ToyLayer {
    toy: Toy,
    state: State,
    reader: Reader,
    writer: Writer,
    peer: Option<Peer>,
    next_ping: Option<Instant>,
    awaits_pong: bool,
    /// It was asked to say goodbye, after which it is asked for no more.
    is_finished: bool,
    is_broken: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    AwaitsHello,
    AwaitsAddress,
    AwaitsGo,
    Open,
    InputEnded,
    Ended,
}

impl ToyLayer {
    pub fn new(toy: Toy, now: Instant) -> Self {
        Self {
            state: match toy.has_no_opening {
                true => State::Open,
                false => State::AwaitsHello,
            },
            next_ping: toy.ping_every.map(|interval| now + interval),
            toy,
            reader: Reader::default(),
            writer: Writer::default(),
            peer: None,
            awaits_pong: false,
            is_finished: false,
            is_broken: false,
        }
    }

    /// One step. `false` if more has to come first.
    fn step(&mut self, plain: &mut Vec<u8>, wire: &mut BytesMut) -> Result<bool, &'static str> {
        match self.state {
            State::AwaitsHello => self.greet(wire),
            State::AwaitsAddress => Ok(self.learn_peer(wire)),
            State::AwaitsGo => match self.reader.take() {
                None => Ok(false),
                Some(said) if said == GO => {
                    if self.toy.asks_when_open {
                        self.ask(&[b'?'; MAX_PAYLOAD], wire);
                    }
                    self.enter(State::Open)
                }
                Some(_) => Err("it did not go on"),
            },
            State::Open => match self.reader.next() {
                None => Ok(false),
                Some(record) => self.take(record?, plain, wire),
            },
            State::InputEnded | State::Ended => Ok(false),
        }
    }

    fn enter(&mut self, state: State) -> Result<bool, &'static str> {
        self.state = state;
        Ok(true)
    }

    fn greet(&mut self, wire: &mut BytesMut) -> Result<bool, &'static str> {
        match self.reader.take() {
            None => Ok(false),
            Some(HELLO) => {
                wire.extend_from_slice(&GREETING);
                self.enter(State::AwaitsGo)
            }
            Some(HELLO_FOR) => self.enter(State::AwaitsAddress),
            Some(PAGE) => {
                wire.extend_from_slice(&HERE);
                self.enter(State::Ended)
            }
            Some(_) => Err("it did not greet"),
        }
    }

    fn learn_peer(&mut self, wire: &mut BytesMut) -> bool {
        let Some([a, b, c, d, high, low]) = self.reader.take() else {
            return false;
        };
        let port = u16::from_be_bytes([high, low]);
        let address = SocketAddr::new(Ipv4Addr::new(a, b, c, d).into(), port);
        self.peer = Some(Peer::from(address));
        wire.extend_from_slice(&GREETING);
        self.state = State::AwaitsGo;
        true
    }

    fn take(
        &mut self,
        (kind, payload): (Kind, Vec<u8>),
        plain: &mut Vec<u8>,
        wire: &mut BytesMut,
    ) -> Result<bool, &'static str> {
        match kind {
            Kind::Data => plain.extend_from_slice(&payload),
            Kind::Ping => wire.extend_from_slice(&self.writer.write(Kind::Pong, &payload)),
            Kind::Pong if self.awaits_pong => self.awaits_pong = false,
            Kind::Bye => self.state = State::InputEnded,
            Kind::Pong | Kind::Late | Kind::What => return Err("it may not send that"),
        }
        Ok(true)
    }

    fn ask(&mut self, words: &[u8], wire: &mut BytesMut) {
        self.awaits_pong = true;
        wire.extend_from_slice(&self.writer.write(Kind::Ping, words));
    }

    /// Says it in the way that the peer expects.
    fn say(&mut self, word: &[u8; 4], kind: Kind, payload: &[u8], wire: &mut BytesMut) {
        match self.state {
            State::AwaitsHello | State::AwaitsAddress => wire.extend_from_slice(word),
            State::Ended => {}
            _ => wire.extend_from_slice(&self.writer.write(kind, payload)),
        }
    }
}

impl Layer for ToyLayer {
    fn receive(
        &mut self,
        _now: Instant,
        received: &[u8],
        plain: &mut Vec<u8>,
        wire: &mut BytesMut,
    ) -> Result<(), LayerError> {
        let is_over = self.is_broken || matches!(self.state, State::InputEnded | State::Ended);
        assert!(!is_over, "received {received:?} when nothing was to come");
        assert!(!received.is_empty(), "received nothing");
        self.reader.unparsed.extend_from_slice(received);
        loop {
            match self.step(plain, wire) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(reason) => {
                    self.is_broken = true;
                    self.say(&WHAT, Kind::What, b"", wire);
                    return Err(LayerError::new(reason));
                }
            }
        }
    }

    fn receive_eof(&mut self) -> LayerEnd {
        let is_over = self.is_broken || matches!(self.state, State::InputEnded | State::Ended);
        assert!(!is_over, "an end after the end");
        LayerEnd::CutOff
    }

    fn seal(&mut self, plain: &[u8], wire: &mut BytesMut) {
        let is_open = matches!(self.state, State::Open | State::InputEnded);
        assert!(is_open && !self.is_finished, "nothing can be sealed now");
        assert!(!plain.is_empty(), "sealed nothing");
        if !(self.is_broken && self.toy.breaks_for_good) {
            wire.extend_from_slice(&self.writer.write_all(plain));
        }
    }

    fn finish(&mut self, reason: CloseReason, wire: &mut BytesMut) {
        assert!(!self.is_finished, "finished twice");
        self.is_finished = true;
        let fault: &[u8] = if reason.is_fault() { b"!" } else { b"." };
        self.say(&BYE, Kind::Bye, fault, wire);
    }

    fn stage(&self) -> LayerStage {
        match self.state {
            State::AwaitsHello | State::AwaitsAddress | State::AwaitsGo => LayerStage::Opening,
            State::Open => LayerStage::Open,
            State::InputEnded => LayerStage::InputEnded,
            State::Ended => LayerStage::Ended,
        }
    }

    fn peer(&self) -> Option<Peer> {
        self.peer
    }

    fn deadline(&self) -> Option<Instant> {
        self.next_ping.filter(|_| self.state == State::Open)
    }

    fn expire(&mut self, now: Instant, wire: &mut BytesMut) -> Result<(), LayerError> {
        assert!(!self.is_finished, "it is over");
        assert!(
            self.deadline().is_some_and(|due| due <= now),
            "nothing is due"
        );
        if self.awaits_pong {
            self.is_broken = true;
            return Err(LayerError::new("it does not answer"));
        }
        self.next_ping = self.toy.ping_every.map(|interval| now + interval);
        self.ask(b"there?", wire);
        Ok(())
    }

    fn opening_timed_out(&mut self, wire: &mut BytesMut) {
        self.say(&LATE, Kind::Late, b"", wire);
    }
}
