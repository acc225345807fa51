//! How connections end: half-closes, resets, shutdowns, names that are stale.

use std::collections::BTreeSet;
use std::time::Duration;

use linechat_protocol::{CloseReason, Dialect, Instant};

use linechat_laws::world::{Person, World};

#[test]
fn what_was_sent_before_the_end_is_answered_and_then_the_connection_is_closed() {
    let alice = World::direct().join("alice");
    alice.sends("LIST\nSEND alice hi\nLIST");
    alice.ends();
    alice.hears("LIST-OK alice\nDELIVERY alice hi\nSEND-OK\nLIST-OK alice\n");
    alice.is_closed(CloseReason::PeerLeft);
}

#[test]
fn one_who_ended_counts_as_left_while_the_answers_are_still_taken() {
    let chat = World::direct();
    let bob = chat.join("bob");
    let alice = chat.join("alice");
    alice.stops_reading();
    alice.says("LIST");
    alice.ends();
    alice.is_draining(CloseReason::PeerLeft);
    bob.asks("LIST", "LIST-OK bob\n");
    bob.asks("SEND alice hi", "BAD-DEST-USER\n");
    alice.takes(3);
    alice.is_draining(CloseReason::PeerLeft);
    alice.reads_on();
    alice.hears("LIST-OK alice,bob\n");
    alice.is_closed(CloseReason::PeerLeft);
}

#[test]
fn what_comes_behind_the_end_is_not_listened_to() {
    let chat = World::relay();
    let alice = chat.connect();
    let bob = chat.connect();
    alice.ends();
    alice.says("ghost");
    alice.ends();
    bob.hears_nothing();
}

#[test]
fn a_half_closed_peer_that_does_not_read_costs_no_processor_time() {
    let chat = World::with(Dialect::DIRECT, |limits| limits.stall_timeout = None);
    let alice = chat.connect();
    alice.stops_reading();
    alice.says("LIST");
    alice.ends();
    chat.waits(SECOND * 1000);
    assert!(chat.is_asleep_for_ever());
    alice.is_draining(CloseReason::PeerLeft);
}

#[test]
fn one_who_vanished_counts_as_left_at_once_and_disturbs_nobody() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    bob.stops_reading();
    alice.says("for bob");
    bob.vanishes();
    bob.is_closed(CloseReason::TransportFailed);
    bob.hears_nothing();
    alice.asks("!users", "alice\r\n");
    alice.says("nobody");
    alice.is_open();
}

#[test]
fn what_waited_for_one_who_vanished_leaves_room_for_the_notice() {
    let chat = World::with(Dialect::ADDRESSED, |limits| limits.max_buffered = 100);
    let alice = chat.connect_from("192.0.2.1:1001");
    let bob = chat.connect_from("192.0.2.2:1002");
    let carol = chat.connect_from("192.0.2.3:1003");
    alice.heard();
    alice.stops_reading();
    bob.stops_reading();
    carol.says("0123456789");
    assert_eq!((alice.backlog(), bob.backlog()), (28, 28));
    bob.vanishes();
    alice.is_open();
    alice.reads_on();
    alice.hears("[192.0.2.3:1003] 0123456789\n[192.0.2.2:1002] (disconnected)\n");
}

#[test]
fn one_who_vanishes_while_draining_is_closed_for_the_first_reason() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    alice.stops_reading();
    alice.sends("!users\n!quit\n");
    alice.is_draining(CloseReason::Quit);
    alice.vanishes();
    alice.is_closed(CloseReason::Quit);
    alice.hears_nothing();
}

#[test]
fn a_shutdown_refuses_flushes_and_closes() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    bob.stops_reading();
    alice.says("last words");
    chat.shuts_down();
    assert!(!chat.is_accepting());
    alice.is_closed(CloseReason::ShuttingDown);
    bob.is_draining(CloseReason::ShuttingDown);
    let late = chat.connect();
    late.is_closed(CloseReason::ShuttingDown);
    alice.says("too late");
    bob.reads_on();
    bob.hears("alice: last words\r\n");
    bob.is_closed(CloseReason::ShuttingDown);
    for gone in [&alice, &bob, &late] {
        assert!(!chat.is_finished());
        gone.is_released();
    }
    assert!(chat.is_finished());
}

#[test]
fn nobody_is_told_who_leaves_in_a_shutdown() {
    let chat = World::addressed();
    let alice = chat.connect();
    let _bob = chat.connect();
    alice.heard();
    chat.shuts_down();
    alice.hears_nothing();
}

#[test]
fn a_second_shutdown_changes_nothing() {
    let chat = World::relay();
    let alice = chat.connect();
    let bob = chat.connect();
    bob.stops_reading();
    alice.says("hi");
    chat.shuts_down();
    let grace = chat.next_wake_up();
    chat.waits(SECOND);
    chat.shuts_down();
    assert_eq!(chat.next_wake_up(), grace.map(|grace| grace - SECOND));
}

#[test]
fn until_when_a_shutdown_lasts_can_be_asked() {
    let chat = World::with(Dialect::ECHO, |limits| limits.grace = SECOND * 7);
    assert!(!chat.wire().server.is_shutting_down());
    assert_eq!(chat.wire().server.shut_down_deadline(), None);
    chat.shuts_down();
    let wire = chat.wire();
    assert!(wire.server.is_shutting_down());
    assert_eq!(
        wire.server.shut_down_deadline(),
        Some(wire.now + SECOND * 7)
    );
}

#[test]
fn a_shutdown_of_nobody_is_finished_at_once() {
    let chat = World::echo();
    assert!(!chat.is_finished());
    chat.shuts_down();
    assert!(chat.is_finished());
}

#[test]
fn a_name_that_is_stale_does_nothing_even_when_its_slot_is_used_again() {
    let chat = World::relay();
    let alice = chat.connect();
    let bob = chat.connect();
    bob.ends();
    bob.is_released();
    let carol = chat.connect();
    chat.wire().stale_use(bob.place);
    alice.says("hi");
    carol.hears("hi\n");
    carol.is_open();
    alice.hears_nothing();
}

#[test]
fn a_name_has_a_small_number_that_another_may_have_afterwards() {
    let chat = World::relay();
    let people = [chat.connect(), chat.connect(), chat.connect()];
    let name = |person: &Person| chat.wire().id(person.place);
    let numbers: BTreeSet<_> = people.iter().map(|person| name(person).index()).collect();
    assert_eq!(numbers.len(), 3);
    assert!(numbers.iter().all(|&number| number < 10), "{numbers:?}");

    let [_, bob, _] = &people;
    let number = name(bob).index();
    bob.is_released();
    let next = chat.connect();
    assert_eq!(name(&next).index(), number);
    assert_ne!(name(&next), name(bob));
    assert_eq!(name(bob).to_string(), format!("{number}.0"));
    assert_eq!(name(&next).to_string(), format!("{number}.1"));
}

#[test]
fn a_foreign_name_does_nothing() {
    let other = World::relay();
    for _ in 0..5 {
        other.connect();
    }
    let foreigner = other.connect();
    let chat = World::relay();
    let alice = chat.connect();
    let id = other.wire().id(foreigner.place);
    let mut wire = chat.wire();
    let now = wire.now;
    wire.server.receive(now, id, b"ghost\n");
    wire.server.receive_eof(now, id);
    wire.server.advance(now, id, 1);
    wire.server.transport_failed(now, id);
    wire.server.release(now, id);
    assert_eq!(wire.server.poll(), None);
    drop(wire);
    alice.hears_nothing();
    alice.is_open();
}

#[test]
fn one_who_is_released_without_a_close_counts_as_left() {
    let chat = World::addressed();
    let alice = chat.connect();
    let bob: Person = chat.connect_from("192.0.2.2:1002");
    alice.heard();
    bob.is_released();
    alice.hears("[192.0.2.2:1002] (disconnected)\n");
}

#[test]
fn time_that_runs_backwards_stands_still() {
    let chat = World::with(Dialect::ECHO, |limits| {
        limits.idle_timeout = Some(SECOND * 10);
    });
    let alice = chat.connect();
    chat.waits(SECOND * 5);
    let bob = chat.connect();
    {
        let mut wire = chat.wire();
        let id = wire.id(alice.place);
        wire.server.receive(Instant::EPOCH, id, b"x");
    }
    chat.waits(SECOND * 10 - Duration::from_nanos(1));
    alice.is_open();
    bob.is_open();
}

const SECOND: Duration = Duration::from_secs(1);
