//! `connect pair`: turns from the client's side, and both sides against the document's own
//! programs.

use std::thread;

use super::*;
use crate::bench::Stage;
use crate::student::{Desk, NEWLINE, NO_ENDING};

cases![
    the_client_begins_and_then_waits_for_its_turn,
    what_the_server_sends_out_of_turn_waits,
    what_the_server_sent_out_of_turn_before_it_closed_is_printed,
    full_duplex_waits_for_nobody_at_the_client,
    exit_ends_the_client_at_once_and_is_not_sent,
    only_exit_alone_on_a_line_ends_the_client,
    at_end_of_input_lines_are_sent_in_turn_and_then_turns_are_passed_on,
    a_line_too_long_to_be_sent_is_named_and_the_talk_goes_on,
    both_programs_talk_to_each_other,
    ten_thousand_lines_each_way_in_full_duplex,
    the_client_talks_with_a_student_s_server,
    the_server_talks_with_a_student_s_client,
    two_scripts_talk_to_their_ends,
    a_client_does_not_wait_for_an_operator_who_has_left,
    all_that_was_typed_ahead_reaches_the_screen_of_an_operator_who_has_left,
];

/// A client of a server that the case plays.
fn client(bench: &Bench, options: &str) -> (Running, Peer, Peer) {
    let stage = bench.stage();
    let mut client = bench.connect(&format!("pair @ {options}"), stage.address());
    let server = stage.accept("server");
    let console = client.console("console");
    (client, console, server)
}

fn the_client_begins_and_then_waits_for_its_turn(bench: &Bench) {
    let (mut client, mut console, mut server) = client(bench, "");
    console.send("one\ntwo\r\nthree\n");
    server.expect("one\n");
    server.send("1\n");
    console.expect("1\n");
    server.expect("two\n");
    server.expect_silence_so_far();
    server.send("2\r\n");
    console.expect("2\n");
    server.expect("three\n");
    drop(server);
    console.expect_end();
    assert_eq!(client.exit_status(), 0);
    assert_eq!(client.stderr().text(), "");
}

fn what_the_server_sends_out_of_turn_waits(bench: &Bench) {
    let (_client, mut console, mut server) = client(bench, "");
    server.send("early\nlate\n");
    console.send("one\n");
    server.expect("one\n");
    console.expect("early\n");
    console.send("two\n");
    server.expect("two\n");
    console.expect("late\n");
}

fn what_the_server_sent_out_of_turn_before_it_closed_is_printed(bench: &Bench) {
    let (mut client, mut console, mut server) = client(bench, "");
    server.send("a\nb\nc");
    drop(server);
    console.expect_last("a\nb\nc\n");
    assert_eq!(client.exit_status(), 0);
}

fn full_duplex_waits_for_nobody_at_the_client(bench: &Bench) {
    let (_client, mut console, mut server) = client(bench, "--full-duplex");
    server.send("a\nb\n");
    console.expect("a\nb\n");
    console.send("one\ntwo\nthree\n");
    server.expect("one\ntwo\nthree\n");
}

fn exit_ends_the_client_at_once_and_is_not_sent(bench: &Bench) {
    for (typed, sent) in [("EXIT\n", ""), ("one\ndropped\nEXIT\r\nmore\n", "one\n")] {
        let (mut client, mut console, mut server) = client(bench, "");
        console.send(typed);
        server.expect_last(sent);
        assert_eq!(client.exit_status(), 0);
        console.expect_end();
    }
}

fn only_exit_alone_on_a_line_ends_the_client(bench: &Bench) {
    let (_client, mut console, mut server) = client(bench, "");
    for text in [" EXIT", "EXIT ", "exit", "EXIT now", "/quit", "!quit", ""] {
        console.send(format!("{text}\n"));
        server.expect(format!("{text}\n"));
        server.send("EXIT\n");
        console.expect("EXIT\n");
    }
}

fn at_end_of_input_lines_are_sent_in_turn_and_then_turns_are_passed_on(bench: &Bench) {
    let (mut client, mut console, mut server) = client(bench, "");
    console.send("one\ntwo");
    console.half_close();
    server.expect("one\n");
    server.send("1\n");
    server.expect_last("two\n");
    server.send("2\n3\n4\n");
    console.expect("1\n2\n3\n4\n");
    drop(server);
    console.expect_end();
    assert_eq!(client.exit_status(), 0);
}

fn a_line_too_long_to_be_sent_is_named_and_the_talk_goes_on(bench: &Bench) {
    let (client, mut console, mut server) = client(bench, "");
    for length in [8193, 1 << 20] {
        console.send(format!("{}\nshort\n", "x".repeat(length)));
        server.expect("short\n");
        server.send("hm\n");
        console.expect("hm\n");
    }
    client.stderr().wait_for("two hints", |hints| {
        (hints.matches("longer than").count() == 2).then_some(())
    });
}

fn both_programs_talk_to_each_other(bench: &Bench) {
    let mut server = bench.serve("pair");
    let mut operator = server.console("operator");
    for _ in 0..2 {
        let mut client = bench.connect("pair @", server.door());
        let mut console = client.console("client");
        console.send("hello\nare you there?\n");
        operator.expect("hello\n");
        operator.send("hi\n");
        console.expect("hi\n");
        operator.expect("are you there?\n");
        operator.send("yes\nsee you\nEXIT\n");
        console.expect_last("yes\n");
        assert_eq!(client.exit_status(), 0);
    }
    let mut client = bench.connect("pair @", server.door());
    let mut console = client.console("client");
    console.send("last words\n");
    operator.expect("last words\n");
    console.send("EXIT\n");
    assert_eq!(client.exit_status(), 0);
    operator.half_close();
    operator.expect_end();
    assert_eq!(server.exit_status(), 0);
}

fn ten_thousand_lines_each_way_in_full_duplex(bench: &Bench) {
    let mut server = bench.serve("pair --full-duplex");
    let mut operator = server.console("operator");
    let mut client = bench.connect("pair @ --full-duplex", server.door());
    let mut console = client.console("client");
    let lines = |what: &str| -> String { (0..10_000).map(|n| format!("{what} {n}\n")).collect() };
    let (asked, answered) = (lines("question"), lines("answer"));
    thread::scope(|scope| {
        scope.spawn(|| {
            console.send(&asked);
            console.expect(&answered);
        });
        // What is typed before the client comes waits for it.
        operator.send(&answered);
        operator.expect(&asked);
    });
    console.half_close();
    console.expect_end();
    assert_eq!(client.exit_status(), 0);
}

fn the_client_talks_with_a_student_s_server(bench: &Bench) {
    for ending in [NEWLINE, NO_ENDING] {
        let stage = bench.stage();
        let desk = Desk::of_server(stage.listener(), ending);
        for ends in ["student", "client"] {
            talk_with_a_student_s_server(bench, &stage, &desk, ends);
        }
    }
}

fn talk_with_a_student_s_server(bench: &Bench, stage: &Stage, desk: &Desk, ends: &str) {
    let mut client = bench.connect("pair @", stage.address());
    let mut console = client.console("client");
    for turn in ["first turn\n", "second turn\n"] {
        console.send(turn);
        assert_eq!(desk.printed(), turn);
        desk.types("fine");
        console.expect("fine\n");
    }
    console.send("bye\n");
    assert_eq!(desk.printed(), "bye\n");
    if ends == "student" {
        desk.types("EXIT");
    } else {
        console.send("EXIT\n");
    }
    console.expect_end();
    assert_eq!(client.exit_status(), 0, "{ends}");
    if ends == "client" {
        // The student's program has to speak before it listens again.
        desk.types("nobody hears this");
    }
}

fn the_server_talks_with_a_student_s_client(bench: &Bench) {
    let mut server = bench.serve("pair");
    let mut operator = server.console("operator");
    for (ends, ending) in [
        ("student", NEWLINE),
        ("student", NO_ENDING),
        ("operator", NEWLINE),
        ("operator", NO_ENDING),
    ] {
        let desk = Desk::of_client(server.door(), ending);
        for turn in ["first turn", "second turn"] {
            desk.types(turn);
            operator.expect(format!("{turn}\n"));
            operator.send("fine\n");
            assert_eq!(desk.printed(), "fine\n");
        }
        if ends == "student" {
            desk.types("EXIT");
        } else {
            desk.types("bye");
            operator.expect("bye\n");
            operator.send("EXIT\n");
        }
        desk.expect_end();
    }
}

/// Everything was typed before anybody spoke, and nobody types anything more.
fn two_scripts_talk_to_their_ends(bench: &Bench) {
    let mut server = bench.serve("pair");
    let mut operator = server.console("operator");
    let mut client = bench.connect("pair @", server.door());
    let mut console = client.console("client");
    console.send("a\n");
    operator.expect("a\n");
    console.send("b\nc\nd\n");
    console.half_close();
    operator.send("1\n");
    operator.half_close();
    operator.expect_last("b\nc\nd\n");
    console.expect_last("1\n");
    assert_eq!((client.exit_status(), server.exit_status()), (0, 0));
}

fn a_client_does_not_wait_for_an_operator_who_has_left(bench: &Bench) {
    let mut server = bench.serve("pair");
    let mut operator = server.console("operator");
    let mut client = bench.connect("pair @", server.door());
    let mut console = client.console("client");
    console.send("a\nb\nc\n");
    operator.expect("a\n");
    operator.half_close();
    operator.expect_last("b\nc\n");
    console.expect_end();
    assert_eq!((client.exit_status(), server.exit_status()), (0, 0));
}

fn all_that_was_typed_ahead_reaches_the_screen_of_an_operator_who_has_left(bench: &Bench) {
    let mut server = bench.serve("pair");
    let mut operator = server.console("operator");
    let mut client = bench.connect("pair @", server.door());
    let mut console = client.console("client");
    console.send("first\n");
    operator.expect("first\n");
    let lines: String = (0..4000)
        .map(|n| format!("{n} {}\n", "x".repeat(200)))
        .collect();
    let before = client.bytes_read();
    console.send(&lines);
    eventually("a client that has read all", || {
        (client.bytes_read() >= before + lines.len()).then_some(())
    });
    operator.half_close();
    operator.expect_last(&lines);
    console.expect_end();
    assert_eq!((client.exit_status(), server.exit_status()), (0, 0));
}
