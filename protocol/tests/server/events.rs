//! What an operator is told, in order.

use std::iter;

use linechat_protocol::{CloseReason, Config, Dialect, Event, Instant, Peer, Server};

#[test]
fn a_visit_is_told_from_the_connection_to_the_end() {
    for (dialect, login) in [
        (Dialect::ROOMS, "alice\n"),
        (Dialect::DIRECT, "HELLO-FROM alice\n"),
    ] {
        let peer = peer();
        let mut server = Server::new(Config::new(dialect)).unwrap();
        let conn = server.accept(Instant::EPOCH, peer);
        server.receive(Instant::EPOCH, conn, login.as_bytes());
        server.receive(Instant::EPOCH, conn, &[b'x'; 8193]);
        server.transport_failed(Instant::EPOCH, conn);
        server.release(Instant::EPOCH, conn);
        assert_eq!(
            events(&mut server),
            [
                Event::Connected { conn, peer },
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
fn of_the_events_that_nobody_reads_the_last_65_536_are_kept() {
    let mut server = Server::new(Config::new(Dialect::ECHO)).unwrap();
    let visitors: Vec<_> = (0..70_000)
        .map(|_| server.accept(Instant::EPOCH, peer()))
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
