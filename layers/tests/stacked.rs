//! WebSocket inside of TLS.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod world;

use std::sync::Arc;

use bytes::BytesMut;
use linechat_layers::Stacked;
use linechat_layers::tls::{
    Application, Certificate, Client, ClientSession, Renewable, ServerSession, Trust,
};
use linechat_layers::web::{Page, Scheme, Site, WebSession};
use linechat_protocol::{CloseReason, Layer, LayerEnd, LayerStage, Peer};
use proptest::prelude::*;
use world::{End, NOW, Wired, after, certificate};

type Secure = Stacked<ServerSession, WebSession>;

fn site() -> Arc<Site> {
    let mut site = Site::new(Scheme::Https);
    site.pages = vec![Page::fixed("/", "text/html", "the page")];
    site.proxies = vec!["192.0.2.1".parse().unwrap()];
    site.max_message = Some(4608);
    Arc::new(site)
}

/// A client that speaks TLS, and a server that speaks WebSocket inside of it, before the first
/// byte.
fn connecting() -> Wired<ClientSession, Secure> {
    let certificate: Certificate = certificate();
    let trust = Trust::Pinned(certificate.pin());
    let tls = Renewable::new(certificate).session(Application::Web);
    let web = WebSession::new(site(), Peer::Socket(([192, 0, 2, 1], 7).into()));
    let mut wire = BytesMut::new();
    let client = Client::new(&trust)
        .unwrap()
        .session("localhost", &mut wire)
        .unwrap();
    let mut wired = Wired {
        client: End::new(client),
        server: End::new(Stacked::new(tls, web)),
    };
    wired.client.wire = wire;
    wired
}

const UPGRADE: &[u8] = b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nOrigin: https://localhost\r\n\
    X-Forwarded-For: 198.51.100.9\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn open() -> Wired<ClientSession, Secure> {
    let mut wired = connecting();
    wired.settle();
    wired.client.say(UPGRADE);
    wired.settle();
    assert!(wired.client.heard.starts_with(b"HTTP/1.1 101 "));
    assert_eq!(wired.server.stage(), LayerStage::Open);
    wired.client.heard.clear();
    wired
}

/// `hi`, masked with zeros.
const HI: &[u8] = &[0x81, 0x82, 0, 0, 0, 0, b'h', b'i'];

#[test]
fn the_dialect_hears_of_a_connection_once_both_layers_are_open() {
    let mut wired = connecting();
    assert_eq!(wired.server.stage(), LayerStage::Opening);
    wired.settle();
    assert_eq!(wired.client.stage(), LayerStage::Open);
    assert_eq!(wired.server.stage(), LayerStage::Opening);
    wired.client.say(UPGRADE);
    wired.settle();
    assert_eq!(wired.server.stage(), LayerStage::Open);
}

#[test]
fn lines_go_through_both_and_a_flush_is_one_record() {
    let mut wired = open();
    wired.client.say(HI);
    wired.settle();
    assert_eq!(wired.server.heard, b"hi\r\n");
    wired.server.say(b"one\r\ntwo\r\n");
    let wire = wired.server.take_wire();
    assert_eq!(wire.len(), 2 * 5 + 22);
    wired.client.receive(&wire);
    assert_eq!(wired.client.heard, b"\x81\x03one\x81\x03two");
}

#[test]
fn a_page_is_served_with_the_end_of_the_handshake() {
    let mut wired = connecting();
    let hello = wired.client.take_wire();
    wired.server.receive(&hello);
    let answer = wired.server.take_wire();
    wired.client.receive(&answer);
    wired
        .client
        .say(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    wired.settle();
    assert_eq!(wired.server.stage(), LayerStage::Ended);
    wired.server.finish(CloseReason::PeerLeft);
    wired.settle();
    assert!(wired.client.heard.ends_with(b"\r\n\r\nthe page"));
    assert_eq!(wired.client.ends(), LayerEnd::Authentic);
}

#[test]
fn a_refusal_is_encrypted_and_ends_with_a_goodbye() {
    let mut wired = connecting();
    wired.settle();
    wired
        .client
        .say(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    let request = wired.client.take_wire();
    wired.server.receive(&request);
    assert_eq!(
        wired.server.reason(),
        "421: this server does not go by the name evil.example"
    );
    wired.server.finish(CloseReason::TransportFailed);
    wired.settle();
    assert!(wired.client.heard.starts_with(b"HTTP/1.1 421 "));
    assert_eq!(wired.client.ends(), LayerEnd::Authentic);
}

#[test]
fn both_say_goodbye_the_inner_one_first() {
    let mut wired = open();
    wired.server.say(b"bye\r\n");
    wired.server.finish(CloseReason::ShuttingDown);
    wired.settle();
    assert_eq!(wired.client.heard, b"\x81\x03bye\x88\x02\x03\xe9");
    assert_eq!(wired.client.stage(), LayerStage::InputEnded);
}

#[test]
fn an_end_is_authentic_if_both_say_so() {
    let close = [0x88, 0x80, 0, 0, 0, 0];
    for (last_words, said_goodbye, expected) in [
        (&close[..], true, LayerEnd::Authentic),
        (&close, false, LayerEnd::CutOff),
        (HI, true, LayerEnd::CutOff),
        (HI, false, LayerEnd::CutOff),
    ] {
        let mut wired = open();
        wired.client.say(last_words);
        if said_goodbye {
            wired.client.finish(CloseReason::PeerLeft);
        }
        wired.settle();
        let is_over = last_words == close || said_goodbye;
        assert_eq!(wired.server.stage() == LayerStage::InputEnded, is_over);
        assert_eq!(wired.server.ends(), expected);
    }
}

#[test]
fn a_peer_that_leaves_before_it_asked_is_done_with() {
    let mut wired = connecting();
    wired.settle();
    wired.client.finish(CloseReason::PeerLeft);
    wired.settle();
    assert_eq!(wired.server.stage(), LayerStage::Ended);
}

#[test]
fn the_layer_that_is_late_says_so() {
    let mut silent = connecting();
    silent
        .server
        .layer
        .opening_timed_out(&mut silent.server.wire);
    let told = String::from_utf8(silent.server.take_wire()).unwrap();
    assert!(told.contains("this port speaks TLS"), "{told}");

    let mut slow = connecting();
    slow.settle();
    slow.server.layer.opening_timed_out(&mut slow.server.wire);
    slow.settle();
    assert!(slow.client.heard.starts_with(b"HTTP/1.1 408 "));
}

#[test]
fn deadlines_and_the_peer_are_those_of_the_layer_that_has_them() {
    let mut wired = open();
    assert_eq!(
        wired.server.layer.peer().unwrap().to_string(),
        "198.51.100.9:7"
    );
    assert_eq!(wired.server.layer.deadline(), Some(after(30)));
    wired
        .server
        .layer
        .expire(NOW, &mut wired.server.wire)
        .unwrap();
    assert!(wired.server.wire.is_empty());
    wired
        .server
        .layer
        .expire(after(30), &mut wired.server.wire)
        .unwrap();
    wired.settle();
    assert_eq!(wired.client.heard, [0x89, 0]);
    assert!(
        wired
            .server
            .layer
            .expire(after(60), &mut wired.server.wire)
            .is_err()
    );
}

#[test]
fn what_came_before_a_broken_record_is_heard_and_the_break_is_named() {
    let mut wired = open();
    wired.client.say(HI);
    wired.client.say(HI);
    let mut wire = wired.client.take_wire();
    *wire.last_mut().unwrap() ^= 1;
    wired.server.receive(&wire);
    assert_eq!(wired.server.heard, b"hi\r\n");
    assert!(wired.server.reason().starts_with("TLS failed: "));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_heard_does_not_depend_on_how_the_wire_is_cut(
        count in 1..20_usize,
        size in prop_oneof![1..8_usize, 8..300_usize],
    ) {
        let mut wired = connecting();
        wired.settle_cut(size);
        wired.client.say(UPGRADE);
        wired.client.say(&HI.repeat(count));
        wired.settle_cut(size);
        prop_assert_eq!(&wired.server.heard, &b"hi\r\n".repeat(count));
    }
}
