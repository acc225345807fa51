//! Connections with a layer, a toy: how they open, what is on the wire, how they end.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use linechat_laws::toy::ToyPeer;
use linechat_laws::tunnel::TunnelPeer;
use linechat_laws::world::{Person, World};
use linechat_protocol::{CloseReason, Dialect};

#[test]
fn who_has_not_opened_is_unknown_to_the_dialect() {
    let chat = World::layered(Dialect::ADDRESSED);
    let alice = chat.connect_from("192.0.2.1:1001");
    let bob = chat.connect_silently("192.0.2.2:1002");
    bob.sends_raw("toy?go!");
    alice.asks("anybody?", "[192.0.2.1:1001] anybody?\n");
    bob.sends_raw("!");
    alice.hears("[192.0.2.2:1002] (connected)\n");
    bob.hears_nothing();
    alice.says("hi");
    bob.hears("[192.0.2.1:1001] hi\n");
}

#[test]
fn who_leaves_before_it_has_opened_was_never_there() {
    let chat = World::layered(Dialect::ADDRESSED);
    let alice = chat.connect();
    for leave in [Person::is_cut_off, Person::vanishes, |bob: &Person| {
        bob.sends_raw("what is this?");
    }] {
        let bob = chat.connect_silently("192.0.2.2:1002");
        bob.sends_raw("toy?");
        leave(&bob);
        assert!(bob.has_been_closed());
        alice.hears_nothing();
    }
}

#[test]
fn a_peer_in_a_hurry_opens_speaks_and_leaves_in_one_read() {
    let chat = World::layered(Dialect::ECHO);
    let alice = chat.connect_silently("192.0.2.1:1001");
    let mut side = ToyPeer::default();
    let all = [ToyPeer::opening(), side.seal(b"hi"), side.goodbye()].concat();
    alice.sends_raw(all);
    alice.hears("hi");
    alice.is_closed(CloseReason::PeerLeft);
    assert_eq!(alice.told_by_layer(), ["bye"]);
}

#[test]
fn an_opening_may_come_byte_by_byte() {
    let chat = World::layered(Dialect::ROOMS);
    let alice = chat.connect_silently("192.0.2.1:1001");
    for byte in [ToyPeer::opening(), ToyPeer::default().seal(b"alice\n")].concat() {
        alice.sends_raw([byte]);
    }
    assert_eq!(alice.name().as_deref(), Some("alice"));
}

#[test]
fn a_layer_that_has_no_opening_lets_everybody_in_at_once() {
    let chat = World::layered_with(Dialect::ADDRESSED, |_| {}, |toy| toy.has_no_opening = true);
    let alice = chat.connect();
    let bob = chat.connect_from("192.0.2.2:1002");
    alice.hears("[192.0.2.2:1002] (connected)\n");
    bob.says("hi");
    alice.hears("[192.0.2.2:1002] hi\n");
}

#[test]
fn an_opening_has_its_time_however_busily_the_peer_sends() {
    for (late, is_closed) in [(-NANOSECOND, false), (0, true), (NANOSECOND, true)] {
        let chat = World::layered(Dialect::RELAY);
        let bob = chat.connect_silently("192.0.2.2:1002");
        for byte in *b"toy?go!" {
            chat.waits(Duration::from_secs(1));
            bob.sends_raw([byte]);
        }
        chat.waits(Duration::from_nanos((3_000_000_000 + late) as u64));
        assert_eq!(bob.left().is_some(), is_closed, "{late} ns late");
        bob.sends_raw("!");
        chat.waits(Duration::from_secs(1000));
        assert_eq!(
            bob.left().is_some(),
            is_closed,
            "{late} ns late, and opened"
        );
    }
}

#[test]
fn who_was_too_late_is_told_so() {
    let chat = World::layered(Dialect::RELAY);
    let bob = chat.connect_silently("192.0.2.2:1002");
    chat.waits(Duration::from_secs(10));
    bob.is_closed(CloseReason::OpeningTimeout);
    assert_eq!(bob.told_by_layer(), ["late", "bye"]);
    let carol = chat.connect_silently("192.0.2.3:1003");
    carol.sends_raw("toy?");
    chat.waits(Duration::from_secs(10));
    assert_eq!(carol.told_by_layer(), ["late", "bye, you are at fault"]);
}

#[test]
fn the_time_to_log_in_begins_when_the_layer_is_open() {
    let chat = World::layered(Dialect::DIRECT);
    let alice = chat.connect_silently("192.0.2.1:1001");
    chat.waits(Duration::from_secs(9));
    alice.sends_raw(ToyPeer::opening());
    chat.waits(Duration::from_secs(300) - Duration::from_nanos(1));
    alice.is_open();
    chat.waits(Duration::from_nanos(1));
    alice.is_closed(CloseReason::LoginTimeout);
}

#[test]
fn while_too_many_are_opening_nobody_is_welcome() {
    let chat = World::layered_with(Dialect::RELAY, |limits| limits.max_openings = 2, |_| {});
    let alice = chat.connect_silently("192.0.2.1:1001");
    assert!(chat.is_accepting());
    let bob = chat.connect_silently("192.0.2.2:1002");
    assert!(!chat.is_accepting());
    chat.connect_silently("192.0.2.3:1003")
        .is_closed(CloseReason::NotAccepting);
    alice.sends_raw(ToyPeer::opening());
    assert!(chat.is_accepting());
    let carol = chat.connect_silently("192.0.2.4:1004");
    assert!(!chat.is_accepting());
    bob.vanishes();
    assert!(chat.is_accepting());
    carol.sends_raw("page");
    carol.is_closed(CloseReason::PeerLeft);
    chat.connect_silently("192.0.2.5:1005");
    assert!(chat.is_accepting(), "there is room for a second one");
    chat.waits(Duration::from_secs(10));
    chat.connect_silently("192.0.2.6:1006");
    assert!(chat.is_accepting(), "who was late opens no more");
}

#[test]
fn the_console_has_no_layer() {
    let chat = World::layered(Dialect::PAIR);
    let operator = chat.console();
    let client = chat.connect();
    client.says("hi");
    operator.hears("hi\n");
    operator.says("hello");
    client.hears("hello\n");
}

#[test]
fn a_page_is_sent_and_the_dialect_never_knows() {
    let chat = World::layered(Dialect::ADDRESSED);
    let alice = chat.connect();
    let reader = chat.connect_silently("192.0.2.2:1002");
    reader.sends_raw(ToyPeer::request_for_a_page());
    reader.is_closed(CloseReason::PeerLeft);
    assert_eq!(reader.told_by_layer(), ["here"]);
    alice.hears_nothing();
}

#[test]
fn only_so_many_handshakes_are_made_before_chat_has_its_turn() {
    let chat = World::layered(Dialect::RELAY);
    let peers: Vec<_> = (0..20)
        .map(|host| chat.connect_silently(&format!("192.0.2.{host}:1000")))
        .collect();
    let mut wire = chat.wire();
    for peer in &peers {
        wire.send(peer.place, &ToyPeer::opening());
    }
    let count = |wire: &linechat_laws::wire::Wire| {
        let ids = peers.iter().map(|peer| wire.id(peer.place));
        ids.filter(|&id| !wire.server.transmit(id).is_empty())
            .count()
    };
    for expected in [8, 16, 20] {
        assert_eq!(count(&wire), expected);
        wire.server.flushed();
        wire.carry_on();
    }
}

#[test]
fn who_is_cut_off_has_left_and_half_a_line_is_not_heard() {
    for dialect in [Dialect::RELAY, Dialect::ADDRESSED] {
        let chat = World::layered(dialect);
        let alice = chat.connect();
        let bob = chat.connect();
        alice.heard();
        bob.sends("whole\nhalf");
        bob.is_cut_off();
        let heard = alice.heard();
        assert!(heard.contains("whole"), "{heard}");
        chat.waits(Duration::from_secs(1));
        assert!(!(heard + &alice.heard()).contains("half"));
        bob.is_closed(CloseReason::CutOff);
    }
}

#[test]
fn what_was_whole_is_heard_before_the_cut_counts() {
    let chat = World::layered_with(
        Dialect::RELAY,
        |limits| limits.rate_limit = std::num::NonZeroU32::new(1),
        |_| {},
    );
    let alice = chat.connect();
    let bob = chat.connect();
    bob.sends("one\ntwo\nhalf");
    bob.is_cut_off();
    alice.hears("one\n");
    bob.is_open();
    chat.waits(Duration::from_secs(1));
    alice.hears("two\n");
    bob.is_closed(CloseReason::CutOff);
    alice.hears_nothing();
}

#[test]
fn who_means_to_end_is_answered_and_its_last_line_is_whole() {
    let chat = World::layered(Dialect::DIRECT);
    let alice = chat.join("alice");
    alice.sends("LIST");
    alice.ends();
    alice.hears("LIST-OK alice\n");
    alice.is_closed(CloseReason::PeerLeft);
    assert_eq!(alice.told_by_layer(), ["bye"]);
}

#[test]
fn nothing_that_comes_behind_a_goodbye_counts() {
    let chat = World::layered_with(
        Dialect::RELAY,
        |limits| limits.rate_limit = std::num::NonZeroU32::new(1),
        |_| {},
    );
    let alice = chat.connect();
    let bob = chat.connect();
    bob.sends("one\ntwo\n");
    bob.sends_of_layer(ToyPeer::goodbye);
    bob.is_open();
    bob.says("three");
    bob.sends_of_layer(ToyPeer::nonsense);
    chat.waits(Duration::from_secs(5));
    alice.hears("one\ntwo\n");
    bob.is_closed(CloseReason::PeerLeft);
}

#[test]
fn a_goodbye_is_the_last_thing_on_the_wire_and_then_the_connection_is_closed() {
    let chat = World::layered(Dialect::ROOMS);
    let alice = chat.join("alice");
    alice.stops_reading();
    alice.says("!users");
    alice.says("!quit");
    alice.is_draining(CloseReason::Quit);
    alice.reads_on();
    alice.hears("alice\r\n");
    alice.is_closed(CloseReason::Quit);
    assert_eq!(alice.told_by_layer(), ["bye"]);
}

#[test]
fn at_a_shutdown_everybody_is_told_goodbye_who_has_opened_or_not() {
    let chat = World::layered(Dialect::RELAY);
    let alice = chat.connect();
    let bob = chat.connect_silently("192.0.2.2:1002");
    chat.shuts_down();
    for peer in [&alice, &bob] {
        peer.is_closed(CloseReason::ShuttingDown);
        assert_eq!(peer.told_by_layer(), ["bye"]);
        peer.is_released();
    }
    assert!(chat.is_finished());
}

#[test]
fn who_breaks_the_protocol_is_told_so_after_all_that_was_said_before() {
    let chat = World::layered(Dialect::ADDRESSED);
    let alice = chat.connect();
    let bob = chat.connect_from("192.0.2.2:1002");
    alice.heard();
    let mut side = ToyPeer::default();
    bob.sends_raw([side.seal(b"hi\nha"), side.nonsense()].concat());
    alice.hears("[192.0.2.2:1002] hi\n[192.0.2.2:1002] (disconnected)\n");
    bob.hears("[192.0.2.2:1002] hi\n");
    bob.is_closed(CloseReason::LayerFailed);
    assert_eq!(bob.told_by_layer(), ["what?", "bye, you are at fault"]);
    assert_eq!(bob.refused().as_deref(), Some("no such record"));
}

#[test]
fn it_does_not_matter_whether_nonsense_comes_with_what_was_before_it() {
    for is_cut in [false, true] {
        let chat = World::layered(Dialect::RELAY);
        let alice = chat.connect();
        let bob = chat.connect_silently("192.0.2.2:1002");
        let mut side = ToyPeer::default();
        let pieces = [ToyPeer::opening(), side.seal(b"hi\n"), side.nonsense()];
        match is_cut {
            true => pieces.iter().for_each(|piece| bob.sends_raw(piece)),
            false => bob.sends_raw(pieces.concat()),
        }
        alice.hears("hi\n");
        bob.is_closed(CloseReason::LayerFailed);
    }
}

#[test]
fn what_a_broken_layer_cannot_carry_is_dropped_and_nothing_waits_for_it() {
    let chat = World::layered_with(
        Dialect::ECHO,
        |limits| limits.stall_timeout = None,
        |toy| toy.breaks_for_good = true,
    );
    let alice = chat.connect();
    let mut side = ToyPeer::default();
    let text = "x".repeat(40_000) + "\n";
    alice.sends_raw([side.seal(text.as_bytes()), side.nonsense()].concat());
    alice.is_closed(CloseReason::LayerFailed);
    alice.hears_nothing();
    assert_eq!(alice.told_by_layer(), ["what?", "bye, you are at fault"]);
}

#[test]
fn who_makes_the_layer_answer_without_reading_is_paused_and_nothing_is_lost() {
    let chat = World::layered_with(
        Dialect::ECHO,
        |limits| {
            limits.max_backlog = 1000;
            limits.stall_timeout = None;
        },
        |_| {},
    );
    let alice = chat.connect();
    alice.stops_reading();
    for _ in 0..300 {
        alice.sends_of_layer(ToyPeer::ping);
    }
    assert!(alice.is_paused());
    assert!(
        (501..=1000).contains(&alice.backlog()),
        "{}",
        alice.backlog()
    );
    alice.ends();
    alice.is_open();
    alice.reads_on();
    assert_eq!(alice.pongs(), 300);
    alice.is_closed(CloseReason::PeerLeft);
}

#[test]
fn who_pings_a_thousand_times_in_one_read_and_reads_is_not_closed_for_it() {
    let chat = World::layered_with(Dialect::ECHO, |limits| limits.max_backlog = 300, |_| {});
    let alice = chat.connect();
    alice.sends_of_layer(|side| (0..1000).flat_map(|_| side.ping()).collect());
    assert_eq!(alice.pongs(), 1000);
    alice.asks("still here", "still here\n");
    assert!(!alice.is_paused());
}

#[test]
fn the_end_of_who_does_not_read_is_noticed_once_it_reads() {
    let chat = World::layered_with(Dialect::RELAY, |limits| limits.max_backlog = 100, |_| {});
    let alice = chat.connect();
    alice.stops_reading();
    alice.sends_of_layer(|side| (0..20).flat_map(|_| side.ping()).collect());
    alice.is_cut_off();
    alice.is_open();
    alice.reads_on();
    alice.is_closed(CloseReason::CutOff);
}

#[test]
fn who_pings_without_reading_is_stalled() {
    let chat = World::layered(Dialect::RELAY);
    let alice = chat.connect();
    alice.stops_reading();
    for second in 0..30 {
        alice.is_open();
        alice.sends_of_layer(ToyPeer::ping);
        chat.waits(Duration::from_secs(1));
        assert_eq!(alice.left().is_some(), second == 29);
    }
    alice.is_closed(CloseReason::Stalled);
    assert!(
        alice.told_by_layer().is_empty(),
        "who does not read hears no goodbye"
    );
}

#[test]
fn what_layers_say_by_themselves_counts_among_all_that_is_buffered() {
    let chat = World::layered_with(
        Dialect::RELAY,
        |limits| {
            limits.max_backlog = 4000;
            limits.max_buffered = 4000;
        },
        |_| {},
    );
    let peers: Vec<_> = (0..5).map(|_| chat.connect()).collect();
    for (count, peer) in peers.iter().enumerate() {
        peer.stops_reading();
        peer.sends_of_layer(|side| (0..=100 * count).flat_map(|_| side.ping()).collect());
    }
    peers[4].is_draining(CloseReason::BuffersFull);
    for peer in &peers[..4] {
        peer.is_open();
    }
}

#[test]
fn who_opens_when_too_much_is_buffered_is_closed_and_not_torn() {
    let chat = World::layered_with(
        Dialect::RELAY,
        |limits| {
            limits.max_backlog = 1000;
            limits.max_buffered = 3;
        },
        |_| {},
    );
    let alice = chat.connect_silently("192.0.2.1:1001");
    alice.sends_raw("toy?");
    alice.is_closed(CloseReason::BuffersFull);
    assert_eq!(alice.told_by_layer(), ["bye, you are at fault"]);
}

#[test]
fn a_greeting_that_is_more_than_a_backlog_closes_before_the_dialect_knows() {
    let chat = World::layered_with(Dialect::ADDRESSED, |limits| limits.max_backlog = 3, |_| {});
    let alice = chat.connect_silently("192.0.2.1:1001");
    let bob = chat.connect_silently("192.0.2.2:1002");
    bob.sends_raw(ToyPeer::opening());
    bob.is_closed(CloseReason::SlowConsumer);
    bob.hears_nothing();
    alice.hears_nothing();
}

#[test]
fn who_is_closed_for_what_its_layer_says_when_it_opens_was_never_there() {
    let chat = World::layered_with(
        Dialect::ADDRESSED,
        |limits| limits.max_backlog = 250,
        |toy| toy.asks_when_open = true,
    );
    let bob = chat.connect();
    bob.is_closed(CloseReason::SlowConsumer);
    assert_eq!(bob.told_by_layer(), ["bye, you are at fault"]);
    bob.hears_nothing();
    bob.is_released();
    chat.shuts_down();
    assert!(chat.is_finished());
}

#[test]
fn plain_and_sealed_together_are_the_backlog_and_only_whole_frames_are_dropped() {
    let chat = World::layered_with(Dialect::RELAY, |limits| limits.max_backlog = 4000, |_| {});
    let alice = chat.connect();
    let bob = chat.connect();
    bob.stops_reading();
    let line = |number: usize| format!("{number:0>99}\n");
    // The first line is sealed with three bytes more, the others wait in plain.
    for number in 0..39 {
        alice.says(&line(number)[..99]);
    }
    bob.is_open();
    alice.says(&line(39)[..99]);
    bob.is_draining(CloseReason::SlowConsumer);
    bob.reads_on();
    bob.hears(&line(0));
    bob.is_closed(CloseReason::SlowConsumer);
    assert_eq!(bob.told_by_layer(), ["bye, you are at fault"]);
}

#[test]
fn a_frame_longer_than_a_record_of_which_a_part_is_sealed_is_sent_to_its_end() {
    let chat = World::layered_with(
        Dialect::RELAY,
        |limits| {
            limits.max_line = 40_000;
            limits.max_backlog = 100_000;
        },
        |_| {},
    );
    let alice = chat.connect();
    let bob = chat.connect();
    bob.stops_reading();
    let long = "x".repeat(40_000);
    for _ in 0..3 {
        alice.says(&long);
    }
    bob.is_draining(CloseReason::SlowConsumer);
    bob.reads_on();
    bob.hears(&(long + "\n"));
    bob.is_closed(CloseReason::SlowConsumer);
}

#[test]
fn a_record_ends_where_a_frame_ends_if_one_does() {
    let chat = World::layered(Dialect::RELAY);
    let alice = chat.connect();
    let bob = chat.connect();
    bob.stops_reading();
    alice.says("first");
    alice.sends("y".repeat(8000) + "\n" + &"z".repeat(8000) + "\n" + &"w".repeat(8000) + "\n");
    // The line that was sealed alone, and then two of the others.
    let records = |plain: usize| plain + 3 * plain.div_ceil(255);
    assert_eq!(bob.backlog(), records(6));
    bob.takes(records(6));
    assert_eq!(bob.backlog(), records(16_002));
    bob.reads_on();
    assert_eq!(bob.heard_bytes().len(), 6 + 3 * 8001);
}

#[test]
fn behind_a_proxy_the_address_counts_that_the_layer_knows() {
    let proxy: IpAddr = "198.51.100.7".parse().unwrap();
    let chat = World::layered_with(
        Dialect::ADDRESSED,
        |limits| {
            limits.proxy = Some(proxy);
            limits.max_connections_per_ip = NonZeroUsize::new(2);
        },
        |_| {},
    );
    let come = |address: &str| {
        let peer = chat.connect_silently("198.51.100.7:80");
        peer.sends_raw(ToyPeer::opening_for(address.parse().unwrap()));
        peer
    };
    let alice = come("192.0.2.1:1001");
    let bob = come("192.0.2.2:1002");
    alice.hears("[192.0.2.2:1002] (connected)\n");
    let again = come("192.0.2.2:1003");
    again.is_open();
    let too_many = come("192.0.2.2:1004");
    too_many.is_closed(CloseReason::TooManyFromAddress);
    alice.hears("[192.0.2.2:1003] (connected)\n");
    chat.connect_from("192.0.2.2:1005")
        .is_closed(CloseReason::TooManyFromAddress);
    bob.vanishes();
    come("192.0.2.2:1006").is_open();
    alice.hears("[192.0.2.2:1002] (disconnected)\n[192.0.2.2:1006] (connected)\n");
}

#[test]
fn a_layer_that_knows_better_makes_nobody_two() {
    let chat = World::layered_with(
        Dialect::ADDRESSED,
        |limits| limits.max_connections_per_ip = NonZeroUsize::new(1),
        |_| {},
    );
    let alice = chat.connect_silently("192.0.2.1:1001");
    alice.sends_raw(ToyPeer::opening_for("192.0.2.1:2001".parse().unwrap()));
    alice.asks("hi", "[192.0.2.1:2001] hi\n");
    chat.connect_from("192.0.2.1:1002")
        .is_closed(CloseReason::TooManyFromAddress);
    alice.vanishes();
    chat.connect_from("192.0.2.1:1003").is_open();
}

#[test]
fn a_layer_has_deadlines_of_its_own() {
    let chat = World::layered_with(
        Dialect::RELAY,
        |limits| limits.stall_timeout = None,
        |toy| toy.ping_every = Some(Duration::from_secs(30)),
    );
    let alice = chat.connect();
    let bob = chat.connect();
    chat.waits(Duration::from_secs(1000));
    alice.says("hi");
    bob.hears("hi\n");
    bob.stops_reading();
    let asked = chat.next_wake_up().unwrap();
    chat.waits(asked + Duration::from_secs(30) - Duration::from_nanos(1));
    bob.is_open();
    chat.waits(Duration::from_nanos(1));
    bob.is_draining(CloseReason::LayerFailed);
    assert_eq!(bob.refused().as_deref(), Some("it does not answer"));
    bob.reads_on();
    assert_eq!(bob.told_by_layer(), ["bye, you are at fault"]);
    alice.is_open();
}

#[test]
fn who_is_told_that_no_answer_will_come_is_told_by_the_layer_first() {
    let chat = World::layered(Dialect::PAIR);
    let operator = chat.console();
    let client = chat.connect();
    client.says("hi");
    operator.ends();
    assert!(client.is_told_the_end());
    assert_eq!(client.told_by_layer(), ["bye"]);
    client.is_open();
    client.sends_of_layer(ToyPeer::ping);
    client.says("are you there?");
    operator.hears("hi\nare you there?\n");
    assert_eq!(client.pongs(), 0, "nothing comes behind a goodbye");
    client.ends();
    client.is_closed(CloseReason::PeerLeft);
}

const NANOSECOND: i64 = 1;
