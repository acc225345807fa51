//! `rooms` and `direct` in one server: one community.

use linechat_laws::config::{Config, Other};
use linechat_laws::world::World;
use linechat_protocol::{CloseReason, Dialect};

#[test]
fn they_write_to_each_other_each_in_their_own_words() {
    let chat = World::mixed();
    let alice = chat.join("alice");
    let bob = chat.join_in(Dialect::DIRECT, "bob");
    bob.asks("SEND alice hi there", "SEND-OK\n");
    alice.hears("#bob: hi there\r\n");
    alice.asks("#bob hello", "");
    bob.hears("DELIVERY alice hello\n");
    bob.asks(
        "SEND bob note to self",
        "DELIVERY bob note to self\nSEND-OK\n",
    );
    alice.hears_nothing();
}

#[test]
fn a_name_is_taken_for_everybody() {
    let chat = World::mixed();
    let alice = chat.join("alice");
    let bob = chat.join_in(Dialect::DIRECT, "bob");
    chat.connect_to(Dialect::DIRECT)
        .asks("HELLO-FROM alice", "IN-USE\n");
    let rival = chat.connect();
    rival.says("bob");
    rival.is_closed(CloseReason::NicknameInUse);
    bob.is_open();
    alice.vanishes();
    chat.join_in(Dialect::DIRECT, "alice");
    bob.ends();
    chat.join("bob");
}

#[test]
fn everybody_is_in_both_lists_of_users_and_of_rooms_only_who_can_enter_them() {
    let chat = World::mixed();
    let bob = chat.join_in(Dialect::DIRECT, "bob");
    let alice = chat.join("alice");
    chat.join("Zoe");
    bob.asks("LIST", "LIST-OK Zoe,alice,bob\n");
    alice.asks("!users", "Zoe alice bob\r\n");
    alice.says("!enter den");
    alice.asks("!members den", "alice\r\n");
    alice.asks("!rooms", "den\r\n");
}

#[test]
fn users_of_direct_hear_no_public_talk_and_nothing_from_rooms() {
    let chat = World::mixed();
    let alice = chat.join("alice");
    let carol = chat.join("carol");
    let bob = chat.join_in(Dialect::DIRECT, "bob");
    for line in ["hello, all of you", "!enter den", "@den psst"] {
        alice.says(line);
    }
    carol.hears("alice: hello, all of you\r\n");
    alice.hears("@den alice: psst\r\n");
    bob.hears_nothing();
}

#[test]
fn the_lobby_is_no_room_of_rooms_unless_rooms_is_served_alone() {
    let refused = "!error bad room name: lobby\r\n";
    let alice = World::mixed().join("alice");
    for line in [
        "!enter lobby",
        "!leave lobby",
        "!members lobby",
        "@lobby hi",
    ] {
        alice.asks(line, refused);
    }
    alice.asks("!rooms", "\r\n");
    let mut alone = Config::new(Dialect::ROOMS);
    alone.others.push(Other {
        dialect: Dialect::ROOMS,
        layer: None,
    });
    let alice = World::new(alone).join("alice");
    alice.says("!enter lobby");
    alice.asks("@lobby hi", "@lobby alice: hi\r\n");
}

#[test]
fn names_differ_in_their_case_where_no_dialect_folds_it() {
    let chat = World::mixed();
    let alice = chat.join("alice");
    chat.join_in(Dialect::DIRECT, "Alice");
    alice.says("!enter Lobby");
    alice.asks("!rooms", "Lobby\r\n");
}

#[test]
fn only_users_of_direct_count_towards_their_limit() {
    let mut config = Config::mixed();
    config.limits.max_users = 1;
    let chat = World::new(config);
    chat.join("alice");
    chat.join("carol");
    let bob = chat.join_in(Dialect::DIRECT, "bob");
    let dora = chat.connect_to(Dialect::DIRECT);
    dora.asks("HELLO-FROM dora", "BUSY\n");
    dora.asks("HELLO-FROM alice", "BUSY\n");
    chat.join("emma");
    bob.vanishes();
    dora.asks("HELLO-FROM dora", "HELLO dora\n");
}

#[test]
fn names_that_one_dialect_alone_could_say_are_said_by_both() {
    let chat = World::mixed();
    let alice = chat.join("alice");
    for name in ["René", "a:b", "~", &"x".repeat(64)] {
        let bob = chat.join_in(Dialect::DIRECT, name);
        alice.asks(&format!("#{name} hi"), "");
        bob.hears("DELIVERY alice hi\n");
        bob.asks("SEND alice hi", "SEND-OK\n");
        alice.hears(&format!("#{name}: hi\r\n"));
        alice.asks("!users", &format!("{}\r\n", sorted(["alice", name])));
        bob.vanishes();
    }
}

#[test]
fn who_does_not_read_is_closed_whatever_the_sender_speaks() {
    let mut config = Config::mixed();
    config.limits.max_backlog = 1000;
    let chat = World::new(config);
    let alice = chat.join("alice");
    let bob = chat.join_in(Dialect::DIRECT, "bob");
    alice.stops_reading();
    let text = "x".repeat(400);
    let send = format!("SEND alice {text}");
    bob.asks(&send, "SEND-OK\n");
    bob.asks(&send, "SEND-OK\n");
    bob.asks(&send, "BAD-DEST-USER\n");
    alice.is_closed(CloseReason::SlowConsumer);
    bob.stops_reading();
    let carol = chat.join("carol");
    for _ in 0..3 {
        carol.says(&format!("#bob {text}"));
    }
    bob.is_closed(CloseReason::SlowConsumer);
    carol.asks("#bob are you there?", "!error no such user: bob\r\n");
}

#[test]
fn those_of_one_dialect_meet_by_whichever_listener_they_come() {
    let mut config = Config::mixed();
    config.others.push(Other {
        dialect: Dialect::ROOMS,
        layer: Some(std::sync::Arc::new(linechat_laws::toy::Toy::default())),
    });
    let chat = World::new(config);
    let alice = chat.join("alice");
    let place = chat.wire().accept_at(
        2,
        linechat_protocol::Peer::Socket(([192, 0, 2, 9], 9).into()),
    );
    let mut wire = chat.wire();
    wire.bytes(place, b"carol\nhi\n");
    wire.settle();
    drop(wire);
    alice.hears("carol: hi\r\n");
}

fn sorted<const N: usize>(mut names: [&str; N]) -> String {
    names.sort_unstable();
    names.join(" ")
}
