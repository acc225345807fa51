//! The numbers that metrics are made of.

use std::net::SocketAddr;

use linechat_laws::config::Config;
use linechat_protocol::{
    Action, CloseReason, ConnId, Dialect, DialectStats, Instant, Limits, Listener, ListenerId,
    Peer, Server,
};

#[test]
fn what_was_said_heard_sent_and_received_is_counted_for_each_dialect() {
    let mut server = Server::new(Limits::default()).unwrap();
    let rooms = server.listen(Listener::new(Dialect::ROOMS)).unwrap();
    let direct = server.listen(Listener::new(Dialect::DIRECT)).unwrap();
    let alice = connect(&mut server, rooms);
    let bob = connect(&mut server, rooms);
    let carol = connect(&mut server, direct);
    says(&mut server, alice, "alice\n!enter den\n");
    says(
        &mut server,
        carol,
        "HELLO-FROM carol\nSEND alice hi\nLIST\n",
    );
    says(&mut server, bob, "bob\nhello\n#carol hi\n#nobody hi\n");
    let stats = server.stats();
    let [of_rooms, of_direct] = &stats.dialects[..] else {
        panic!("{stats:?}");
    };
    assert_eq!(
        (of_rooms.dialect, of_rooms.connections),
        (Dialect::ROOMS, 2)
    );
    assert_eq!((of_rooms.users, of_direct.users, stats.rooms), (2, 1, 1));
    assert_eq!(numbers(of_rooms), [2, 2, 48, 53]);
    assert_eq!(numbers(of_direct), [1, 1, 36, 56]);
    assert_eq!(stats.backlog, 0);
}

#[test]
fn a_relay_delivers_to_all_but_the_sender_and_the_addressed_to_all() {
    for (dialect, deliveries) in [
        (Dialect::ECHO, 1),
        (Dialect::RELAY, 2),
        (Dialect::ADDRESSED, 3),
    ] {
        let (mut server, listener) = Config::new(dialect).server().unwrap();
        let peers: Vec<_> = (0..3).map(|_| connect(&mut server, listener)).collect();
        says(&mut server, peers[0], "hi\n");
        let counts = server.stats().dialects[0].counts;
        assert_eq!(
            (counts.messages, counts.deliveries),
            (1, deliveries),
            "{dialect}"
        );
    }
}

#[test]
fn who_was_closed_is_counted_by_reason_and_waits_in_the_backlog_until_then() {
    let mut config = Config::new(Dialect::RELAY);
    config.limits.max_backlog = 10;
    let (mut server, listener) = config.server().unwrap();
    let (alice, bob) = (
        connect(&mut server, listener),
        connect(&mut server, listener),
    );
    server.receive(NOW, alice, b"12345678\n");
    assert_eq!(server.stats().backlog, 9);
    server.flushed();
    server.receive(NOW, alice, b"12345678\n");
    server.transport_failed(NOW, alice);
    let stats = server.stats();
    let closed = [
        (CloseReason::SlowConsumer, 1),
        (CloseReason::TransportFailed, 1),
    ];
    assert_eq!((stats.backlog, &stats.closed[..]), (0, &closed[..]));
    assert_eq!(stats.dialects[0].connections, 2);
    server.release(NOW, alice);
    server.release(NOW, bob);
    assert_eq!(server.stats().dialects[0].connections, 0);
}

/// Messages, deliveries, bytes received and bytes sent.
fn numbers(stats: &DialectStats) -> [u64; 4] {
    let counts = stats.counts;
    [
        counts.messages,
        counts.deliveries,
        counts.received_bytes,
        counts.sent_bytes,
    ]
}

fn connect(server: &mut Server, listener: ListenerId) -> ConnId {
    let address: SocketAddr = "192.0.2.1:7".parse().expect("it is an address");
    server.accept(NOW, listener, Peer::from(address))
}

/// A peer says something, and everybody reads what comes of it.
fn says(server: &mut Server, conn: ConnId, line: &str) {
    server.receive(NOW, conn, line.as_bytes());
    while let Some(action) = server.poll() {
        if let Action::Transmit(conn) = action {
            let written = server.transmit(conn).len();
            server.advance(NOW, conn, written);
        }
    }
    server.flushed();
}

const NOW: Instant = Instant::EPOCH;
