//! `addressed`: everybody gets everything, with the address of who said it.

use super::*;

cases![
    the_three_clients_of_seed_001,
    an_empty_line_is_a_message,
    blanks_are_handed_on,
    every_kind_of_leaving_is_told_to_the_others,
    last_words_come_before_the_notice_of_leaving,
    ipv6_is_shown_in_brackets_of_its_own,
    a_console_is_shown_as_such,
];

fn the_three_clients_of_seed_001(bench: &Bench) {
    let server = bench.serve("addressed");
    let (mut a, tag_a) = addressed_peer(&server, "a", &mut []);
    let (mut b, tag_b) = addressed_peer(&server, "b", &mut [&mut a]);
    let (mut c, tag_c) = addressed_peer(&server, "c", &mut [&mut a, &mut b]);
    a.send("M E S S A G E\n");
    for peer in [&mut a, &mut b, &mut c] {
        peer.expect(format!("{tag_a}M E S S A G E\n"));
    }
    c.send("hello\r\n");
    for peer in [&mut a, &mut b, &mut c] {
        peer.expect(format!("{tag_c}hello\n"));
    }
    drop(b);
    for peer in [&mut a, &mut c] {
        peer.expect(format!("{tag_b}(disconnected)\n"));
    }
}

fn an_empty_line_is_a_message(bench: &Bench) {
    let server = bench.serve("addressed");
    let (mut peer, tag) = addressed_peer(&server, "peer", &mut []);
    peer.asks("\n\r\n", format!("{tag}\n{tag}\n"));
}

fn blanks_are_handed_on(bench: &Bench) {
    let server = bench.serve("addressed");
    let (mut peer, tag) = addressed_peer(&server, "peer", &mut []);
    for text in [" ", "  a  b  ", "\t"] {
        peer.asks(format!("{text}\n"), format!("{tag}{text}\n"));
    }
}

fn every_kind_of_leaving_is_told_to_the_others(bench: &Bench) {
    let server = bench.serve("addressed");
    let (mut listener, _) = addressed_peer(&server, "listener", &mut []);
    let endings: [fn(Peer); 3] = [Peer::reset, drop, |mut peer| {
        peer.half_close();
        peer.expect_end();
    }];
    for end in endings {
        let (leaver, tag) = addressed_peer(&server, "leaver", &mut [&mut listener]);
        end(leaver);
        listener.expect(format!("{tag}(disconnected)\n"));
    }
}

fn last_words_come_before_the_notice_of_leaving(bench: &Bench) {
    let server = bench.serve("addressed");
    let (mut listener, _) = addressed_peer(&server, "listener", &mut []);
    let (mut leaver, tag) = addressed_peer(&server, "leaver", &mut [&mut listener]);
    leaver.send("bye\nreally");
    leaver.half_close();
    leaver.expect_last(format!("{tag}bye\n{tag}really\n"));
    listener.expect(format!("{tag}bye\n{tag}really\n{tag}(disconnected)\n"));
}

fn ipv6_is_shown_in_brackets_of_its_own(bench: &Bench) {
    if !bench.has_ipv6() {
        return;
    }
    let server = bench.serve_on("[::1]:0", "addressed");
    let mut peer = server.peer("peer");
    let port = peer.address().port();
    peer.asks("hi\n", format!("[[::1]:{port}] hi\n"));
}

fn a_console_is_shown_as_such(bench: &Bench) {
    let mut server = bench.serve("addressed --stdio");
    let mut console = server.console("console");
    console.asks("alone\n", "[console] alone\n");
    let (mut peer, tag) = addressed_peer(&server, "peer", &mut [&mut console]);
    console.asks("hi\n", "[console] hi\n");
    peer.expect("[console] hi\n");
    console.half_close();
    peer.expect("[console] (disconnected)\n");
    peer.asks("still here\n", format!("{tag}still here\n"));
}
