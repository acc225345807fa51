//! What a server takes, and whom a limit closes.

use std::num::NonZeroUsize;

use linechat_laws::config::Config;
use linechat_protocol::{
    CloseReason, ConfigError, Dialect, Instant, Limits, Listener, Peer, Server, echo,
};

use linechat_laws::world::World;

#[test]
fn a_slow_consumer_is_closed_and_nobody_waits_for_it() {
    let chat = World::with(Dialect::RELAY, |limits| limits.max_backlog = 64);
    let alice = chat.connect();
    let bob = chat.connect();
    let slow = chat.connect();
    slow.stops_reading();
    for _ in 0..8 {
        alice.says("1234567");
    }
    slow.is_open();
    alice.says("");
    slow.is_closed(CloseReason::SlowConsumer);
    bob.hears(&("1234567\n".repeat(8) + "\n"));
    alice.is_open();
}

#[test]
fn a_slow_consumer_sees_only_whole_lines() {
    for taken in 0..=12 {
        let chat = World::with(Dialect::RELAY, |limits| limits.max_backlog = 64);
        let alice = chat.connect();
        let slow = chat.connect();
        slow.stops_reading();
        alice.sends("1\r\n234\r\n");
        slow.takes(taken.min(8));
        alice.sends(format!("{}\n", "x".repeat(60)));
        alice.sends("the last straw\n");
        assert_eq!(slow.left(), Some(CloseReason::SlowConsumer));
        slow.reads_on();
        slow.is_closed(CloseReason::SlowConsumer);
        let expected = match taken {
            0 => "",
            1..=3 => "1\r\n",
            _ => "1\r\n234\r\n",
        };
        slow.hears(expected);
    }
}

#[test]
fn what_was_handed_out_counts_as_waiting() {
    let chat = World::with(Dialect::RELAY, |limits| limits.max_backlog = 16);
    let alice = chat.connect();
    let slow = chat.connect();
    slow.stops_reading();
    alice.says("1234567");
    slow.has_output_handed_out();
    alice.says("1234567");
    slow.is_open();
    alice.says("x");
    slow.is_draining(CloseReason::SlowConsumer);
    slow.reads_on();
    slow.hears("1234567\n");
    slow.is_closed(CloseReason::SlowConsumer);
}

#[test]
fn the_largest_backlog_goes_when_all_together_are_too_much() {
    for (last, is_too_much) in [("12345", false), ("123456", true)] {
        let chat = World::with(Dialect::DIRECT, |limits| limits.max_buffered = 113);
        let alice = chat.join("alice");
        let bob = chat.join("bob");
        let carol = chat.join("carol");
        bob.stops_reading();
        carol.stops_reading();
        alice.says(&format!("SEND bob {}", "x".repeat(44)));
        alice.says("SEND carol 12345678");
        alice.heard();
        assert_eq!(bob.backlog() + carol.backlog(), 84);
        alice.says(&format!("SEND carol {last}"));
        carol.is_open();
        let is_closed = bob.left() == Some(CloseReason::BuffersFull);
        assert_eq!(
            is_closed,
            is_too_much,
            "{} bytes wait",
            bob.backlog() + carol.backlog()
        );
    }
}

#[test]
fn only_the_largest_backlog_goes_when_the_others_are_just_not_too_much() {
    let chat = World::with(Dialect::ROOMS, |limits| limits.max_buffered = 100);
    let alice = chat.join("alice");
    let (bob, carol, dave) = (chat.join("bob"), chat.join("carol"), chat.join("dave"));
    for slow in [&bob, &carol, &dave] {
        slow.stops_reading();
    }
    alice.says(&format!("#bob {}", "x".repeat(40)));
    alice.says(&format!("#carol {}", "x".repeat(40)));
    assert_eq!(bob.backlog() + carol.backlog(), 100);
    alice.says(&format!("#dave {}", "x".repeat(50)));
    dave.is_closed(CloseReason::BuffersFull);
    bob.is_open();
    carol.is_open();
}

#[test]
fn a_sender_is_told_whether_the_recipient_is_the_one_who_goes() {
    let chat = World::with(Dialect::DIRECT, |limits| limits.max_buffered = 100);
    let alice = chat.join("alice");
    let (bob, carol, dave) = (chat.join("bob"), chat.join("carol"), chat.join("dave"));
    for slow in [&bob, &carol, &dave] {
        slow.stops_reading();
    }
    alice.asks(&format!("SEND bob {}", "x".repeat(44)), "SEND-OK\n");
    alice.asks(&format!("SEND carol {}", "x".repeat(50)), "BAD-DEST-USER\n");
    carol.is_closed(CloseReason::BuffersFull);
    alice.asks(&format!("SEND dave {}", "x".repeat(34)), "SEND-OK\n");
    bob.is_closed(CloseReason::BuffersFull);
    dave.is_open();
}

#[test]
fn past_the_most_connections_the_server_does_not_accept_until_one_is_gone() {
    let chat = World::with(Dialect::ECHO, |limits| {
        limits.max_connections = NonZeroUsize::new(2)
    });
    let alice = chat.connect();
    assert!(chat.is_accepting());
    chat.connect();
    assert!(!chat.is_accepting());
    let late = chat.connect();
    late.is_closed(CloseReason::NotAccepting);
    late.is_released();
    assert!(!chat.is_accepting());
    alice.ends();
    alice.is_released();
    assert!(chat.is_accepting());
}

#[test]
fn the_console_is_not_one_of_the_connections_that_are_counted() {
    let chat = World::with(Dialect::ECHO, |limits| {
        limits.max_connections = NonZeroUsize::new(1)
    });
    chat.console().is_open();
    assert!(chat.is_accepting());
    chat.connect().is_open();
    assert!(!chat.is_accepting());
}

#[test]
fn one_more_connection_from_the_same_address_is_closed_at_once() {
    let chat = World::with(Dialect::ECHO, |limits| {
        limits.max_connections_per_ip = NonZeroUsize::new(2);
    });
    let alice = chat.connect_from("192.0.2.1:1");
    chat.connect_from("[::ffff:192.0.2.1]:2").is_open();
    chat.connect_from("192.0.2.1:3")
        .is_closed(CloseReason::TooManyFromAddress);
    chat.connect_from("192.0.2.2:1").is_open();
    alice.ends();
    chat.connect_from("192.0.2.1:4").is_open();
    chat.connect_from("192.0.2.1:5")
        .is_closed(CloseReason::TooManyFromAddress);
}

#[test]
fn only_dialects_that_have_users_are_served_together_and_each_with_one_set_of_options() {
    let server = |dialects: &[Dialect]| {
        let mut server = Server::new(Limits::default())?;
        for &dialect in dialects {
            server.listen(Listener::new(dialect))?;
        }
        Ok(server)
    };
    let refusal = |dialects: &[Dialect]| server(dialects).err();
    assert_eq!(refusal(&[Dialect::ROOMS, Dialect::DIRECT]), None);
    assert_eq!(refusal(&[Dialect::RELAY, Dialect::RELAY]), None);
    assert_eq!(
        refusal(&[Dialect::ROOMS, Dialect::ECHO]),
        Some(ConfigError::DoesNotCombine {
            one: Dialect::ROOMS,
            other: Dialect::ECHO
        })
    );
    let mut echo = server(&[Dialect::ECHO]).unwrap();
    let mut loud = echo::Options::default();
    loud.uppercase = true;
    let dialect = Dialect::ECHO;
    assert_eq!(
        echo.listen(Listener::new(loud)),
        Err(ConfigError::OtherOptions { dialect })
    );
}

#[test]
fn once_somebody_has_connected_there_are_no_further_listeners() {
    let (mut server, listener) =
        Server::with_listener(Limits::default(), Listener::new(Dialect::ROOMS)).unwrap();
    server.accept(Instant::EPOCH, listener, Peer::Console);
    assert_eq!(
        server.listen(Listener::new(Dialect::DIRECT)),
        Err(ConfigError::TooLate)
    );
}

#[test]
fn each_dialect_has_the_port_of_its_document() {
    let ports: Vec<_> = Dialect::all()
        .map(|dialect| (dialect.name(), dialect.default_port()))
        .collect();
    let expected = [
        ("echo", 8888),
        ("relay", 8888),
        ("addressed", 60003),
        ("rooms", 8888),
        ("pair", 2000),
        ("direct", 5378),
        ("irc", 6667),
        ("web", 8080),
    ];
    assert_eq!(ports, expected);
}

#[test]
fn a_limit_of_zero_is_refused() {
    for (name, change) in [
        (
            "max_line",
            (|limits| limits.max_line = 0) as fn(&mut linechat_laws::config::Bounds),
        ),
        ("max_backlog", |limits| limits.max_backlog = 0),
        ("max_buffered", |limits| limits.max_buffered = 0),
    ] {
        let mut config = Config::new(Dialect::ECHO);
        change(&mut config.limits);
        assert_eq!(config.server().err(), Some(ConfigError::Zero { name }));
    }
}
