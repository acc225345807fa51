//! How connections come, end, and are kept from harming each other.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::*;

cases![
    what_came_before_a_half_close_is_answered,
    a_half_closed_peer_counts_as_left,
    a_peer_that_resets_frees_its_name_at_once,
    a_reset_in_the_middle_of_a_line_sends_nobody_a_torn_line,
    one_peer_s_end_disturbs_nobody_else,
    a_peer_that_stops_reading_is_closed_and_nobody_waits_for_it,
    whoever_reads_promptly_is_no_slow_consumer_however_small_the_limit,
    a_peer_that_floods_requests_gets_every_answer_once_it_reads,
    a_peer_that_takes_nothing_for_the_stall_timeout_is_closed,
    past_the_memory_of_all_backlogs_the_largest_is_closed,
    past_max_connections_peers_wait_until_one_leaves,
    past_max_connections_per_ip_a_peer_is_closed_at_once,
    those_refused_for_their_address_keep_nobody_s_place,
    what_is_sent_with_urgent_data_is_heard_at_once,
    who_does_not_register_by_the_login_timeout_is_closed,
    who_does_not_log_in_by_the_login_timeout_is_closed_however_busy,
    who_is_silent_for_the_idle_timeout_is_closed,
    a_program_that_was_stopped_closes_nobody_who_spoke_meanwhile,
    a_program_that_was_stopped_closes_nobody_who_reads_again,
    a_rate_limit_delays_and_loses_nothing,
    a_peer_whose_messages_wait_for_the_rate_limit_is_not_idle,
    one_listener_serves_both_families_and_shows_ipv4_as_such,
    idle_connections_cost_no_processor_time,
    a_half_closed_peer_that_does_not_read_costs_no_processor_time,
];

fn what_came_before_a_half_close_is_answered(bench: &Bench) {
    let server = bench.serve("direct");
    let mut peer = server.peer("peer");
    let requests = "LIST\n".repeat(500);
    peer.send(format!("HELLO-FROM me\n{requests}"));
    peer.half_close();
    peer.expect_last(format!("HELLO me\n{}", "LIST-OK me\n".repeat(500)));
}

fn a_half_closed_peer_counts_as_left(bench: &Bench) {
    let server = bench.serve("direct");
    let mut leaver = member(&server, "leaver");
    let mut other = member(&server, "other");
    leaver.half_close();
    leaver.expect_end();
    until_answered(&mut other, "LIST\n", "LIST-OK other\n");
}

fn a_peer_that_resets_frees_its_name_at_once(bench: &Bench) {
    let server = bench.serve("direct");
    let mut other = member(&server, "other");
    for _ in 0..10 {
        member(&server, "leaver").reset();
        until_answered(&mut other, "LIST\n", "LIST-OK other\n");
    }
}

fn a_reset_in_the_middle_of_a_line_sends_nobody_a_torn_line(bench: &Bench) {
    let server = bench.serve("addressed");
    let (mut listener, _) = addressed_peer(&server, "listener", &mut []);
    for _ in 0..10 {
        let (mut leaver, tag) = addressed_peer(&server, "leaver", &mut [&mut listener]);
        leaver.send("half a li");
        leaver.reset();
        listener.expect(format!("{tag}(disconnected)\n"));
    }
}

fn one_peer_s_end_disturbs_nobody_else(bench: &Bench) {
    let server = bench.serve("rooms");
    let (mut alice, mut bob) = (user(&server, "alice"), user(&server, "bob"));
    let endings: [fn(Peer); 4] = [
        Peer::reset,
        drop,
        |mut peer| peer.half_close(),
        |mut peer| peer.send("!quit\n"),
    ];
    for end in endings {
        let mut leaver = user(&server, "leaver");
        leaver.send("!enter den\n");
        heard_nothing_else(&mut leaver);
        end(leaver);
        alice.send("anybody?\n");
        bob.expect("alice: anybody?\r\n");
        until_answered(&mut alice, "!users\n", "alice bob\r\n");
    }
}

fn a_peer_that_stops_reading_is_closed_and_nobody_waits_for_it(bench: &Bench) {
    let server = bench.serve("rooms --max-backlog 65536");
    let mut slow = register(server.slow_peer("slow"), "slow");
    let (mut sender, mut witness) = (user(&server, "sender"), user(&server, "witness"));
    let text = "x".repeat(1000);
    let mut sent = 0;
    eventually("the slow consumer is closed", || {
        for _ in 0..50 {
            let message = format!("{sent} {text}");
            sender.send(format!("{message}\n"));
            witness.expect(format!("sender: {message}\r\n"));
            sent += 1;
        }
        sender.send("!users\n");
        (sender.line() == "sender witness\r\n").then_some(())
    });
    let received = slow.until_gone();
    assert_whole_and_in_order(&received, |n| format!("sender: {n} {text}\r\n"));
    heard_nothing_else(&mut witness);
}

fn whoever_reads_promptly_is_no_slow_consumer_however_small_the_limit(bench: &Bench) {
    const TALKERS: usize = 4;
    const LINES: usize = 200;
    let server = bench.serve("relay --max-backlog 1");
    let mut talkers = vec![server.peer("talker0")];
    for n in 1..TALKERS {
        let mut others: Vec<_> = talkers.iter_mut().collect();
        let talker = relay_peer(&server, &format!("talker{n}"), &mut others);
        talkers.push(talker);
    }
    thread::scope(|scope| {
        for talker in &talkers {
            let mut stream = talker.stream();
            scope.spawn(move || (0..LINES).try_for_each(|_| stream.write_all(b"hello\n")));
            scope.spawn(move || {
                let mut heard = vec![0; (TALKERS - 1) * LINES * "hello\n".len()];
                stream.set_read_timeout(Some(PATIENCE)).expect("waits");
                let heard = stream.read_exact(&mut heard).map(|()| heard);
                let heard = heard.expect("hears all others");
                assert!(heard == b"hello\n".repeat((TALKERS - 1) * LINES));
            });
        }
    });
}

fn a_peer_that_floods_requests_gets_every_answer_once_it_reads(bench: &Bench) {
    let server = bench.serve("direct --max-backlog 65536");
    let mut other = member(&server, "other");
    let mut flooder = log_in(server.slow_peer("flooder"), "flooder");
    let text = "x".repeat(1000);
    let request = format!("SEND flooder {text}\n");
    let (requests, rest) = flooder.flood(request.as_bytes(), 60_000);
    other.asks("LIST\n", "LIST-OK flooder,other\n");

    let mut writer = flooder.stream().try_clone().expect("another handle");
    thread::scope(|scope| {
        scope.spawn(move || {
            writer.write_all(&rest).expect("the rest is taken");
            writer
                .shutdown(std::net::Shutdown::Write)
                .expect("half-closes");
        });
        let answer = format!("DELIVERY flooder {text}\nSEND-OK\n");
        let answers = flooder.rest();
        assert!(
            answers == answer.repeat(requests).as_bytes(),
            "{requests} requests got {} bytes of answers",
            answers.len()
        );
    });
}

fn a_peer_that_takes_nothing_for_the_stall_timeout_is_closed(bench: &Bench) {
    let server = bench.serve("rooms --stall-timeout 1 --max-backlog 67108864");
    let _stalled = register(server.slow_peer("stalled"), "stalled");
    let mut sender = user(&server, "sender");
    let message = format!("#stalled {}\n", "x".repeat(8000));
    (0..1500).for_each(|_| sender.send(&message));
    until_answered(&mut sender, "!users\n", "sender\r\n");
}

fn past_the_memory_of_all_backlogs_the_largest_is_closed(bench: &Bench) {
    let limits = "--max-buffered 4194304 --max-backlog 67108864";
    let server = bench.serve(&format!("rooms {limits}"));
    let _greedy = register(server.slow_peer("greedy"), "greedy");
    let mut modest = register(server.slow_peer("modest"), "modest");
    let mut sender = user(&server, "sender");
    let text = "x".repeat(4000);
    let mut rounds = 0;
    eventually("the largest backlog is dropped", || {
        (0..9).for_each(|_| sender.send(format!("#greedy {text}\n")));
        sender.send(format!("#modest {rounds} {text}\n"));
        rounds += 1;
        // Before it come refusals, once there is no greedy any more.
        sender.send(MARKER);
        sender.skip_to(MARKER_ANSWER);
        sender.send("!users\n");
        (sender.line() == "modest sender\r\n").then_some(())
    });
    for round in 0..rounds {
        modest.expect(format!("#sender: {round} {text}\r\n"));
    }
    heard_nothing_else(&mut modest);
}

fn past_max_connections_peers_wait_until_one_leaves(bench: &Bench) {
    let server = bench.serve("echo --max-connections 2");
    let (mut first, mut second) = (server.peer("first"), server.peer("second"));
    first.asks("first\n", "first\n");
    second.asks("second\n", "second\n");
    let mut third = server.peer("third");
    third.send("third\n");
    first.asks("first\n", "first\n");
    second.asks("second\n", "second\n");
    third.expect_silence_so_far();
    drop(first);
    third.expect("third\n");
    second.asks("second\n", "second\n");
}

fn past_max_connections_per_ip_a_peer_is_closed_at_once(bench: &Bench) {
    let server = bench.serve("echo --max-connections-per-ip 1");
    let mut first = server.peer("first");
    first.asks("first\n", "first\n");
    assert_eq!(server.peer("second").until_gone(), b"");
    let elsewhere = IpAddr::from(Ipv4Addr::new(127, 0, 0, 2));
    server
        .peer_from(elsewhere, "elsewhere")
        .asks("elsewhere\n", "elsewhere\n");
    first.asks("first\n", "first\n");
    drop(first);
    eventually("the place is free again", || {
        let mut next = server.peer("next");
        // The server may be faster with its refusal.
        let _ = next.try_send("next\n");
        next.try_line().filter(|line| line == "next\n")
    });
}

fn those_refused_for_their_address_keep_nobody_s_place(bench: &Bench) {
    let server = bench.serve("echo --max-connections 3 --max-connections-per-ip 1");
    let mut first = server.peer("first");
    first.asks("first\n", "first\n");
    let refused: Vec<_> = (0..100).map(|_| server.stream()).collect();
    let elsewhere = IpAddr::from(Ipv4Addr::new(127, 0, 0, 2));
    server
        .peer_from(elsewhere, "elsewhere")
        .asks("elsewhere\n", "elsewhere\n");
    drop(refused);
}

/// A read ends before an urgent byte, whatever comes after it.
fn what_is_sent_with_urgent_data_is_heard_at_once(bench: &Bench) {
    let server = bench.serve("echo");
    let mut peer = server.peer("peer");
    for _ in 0..5 {
        peer.send_urgently("hello\n");
        peer.expect("hello\n");
    }
}

fn who_does_not_register_by_the_login_timeout_is_closed(bench: &Bench) {
    let server = bench.serve("rooms --login-timeout 1");
    let mut registered = user(&server, "registered");
    let start = Instant::now();
    let mut silent = server.peer("silent");
    let mut half = server.peer("half");
    half.send("half-a-ni");
    silent.expect_end();
    half.expect_end();
    assert_took_a_second(start);
    heard_nothing_else(&mut registered);
}

fn who_does_not_log_in_by_the_login_timeout_is_closed_however_busy(bench: &Bench) {
    let server = bench.serve("direct --login-timeout 1");
    let mut logged_in = member(&server, "in");
    let start = Instant::now();
    let mut open = vec![
        (server.peer("refused"), "HELLO-FROM in\n"),
        (server.peer("trickling"), "x"),
    ];
    while !open.is_empty() {
        open.retain_mut(|(peer, bytes)| {
            let _ = peer.try_send(bytes);
            !peer.ends_soon()
        });
        assert!(
            start.elapsed() < crate::patience::PATIENCE,
            "busy peers are not closed"
        );
    }
    assert_took_a_second(start);
    logged_in.asks("LIST\n", "LIST-OK in\n");
}

/// Timers may be late on a busy machine, but not early.
#[track_caller]
fn assert_took_a_second(start: Instant) {
    let took = start.elapsed();
    assert!(took > Duration::from_millis(900), "closed after {took:?}");
}

fn who_is_silent_for_the_idle_timeout_is_closed(bench: &Bench) {
    let server = bench.serve("echo --idle-timeout 1");
    let mut busy = server.peer("busy");
    let start = Instant::now();
    let mut silent = server.peer("silent");
    eventually("the silent peer is closed", || {
        busy.asks("busy\n", "busy\n");
        silent.ends_soon().then_some(())
    });
    assert_took_a_second(start);
    busy.asks("busy\n", "busy\n");
    busy.expect_end();
}

/// What came while nobody could listen was said all the same.
fn a_program_that_was_stopped_closes_nobody_who_spoke_meanwhile(bench: &Bench) {
    let server = bench.serve("echo --framing lines --idle-timeout 4");
    let mut peers: Vec<_> = (0..20).map(|_| server.peer("peer")).collect();
    peers.iter_mut().for_each(|peer| peer.asks("hi\n", "hi\n"));
    server.stop();
    peers.iter_mut().for_each(|peer| peer.send("still here\n"));
    wait_for_six_seconds(bench);
    server.signal(Signal::CONT);
    for peer in &mut peers {
        peer.expect("still here\n");
    }
}

fn a_program_that_was_stopped_closes_nobody_who_reads_again(bench: &Bench) {
    let server = bench.serve("rooms --stall-timeout 4 --max-backlog 67108864");
    let mut lazy = register(server.slow_peer("lazy"), "lazy");
    let mut sender = user(&server, "sender");
    let text = "x".repeat(8000);
    (0..500).for_each(|_| sender.send(format!("#lazy {text}\n")));
    heard_nothing_else(&mut sender);
    server.stop();
    thread::scope(|scope| {
        let reader = scope.spawn(|| lazy.expect(format!("#sender: {text}\r\n").repeat(500)));
        wait_for_six_seconds(bench);
        server.signal(Signal::CONT);
        reader.join().expect("everything comes");
    });
}

/// By the timer of another program.
#[track_caller]
fn wait_for_six_seconds(bench: &Bench) {
    let clock = bench.serve("rooms --login-timeout 6");
    clock.peer("clock").expect_end();
}

fn a_rate_limit_delays_and_loses_nothing(bench: &Bench) {
    let server = bench.serve("echo --framing lines --rate-limit 20");
    let mut peer = server.peer("peer");
    let lines: String = (0..60).map(|n| format!("{n}\n")).collect();
    let start = Instant::now();
    peer.asks(&lines, &lines);
    // Twenty at once, forty more at twenty a second.
    let took = start.elapsed();
    assert!(
        took > Duration::from_millis(1800),
        "60 messages in {took:?}"
    );
}

fn a_peer_whose_messages_wait_for_the_rate_limit_is_not_idle(bench: &Bench) {
    let server = bench.serve("echo --framing lines --rate-limit 1 --idle-timeout 1");
    let mut peer = server.peer("peer");
    peer.asks("1\n2\n3\n4\n", "1\n2\n3\n4\n");
    peer.expect_end();
}

fn one_listener_serves_both_families_and_shows_ipv4_as_such(bench: &Bench) {
    if !bench.has_ipv6() {
        return;
    }
    let server = bench.serve_on("[::]:0", "addressed");
    let port = server.addresses()[0].port();
    let (mut v6, tag) = addressed_peer(&server, "v6", &mut []);
    assert!(tag.starts_with("[[::1]:"), "{tag}");
    let mut v4 = server.peer_at((Ipv4Addr::LOCALHOST, port).into(), "v4");
    let tag = format!("[127.0.0.1:{}] ", v4.address().port());
    v6.expect(format!("{tag}(connected)\n"));
    v4.asks("hi\n", format!("{tag}hi\n"));
    v6.expect(format!("{tag}hi\n"));
}

fn idle_connections_cost_no_processor_time(bench: &Bench) {
    let server = bench.serve("rooms --login-timeout 2");
    let mut idle: Vec<_> = (0..200)
        .map(|n| user(&server, &format!("idle{n}")))
        .collect();
    // It may look once more at each of them when the time to register is over.
    server.peer("first").expect_end();
    assert_hardly_works(&server);
    idle.iter_mut().for_each(heard_nothing_else);
}

fn a_half_closed_peer_that_does_not_read_costs_no_processor_time(bench: &Bench) {
    let server = bench.serve("rooms --login-timeout 2 --max-backlog 67108864");
    // A long list makes short requests into more answers than the kernel would buffer.
    let _crowd: Vec<_> = (0..100)
        .map(|n| user(&server, &format!("{n:032}")))
        .collect();
    let mut lazy = register(server.slow_peer("lazy"), "lazy");
    lazy.send("!users\n".repeat(4000));
    lazy.half_close();
    // One login timeout for the answers to be made, and one to see what comes after them.
    server.peer("first").expect_end();
    assert_hardly_works(&server);
    assert_eq!(lazy.rest().len(), 4000 * (100 * 33 + "lazy\r\n".len()));
}

/// Insists that the server is idle while nothing happens, for the two seconds of a login timeout.
#[track_caller]
fn assert_hardly_works(server: &Running) {
    let before = (server.cpu_ticks(), server.wakeups());
    server.peer("clock").expect_end();
    let ticks = server.cpu_ticks() - before.0;
    let wakeups = server.wakeups().saturating_sub(before.1);
    // The one who comes and is closed takes a few of them.
    assert!(ticks <= 4, "an idle server worked for {ticks} of 200 ticks");
    assert!(
        wakeups <= 40,
        "an idle server woke up {wakeups} times in two seconds"
    );
}
