//! The layers in a server of the core, driven as an adapter does it.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod world;

use std::sync::Arc;

use bytes::BytesMut;
use linechat_layers::Stacked;
use linechat_layers::tls::{Application, Certificate, Client, ClientSession, Renewable, Trust};
use linechat_layers::web::{Scheme, Site, WebSession};
use linechat_protocol::{
    Action, CloseReason, ConnId, Dialect, Event, Instant, Layer, LayerEnd, LayerFactory, Limits,
    Listener, ListenerId, Peer, Server,
};
use world::{NOW, after, certificate};

/// A server with one listener that has a layer, and those who talk with it.
struct World {
    server: Server,
    listener: ListenerId,
    client: Client,
    guests: Vec<Guest>,
}

/// Somebody at the other end of a connection.
struct Guest {
    conn: ConnId,
    /// Nothing for who speaks without TLS.
    session: Option<ClientSession>,
    up: BytesMut,
    heard: Vec<u8>,
    closed: Option<CloseReason>,
}

#[derive(Clone, Copy)]
enum Under {
    Tls,
    Web,
    TlsAndWeb,
}

impl World {
    fn new(dialect: Dialect, under: Under) -> Self {
        let certificate: Certificate = certificate();
        let client = Client::new(&Trust::Pinned(certificate.pin())).unwrap();
        let tls = Renewable::new(certificate);
        let mut site = Site::new(Scheme::Http);
        site.max_message = Some(4608);
        let site = Arc::new(site);
        let mut listener = Listener::new(dialect);
        listener.layer = Some(LayerFactory::new(move |_, peer| match under {
            Under::Tls => Box::new(tls.session(Application::Lines)),
            Under::Web => Box::new(WebSession::new(Arc::clone(&site), peer)),
            Under::TlsAndWeb => Box::new(Stacked::new(
                tls.session(Application::Web),
                WebSession::new(Arc::clone(&site), peer),
            )),
        }));
        let (server, listener) = Server::with_listener(Limits::default(), listener).unwrap();
        Self {
            server,
            listener,
            client,
            guests: Vec::new(),
        }
    }

    /// Somebody who says nothing by itself.
    fn connect(&mut self) -> usize {
        let peer = Peer::Socket(([192, 0, 2, 1], 7).into());
        let conn = self.server.accept(NOW, self.listener, peer);
        self.guests.push(Guest {
            conn,
            session: None,
            up: BytesMut::new(),
            heard: Vec::new(),
            closed: None,
        });
        self.settle(NOW);
        self.guests.len() - 1
    }

    fn connect_with_tls(&mut self) -> usize {
        let guest = self.connect();
        let mut up = BytesMut::new();
        let session = self.client.session("localhost", &mut up).unwrap();
        self.guests[guest].session = Some(session);
        self.guests[guest].up = up;
        self.settle(NOW);
        guest
    }

    /// Says this, and carries it.
    fn say(&mut self, guest: usize, plain: &[u8]) {
        self.guests[guest].seal(plain);
        self.settle(NOW);
    }

    /// Carries everything until nobody has anything to say.
    fn settle(&mut self, now: Instant) {
        while self.carry_up(now) | self.carry_down(now) {}
    }

    fn carry_up(&mut self, now: Instant) -> bool {
        let mut has_carried = false;
        for guest in &mut self.guests {
            if !guest.up.is_empty() {
                self.server.receive(now, guest.conn, &guest.up.split());
                has_carried = true;
            }
        }
        has_carried
    }

    fn carry_down(&mut self, now: Instant) -> bool {
        let mut has_carried = false;
        while let Some(action) = self.server.poll() {
            has_carried = true;
            match action {
                Action::Transmit(conn) => loop {
                    let wire = self.server.take_transmit(conn);
                    if wire.is_empty() {
                        break;
                    }
                    self.guest(conn).receive(&wire);
                    self.server.advance(now, conn, wire.len());
                },
                Action::Close(conn, reason) => self.guest(conn).closed = Some(reason),
                _ => {}
            }
        }
        if self.server.has_more() {
            self.server.carry_on(now);
            has_carried = true;
        }
        has_carried | self.server.flushed()
    }

    fn guest(&mut self, conn: ConnId) -> &mut Guest {
        let mut guests = self.guests.iter_mut();
        guests.find(|guest| guest.conn == conn).unwrap()
    }

    fn heard(&mut self, guest: usize) -> String {
        String::from_utf8(std::mem::take(&mut self.guests[guest].heard)).unwrap()
    }

    /// Why the server refused somebody.
    fn refusals(&mut self) -> Vec<String> {
        let events = std::iter::from_fn(|| self.server.poll_event());
        let reasons = events.filter_map(|event| match event {
            Event::Refused { reason, .. } => Some(reason),
            _ => None,
        });
        reasons.collect()
    }
}

impl Guest {
    fn seal(&mut self, plain: &[u8]) {
        match &mut self.session {
            Some(session) => session.seal(plain, &mut self.up),
            None => self.up.extend_from_slice(plain),
        }
    }

    fn receive(&mut self, wire: &[u8]) {
        match &mut self.session {
            Some(session) => session
                .receive(NOW, wire, &mut self.heard, &mut self.up)
                .unwrap(),
            None => self.heard.extend_from_slice(wire),
        }
    }

    fn say_goodbye(&mut self) {
        let session = self.session.as_mut().unwrap();
        session.finish(CloseReason::PeerLeft, &mut self.up);
    }

    fn end(&mut self) -> LayerEnd {
        self.session.as_mut().unwrap().receive_eof()
    }
}

const UPGRADE: &[u8] = b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Text, masked with zeros.
fn frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
    frame.extend_from_slice(text.as_bytes());
    frame
}

#[test]
fn users_behind_tls_hear_each_other() {
    let mut world = World::new(Dialect::ROOMS, Under::Tls);
    let alice = world.connect_with_tls();
    let bob = world.connect_with_tls();
    world.say(alice, b"alice\n");
    world.say(bob, b"bob\nhi all\n");
    assert_eq!(world.heard(alice), "bob: hi all\r\n");
    assert_eq!(world.heard(bob), "");
}

#[test]
fn users_behind_websocket_hear_each_other_in_messages() {
    for under in [Under::Web, Under::TlsAndWeb] {
        let mut world = World::new(Dialect::ROOMS, under);
        let connect = |world: &mut World| match under {
            Under::TlsAndWeb => world.connect_with_tls(),
            _ => world.connect(),
        };
        let alice = connect(&mut world);
        let bob = connect(&mut world);
        for (guest, name) in [(alice, "alice"), (bob, "bob")] {
            world.say(guest, UPGRADE);
            assert!(world.heard(guest).starts_with("HTTP/1.1 101 "));
            world.say(guest, &frame(name));
        }
        world.say(bob, &frame("hi all"));
        assert_eq!(world.guests[alice].heard, b"\x81\x0bbob: hi all");
    }
}

#[test]
fn who_says_everything_at_once_and_goodbye_is_answered() {
    let mut world = World::new(Dialect::DIRECT, Under::Tls);
    let guest = world.connect();
    let mut up = BytesMut::new();
    let mut session = world.client.session("localhost", &mut up).unwrap();
    let conn = world.guests[guest].conn;
    world.server.receive(NOW, conn, &up.split());
    assert_eq!(world.server.poll(), Some(Action::Transmit(conn)));
    let flight = world.server.take_transmit(conn);
    world.server.advance(NOW, conn, flight.len());
    session
        .receive(NOW, &flight, &mut Vec::new(), &mut up)
        .unwrap();
    world.guests[guest].session = Some(session);
    world.guests[guest].up = up;

    world.guests[guest].seal(b"HELLO-FROM ann\nLIST\nLIST");
    world.guests[guest].say_goodbye();
    world.settle(NOW);
    assert_eq!(world.heard(guest), "HELLO ann\nLIST-OK ann\nLIST-OK ann\n");
    assert_eq!(world.guests[guest].closed, Some(CloseReason::PeerLeft));
    assert_eq!(world.guests[guest].end(), LayerEnd::Authentic);
}

#[test]
fn a_line_that_was_cut_off_is_no_line() {
    let mut world = World::new(Dialect::DIRECT, Under::Tls);
    let ann = world.connect_with_tls();
    let bob = world.connect_with_tls();
    world.say(ann, b"HELLO-FROM ann\n");
    world.say(bob, b"HELLO-FROM bob\n");
    world.heard(bob);
    world.say(ann, b"SEND bob pay 100");
    let conn = world.guests[ann].conn;
    world.server.receive_eof(NOW, conn);
    world.settle(NOW);
    assert_eq!(world.heard(bob), "");
    assert_eq!(world.guests[ann].closed, Some(CloseReason::CutOff));
}

#[test]
fn who_speaks_plain_text_is_told_and_nobody_hears_of_it() {
    let mut world = World::new(Dialect::ADDRESSED, Under::Tls);
    let alice = world.connect_with_tls();
    let bob = world.connect();
    world.say(bob, b"hello?\n");
    assert_eq!(
        world.heard(bob),
        "this port speaks TLS: connect to it with TLS\r\n"
    );
    assert_eq!(world.guests[bob].closed, Some(CloseReason::LayerFailed));
    assert_eq!(world.refusals(), ["it speaks plain text, and not TLS"]);
    assert_eq!(world.heard(alice), "");
}

#[test]
fn who_says_nothing_is_told_after_ten_seconds() {
    for (under, told) in [
        (Under::Tls, "this port speaks TLS"),
        (Under::Web, "HTTP/1.1 408 "),
    ] {
        let mut world = World::new(Dialect::ROOMS, under);
        let guest = world.connect();
        assert_eq!(world.server.poll_timeout(), Some(after(10)));
        world.server.handle_timeout(after(10));
        world.settle(after(10));
        assert!(world.heard(guest).starts_with(told));
        assert_eq!(
            world.guests[guest].closed,
            Some(CloseReason::OpeningTimeout)
        );
    }
}

#[test]
fn a_shutdown_is_said_in_both_layers() {
    let mut world = World::new(Dialect::ROOMS, Under::TlsAndWeb);
    let guest = world.connect_with_tls();
    world.say(guest, UPGRADE);
    world.heard(guest);
    world.server.shut_down(NOW);
    world.settle(NOW);
    assert_eq!(world.guests[guest].heard, b"\x88\x02\x03\xe9");
    assert_eq!(world.guests[guest].end(), LayerEnd::Authentic);
}

#[test]
fn a_frame_that_is_none_ends_its_connection_and_no_other() {
    let mut world = World::new(Dialect::ROOMS, Under::Web);
    let (alice, bob) = (world.connect(), world.connect());
    for (guest, name) in [(alice, "alice"), (bob, "bob")] {
        world.say(guest, UPGRADE);
        world.say(guest, &frame(name));
        world.heard(guest);
    }
    world.say(bob, &[frame("bye"), vec![0x81, 2, b'h', b'i']].concat());
    assert_eq!(world.guests[alice].heard, b"\x81\x08bob: bye");
    assert!(world.guests[bob].heard.starts_with(&[0x88, 23, 0x03, 0xea]));
    assert_eq!(world.guests[bob].closed, Some(CloseReason::LayerFailed));
    assert_eq!(world.refusals(), ["WebSocket: a frame is not masked"]);
    assert_eq!(world.guests[alice].closed, None);
}

/// What the server keeps for each of so many users who have logged in, the first of whom are not
/// counted.
fn bytes_each(under: Under) -> usize {
    let mut world = World::new(Dialect::ROOMS, under);
    let mut join = |number: usize| {
        let guest = match under {
            Under::Web => world.connect(),
            Under::Tls | Under::TlsAndWeb => world.connect_with_tls(),
        };
        if !matches!(under, Under::Tls) {
            world.say(guest, UPGRADE);
        }
        match under {
            Under::Tls => world.say(guest, format!("user{number}\n").as_bytes()),
            _ => world.say(guest, &frame(&format!("user{number}"))),
        }
        // The client's end is not counted.
        world.guests.clear();
        while world.server.poll_event().is_some() {}
    };
    (0..300).for_each(&mut join);
    let info = allocation_counter::measure(|| (300..500).for_each(&mut join));
    usize::try_from(info.bytes_current).unwrap() / 200
}

#[test]
fn an_idle_user_takes_what_was_promised() {
    for (under, most) in [
        (Under::Tls, 6 * 1024),
        (Under::Web, 2560),
        (Under::TlsAndWeb, 6 * 1024),
    ] {
        let bytes = bytes_each(under);
        println!("{bytes} bytes");
        // An adapter's own for a connection, and what the allocator adds.
        assert!(bytes + 1024 <= most, "{bytes} bytes");
    }
}
