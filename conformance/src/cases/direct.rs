//! `direct`: log in, list, send, and an answer to every request.

use super::*;

cases![
    the_table_of_seed_004,
    before_the_login_only_the_login_is_known,
    headers_are_checked_first,
    bodies_are_checked_before_destinations,
    a_name_has_rules,
    names_are_compared_exactly,
    a_name_in_use_is_refused_and_another_may_be_tried,
    sixteen_users_are_served_and_the_next_one_is_told_busy,
    busy_comes_before_in_use_and_after_a_malformed_name,
    leaving_frees_the_name_and_the_place_at_once,
    who_is_not_logged_in_takes_no_place,
    a_message_reaches_its_destination_only,
    a_message_to_oneself_is_delivered_before_it_is_confirmed,
    a_message_is_handed_on_unchanged,
    a_message_of_white_space_is_malformed,
    the_list_is_sorted_by_bytes,
    after_any_refusal_the_peer_may_try_again,
    two_threads_are_enough,
    a_console_logs_in_like_anybody,
];

fn the_table_of_seed_004(bench: &Bench) {
    let server = bench.serve("direct");
    let mut alice = member(&server, "alice");
    let mut bob = server.peer("bob");
    bob.asks("HELLO-FROM alice\n", "IN-USE\n");
    bob.asks("HELLO-FROM bob\n", "HELLO bob\n");
    bob.asks("LIST\n", "LIST-OK alice,bob\n");
    alice.asks("SEND bob hello there\n", "SEND-OK\n");
    bob.expect("DELIVERY alice hello there\n");
    alice.asks("SEND carol hello\n", "BAD-DEST-USER\n");
    alice.asks("WHO\n", "BAD-RQST-HDR\n");
    alice.asks("SEND bob\n", "BAD-RQST-BODY\n");
    drop(bob);
    until_answered(&mut alice, "LIST\n", "LIST-OK alice\n");
}

fn before_the_login_only_the_login_is_known(bench: &Bench) {
    let server = bench.serve("direct");
    let _other = member(&server, "other");
    let mut peer = server.peer("peer");
    for (request, answer) in [
        ("LIST", "BAD-RQST-HDR"),
        ("LIST x", "BAD-RQST-HDR"),
        ("SEND", "BAD-RQST-HDR"),
        ("SEND other hi", "BAD-RQST-HDR"),
        ("SEND other ", "BAD-RQST-HDR"),
        ("NOPE", "BAD-RQST-HDR"),
        ("", "BAD-RQST-HDR"),
        ("HELLO peer", "BAD-RQST-HDR"),
        ("hello-from peer", "BAD-RQST-HDR"),
        ("HELLO-FROM", "BAD-RQST-BODY"),
        ("HELLO-FROM ", "BAD-RQST-BODY"),
        ("HELLO-FROM other", "IN-USE"),
        ("HELLO-FROM peer", "HELLO peer"),
        ("LIST", "LIST-OK other,peer"),
    ] {
        peer.asks(format!("{request}\n"), format!("{answer}\n"));
    }
}

fn headers_are_checked_first(bench: &Bench) {
    let server = bench.serve("direct");
    let mut peer = member(&server, "peer");
    for request in [
        "",
        " ",
        " LIST",
        "list",
        "List",
        "LIST\t",
        "LISTS",
        "send peer hi",
        "SENDpeer hi",
        "NOPE \x07",
        "HELLO peer",
        "LIST-OK peer",
        "SEND-OK",
        "DELIVERY peer hi",
        "HELLO-FROM",
        "HELLO-FROM other",
        "HELLO-FROM peer",
        "HELLO-FROM b@d",
    ] {
        peer.asks(format!("{request}\n"), "BAD-RQST-HDR\n");
    }
    peer.asks(b"\xfe\xfe\n", "BAD-RQST-HDR\n");
    peer.asks("LIST\n", "LIST-OK peer\n");
}

fn bodies_are_checked_before_destinations(bench: &Bench) {
    let server = bench.serve("direct");
    let mut peer = member(&server, "peer");
    for (request, answer) in [
        ("LIST ", "BAD-RQST-BODY"),
        ("LIST x", "BAD-RQST-BODY"),
        ("SEND", "BAD-RQST-BODY"),
        ("SEND ", "BAD-RQST-BODY"),
        ("SEND peer", "BAD-RQST-BODY"),
        ("SEND peer ", "BAD-RQST-BODY"),
        ("SEND  hi", "BAD-RQST-BODY"),
        ("SEND nobody", "BAD-RQST-BODY"),
        ("SEND nobody ", "BAD-RQST-BODY"),
        ("SEND nobody \t", "BAD-RQST-BODY"),
        ("SEND nobody \x07", "BAD-RQST-BODY"),
        ("SEND nobody hi", "BAD-DEST-USER"),
        ("SEND no!body hi", "BAD-DEST-USER"),
        ("SEND a,b hi", "BAD-DEST-USER"),
        ("SEND PEER hi", "BAD-DEST-USER"),
    ] {
        peer.asks(format!("{request}\n"), format!("{answer}\n"));
    }
    let impossible = "n".repeat(65);
    peer.asks(format!("SEND {impossible} hi\n"), "BAD-DEST-USER\n");
}

fn a_name_has_rules(bench: &Bench) {
    let server = bench.serve("direct");
    let longest = ["n".repeat(64), "é".repeat(32)];
    let good = [
        "a",
        "0",
        "-_.:;/()",
        "grüße",
        "你好",
        &longest[0],
        &longest[1],
    ];
    let _logged_in = good.map(|name| member(&server, name));

    let mut peer = server.peer("peer");
    let too_long = ["n".repeat(65), format!("{}x", longest[1]), "é".repeat(33)];
    for name in &too_long {
        peer.asks(format!("HELLO-FROM {name}\n"), "BAD-RQST-BODY\n");
    }
    for illegal in "!@#$%^&*, \t\0\x01\x1b\x7f\u{80}\u{9f}".chars() {
        for name in [
            format!("{illegal}"),
            format!("a{illegal}b"),
            format!("ab{illegal}"),
        ] {
            peer.asks(format!("HELLO-FROM {name}\n"), "BAD-RQST-BODY\n");
        }
    }
    peer.asks(b"HELLO-FROM \xc3\n", "BAD-RQST-BODY\n");
    peer.asks(b"HELLO-FROM a\rb\n", "BAD-RQST-BODY\n");
    peer.asks("HELLO-FROM peer\n", "HELLO peer\n");
}

fn names_are_compared_exactly(bench: &Bench) {
    let server = bench.serve("direct");
    let mut upper = member(&server, "Bob");
    let mut lower = member(&server, "bob");
    lower.asks("LIST\n", "LIST-OK Bob,bob\n");
    lower.asks("SEND Bob hi\n", "SEND-OK\n");
    upper.expect("DELIVERY bob hi\n");
}

fn a_name_in_use_is_refused_and_another_may_be_tried(bench: &Bench) {
    let server = bench.serve("direct");
    let _first = member(&server, "alice");
    let mut second = server.peer("second");
    second.asks("HELLO-FROM alice\n", "IN-USE\n");
    second.asks("HELLO-FROM alice\n", "IN-USE\n");
    second.asks("HELLO-FROM bob\nLIST\n", "HELLO bob\nLIST-OK alice,bob\n");
}

fn sixteen_users_are_served_and_the_next_one_is_told_busy(bench: &Bench) {
    let server = bench.serve("direct");
    let mut users: Vec<_> = (10..26)
        .map(|n| member(&server, &format!("u{n}")))
        .collect();
    let mut next = server.peer("next");
    next.asks("HELLO-FROM next\n", "BUSY\n");
    let list: Vec<_> = (10..26).map(|n| format!("u{n}")).collect();
    users[0].asks("LIST\n", format!("LIST-OK {}\n", list.join(",")));
    drop(users.pop());
    until_answered(&mut next, "HELLO-FROM next\n", "HELLO next\n");
}

fn busy_comes_before_in_use_and_after_a_malformed_name(bench: &Bench) {
    let server = bench.serve("direct --max-users 1");
    let mut alice = member(&server, "alice");
    let mut peer = server.peer("peer");
    peer.asks("HELLO-FROM alice\n", "BUSY\n");
    peer.asks("HELLO-FROM bob\n", "BUSY\n");
    peer.asks("HELLO-FROM b@b\n", "BAD-RQST-BODY\n");
    peer.asks("LIST\n", "BAD-RQST-HDR\n");
    alice.asks("HELLO-FROM alice\n", "BAD-RQST-HDR\n");
}

fn leaving_frees_the_name_and_the_place_at_once(bench: &Bench) {
    let server = bench.serve("direct --max-users 1");
    let mut waiting = server.peer("waiting");
    let mut leaver = member(&server, "name");
    for _ in 0..5 {
        leaver.half_close();
        leaver.expect_end();
        leaver = std::mem::replace(&mut waiting, server.peer("waiting"));
        leaver.asks("HELLO-FROM name\n", "HELLO name\n");
        waiting.asks("HELLO-FROM name\n", "BUSY\n");
    }
    leaver.reset();
    until_answered(&mut waiting, "HELLO-FROM name\n", "HELLO name\n");
}

fn who_is_not_logged_in_takes_no_place(bench: &Bench) {
    let server = bench.serve("direct --max-users 1");
    let mut idlers: Vec<_> = (0..20).map(|_| server.peer("idler")).collect();
    idlers.iter_mut().for_each(was_sent_nothing_else);
    let mut alice = member(&server, "alice");
    alice.asks("LIST\n", "LIST-OK alice\n");
}

fn a_message_reaches_its_destination_only(bench: &Bench) {
    let server = bench.serve("direct");
    let mut peers = ["alice", "bob", "carol"].map(|name| member(&server, name));
    let mut stranger = server.peer("stranger");
    peers[0].asks("SEND bob hello\n", "SEND-OK\n");
    peers[1].expect("DELIVERY alice hello\n");
    peers.iter_mut().for_each(was_sent_nothing_else);
    was_sent_nothing_else(&mut stranger);
}

fn a_message_to_oneself_is_delivered_before_it_is_confirmed(bench: &Bench) {
    let server = bench.serve("direct");
    member(&server, "me").asks(
        "SEND me hi\nLIST\n",
        "DELIVERY me hi\nSEND-OK\nLIST-OK me\n",
    );
}

fn a_message_is_handed_on_unchanged(bench: &Bench) {
    let server = bench.serve("direct");
    let (mut alice, mut bob) = (member(&server, "alice"), member(&server, "bob"));
    for text in [
        "  padded  ",
        "bob bob",
        "SEND alice hi",
        "!@#$%^&*,",
        "a\tb",
        "grüße 你好",
        ".",
    ] {
        alice.asks(format!("SEND bob {text}\n"), "SEND-OK\n");
        bob.expect(format!("DELIVERY alice {text}\n"));
    }
}

fn a_message_of_white_space_is_malformed(bench: &Bench) {
    let server = bench.serve("direct");
    let mut me = member(&server, "me");
    for text in [
        " ",
        "   ",
        "\t",
        " \t ",
        "\u{a0}",
        "\u{2003}\u{3000}",
        "\u{1680} \u{2028}",
    ] {
        me.asks(format!("SEND me {text}\n"), "BAD-RQST-BODY\n");
    }
    me.asks("SEND me \u{200b}\n", "DELIVERY me \u{200b}\nSEND-OK\n");
}

fn the_list_is_sorted_by_bytes(bench: &Bench) {
    let server = bench.serve("direct");
    let mut users = ["b", "ä", "a", "Z", "10", "9"].map(|name| member(&server, name));
    for user in &mut users {
        user.asks("LIST\n", "LIST-OK 10,9,Z,a,b,ä\n");
    }
}

fn after_any_refusal_the_peer_may_try_again(bench: &Bench) {
    let server = bench.serve("direct --max-users 2 --max-line 100");
    let _other = member(&server, "other");
    let mut peer = server.peer("peer");
    for _ in 0..3 {
        peer.asks("NOPE\n", "BAD-RQST-HDR\n");
        peer.asks("HELLO-FROM a b\n", "BAD-RQST-BODY\n");
        peer.asks("HELLO-FROM other\n", "IN-USE\n");
        peer.asks(format!("{}\n", "x".repeat(101)), "BAD-RQST-BODY\n");
    }
    peer.asks("HELLO-FROM peer\n", "HELLO peer\n");
    for _ in 0..3 {
        peer.asks("SEND nobody hi\n", "BAD-DEST-USER\n");
        peer.asks("SEND other \n", "BAD-RQST-BODY\n");
    }
    peer.asks("LIST\n", "LIST-OK other,peer\n");
}

fn two_threads_are_enough(bench: &Bench) {
    if !bench.program().is_event_driven() {
        return bench.skip("a thread for each connection is what this program is about");
    }
    let server = bench.serve("direct");
    let mut peers: Vec<_> = (0..100).map(|_| server.peer("one of many")).collect();
    for peer in &mut peers {
        was_sent_nothing_else(peer);
        assert!(server.threads() <= 2, "{} threads", server.threads());
    }
}

fn a_console_logs_in_like_anybody(bench: &Bench) {
    let mut server = bench.serve("direct --stdio");
    let mut alice = member(&server, "alice");
    let mut console = server.console("console");
    console.asks("LIST\n", "BAD-RQST-HDR\n");
    console.asks("HELLO-FROM op\n", "HELLO op\n");
    alice.asks("SEND op hi\n", "SEND-OK\n");
    console.expect("DELIVERY alice hi\n");
    console.asks("SEND alice hi\n", "SEND-OK\n");
    alice.expect("DELIVERY op hi\n");
}
