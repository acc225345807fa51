//! What a web listener answers, and what it refuses.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use linechat_layers::web::{Hosts, Made, Page, Scheme, Site, Status, WebSession};
use linechat_protocol::{CloseReason, Layer, LayerEnd, LayerStage, Peer};
use proptest::prelude::*;
use world::End;

fn site() -> Site {
    let mut site = Site::new(Scheme::Http);
    site.pages = vec![
        Page::fixed("/", "text/html; charset=utf-8", "<title>chat</title>"),
        Page::fixed("/chat.js", "text/javascript", "'use strict'"),
    ];
    site.max_message = Some(4608);
    site
}

fn peer(address: &str) -> Peer {
    Peer::Socket(address.parse().unwrap())
}

fn visit(site: Site) -> End<WebSession> {
    End::new(WebSession::new(Arc::new(site), peer("192.0.2.1:50000")))
}

/// What came back for a request.
struct Reply {
    status: u16,
    head: String,
    body: String,
    /// The error, for the log.
    reason: String,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

fn ask(site: Site, request: &str) -> Reply {
    let mut end = visit(site);
    end.receive(request.as_bytes());
    let wire = String::from_utf8(end.take_wire()).unwrap();
    let (head, body) = wire.split_once("\r\n\r\n").unwrap_or_default();
    Reply {
        status: head
            .split(' ')
            .nth(1)
            .map_or(0, |code| code.parse().unwrap()),
        head: head.to_owned(),
        body: body.to_owned(),
        reason: end.reason().to_owned(),
    }
}

/// A request of this first line and these further headers, to a server by its address.
fn request(line: &str, headers: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n{headers}\r\n")
}

#[test]
fn a_page_is_served_and_the_connection_is_done() {
    let mut end = visit(site());
    end.receive(request("GET /", "").as_bytes());
    assert_eq!(end.stage(), LayerStage::Ended);
    assert_eq!(end.error, None);
    end.finish(CloseReason::PeerLeft);
    let wire = String::from_utf8(end.take_wire()).unwrap();
    let (head, body) = wire.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "<title>chat</title>");
    let (tag, rest): (Vec<_>, Vec<_>) = head.lines().partition(|line| line.starts_with("ETag"));
    assert_eq!(tag.len(), 1);
    assert_eq!(
        rest.join("\n"),
        "HTTP/1.1 200 OK\n\
         Content-Type: text/html; charset=utf-8\n\
         Content-Length: 19\n\
         Cache-Control: no-cache\n\
         Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; \
         connect-src 'self' ws://127.0.0.1:8080 wss://127.0.0.1:8080; img-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'\n\
         X-Content-Type-Options: nosniff\n\
         Referrer-Policy: no-referrer\n\
         Connection: close"
    );
}

#[test]
fn a_head_request_gets_everything_but_the_body() {
    let with_body = ask(site(), &request("GET /chat.js", ""));
    let without = ask(site(), &request("HEAD /chat.js", ""));
    assert_eq!(without.head, with_body.head);
    assert_eq!(without.body, "");
    let missing = ask(site(), &request("HEAD /missing", ""));
    assert_eq!((missing.status, missing.body.as_str()), (404, ""));
}

#[test]
fn a_page_that_has_not_changed_is_not_sent_again() {
    let first = ask(site(), &request("GET /", ""));
    let tag = first.header("ETag").unwrap();
    assert!(tag.starts_with('"'), "a strong one: {tag}");
    for known in [tag, &format!("\"x\", {tag}"), &format!("W/{tag}"), "*"] {
        let again = ask(
            site(),
            &request("GET /", &format!("If-None-Match: {known}\r\n")),
        );
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{known}");
        assert_eq!(again.header("ETag"), Some(tag));
        assert_eq!(again.header("Content-Length"), None);
    }
    let other = request("GET /chat.js", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!(ask(site(), &other).status, 200);
}

#[test]
fn queries_and_absolute_targets_are_understood() {
    for target in [
        "/?a=b",
        "/?",
        "http://localhost/",
        "http://localhost:8080",
        "http://[::1]/?x",
    ] {
        assert_eq!(
            ask(site(), &request(&format!("GET {target}"), "")).status,
            200,
            "{target}"
        );
    }
    assert_eq!(
        ask(site(), "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n").status,
        200
    );
}

#[test]
fn what_is_not_there_is_not_found_and_what_is_can_only_be_got() {
    for line in [
        "GET /missing",
        "POST /missing",
        "GET /chat.js/",
        "GET //",
        "GET /index.html",
    ] {
        let reply = ask(site(), &request(line, ""));
        assert_eq!(reply.status, 404, "{line}");
        assert!(reply.body.starts_with("there is no /"), "{}", reply.body);
        assert_eq!(reply.reason, format!("404: {}", reply.body.trim_end()));
    }
    for line in ["POST /", "DELETE /chat.js", "OPTIONS /ws", "PUT /ws"] {
        let reply = ask(site(), &request(line, "Content-Length: 5\r\n"));
        assert_eq!(reply.status, 405, "{line}");
        assert_eq!(reply.header("Allow"), Some("GET, HEAD"));
    }
}

#[test]
fn a_refusal_names_its_reason_and_nothing_that_a_terminal_obeys() {
    let reply = ask(
        site(),
        &request(&format!("GET /\u{202e}{}", "x".repeat(3000)), ""),
    );
    assert_eq!(reply.status, 404);
    assert!(reply.reason.contains("\\u{202e}"), "{}", reply.reason);
    assert!(reply.reason.len() < 300, "{}", reply.reason);
    assert_eq!(
        reply.header("Content-Type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(reply.header("X-Content-Type-Options"), Some("nosniff"));
}

#[test]
fn a_plain_request_for_the_socket_is_told_to_upgrade() {
    for headers in ["", "Upgrade: websocket\r\n", "Connection: upgrade\r\n"] {
        let reply = ask(site(), &request("GET /ws", headers));
        assert_eq!(reply.status, 426, "{headers}");
        assert_eq!(reply.header("Upgrade"), Some("websocket"));
    }
    let mut without = site();
    without.max_message = None;
    assert_eq!(ask(without, &request("GET /ws", "")).status, 404);
}

#[test]
fn who_is_told_no_path_finds_the_socket_and_browsers_find_the_page_there() {
    let upgrade = "Upgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (line, status) in [("GET /", 101), ("GET /ws", 101), ("GET /chat.js", 200)] {
        assert_eq!(
            ask(site(), &request(line, upgrade)).status,
            status,
            "{line}"
        );
    }
    assert_eq!(
        ask(site(), &request("GET /", "Upgrade: h2c\r\n")).status,
        200
    );
}

#[test]
fn only_names_that_no_stranger_can_have_are_served() {
    let served = |host: &str| {
        let mut site = site();
        site.hosts = Hosts::Own(vec!["chat.example".to_owned()]);
        ask(site, &format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")).status
    };
    for host in [
        "localhost",
        "127.0.0.1",
        "[::1]:8080",
        "chat.example",
        "CHAT.example:80",
    ] {
        assert_eq!(served(host), 200, "{host}");
    }
    for host in [
        "evil.example",
        "chat.example.evil.example",
        "localhost.evil.example",
    ] {
        assert_eq!(served(host), 421, "{host}");
    }
    for host in [
        "",
        "a b",
        "localhost/",
        "localhost:80:80",
        "localhost, evil.example",
    ] {
        assert_eq!(served(host), 400, "{host}");
    }
    let absolute = "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(ask(site(), absolute).status, 421);
}

#[test]
fn pages_from_elsewhere_may_not_talk_with_the_server() {
    let from = |origin: &str| {
        let mut site = site();
        site.origins = vec!["https://kiwi.example".parse().unwrap()];
        ask(site, &request("GET /", &format!("Origin: {origin}\r\n")))
    };
    for origin in [
        "http://127.0.0.1:8080",
        "https://kiwi.example",
        "https://kiwi.example:443",
    ] {
        assert_eq!(from(origin).status, 200, "{origin}");
    }
    for origin in [
        "null",
        "",
        "https://127.0.0.1:8080",
        "http://127.0.0.1",
        "http://localhost:8080",
        "http://127.0.0.1:8080.evil.example",
        "https://kiwi.example.evil.example",
        "http://kiwi.example",
        "https://kiwi.example/",
        "https://kiwi.example, https://kiwi.example",
    ] {
        let reply = from(origin);
        assert_eq!(reply.status, 403, "{origin}");
        let expected = format!(
            "pages from the origin {origin} may not talk with this server, \
             which is http://127.0.0.1:8080\n"
        );
        assert_eq!(reply.body, expected);
        assert_eq!(reply.reason, format!("403: {}", expected.trim_end()));
    }
    let twice = "Origin: http://127.0.0.1:8080\r\nOrigin: http://127.0.0.1:8080\r\n";
    assert_eq!(ask(site(), &request("GET /", twice)).status, 400);
}

#[test]
fn a_page_behind_tls_has_another_origin() {
    let mut behind_tls = site();
    behind_tls.scheme = Scheme::Https;
    let reply = ask(
        behind_tls,
        &request("GET /", "Origin: https://127.0.0.1:8080\r\n"),
    );
    assert_eq!(reply.status, 200);
}

#[test]
fn a_request_that_two_servers_could_read_in_two_ways_is_refused() {
    for head in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: x\r\nContent-Length: 0\r\n\r\n",
        "GET / HTTP/1.1\nHost: localhost\n\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\nb: c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\rb: c\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
        "GET * HTTP/1.1\r\nHost:\r\n\r\n",
        "GET / HTTP/2.0\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "NICK alice\r\n",
    ] {
        let reply = ask(site(), head);
        assert_eq!(reply.status, 400, "{head}");
        assert_eq!(reply.reason, format!("400: {}", reply.body.trim_end()));
    }
}

#[test]
fn what_follows_a_request_is_no_second_one() {
    let twice = request("GET /chat.js", "") + &request("GET /", "");
    let reply = ask(site(), &twice);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body, "'use strict'");
}

#[test]
fn a_head_that_is_too_long_is_refused_before_it_ends() {
    let reply = ask(
        site(),
        &format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(8192)),
    );
    assert_eq!(reply.status, 431);
    let many = "X: y\r\n".repeat(64);
    assert_eq!(ask(site(), &request("GET /", &many)).status, 431);
}

#[test]
fn a_head_that_takes_too_long_is_told_so() {
    for begun in ["", "GET / HTT", "GET / HTTP/1.1\r\nHost: localhost\r\n"] {
        let mut end = visit(site());
        end.receive(begun.as_bytes());
        end.layer.opening_timed_out(&mut end.wire);
        assert!(end.take_wire().starts_with(b"HTTP/1.1 408 "), "{begun}");
        assert_eq!(end.stage(), LayerStage::Ended);
    }
}

#[test]
fn a_peer_that_speaks_tls_is_named_as_that() {
    let mut end = visit(site());
    end.receive(b"\x16\x03\x01\x02\x00\x01\x00");
    assert_eq!(end.reason(), "it speaks TLS, and not HTTP");
    assert!(end.take_wire().is_empty());
}

#[test]
fn half_a_request_was_cut_off_and_none_was_not() {
    let mut end = visit(site());
    assert_eq!(end.ends(), LayerEnd::Authentic);
    end.receive(b"GET / HTTP");
    assert_eq!(end.ends(), LayerEnd::CutOff);
    assert_eq!(end.stage(), LayerStage::Opening);
}

#[test]
fn a_proxy_is_believed_about_the_last_address_and_nobody_else_is() {
    let seen = |transport: &str, headers: &str| {
        let mut site = site();
        site.proxies = vec!["10.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
        let mut end = End::new(WebSession::new(Arc::new(site), peer(transport)));
        end.receive(request("GET /", headers).as_bytes());
        end.layer.peer()
    };
    let through = "10.0.0.1:5000";
    for (headers, expected) in [
        ("X-Forwarded-For: 192.0.2.7\r\n", Some("192.0.2.7:5000")),
        (
            "X-Forwarded-For: 1.1.1.1, 192.0.2.7\r\n",
            Some("192.0.2.7:5000"),
        ),
        (
            "X-Forwarded-For: 1.1.1.1\r\nX-FORWARDED-FOR: [2001:db8::7]:99\r\n",
            Some("[2001:db8::7]:5000"),
        ),
        (
            "X-Forwarded-For: ::ffff:192.0.2.7\r\n",
            Some("192.0.2.7:5000"),
        ),
        ("X-Forwarded-For: 192.0.2.7, unknown\r\n", None),
        ("X-Forwarded-For: \r\n", None),
        ("", None),
    ] {
        assert_eq!(seen(through, headers), expected.map(peer), "{headers}");
    }
    assert_eq!(
        seen("10.0.0.2:5000", "X-Forwarded-For: 192.0.2.7\r\n"),
        None
    );
    assert!(seen("[::1]:5000", "X-Forwarded-For: 192.0.2.7\r\n").is_some());
}

#[test]
fn a_page_can_be_made_anew_for_each_request() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let metrics = || {
        let mut site = Site::new(Scheme::Http);
        site.pages = vec![Page::made("/metrics", "text/plain; version=0.0.4", || {
            Made {
                status: Status::OK,
                body: format!("asked {}\n", ASKED.fetch_add(1, Ordering::Relaxed)).into_bytes(),
            }
        })];
        site.pages
            .push(Page::made("/readyz", "text/plain", || Made {
                status: Status::UNAVAILABLE,
                body: b"draining\n".to_vec(),
            }));
        site
    };
    assert_eq!(
        ask(metrics(), &request("GET /metrics", "")).body,
        "asked 0\n"
    );
    let again = ask(metrics(), &request("GET /metrics", ""));
    assert_eq!(again.body, "asked 1\n");
    assert_eq!(again.header("Cache-Control"), Some("no-store"));
    let elsewhere = "GET /readyz HTTP/1.1\r\nHost: chat.example\r\n\r\n";
    assert_eq!(ask(metrics(), elsewhere).status, 421);
    let mut open = metrics();
    open.hosts = Hosts::Any;
    assert_eq!(ask(open, elsewhere).status, 503);
    let ready = ask(metrics(), &request("GET /readyz", ""));
    assert_eq!((ready.status, ready.body.as_str()), (503, "draining\n"));
}

prop_compose! {
    /// Heads that are nearly right.
    fn heads()(
        method in prop::sample::select(vec!["GET", "HEAD", "POST", "G T", ""]),
        target in prop::sample::select(vec!["/", "/ws", "/missing", "http://localhost/", "*", ""]),
        version in prop::sample::select(vec!["HTTP/1.1", "HTTP/1.0", "HTTP/2", ""]),
        ending in prop::sample::select(vec!["\r\n", "\r\n", "\r\n", "\n", "\r"]),
        headers in prop::collection::vec(prop::sample::select(vec![
            "Host: localhost", "Host: evil.example", "Origin: null", "Content-Length: 3",
            "Upgrade: websocket", "Connection: upgrade", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "",
        ]), 0..8),
        behind in "[a-z\\r\\n]{0,20}",
    ) -> String {
        let lines = headers.iter().map(|header| format!("{header}{ending}"));
        format!("{method} {target} {version}{ending}{}\r\n{behind}", lines.collect::<String>())
    }
}

proptest! {
    #[test]
    fn what_is_answered_does_not_depend_on_how_the_request_is_cut(
        head in heads(),
        size in 1..40_usize,
    ) {
        let mut whole = visit(site());
        let mut cut = visit(site());
        whole.receive(head.as_bytes());
        cut.receive_cut(head.as_bytes(), size);
        prop_assert_eq!(&whole.wire, &cut.wire);
        prop_assert_eq!(&whole.heard, &cut.heard);
        prop_assert_eq!(whole.stage(), cut.stage());
        prop_assert_eq!(whole.error, cut.error);
    }
}
