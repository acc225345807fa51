//! `--framing auto`: lines, and what a pause makes of peers that send no line endings (section 1).

use std::num::NonZeroU32;
use std::time::Duration;

use linechat_laws::config::Config;
use linechat_protocol::{CloseReason, ConfigError, Dialect, Framing};

use linechat_laws::world::{Person, World};

#[test]
fn an_unfinished_line_is_a_message_once_nothing_has_come_for_the_pause() {
    for late in [Duration::ZERO, NANOSECOND, PAUSE] {
        let (chat, alice, bob) = relay();
        alice.sends("no newline");
        chat.waits(PAUSE - NANOSECOND);
        bob.hears_nothing();
        chat.oversleeps(NANOSECOND + late);
        bob.hears("no newline\n");
        chat.waits(PAUSE * 10);
        bob.hears_nothing();
        assert!(chat.is_asleep_for_ever());
    }
}

#[test]
fn what_comes_within_the_pause_is_one_line_however_slowly_it_is_typed() {
    let (chat, alice, bob) = relay();
    for byte in "slowly".bytes() {
        alice.sends([byte]);
        chat.waits(PAUSE - NANOSECOND);
    }
    bob.hears_nothing();
    alice.says("!");
    bob.hears("slowly!\n");
    chat.waits(PAUSE * 2);
    bob.hears_nothing();
}

#[test]
fn each_dialect_that_looks_into_no_message_hands_on_what_a_pause_has_ended() {
    let chat = World::addressed();
    let alice = chat.connect_from("192.0.2.1:1");
    alice.sends("hi");
    chat.waits(PAUSE);
    alice.hears("[192.0.2.1:1] hi\n");

    let chat = World::pair();
    let operator = chat.console();
    let alice = chat.connect();
    alice.sends("hi");
    chat.waits(PAUSE);
    operator.hears("hi\n");
    operator.says("hello");
    alice.hears("hello\n");

    for (uppercase, back) in [(false, "straße\n"), (true, "STRASSE\n")] {
        let mut config = with_framing(Dialect::ECHO, Framing::Auto);
        config.uppercase = uppercase;
        let chat = World::new(config);
        let alice = chat.connect();
        alice.sends("straße");
        chat.waits(PAUSE);
        alice.hears(back);
    }
}

#[test]
fn a_line_that_came_whole_costs_no_timer() {
    let (chat, alice, bob) = relay();
    alice.sends("one\ntwo\r\n");
    bob.hears("one\ntwo\r\n");
    assert!(chat.is_asleep_for_ever());
}

#[test]
fn a_character_that_the_pause_cuts_is_handed_on_as_it_came() {
    let (chat, alice, bob) = relay();
    alice.sends(b"caf\xc3");
    chat.waits(PAUSE);
    assert_eq!(bob.heard_bytes(), b"caf\xc3\n");
    alice.sends(b"\xa9\n");
    assert_eq!(bob.heard_bytes(), b"\xa9\n");
}

#[test]
fn the_ending_that_comes_after_the_pause_is_no_empty_line() {
    for (begin, heard, late_ending) in [
        ("hi", "hi\n", "\n"),
        ("hi", "hi\n", "\r\n"),
        ("hi\r", "hi\r\n", "\n"),
    ] {
        let (chat, alice, bob) = relay();
        alice.sends(begin);
        chat.waits(PAUSE);
        bob.hears(heard);
        for byte in late_ending.bytes() {
            chat.waits(PAUSE);
            alice.sends([byte]);
        }
        chat.waits(PAUSE);
        bob.hears_nothing();
        alice.sends("\nnext\n");
        bob.hears("\nnext\n");
    }
}

#[test]
fn an_empty_line_elsewhere_is_one_and_half_an_ending_waits_for_the_other_half() {
    let (chat, alice, bob) = relay();
    alice.sends("\r");
    chat.waits(PAUSE * 10);
    bob.hears_nothing();
    assert!(chat.is_asleep_for_ever());
    alice.sends("\n\n");
    bob.hears("\r\n\n");

    alice.sends("hi");
    chat.waits(PAUSE);
    bob.hears("hi\n");
    alice.sends("\r");
    alice.sends("x\n");
    bob.hears("\rx\n");
}

#[test]
fn an_end_within_the_pause_ends_the_line_once() {
    for last in ["bye", "bye\r"] {
        let (chat, alice, bob) = relay();
        alice.sends(last);
        alice.ends();
        alice.is_closed(CloseReason::PeerLeft);
        bob.hears("bye\n");
        chat.waits(PAUSE * 2);
        bob.hears_nothing();
    }
    let (chat, alice, bob) = relay();
    alice.sends("bye");
    chat.waits(PAUSE);
    alice.sends("\r");
    alice.ends();
    bob.hears("bye\n");
}

#[test]
fn a_peer_that_vanishes_within_the_pause_has_not_said_it() {
    let (chat, alice, bob) = relay();
    alice.sends("by");
    alice.vanishes();
    chat.waits(PAUSE * 2);
    bob.hears_nothing();
}

#[test]
fn a_line_that_is_too_long_is_too_long_before_any_pause() {
    let chat = World::with(Dialect::RELAY, |limits| limits.max_line = 8);
    let (alice, bob) = (chat.connect(), chat.connect());
    alice.sends("12345678\r");
    chat.waits(PAUSE);
    bob.hears("12345678\r\n");
    alice.sends("123456789");
    alice.is_closed(CloseReason::LineTooLong);
    bob.hears_nothing();
}

#[test]
fn messages_without_endings_that_came_with_pauses_stay_apart_while_they_wait_for_a_turn() {
    let chat = World::pair();
    let operator = chat.console();
    let alice = chat.connect();
    for message in ["one", "two", "three"] {
        alice.sends(message);
        chat.waits(PAUSE - NANOSECOND);
        operator.says("go on");
        chat.waits(NANOSECOND);
    }
    operator.hears("one\ntwo\nthree\n");
}

#[test]
fn a_pause_that_others_spoke_in_is_one() {
    let chat = World::pair();
    let operator = chat.console();
    let alice = chat.connect();
    alice.sends("one\ntwo\nthree");
    chat.waits(PAUSE - NANOSECOND);
    operator.says("go on");
    chat.waits(NANOSECOND);
    alice.sends("four");
    alice.ends();
    operator.sends("go on\ngo on\ngo on\n");
    operator.hears("one\ntwo\nthree\nfour\n");
}

#[test]
fn a_peer_whose_unfinished_line_may_not_be_taken_is_read_from_until_the_line_has_ended() {
    let mut config = Config::new(Dialect::RELAY);
    config.limits.rate_limit = NonZeroU32::new(1);
    let chat = World::new(config);
    let (alice, bob) = (chat.connect(), chat.connect());
    alice.says("one");
    alice.sends("tw");
    assert!(!alice.is_paused());
    chat.waits(PAUSE - NANOSECOND);
    alice.sends("o\n");
    assert!(alice.is_paused());
    chat.waits(SECOND);
    bob.hears("one\ntwo\n");
}

#[test]
fn while_a_peer_is_not_read_from_no_pause_ends_its_line() {
    let mut config = Config::new(Dialect::RELAY);
    config.limits.rate_limit = NonZeroU32::new(1);
    let chat = World::new(config);
    let (alice, bob) = (chat.connect(), chat.connect());
    alice.sends("one\ntwo\nthr");
    assert!(alice.is_paused());
    chat.waits(SECOND - NANOSECOND);
    bob.hears("one\n");
    chat.waits(NANOSECOND);
    bob.hears("two\n");
    assert!(!alice.is_paused());
    chat.waits(PAUSE - NANOSECOND);
    alice.sends("ee\n");
    chat.waits(SECOND);
    bob.hears("three\n");
}

#[test]
fn a_message_that_a_pause_has_ended_waits_for_its_rate_like_others() {
    let mut config = Config::new(Dialect::RELAY);
    config.limits.rate_limit = NonZeroU32::new(1);
    let chat = World::new(config);
    let (alice, bob) = (chat.connect(), chat.connect());
    alice.sends("one\ntwo");
    chat.waits(SECOND - NANOSECOND);
    bob.hears("one\n");
    chat.waits(NANOSECOND);
    bob.hears("two\n");
}

#[test]
fn a_peer_is_idle_from_its_last_byte_on_but_not_before_its_line_was_handed_on() {
    for (idle, pause) in [(SECOND, PAUSE), (PAUSE, PAUSE), (PAUSE, SECOND)] {
        let mut config = Config::new(Dialect::RELAY);
        config.limits.idle_timeout = Some(idle);
        config.pause = pause;
        let chat = World::new(config);
        let (alice, console) = (chat.connect(), chat.console());
        alice.sends("bye");
        chat.waits(idle.max(pause) - NANOSECOND);
        console.hears(if pause < idle { "bye\n" } else { "" });
        alice.is_open();
        chat.waits(NANOSECOND);
        console.hears(if pause < idle { "" } else { "bye\n" });
        alice.is_closed(CloseReason::IdleTimeout);
    }
}

#[test]
fn by_lines_no_pause_ends_a_line() {
    let by_lines = |dialect| World::new(with_framing(dialect, Framing::Lines));
    for chat in [by_lines(Dialect::RELAY), World::rooms(), World::direct()] {
        let (alice, bob) = (chat.connect(), chat.connect());
        alice.sends("HELLO-FROM");
        chat.waits(SECOND * 100);
        alice.is_open();
        alice.hears_nothing();
        bob.hears_nothing();
    }
    let chat = World::relay();
    let (console, bob) = (chat.console(), chat.connect());
    console.sends("the console is read by lines");
    chat.waits(SECOND * 100);
    bob.hears_nothing();
}

#[test]
fn the_pause_is_as_long_as_configured() {
    for pause in [Duration::ZERO, NANOSECOND, SECOND * 60] {
        let mut config = Config::new(Dialect::RELAY);
        config.pause = pause;
        config.limits.stall_timeout = None;
        let chat = World::new(config);
        let (alice, bob) = (chat.connect(), chat.connect());
        alice.sends("hi");
        chat.waits(pause.saturating_sub(NANOSECOND));
        assert_eq!(bob.heard().is_empty(), !pause.is_zero());
        chat.waits(NANOSECOND);
        assert!(chat.is_asleep_for_ever());
    }
    let mut config = Config::new(Dialect::RELAY);
    config.pause = Duration::MAX;
    let chat = World::new(config);
    let (alice, bob) = (chat.connect(), chat.connect());
    alice.sends("hi");
    chat.waits(SECOND * 1_000_000);
    bob.hears_nothing();
}

#[test]
fn pair_takes_no_chunks() {
    let config = with_framing(Dialect::PAIR, Framing::Chunks);
    let dialect = Dialect::PAIR;
    assert_eq!(
        config.server().err(),
        Some(ConfigError::NoChunks { dialect })
    );
}

/// Two who talk, and no timer but those of pauses.
fn relay() -> (World, Person, Person) {
    let chat = World::with(Dialect::RELAY, |limits| limits.stall_timeout = None);
    let (alice, bob) = (chat.connect(), chat.connect());
    (chat, alice, bob)
}

fn with_framing(dialect: Dialect, framing: Framing) -> Config {
    let mut config = Config::new(dialect);
    config.framing = Some(framing);
    config
}

const NANOSECOND: Duration = Duration::from_nanos(1);
const SECOND: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(300);
