//! `pair`: the operator at the server's keyboard talks with one client at a time.
//!
//! Two things make these cases deterministic. Lines typed with one write are read with one read,
//! so when the first of them has shown an effect, the program has all of them. And `EXIT` takes
//! effect at once, so what a client has got until it was closed is all that it was sent.

use super::*;

cases![
    the_two_sides_take_turns_and_the_client_begins,
    what_the_operator_types_out_of_turn_waits,
    what_the_client_sends_out_of_turn_waits,
    the_operator_s_first_line_waits_for_the_client_s,
    exit_closes_the_current_client_and_drops_what_was_typed,
    exit_may_end_like_any_line,
    only_exit_alone_on_a_line_is_an_exit,
    exit_without_a_client_does_nothing,
    the_next_client_waits_in_the_queue,
    when_a_client_leaves_the_server_waits_for_the_next,
    what_was_typed_for_a_client_that_left_is_dropped,
    what_is_typed_while_nobody_is_there_waits_for_the_next,
    last_words_are_printed_before_the_client_counts_as_left,
    the_lines_of_a_client_that_left_make_room_for_the_next,
    what_was_dropped_with_a_client_is_logged,
    the_log_says_that_a_client_left_behind_its_last_words,
    full_duplex_waits_for_nobody,
    a_client_s_network_error_is_reported_and_the_next_is_served,
    at_end_of_input_with_nobody_there_the_server_ends,
    at_end_of_input_the_server_ends_with_the_current_client,
    at_end_of_input_the_client_learns_that_no_answer_will_come,
    a_screen_that_is_gone_ends_the_server_at_once,
    standard_output_has_nothing_but_chat,
    stdio_changes_nothing,
];

/// A server with its operator.
fn pair(bench: &Bench, options: &str) -> (Running, Peer) {
    let mut server = bench.serve(&format!("pair {options}"));
    let operator = server.console("operator");
    (server, operator)
}

/// A client whose line has reached the operator, so it is the operator's turn.
#[track_caller]
fn client(server: &Running, operator: &mut Peer) -> Peer {
    let mut client = server.peer("client");
    client.send("hello\n");
    operator.expect("hello\n");
    client
}

fn the_two_sides_take_turns_and_the_client_begins(bench: &Bench) {
    let (server, mut operator) = pair(bench, "");
    let mut client = server.peer("client");
    for turn in 0..10 {
        client.send(format!("question {turn}\r\n"));
        operator.expect(format!("question {turn}\n"));
        operator.send(format!("answer {turn}\n"));
        client.expect(format!("answer {turn}\n"));
    }
    client.send("\n");
    operator.expect("\n");
    operator.send("\n");
    client.expect("\n");
}

fn what_the_operator_types_out_of_turn_waits(bench: &Bench) {
    let (server, mut operator) = pair(bench, "");
    let mut client = client(&server, &mut operator);
    operator.send("one\ntwo\nthree\n");
    client.expect("one\n");
    client.send("go on\n");
    operator.expect("go on\n");
    client.expect("two\n");
    operator.send("EXIT\n");
    client.expect_end();
}

fn what_the_client_sends_out_of_turn_waits(bench: &Bench) {
    let (server, mut operator) = pair(bench, "");
    let mut client = server.peer("client");
    client.send("one\ntwo\nthree\n");
    for (line, answer) in [("one\n", "1\n"), ("two\n", "2\n"), ("three\n", "3\n")] {
        operator.expect(line);
        operator.send(answer);
        client.expect(answer);
    }
}

fn the_operator_s_first_line_waits_for_the_client_s(bench: &Bench) {
    let (server, mut operator) = pair(bench, "");
    operator.send("typed early\n");
    let mut client = server.peer("client");
    client.send("hello\n");
    operator.expect("hello\n");
    client.expect("typed early\n");
    // It is the client's turn now, and the operator's line must not be sent before it speaks.
    operator.send("too early\nEXIT\n");
    client.expect_end();
}

fn exit_closes_the_current_client_and_drops_what_was_typed(bench: &Bench) {
    let (server, mut operator) = pair(bench, "");
    let mut first = client(&server, &mut operator);
    operator.send("answer\ndropped\nEXIT\n");
    first.expect_last("answer\n");
    let mut second = client(&server, &mut operator);
    operator.send("fresh\n");
    second.expect("fresh\n");
}

fn exit_may_end_like_any_line(bench: &Bench) {
    let (server, mut operator) = pair(bench, "");
    let mut client = client(&server, &mut operator);
    operator.send("EXIT\r\n");
    client.expect_end();
}

fn only_exit_alone_on_a_line_is_an_exit(bench: &Bench) {
    let (server, mut operator) = pair(bench, "");
    let mut client = server.peer("client");
    for text in [" EXIT", "EXIT ", "exit", "EXIT now", "Exit", "EXITEXIT"] {
        client.send("EXIT\n");
        operator.expect("EXIT\n");
        operator.send(format!("{text}\n"));
        client.expect(format!("{text}\n"));
    }
}

fn exit_without_a_client_does_nothing(bench: &Bench) {
    let (server, mut operator) = pair(bench, "");
    operator.send("EXIT\nEXIT\n");
    // Nothing shows when these have been read, and a client may come before that.
    let mut client = eventually("a client that came after the exits", || {
        let mut client = server.peer("client");
        client.send("hello\n");
        operator.send("hi\n");
        client.try_line().map(|_| client)
    });
    operator.send("EXIT\n");
    client.expect_end();
}

fn the_next_client_waits_in_the_queue(bench: &Bench) {
    let (server, mut operator) = pair(bench, "");
    let mut first = client(&server, &mut operator);
    let mut second = server.peer("second");
    second.send("second\n");
    operator.send("for the first\n");
    first.expect("for the first\n");
    first.send("still here\n");
    operator.expect("still here\n");
    second.expect_silence_so_far();
    operator.send("EXIT\n");
    first.expect_end();
    operator.expect("second\n");
    operator.send("for the second\n");
    second.expect("for the second\n");
}

fn when_a_client_leaves_the_server_waits_for_the_next(bench: &Bench) {
    let (server, mut operator) = pair(bench, "");
    for _ in 0..5 {
        let mut client = client(&server, &mut operator);
        operator.send("hi\n");
        client.expect("hi\n");
        client.half_close();
        client.expect_end();
    }
}

fn what_was_typed_for_a_client_that_left_is_dropped(bench: &Bench) {
    let (server, mut operator) = pair(bench, "");
    let mut first = client(&server, &mut operator);
    operator.send("answer\nleft over\n");
    first.expect("answer\n");
    first.half_close();
    first.expect_end();
    let mut second = client(&server, &mut operator);
    operator.send("fresh\n");
    second.expect("fresh\n");
}

fn what_is_typed_while_nobody_is_there_waits_for_the_next(bench: &Bench) {
    let (server, mut operator) = pair(bench, "");
    operator.send("one\ntwo\n");
    let mut client = client(&server, &mut operator);
    client.expect("one\n");
    client.send("go on\n");
    client.expect("two\n");
}

fn last_words_are_printed_before_the_client_counts_as_left(bench: &Bench) {
    let (server, mut operator) = pair(bench, "");
    let mut client = server.peer("client");
    client.send("one\ntwo\nthree");
    client.half_close();
    operator.expect("one\n");
    operator.send("1\n");
    operator.expect("two\n");
    operator.send("2\n");
    operator.expect("three\n");
    client.expect_last("1\n2\n");
}

fn the_lines_of_a_client_that_left_make_room_for_the_next(bench: &Bench) {
    let (server, mut operator) = pair(bench, "");
    let mut probe = server.peer("probe");
    probe.send("one\ntwo\nthree\n");
    operator.expect("one\n");
    drop(probe);
    let mut user = server.peer("user");
    user.send("hello\n");
    operator.expect("two\nthree\nhello\n");
    operator.send("welcome\n");
    user.expect("welcome\n");
}

fn what_was_dropped_with_a_client_is_logged(bench: &Bench) {
    let (server, mut operator) = pair(bench, "-q");
    let mut client = client(&server, &mut operator);
    operator.send("answer\ndropped\nthis, too\n");
    client.expect("answer\n");
    client.reset();
    let log = server.stderr().wait_for("what was dropped", |log| {
        let is_said = log.contains("dropped what was typed") && log.contains("lines=2");
        is_said.then(|| log.to_owned())
    });
    assert!(!log.contains("this, too"), "chat in the log: {log}");
}

/// Both go to one pipe.
fn the_log_says_that_a_client_left_behind_its_last_words(bench: &Bench) {
    for _ in 0..10 {
        let launch = bench.launch("serve pair --listen 127.0.0.1:0");
        let server = bench.start_listening(launch.after("exec 1>&2"));
        let mut client = server.peer("client");
        client.send("last words\n");
        client.half_close();
        client.expect_end();
        server.stderr().wait_for("the end of the talk", |output| {
            let left = output.find("left")?;
            let printed = output.find("last words");
            assert!(printed.is_some_and(|printed| printed < left), "{output}");
            Some(())
        });
    }
}

fn full_duplex_waits_for_nobody(bench: &Bench) {
    let (server, mut operator) = pair(bench, "--full-duplex");
    operator.send("one\ntwo\n");
    let mut client = server.peer("client");
    client.expect("one\ntwo\n");
    client.send("1\n2\n3\n");
    operator.expect("1\n2\n3\n");
    operator.send("EXIT\n");
    client.expect_end();
}

fn a_client_s_network_error_is_reported_and_the_next_is_served(bench: &Bench) {
    let (server, mut operator) = pair(bench, "");
    client(&server, &mut operator).reset();
    server
        .stderr()
        .wait_for("a diagnostic about the reset", |log| {
            log.to_lowercase().contains("reset").then_some(())
        });
    let mut second = client(&server, &mut operator);
    operator.send("hi\n");
    second.expect("hi\n");
}

fn at_end_of_input_with_nobody_there_the_server_ends(bench: &Bench) {
    let (mut server, mut operator) = pair(bench, "");
    operator.half_close();
    operator.expect_end();
    assert_eq!(server.exit_status(), 0);
}

fn at_end_of_input_the_server_ends_with_the_current_client(bench: &Bench) {
    let (mut server, mut operator) = pair(bench, "");
    let mut client = client(&server, &mut operator);
    operator.send("one\ntwo\n");
    operator.half_close();
    client.expect("one\n");
    client.send("go on\n");
    operator.expect("go on\n");
    client.expect("two\n");
    // Nobody can answer any more, so the turns are passed on.
    client.send("3\n4\n5\n");
    operator.expect("3\n4\n5\n");
    client.half_close();
    client.expect_end();
    operator.expect_end();
    assert_eq!(server.exit_status(), 0);
}

fn at_end_of_input_the_client_learns_that_no_answer_will_come(bench: &Bench) {
    let (mut server, mut operator) = pair(bench, "");
    let mut client = client(&server, &mut operator);
    operator.send("one\n");
    operator.half_close();
    client.expect("one\n");
    client.send("go on\n");
    client.expect_end();
    client.send("still heard\n");
    operator.expect("go on\nstill heard\n");
    client.half_close();
    operator.expect_end();
    assert_eq!(server.exit_status(), 0);
}

fn a_screen_that_is_gone_ends_the_server_at_once(bench: &Bench) {
    let mut server = bench.serve("pair --full-duplex");
    let _keyboard = server.keyboard();
    server.close_screen();
    let mut client = server.peer("client");
    client.send("nobody sees it\n");
    client.expect_end();
    drop(client);
    assert_eq!(server.exit_status(), 0);
}

fn standard_output_has_nothing_but_chat(bench: &Bench) {
    let (mut server, mut operator) = pair(bench, "-vv");
    let mut client = client(&server, &mut operator);
    operator.send("hi\n");
    client.expect("hi\n");
    client.send("bye\n");
    operator.expect("bye\n");
    client.reset();
    operator.send("EXIT\n");
    assert_eq!(server.terminate(), 0);
    operator.expect_end();
}

fn stdio_changes_nothing(bench: &Bench) {
    let (server, mut operator) = pair(bench, "--stdio");
    let mut client = client(&server, &mut operator);
    operator.send("hi\n");
    client.expect("hi\n");
}
