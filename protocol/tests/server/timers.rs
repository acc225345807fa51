//! Deadlines, each a nanosecond before, at and after its time.

use std::num::NonZeroU32;
use std::time::Duration;

use linechat_protocol::{CloseReason, Dialect, Limits};

use linechat_laws::world::{Person, World};

#[test]
fn whoever_has_not_logged_in_in_time_is_closed_however_busily_they_send() {
    for dialect in [Dialect::ROOMS, Dialect::DIRECT] {
        at_its_deadline(CloseReason::LoginTimeout, SECOND * 300, || {
            let chat = World::new(linechat_laws::config::Config::new(dialect));
            let stranger = chat.connect();
            (chat, stranger)
        });
    }
    let chat = World::direct();
    let busy = chat.connect();
    for _ in 0..299 {
        chat.waits(SECOND);
        busy.says("LIST");
    }
    busy.is_open();
    chat.waits(SECOND);
    busy.is_closed(CloseReason::LoginTimeout);
}

#[test]
fn whoever_has_logged_in_in_time_may_stay() {
    for (chat, login) in [
        (World::rooms(), "alice"),
        (World::direct(), "HELLO-FROM alice"),
    ] {
        let alice = chat.connect();
        chat.waits(SECOND * 300 - NANOSECOND);
        alice.says(login);
        chat.waits(SECOND * 3000);
        alice.is_open();
    }
}

#[test]
fn the_console_and_dialects_without_a_login_know_no_login_timeout() {
    for dialect in Dialect::all() {
        let chat = World::new(linechat_laws::config::Config::new(dialect));
        let console = chat.console();
        chat.waits(SECOND * 1000);
        console.is_open();
    }
    for chat in [World::echo(), World::relay(), World::addressed()] {
        let alice = chat.connect();
        chat.waits(SECOND * 1000);
        alice.is_open();
        assert!(chat.is_asleep_for_ever());
    }
}

#[test]
fn a_server_that_everybody_has_left_sleeps_for_ever() {
    for leaves in [Person::ends, Person::vanishes, Person::is_released] {
        let chat = World::rooms();
        let alice = chat.connect();
        assert_eq!(chat.next_wake_up(), Some(SECOND * 300));
        leaves(&alice);
        assert!(chat.is_asleep_for_ever());
    }
}

#[test]
fn whoever_sends_nothing_for_too_long_is_closed() {
    at_its_deadline(CloseReason::IdleTimeout, SECOND * 10, || {
        let chat = idle_after_10_seconds();
        let alice = chat.connect();
        chat.waits(SECOND * 7);
        alice.sends("any byte");
        (chat, alice)
    });
}

#[test]
fn receiving_is_not_sending() {
    let chat = idle_after_10_seconds();
    let alice = chat.connect();
    let bob = chat.connect();
    for _ in 0..9 {
        chat.waits(SECOND);
        alice.says("hi");
    }
    bob.is_open();
    chat.waits(SECOND);
    bob.is_closed(CloseReason::IdleTimeout);
    alice.is_open();
}

#[test]
fn the_console_may_be_idle() {
    let chat = idle_after_10_seconds();
    let console = chat.console();
    chat.waits(SECOND * 100);
    console.is_open();
}

#[test]
fn a_connection_with_something_waiting_is_not_idle() {
    let chat = World::with(Dialect::RELAY, |limits| {
        limits.idle_timeout = Some(SECOND * 10);
        limits.rate_limit = NonZeroU32::new(1);
    });
    let alice = chat.connect();
    let bob = chat.console();
    alice.sends("x\n".repeat(100));
    chat.waits(SECOND * 99 - NANOSECOND);
    bob.hears(&"x\n".repeat(99));
    alice.is_open();
}

#[test]
fn whoever_was_made_to_wait_is_idle_only_a_while_after_that() {
    at_its_deadline(CloseReason::IdleTimeout, SECOND * 10, || {
        let chat = World::with(Dialect::RELAY, |limits| {
            limits.idle_timeout = Some(SECOND * 10);
            limits.rate_limit = NonZeroU32::new(1);
        });
        let alice = chat.connect();
        alice.sends("x\n".repeat(31));
        chat.waits(SECOND * 30);
        (chat, alice)
    });
}

#[test]
fn whoever_takes_nothing_for_too_long_is_closed() {
    at_its_deadline(CloseReason::Stalled, SECOND * 30, || {
        let chat = World::relay();
        let alice = chat.connect();
        let bob = chat.connect();
        chat.waits(SECOND * 100);
        bob.stops_reading();
        alice.says("hi");
        (chat, bob)
    });
}

#[test]
fn whoever_takes_a_little_is_not_stalled() {
    at_its_deadline(CloseReason::Stalled, SECOND * 30, || {
        let chat = World::relay();
        let alice = chat.connect();
        let bob = chat.connect();
        bob.stops_reading();
        alice.says("hi, bob");
        for _ in 0..7 {
            chat.waits(SECOND * 29);
            alice.says("more");
            bob.takes(1);
        }
        (chat, bob)
    });
}

#[test]
fn a_backlog_that_was_taken_whole_begins_anew() {
    at_its_deadline(CloseReason::Stalled, SECOND * 30, || {
        let chat = World::relay();
        let alice = chat.connect();
        let bob = chat.connect();
        bob.stops_reading();
        alice.says("hi");
        chat.waits(SECOND * 20);
        bob.takes(3);
        chat.waits(SECOND * 20);
        alice.says("hi");
        (chat, bob)
    });
}

#[test]
fn whoever_is_stalled_while_draining_is_closed_too() {
    at_its_deadline(CloseReason::PeerLeft, SECOND * 30, || {
        let chat = World::direct();
        let alice = chat.connect();
        alice.stops_reading();
        alice.says("LIST");
        alice.ends();
        (chat, alice)
    });
}

#[test]
fn the_console_may_stop_its_output() {
    let chat = World::relay();
    let alice = chat.connect();
    let console = chat.console();
    console.stops_reading();
    alice.says("hi");
    chat.waits(SECOND * 1000);
    console.is_open();
}

#[test]
fn whoever_does_not_read_is_closed_when_the_grace_of_a_shutdown_is_over() {
    at_its_deadline(CloseReason::ShuttingDown, Limits::default().grace, || {
        let chat = World::relay();
        let alice = chat.connect();
        let bob = chat.connect();
        bob.stops_reading();
        alice.says("hi");
        chat.shuts_down();
        (chat, bob)
    });
}

#[test]
fn the_grace_of_a_shutdown_is_not_prolonged_by_taking_a_little() {
    at_its_deadline(CloseReason::ShuttingDown, SECOND, || {
        let chat = World::relay();
        let alice = chat.connect();
        let bob = chat.connect();
        bob.stops_reading();
        alice.says("some words");
        chat.shuts_down();
        for _ in 0..4 {
            chat.waits(SECOND);
            bob.takes(1);
            chat.shuts_down();
        }
        (chat, bob)
    });
}

#[test]
fn a_shutdown_hurries_those_who_had_left_before() {
    at_its_deadline(CloseReason::PeerLeft, Limits::default().grace, || {
        let chat = World::direct();
        let alice = chat.connect();
        alice.stops_reading();
        alice.says("LIST");
        alice.ends();
        chat.waits(SECOND);
        chat.shuts_down();
        (chat, alice)
    });
}

#[test]
fn a_slow_consumer_has_a_grace_for_the_line_that_was_begun() {
    at_its_deadline(CloseReason::SlowConsumer, SECOND * 4, || {
        let chat = World::with(Dialect::RELAY, |limits| limits.max_backlog = 16);
        let alice = chat.connect();
        let bob = chat.connect();
        bob.stops_reading();
        alice.says("1234567890");
        bob.takes(1);
        alice.says("1234567890");
        chat.waits(SECOND);
        bob.takes(1);
        (chat, bob)
    });
}

#[test]
fn whoever_is_closed_from_this_side_has_a_grace_however_busily_they_read() {
    at_its_deadline(CloseReason::LoginTimeout, SECOND, || {
        let chat = World::direct();
        let stranger = chat.connect();
        chat.waits(SECOND * 280);
        stranger.stops_reading();
        stranger.says("a word that is refused");
        chat.waits(SECOND * 20);
        stranger.is_draining(CloseReason::LoginTimeout);
        reads_a_little(&chat, &stranger);
        (chat, stranger)
    });
    at_its_deadline(CloseReason::OperatorExit, SECOND, || {
        let chat = World::pair();
        let operator = chat.console();
        let client = chat.connect();
        client.stops_reading();
        client.says("hi");
        operator.sends("some words\nEXIT\n");
        client.is_draining(CloseReason::OperatorExit);
        reads_a_little(&chat, &client);
        (chat, client)
    });
    at_its_deadline(CloseReason::LineTooLong, SECOND, || {
        let chat = World::with(Dialect::RELAY, |limits| limits.max_line = 16);
        let alice = chat.connect();
        let bob = chat.connect();
        bob.stops_reading();
        alice.says("some words");
        bob.says("more than sixteen bytes");
        reads_a_little(&chat, &bob);
        (chat, bob)
    });
}

#[test]
fn whoever_left_by_themselves_may_take_their_time() {
    for last in ["LIST", "SEND alice bye"] {
        let chat = World::direct();
        let alice = chat.join("alice");
        alice.stops_reading();
        alice.sends(last);
        alice.ends();
        for _ in 0..8 {
            chat.waits(SECOND * 29);
            alice.takes(1);
        }
        alice.is_draining(CloseReason::PeerLeft);
    }
}

#[test]
fn a_timeout_that_is_not_due_changes_nothing() {
    let chat = World::rooms();
    let alice = chat.connect();
    for _ in 0..10 {
        chat.wire().handle_timeout();
    }
    alice.is_open();
    assert_eq!(chat.next_wake_up(), Some(SECOND * 300));
}

#[test]
fn durations_without_end_are_never_due() {
    let chat = World::with(Dialect::ROOMS, |limits| {
        limits.login_timeout = Some(Duration::MAX);
        limits.idle_timeout = Some(Duration::MAX);
        limits.stall_timeout = Some(Duration::MAX);
        limits.grace = Duration::MAX;
    });
    let alice = chat.connect();
    chat.waits(SECOND * 1_000_000);
    alice.is_open();
}

/// The world is made a few times over: the connection must be open a nanosecond before its
/// deadline, and closed at it and after it, whether or not the adapter wakes up in time.
#[track_caller]
fn at_its_deadline(reason: CloseReason, deadline: Duration, make: impl Fn() -> (World, Person)) {
    let (chat, person) = make();
    chat.waits(deadline - NANOSECOND);
    assert!(!person.has_been_closed(), "closed too early");
    chat.waits(NANOSECOND);
    person.is_closed(reason);

    for late in [Duration::ZERO, NANOSECOND, SECOND] {
        let (chat, person) = make();
        chat.oversleeps(deadline + late);
        person.is_closed(reason);
    }
}

/// For all but a second of the grace.
fn reads_a_little(chat: &World, person: &Person) {
    for _ in 1..Limits::default().grace.as_secs() {
        chat.waits(SECOND);
        person.takes(1);
    }
}

fn idle_after_10_seconds() -> World {
    World::with(Dialect::RELAY, |limits| {
        limits.idle_timeout = Some(SECOND * 10);
    })
}

const NANOSECOND: Duration = Duration::from_nanos(1);
const SECOND: Duration = Duration::from_secs(1);
