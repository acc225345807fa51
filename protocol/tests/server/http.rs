//! Peers whose first line is an HTTP request (section 1).

use linechat_laws::config::Config;
use linechat_protocol::{CloseReason, Dialect, Framing};

use linechat_laws::world::World;

#[test]
fn in_direct_a_request_is_answered_as_any_unknown_header_and_nothing_behind_it_counts() {
    let chat = World::direct();
    let victim = chat.join("victim");
    let page = chat.connect();
    page.sends([POST, "HELLO-FROM mallory\nSEND victim gotcha\n"].concat());
    page.hears("BAD-RQST-HDR\n");
    page.is_closed(CloseReason::HttpRequest);
    victim.hears_nothing();
}

#[test]
fn however_it_was_cut_nothing_behind_the_first_line_counts() {
    let chat = World::direct();
    let victim = chat.join("victim");
    let page = chat.connect();
    page.sends_one_by_one([POST, "HELLO-FROM mallory\nSEND victim gotcha\n"].concat());
    page.hears("BAD-RQST-HDR\n");
    page.is_closed(CloseReason::HttpRequest);
    victim.hears_nothing();
}

#[test]
fn a_request_line_that_is_too_long_is_answered_as_that_and_closed_all_the_same() {
    let chat = World::direct();
    let page = chat.connect();
    let path = "x".repeat(9000);
    page.sends(format!(
        "GET /{path} HTTP/1.1\r\nHELLO-FROM mallory\r\nLIST\r\n"
    ));
    page.hears("BAD-RQST-BODY\n");
    page.is_closed(CloseReason::HttpRequest);
}

#[test]
fn in_rooms_it_is_closed_without_a_word_and_named_for_what_it_is() {
    let chat = World::rooms();
    let alice = chat.join("alice");
    let page = chat.connect();
    page.sends([POST, "mallory\nhello\n"].concat());
    page.hears_nothing();
    page.is_closed(CloseReason::HttpRequest);
    alice.hears_nothing();
}

#[test]
fn where_any_line_is_a_message_the_first_line_alone_is_handed_on() {
    for framing in [Framing::Lines, Framing::Auto, Framing::Chunks] {
        let mut config = Config::new(Dialect::RELAY);
        config.framing = Some(framing);
        let chat = World::new(config);
        let (alice, page) = (chat.connect(), chat.connect());
        page.sends([POST, "gotcha"].concat());
        alice.hears("POST / HTTP/1.1\r\n");
        page.is_closed(CloseReason::HttpRequest);
    }
    let mut config = Config::new(Dialect::ADDRESSED);
    config.framing = Some(Framing::Chunks);
    let chat = World::new(config);
    let alice = chat.connect();
    let page = chat.connect_from("192.0.2.9:9");
    page.sends("POST / HT");
    page.sends("TP/1.1\r\nHost: x\r\n\r\ngotcha");
    alice.hears(
        "[192.0.2.9:9] (connected)\n[192.0.2.9:9] POST / HT[192.0.2.9:9] TP/1.1\r\n\
         [192.0.2.9:9] (disconnected)\n",
    );
}

#[test]
fn in_pair_the_operator_sees_the_line_and_the_next_client_may_come() {
    let chat = World::pair();
    let operator = chat.console();
    let page = chat.connect();
    page.sends([POST, "gotcha\n"].concat());
    operator.hears("POST / HTTP/1.1\n");
    page.is_closed(CloseReason::HttpRequest);
    assert!(chat.is_accepting());
}

#[test]
fn a_request_line_without_an_ending_is_one_after_a_pause() {
    let chat = World::relay();
    let (alice, page) = (chat.connect(), chat.connect());
    page.sends("GET / HTTP/1.0");
    chat.waits(Config::new(Dialect::RELAY).pause);
    alice.hears("GET / HTTP/1.0\n");
    page.is_closed(CloseReason::HttpRequest);
}

#[test]
fn a_later_line_the_console_and_echo_may_look_like_a_request() {
    let chat = World::relay();
    let (alice, bob, console) = (chat.connect(), chat.connect(), chat.console());
    bob.sends(["look:\n", POST].concat());
    bob.is_open();
    alice.hears("look:\nPOST / HTTP/1.1\r\nHost: x\r\n\r\n");
    console.sends(POST);
    console.is_open();
    alice.hears(POST);

    let chat = World::echo();
    let alice = chat.connect();
    alice.sends(POST);
    alice.hears(POST);
    alice.is_open();
}

#[test]
fn a_page_that_ignores_the_answer_is_closed_after_the_grace() {
    let chat = World::direct();
    let page = chat.connect();
    page.stops_reading();
    page.sends(POST);
    page.is_draining(CloseReason::HttpRequest);
    chat.waits(linechat_protocol::Limits::default().grace);
    page.is_closed(CloseReason::HttpRequest);
}

#[test]
fn a_tls_handshake_is_no_line_and_ends_the_connection_at_its_second_byte() {
    let chat = World::relay();
    let (alice, lost) = (chat.connect(), chat.connect());
    lost.sends("\x16");
    lost.is_open();
    lost.sends("\x03\x01\x02\x00\n");
    lost.is_closed(CloseReason::TlsHandshake);
    alice.hears_nothing();

    let chat = World::echo();
    let alice = chat.connect();
    alice.sends("\x16\x03\x01\n");
    alice.hears("\x16\x03\x01\n");
    alice.is_open();
}

const POST: &str = "POST / HTTP/1.1\r\nHost: x\r\n\r\n";
