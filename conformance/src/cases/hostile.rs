//! Peers that speak something else, or mean harm.

use std::io::{Read, Write};

use super::*;
use crate::peer::reset_on_close;

cases![
    a_web_browser_at_rooms_is_turned_away,
    a_web_browser_at_direct_gets_one_answer_and_is_turned_away,
    a_tls_client_harms_nobody,
    nul_bytes_harm_nobody,
    two_hundred_peers_that_vanish_at_once_harm_nobody,
    five_hundred_resets_harm_nobody,
    one_byte_at_a_time_in_both_directions_is_only_slow,
    one_user_who_never_reads_holds_up_no_room,
];

const HTTP: &str = "GET / HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n\r\n";

/// The start of a TLS 1.2 record with a ClientHello in it.
const TLS: &[u8] =
    b"\x16\x03\x01\x00\xc5\x01\x00\x00\xc1\x03\x03\x8f\xb4\x01\n\x00\xc0\x2b\xff\r\n";

const DIALECTS: [&str; 6] = [
    "echo",
    "relay",
    "addressed",
    "rooms",
    "pair --full-duplex",
    "direct",
];

fn a_web_browser_at_rooms_is_turned_away(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut browser = server.peer("browser");
    browser.send(HTTP);
    browser.expect_end();
}

fn a_web_browser_at_direct_gets_one_answer_and_is_turned_away(bench: &Bench) {
    let server = bench.serve("direct");
    let mut browser = server.peer("browser");
    browser.send(HTTP);
    browser.expect_last("BAD-RQST-HDR\n");
}

fn a_tls_client_harms_nobody(bench: &Bench) {
    harms_nobody(bench, |server| {
        let mut peer = server.peer("tls");
        let _ = peer.try_send(TLS);
        peer.half_close();
        peer.until_gone();
    });
}

fn nul_bytes_harm_nobody(bench: &Bench) {
    harms_nobody(bench, |server| {
        let mut peer = server.peer("nul");
        let _ = peer.try_send([[0; 1000].as_slice(), b"\n", &[0; 1000]].concat());
        peer.half_close();
        peer.until_gone();
    });
}

fn two_hundred_peers_that_vanish_at_once_harm_nobody(bench: &Bench) {
    harms_nobody(bench, |server| (0..200).for_each(|_| drop(server.stream())));
}

fn five_hundred_resets_harm_nobody(bench: &Bench) {
    harms_nobody(bench, |server| {
        for n in 0..500 {
            let mut stream = server.stream();
            if n % 2 == 0 {
                let _ = stream.write(b"half a li");
            }
            reset_on_close(&stream);
        }
    });
}

/// Does `harm` to a server of each dialect, and insists that it serves the next peer.
#[track_caller]
fn harms_nobody(bench: &Bench, harm: fn(&Running)) {
    for dialect in DIALECTS {
        let mut server = bench.serve(dialect);
        let mut operator = server.console("operator");
        harm(&server);
        let mut peer = server.peer("peer");
        match dialect {
            "echo" => peer.asks("hi\n", "hi\n"),
            "relay" => drop(relay_peer(&server, "other", &mut [&mut peer])),
            "addressed" => {
                peer.send("hi\n");
                peer.skip_to(&format!("[{}] hi\n", peer.address()));
            }
            "rooms" => drop(register(peer, "peer")),
            "direct" => drop(log_in(peer, "peer")),
            _ => {
                peer.send("hi\n");
                operator.skip_to("hi\n");
            }
        }
    }
}

fn one_byte_at_a_time_in_both_directions_is_only_slow(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut peer = register(server.slow_peer("peer"), "peer");
    let text = "x".repeat(2000);
    peer.trickle(format!("#peer {text}\r\n"));
    let mut byte = [0];
    for expected in format!("#peer: {text}\r\n").bytes() {
        peer.stream()
            .read_exact(&mut byte)
            .expect("every byte comes in time");
        assert_eq!(byte, [expected]);
    }
}

fn one_user_who_never_reads_holds_up_no_room(bench: &Bench) {
    let server = bench.serve("rooms --max-backlog 65536");
    let mut deaf = register(server.slow_peer("deaf"), "deaf");
    deaf.send("!enter den\n");
    let mut talker = user(&server, "talker");
    until_answered(&mut talker, "!members den\n", "deaf\r\n");
    let text = "x".repeat(4000);
    talker.send("!enter den\n");
    eventually("the deaf user is closed", || {
        talker.asks(format!("@den {text}\n"), format!("@den talker: {text}\r\n"));
        talker.send("!members den\n");
        (talker.line() == "talker\r\n").then_some(())
    });
}
