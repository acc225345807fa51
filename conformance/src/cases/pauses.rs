//! `--framing auto`: lines, and what a pause makes of programs that never send a line ending, such
//! as students write them for the documents: `sendall(input().encode())`.

use super::*;

cases![
    an_unfinished_line_is_handed_on_after_the_pause,
    by_default_where_the_documents_programs_send_no_endings,
    what_comes_within_the_pause_is_one_line,
    by_lines_no_pause_ends_a_line,
    the_ending_that_comes_late_is_no_empty_line,
    a_character_that_the_pause_cuts_is_handed_on_as_it_came,
    a_flood_that_waits_for_its_rate_is_not_cut,
    messages_without_endings_wait_for_their_turn,
    two_students_in_addressed_hear_each_other_netcat_and_telnet,
];

fn an_unfinished_line_is_handed_on_after_the_pause(bench: &Bench) {
    for (line, heard) in [
        ("echo --framing auto", "straße\n"),
        ("echo --uppercase --framing auto", "STRASSE\n"),
        ("relay --framing auto", "straße\n"),
    ] {
        let server = bench.serve(&format!("{line} --pause 20"));
        let mut listener = server.peer("listener");
        let mut peer = server.peer("peer");
        peer.send("straße");
        if line.starts_with("echo") {
            &mut peer
        } else {
            &mut listener
        }
        .expect(heard);
    }
}

fn by_default_where_the_documents_programs_send_no_endings(bench: &Bench) {
    let server = bench.serve("relay");
    let mut listener = server.peer("listener");
    let mut peer = server.peer("peer");
    peer.send("hi");
    listener.expect("hi\n");

    let server = bench.serve("addressed");
    let mut peer = server.peer("peer");
    let heard = format!("[{}] hi\n", peer.address());
    peer.asks("hi", heard);

    let mut server = bench.serve("pair");
    let mut operator = server.console("operator");
    let mut peer = server.peer("peer");
    peer.send("hi");
    operator.expect("hi\n");
}

fn what_comes_within_the_pause_is_one_line(bench: &Bench) {
    let server = bench.serve("relay --pause 60000");
    let mut listener = server.peer("listener");
    let mut peer = server.peer("peer");
    peer.trickle("one line\r\n");
    listener.expect("one line\r\n");
    peer.send("last");
    peer.half_close();
    listener.expect("last\n");
}

fn by_lines_no_pause_ends_a_line(bench: &Bench) {
    let server = bench.serve("relay --framing lines --pause 1");
    let (mut alice, mut bob) = (server.peer("alice"), server.peer("bob"));
    alice.send("hal");
    for _ in 0..50 {
        bob.send("meanwhile\n");
        alice.expect("meanwhile\n");
    }
    alice.send("f\n");
    bob.expect("half\n");
}

fn the_ending_that_comes_late_is_no_empty_line(bench: &Bench) {
    let server = bench.serve("relay --pause 20");
    let mut listener = server.peer("listener");
    let mut peer = server.peer("peer");
    for (begin, heard, late) in [
        ("hi", "hi\n", "\n"),
        ("hi", "hi\n", "\r\n"),
        ("hi\r", "hi\r\n", "\n"),
    ] {
        peer.send(begin);
        listener.expect(heard);
        peer.send(late);
        peer.send("next\n\n");
        listener.expect("next\n\n");
    }
}

fn a_character_that_the_pause_cuts_is_handed_on_as_it_came(bench: &Bench) {
    let server = bench.serve("relay --pause 20");
    let mut listener = server.peer("listener");
    let mut peer = server.peer("peer");
    peer.send(b"caf\xc3");
    listener.expect(b"caf\xc3\n");
    peer.send(b"\xa9\n");
    listener.expect(b"\xa9\n");
}

/// A peer that is not read from makes no pauses.
fn a_flood_that_waits_for_its_rate_is_not_cut(bench: &Bench) {
    let server = bench.serve("relay --pause 20 --rate-limit 40");
    let mut listener = server.peer("listener");
    let mut peer = server.peer("peer");
    let lines: String = (0..60)
        .map(|number| format!("{number:04}{}\n", "x".repeat(5000)))
        .collect();
    peer.send(&lines);
    listener.expect(&lines);
}

fn messages_without_endings_wait_for_their_turn(bench: &Bench) {
    let mut server = bench.serve("pair --pause 20");
    let mut operator = server.console("operator");
    let mut client = server.peer("client");
    client.send("one");
    operator.expect("one\n");
    client.send("two");
    operator.send("1\n");
    client.expect("1\n");
    operator.expect("two\n");
    operator.send("2\n");
    client.expect("2\n");
}

fn two_students_in_addressed_hear_each_other_netcat_and_telnet(bench: &Bench) {
    let server = bench.serve("addressed");
    let mut netcat = server.peer("netcat");
    let mut telnet = server.peer("telnet");
    let mut student = server.peer("student");
    let tag = |peer: &Peer, text: &str| format!("[{}] {text}\n", peer.address());
    netcat.expect(tag(&telnet, "(connected)"));
    for peer in [&mut netcat, &mut telnet] {
        peer.expect(tag(&student, "(connected)"));
    }
    for (sender, text) in [(0, "from netcat\n"), (1, "from telnet\r\n"), (2, "no end")] {
        let peers = [&mut netcat, &mut telnet, &mut student];
        peers[sender].send(text);
        let heard = tag(peers[sender], text.trim_end());
        for peer in peers {
            peer.expect(&heard);
        }
    }
}
