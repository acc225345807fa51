//! The command line, the logs, and how the program starts and stops.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::*;

cases![
    every_listener_is_announced_with_its_real_port,
    a_host_name_can_be_listened_on,
    without_listen_the_default_port_is_taken,
    the_announcement_is_not_on_standard_output,
    without_listeners_the_program_ends_with_its_console,
    a_port_in_use_is_one_line_and_status_1,
    an_address_that_cannot_be_bound_is_one_line_and_status_1,
    what_is_wrong_with_the_command_line_is_status_2,
    an_option_that_does_not_fit_the_dialect_is_status_2,
    options_come_from_the_environment_and_the_command_line_wins,
    a_switch_in_the_environment_is_true_or_false,
    listeners_in_the_environment_are_a_list,
    nonsense_in_the_environment_is_status_2,
    a_variable_for_another_dialect_does_not_count,
    what_is_wrong_is_said_with_what_to_do,
    help_names_every_option_on_standard_output,
    version_is_on_standard_output,
    each_signal_ends_the_program_with_status_0,
    queued_output_is_flushed_before_the_end,
    grace_bounds_the_flush,
    a_second_signal_ends_at_once,
    nohup_is_respected,
    a_stopped_server_can_be_started_again_on_its_port,
    running_out_of_descriptors_pauses_accepting,
    running_out_of_address_space_ends_nobody,
    running_out_of_threads_pauses_accepting,
    a_limit_that_the_system_has_no_room_for_is_capped_and_said,
    the_soft_limit_of_descriptors_is_raised,
    logs_show_nothing_raw,
    what_peers_choose_is_quoted_in_logs,
    chat_is_not_logged,
    quiet_logs_no_connections,
    json_logs_are_objects,
];

fn every_listener_is_announced_with_its_real_port(bench: &Bench) {
    let line = "serve echo --listen 127.0.0.1:0 --listen 127.0.0.2:0 --listen 127.0.0.1:0";
    let mut server = bench.start(bench.launch(line));
    server.wait_until_listening(3);
    let addresses = server.addresses().to_vec();
    assert_eq!(addresses.len(), 3);
    for address in addresses {
        server.peer_at(address, "peer").asks("hi\n", "hi\n");
    }
}

fn a_host_name_can_be_listened_on(bench: &Bench) {
    let server = bench.serve_on("localhost:0", "echo");
    let [address, ..] = server.addresses() else {
        panic!("nothing is announced")
    };
    assert!(address.ip().is_loopback(), "{address}");
    server.peer("peer").asks("hi\n", "hi\n");
}

fn without_listen_the_default_port_is_taken(bench: &Bench) {
    for (dialect, port) in [
        ("echo", 8888),
        ("relay", 8888),
        ("addressed", 60003),
        ("rooms", 8888),
        ("pair", 2000),
        ("direct", 5378),
    ] {
        let server = bench.start(bench.launch(&format!("serve {dialect}")));
        // Whether the port is free or not, the program says which one it wanted.
        let address = format!("127.0.0.1:{port}");
        server
            .stderr()
            .wait_for(&address, |log| log.contains(&address).then_some(()));
    }
}

fn the_announcement_is_not_on_standard_output(bench: &Bench) {
    for dialect in ["echo", "rooms"] {
        let mut server = bench.serve(dialect);
        server.peer("peer").send("peer\nwords\n");
        assert_eq!(server.terminate(), 0);
        server.console("standard output").expect_end();
    }
}

fn without_listeners_the_program_ends_with_its_console(bench: &Bench) {
    for (dialect, typed, shown) in [
        ("relay", "hi\n", ""),
        ("addressed", "hi\n", "[console] hi\n"),
        ("rooms", "me\n!users", "me\r\n"),
        ("direct", "HELLO-FROM me\nLIST\n", "HELLO me\nLIST-OK me\n"),
    ] {
        let line = format!("serve {dialect} --stdio --no-listen");
        let mut program = bench.start(bench.launch(&line));
        let mut console = program.console("console");
        console.send(typed);
        console.half_close();
        console.expect_last(shown);
        assert_eq!(program.exit_status(), 0, "{dialect}");
    }
}

fn a_port_in_use_is_one_line_and_status_1(bench: &Bench) {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("a bound socket has an address");
    let outcome = bench.run(&format!("serve echo --listen {address}"));
    assert_failed_with_one_line(&outcome, &address.to_string());
    assert!(
        outcome.stderr.to_lowercase().contains("in use"),
        "no cause: {outcome:?}"
    );
}

fn an_address_that_cannot_be_bound_is_one_line_and_status_1(bench: &Bench) {
    // An address for documentation, and a name that never exists.
    for address in ["192.0.2.1:4000", "no-such-host.invalid:4000"] {
        let outcome = bench.run(&format!("serve echo --listen {address}"));
        assert_failed_with_one_line(&outcome, address);
    }
}

#[track_caller]
fn assert_failed_with_one_line(outcome: &Outcome, address: &str) {
    assert_eq!(outcome.status, 1, "{outcome:?}");
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
    assert!(outcome.stderr.contains(address), "{outcome:?}");
    assert_eq!(outcome.stdout, "", "{outcome:?}");
}

fn what_is_wrong_with_the_command_line_is_status_2(bench: &Bench) {
    for line in [
        "frobnicate",
        "serve nonsense",
        "serve echo --frobnicate",
        "serve echo --listen nonsense",
        "serve echo --listen 127.0.0.1",
        "serve echo --listen 127.0.0.1:99999",
        "serve echo --listen 127.0.0.1:port",
        "serve echo --listen [::1:0",
        "serve echo --max-line",
        "serve echo --max-line many",
        "serve echo --max-line -1",
        "serve echo --framing words",
        "serve relay --pause 0",
        "serve relay --pause soon",
        "serve echo --log-format xml",
        "serve echo --no-listen",
        "serve rooms --no-listen",
        "serve pair --no-listen",
        "serve pair --no-listen --stdio",
    ] {
        assert_is_usage_error(&bench.run(line), line);
    }
}

fn an_option_that_does_not_fit_the_dialect_is_status_2(bench: &Bench) {
    for (option, strangers) in [
        ("--uppercase", "relay addressed rooms pair direct"),
        ("--framing lines", "rooms direct"),
        ("--framing chunks", "rooms pair direct"),
        ("--pause 100", "rooms direct"),
        ("--login-timeout 9", "echo relay addressed pair"),
        ("--max-users 9", "echo relay addressed rooms pair"),
        ("--max-rooms 9", "echo relay addressed pair direct"),
        ("--max-rooms-per-user 9", "echo relay addressed pair direct"),
        ("--full-duplex", "echo relay addressed rooms direct"),
    ] {
        for dialect in strangers.split_whitespace() {
            let line = format!("serve {dialect} {option} --listen 127.0.0.1:0");
            assert_is_usage_error(&bench.run(&line), &line);
        }
    }
}

fn options_come_from_the_environment_and_the_command_line_wins(bench: &Bench) {
    for (options, longest) in [("", 10), ("--max-line 20", 20)] {
        let line = format!("serve direct --listen 127.0.0.1:0 {options}");
        let server = bench.start_listening(bench.launch(&line).env("LINECHAT_MAX_LINE", "10"));
        let mut peer = server.peer("peer");
        peer.asks(format!("{}\n", "x".repeat(longest)), "BAD-RQST-HDR\n");
        peer.asks(format!("{}\n", "x".repeat(longest + 1)), "BAD-RQST-BODY\n");
    }
    let line = "serve direct --listen 127.0.0.1:0";
    let server = bench.start_listening(bench.launch(line).env("LINECHAT_MAX_USERS", "1"));
    let _only = member(&server, "only");
    server.peer("next").asks("HELLO-FROM next\n", "BUSY\n");
}

fn a_switch_in_the_environment_is_true_or_false(bench: &Bench) {
    for (value, answer) in [("true", "HI\n"), ("false", "hi\n")] {
        let launch = bench.launch("serve echo --listen 127.0.0.1:0");
        let server = bench.start_listening(launch.env("LINECHAT_UPPERCASE", value));
        server.peer("peer").asks("hi\n", answer);
    }
}

fn listeners_in_the_environment_are_a_list(bench: &Bench) {
    let launch = bench.launch("serve echo");
    let mut server = bench.start(launch.env("LINECHAT_LISTEN", "127.0.0.1:0,127.0.0.2:0"));
    server.wait_until_listening(2);
    for address in server.addresses() {
        server.peer_at(*address, "peer").asks("hi\n", "hi\n");
    }
}

fn nonsense_in_the_environment_is_status_2(bench: &Bench) {
    for (name, value) in [
        ("LINECHAT_MAX_LINE", "many"),
        ("LINECHAT_UPPERCASE", "x"),
        ("LINECHAT_LISTEN", "x"),
    ] {
        let outcome = bench.finish(bench.launch("serve echo").env(name, value));
        assert_is_usage_error(&outcome, name);
    }
}

fn a_variable_for_another_dialect_does_not_count(bench: &Bench) {
    let launch = bench
        .launch("serve rooms --listen 127.0.0.1:0")
        .env("LINECHAT_MAX_USERS", "1")
        .env("LINECHAT_UPPERCASE", "true");
    let server = bench.start_listening(launch);
    let (mut alice, mut bob) = (user(&server, "alice"), user(&server, "bob"));
    alice.send("hi\n");
    bob.expect("alice: hi\r\n");
    for variable in ["LINECHAT_MAX_USERS", "LINECHAT_UPPERCASE"] {
        let log = server.stderr();
        log.wait_for(variable, |log| log.contains(variable).then_some(()));
    }
}

fn what_is_wrong_is_said_with_what_to_do(bench: &Bench) {
    for (line, advice) in [
        ("serve --port 9000", "--listen 127.0.0.1:9000"),
        ("serve --max-line 0", "1 or more"),
        ("serve --max-line -1", "1 or more"),
        ("serve --max-connections -1", "0 for no limit"),
        ("serve --idle-timeout -1", "0 for none"),
    ] {
        let outcome = bench.run(line);
        assert_is_usage_error(&outcome, line);
        assert!(outcome.stderr.contains(advice), "{line}: {outcome:?}");
    }
    for (name, value) in [
        ("LINECHAT_MAX_LINE", "many"),
        ("LINECHAT_STDIO", "perhaps"),
        ("LINECHAT_LISTEN", "here"),
        ("LINECHAT_GRACE", "-1"),
    ] {
        let outcome = bench.finish(bench.launch("serve").env(name, value));
        assert_is_usage_error(&outcome, name);
        assert!(outcome.stderr.contains(name), "{name}: {outcome:?}");
    }
}

fn help_names_every_option_on_standard_output(bench: &Bench) {
    for asked in ["--help", "help"] {
        let brief = bench.run(asked);
        assert_eq!((brief.status, brief.stderr.as_str()), (0, ""), "{brief:?}");
        assert!(
            brief.stdout.contains("serve") && brief.stdout.contains("connect"),
            "{brief:?}"
        );
    }

    let help = bench.run("serve --help");
    assert_eq!((help.status, help.stderr.as_str()), (0, ""), "{help:?}");
    for option in [
        "--listen",
        "--stdio",
        "--no-listen",
        "--uppercase",
        "--framing",
        "--pause",
        "--full-duplex",
        "--max-line",
        "--max-backlog",
        "--stall-timeout",
        "--max-buffered",
        "--max-connections",
        "--max-connections-per-ip",
        "--login-timeout",
        "--idle-timeout",
        "--rate-limit",
        "--max-rooms",
        "--max-rooms-per-user",
        "--max-users",
        "--grace",
        "--drain",
        "--config",
        "--check-config",
        "--log-format",
        "8192",
        "65536",
    ] {
        assert!(
            help.stdout.contains(option),
            "no {option} in {}",
            help.stdout
        );
    }
}

fn version_is_on_standard_output(bench: &Bench) {
    for asked in ["--version", "version"] {
        let outcome = bench.run(asked);
        assert_eq!(
            (outcome.status, outcome.stderr.as_str()),
            (0, ""),
            "{outcome:?}"
        );
        assert!(
            outcome.stdout.contains(|c: char| c.is_ascii_digit()),
            "{outcome:?}"
        );
    }
}

fn each_signal_ends_the_program_with_status_0(bench: &Bench) {
    for dialect in ["echo", "relay", "addressed", "rooms", "pair", "direct"] {
        for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
            let mut server = bench.serve(dialect);
            let mut peer = server.peer("peer");
            // The server has to know the peer before it can end the connection in order.
            peer.send("peer\n");
            match dialect {
                "echo" => peer.expect("peer\n"),
                "addressed" => peer.expect(format!("[{}] peer\n", peer.address())),
                "rooms" => heard_nothing_else(&mut peer),
                "direct" => peer.expect("BAD-RQST-HDR\n"),
                "relay" => drop(relay_peer(&server, "other", &mut [&mut peer])),
                _ => server.console("operator").expect("peer\n"),
            }
            server.signal(signal);
            peer.expect_end();
            // Nobody has to wait for what it might still send.
            drop(peer);
            assert_eq!(server.exit_status(), 0, "{dialect}");
        }
    }
}

/// A user of `rooms` who does not read, and for whom more is queued than the kernel takes.
/// Returns it with what it has been sent, and the sender.
#[track_caller]
fn with_queued_output(server: &Running) -> (Peer, String, Peer) {
    let lazy = register(server.slow_peer("lazy"), "lazy");
    let mut sender = user(server, "sender");
    let text = "x".repeat(8000);
    (0..1000).for_each(|_| sender.send(format!("#lazy {text}\n")));
    heard_nothing_else(&mut sender);
    (lazy, format!("#sender: {text}\r\n").repeat(1000), sender)
}

const ROOMY: &str = "--max-backlog 16777216";

fn queued_output_is_flushed_before_the_end(bench: &Bench) {
    for signal in [Signal::TERM, Signal::HUP] {
        let mut server = bench.serve(&format!("rooms {ROOMY} --grace 60"));
        let (mut lazy, queued, _sender) = with_queued_output(&server);
        server.signal(signal);
        server.wait_until_refusing();
        lazy.expect_last(queued);
        assert_eq!(server.exit_status(), 0);
    }
}

fn grace_bounds_the_flush(bench: &Bench) {
    let mut server = bench.serve(&format!("rooms {ROOMY} --grace 1"));
    let (_lazy, _, _sender) = with_queued_output(&server);
    let start = Instant::now();
    assert_eq!(server.terminate(), 0);
    let took = start.elapsed();
    assert!(took > Duration::from_millis(900), "gave up after {took:?}");
    assert!(
        took < Duration::from_millis(4500),
        "one second of grace took {took:?}"
    );
}

fn a_second_signal_ends_at_once(bench: &Bench) {
    for (second, status) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let mut server = bench.serve(&format!("rooms {ROOMY} --grace 600"));
        let (_lazy, _, _sender) = with_queued_output(&server);
        server.signal(Signal::TERM);
        server.wait_until_refusing();
        server.signal(second);
        assert_eq!(server.exit_status(), status);
    }
}

/// Whoever starts a server with `nohup` wants it to outlive the terminal.
fn nohup_is_respected(bench: &Bench) {
    let launch = bench
        .launch("serve echo --listen 127.0.0.1:0")
        .after("trap '' HUP");
    let mut server = bench.start_listening(launch);
    let mut peer = server.peer("peer");
    server.signal(Signal::HUP);
    peer.asks("hi\n", "hi\n");
    server.signal(Signal::HUP);
    peer.asks("still there\n", "still there\n");
    assert_eq!(server.terminate(), 0);
}

fn a_stopped_server_can_be_started_again_on_its_port(bench: &Bench) {
    // Other cases' connections never take a port of this address.
    let mut server = bench.serve_on("127.0.0.3:0", "echo");
    let address = server.addresses()[0].to_string();
    for _ in 0..3 {
        let mut peers: Vec<_> = (0..5).map(|_| server.peer("peer")).collect();
        peers.iter_mut().for_each(|peer| peer.asks("hi\n", "hi\n"));
        assert_eq!(server.terminate(), 0);
        peers.iter_mut().for_each(Peer::expect_end);
        server = bench.serve_on(&address, "echo");
    }
}

fn running_out_of_descriptors_pauses_accepting(bench: &Bench) {
    let launch = bench
        .launch("serve echo --listen 127.0.0.1:0")
        .limited("-n 64");
    let server = bench.start_listening(launch);
    let log = outlives_a_crowd(&server, 150);
    let complaint = "Too many open files";
    let warnings = log.lines().filter(|line| line.contains(complaint));
    assert_eq!(warnings.count(), 1, "warnings in less than a minute");
}

/// A thread that has started, and gets no memory for its signals, would end the whole program.
fn running_out_of_address_space_ends_nobody(bench: &Bench) {
    let launch = bench
        .launch("serve echo --max-buffered 4194304 --listen 127.0.0.1:0")
        .limited("-v 60000");
    outlives_a_crowd(&bench.start_listening(launch), 500);
}

fn running_out_of_threads_pauses_accepting(bench: &Bench) {
    let launch = bench.launch("serve echo --listen 127.0.0.1:0");
    let Some(launch) = launch.with_few_threads(40) else {
        return bench.skip("only root can start a program as a user with fewer threads");
    };
    outlives_a_crowd(&bench.start_listening(launch), 150);
}

/// A server that may lack something for a crowd goes on serving, closes nobody, and serves who
/// waited once the crowd has left. Returns what it has logged.
#[track_caller]
fn outlives_a_crowd(server: &Running, crowd: usize) -> String {
    let mut first = server.peer("first");
    first.asks("first\n", "first\n");
    // Few enough for usual listen queues to hold those who are not accepted.
    let crowd: Vec<_> = (0..crowd).map(|_| server.stream()).collect();
    let mut last = server.peer("last");
    last.send("last\n");
    eventually("the last is served or waits", || {
        let waits = server.stderr().text().contains("cannot accept");
        (waits || is_readable(last.stream())).then_some(())
    });
    for _ in 0..3 {
        first.asks("still served\n", "still served\n");
    }
    let closed = crowd.iter().filter(|stream| is_readable(stream)).count();
    assert_eq!(closed, 0, "of the crowd are closed");
    drop(crowd);
    last.expect("last\n");
    server.peer("next").asks("next\n", "next\n");
    first.asks("still served\n", "still served\n");
    server.stderr().text()
}

/// Whether bytes have come, or the end.
fn is_readable(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).expect("can look");
    let looked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).expect("can wait again");
    !looked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

fn a_limit_that_the_system_has_no_room_for_is_capped_and_said(bench: &Bench) {
    if bench.program().is_event_driven() {
        return bench.skip("only a thread for each connection takes what the system has little of");
    }
    let launch = bench
        .launch("serve echo -v --listen 127.0.0.1:0")
        .limited("-v 60000");
    let server = bench.start_listening(launch);
    let told = |log: &str| log.contains("serving at most ").then_some(());
    server.stderr().wait_for("how many are served", told);

    let launch = bench
        .launch("serve echo -q --max-connections 100000 --listen 127.0.0.1:0")
        .limited("-v 60000");
    let server = bench.start_listening(launch);
    let told = |log: &str| {
        let warning = log.lines().find(|line| line.contains("not 100000"))?;
        warning.contains("RLIMIT_AS").then_some(())
    };
    server.stderr().wait_for("a warning that says why", told);
    let told = |log: &str| log.contains("lower --max-buffered to ").then_some(());
    server.stderr().wait_for("what to do about backlogs", told);
}

fn the_soft_limit_of_descriptors_is_raised(bench: &Bench) {
    let launch = bench
        .launch("serve echo --listen 127.0.0.1:0")
        .limited("-S -n 64");
    let server = bench.start_listening(launch);
    let mut crowd: Vec<_> = (0..100).map(|_| server.peer("one of many")).collect();
    crowd.iter_mut().for_each(|peer| peer.asks("hi\n", "hi\n"));
}

const DIALECTS: [&str; 6] = [
    "echo --framing lines",
    "relay",
    "addressed",
    "rooms",
    "pair --full-duplex",
    "direct",
];

fn logs_show_nothing_raw(bench: &Bench) {
    for dialect in DIALECTS {
        let mut server = bench.serve(&format!("{dialect} -vvv"));
        let _operator = server.console("operator");
        for line in [
            b"\x1b[31mred\x07\x08\n".as_slice(),
            b"HELLO-FROM \x1b[31mred\x07\n",
            b"me\n#\x1b]0;title\x07 hi\n",
            b"\xc2\x9b31m\r\x7f\n",
        ] {
            let mut peer = server.peer("peer");
            // The server may refuse it at once, and what it says does not matter here.
            let _ = peer.try_send(line);
            peer.half_close();
            peer.until_gone();
        }
        server.terminate();
        assert_nothing_raw(&server);
    }
}

/// In a name nearly everything may be, and what a browser says is quoted when it is refused.
fn what_peers_choose_is_quoted_in_logs(bench: &Bench) {
    let mut server = bench.serve("direct -vvv");
    let mut peer = server.peer("peer");
    peer.asks("HELLO-FROM \u{200e}\"=x\\\n", "HELLO \u{200e}\"=x\\\n");
    server.terminate();
    let log = server.stderr().text();
    assert!(log.contains(r#""\u{200e}\"=x\\""#), "{log}");
    assert_nothing_raw(&server);

    let mut server = bench.serve_on("http://127.0.0.1:0", "-vvv");
    let host = server.door();
    let mut peer = server.peer("browser");
    peer.send(format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nOrigin: \u{202e}\u{9b}31m\r\n\r\n"
    ));
    peer.rest();
    server.terminate();
    let log = server.stderr().text();
    assert!(log.contains("pages from the origin"), "{log}");
    assert!(log.contains(r"\u{202e}"), "{log}");
    assert_nothing_raw(&server);
}

#[track_caller]
fn assert_nothing_raw(server: &Running) {
    let log = String::from_utf8(server.stderr().bytes()).expect("logs are UTF-8");
    let is_direction = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let raw = log
        .chars()
        .find(|&c| (c.is_control() && c != '\n') || is_direction(c));
    assert_eq!(raw, None, "logged raw: {log:?}");
}

fn chat_is_not_logged(bench: &Bench) {
    for dialect in DIALECTS {
        let mut server = bench.serve(dialect);
        let mut operator = server.console("operator");
        let mut peer = server.peer("peer");
        operator.send("the secret word\n");
        peer.send("me\nthe secret word\n#me the secret word\n");
        peer.send("HELLO-FROM me\nSEND me the secret word\n");
        peer.half_close();
        peer.rest();
        assert_eq!(server.terminate(), 0);
        let log = server.stderr().text();
        assert!(!log.contains("secret"), "{dialect}: {log}");
    }
}

fn quiet_logs_no_connections(bench: &Bench) {
    let free = TcpListener::bind("127.0.0.4:0").expect("a free port");
    let address = free.local_addr().expect("a bound socket has an address");
    drop(free);
    let mut server = bench.start(bench.launch(&format!("serve echo -q --listen {address}")));
    for _ in 0..3 {
        let mut peer = eventually("the server listens", || {
            std::net::TcpStream::connect(address).ok()?;
            Some(server.peer_at(address, "peer"))
        });
        peer.asks("hi\n", "hi\n");
        peer.half_close();
        peer.expect_end();
    }
    assert_eq!(server.terminate(), 0);
    let log = server.stderr().text();
    let chatter: Vec<_> = log
        .lines()
        .filter(|line| !line.contains("listening on"))
        .collect();
    assert!(chatter.is_empty(), "{chatter:?}");
}

fn json_logs_are_objects(bench: &Bench) {
    let mut server = bench.serve("rooms --log-format json -vv");
    let mut peer = user(&server, "peer");
    peer.asks("\"quoted\" \\ \u{1F600}\n!users\n", "peer\r\n");
    peer.reset();
    assert_eq!(server.terminate(), 0);
    let log = server.stderr().text();
    assert!(!log.is_empty());
    for line in log.lines() {
        assert!(is_json_object(line), "{line}");
    }
}

/// Whether `line` has the shape of one JSON object: its braces, brackets and strings match.
fn is_json_object(line: &str) -> bool {
    let (mut open, mut in_string, mut escaped) = (Vec::new(), false, false);
    for (index, c) in line.char_indices() {
        if open.is_empty() && index > 0 {
            return false;
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '{' | '[' if !in_string => open.push(c),
            '}' if !in_string && open.pop() != Some('{') => return false,
            ']' if !in_string && open.pop() != Some('[') => return false,
            _ => {}
        }
    }
    line.starts_with('{') && open.is_empty() && !in_string
}
