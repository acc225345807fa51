//! The same dialects under TLS.

use std::fs;
use std::io::Write;
use std::path::Path;

use rustix::process::Signal;

use super::*;
use crate::tls::Pair;

cases![
    every_dialect_is_spoken_under_tls,
    both_versions_of_tls_are_spoken,
    those_with_tls_and_those_without_meet,
    a_peer_is_one_once_its_handshake_is_done,
    a_goodbye_is_an_end_of_input_after_which_answers_come,
    a_stream_that_is_cut_off_has_no_last_line,
    a_stream_cut_within_its_handshake_disturbs_nobody,
    the_end_of_a_server_is_said_in_tls,
    plain_text_is_answered_in_one_line_and_closed,
    tls_where_none_is_spoken_is_logged_as_that_and_closed,
    who_does_not_finish_a_handshake_is_closed,
    five_hundred_half_handshakes_hold_up_nobody,
    sighup_loads_the_pair_anew_and_connections_go_on,
    a_bad_pair_keeps_the_old_one_and_is_logged,
    without_files_sighup_ends_the_program,
    a_listener_without_a_certificate_is_a_usage_error_that_says_how_to_make_one,
    options_of_tls_without_a_listener_for_them_are_usage_errors,
    files_that_cannot_be_used_are_one_line_and_status_1,
    a_key_that_others_can_read_is_warned_of,
    a_certificate_made_at_start_is_told_by_its_pin,
];

/// A server that speaks one dialect under TLS alone.
#[track_caller]
fn serve(bench: &Bench, pair: &Pair, dialect: &str, options: &str) -> Running {
    let listen = format!("{dialect}+tls://127.0.0.1:0");
    bench.serve_on(&listen, &format!("{} {options}", pair.options()))
}

fn every_dialect_is_spoken_under_tls(bench: &Bench) {
    let pair = Pair::new();
    let server = serve(bench, &pair, "echo", "");
    server.secure_peer(&pair, "peer").asks("hi\n", "hi\n");

    let server = serve(bench, &pair, "relay", "");
    // In TLS 1.2 a client's handshake is done after the server's.
    let mut alice = server.secure_peer(&pair.in_old_version(), "alice");
    let mut bob = server.secure_peer(&pair, "bob");
    alice.send("I am alice\n");
    bob.send("I am bob\n");
    alice.expect("I am bob\n");
    alice.send("hello bob\n");
    bob.skip_to("hello bob\n");

    let server = serve(bench, &pair, "addressed", "");
    let mut alice = server.secure_peer(&pair, "alice");
    let own = format!("[{}] ", alice.address());
    alice.asks("hello\n", format!("{own}hello\n"));

    let server = serve(bench, &pair, "rooms", "");
    let mut alice = register(server.secure_peer(&pair, "alice"), "alice");
    let mut bob = register(server.secure_peer(&pair, "bob"), "bob");
    alice.send("hello\n");
    bob.expect("alice: hello\r\n");

    let server = serve(bench, &pair, "direct", "");
    let mut alice = log_in(server.secure_peer(&pair, "alice"), "alice");
    let mut bob = log_in(server.secure_peer(&pair, "bob"), "bob");
    alice.asks("SEND bob hello\n", "SEND-OK\n");
    bob.expect("DELIVERY alice hello\n");

    let mut server = serve(bench, &pair, "pair", "");
    let mut operator = server.console("operator");
    let mut client = server.secure_peer(&pair, "client");
    client.send("hello\n");
    operator.expect("hello\n");
    operator.send("hello yourself\n");
    client.expect("hello yourself\n");
}

fn both_versions_of_tls_are_spoken(bench: &Bench) {
    let pair = Pair::new();
    let server = serve(bench, &pair, "echo", "");
    for client in [&pair, &pair.in_old_version()] {
        let mut peer = server.secure_peer(client, "peer");
        peer.asks("hi\n", "hi\n");
        peer.half_close();
        peer.expect_end();
    }
}

fn those_with_tls_and_those_without_meet(bench: &Bench) {
    let pair = Pair::new();
    let server = bench.serve_together(&["rooms", "rooms+tls"], &pair.options());
    let mut plain = register(server.peer_of("rooms", "plain"), "plain");
    let secret = server.peer_of("rooms+tls", "secret").over_tls(&pair);
    let mut secret = register(secret, "secret");
    plain.send("hello\n");
    secret.expect("plain: hello\r\n");
    secret.send("hello yourself\n");
    plain.expect("secret: hello yourself\r\n");
}

fn a_peer_is_one_once_its_handshake_is_done(bench: &Bench) {
    let pair = Pair::new();
    let server = serve(bench, &pair, "addressed", "");
    let mut witness = server.secure_peer(&pair, "witness");
    let own = format!("[{}] ", witness.address());
    witness.asks("hello\n", format!("{own}hello\n"));
    let half = server.peer("half");
    let half_address = half.address();
    witness.asks("nobody?\n", format!("{own}nobody?\n"));
    let mut whole = half.over_tls(&pair);
    whole.asks("here\n", format!("[{half_address}] here\n"));
    witness.expect(format!(
        "[{half_address}] (connected)\n[{half_address}] here\n"
    ));
}

fn a_goodbye_is_an_end_of_input_after_which_answers_come(bench: &Bench) {
    let pair = Pair::new();
    let server = serve(bench, &pair, "direct", "");
    let mut alice = log_in(server.secure_peer(&pair, "alice"), "alice");
    alice.send("LIST");
    alice.half_close();
    alice.expect_last("LIST-OK alice\n");
}

fn a_stream_that_is_cut_off_has_no_last_line(bench: &Bench) {
    let pair = Pair::new();
    let server = serve(bench, &pair, "rooms", "");
    let mut witness = register(server.secure_peer(&pair, "witness"), "witness");
    let mut alice = register(server.secure_peer(&pair, "alice"), "alice");
    alice.send("transfer one\ntransfer one hundred");
    alice.cut_off();
    witness.expect("alice: transfer one\r\n");
    until_answered(&mut witness, "!users\n", "witness\r\n");
    server.stderr().wait_for("the reason", |log| {
        log.contains("the connection was cut off").then_some(())
    });
}

fn a_stream_cut_within_its_handshake_disturbs_nobody(bench: &Bench) {
    let pair = Pair::new();
    let server = serve(bench, &pair, "rooms", "");
    let mut witness = register(server.secure_peer(&pair, "witness"), "witness");
    // The beginning of a client's hello, and something that is none.
    for begun in [
        &b"\x16"[..],
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"\x16\x03\x01\x00\x04junk",
    ] {
        let mut half = server.peer("half");
        half.send(begun);
        half.half_close();
        half.until_gone();
        heard_nothing_else(&mut witness);
    }
}

fn the_end_of_a_server_is_said_in_tls(bench: &Bench) {
    let pair = Pair::new();
    let mut server = serve(bench, &pair, "rooms", "");
    let mut alice = register(server.secure_peer(&pair, "alice"), "alice");
    server.signal(Signal::TERM);
    alice.expect_end();
    assert_eq!(server.exit_status(), 0);
}

fn plain_text_is_answered_in_one_line_and_closed(bench: &Bench) {
    let pair = Pair::new();
    let server = serve(bench, &pair, "rooms", "");
    let mut lost = server.peer("lost");
    lost.send("alice\n");
    lost.expect_last("this port speaks TLS: connect to it with TLS\r\n");
    server.stderr().wait_for("the reason", |log| {
        log.contains("it speaks plain text").then_some(())
    });
}

fn tls_where_none_is_spoken_is_logged_as_that_and_closed(bench: &Bench) {
    for dialect in ["relay", "addressed", "rooms", "pair", "direct"] {
        let server = bench.serve(dialect);
        let mut lost = server.peer("lost");
        lost.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on\n");
        lost.expect_end();
        server.stderr().wait_for("the reason", |log| {
            log.contains("it speaks TLS").then_some(())
        });
    }
    let server = bench.serve("echo");
    let hello = "\x16\x03\x01 comes back\n";
    server.peer("peer").asks(hello, hello);
}

fn who_does_not_finish_a_handshake_is_closed(bench: &Bench) {
    let pair = Pair::new();
    let server = serve(bench, &pair, "rooms", "--handshake-timeout 0.2");
    let mut silent = server.peer("silent");
    silent.expect_last("this port speaks TLS: connect to it with TLS\r\n");
    let mut slow = server.peer("slow");
    slow.send(b"\x16\x03\x01");
    slow.until_gone();
    server.stderr().wait_for("the reason", |log| {
        let lines = log.lines();
        let late = lines.filter(|line| line.contains("the handshake took too long"));
        (late.count() == 2).then_some(())
    });
    register(server.secure_peer(&pair, "quick"), "quick");
}

fn five_hundred_half_handshakes_hold_up_nobody(bench: &Bench) {
    let pair = Pair::new();
    let server = serve(bench, &pair, "rooms", "");
    let mut alice = register(server.secure_peer(&pair, "alice"), "alice");
    let mut bob = register(server.secure_peer(&pair, "bob"), "bob");
    let halves = (0..500).map(|_| pair.half_a_handshake(server.stream()));
    let mut halves: Vec<_> = halves.collect();
    for _ in 0..100 {
        alice.send("tea?\n");
        bob.expect("alice: tea?\r\n");
        bob.send("tea\n");
        alice.expect("bob: tea\r\n");
    }
    let _carol = register(server.secure_peer(&pair, "carol"), "carol");
    // Whoever goes on is let in.
    let mut dave = halves.pop().expect("there are some").goes_on();
    dave.write_all(b"dave\n").expect("the server reads");
    until_answered(&mut alice, "!users\n", "alice bob carol dave\r\n");
}

fn sighup_loads_the_pair_anew_and_connections_go_on(bench: &Bench) {
    let pair = Pair::new();
    let mut server = serve(bench, &pair, "rooms", "");
    let mut before = register(server.secure_peer(&pair, "before"), "before");
    let next = pair.replaced();
    server.signal(Signal::HUP);
    server.stderr().wait_for("the renewal", |log| {
        log.contains("loaded the certificate anew").then_some(())
    });
    let mut after = register(server.secure_peer(&next, "after"), "after");
    before.send("still here\n");
    after.expect("before: still here\r\n");
    assert_eq!(server.terminate(), 0);
}

fn a_bad_pair_keeps_the_old_one_and_is_logged(bench: &Bench) {
    let pair = Pair::new();
    let server = serve(bench, &pair, "rooms", "");
    fs::write(pair.certificate_file(), "nonsense\n").expect("its own file");
    server.signal(Signal::HUP);
    let name = pair.certificate_file().display().to_string();
    server.stderr().wait_for("the error", |log| {
        let mut lines = log.lines();
        let error = lines.find(|line| line.contains("ERROR"))?;
        assert!(error.contains(&name), "{error}");
        Some(())
    });
    register(server.secure_peer(&pair, "alice"), "alice");
}

fn without_files_sighup_ends_the_program(bench: &Bench) {
    let line = "--tls-self-signed";
    let mut server = bench.serve_on("rooms+tls://127.0.0.1:0", line);
    server.signal(Signal::HUP);
    assert_eq!(server.exit_status(), 0);
}

fn a_listener_without_a_certificate_is_a_usage_error_that_says_how_to_make_one(bench: &Bench) {
    for given in ["", "--tls-cert a.pem", "--tls-key a.pem"] {
        let line = format!("serve --listen rooms+tls://127.0.0.1:0 {given}");
        let outcome = bench.run(&line);
        assert_is_usage_error(&outcome, &line);
        for words in ["openssl req", "--tls-self-signed"] {
            assert!(outcome.stderr.contains(words), "{outcome:?}");
        }
    }
}

fn options_of_tls_without_a_listener_for_them_are_usage_errors(bench: &Bench) {
    for line in [
        "serve rooms --tls-self-signed",
        "serve rooms --tls-cert a.pem --tls-key b.pem",
        "serve rooms --handshake-timeout 5",
        "serve --listen rooms+tls://127.0.0.1:0 --tls-self-signed --handshake-timeout 0",
        "serve --listen rooms+tls://127.0.0.1:0 --tls-self-signed --tls-cert a --tls-key b",
        "serve --listen rooms+ssl://127.0.0.1:0 --tls-self-signed",
    ] {
        assert_is_usage_error(&bench.run(line), line);
    }
}

fn files_that_cannot_be_used_are_one_line_and_status_1(bench: &Bench) {
    let (pair, other) = (Pair::new(), Pair::new());
    let (certificate, key) = (pair.certificate_file(), pair.key_file());
    let missing = Path::new("/nonexistent/cert.pem");
    for (certificate, key, named) in [
        (missing, key.as_path(), missing),
        (&certificate, missing, missing),
        (&certificate, &certificate, &certificate),
        (&certificate, &other.key_file(), &other.key_file()),
    ] {
        let line = format!(
            "serve --listen rooms+tls://127.0.0.1:0 --tls-cert {} --tls-key {}",
            certificate.display(),
            key.display()
        );
        let outcome = bench.run(&line);
        assert_eq!(outcome.status, 1, "{outcome:?}");
        let errors = outcome.stderr.lines().filter(|line| line.contains("ERROR"));
        let [error] = &errors.collect::<Vec<_>>()[..] else {
            panic!("it is not one line: {outcome:?}");
        };
        assert!(error.contains(&named.display().to_string()), "{error}");
    }
}

fn a_key_that_others_can_read_is_warned_of(bench: &Bench) {
    let pair = Pair::new();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(pair.key_file(), mode).expect("its own file");
    let server = serve(bench, &pair, "rooms", "");
    let key = pair.key_file().display().to_string();
    server.stderr().wait_for("the warning", |log| {
        let mut lines = log.lines();
        lines
            .any(|line| line.contains("WARN") && line.contains(&format!("chmod 600 {key}")))
            .then_some(())
    });
    register(server.secure_peer(&pair, "alice"), "alice");
}

fn a_certificate_made_at_start_is_told_by_its_pin(bench: &Bench) {
    let server = bench.serve_on("rooms+tls://127.0.0.1:0", "--tls-self-signed -q");
    let pin = server.stderr().wait_for("the pin", |log| {
        let (_, rest) = log.split_once("--tls-pin sha256:")?;
        Some(rest.split_whitespace().next()?.to_owned())
    });
    assert_eq!(pin.len(), 64, "{pin}");
    assert!(pin.bytes().all(|byte| byte.is_ascii_hexdigit()), "{pin}");
}
