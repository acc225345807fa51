//! `echo` (seeds 000 and 002): what is sent comes back to its sender alone.

use linechat_laws::config::Config;
use linechat_protocol::{CloseReason, Dialect, Framing};

use linechat_laws::world::World;

#[test]
fn what_is_sent_comes_back_to_its_sender_alone() {
    let chat = World::echo();
    let alice = chat.connect();
    let bob = chat.connect();
    alice.sends("hi\r\n");
    alice.hears("hi\r\n");
    bob.hears_nothing();
    bob.sends("ho\n");
    bob.hears("ho\n");
    alice.hears_nothing();
}

#[test]
fn without_a_choice_chunks_come_back_byte_for_byte() {
    let chat = World::echo();
    let alice = chat.connect();
    alice.sends_one_by_one("no line\r");
    alice.hears("no line\r");
    alice.sends(b"\xff\xf4\x00\r\r\n\n\xc3");
    assert_eq!(alice.heard_bytes(), b"\xff\xf4\x00\r\r\n\n\xc3");
}

#[test]
fn chunks_have_no_longest_line() {
    let chat = World::with(Dialect::ECHO, |limits| limits.max_line = 4);
    let alice = chat.connect();
    alice.sends("much longer than that");
    alice.hears("much longer than that");
}

#[test]
fn by_lines_a_line_comes_back_when_it_is_whole_with_the_ending_it_came_with() {
    let chat = by_lines();
    let alice = chat.connect();
    alice.sends("one\r");
    alice.hears_nothing();
    alice.sends("\ntwo\nthr\ree\r\r\nfo");
    alice.hears("one\r\ntwo\nthr\ree\r\r\n");
    alice.sends("ur\n\n\r\n");
    alice.hears("four\n\n\r\n");
}

#[test]
fn a_last_line_without_an_ending_comes_back_with_one() {
    for (sent, heard) in [
        ("one\ntwo", "one\ntwo\n"),
        ("two\r", "two\n"),
        ("\r", ""),
        ("", ""),
    ] {
        let alice = by_lines().connect();
        alice.sends(sent);
        alice.ends();
        alice.hears(heard);
        alice.is_closed(CloseReason::PeerLeft);
    }
}

#[test]
fn a_chunk_that_came_last_comes_back_as_it_is() {
    let alice = World::echo().connect();
    alice.sends("one\r");
    alice.ends();
    alice.hears("one\r");
    alice.is_closed(CloseReason::PeerLeft);
}

#[test]
fn upper_case_is_that_of_unicode_line_by_line() {
    let chat = uppercase();
    let alice = chat.connect();
    alice.sends("stra");
    alice.hears_nothing();
    alice.sends_one_by_one("ße ŝi\r\n");
    alice.hears("STRASSE ŜI\r\n");
    alice.sends("a\nb\n");
    alice.hears("A\nB\n");
}

#[test]
fn upper_case_of_what_is_not_utf_8_is_that_of_its_ascii_letters() {
    let alice = uppercase().connect();
    alice.sends(b"a\xe9b\xc3\xa9\n");
    assert_eq!(alice.heard_bytes(), b"A\xe9B\xc3\xa9\n");
}

#[test]
fn too_long_a_line_closes_its_sender_and_nobody_else() {
    let mut config = Config::new(Dialect::ECHO);
    config.framing = Some(Framing::Lines);
    config.limits.max_line = 4;
    let chat = World::new(config);
    let alice = chat.connect();
    let bob = chat.connect();
    alice.sends("1234\r\n");
    alice.hears("1234\r\n");
    alice.sends("12345");
    alice.is_closed(CloseReason::LineTooLong);
    alice.hears_nothing();
    bob.sends("1234\n");
    bob.hears("1234\n");
}

#[test]
fn the_console_is_read_by_lines_whatever_the_others_are() {
    let chat = World::echo();
    let console = chat.console();
    console.sends("typ");
    console.hears_nothing();
    console.sends("ed\n");
    console.hears("typed\n");
}

#[test]
fn an_empty_line_ends_the_console_and_nobody_else() {
    let chat = by_lines();
    let console = chat.console();
    let alice = chat.connect();
    alice.sends("\n");
    alice.hears("\n");
    console.sends("one\n\nthree\n");
    console.hears("one\n");
    console.is_closed(CloseReason::Quit);
    alice.is_open();
    assert!(chat.is_accepting());
}

fn by_lines() -> World {
    let mut config = Config::new(Dialect::ECHO);
    config.framing = Some(Framing::Lines);
    World::new(config)
}

fn uppercase() -> World {
    let mut config = Config::new(Dialect::ECHO);
    config.uppercase = true;
    World::new(config)
}
