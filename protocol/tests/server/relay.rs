//! `relay` (seeds 000 and 002): what one sends reaches all others.

use linechat_laws::config::Config;
use linechat_protocol::{CloseReason, Dialect, Framing};

use linechat_laws::world::World;

#[test]
fn a_line_reaches_all_others_and_never_its_sender() {
    let chat = World::relay();
    let alice = chat.connect();
    let bob = chat.connect();
    let carol = chat.connect();
    alice.sends("hi\r\nyou\n");
    bob.hears("hi\r\nyou\n");
    carol.hears("hi\r\nyou\n");
    alice.hears_nothing();
}

#[test]
fn nobody_is_told_who_comes_and_goes() {
    let chat = World::relay();
    let alice = chat.connect();
    let bob = chat.connect();
    bob.vanishes();
    chat.connect().ends();
    alice.hears_nothing();
}

#[test]
fn nobody_hears_what_was_said_before_they_came() {
    let chat = World::relay();
    let alice = chat.connect();
    alice.sends("early\nhal");
    let bob = chat.connect();
    bob.hears_nothing();
    alice.sends("f\n");
    bob.hears("half\n");
}

#[test]
fn lines_of_two_senders_are_never_mixed() {
    let chat = World::relay();
    let alice = chat.connect();
    let bob = chat.connect();
    let carol = chat.connect();
    alice.sends("aaa");
    bob.sends("bb");
    alice.sends("a\n");
    bob.sends("b\r\n");
    carol.hears("aaaa\nbbb\r\n");
}

#[test]
fn the_bytes_of_a_line_are_handed_on_unchanged() {
    let chat = World::relay();
    let alice = chat.connect();
    let bob = chat.connect();
    alice.sends(b"\xff\xf4\x00\x1b[1m\rx\xc3\r\r\n");
    assert_eq!(bob.heard_bytes(), b"\xff\xf4\x00\x1b[1m\rx\xc3\r\r\n");
}

#[test]
fn what_came_before_the_end_is_handed_on_the_last_line_with_an_ending() {
    let chat = World::relay();
    let alice = chat.connect();
    let bob = chat.connect();
    alice.sends("one\ntwo\r");
    alice.ends();
    bob.hears("one\ntwo\n");
    alice.is_closed(CloseReason::PeerLeft);
    bob.sends("next\n");
    alice.hears_nothing();
}

#[test]
fn an_unfinished_line_of_one_who_vanished_is_lost() {
    let chat = World::relay();
    let alice = chat.connect();
    let bob = chat.connect();
    alice.sends("one\ntwo");
    alice.vanishes();
    bob.hears("one\n");
    alice.is_closed(CloseReason::TransportFailed);
    bob.is_open();
}

#[test]
fn in_chunks_what_one_read_brought_is_one_message() {
    let mut config = Config::new(Dialect::RELAY);
    config.framing = Some(Framing::Chunks);
    config.limits.max_line = 2;
    let chat = World::new(config);
    let alice = chat.connect();
    let bob = chat.connect();
    alice.sends("no end");
    bob.hears("no end");
    alice.sends("\r");
    bob.hears("\r");
    alice.hears_nothing();
}

#[test]
fn too_long_a_line_closes_its_sender_who_had_said_whole_lines_before() {
    let chat = World::with(Dialect::RELAY, |limits| limits.max_line = 4);
    let alice = chat.connect();
    let bob = chat.connect();
    alice.sends("1234\n12345\nlater\n");
    bob.hears("1234\n");
    alice.is_closed(CloseReason::LineTooLong);
    bob.is_open();
}
