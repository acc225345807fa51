//! `echo`: everybody gets back what they sent.

use super::*;

cases![
    everything_comes_back_to_its_sender_alone,
    peers_are_served_one_after_the_other_and_together,
    uppercase_is_unicode_s,
    uppercase_of_other_bytes_is_ascii_s,
    the_conversation_of_seed_002,
    a_line_that_comes_in_pieces_is_raised_as_one,
    a_console_without_a_listener_is_version_0,
    an_empty_line_ends_version_0,
    a_console_is_one_more_connection,
];

fn everything_comes_back_to_its_sender_alone(bench: &Bench) {
    let server = bench.serve("echo");
    let (mut a, mut b) = (server.peer("a"), server.peer("b"));
    for text in ["from a\n", "\n", "no ending", "\r\n", "\0\x1b"] {
        a.asks(text, text);
    }
    b.asks("from b\n", "from b\n");
    a.asks("again\n", "again\n");
}

fn peers_are_served_one_after_the_other_and_together(bench: &Bench) {
    let server = bench.serve("echo");
    for n in 0..20 {
        let mut peer = server.peer("one of many");
        peer.asks(format!("{n}\n"), format!("{n}\n"));
        peer.half_close();
        peer.expect_end();
    }
    let mut together: Vec<_> = (0..20).map(|_| server.peer("together")).collect();
    together.iter_mut().for_each(|peer| peer.send("all\n"));
    together.iter_mut().for_each(|peer| peer.expect("all\n"));
}

fn uppercase_is_unicode_s(bench: &Bench) {
    let server = bench.serve("echo --uppercase");
    let mut peer = server.peer("peer");
    for (line, raised) in [
        ("hello\n", "HELLO\n"),
        ("straße\r\n", "STRASSE\r\n"),
        ("ünï ŉ ﬁ ǆ\n", "ÜNÏ ʼN FI Ǆ\n"),
        ("σίσυφος, привет, 你好 1\n", "ΣΊΣΥΦΟΣ, ПРИВЕТ, 你好 1\n"),
        ("\n", "\n"),
    ] {
        peer.asks(line, raised);
    }
}

fn uppercase_of_other_bytes_is_ascii_s(bench: &Bench) {
    let server = bench.serve("echo --uppercase");
    server
        .peer("peer")
        .asks(b"caf\xe9 \xc3\xa9 z\n", b"CAF\xe9 \xc3\xa9 Z\n");
}

fn the_conversation_of_seed_002(bench: &Bench) {
    let server = bench.serve("echo --uppercase");
    let mut peer = server.peer("peer");
    for (line, answer) in [
        ("hey", "HEY"),
        ("how are you doing?", "HOW ARE YOU DOING?"),
        ("I asked first", "I ASKED FIRST"),
        ("stop copying me", "STOP COPYING ME"),
        ("i said stop!", "I SAID STOP!"),
    ] {
        peer.asks(format!("{line}\r\n"), format!("{answer}\r\n"));
    }
    peer.half_close();
    peer.expect_end();
}

fn a_line_that_comes_in_pieces_is_raised_as_one(bench: &Bench) {
    let server = bench.serve("echo --uppercase");
    let (mut peer, mut witness) = (server.peer("peer"), server.peer("witness"));
    for piece in [b"Hi,".as_slice(), b"I um", b" have to s\xc3"] {
        peer.send(piece);
        witness.asks("marker\n", "MARKER\n");
    }
    peer.asks(b"\xbc\xc3\x9f!\r\n", "HI,I UM HAVE TO SÜSS!\r\n");
}

fn a_console_without_a_listener_is_version_0(bench: &Bench) {
    let mut program = bench.start(bench.launch("serve echo --stdio --no-listen"));
    let mut console = program.console("console");
    console.asks("hello\n", "hello\n");
    console.asks("one\ntwo\n", "one\ntwo\n");
    console.send("last");
    console.half_close();
    console.expect_last("last\n");
    assert_eq!(program.exit_status(), 0);
}

fn an_empty_line_ends_version_0(bench: &Bench) {
    let mut program = bench.start(bench.launch("serve echo --stdio --no-listen"));
    let mut console = program.console("console");
    console.asks("hello\n", "hello\n");
    console.send("\n");
    console.expect_end();
    assert_eq!(program.exit_status(), 0);
}

fn a_console_is_one_more_connection(bench: &Bench) {
    let mut server = bench.serve("echo --stdio");
    let mut console = server.console("console");
    let mut peer = server.peer("peer");
    peer.asks("peer\n", "peer\n");
    console.asks("console\n", "console\n");
    console.half_close();
    peer.asks("still here\n", "still here\n");
    assert_eq!(server.terminate(), 0);
    console.expect_end();
}
