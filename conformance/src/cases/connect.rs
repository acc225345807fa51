//! `connect`, the client, in pipes: what every dialect has in common, and how it ends.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::*;
use crate::student;

cases![
    rooms_talks_with_a_student_s_server,
    a_script_of_rooms_prints_its_answers,
    what_is_typed_and_what_comes_is_handed_on_byte_for_byte_but_for_the_ends_of_lines,
    ten_thousand_lines_go_out_and_come_back,
    ten_thousand_lines_from_the_server_arrive_while_as_many_are_sent,
    an_output_that_nobody_reads_stops_the_server_and_loses_nothing,
    a_server_that_does_not_read_stops_the_input_and_loses_nothing,
    each_line_is_printed_as_it_comes,
    after_the_end_of_input_what_comes_is_printed_until_the_server_closes,
    quit_ends_the_client_once_everything_is_sent,
    quit_does_not_wait_for_a_server_that_stays,
    when_the_server_closes_the_client_ends_with_status_0,
    when_the_server_closes_at_once_the_client_ends_with_status_0,
    a_reset_is_a_network_error_and_what_came_before_is_printed,
    an_output_that_is_gone_ends_the_client_quietly,
    garbage_and_endless_lines_are_handed_on,
    a_name_registers_in_rooms,
    a_name_that_rooms_refuses_is_status_1,
    a_server_that_speaks_or_whose_client_ended_first_has_refused_nobody,
    a_server_that_ends_late_has_refused_nobody,
    direct_logs_in_with_a_name_and_speaks_in_plain_words,
    direct_takes_the_first_line_for_the_name,
    direct_asks_again_after_a_refusal,
    direct_gives_up_when_the_given_name_is_refused,
    direct_without_another_name_was_refused,
    direct_sends_nothing_for_other_input_and_says_what_can_be_typed,
    direct_prints_answers_that_come_after_the_end_of_input,
    direct_survives_a_server_that_speaks_no_protocol,
    direct_leaves_with_quit,
    nobody_who_listens_is_one_line_and_status_1,
    a_host_name_is_tried_at_all_its_addresses,
    what_is_wrong_with_the_command_line_is_status_2,
    options_of_the_client_come_from_the_environment,
    each_signal_ends_the_client_with_status_0,
];

fn a_script_of_rooms_prints_its_answers(bench: &Bench) {
    let server = bench.serve("rooms");
    let outcome = script(bench, "rooms @", &server, "alice\n!users\n");
    assert_eq!((outcome.status, &*outcome.stdout), (0, "alice\n"));
    assert_eq!(outcome.stderr, "");
}

fn what_is_typed_and_what_comes_is_handed_on_byte_for_byte_but_for_the_ends_of_lines(
    bench: &Bench,
) {
    let text = "a\r\nb\n\n\ttab \u{1b}[2J\u{7f}\r\r\n\rc/quit now\n /quit\nlast";
    let printed = "a\nb\n\n\ttab \u{1b}[2J\u{7f}\r\n\rc/quit now\n /quit\nlast";
    let to_rooms = printed.replace('\n', "\r\n") + "\r\n";
    for dialect in ["echo", "relay", "addressed", "rooms"] {
        let stage = bench.stage();
        let mut client = bench.connect(&format!("{dialect} @"), stage.address());
        let mut server = stage.accept("server");
        let mut console = client.console("console");
        console.send(text);
        console.half_close();
        server.expect_last(if dialect == "rooms" { &to_rooms } else { text });
        // However it is cut.
        server.trickle(text);
        drop(server);
        console.expect_last(printed);
        assert_eq!(client.exit_status(), 0, "{dialect}");
        assert_eq!(client.stderr().text(), "");
    }
}

fn ten_thousand_lines_go_out_and_come_back(bench: &Bench) {
    let server = bench.serve("echo --max-backlog 4194304");
    let lines = numbered("line", 10_000);
    let outcome = script(bench, "echo @", &server, &lines);
    assert_eq!(outcome.status, 0);
    assert!(outcome.stdout == lines, "not the same lines");
}

fn ten_thousand_lines_from_the_server_arrive_while_as_many_are_sent(bench: &Bench) {
    let stage = bench.stage();
    let mut client = bench.connect("relay @", stage.address());
    let mut server = stage.accept("server");
    let mut console = client.console("console");
    let (ours, theirs) = (numbered("ours", 10_000), numbered("theirs", 10_000));
    thread::scope(|scope| {
        scope.spawn(|| {
            console.send(&ours);
            console.half_close();
            console.expect(&theirs);
        });
        server.send(&theirs);
        server.expect(&ours);
        server.expect_end();
    });
    drop(server);
    console.expect_end();
    assert_eq!(client.exit_status(), 0);
}

fn an_output_that_nobody_reads_stops_the_server_and_loses_nothing(bench: &Bench) {
    let stage = bench.stage();
    let mut client = bench.connect("relay @", stage.address());
    let mut server = stage.accept("server");
    let unit = b"a line for somebody who does not read yet\n";
    let (units, rest) = server.flood(unit, 1 << 20);
    assert!(units < 1 << 20, "the client takes without bound");
    assert_is_small(&client);
    // The keyboard has nothing to do with it.
    let mut keyboard = client.keyboard();
    keyboard.write_all(b"still here\n").expect("types");
    server.expect("still here\n");
    let mut console = client.console("console");
    thread::scope(|scope| {
        scope.spawn(move || {
            server.send(rest);
            drop(server);
        });
        assert!(console.rest() == unit.repeat(units), "not the same lines");
    });
    assert_eq!(client.exit_status(), 0);
}

fn a_server_that_does_not_read_stops_the_input_and_loses_nothing(bench: &Bench) {
    let stage = bench.stage();
    let mut client = bench.connect("relay @", stage.address());
    let mut server = stage.accept("server");
    let mut keyboard = client.keyboard();
    let mut console = client.console("console");
    let lines = numbered("a line that nobody reads yet", 400_000);
    thread::scope(|scope| {
        let typist = scope.spawn(|| keyboard.write_all(lines.as_bytes()));
        // Output goes on meanwhile.
        for _ in 0..100 {
            server.send("tick\n");
            console.expect("tick\n");
        }
        assert!(!typist.is_finished(), "the client takes without bound");
        assert_is_small(&client);
        server.expect(&lines);
        typist.join().expect("a typist").expect("types everything");
    });
}

fn each_line_is_printed_as_it_comes(bench: &Bench) {
    let server = bench.serve("addressed");
    let mut client = bench.connect("addressed @", server.door());
    let mut console = client.console("console");
    console.send("hello\n");
    let tag = console.line().replace("hello\n", "");
    for line in ["one\n", "\n", "two\n"] {
        console.asks(line, format!("{tag}{line}"));
    }
    let (_peer, tag) = addressed_peer(&server, "peer", &mut []);
    console.expect(format!("{tag}(connected)\n{tag}hello\n"));
}

fn after_the_end_of_input_what_comes_is_printed_until_the_server_closes(bench: &Bench) {
    let stage = bench.stage();
    for dialect in ["echo", "rooms", "pair"] {
        let mut client = bench.connect(&format!("{dialect} @"), stage.address());
        let mut server = stage.accept("server");
        let mut console = client.console("console");
        console.send("hello\n");
        console.half_close();
        server.expect_last(format!("hello{}", line_end(dialect)));
        for line in ["one\n", "two\n", "three\n"] {
            server.send(line);
            console.expect(line);
        }
        drop(server);
        console.expect_end();
        assert_eq!(client.exit_status(), 0, "{dialect}");
    }
}

fn quit_ends_the_client_once_everything_is_sent(bench: &Bench) {
    for ending in ["\n", "\r\n"] {
        let server = bench.serve("echo");
        let mut client = bench.connect("echo @", server.door());
        let mut console = client.console("console");
        console.send(format!("one\ntwo\n/quit{ending}three\n"));
        console.expect_last("one\ntwo\n");
        assert_eq!(client.exit_status(), 0);
    }
}

fn quit_does_not_wait_for_a_server_that_stays(bench: &Bench) {
    for (dialect, quit) in [("relay", "/quit"), ("pair", "EXIT"), ("direct", "!quit")] {
        let stage = bench.stage();
        let mut client = bench.connect(&format!("{dialect} @"), stage.address());
        let mut server = stage.accept("server");
        let mut console = client.console("console");
        console.send(format!("{quit}\n"));
        server.expect_end();
        assert_eq!(client.exit_status(), 0, "{dialect}");
    }
}

fn when_the_server_closes_the_client_ends_with_status_0(bench: &Bench) {
    for dialect in ["echo", "relay", "addressed", "rooms"] {
        let stage = bench.stage();
        let mut client = bench.connect(&format!("{dialect} @"), stage.address());
        let mut server = stage.accept("server");
        server.send("last words");
        drop(server);
        // Nobody has to end the input for it.
        let mut console = client.console("console");
        console.expect_last("last words");
        assert_eq!(client.exit_status(), 0, "{dialect}");
        assert_eq!(client.stderr().text(), "");
    }
}

fn when_the_server_closes_at_once_the_client_ends_with_status_0(bench: &Bench) {
    for dialect in ["echo", "rooms", "pair", "direct", "direct --name me"] {
        let stage = bench.stage();
        let mut client = bench.connect(&format!("{dialect} @"), stage.address());
        let mut server = stage.accept("server");
        if dialect.contains("--name") {
            // Or what is not read would make a reset of the end.
            server.expect("HELLO-FROM me\n");
        }
        drop(server);
        client.console("console").expect_end();
        assert_eq!(client.exit_status(), 0, "{dialect}");
    }
}

fn a_reset_is_a_network_error_and_what_came_before_is_printed(bench: &Bench) {
    for dialect in ["echo", "rooms", "pair", "direct"] {
        let stage = bench.stage();
        let mut client = bench.connect(&format!("{dialect} @"), stage.address());
        let mut server = stage.accept("server");
        let mut console = client.console("console");
        console.send("hello\n");
        server.skip_to(match dialect {
            "direct" => "HELLO-FROM hello\n",
            "rooms" => "hello\r\n",
            _ => "hello\n",
        });
        server.send("HELLO hello\n");
        assert!(console.line().contains("hello"));
        server.reset();
        console.expect_end();
        assert_failed_with(&client.outcome(), 1, &stage.address().to_string());
    }
}

fn an_output_that_is_gone_ends_the_client_quietly(bench: &Bench) {
    let server = bench.serve("echo");
    let mut client = bench.connect("echo @", server.door());
    let (mut keyboard, mut screen) = (client.keyboard(), client.screen());
    keyboard.write_all(b"hello\n").expect("types");
    screen.read_exact(&mut [0; 6]).expect("prints");
    drop(screen);
    eventually("an end", || {
        // It may have ended already.
        let _ = keyboard.write_all(b"anybody?\n");
        client.has_ended().then_some(())
    });
    assert_eq!(client.exit_status(), 0);
    assert_eq!(client.stderr().text(), "");
}

fn garbage_and_endless_lines_are_handed_on(bench: &Bench) {
    let garbage: Vec<u8> = (0..1 << 20).map(|i: u32| (i % 251) as u8 | 0x80).collect();
    for dialect in ["relay", "rooms"] {
        let stage = bench.stage();
        let mut client = bench.connect(&format!("{dialect} @"), stage.address());
        let mut server = stage.accept("server");
        let mut console = client.console("console");
        thread::scope(|scope| {
            scope.spawn(|| server.send(&garbage));
            console.expect(&garbage);
        });
        assert_is_small(&client);
        drop(server);
        console.expect_end();
        assert_eq!(client.exit_status(), 0);
    }
}

fn a_name_registers_in_rooms(bench: &Bench) {
    let server = bench.serve("rooms");
    let outcome = script(bench, "rooms @ --name alice", &server, "!users\n");
    assert_eq!((outcome.status, &*outcome.stdout), (0, "alice\n"));
}

fn a_name_that_rooms_refuses_is_status_1(bench: &Bench) {
    let server = bench.serve("rooms");
    let _alice = user(&server, "alice");
    for name in ["alice", "b!d", "x123456789012345678901234567890123"] {
        let mut client = bench.connect(&format!("rooms @ --name {name}"), server.door());
        client.console("console").expect_end();
        assert_failed_with(&client.outcome(), 1, name);
    }
}

fn a_server_that_speaks_or_whose_client_ended_first_has_refused_nobody(bench: &Bench) {
    let stage = bench.stage();
    let mut client = bench.connect("rooms @ --name alice", stage.address());
    let mut server = stage.accept("server");
    server.asks("\r\n", "alice\r\n");
    drop(server);
    client.console("console").expect_last("\n");
    assert_eq!(client.exit_status(), 0);

    let mut client = bench.connect("rooms @ --name alice", stage.address());
    let mut server = stage.accept("server");
    client.console("console").half_close();
    server.expect_last("alice\r\n");
    drop(server);
    assert_eq!(client.exit_status(), 0);

    let mut client = bench.connect("rooms @ --name alice", stage.address());
    let mut server = stage.accept("server");
    client.console("console").send("!quit\n");
    server.expect("alice\r\n!quit\r\n");
    drop(server);
    assert_eq!(client.exit_status(), 0);
}

fn a_server_that_ends_late_has_refused_nobody(bench: &Bench) {
    let stage = bench.stage();
    let mut client = bench.connect("rooms @ --name alice", stage.address());
    let mut server = stage.accept("server");
    server.expect("alice\r\n");
    // The rule is about time.
    thread::sleep(Duration::from_millis(5500));
    drop(server);
    assert_eq!(client.exit_status(), 0);
    assert_eq!(client.stderr().text(), "");
}

fn direct_logs_in_with_a_name_and_speaks_in_plain_words(bench: &Bench) {
    let server = bench.serve("direct");
    let mut bob = member(&server, "bob");
    let mut client = bench.connect("direct @ --name alice", server.door());
    let mut console = client.console("console");
    console.expect("logged in as alice\n");
    console.asks("@bob  two spaces\n", "sent to bob\n");
    bob.expect("DELIVERY alice  two spaces\n");
    bob.asks("SEND alice hi there\n", "SEND-OK\n");
    console.expect("bob: hi there\n");
    console.asks("@carol hi\n", "no such user: carol\n");
    console.asks("!users\n", "users: alice, bob\n");
    console.asks("!who\n", "users: alice, bob\n");
    console.half_close();
    console.expect_end();
    assert_eq!(client.exit_status(), 0);
    assert_eq!(client.stderr().text(), "");
}

fn direct_takes_the_first_line_for_the_name(bench: &Bench) {
    let server = bench.serve("direct");
    let outcome = script(bench, "direct @", &server, "alice\n!users\n");
    assert_eq!(outcome.stdout, "logged in as alice\nusers: alice\n");
    assert_eq!(outcome.status, 0);
}

fn direct_asks_again_after_a_refusal(bench: &Bench) {
    let server = bench.serve("direct --max-users 2");
    let _bob = member(&server, "bob");
    let mut client = bench.connect("direct @", server.door());
    let mut console = client.console("console");
    console.send("not a name\n");
    assert!(console.line().contains("cannot log in"));
    console.send("bob\n");
    assert!(console.line().contains("in use"));
    let carol = member(&server, "carol");
    console.send("alice\n");
    assert!(console.line().contains("full"));
    drop(carol);
    eventually("a place", || {
        console.send("alice\n");
        (console.line() == "logged in as alice\n").then_some(())
    });
    console.asks("!users\n", "users: alice, bob\n");
}

fn direct_gives_up_when_the_given_name_is_refused(bench: &Bench) {
    let server = bench.serve("direct --max-users 1");
    let _bob = member(&server, "bob");
    for (name, reason) in [("bob", "full"), ("alice", "full"), ("a!b", "name")] {
        let mut client = bench.connect(&format!("direct @ --name {name}"), server.door());
        client.console("console").expect_end();
        let outcome = client.outcome();
        assert_failed_with(&outcome, 1, reason);
        let advises_another_name = outcome.stderr.contains("--name");
        assert_eq!(advises_another_name, reason != "full", "{outcome:?}");
    }
    let server = bench.serve("direct");
    let _bob = member(&server, "bob");
    let mut client = bench.connect("direct @ --name bob", server.door());
    client.console("console").expect_end();
    assert_failed_with(&client.outcome(), 1, "in use");
}

fn direct_without_another_name_was_refused(bench: &Bench) {
    let server = bench.serve("direct");
    let _bob = member(&server, "bob");
    let outcome = script(bench, "direct @", &server, "bob\n");
    assert!(outcome.stdout.contains("in use"), "{outcome:?}");
    assert_failed_with(&outcome, 1, "not logged in");
    let outcome = script(bench, "direct @", &server, "");
    assert_eq!(outcome.status, 0);
}

fn direct_sends_nothing_for_other_input_and_says_what_can_be_typed(bench: &Bench) {
    let stage = bench.stage();
    let mut client = bench.connect("direct @ --name me", stage.address());
    let mut server = stage.accept("server");
    server.expect("HELLO-FROM me\n");
    server.send("HELLO me\n");
    let mut console = client.console("console");
    console.expect("logged in as me\n");
    console.send("hello\n@bob\n\nLIST\n@bob  \n@bob \u{1b}[2J\n!who\n");
    server.expect("LIST\n");
    server.send("LIST-OK me\n");
    console.expect("users: me\n");
    client.stderr().wait_for("what can be typed", |hints| {
        (hints.matches("@name text").count() == 4 && hints.lines().count() == 6).then_some(())
    });
}

fn direct_prints_answers_that_come_after_the_end_of_input(bench: &Bench) {
    let stage = bench.stage();
    let mut client = bench.connect("direct @ --name me", stage.address());
    let mut server = stage.accept("server");
    let mut console = client.console("console");
    console.send("!users\n@bob hi");
    console.half_close();
    server.expect("HELLO-FROM me\n");
    server.send("HELLO me\n");
    server.expect_last("LIST\nSEND bob hi\n");
    server.send("LIST-OK bob,me\n");
    console.expect("logged in as me\nusers: bob, me\n");
    server.send("DELIVERY bob hi\nSEND-OK\n");
    drop(server);
    console.expect_last("bob: hi\nsent to bob\n");
    assert_eq!(client.exit_status(), 0);
}

fn direct_survives_a_server_that_speaks_no_protocol(bench: &Bench) {
    let stage = bench.stage();
    let mut client = bench.connect("direct @ --name me", stage.address());
    let mut server = stage.accept("server");
    server.expect("HELLO-FROM me\n");
    server.send("SEND-OK\n\u{1b}]0;evil\u{7}\nHELLO me\nDELIVERY eve \u{1b}[2J\n");
    server.send("x".repeat(3 << 20) + "\nDELIVERY eve hi\n");
    drop(server);
    client
        .console("console")
        .expect_last("logged in as me\neve: hi\n");
    assert_eq!(client.exit_status(), 0);
    let complaints = client.stderr().text();
    assert!(complaints.contains(r"\x1b]0;evil\x07"), "{complaints}");
    assert!(!complaints.contains('\u{1b}'), "{complaints:?}");
}

fn direct_leaves_with_quit(bench: &Bench) {
    let server = bench.serve("direct");
    for script in ["!quit\n", "alice\n!users\n!quit\n@alice never sent\n"] {
        let mut client = bench.connect("direct @", server.door());
        let mut console = client.console("console");
        console.send(script);
        let printed = console.rest();
        assert!(!String::from_utf8_lossy(&printed).contains("never"));
        assert_eq!(client.exit_status(), 0, "{script}");
    }
}

fn nobody_who_listens_is_one_line_and_status_1(bench: &Bench) {
    let address = bench.stage().address();
    let outcome = bench.run(&format!("connect echo {address}"));
    assert_failed_with(&outcome, 1, &address.to_string());
    assert!(outcome.stderr.contains("refused"), "{outcome:?}");
    let outcome = bench.run("connect echo no-such-host.invalid:4000");
    assert_failed_with(&outcome, 1, "no-such-host.invalid:4000");
}

fn a_host_name_is_tried_at_all_its_addresses(bench: &Bench) {
    let server = bench.serve("echo");
    let port = server.door().port();
    // Where it has an IPv6 address, too, nobody listens there.
    let outcome = bench.finish_with(
        bench.launch(&format!("connect echo localhost:{port}")),
        "hi\n",
    );
    assert_eq!((outcome.status, &*outcome.stdout), (0, "hi\n"));
}

fn what_is_wrong_with_the_command_line_is_status_2(bench: &Bench) {
    for line in [
        "connect",
        "connect nonsense 127.0.0.1:1",
        "connect echo 8888",
        "connect echo 127.0.0.1:70000",
        "connect echo :1",
        "connect echo 127.0.0.1:1 --nonsense",
        "connect echo 127.0.0.1:1 --full-duplex",
        "connect rooms 127.0.0.1:1 --full-duplex",
        "connect echo 127.0.0.1:1 --name me",
        "connect pair 127.0.0.1:1 --name me",
        "connect rooms 127.0.0.1:1 --name",
    ] {
        assert_is_usage_error(&bench.run(line), line);
    }
}

fn options_of_the_client_come_from_the_environment(bench: &Bench) {
    let server = bench.serve("rooms");
    let launch = bench.launch(&format!("connect rooms {}", server.door()));
    let outcome = bench.finish_with(launch.env("LINECHAT_NAME", "alice"), "!users\n");
    assert_eq!((outcome.status, &*outcome.stdout), (0, "alice\n"));
    let launch = bench.launch(&format!("connect rooms {} --name bob", server.door()));
    let outcome = bench.finish_with(launch.env("LINECHAT_NAME", "alice"), "!users\n");
    assert_eq!((outcome.status, &*outcome.stdout), (0, "bob\n"));
    // One that does not fit may be meant for another dialect.
    let echo = bench.serve("echo");
    let launch = bench.launch(&format!("connect echo {}", echo.door()));
    let outcome = bench.finish_with(launch.env("LINECHAT_FULL_DUPLEX", "true"), "hi\n");
    assert_eq!((outcome.status, &*outcome.stdout), (0, "hi\n"));
}

fn each_signal_ends_the_client_with_status_0(bench: &Bench) {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        for dialect in ["rooms", "pair", "direct"] {
            let stage = bench.stage();
            let mut client = bench.connect(&format!("{dialect} @"), stage.address());
            let mut server = stage.accept("server");
            client.signal(signal);
            server.expect_end();
            drop(server);
            assert_eq!(client.exit_status(), 0, "{dialect}");
        }
    }
}

/// How a client's lines end.
fn line_end(dialect: &str) -> &'static str {
    match dialect {
        "rooms" => "\r\n",
        _ => "\n",
    }
}

/// Nothing that waits is held in memory.
#[track_caller]
fn assert_is_small(client: &Running) {
    let peak = client.peak_memory();
    assert!(peak < 64 << 10, "{peak} KiB");
}

/// Types all of `script` at once, and waits for the end.
#[track_caller]
fn script(bench: &Bench, line: &str, server: &Running, script: &str) -> Outcome {
    let line = line.replace('@', &server.door().to_string());
    bench.finish_with(bench.launch(&format!("connect {line}")), script)
}

#[track_caller]
fn assert_failed_with(outcome: &Outcome, status: i32, says: &str) {
    assert_eq!(outcome.status, status, "{outcome:?}");
    assert!(outcome.stderr.contains(says), "{outcome:?}");
    assert!(!outcome.stderr.contains("panicked"), "{outcome:?}");
    if status == 1 {
        assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
    }
}

fn numbered(what: &str, count: usize) -> String {
    (0..count).fold(String::new(), |mut lines, number| {
        let _ = writeln!(lines, "{what} {number}");
        lines
    })
}

fn rooms_talks_with_a_student_s_server(bench: &Bench) {
    let stage = bench.stage();
    let registered = student::chat_server(stage.listener());
    let user = |name: &str| {
        let mut client = bench.connect(&format!("rooms @ --name {name}"), stage.address());
        assert_eq!(registered.recv_timeout(PATIENCE).as_deref(), Ok(name));
        let console = client.console(name);
        (client, console)
    };
    let (_alice, mut at_alice) = user("alice");
    let (_bob, mut at_bob) = user("bob");
    at_alice.send("hi\n");
    at_bob.expect("alice: hi\n");
    at_bob.send("hi yourself");
    at_bob.half_close();
    at_alice.expect("bob: hi yourself\n");
}
