//! `direct` (seed 004): an answer to every request, the checks in their order.

use linechat_protocol::{CloseReason, Dialect};

use linechat_laws::world::{Person, World};

#[test]
fn a_login_is_answered_with_the_name() {
    let chat = World::direct();
    let alice = chat.connect();
    alice.asks("HELLO-FROM alice", "HELLO alice\n");
    assert_eq!(alice.name().as_deref(), Some("alice"));
}

#[test]
fn a_line_may_end_as_telnet_ends_it() {
    let alice = World::direct().connect();
    alice.sends("HELLO-FROM alice\r\nLIST\r\n");
    alice.hears("HELLO alice\nLIST-OK alice\n");
}

#[test]
fn a_name_in_use_is_refused_and_another_may_be_tried() {
    let chat = World::direct();
    chat.join("alice");
    let bob = chat.connect();
    bob.asks("HELLO-FROM alice", "IN-USE\n");
    bob.asks("HELLO-FROM alice", "IN-USE\n");
    bob.asks("HELLO-FROM Alice", "HELLO Alice\n");
}

#[test]
fn sixteen_users_may_be_logged_in() {
    let chat = World::direct();
    let users: Vec<_> = (0..16).map(|i| chat.join(&format!("user{i}"))).collect();
    let late = chat.connect();
    late.asks("HELLO-FROM late", "BUSY\n");
    users[3].vanishes();
    late.asks("HELLO-FROM late", "HELLO late\n");
}

#[test]
fn busy_comes_before_in_use_and_behind_a_malformed_name() {
    let chat = World::with(Dialect::DIRECT, |limits| limits.max_users = 1);
    chat.join("alice");
    let bob = chat.connect();
    bob.asks("HELLO-FROM alice", "BUSY\n");
    bob.asks("HELLO-FROM al!ce", "BAD-RQST-BODY\n");
    bob.asks("HELLO-FROM", "BAD-RQST-BODY\n");
}

#[test]
fn a_list_has_all_who_are_logged_in_sorted_by_bytes() {
    let chat = World::direct();
    let bob = chat.join("bob");
    for name in ["alice", "Zoe", "é", "b"] {
        chat.join(name);
    }
    chat.connect();
    bob.asks("LIST", "LIST-OK Zoe,alice,b,bob,é\n");
}

#[test]
fn a_message_reaches_its_recipient_only() {
    let chat = World::direct();
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    let carol = chat.join("carol");
    alice.asks("SEND bob  hi, bob ", "SEND-OK\n");
    bob.hears("DELIVERY alice  hi, bob \n");
    carol.hears_nothing();
}

#[test]
fn to_oneself_the_delivery_comes_first() {
    let alice = World::direct().join("alice");
    alice.asks("SEND alice note", "DELIVERY alice note\nSEND-OK\n");
}

#[test]
fn a_destination_that_is_not_there_is_told() {
    let chat = World::direct();
    let alice = chat.join("alice");
    let stranger = chat.connect();
    let too_long = "x".repeat(65);
    for name in ["bob", "Alice", "a!ice", "a,b", &too_long] {
        alice.asks(&format!("SEND {name} hi"), "BAD-DEST-USER\n");
    }
    alice.sends(b"SEND \xfe hi\n");
    alice.hears("BAD-DEST-USER\n");
    stranger.hears_nothing();
}

#[test]
fn an_unknown_header_is_a_bad_header() {
    let chat = World::direct();
    let alice = chat.join("alice");
    let stranger = chat.connect();
    for line in [
        "",
        " ",
        "list",
        "List",
        "LISTS",
        " LIST",
        "LIST\t",
        "SEND\tbob hi",
        "HELLO bob",
        "SEND-OK",
        "\u{1b}",
    ] {
        alice.asks(line, "BAD-RQST-HDR\n");
        stranger.asks(line, "BAD-RQST-HDR\n");
    }
    alice.sends(b"\xfe\n");
    alice.hears("BAD-RQST-HDR\n");
}

#[test]
fn before_the_login_everything_else_is_a_bad_header() {
    let chat = World::direct();
    let alice = chat.join("alice");
    let stranger = chat.connect();
    for line in [
        "LIST",
        "LIST x",
        "SEND",
        "SEND alice hi",
        "SEND alice  ",
        "SEND bob hi",
    ] {
        stranger.asks(line, "BAD-RQST-HDR\n");
    }
    alice.hears_nothing();
    stranger.asks("HELLO-FROM bob", "HELLO bob\n");
}

#[test]
fn after_the_login_a_login_is_a_bad_header() {
    let chat = World::direct();
    let alice = chat.join("alice");
    for line in [
        "HELLO-FROM alice",
        "HELLO-FROM bob",
        "HELLO-FROM",
        "HELLO-FROM a!b",
    ] {
        alice.asks(line, "BAD-RQST-HDR\n");
    }
    alice.asks("LIST", "LIST-OK alice\n");
}

#[test]
fn a_malformed_body_is_a_bad_body() {
    let chat = World::direct();
    let alice = chat.join("alice");
    let bob = chat.join("bob");
    for line in [
        "LIST ",
        "LIST x",
        "SEND",
        "SEND ",
        "SEND bob",
        "SEND bob ",
        "SEND bob  ",
        "SEND bob \t ",
        "SEND bob \u{3000}\u{a0}",
        "SEND  hi",
        "SEND dave ",
        "SEND bob a\x07",
        "SEND bob \x1b[2J",
        "SEND bob a\rb",
        "SEND bob \u{202e}",
        "SEND dave \u{2067}",
        "SEND bob \u{9b}",
    ] {
        alice.asks(line, "BAD-RQST-BODY\n");
    }
    alice.sends(b"SEND bob \xff\xff\xc3\n");
    alice.hears("BAD-RQST-BODY\n");
    bob.hears_nothing();
}

#[test]
fn a_name_has_up_to_64_bytes_of_what_the_document_allows() {
    let chat = World::direct();
    for name in [
        "é".repeat(32),
        "x".repeat(64),
        "a-b_c.d".into(),
        "\u{200b}".into(),
    ] {
        chat.connect()
            .asks(&format!("HELLO-FROM {name}"), &format!("HELLO {name}\n"));
    }
    let stranger = chat.connect();
    let too_long = "x".repeat(65);
    let illegal = "!@#$%^&*, \t\u{a0}\u{3000}\u{7f}\u{85}\u{1}";
    for name in illegal
        .chars()
        .map(|c| format!("a{c}b"))
        .chain([String::new(), too_long])
    {
        stranger.asks(&format!("HELLO-FROM {name}"), "BAD-RQST-BODY\n");
    }
    stranger.sends(b"HELLO-FROM a\xc3\n");
    stranger.hears("BAD-RQST-BODY\n");
    stranger.asks("HELLO-FROM bob", "HELLO bob\n");
}

#[test]
fn too_long_a_line_is_a_bad_body_whatever_it_begins_with() {
    let chat = World::with(Dialect::DIRECT, |limits| limits.max_line = 16);
    let stranger = chat.connect();
    stranger.sends("NONSENSE x234567");
    stranger.hears_nothing();
    stranger.sends("8");
    stranger.hears("BAD-RQST-BODY\n");
    stranger.sends("more of it\nHELLO-FROM bob\n");
    stranger.hears("HELLO bob\n");
    stranger.asks("SEND bob 1234567", "DELIVERY bob 1234567\nSEND-OK\n");
    stranger.asks("SEND bob 12345678", "BAD-RQST-BODY\n");
}

#[test]
fn leaving_frees_the_name_and_the_place_at_once() {
    for leaves in [Person::ends, Person::vanishes, Person::is_released] {
        let chat = World::with(Dialect::DIRECT, |limits| limits.max_users = 2);
        let alice = chat.join("alice");
        let bob = chat.join("bob");
        bob.stops_reading();
        alice.says("SEND bob something that is never taken");
        leaves(&bob);
        alice.heard();
        alice.asks("LIST", "LIST-OK alice\n");
        alice.asks("SEND bob hi", "BAD-DEST-USER\n");
        chat.join("bob");
    }
}

#[test]
fn a_request_that_came_last_without_an_ending_is_answered() {
    let alice = World::direct().join("alice");
    alice.sends("LIST");
    alice.hears_nothing();
    alice.ends();
    alice.hears("LIST-OK alice\n");
    alice.is_closed(CloseReason::PeerLeft);
}

#[test]
fn telnets_own_bytes_do_not_spoil_a_request() {
    let alice = World::direct().connect();
    alice.sends_one_by_one(b"\xff\xfb\x18HELLO\xff\xf4-FROM \xff\xffalice\r\n");
    alice.hears("HELLO alice\n");
}

#[test]
fn after_any_refusal_the_peer_may_try_again() {
    let chat = World::with(Dialect::DIRECT, |limits| limits.max_line = 40);
    let alice = chat.connect();
    let too_long = "x".repeat(41);
    for line in ["x", "LIST", "HELLO-FROM", "HELLO-FROM a,b", &too_long] {
        alice.says(line);
        alice.is_open();
    }
    alice.heard();
    alice.asks("HELLO-FROM alice", "HELLO alice\n");
}
