//! `connect --tls`: the client under TLS.

use std::io::{Read, Write};
use std::net::Shutdown;

use super::*;
use crate::tls::Pair;

cases![
    a_server_is_trusted_by_the_authority_that_a_file_names,
    a_server_is_trusted_by_its_pin,
    a_server_that_nobody_vouches_for_is_refused,
    a_server_of_another_name_is_refused,
    a_server_that_speaks_plain_text_is_told_apart,
    a_stream_that_is_cut_off_is_a_network_error,
    all_that_was_typed_arrives_and_is_answered,
    options_of_tls_need_tls,
];

#[track_caller]
fn serve(bench: &Bench, pair: &Pair, dialect: &str) -> Running {
    let listen = format!("{dialect}+tls://127.0.0.1:0");
    bench.serve_on(&listen, &pair.options())
}

/// Runs a client of `server`, under the name `localhost`, with this on standard input.
#[track_caller]
fn connect(bench: &Bench, server: &Running, line: &str, script: &str) -> Outcome {
    connect_to(bench, server.door().port(), line, script)
}

#[track_caller]
fn connect_to(bench: &Bench, port: u16, line: &str, script: &str) -> Outcome {
    let line = line.replace('@', &format!("localhost:{port}"));
    bench.finish_with(bench.launch(&format!("connect {line}")), script)
}

fn by_file(pair: &Pair) -> String {
    format!("--tls --tls-ca {}", pair.certificate_file().display())
}

fn a_server_is_trusted_by_the_authority_that_a_file_names(bench: &Bench) {
    let pair = Pair::new();
    let server = serve(bench, &pair, "echo");
    let line = format!("echo @ {}", by_file(&pair));
    let outcome = connect(bench, &server, &line, "hello\n");
    assert_eq!((outcome.status, outcome.stdout.as_str()), (0, "hello\n"));
    let server = serve(bench, &pair, "direct");
    let line = format!("direct @ --name alice {}", by_file(&pair));
    let outcome = connect(bench, &server, &line, "!users\n");
    assert_eq!(outcome.status, 0, "{outcome:?}");
    assert!(outcome.stdout.contains("alice"), "{outcome:?}");
}

fn a_server_is_trusted_by_its_pin(bench: &Bench) {
    let server = bench.serve_on("echo+tls://127.0.0.1:0", "--tls-self-signed");
    let pin = server.stderr().wait_for("the pin", |log| {
        let (_, rest) = log.split_once("--tls-pin ")?;
        Some(rest.split_whitespace().next()?.to_owned())
    });
    let outcome = connect(
        bench,
        &server,
        &format!("echo @ --tls --tls-pin {pin}"),
        "hello\n",
    );
    assert_eq!((outcome.status, outcome.stdout.as_str()), (0, "hello\n"));
    let other = "a".repeat(64);
    let outcome = connect(
        bench,
        &server,
        &format!("echo @ --tls --tls-pin {other}"),
        "hello\n",
    );
    assert_eq!((outcome.status, outcome.stdout.as_str()), (1, ""));
    assert!(outcome.stderr.contains(&pin), "{outcome:?}");
}

fn a_server_that_nobody_vouches_for_is_refused(bench: &Bench) {
    let (pair, other) = (Pair::new(), Pair::new());
    let server = serve(bench, &pair, "echo");
    let outcome = connect(
        bench,
        &server,
        &format!("echo @ {}", by_file(&other)),
        "secret\n",
    );
    assert_eq!((outcome.status, outcome.stdout.as_str()), (1, ""));
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
    assert!(
        outcome.stderr.contains("certificate is not trusted"),
        "{outcome:?}"
    );
}

fn a_server_of_another_name_is_refused(bench: &Bench) {
    let pair = Pair::new();
    let server = serve(bench, &pair, "echo");
    let line = format!("connect echo {} {}", server.door(), by_file(&pair));
    let outcome = bench.finish_with(bench.launch(&line), "secret\n");
    assert_eq!((outcome.status, outcome.stdout.as_str()), (1, ""));
    assert!(
        outcome.stderr.contains("it is not for 127.0.0.1"),
        "{outcome:?}"
    );
}

fn a_server_that_speaks_plain_text_is_told_apart(bench: &Bench) {
    let stage = bench.stage();
    let port = stage.address().port();
    let pair = Pair::new();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = stage.listener().accept().expect("somebody connects");
        stream.write_all(b"220 hello there\r\n").expect("is read");
        // Until the client has gone.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let outcome = connect_to(
        bench,
        port,
        &format!("echo @ {}", by_file(&pair)),
        "hello\n",
    );
    assert_eq!(outcome.status, 1, "{outcome:?}");
    assert!(outcome.stderr.contains("does not speak TLS"), "{outcome:?}");
    server.join().expect("it saw the end");
}

fn a_stream_that_is_cut_off_is_a_network_error(bench: &Bench) {
    for says_goodbye in [true, false] {
        let stage = bench.stage();
        let port = stage.address().port();
        let pair = Pair::new();
        let options = by_file(&pair);
        let server = std::thread::spawn(move || {
            let (stream, _) = stage.listener().accept().expect("somebody connects");
            let mut stream = pair.server(stream);
            stream.write_all(b"so far\n").expect("is read");
            if says_goodbye {
                stream.say_goodbye();
            }
            let ended = stream.socket().shutdown(Shutdown::Write);
            ended.expect("the client is there");
            // Until the client has gone.
            let _ = stream.socket().read_to_end(&mut Vec::new());
        });
        let line = format!("connect echo localhost:{port} {options}");
        let mut client = bench.start(bench.launch(&line));
        let mut console = client.console("console");
        console.expect_last("so far\n");
        let outcome = client.outcome();
        assert_eq!(outcome.status, i32::from(!says_goodbye), "{outcome:?}");
        assert_eq!(
            outcome.stderr.contains("cut off"),
            !says_goodbye,
            "{outcome:?}"
        );
        server.join().expect("it saw the end");
    }
}

fn all_that_was_typed_arrives_and_is_answered(bench: &Bench) {
    let pair = Pair::new();
    let server = serve(bench, &pair, "echo");
    let text = "all work and no play\n".repeat(20_000);
    let outcome = connect(bench, &server, &format!("echo @ {}", by_file(&pair)), &text);
    assert_eq!(outcome.status, 0, "{}", outcome.stderr);
    assert!(outcome.stdout == text, "{} bytes", outcome.stdout.len());
}

fn options_of_tls_need_tls(bench: &Bench) {
    let pin = "a".repeat(64);
    for line in [
        format!("connect echo --tls-pin {pin}"),
        "connect echo --tls-ca cert.pem".to_owned(),
        format!("connect echo --tls --tls-ca cert.pem --tls-pin {pin}"),
        "connect echo --tls --tls-pin 12".to_owned(),
    ] {
        assert_is_usage_error(&bench.run(&line), &line);
    }
}
