//! Peers whose first line is an HTTP request: a web page that makes somebody's browser connect.

use super::*;

cases![
    a_page_that_posts_to_direct_delivers_nothing,
    a_page_in_rooms_has_no_name_and_says_nothing,
    where_any_line_is_a_message_only_the_request_line_is_one,
    chunks_end_with_the_request_line,
    the_operator_of_pair_sees_the_request_line_and_talks_with_the_next,
    a_request_line_longer_than_a_line_may_be_is_one_all_the_same,
    the_log_names_it,
    echo_sends_it_back,
    a_line_that_only_looks_like_it_is_a_line,
];

/// As `curl --data-binary` sends it.
fn post(body: &str) -> String {
    let length = body.len();
    format!(
        "POST / HTTP/1.1\r\nHost: 127.0.0.1:5378\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\
         Content-Length: {length}\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n{body}"
    )
}

fn a_page_that_posts_to_direct_delivers_nothing(bench: &Bench) {
    let server = bench.serve("direct");
    let mut victim = server.peer("victim");
    victim.asks("HELLO-FROM victim\n", "HELLO victim\n");
    let mut page = server.peer("page");
    page.send(post("HELLO-FROM mallory\nSEND victim gotcha\n"));
    page.expect_last("BAD-RQST-HDR\n");
    victim.asks("LIST\n", "LIST-OK victim\n");
}

fn a_page_in_rooms_has_no_name_and_says_nothing(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut alice = user(&server, "alice");
    let mut page = server.peer("page");
    page.send(post("mallory\ngotcha\n"));
    page.expect_end();
    alice.asks("!users\n", "alice\r\n");
}

fn where_any_line_is_a_message_only_the_request_line_is_one(bench: &Bench) {
    let server = bench.serve("relay");
    let mut listener = server.peer("listener");
    let mut page = server.peer("page");
    page.send(post("gotcha\n"));
    page.expect_end();
    listener.expect("POST / HTTP/1.1\r\n");
    server.peer("next").send("next\n");
    listener.expect("next\n");

    let server = bench.serve("addressed");
    let mut listener = server.peer("listener");
    let mut page = server.peer("page");
    let who = page.address();
    page.send(post("gotcha\n"));
    page.expect_last(format!("[{who}] POST / HTTP/1.1\n"));
    for text in ["(connected)", "POST / HTTP/1.1", "(disconnected)"] {
        listener.expect(format!("[{who}] {text}\n"));
    }
}

fn chunks_end_with_the_request_line(bench: &Bench) {
    let server = bench.serve("relay --framing chunks");
    let mut listener = server.peer("listener");
    let mut page = server.peer("page");
    page.send(post("gotcha\n"));
    page.expect_end();
    listener.expect("POST / HTTP/1.1\r\n");
    server.peer("next").send("next");
    listener.expect("next");
}

fn the_operator_of_pair_sees_the_request_line_and_talks_with_the_next(bench: &Bench) {
    let mut server = bench.serve("pair");
    let mut operator = server.console("operator");
    let mut page = server.peer("page");
    page.send(post("gotcha\n"));
    operator.expect("POST / HTTP/1.1\n");
    page.expect_end();
    server.peer("next").send("next\n");
    operator.expect("next\n");
}

fn a_request_line_longer_than_a_line_may_be_is_one_all_the_same(bench: &Bench) {
    let server = bench.serve("direct");
    let mut page = server.peer("page");
    let path = "x".repeat(9000);
    page.send(format!("GET /{path} HTTP/1.1\r\nHELLO-FROM mallory\r\n"));
    page.expect_last("BAD-RQST-BODY\n");
}

fn the_log_names_it(bench: &Bench) {
    for dialect in ["relay", "addressed", "rooms", "pair", "direct"] {
        let server = bench.serve(dialect);
        let mut page = server.peer("page");
        page.send(post(""));
        page.rest();
        server.stderr().wait_for("the reason", |log| {
            log.contains("it speaks HTTP").then_some(())
        });
    }
}

fn echo_sends_it_back(bench: &Bench) {
    let server = bench.serve("echo");
    let mut page = server.peer("page");
    page.asks(post("hello"), post("hello"));
}

fn a_line_that_only_looks_like_it_is_a_line(bench: &Bench) {
    let server = bench.serve("relay");
    let mut listener = server.peer("listener");
    let mut peer = server.peer("peer");
    peer.send("GET / HTTP/1.1 is how it begins\nGET / HTTP/1.1\n");
    listener.expect("GET / HTTP/1.1 is how it begins\nGET / HTTP/1.1\n");
    peer.send("still here\n");
    listener.expect("still here\n");
}
