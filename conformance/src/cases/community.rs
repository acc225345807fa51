//! Several dialects, one community: whoever comes by whichever door, they meet.

use super::*;

cases![
    netcat_and_the_client_of_seed_004_write_to_each_other,
    a_name_is_taken_for_all_dialects_at_once,
    a_name_has_to_be_sayable_in_every_dialect,
    whoever_is_there_is_on_every_list,
    what_is_public_in_rooms_is_not_heard_in_direct,
    the_lobby_is_no_room,
    only_the_users_of_direct_take_its_places,
    each_door_says_what_is_spoken_there,
    what_cannot_be_combined_is_refused_with_what_can,
    an_address_that_could_be_for_several_is_refused,
];

fn netcat_and_the_client_of_seed_004_write_to_each_other(bench: &Bench) {
    let server = bench.serve_together(&["rooms", "direct"], "");
    let (mut alice, mut bob) = meet(&server);
    alice.send("#bob good morning\n");
    bob.expect("DELIVERY alice good morning\n");
    bob.asks("SEND alice  and to you \n", "SEND-OK\n");
    alice.expect("#bob:  and to you \r\n");
    drop(alice);
    until_answered(&mut bob, "SEND alice hi\n", "BAD-DEST-USER\n");
}

fn a_name_is_taken_for_all_dialects_at_once(bench: &Bench) {
    let server = bench.serve_together(&["rooms", "direct"], "");
    let (alice, mut bob) = meet(&server);
    let mut other = server.peer_of("direct", "other");
    other.asks("HELLO-FROM alice\n", "IN-USE\n");
    // Without IRC, names differ by case.
    other.asks("HELLO-FROM Alice\n", "HELLO Alice\n");
    let mut late = server.peer_of("rooms", "late");
    late.send("bob\n");
    late.expect_end();
    bob.asks("LIST\n", "LIST-OK Alice,alice,bob\n");
    drop(alice);
}

fn a_name_has_to_be_sayable_in_every_dialect(bench: &Bench) {
    let server = bench.serve_together(&["rooms", "direct"], "");
    let mut peer = server.peer_of("direct", "peer");
    // `rooms` would take these for something else.
    for name in ["#peer", "@peer", "!peer"] {
        peer.asks(format!("HELLO-FROM {name}\n"), "BAD-RQST-BODY\n");
    }
    peer.asks("HELLO-FROM J\u{fc}rgen:x\n", "HELLO J\u{fc}rgen:x\n");
    let mut alice = server.peer_of("rooms", "alice");
    alice.send("alice\n");
    alice.asks("!users\n", "J\u{fc}rgen:x alice\r\n");
    alice.send("#J\u{fc}rgen:x hi\n");
    peer.expect("DELIVERY alice hi\n");
    peer.asks("SEND alice hi\n", "SEND-OK\n");
    alice.expect("#J\u{fc}rgen:x: hi\r\n");
}

fn whoever_is_there_is_on_every_list(bench: &Bench) {
    let server = bench.serve_together(&["direct", "rooms"], "");
    let (mut alice, mut bob) = meet(&server);
    bob.asks("LIST\n", "LIST-OK alice,bob\n");
    alice.asks("!users\n", "alice bob\r\n");
    alice.asks("!enter kitchen\n!members kitchen\n", "alice\r\n");
}

fn what_is_public_in_rooms_is_not_heard_in_direct(bench: &Bench) {
    let server = bench.serve_together(&["rooms", "direct"], "");
    let (mut alice, mut bob) = meet(&server);
    let mut carol = server.peer_of("rooms", "carol");
    carol.asks("carol\n!enter den\n!rooms\n", "den\r\n");
    alice.send("!enter den\nhello\n@den tea?\n");
    carol.expect("alice: hello\r\n@den alice: tea?\r\n");
    was_sent_nothing_else(&mut bob);
}

fn the_lobby_is_no_room(bench: &Bench) {
    let server = bench.serve_together(&["rooms", "direct"], "");
    let (mut alice, _bob) = meet(&server);
    for request in [
        "!enter lobby",
        "!leave lobby",
        "!members lobby",
        "@lobby hi",
    ] {
        alice.asks(format!("{request}\n"), "!error bad room name: lobby\r\n");
    }
    alice.asks("!rooms\n", "\r\n");
    // Alone, nobody has to know of one.
    let alone = bench.serve("rooms");
    let mut alice = alone.peer("alice");
    alice.asks("alice\n!enter lobby\n!rooms\n", "lobby\r\n");
}

fn only_the_users_of_direct_take_its_places(bench: &Bench) {
    let server = bench.serve_together(&["rooms", "direct"], "--max-users 1");
    let (mut alice, _bob) = meet(&server);
    let mut carol = server.peer_of("rooms", "carol");
    carol.send("carol\n");
    let mut dave = server.peer_of("direct", "dave");
    dave.asks("HELLO-FROM dave\n", "BUSY\n");
    until_answered(&mut alice, "!users\n", "alice bob carol\r\n");
}

fn each_door_says_what_is_spoken_there(bench: &Bench) {
    let server = bench.serve_together(&["direct", "rooms"], "-q");
    for (place, scheme) in ["direct", "rooms"].iter().enumerate() {
        let line = format!("listening on {} ({scheme})", server.addresses()[place]);
        assert!(server.stderr().text().contains(&line), "{line}");
    }
}

fn what_cannot_be_combined_is_refused_with_what_can(bench: &Bench) {
    for loner in ["echo", "relay", "addressed", "pair"] {
        for words in [format!("{loner} rooms"), format!("direct {loner}")] {
            let outcome = bench.run(&format!("serve {words}"));
            assert_eq!(outcome.status, 2, "{words}");
            for word in [loner, "cannot be served together", "rooms, direct"] {
                assert!(outcome.stderr.contains(word), "{}", outcome.stderr);
            }
        }
    }
    let twice = bench.run("serve echo --listen relay://127.0.0.1:0");
    assert_eq!(twice.status, 2);
}

fn an_address_that_could_be_for_several_is_refused(bench: &Bench) {
    let outcome = bench.run("serve rooms direct --listen 127.0.0.1:0");
    assert_eq!(outcome.status, 2);
    assert!(
        outcome.stderr.contains("'--listen rooms://127.0.0.1:0'"),
        "{}",
        outcome.stderr
    );
    let outcome = bench.run("serve --listen nope://127.0.0.1:0");
    assert_eq!(outcome.status, 2);
    assert!(
        outcome.stderr.contains("'nope' is no scheme"),
        "{}",
        outcome.stderr
    );
}

/// Alice with netcat, and Bob with the client of seed 004.
fn meet(server: &Running) -> (Peer, Peer) {
    let mut alice = server.peer_of("rooms", "alice");
    alice.asks("alice\n!rooms\n", "\r\n");
    let mut bob = server.peer_of("direct", "bob");
    bob.asks("HELLO-FROM bob\n", "HELLO bob\n");
    (alice, bob)
}
