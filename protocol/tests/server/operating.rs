//! What an operator's program asks of a server: pages aside, draining, renewed settings.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use linechat_laws::toy::Toy;
use linechat_laws::tunnel::Tunnel;
use linechat_protocol::{
    Action, CloseReason, ConfigError, ConnId, Dialect, Instant, Limits, Listener, ListenerId, Peer,
    Server, irc,
};

#[test]
fn who_is_answered_aside_is_in_no_number_and_no_event_and_welcome_when_all_is_full() {
    let mut limits = Limits::default();
    limits.max_connections = NonZeroUsize::new(1);
    limits.max_connections_per_ip = NonZeroUsize::new(1);
    let mut server = Server::new(limits).unwrap();
    let rooms = server.listen(Listener::new(Dialect::ROOMS)).unwrap();
    let aside = server
        .listen_aside(Toy::default().factory(), |_| {})
        .unwrap();
    connect(&mut server, rooms);
    assert!(!server.accepting(rooms) && server.accepting(aside));
    while server.poll_event().is_some() {}
    let before = server.stats();

    let scraper = connect(&mut server, aside);
    server.receive(NOW, scraper, b"page");
    assert!(!server.transmit(scraper).is_empty());
    let length = server.transmit(scraper).len();
    assert!(closed(&mut server).is_empty());
    server.advance(NOW, scraper, length);
    assert_eq!(closed(&mut server), [CloseReason::PeerLeft]);
    server.release(NOW, scraper);
    assert_eq!(server.stats(), before);
    assert_eq!(server.poll_event(), None);
    assert_eq!(
        (server.dialect(aside), server.is_aside(aside)),
        (None, true)
    );
}

#[test]
fn who_answers_aside_sees_the_server_as_it_is_when_it_is_asked() {
    let mut server = Server::new(Limits::default()).unwrap();
    let rooms = server.listen(Listener::new(Dialect::ROOMS)).unwrap();
    let (seen, sees) = std::sync::mpsc::channel();
    let look = move |server: &Server| {
        let rooms = server.stats().dialects[0].connections;
        seen.send((rooms, server.is_draining())).unwrap();
    };
    let aside = server.listen_aside(Toy::default().factory(), look).unwrap();
    let scraper = connect(&mut server, aside);
    connect(&mut server, rooms);
    server.receive(NOW, scraper, b"page");
    assert_eq!(sees.try_iter().collect::<Vec<_>>(), [(1, false)]);
}

#[test]
fn so_many_are_answered_aside_at_a_time_and_no_more() {
    let mut server = Server::new(Limits::default()).unwrap();
    let aside = server
        .listen_aside(Toy::default().factory(), |_| {})
        .unwrap();
    let scrapers: Vec<_> = (0..16).map(|_| connect(&mut server, aside)).collect();
    assert!(!server.accepting(aside));
    connect(&mut server, aside);
    assert_eq!(closed(&mut server), [CloseReason::NotAccepting]);
    server.release(NOW, scrapers[0]);
    assert!(!server.accepting(aside));
    server.carry_on(NOW);
    assert!(!server.accepting(aside), "the one too many is still there");
}

#[test]
fn who_opens_a_layer_aside_finds_no_dialect_behind_it() {
    for has_no_opening in [true, false] {
        let mut server = Server::new(Limits::default()).unwrap();
        let toy = Toy {
            has_no_opening,
            ..Toy::default()
        };
        let aside = server.listen_aside(toy.factory(), |_| {}).unwrap();
        let peer = connect(&mut server, aside);
        if !has_no_opening {
            server.receive(NOW, peer, b"toy?go!!");
        }
        let length = server.transmit(peer).len();
        server.advance(NOW, peer, length);
        assert_eq!(last_words(&mut server, peer), [CloseReason::NotAccepting]);
    }
}

#[test]
fn a_server_that_drains_tells_its_users_and_ends_as_soon_as_they_have_left() {
    let (mut server, rooms, irc) = draining(30);
    let (alice, bob) = (connect(&mut server, rooms), connect(&mut server, irc));
    let silent = connect(&mut server, rooms);
    server.receive(NOW, alice, b"alice\n");
    server.receive(NOW, bob, b"NICK bob\r\nUSER b 0 * :b\r\n");
    drain(&mut server, [alice, bob]);
    server.shut_down(NOW);
    assert_eq!(
        text(&server, alice),
        "!notice this server goes away, in 30 s at the latest\r\n"
    );
    assert_eq!(
        text(&server, bob),
        ":linechat.local NOTICE * :this server goes away, in 30 s at the latest\r\n"
    );
    assert_eq!(text(&server, silent), "");
    assert!(server.is_draining() && !server.is_shutting_down());
    assert!(!server.accepting(rooms) && server.has_closed(rooms));
    drain(&mut server, [alice, bob]);

    server.receive(NOW, alice, b"#bob bye\n");
    assert!(text(&server, bob).ends_with(" PRIVMSG bob :bye\r\n"));
    server.shut_down(NOW);
    assert!(text(&server, alice).is_empty(), "it is told once");
    for conn in [alice, bob, silent] {
        assert!(!server.is_shutting_down());
        server.release(NOW, conn);
    }
    assert!(server.is_shutting_down() && server.is_finished());
}

#[test]
fn who_does_not_leave_a_server_that_drains_is_closed_at_its_end_and_not_before() {
    let (mut server, rooms, _) = draining(30);
    let alice = connect(&mut server, rooms);
    server.receive(NOW, alice, b"alice\n");
    server.shut_down(NOW);
    drain(&mut server, [alice]);
    let end = NOW + Duration::from_secs(30);
    assert_eq!(server.poll_timeout(), Some(end));
    server.handle_timeout(end.saturating_before(NANOSECOND));
    assert!(closed(&mut server).is_empty() && server.is_draining());
    server.handle_timeout(end);
    assert_eq!(last_words(&mut server, alice), [CloseReason::ShuttingDown]);
    assert!(!server.is_draining() && server.is_shutting_down());
}

#[test]
fn pages_aside_are_there_while_a_server_drains_and_keep_it_from_nothing() {
    let (mut server, rooms, _) = draining(30);
    let aside = server
        .listen_aside(Toy::default().factory(), |_| {})
        .unwrap();
    let alice = connect(&mut server, rooms);
    server.shut_down(NOW);
    assert!(server.accepting(aside) && !server.has_closed(aside));
    connect(&mut server, aside);
    server.release(NOW, alice);
    assert!(server.is_shutting_down() && server.has_closed(aside));
}

#[test]
fn a_server_without_peers_does_not_drain() {
    let (mut server, _, _) = draining(30);
    server.shut_down(NOW);
    assert!(server.is_finished());
}

#[test]
fn a_rate_limit_that_is_lifted_lets_those_through_who_waited_for_it() {
    let mut slow = Listener::new(Dialect::RELAY);
    slow.terms.rate_limit = NonZeroU32::new(1);
    let (mut server, relay) = Server::with_listener(Limits::default(), slow).unwrap();
    let (alice, bob) = (connect(&mut server, relay), connect(&mut server, relay));
    server.receive(NOW, alice, b"1\n2\n3\n");
    assert_eq!(text(&server, bob), "1\n");
    server.flushed();
    let renewed = Listener::new(Dialect::RELAY);
    server.renew(NOW, relay, renewed).unwrap();
    server.carry_on(NOW);
    assert_eq!(text(&server, bob), "1\n2\n3\n");
}

#[test]
fn an_idle_timeout_that_is_set_later_holds_for_those_who_are_there() {
    let relay = Listener::new(Dialect::RELAY);
    let (mut server, relay) = Server::with_listener(Limits::default(), relay).unwrap();
    let alice = connect(&mut server, relay);
    let mut renewed = Listener::new(Dialect::RELAY);
    renewed.terms.idle_timeout = Some(Duration::from_secs(60));
    server.renew(NOW, relay, renewed).unwrap();
    let end = NOW + Duration::from_secs(60);
    server.handle_timeout(end.saturating_before(NANOSECOND));
    assert!(closed(&mut server).is_empty());
    server.handle_timeout(end);
    assert_eq!(last_words(&mut server, alice), [CloseReason::IdleTimeout]);
}

#[test]
fn a_limit_for_each_address_that_is_set_later_counts_those_who_are_there() {
    let relay = Listener::new(Dialect::RELAY);
    let (mut server, relay) = Server::with_listener(Limits::default(), relay).unwrap();
    let alice = connect(&mut server, relay);
    let mut limits = Limits::default();
    limits.max_connections_per_ip = NonZeroUsize::new(1);
    server.set_limits(NOW, limits).unwrap();
    let bob = connect(&mut server, relay);
    assert_eq!(closed(&mut server), [CloseReason::TooManyFromAddress]);
    server.release(NOW, bob);
    server.release(NOW, alice);
    connect(&mut server, relay);
    assert!(closed(&mut server).is_empty());
}

#[test]
fn limits_and_terms_that_do_not_work_change_nothing() {
    let relay = Listener::new(Dialect::RELAY);
    let (mut server, relay) = Server::with_listener(Limits::default(), relay).unwrap();
    let mut limits = Limits::default();
    limits.max_backlog = 0;
    let refused = server.set_limits(NOW, limits);
    assert!(matches!(refused, Err(ConfigError::Zero { .. })));
    assert_eq!(server.limits(), &Limits::default());
    let other = server.renew(NOW, relay, Listener::new(Dialect::ECHO));
    assert!(matches!(other, Err(ConfigError::OtherOptions { .. })));
}

#[test]
fn the_message_of_the_day_can_change_and_the_name_of_the_network_cannot() {
    let irc = Listener::new(Dialect::IRC);
    let (mut server, irc) = Server::with_listener(Limits::default(), irc).unwrap();
    let mut options = irc::Options::default();
    options.motd = Some("closed on Sundays".into());
    options.network = "Other".into();
    server.renew(NOW, irc, Listener::new(options)).unwrap();
    let alice = connect(&mut server, irc);
    server.receive(NOW, alice, b"NICK alice\r\nUSER a 0 * :a\r\n");
    let welcome = text(&server, alice);
    assert!(welcome.contains("closed on Sundays"), "{welcome}");
    assert!(welcome.contains("NETWORK=linechat"), "{welcome}");
}

#[test]
fn the_messages_of_a_batch_are_counted_until_the_flush() {
    let relay = Listener::new(Dialect::RELAY);
    let (mut server, relay) = Server::with_listener(Limits::default(), relay).unwrap();
    let alice = connect(&mut server, relay);
    server.receive(NOW, alice, b"1\n2\n3\n");
    let bob = connect(&mut server, relay);
    server.transport_failed(NOW, bob);
    assert_eq!(server.messages_in_batch(), 3);
    server.flushed();
    assert_eq!(server.messages_in_batch(), 0);
}

/// A server of `rooms` and `irc` that drains for so many seconds.
fn draining(seconds: u64) -> (Server, ListenerId, ListenerId) {
    let mut limits = Limits::default();
    limits.drain = Some(Duration::from_secs(seconds));
    let mut server = Server::new(limits).expect("the limits work");
    let rooms = server
        .listen(Listener::new(Dialect::ROOMS))
        .expect("it works");
    let irc = server
        .listen(Listener::new(Dialect::IRC))
        .expect("they combine");
    (server, rooms, irc)
}

fn connect(server: &mut Server, listener: ListenerId) -> ConnId {
    let peer = Peer::Socket(SocketAddr::from(([192, 0, 2, 1], 7)));
    server.accept(NOW, listener, peer)
}

fn text(server: &Server, conn: ConnId) -> String {
    String::from_utf8(server.transmit(conn).to_vec()).expect("it is text")
}

/// These peers take all that there is for them.
fn drain<const N: usize>(server: &mut Server, conns: [ConnId; N]) {
    for conn in conns {
        let length = server.transmit(conn).len();
        server.advance(NOW, conn, length);
    }
    while server.poll().is_some() {}
    server.flushed();
}

/// Why connections are closed once `conn` has taken all that there is for it.
fn last_words(server: &mut Server, conn: ConnId) -> Vec<CloseReason> {
    let mut reasons = closed(server);
    let length = server.transmit(conn).len();
    server.advance(NOW, conn, length);
    reasons.extend(closed(server));
    reasons
}

fn closed(server: &mut Server) -> Vec<CloseReason> {
    let mut reasons = Vec::new();
    while let Some(action) = server.poll() {
        if let Action::Close(_, reason) = action {
            reasons.push(reason);
        }
    }
    reasons
}

const NOW: Instant = Instant::EPOCH;
const NANOSECOND: Duration = Duration::from_nanos(1);
