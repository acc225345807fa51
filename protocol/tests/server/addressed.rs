//! `addressed` (seed 001): everything reaches all, stamped with an address.

use linechat_laws::config::Config;
use linechat_protocol::{CloseReason, Dialect, Framing};

use linechat_laws::world::World;

#[test]
fn all_others_are_told_of_a_new_connection() {
    let chat = World::addressed();
    let alice = chat.connect_from("192.0.2.1:1001");
    alice.hears_nothing();
    let bob = chat.connect_from("192.0.2.2:1002");
    alice.hears("[192.0.2.2:1002] (connected)\n");
    bob.hears_nothing();
}

#[test]
fn a_message_reaches_all_its_sender_included() {
    let chat = World::addressed();
    let alice = chat.connect_from("192.0.2.1:1001");
    let bob = chat.connect_from("192.0.2.2:1002");
    alice.heard();
    bob.sends("hi all\r\n");
    alice.hears("[192.0.2.2:1002] hi all\n");
    bob.hears("[192.0.2.2:1002] hi all\n");
}

#[test]
fn an_empty_line_is_a_message_too() {
    let alice = World::addressed().connect_from("192.0.2.1:1001");
    alice.sends("\n\r\n");
    alice.hears("[192.0.2.1:1001] \n[192.0.2.1:1001] \n");
}

#[test]
fn all_others_are_told_of_one_who_left_however_that_was() {
    let chat = World::addressed();
    let alice = chat.connect();
    for leaves in [
        linechat_laws::world::Person::ends,
        linechat_laws::world::Person::vanishes,
        linechat_laws::world::Person::is_released,
    ] {
        let bob = chat.connect_from("192.0.2.2:1002");
        alice.heard();
        leaves(&bob);
        alice.hears("[192.0.2.2:1002] (disconnected)\n");
        bob.hears_nothing();
    }
}

#[test]
fn what_came_before_the_end_is_said_before_the_notice() {
    let chat = World::addressed();
    let alice = chat.connect();
    let bob = chat.connect_from("192.0.2.2:1002");
    alice.heard();
    bob.sends("bye");
    bob.ends();
    alice.hears("[192.0.2.2:1002] bye\n[192.0.2.2:1002] (disconnected)\n");
    bob.hears("[192.0.2.2:1002] bye\n");
    bob.is_closed(CloseReason::PeerLeft);
}

#[test]
fn an_ipv6_address_is_shown_with_its_own_brackets() {
    let alice = World::addressed().connect_from("[::1]:50412");
    alice.sends("hi\n");
    alice.hears("[[::1]:50412] hi\n");
}

#[test]
fn an_ipv4_address_that_came_as_ipv6_is_shown_as_ipv4() {
    let alice = World::addressed().connect_from("[::ffff:192.0.2.7]:1001");
    alice.sends("hi\n");
    alice.hears("[192.0.2.7:1001] hi\n");
}

#[test]
fn the_console_is_shown_as_console() {
    let chat = World::addressed();
    let alice = chat.connect();
    let console = chat.console();
    alice.hears("[console] (connected)\n");
    console.says("dinner!");
    console.ends();
    alice.hears("[console] dinner!\n[console] (disconnected)\n");
}

#[test]
fn a_lone_carriage_return_is_content() {
    let alice = World::addressed().connect_from("192.0.2.1:1001");
    alice.sends("a\rb\r\r\n");
    alice.hears("[192.0.2.1:1001] a\rb\r\n");
}

#[test]
fn of_two_carriage_returns_at_the_very_end_the_first_is_content() {
    let alice = World::addressed().connect_from("192.0.2.1:1001");
    alice.sends("a\r\r");
    alice.ends();
    alice.hears("[192.0.2.1:1001] a\r\n");
}

#[test]
fn in_chunks_nothing_is_added_behind_the_message() {
    let mut config = Config::new(Dialect::ADDRESSED);
    config.framing = Some(Framing::Chunks);
    let alice = World::new(config).connect_from("192.0.2.1:1001");
    alice.sends("a\nb");
    alice.hears("[192.0.2.1:1001] a\nb");
    alice.sends("\r\n");
    alice.hears("[192.0.2.1:1001] \r\n");
}

#[test]
fn too_long_a_line_closes_its_sender_and_all_others_are_told() {
    let chat = World::with(Dialect::ADDRESSED, |limits| limits.max_line = 4);
    let alice = chat.connect();
    let bob = chat.connect_from("192.0.2.2:1002");
    alice.heard();
    bob.sends("12345\nnever said\n");
    alice.hears("[192.0.2.2:1002] (disconnected)\n");
    bob.is_closed(CloseReason::LineTooLong);
}

#[test]
fn nobody_hears_of_one_who_was_not_let_in() {
    let chat = World::with(Dialect::ADDRESSED, |limits| {
        limits.max_connections_per_ip = std::num::NonZeroUsize::new(1);
    });
    let alice = chat.connect_from("192.0.2.1:1001");
    let bob = chat.connect_from("192.0.2.1:1002");
    bob.is_closed(CloseReason::TooManyFromAddress);
    alice.hears_nothing();
}
