//! What an operator is told, in order.

use std::iter;

use linechat_laws::config::Config;
use linechat_protocol::pair::Turn;
use linechat_protocol::{CloseReason, Dialect, Event, Instant, Peer, Server};

#[test]
fn a_visit_is_told_from_the_connection_to_the_end() {
    for (dialect, login) in [
        (Dialect::ROOMS, "alice\n"),
        (Dialect::DIRECT, "HELLO-FROM alice\n"),
    ] {
        let peer = peer();
        let (mut server, listener) = Config::new(dialect).server().unwrap();
        let conn = server.accept(Instant::EPOCH, listener, peer);
        server.receive(Instant::EPOCH, conn, login.as_bytes());
        server.receive(Instant::EPOCH, conn, &[b'x'; 8193]);
        server.transport_failed(Instant::EPOCH, conn);
        server.release(Instant::EPOCH, conn);
        assert_eq!(
            events(&mut server),
            [
                Event::Connected {
                    conn,
                    listener,
                    peer
                },
                Event::LoggedIn {
                    conn,
                    name: "alice".into()
                },
                Event::LineDropped { conn, peer },
                Event::Left {
                    conn,
                    peer,
                    reason: CloseReason::TransportFailed
                },
            ],
            "{dialect}"
        );
    }
}

#[test]
fn the_operator_of_pair_is_told_who_is_there_whose_turn_it_is_and_what_was_dropped() {
    let (mut server, listener) = Config::new(Dialect::PAIR).server().unwrap();
    let now = Instant::EPOCH;
    let operator = server.accept(now, listener, Peer::Console);
    let peer = peer();
    let client = server.accept(now, listener, peer);
    server.receive(now, client, b"hi\n");
    server.receive(now, operator, b"hello\nearly\ntoo early\n");
    server.transport_failed(now, client);
    let turn = |turn| Event::TurnChanged { client, peer, turn };
    let left = Event::Left {
        conn: client,
        peer,
        reason: CloseReason::TransportFailed,
    };
    let dropped = Event::TypedLinesDropped {
        client,
        peer,
        lines: vec![b"early".to_vec(), b"too early".to_vec()],
    };
    assert_eq!(
        events(&mut server)[1..],
        [
            Event::Connected {
                conn: client,
                listener,
                peer
            },
            turn(Turn::Client),
            turn(Turn::Operator),
            turn(Turn::Client),
            left,
            dropped,
        ]
    );
}

#[test]
fn a_turn_is_told_when_a_talk_begins_and_in_full_duplex_only_then() {
    let mut config = Config::new(Dialect::PAIR);
    config.full_duplex = true;
    let (mut server, listener) = config.server().unwrap();
    let now = Instant::EPOCH;
    let operator = server.accept(now, listener, Peer::Console);
    let probe = server.accept(now, listener, peer());
    server.receive(now, probe, b"bye");
    server.receive_eof(now, probe);
    let next = server.accept(now, listener, peer());
    server.advance(now, operator, b"bye\n".len());
    server.carry_on(now);
    server.receive(now, operator, b"hello\n");
    let told: Vec<_> = events(&mut server)
        .into_iter()
        .filter_map(|event| match event {
            Event::TurnChanged { client, turn, .. } => Some((client, Some(turn))),
            Event::Left { conn, .. } => Some((conn, None)),
            _ => None,
        })
        .collect();
    let talks = [
        (probe, Some(Turn::Both)),
        (probe, None),
        (next, Some(Turn::Both)),
    ];
    assert_eq!(told, talks);
}

#[test]
fn of_the_events_that_nobody_reads_the_last_65_536_are_kept() {
    let (mut server, listener) = Config::new(Dialect::ECHO).server().unwrap();
    let visitors: Vec<_> = (0..70_000)
        .map(|_| server.accept(Instant::EPOCH, listener, peer()))
        .collect();
    let told: Vec<_> = events(&mut server)
        .into_iter()
        .map(|event| match event {
            Event::Connected { conn, .. } => conn,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, visitors[70_000 - 65_536..]);
}

fn events(server: &mut Server) -> Vec<Event> {
    iter::from_fn(|| server.poll_event()).collect()
}

fn peer() -> Peer {
    Peer::Socket(([192, 0, 2, 1], 7).into())
}
