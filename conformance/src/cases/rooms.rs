//! `rooms`: nicknames, public and private messages, rooms to meet in.

use super::*;

cases![
    a_nickname_is_32_letters_and_digits_at_most,
    a_bad_nickname_is_refused_without_a_word,
    a_nickname_in_use_is_refused_without_a_word,
    nicknames_are_compared_exactly,
    nothing_is_received_before_registration,
    text_goes_to_everybody_else,
    text_is_handed_on_unchanged,
    a_private_message_reaches_one_user,
    a_room_message_reaches_its_members_and_the_sender,
    a_room_appears_with_its_first_member_and_goes_with_its_last,
    entering_twice_and_leaving_elsewhere_do_nothing,
    lists_are_sorted_by_bytes,
    a_missing_argument_is_answered_with_the_usage,
    a_message_of_blanks_is_a_message,
    room_names_have_rules,
    unknown_commands_and_names_are_quoted_back,
    what_is_quoted_back_is_cut_at_64_bytes_between_characters,
    an_empty_line_does_nothing,
    help_is_one_line_that_names_the_commands,
    quit_closes_the_connection,
    who_leaves_is_out_of_all_rooms_and_nobody_is_told,
    there_are_at_most_max_rooms,
    there_are_at_most_max_rooms_for_each_user,
    a_user_may_be_in_64_rooms_by_default,
    a_console_registers_like_anybody,
    rooms_is_the_dialect_if_none_is_named,
];

fn a_nickname_is_32_letters_and_digits_at_most(bench: &Bench) {
    let server = bench.serve("rooms");
    for nickname in ["a", "Z9", "0", "123456", &"n".repeat(32)] {
        user(&server, nickname);
    }
    let mut crlf = server.peer("crlf");
    crlf.asks("crlf\r\n!members x\r\n", "!error no such room: x\r\n");
}

fn a_bad_nickname_is_refused_without_a_word(bench: &Bench) {
    let server = bench.serve("rooms");
    let too_long = "n".repeat(33);
    for nickname in [
        "", " ", "a b", "a ", " a", "a-b", "a_b", "ä", "!users", "#a", "@a", "a\t", "a\0",
        &too_long,
    ] {
        for ending in ["\n", "\r\n"] {
            let mut peer = server.peer("refused");
            peer.send(format!("{nickname}{ending}"));
            peer.expect_end();
        }
    }
    let mut peer = server.peer("not utf-8");
    peer.send(b"\xfe\n");
    peer.expect_end();
}

fn a_nickname_in_use_is_refused_without_a_word(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut first = user(&server, "alice");
    let mut second = server.peer("second");
    second.send("alice\n!users\nhello\n");
    second.expect_end();
    first.asks("!users\n", "alice\r\n");
}

fn nicknames_are_compared_exactly(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut upper = user(&server, "Alice");
    let mut lower = user(&server, "alice");
    lower.asks("#ALICE hi\n", "!error no such user: ALICE\r\n");
    lower.asks("!users\n", "Alice alice\r\n");
    lower.send("#Alice hi\n");
    upper.expect("#alice: hi\r\n");
}

fn nothing_is_received_before_registration(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut alice = user(&server, "alice");
    let mut late = server.peer("late");
    let mut bob = user(&server, "bob");
    alice.send("early\n");
    bob.expect("alice: early\r\n");
    alice.asks("!users\n", "alice bob\r\n");
    late.asks("late\n!users\n", "alice bob late\r\n");
    alice.send("on time\n");
    late.expect("alice: on time\r\n");
}

fn text_goes_to_everybody_else(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut users = ["alice", "bob", "carol"].map(|nickname| user(&server, nickname));
    for sender in 0..users.len() {
        let nickname = ["alice", "bob", "carol"][sender];
        users[sender].send("hello\n");
        for (index, peer) in users.iter_mut().enumerate() {
            if index != sender {
                peer.expect(format!("{nickname}: hello\r\n"));
            }
            heard_nothing_else(peer);
        }
    }
}

fn text_is_handed_on_unchanged(bench: &Bench) {
    let server = bench.serve("rooms");
    let (mut alice, mut bob) = (user(&server, "alice"), user(&server, "bob"));
    for text in [
        "  two  blanks  ",
        " !users",
        " #bob hi",
        " @den hi",
        "a: b",
        "héllo",
        "x",
    ] {
        alice.send(format!("{text}\n"));
        bob.expect(format!("alice: {text}\r\n"));
        alice.send(format!("#bob {text}\r\n"));
        bob.expect(format!("#alice: {text}\r\n"));
    }
}

fn a_private_message_reaches_one_user(bench: &Bench) {
    let server = bench.serve("rooms");
    let [mut alice, mut bob, mut carol] =
        ["alice", "bob", "carol"].map(|nickname| user(&server, nickname));
    alice.send("#bob psst\n");
    bob.expect("#alice: psst\r\n");
    alice.asks("#alice note to self\n", "#alice: note to self\r\n");
    alice.asks("#nobody hi\n", "!error no such user: nobody\r\n");
    alice.asks("#not-a-name! hi\n", "!error no such user: not-a-name!\r\n");
    for peer in [&mut alice, &mut bob, &mut carol] {
        heard_nothing_else(peer);
    }
}

fn a_room_message_reaches_its_members_and_the_sender(bench: &Bench) {
    let server = bench.serve("rooms");
    let [mut alice, mut bob, mut carol] =
        ["alice", "bob", "carol"].map(|nickname| user(&server, nickname));
    enter(&mut alice, "den");
    enter(&mut bob, "den");
    alice.asks("@den hi\n", "@den alice: hi\r\n");
    bob.expect("@den alice: hi\r\n");
    bob.asks("@den  hi yourself \n", "@den bob:  hi yourself \r\n");
    alice.expect("@den bob:  hi yourself \r\n");
    carol.asks("@den me too\n", "!error you are not in room: den\r\n");
    carol.asks("@nowhere hello\n", "!error no such room: nowhere\r\n");
    for peer in [&mut alice, &mut bob, &mut carol] {
        heard_nothing_else(peer);
    }
}

fn a_room_appears_with_its_first_member_and_goes_with_its_last(bench: &Bench) {
    let server = bench.serve("rooms");
    let (mut alice, mut bob) = (user(&server, "alice"), user(&server, "bob"));
    alice.asks("!rooms\n", "\r\n");
    alice.asks("!members den\n", "!error no such room: den\r\n");
    enter(&mut alice, "den");
    bob.asks("!rooms\n", "den\r\n");
    bob.asks("!members den\n", "alice\r\n");
    enter(&mut bob, "den");
    alice.asks("!leave den\n!members den\n", "bob\r\n");
    alice.asks("@den hi\n", "!error you are not in room: den\r\n");
    bob.asks("!leave den\n!rooms\n", "\r\n");
    bob.asks("@den hi\n", "!error no such room: den\r\n");
}

fn entering_twice_and_leaving_elsewhere_do_nothing(bench: &Bench) {
    let server = bench.serve("rooms");
    let (mut alice, mut bob) = (user(&server, "alice"), user(&server, "bob"));
    enter(&mut alice, "den");
    enter(&mut alice, "den");
    alice.asks("@den once\n", "@den alice: once\r\n");
    for room in ["den", "nowhere"] {
        bob.send(format!("!leave {room}\n"));
        heard_nothing_else(&mut bob);
    }
    bob.asks("!members den\n", "alice\r\n");
    alice.asks("!leave den\n!rooms\n", "\r\n");
}

fn lists_are_sorted_by_bytes(bench: &Bench) {
    let server = bench.serve("rooms");
    let nicknames = ["b", "a", "Z", "10", "9", "ab"];
    let mut users = nicknames.map(|nickname| user(&server, nickname));
    for peer in &mut users {
        enter(peer, "den");
    }
    let [first, ..] = &mut users;
    for room in ["b", "a-1", "a_1", "B", "0"] {
        enter(first, room);
    }
    first.asks("!users\n", "10 9 Z a ab b\r\n");
    first.asks("!members den\n", "10 9 Z a ab b\r\n");
    first.asks("!rooms\n", "0 B a-1 a_1 b den\r\n");
}

fn a_missing_argument_is_answered_with_the_usage(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut alice = user(&server, "alice");
    enter(&mut alice, "den");
    for (line, usage) in [
        ("#alice", "#nick text"),
        ("#alice ", "#nick text"),
        ("#nobody", "#nick text"),
        ("#", "#nick text"),
        ("@den", "@room text"),
        ("@den ", "@room text"),
        ("@nowhere", "@room text"),
        ("@", "@room text"),
        ("!enter", "!enter room"),
        ("!leave", "!leave room"),
        ("!members", "!members room"),
    ] {
        alice.asks(format!("{line}\n"), format!("!error usage: {usage}\r\n"));
    }
}

fn a_message_of_blanks_is_a_message(bench: &Bench) {
    let server = bench.serve("rooms");
    let (mut alice, mut bob) = (user(&server, "alice"), user(&server, "bob"));
    enter(&mut alice, "den");
    alice.asks("@den   \n", "@den alice:   \r\n");
    alice.send("#bob  \n \n");
    bob.expect("#alice:  \r\nalice:  \r\n");
}

fn room_names_have_rules(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut alice = user(&server, "alice");
    let longest = "r".repeat(32);
    for room in ["a", "A-Z_0-9", "-", "_", longest.as_str()] {
        enter(&mut alice, room);
        alice.asks(format!("!members {room}\n"), "alice\r\n");
        alice.asks(format!("@{room} hi\n"), format!("@{room} alice: hi\r\n"));
    }
    let too_long = "r".repeat(33);
    for room in ["a b", " a", "a ", "a.b", "#a", "@a", "ä", too_long.as_str()] {
        for command in ["!enter", "!leave", "!members"] {
            let refusal = format!("!error bad room name: {room}\r\n");
            alice.asks(format!("{command} {room}\n"), refusal);
        }
    }
    for room in ["a.b", "ä", "@a", too_long.as_str()] {
        alice.asks(
            format!("@{room} hi\n"),
            format!("!error bad room name: {room}\r\n"),
        );
    }
}

fn unknown_commands_and_names_are_quoted_back(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut alice = user(&server, "alice");
    for command in ["!nope", "!Users", "!usersx", "!grüße"] {
        let refusal = format!("!error unknown command: {command} (try !help)\r\n");
        alice.asks(format!("{command}\n"), refusal);
    }
    alice.asks("#grüße hi\n", "!error no such user: grüße\r\n");
}

fn what_is_quoted_back_is_cut_at_64_bytes_between_characters(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut alice = user(&server, "alice");
    for (name, cut) in [
        ("a".repeat(64), "a".repeat(64)),
        ("a".repeat(65), "a".repeat(64)),
        ("é".repeat(40), "é".repeat(32)),
        (
            format!("a{}", "é".repeat(40)),
            format!("a{}", "é".repeat(31)),
        ),
        ("😀".repeat(20), "😀".repeat(16)),
    ] {
        alice.asks(
            format!("#{name} hi\n"),
            format!("!error no such user: {cut}\r\n"),
        );
        alice.asks(
            format!("@{name} hi\n"),
            format!("!error bad room name: {cut}\r\n"),
        );
        alice.asks(
            format!("!enter {name}\n"),
            format!("!error bad room name: {cut}\r\n"),
        );
    }
    for (command, cut) in [
        (
            format!("!{}", "a".repeat(63)),
            format!("!{}", "a".repeat(63)),
        ),
        (
            format!("!{}", "a".repeat(64)),
            format!("!{}", "a".repeat(63)),
        ),
        (
            format!("!{}", "é".repeat(40)),
            format!("!{}", "é".repeat(31)),
        ),
    ] {
        let refusal = format!("!error unknown command: {cut} (try !help)\r\n");
        alice.asks(format!("{command}\n"), refusal);
    }
}

fn an_empty_line_does_nothing(bench: &Bench) {
    let server = bench.serve("rooms");
    let (mut alice, mut bob) = (user(&server, "alice"), user(&server, "bob"));
    alice.send("\n\r\n\n");
    heard_nothing_else(&mut alice);
    heard_nothing_else(&mut bob);
}

fn help_is_one_line_that_names_the_commands(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut alice = user(&server, "alice");
    alice.send("!help\n");
    let help = alice.line();
    assert!(help.ends_with("\r\n"), "{help:?}");
    for command in ["!users", "!enter", "!leave", "!rooms", "!members", "!quit"] {
        assert!(help.contains(command), "{help:?} does not name {command}");
    }
    heard_nothing_else(&mut alice);
}

fn quit_closes_the_connection(bench: &Bench) {
    let server = bench.serve("rooms");
    let (mut alice, mut bob) = (user(&server, "alice"), user(&server, "bob"));
    alice.send("bye\n!quit\n");
    alice.expect_end();
    bob.expect("alice: bye\r\n");
    bob.asks("!users\n", "bob\r\n");
}

fn who_leaves_is_out_of_all_rooms_and_nobody_is_told(bench: &Bench) {
    let server = bench.serve("rooms");
    let (mut alice, mut bob) = (user(&server, "alice"), user(&server, "bob"));
    enter(&mut bob, "den");
    for room in ["den", "attic", "cellar"] {
        enter(&mut alice, room);
    }
    alice.half_close();
    alice.expect_end();
    bob.asks("!users\n", "bob\r\n");
    bob.asks("!rooms\n", "den\r\n");
    bob.asks("!members den\n", "bob\r\n");
    bob.asks("#alice hi\n", "!error no such user: alice\r\n");
    let mut again = user(&server, "alice");
    again.asks("@den hi\n", "!error you are not in room: den\r\n");
}

fn there_are_at_most_max_rooms(bench: &Bench) {
    let server = bench.serve("rooms --max-rooms 2");
    let (mut alice, mut bob) = (user(&server, "alice"), user(&server, "bob"));
    enter(&mut alice, "one");
    enter(&mut bob, "two");
    alice.asks("!enter three\n", "!error too many rooms\r\n");
    alice.asks("!rooms\n", "one two\r\n");
    enter(&mut alice, "two");
    alice.asks("!leave one\n!enter three\n!rooms\n", "three two\r\n");
}

fn there_are_at_most_max_rooms_for_each_user(bench: &Bench) {
    let server = bench.serve("rooms --max-rooms-per-user 2");
    let (mut alice, mut bob) = (user(&server, "alice"), user(&server, "bob"));
    enter(&mut bob, "three");
    enter(&mut alice, "one");
    enter(&mut alice, "two");
    alice.asks("!enter three\n", "!error too many rooms\r\n");
    alice.asks("!enter four\n", "!error too many rooms\r\n");
    enter(&mut alice, "one");
    enter(&mut bob, "one");
    bob.asks("!rooms\n", "one three two\r\n");
    alice.asks(
        "!leave one\n!enter three\n!members three\n",
        "alice bob\r\n",
    );
}

fn a_user_may_be_in_64_rooms_by_default(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut alice = user(&server, "alice");
    for room in 0..64 {
        enter(&mut alice, &format!("room{room}"));
    }
    alice.asks("!enter another\n", "!error too many rooms\r\n");
}

fn a_console_registers_like_anybody(bench: &Bench) {
    let mut server = bench.serve("rooms --stdio");
    let mut console = register(server.console("console"), "operator");
    let mut alice = user(&server, "alice");
    alice.send("hello\n");
    console.expect("alice: hello\r\n");
    console.asks("#operator self\n", "#operator: self\r\n");
    console.send("hi\n");
    alice.expect("operator: hi\r\n");
    alice.asks("!users\n", "alice operator\r\n");
    console.half_close();
    until_answered(&mut alice, "!users\n", "alice\r\n");
}

fn rooms_is_the_dialect_if_none_is_named(bench: &Bench) {
    let server = bench.serve("");
    user(&server, "alice").asks("!users\n", "alice\r\n");
}

/// Enters a room, which is silent.
#[track_caller]
fn enter(peer: &mut Peer, room: &str) {
    peer.send(format!("!enter {room}\n"));
    heard_nothing_else(peer);
}
