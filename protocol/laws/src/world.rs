//! A chat to test in: a test says who does what, and what they hear.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{Bounds, Config};
use linechat_protocol::{CloseReason, Dialect, Peer};

use crate::toy::{Toy, ToyPeer};
use crate::tunnel::TunnelPeer;
use crate::wire::{Transport, Wire};

/// A server, and everybody who is connected to it.
///
/// After each thing that somebody does, all that follows from it happens, as an adapter would
/// have it, unless the adapter is told to [be busy](Self::while_busy).
pub struct World {
    wire: Rc<RefCell<Wire>>,
    is_busy: Rc<Cell<bool>>,
    dialect: Dialect,
}

impl World {
    pub fn new(config: Config) -> Self {
        Self {
            dialect: config.dialect,
            wire: Rc::new(RefCell::new(Wire::new(config))),
            is_busy: Rc::default(),
        }
    }

    /// A server of this dialect with other limits than the default ones.
    pub fn with(dialect: Dialect, change: impl FnOnce(&mut Bounds)) -> Self {
        let mut config = Config::new(dialect);
        change(&mut config.limits);
        Self::new(config)
    }

    /// A server of this dialect in a toy layer.
    pub fn layered(dialect: Dialect) -> Self {
        Self::layered_with(dialect, |_| {}, |_| {})
    }

    /// The same with other limits, and a layer that behaves differently.
    pub fn layered_with(
        dialect: Dialect,
        change: impl FnOnce(&mut Bounds),
        behave: impl FnOnce(&mut Toy),
    ) -> Self {
        let mut config = Config::new(dialect);
        let mut toy = Toy::default();
        change(&mut config.limits);
        behave(&mut toy);
        config.layer = Some(Arc::new(toy));
        Self::new(config)
    }

    pub fn echo() -> Self {
        Self::new(Config::new(Dialect::ECHO))
    }

    pub fn relay() -> Self {
        Self::new(Config::new(Dialect::RELAY))
    }

    pub fn addressed() -> Self {
        Self::new(Config::new(Dialect::ADDRESSED))
    }

    pub fn rooms() -> Self {
        Self::new(Config::new(Dialect::ROOMS))
    }

    pub fn pair() -> Self {
        Self::new(Config::new(Dialect::PAIR))
    }

    pub fn direct() -> Self {
        Self::new(Config::new(Dialect::DIRECT))
    }

    /// `rooms` and `direct` in one server.
    pub fn mixed() -> Self {
        Self::new(Config::mixed())
    }

    /// Somebody connects, from an address of their own.
    pub fn connect(&self) -> Person {
        self.connect_to(self.dialect)
    }

    /// Somebody connects to a listener where this is spoken.
    pub fn connect_to(&self, dialect: Dialect) -> Person {
        let port = 1001 + self.wire.borrow().transports.len();
        self.connect_peer(dialect, peer(&format!("192.0.2.1:{port}")))
    }

    pub fn connect_from(&self, address: &str) -> Person {
        self.connect_peer(self.dialect, peer(address))
    }

    /// Somebody connects from this address and does not open the layer.
    pub fn connect_silently(&self, address: &str) -> Person {
        let place = self.wire.borrow_mut().accept_silently(0, peer(address));
        self.settle();
        self.person(place)
    }

    /// The server's own keyboard and screen.
    pub fn console(&self) -> Person {
        self.connect_peer(self.dialect, Peer::Console)
    }

    /// Somebody connects and takes this name.
    pub fn join(&self, name: &str) -> Person {
        self.join_in(self.dialect, name)
    }

    /// The same where this is spoken.
    pub fn join_in(&self, dialect: Dialect, name: &str) -> Person {
        let person = self.connect_to(dialect);
        if dialect == Dialect::DIRECT {
            person.says(&format!("HELLO-FROM {name}"));
            person.hears(&format!("HELLO {name}\n"));
        } else {
            person.says(name);
        }
        assert_eq!(person.name().as_deref(), Some(name));
        person
    }

    /// Time passes, and whatever is due happens when it is due.
    pub fn waits(&self, time: Duration) {
        self.wire.borrow_mut().pass(time);
    }

    /// Time passes, and whatever is due happens too late.
    pub fn oversleeps(&self, time: Duration) {
        self.wire.borrow_mut().oversleep(time);
    }

    /// All of this happens before the adapter polls again.
    pub fn while_busy(&self, happens: impl FnOnce()) {
        self.is_busy.set(true);
        happens();
        self.is_busy.set(false);
        self.settle();
    }

    pub fn shuts_down(&self) {
        self.wire.borrow_mut().shut_down();
        self.settle();
    }

    pub fn is_accepting(&self) -> bool {
        let wire = self.wire.borrow();
        wire.server.accepting(wire.listeners[0].id)
    }

    pub fn is_finished(&self) -> bool {
        self.wire.borrow().server.is_finished()
    }

    /// Whether the server does not ask to be woken up at any time.
    pub fn is_asleep_for_ever(&self) -> bool {
        self.next_wake_up().is_none()
    }

    /// How long the server wants to sleep.
    pub fn next_wake_up(&self) -> Option<Duration> {
        let wire = self.wire.borrow();
        let due = wire.server.poll_timeout()?;
        Some(due.saturating_since(wire.now))
    }

    pub fn wire(&self) -> std::cell::RefMut<'_, Wire> {
        self.wire.borrow_mut()
    }

    fn connect_peer(&self, dialect: Dialect, peer: Peer) -> Person {
        let mut wire = self.wire.borrow_mut();
        let mut listeners = wire.listeners.iter();
        let listener = listeners.position(|listener| listener.dialect == dialect);
        let place = wire.accept_at(listener.expect("it is served"), peer);
        drop(wire);
        self.settle();
        self.person(place)
    }

    fn person(&self, place: usize) -> Person {
        Person {
            wire: self.wire.clone(),
            is_busy: self.is_busy.clone(),
            place,
            heard: Cell::new(0),
        }
    }

    fn settle(&self) {
        if !self.is_busy.get() {
            self.wire.borrow_mut().settle();
        }
    }
}

fn toy_mut(peer: &mut dyn TunnelPeer) -> &mut ToyPeer {
    let peer: &mut dyn Any = peer;
    peer.downcast_mut().expect("it is a toy")
}

fn peer(address: &str) -> Peer {
    let address: SocketAddr = address.parse().expect("the test names a socket address");
    Peer::from(address)
}

/// Somebody who is connected. Reads whatever comes, unless told otherwise.
pub struct Person {
    wire: Rc<RefCell<Wire>>,
    is_busy: Rc<Cell<bool>>,
    pub place: usize,
    /// How much of what was received a test has asked about.
    heard: Cell<usize>,
}

/// What somebody does.
impl Person {
    /// Sends one line.
    pub fn says(&self, line: &str) {
        self.sends(format!("{line}\n").as_bytes());
    }

    /// Sends bytes, as one read of the adapter brings them.
    pub fn sends(&self, bytes: impl AsRef<[u8]>) {
        self.does(|wire| wire.bytes(self.place, bytes.as_ref()));
    }

    /// Sends bytes, one read of the adapter for each.
    pub fn sends_one_by_one(&self, bytes: impl AsRef<[u8]>) {
        for byte in bytes.as_ref() {
            self.sends([*byte]);
        }
    }

    /// Ends the sending half.
    pub fn ends(&self) {
        self.does(|wire| wire.eof(self.place));
    }

    /// The sending half ends without a goodbye of the layer.
    pub fn is_cut_off(&self) {
        self.does(|wire| wire.cut_off(self.place));
    }

    /// Sends bytes that are for the layer.
    pub fn sends_raw(&self, bytes: impl AsRef<[u8]>) {
        self.does(|wire| wire.send(self.place, bytes.as_ref()));
    }

    /// Has its side of the layer send something.
    pub fn sends_of_layer(&self, what: impl FnOnce(&mut ToyPeer) -> Vec<u8>) {
        self.does(|wire| wire.send_of_layer(self.place, |peer| what(toy_mut(peer))));
    }

    /// Resets the connection, or vanishes.
    pub fn vanishes(&self) {
        self.does(|wire| wire.fail(self.place));
    }

    pub fn stops_reading(&self) {
        self.does(|wire| wire.transports[self.place].is_prompt = false);
    }

    pub fn reads_on(&self) {
        self.does(|wire| {
            wire.transports[self.place].is_prompt = true;
            while wire.write(self.place, usize::MAX) > 0 {}
        });
    }

    /// Takes this many bytes and no more.
    pub fn takes(&self, count: usize) {
        self.does(|wire| {
            assert_eq!(wire.write(self.place, count), count);
        });
    }

    /// The adapter takes what waits for this peer, to write it later.
    pub fn has_output_handed_out(&self) {
        self.does(|wire| wire.hand_out(self.place));
    }

    /// The adapter has closed the socket.
    pub fn is_released(&self) {
        self.does(|wire| wire.release(self.place));
    }

    fn does(&self, what: impl FnOnce(&mut Wire)) {
        let mut wire = self.wire.borrow_mut();
        what(&mut wire);
        if !self.is_busy.get() {
            wire.settle();
        }
    }
}

/// What a test asks about somebody.
impl Person {
    /// Asserts that exactly this was received since the last time.
    #[track_caller]
    pub fn hears(&self, expected: &str) {
        assert_eq!(self.heard(), expected);
    }

    #[track_caller]
    pub fn hears_nothing(&self) {
        self.hears("");
    }

    /// What was received since the last time.
    pub fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard_bytes()).into_owned()
    }

    pub fn heard_bytes(&self) -> Vec<u8> {
        let received = self.look(|transport| transport.received.clone());
        let from = self.heard.replace(received.len());
        received[from..].to_vec()
    }

    /// Sends a line and asserts what comes back.
    #[track_caller]
    pub fn asks(&self, line: &str, expected: &str) {
        self.says(line);
        assert_eq!(self.heard(), expected, "the answer to {line:?}");
    }

    #[track_caller]
    pub fn is_open(&self) {
        assert_eq!(self.left(), None);
    }

    /// Asserts that everything was written and the connection closed.
    #[track_caller]
    pub fn is_closed(&self, reason: CloseReason) {
        assert_eq!(self.look(|transport| transport.closed), Some(reason));
    }

    /// Asserts that it counts as left, but still has output to take.
    #[track_caller]
    pub fn is_draining(&self, reason: CloseReason) {
        assert_eq!(self.left(), Some(reason));
        assert_eq!(self.look(|transport| transport.closed), None);
    }

    pub fn has_been_closed(&self) -> bool {
        self.look(|transport| transport.closed.is_some())
    }

    pub fn left(&self) -> Option<CloseReason> {
        self.look(|transport| transport.left)
    }

    pub fn name(&self) -> Option<String> {
        self.look(|transport| transport.logged_in.clone())
    }

    /// What the layer said for itself, but for answers to pings.
    pub fn told_by_layer(&self) -> Vec<&'static str> {
        self.of_layer(|peer| peer.told.clone())
    }

    /// How many of its pings were answered.
    pub fn pongs(&self) -> usize {
        self.of_layer(|peer| peer.pongs)
    }

    /// Why the layer refused it.
    pub fn refused(&self) -> Option<String> {
        self.look(|transport| transport.refused.clone())
    }

    fn of_layer<T>(&self, at: impl FnOnce(&ToyPeer) -> T) -> T {
        self.look(|transport| {
            let layer: &dyn Any = transport.layer.as_deref().expect("there is a layer");
            at(layer.downcast_ref().expect("it is a toy"))
        })
    }

    /// Whether the adapter was told not to read from it.
    pub fn is_paused(&self) -> bool {
        self.look(|transport| transport.paused)
    }

    /// Whether the adapter was told to end the sending half.
    pub fn is_told_the_end(&self) -> bool {
        self.look(|transport| transport.is_sending_ended)
    }

    /// How many bytes wait for it.
    pub fn backlog(&self) -> usize {
        self.look(|transport| transport.backlog)
    }

    fn look<T>(&self, at: impl FnOnce(&Transport) -> T) -> T {
        at(&self.wire.borrow().transports[self.place])
    }
}
