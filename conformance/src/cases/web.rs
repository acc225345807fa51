//! `web`: the page, and the socket that it talks through.

use std::io::Write;
use std::net::TcpStream;

use rustix::process::Signal;
use tungstenite::protocol::frame::coding::CloseCode;

use super::*;
use crate::tls::Pair;
use crate::websocket::Socket;

cases![
    the_page_is_handed_out_and_not_twice,
    everything_the_page_refers_to_is_there,
    what_is_no_page_is_refused_with_the_reason,
    a_head_that_is_too_long_or_too_late_is_refused,
    somebody_in_a_browser_meets_somebody_in_netcat,
    the_same_goes_for_a_page_that_is_encrypted,
    with_a_certificate_the_page_is_encrypted_unless_told_otherwise,
    a_name_that_is_not_the_server_s_own_is_refused,
    a_page_from_elsewhere_may_not_talk_unless_it_is_named,
    subprotocols_are_those_of_irc,
    a_proxy_is_asked_for_a_peer_s_address_and_nobody_else_is,
    a_frame_that_is_none_closes_its_connection_and_no_other,
    a_message_with_two_lines_or_too_long_a_line_is_refused,
    quitting_and_the_end_of_the_server_have_codes_of_their_own,
    tls_and_plain_text_are_told_apart,
    options_of_web_fit_nothing_else,
];

#[track_caller]
fn serve(bench: &Bench, options: &str) -> Running {
    bench.serve_on("http://127.0.0.1:0", options)
}

/// A socket of a browser that has the server's own page.
#[track_caller]
fn browser(server: &Running) -> Socket<TcpStream> {
    let url = format!("ws://{}/ws", server.door());
    Socket::open(&url, patient_stream(server), &[])
}

/// Asks for a path, and returns the head and the body of the answer.
#[track_caller]
fn ask(server: &Running, request: &str) -> (String, String) {
    let mut peer = server.peer("browser");
    peer.send(request);
    split(&peer.rest())
}

#[track_caller]
fn get(server: &Running, path: &str, fields: &str) -> (String, String) {
    let host = server.door();
    ask(
        server,
        &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n"),
    )
}

#[track_caller]
fn split(answer: &[u8]) -> (String, String) {
    let answer = String::from_utf8_lossy(answer);
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_owned(), body.to_owned())
}

fn the_page_is_handed_out_and_not_twice(bench: &Bench) {
    let server = serve(bench, "web");
    let (head, body) = get(&server, "/", "");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(body.starts_with("<!doctype html>"), "{body}");
    assert!(
        head.contains("\r\nContent-Security-Policy: default-src 'none';"),
        "{head}"
    );
    let etag = head.lines().find_map(|line| line.strip_prefix("ETag: "));
    let etag = etag.expect("a tag");
    let (head, body) = get(&server, "/", &format!("If-None-Match: {etag}\r\n"));
    assert!(head.starts_with("HTTP/1.1 304 "), "{head}");
    assert_eq!(body, "");
    let (head, body) = ask(&server, "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(body, "");
}

fn everything_the_page_refers_to_is_there(bench: &Bench) {
    let server = serve(bench, "web");
    let (_, page) = get(&server, "/", "");
    let links = page.split(['"', '\'']).filter(|text| {
        [".css", ".js", ".svg"]
            .iter()
            .any(|end| text.ends_with(end))
    });
    let links: Vec<_> = links.collect();
    assert!(links.len() >= 3, "{links:?}");
    for link in links {
        let (head, body) = get(&server, &format!("/{}", link.trim_start_matches('/')), "");
        assert!(head.starts_with("HTTP/1.1 200 "), "{link}: {head}");
        assert!(!body.is_empty(), "{link}");
    }
}

fn what_is_no_page_is_refused_with_the_reason(bench: &Bench) {
    let server = serve(bench, "web");
    for (request, status) in [
        ("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", "404"),
        (
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
            "405",
        ),
        ("GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\n", "426"),
        ("GET / HTTP/1.1\r\n\r\n", "400"),
    ] {
        let (head, body) = ask(&server, request);
        let expected = format!("HTTP/1.1 {status} ");
        assert!(head.starts_with(&expected), "{request:?}: {head}");
        assert!(!body.is_empty(), "{request:?}");
        server.stderr().wait_for("the reason", |log| {
            log.contains(&format!("{status}: {}", body.trim()))
                .then_some(())
        });
    }
}

fn a_head_that_is_too_long_or_too_late_is_refused(bench: &Bench) {
    let server = serve(bench, "web --handshake-timeout 0.3");
    let (head, _) = get(&server, "/", &format!("X: {}\r\n", "x".repeat(9000)));
    assert!(head.starts_with("HTTP/1.1 431 "), "{head}");
    let (head, _) = ask(&server, "GET / HTTP/1.1\r\n");
    assert!(head.starts_with("HTTP/1.1 408 "), "{head}");
}

fn somebody_in_a_browser_meets_somebody_in_netcat(bench: &Bench) {
    let server = bench.serve_together(&["web", "rooms"], "");
    let mut alice = register(server.peer_of("rooms", "alice"), "alice");
    let mut bob = browser(&server);
    bob.register("bob");
    alice.send("good morning\n");
    bob.hears_of("PRIVMSG #lobby :good morning");
    bob.say("PRIVMSG #lobby :and to you");
    alice.expect("bob: and to you\r\n");
    bob.say("PRIVMSG alice :psst");
    alice.expect("#bob: psst\r\n");
}

fn the_same_goes_for_a_page_that_is_encrypted(bench: &Bench) {
    let pair = Pair::new();
    let server = bench.serve_together(&["https", "rooms"], &pair.options());
    let mut page = server.secure_peer(&pair, "browser");
    page.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let (head, _) = split(&page.rest());
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");

    let mut alice = register(server.peer_of("rooms", "alice"), "alice");
    let stream = pair.client(patient_stream(&server));
    let own = ("Origin", "https://localhost");
    let mut bob = Socket::open("ws://localhost/ws", stream, &[own]);
    bob.register("bob");
    alice.send("good morning\n");
    bob.hears_of("PRIVMSG #lobby :good morning");
}

fn with_a_certificate_the_page_is_encrypted_unless_told_otherwise(bench: &Bench) {
    let pair = Pair::new();
    let line = format!("serve web {} --listen web://127.0.0.1:0", pair.options());
    assert_is_usage_error(&bench.run(&line), &line);
    let server = bench.serve_together(&["web", "web+tls"], &pair.options());
    let (head, _) = get(&server, "/", "");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
}

fn a_name_that_is_not_the_server_s_own_is_refused(bench: &Bench) {
    let server = serve(bench, "web --web-host chat.example");
    for (host, status) in [
        ("localhost", "200"),
        ("127.0.0.1:1234", "200"),
        ("chat.example", "200"),
        ("evil.example", "421"),
    ] {
        let (head, _) = ask(&server, &format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status} ")),
            "{host}: {head}"
        );
    }
}

fn a_page_from_elsewhere_may_not_talk_unless_it_is_named(bench: &Bench) {
    let server = serve(bench, "web --web-origin https://friend.example");
    let url = format!("ws://{}/ws", server.door());
    let own = format!("http://{}", server.door());
    let open = |origin: &str| {
        let opened = Socket::try_open(&url, patient_stream(&server), &[("Origin", origin)]);
        opened.map(|_| ())
    };
    assert_eq!(open(&own), Ok(()));
    assert_eq!(open("https://friend.example"), Ok(()));
    for origin in ["https://evil.example", "http://friend.example", "null"] {
        let (status, words) = open(origin).expect_err("a stranger's page");
        assert_eq!(status, 403, "{origin}");
        assert!(words.contains(origin), "{words}");
    }
}

fn subprotocols_are_those_of_irc(bench: &Bench) {
    let server = serve(bench, "web");
    let url = format!("ws://{}/ws", server.door());
    for protocol in ["text.ircv3.net", "binary.ircv3.net"] {
        let fields = [("Sec-WebSocket-Protocol", protocol)];
        let opened = Socket::try_open(&url, patient_stream(&server), &fields);
        let (_, response) = opened.expect("it is spoken");
        assert_eq!(response.headers()["sec-websocket-protocol"], protocol);
    }
}

fn a_proxy_is_asked_for_a_peer_s_address_and_nobody_else_is(bench: &Bench) {
    let forwarded = ("X-Forwarded-For", "203.0.113.9, 192.0.2.7");
    let server = serve(
        bench,
        "web --web-proxy 127.0.0.1 --max-connections-per-ip 1",
    );
    let url = format!("ws://{}/ws", server.door());
    let mut first = Socket::open(&url, patient_stream(&server), &[forwarded]);
    first.register("first");
    let mut again = Socket::open(&url, patient_stream(&server), &[forwarded]);
    again.is_gone();
    let other = ("X-Forwarded-For", "192.0.2.8");
    let mut second = Socket::open(&url, patient_stream(&server), &[other]);
    second.register("second");
    drop(first);
    server.stderr().wait_for("the peer's own address", |log| {
        log.contains("left conn=1.0 peer=192.0.2.7:").then_some(())
    });

    let server = serve(bench, "web --web-proxy 127.0.0.9");
    let url = format!("ws://{}/ws", server.door());
    let mut stranger = Socket::open(&url, patient_stream(&server), &[forwarded]);
    stranger.register("stranger");
    assert!(!server.stderr().text().contains("192.0.2.7"));
}

fn a_frame_that_is_none_closes_its_connection_and_no_other(bench: &Bench) {
    let server = serve(bench, "web");
    let mut witness = browser(&server);
    witness.register("witness");
    for (frame, code) in [
        // Not masked.
        (&b"\x81\x02hi"[..], CloseCode::Protocol),
        // A reserved bit.
        (b"\xc1\x80\0\0\0\0", CloseCode::Protocol),
        // A ping of 126 bytes.
        (b"\x89\xfe\0\x7e\0\0\0\0", CloseCode::Protocol),
        // Bytes, where text is spoken.
        (b"\x82\x80\0\0\0\0", CloseCode::Unsupported),
        // No UTF-8.
        (b"\x81\x81\0\0\0\0\xff", CloseCode::Invalid),
    ] {
        let mut broken = browser(&server);
        broken.stream().write_all(frame).expect("the server reads");
        assert_eq!(broken.is_closed_with(), code, "{frame:?}");
        witness.say("PING :still here");
        witness.hears_of("PONG");
    }
}

fn a_message_with_two_lines_or_too_long_a_line_is_refused(bench: &Bench) {
    let server = serve(bench, "web");
    let mut two = browser(&server);
    two.say("NICK a\r\nNICK b");
    assert_eq!(two.is_closed_with(), CloseCode::Policy);
    let mut long = browser(&server);
    long.say(&"x".repeat(5000));
    assert_eq!(long.is_closed_with(), CloseCode::Size);
    // One ending at the end is dropped.
    let mut polite = browser(&server);
    polite.say("PING :x\r\n");
    polite.register("polite");
}

fn quitting_and_the_end_of_the_server_have_codes_of_their_own(bench: &Bench) {
    let mut server = serve(bench, "web");
    let (mut quits, mut stays) = (browser(&server), browser(&server));
    quits.register("quits");
    stays.register("stays");
    quits.say("QUIT");
    assert_eq!(quits.is_closed_with(), CloseCode::Normal);
    server.signal(Signal::TERM);
    assert_eq!(stays.is_closed_with(), CloseCode::Away);
    drop(stays);
    assert_eq!(server.exit_status(), 0);
}

fn tls_and_plain_text_are_told_apart(bench: &Bench) {
    let server = serve(bench, "web");
    let mut lost = server.peer("lost");
    lost.send(b"\x16\x03\x01\x02\x00\x01");
    lost.until_gone();
    server.stderr().wait_for("the reason", |log| {
        log.contains("it speaks TLS, and not HTTP").then_some(())
    });

    let pair = Pair::new();
    let server = bench.serve_on("https://127.0.0.1:0", &format!("web {}", pair.options()));
    let (head, body) = get(&server, "/", "");
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert_eq!(body, "this port speaks TLS: connect to it with TLS\r\n");
}

fn options_of_web_fit_nothing_else(bench: &Bench) {
    for line in [
        "serve rooms --web-host chat.example",
        "serve rooms --web-origin https://chat.example",
        "serve irc --web-proxy 127.0.0.1",
        "serve web --web-host chat.example:80",
        "serve web --web-origin chat.example",
        "serve web --web-proxy nobody",
    ] {
        assert_is_usage_error(&bench.run(line), line);
    }
}
