//! What operators need: a server that goes away in peace, numbers to look at, words that say what to
//! do.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::*;
use crate::tls::Pair;

cases![
    a_server_that_drains_tells_everybody_and_ends_as_soon_as_all_have_left,
    a_server_that_drains_accepts_nobody_and_serves_those_who_are_there,
    a_drain_has_an_end,
    a_second_signal_ends_a_drain_at_once,
    without_anybody_to_wait_for_a_server_that_would_drain_ends,
    the_numbers_are_fresh_at_each_scrape,
    what_is_said_and_heard_is_counted,
    who_left_is_counted_by_the_reason,
    handshakes_and_the_end_of_the_certificate_are_told_where_there_is_tls,
    scrapers_are_not_counted_and_are_welcome_when_the_server_is_full,
    numbers_are_there_when_the_system_has_no_thread_for_one_more_peer,
    a_server_that_drains_is_healthy_and_not_ready,
    a_server_that_waits_for_the_others_is_healthy_and_not_ready,
    what_is_no_page_of_numbers_is_refused_and_disturbs_nobody,
    prometheus_finds_nothing_wrong_with_the_numbers,
];

fn a_server_that_drains_tells_everybody_and_ends_as_soon_as_all_have_left(bench: &Bench) {
    let mut server = bench.serve_together(&["rooms", "irc", "direct"], "--drain 600");
    let mut alice = register(server.peer_of("rooms", "alice"), "alice");
    let mut bob = server.peer_of("irc", "bob");
    bob.send("NICK bob\r\nUSER b 0 * :b\r\nPING 1\r\n");
    bob.skip_to(":linechat.local PONG linechat.local :1\r\n");
    let mut carol = log_in(server.peer_of("direct", "carol"), "carol");
    server.signal(Signal::TERM);
    let words = "this server goes away, in 600 s at the latest\r\n";
    alice.expect(format!("!notice {words}"));
    bob.expect(format!(":linechat.local NOTICE * :{words}"));
    was_sent_nothing_else(&mut carol);
    logs(
        &server,
        "draining: 3 connections may leave by themselves, for 600 s at most",
    );
    alice.send("!quit\n");
    alice.expect_end();
    bob.send("QUIT\r\n");
    bob.until_gone();
    assert!(!server.has_ended());
    carol.half_close();
    carol.expect_end();
    assert_eq!(server.exit_status(), 0);
}

fn a_server_that_drains_accepts_nobody_and_serves_those_who_are_there(bench: &Bench) {
    let mut server = bench.serve("rooms --drain 600");
    let (mut alice, mut bob) = (user(&server, "alice"), user(&server, "bob"));
    server.signal(Signal::TERM);
    server.wait_until_refusing();
    for peer in [&mut alice, &mut bob] {
        peer.expect("!notice this server goes away, in 600 s at the latest\r\n");
    }
    alice.send("see you\n");
    bob.expect("alice: see you\r\n");
    // Who vanishes has left, too.
    alice.reset();
    bob.reset();
    assert_eq!(server.exit_status(), 0);
}

fn a_drain_has_an_end(bench: &Bench) {
    let mut server = bench.serve("rooms --drain 1 --grace 60");
    let mut alice = user(&server, "alice");
    let start = Instant::now();
    server.signal(Signal::TERM);
    alice.expect_last("!notice this server goes away, in 1 s at the latest\r\n");
    let took = start.elapsed();
    assert!(took > Duration::from_millis(900), "closed after {took:?}");
    assert_eq!(server.exit_status(), 0);
}

fn a_second_signal_ends_a_drain_at_once(bench: &Bench) {
    for (second, status) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let mut server = bench.serve("rooms --drain 600");
        let mut alice = user(&server, "alice");
        server.signal(Signal::TERM);
        alice.expect("!notice this server goes away, in 600 s at the latest\r\n");
        server.signal(second);
        assert_eq!(server.exit_status(), status);
    }
}

fn without_anybody_to_wait_for_a_server_that_would_drain_ends(bench: &Bench) {
    for dialect in ["rooms", "echo", "pair"] {
        let mut server = bench.serve(&format!("{dialect} --drain 600"));
        assert_eq!(server.terminate(), 0, "{dialect}");
    }
}

/// Asks for a page, and returns its status and its body.
#[track_caller]
fn get(server: &Running, path: &str) -> (u16, String) {
    let mut scraper = server.peer_of("metrics", "scraper");
    scraper.send(format!(
        "GET {path} HTTP/1.1\r\nHost: numbers.example\r\n\r\n"
    ));
    // Who has said all may say so.
    scraper.half_close();
    let answer = String::from_utf8(scraper.rest()).expect("a page is text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole head");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    (status.expect("a status"), body.to_owned())
}

/// The value of one number now.
#[track_caller]
fn number(server: &Running, name: &str) -> f64 {
    let (status, page) = get(server, "/metrics");
    assert_eq!(status, 200, "{page}");
    let value = page
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let value = value.unwrap_or_else(|| panic!("no {name} in {page}"));
    value.parse().expect("a number")
}

/// Waits until a number is what it should be: who leaves is gone a moment later.
#[track_caller]
fn comes_to_be(server: &Running, name: &str, expected: f64) {
    eventually(name, || (number(server, name) == expected).then_some(()));
}

fn the_numbers_are_fresh_at_each_scrape(bench: &Bench) {
    let server = bench.serve_together(&["rooms", "direct", "metrics"], "");
    let expected = |name: &str, count: f64| assert_eq!(number(&server, name), count, "{name}");
    expected("linechat_users{dialect=\"rooms\"}", 0.0);
    let mut alice = register(server.peer_of("rooms", "alice"), "alice");
    expected("linechat_users{dialect=\"rooms\"}", 1.0);
    expected("linechat_connections{dialect=\"rooms\"}", 1.0);
    expected("linechat_connections{dialect=\"direct\"}", 0.0);
    alice.send("!enter den\n");
    heard_nothing_else(&mut alice);
    expected("linechat_rooms{dialect=\"rooms\"}", 1.0);
    let carol = log_in(server.peer_of("direct", "carol"), "carol");
    expected("linechat_users{dialect=\"direct\"}", 1.0);
    drop((alice, carol));
    comes_to_be(&server, "linechat_connections{dialect=\"rooms\"}", 0.0);
    comes_to_be(&server, "linechat_users{dialect=\"direct\"}", 0.0);
    expected("linechat_rooms{dialect=\"rooms\"}", 0.0);
    assert_eq!(number(&server, "linechat_backlog_bytes"), 0.0);
}

fn what_is_said_and_heard_is_counted(bench: &Bench) {
    let server = bench.serve_together(&["rooms", "metrics"], "");
    let mut people: Vec<_> = ["alice", "bob", "carol"]
        .map(|name| register(server.peer_of("rooms", name), name))
        .into();
    let [received, sent] = ["received", "sent"].map(|way| format!("linechat_{way}_bytes_total"));
    let before = [number(&server, &received), number(&server, &sent)];
    people[0].send("hello\n");
    for person in &mut people[1..] {
        person.expect("alice: hello\r\n");
    }
    assert_eq!(number(&server, "linechat_messages_total"), 1.0);
    assert_eq!(number(&server, "linechat_deliveries_total"), 2.0);
    assert_eq!(number(&server, &received) - before[0], 6.0);
    // What was written is known as that a moment after it was heard.
    comes_to_be(&server, &sent, before[1] + 28.0);
    let batches = number(&server, "linechat_batch_messages_sum");
    // Three nicknames, three markers and what was said.
    assert_eq!(batches, 7.0);
    let batches = number(&server, "linechat_batch_messages_count");
    comes_to_be(&server, "linechat_flush_seconds_count", batches);
}

fn who_left_is_counted_by_the_reason(bench: &Bench) {
    let server = bench.serve_together(&["rooms", "metrics"], "--max-connections-per-ip 2");
    let mut alice = register(server.peer_of("rooms", "alice"), "alice");
    let mut twin = server.peer_of("rooms", "twin");
    twin.send("alice\n");
    twin.expect_end();
    comes_to_be(
        &server,
        "linechat_closed_total{reason=\"nickname_in_use\"}",
        1.0,
    );
    let _bob = register(server.peer_of("rooms", "bob"), "bob");
    server.peer_of("rooms", "one too many").until_gone();
    comes_to_be(
        &server,
        "linechat_closed_total{reason=\"too_many_from_address\"}",
        1.0,
    );
    alice.send("!quit\n");
    alice.expect_end();
    comes_to_be(&server, "linechat_closed_total{reason=\"quit\"}", 1.0);
}

fn handshakes_and_the_end_of_the_certificate_are_told_where_there_is_tls(bench: &Bench) {
    let pair = Pair::new();
    let server = bench.serve_together(&["echo+tls", "metrics"], &pair.options());
    let of = |result: &str| format!("linechat_tls_handshakes_total{{result=\"{result}\"}}");
    assert_eq!(number(&server, &of("completed")), 0.0);
    let mut peer = server.peer_of("echo+tls", "peer").over_tls(&pair);
    peer.asks("hi\n", "hi\n");
    assert_eq!(number(&server, &of("completed")), 1.0);
    assert_eq!(number(&server, &of("failed")), 0.0);
    let mut stranger = server.peer_of("echo+tls", "stranger");
    stranger.send("what is this?\n");
    stranger.until_gone();
    comes_to_be(&server, &of("failed"), 1.0);
    // It counts once, and not again when it ends.
    peer.half_close();
    peer.expect_end();
    assert_eq!(number(&server, &of("completed")), 1.0);
    let expiry = number(&server, "linechat_tls_certificate_expiry_seconds");
    assert!(expiry > 2e9, "{expiry}");
}

fn scrapers_are_not_counted_and_are_welcome_when_the_server_is_full(bench: &Bench) {
    let options = "--max-connections 1 --max-connections-per-ip 1";
    let server = bench.serve_together(&["rooms", "metrics"], options);
    let mut alice = register(server.peer_of("rooms", "alice"), "alice");
    let mut waiting = server.peer_of("rooms", "waiting");
    waiting.send(MARKER);
    let idle: Vec<_> = (0..8).map(|_| server.peer_of("metrics", "idle")).collect();
    let (_, before) = get(&server, "/metrics");
    let (_, after) = get(&server, "/metrics");
    assert_eq!(before, after, "to look changes nothing");
    let connections = "linechat_connections{dialect=\"rooms\"}";
    assert_eq!(number(&server, connections), 1.0);
    waiting.expect_silence_so_far();
    drop((idle, waiting));
    alice.send("!quit\n");
    alice.expect_end();
    let log = server.stderr().wait_for("alice having left", |log| {
        Some(log.split_once("INFO left")?.0.to_owned())
    });
    assert_eq!(log.matches("connected").count(), 1, "{log}");
}

fn numbers_are_there_when_the_system_has_no_thread_for_one_more_peer(bench: &Bench) {
    let line = "serve rooms --listen rooms://127.0.0.1:0 --listen metrics://127.0.0.1:0";
    let Some(launch) = bench.launch(line).with_few_threads(60) else {
        return bench.skip("only root can start a program as a user with fewer threads");
    };
    let mut server = bench.start(launch);
    server.wait_until_listening(2);
    let crowd: Vec<_> = (0..100).map(|_| server.stream()).collect();
    let connections = "linechat_connections{dialect=\"rooms\"}";
    eventually("a crowd", || {
        (number(&server, connections) > 10.0).then_some(())
    });
    // Until nothing changes any more, since there is no room for one more.
    let mut before = 0.0;
    eventually("nobody more comes in", || {
        let now = number(&server, connections);
        (std::mem::replace(&mut before, now) == now).then_some(())
    });
    get(&server, "/metrics");
    drop(crowd);
    comes_to_be(&server, "linechat_connections{dialect=\"rooms\"}", 0.0);
}

fn a_server_that_drains_is_healthy_and_not_ready(bench: &Bench) {
    let mut server = bench.serve_together(&["rooms", "metrics"], "--drain 600");
    let mut alice = register(server.peer_of("rooms", "alice"), "alice");
    assert_eq!(get(&server, "/readyz"), (200, "ready\n".into()));
    assert_eq!(get(&server, "/healthz"), (200, "ok\n".into()));
    server.signal(Signal::TERM);
    alice.expect("!notice this server goes away, in 600 s at the latest\r\n");
    assert_eq!(get(&server, "/readyz").0, 503);
    assert_eq!(get(&server, "/healthz").0, 200);
    assert_eq!(
        number(&server, "linechat_connections{dialect=\"rooms\"}"),
        1.0
    );
    drop(alice);
    assert_eq!(server.exit_status(), 0);
}

fn a_server_that_waits_for_the_others_is_healthy_and_not_ready(bench: &Bench) {
    let nobody = bench.stage();
    let line = format!(
        "serve rooms --listen rooms://127.0.0.1:0 --listen metrics://127.0.0.1:0 \
         --link nats://{} --community x --node a",
        nobody.address()
    );
    let server = bench.start_listening(bench.launch(&line));
    let (status, reason) = get(&server, "/readyz");
    assert_eq!(
        (status, &*reason),
        (503, "the other servers cannot be reached\n")
    );
    assert_eq!(get(&server, "/healthz").0, 200);
    assert_eq!(number(&server, "linechat_link_up"), 0.0);
    assert_eq!(number(&server, "linechat_link_lag_entries"), 0.0);
    assert_eq!(
        number(&server, "linechat_connections{dialect=\"rooms\"}"),
        0.0
    );
}

fn what_is_no_page_of_numbers_is_refused_and_disturbs_nobody(bench: &Bench) {
    let server = bench.serve_together(&["rooms", "metrics"], "");
    let mut alice = register(server.peer_of("rooms", "alice"), "alice");
    assert_eq!(get(&server, "/").0, 404);
    assert_eq!(get(&server, "/ws").0, 404);
    for (said, status) in [
        ("POST /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "405"),
        ("NICK alice\r\n", "400"),
    ] {
        let mut stranger = server.peer_of("metrics", "stranger");
        stranger.send(said);
        let answer = String::from_utf8_lossy(&stranger.until_gone()).into_owned();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
    heard_nothing_else(&mut alice);
}

fn prometheus_finds_nothing_wrong_with_the_numbers(bench: &Bench) {
    let pair = Pair::new();
    let server = bench.serve_together(&["rooms", "irc+tls", "metrics"], &pair.options());
    let mut alice = register(server.peer_of("rooms", "alice"), "alice");
    alice.send("!quit\n");
    alice.expect_end();
    let (_, page) = get(&server, "/metrics");
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = promtool else {
        return bench.skip("there is no promtool");
    };
    let mut input = promtool.stdin.take().expect("it is piped");
    input.write_all(page.as_bytes()).expect("it reads");
    drop(input);
    let output = promtool.wait_with_output().expect("it ends");
    let found = [output.stdout, output.stderr].concat();
    assert_eq!(String::from_utf8_lossy(&found), "");
    assert!(output.status.success());
}
