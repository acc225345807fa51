//! What operators need: a server that goes away in peace, numbers to look at, words that say what to
//! do.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::*;

cases![
    a_server_that_drains_tells_everybody_and_ends_as_soon_as_all_have_left,
    a_server_that_drains_accepts_nobody_and_serves_those_who_are_there,
    a_drain_has_an_end,
    a_second_signal_ends_a_drain_at_once,
    without_anybody_to_wait_for_a_server_that_would_drain_ends,
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
