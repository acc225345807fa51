//! How bytes become lines, and lines bytes again.

use super::*;

cases![
    both_endings_end_a_line,
    a_lone_carriage_return_is_content,
    lines_may_be_cut_anywhere,
    lines_may_be_glued_together,
    an_ending_may_be_cut_in_two,
    echo_and_relay_hand_on_the_ending_that_came,
    a_last_line_without_an_ending_counts,
    a_carriage_return_at_the_very_end_is_half_an_ending,
    echo_and_relay_complete_a_last_line,
    chunks_are_handed_on_as_they_come,
    echo_works_by_chunks_unless_told_otherwise,
    a_line_may_be_as_long_as_the_limit,
    a_line_longer_than_the_limit_is_refused_and_the_next_one_counts,
    a_nickname_line_longer_than_the_limit_is_malformed,
    dialects_without_errors_close_on_a_line_longer_than_the_limit,
    the_limit_is_8192_bytes_by_default,
    megabytes_without_an_ending_take_no_memory,
    megabytes_without_an_ending_close_a_dialect_without_errors,
    text_that_would_spoil_a_terminal_is_refused_and_reaches_nobody,
    text_beyond_ascii_and_tabs_are_handed_on,
    the_text_rule_comes_before_everything_else_in_rooms,
    telnet_commands_are_dropped_in_rooms_and_direct,
    telnet_commands_may_be_cut_anywhere,
    telnet_commands_do_not_count_for_the_limit_of_a_nickname,
    a_telnet_subnegotiation_that_never_ends_is_over_after_512_bytes,
    the_other_dialects_hand_on_every_byte,
];

fn both_endings_end_a_line(bench: &Bench) {
    let server = bench.serve("direct");
    let mut peer = server.peer("peer");
    peer.asks(
        "HELLO-FROM peer\r\nLIST\nLIST\r\n",
        "HELLO peer\nLIST-OK peer\nLIST-OK peer\n",
    );

    let server = bench.serve("rooms");
    let mut peer = server.peer("peer");
    peer.asks("peer\n!users\r\n!users\n", "peer\r\npeer\r\n");
}

fn a_lone_carriage_return_is_content(bench: &Bench) {
    let server = bench.serve("addressed");
    let (mut peer, tag) = addressed_peer(&server, "peer", &mut []);
    for (line, content) in [
        ("a\rb\n", "a\rb"),
        ("\rab\r\n", "\rab"),
        ("ab\r\r\n", "ab\r"),
        ("\r\r\r\n", "\r\r"),
    ] {
        peer.asks(line, format!("{tag}{content}\n"));
    }
}

fn lines_may_be_cut_anywhere(bench: &Bench) {
    let server = bench.serve("direct");
    let mut peer = server.peer("peer");
    peer.trickle("HELLO-FROM peer\r\nLIST\nSEND peer one two\r\nNONSENSE\n");
    peer.expect("HELLO peer\nLIST-OK peer\nDELIVERY peer one two\nSEND-OK\nBAD-RQST-HDR\n");

    let server = bench.serve("rooms");
    let mut peer = server.peer("peer");
    peer.trickle("peer\r\n!enter den\r\n@den süß\n!rooms\n\n!users\r\n");
    peer.expect("@den peer: süß\r\nden\r\npeer\r\n");

    let server = bench.serve("addressed");
    let (mut peer, tag) = addressed_peer(&server, "peer", &mut []);
    peer.trickle("one\r\ntwo\n\n");
    peer.expect(format!("{tag}one\n{tag}two\n{tag}\n"));

    let server = bench.serve("relay");
    let mut listener = server.peer("listener");
    let mut peer = relay_peer(&server, "peer", &mut [&mut listener]);
    peer.trickle("one\r\ntwo\n\n");
    listener.expect("one\r\ntwo\n\n");
}

fn lines_may_be_glued_together(bench: &Bench) {
    let server = bench.serve("direct");
    let mut peer = member(&server, "peer");
    peer.asks("LIST\n".repeat(1000), "LIST-OK peer\n".repeat(1000));
}

fn an_ending_may_be_cut_in_two(bench: &Bench) {
    let server = bench.serve("addressed");
    let (mut peer, tag) = addressed_peer(&server, "peer", &mut []);
    let (mut witness, witness_tag) = addressed_peer(&server, "witness", &mut [&mut peer]);
    for (second_half, content) in [("\n", "cut"), ("x\n", "cut\rx"), ("\r\n", "cut\r")] {
        peer.send("cut\r");
        // By the time the witness is answered, the first half has been read by itself.
        let marker = format!("{witness_tag}marker\n");
        witness.asks("marker\n", &marker);
        peer.send(second_half);
        let line = format!("{tag}{content}\n");
        peer.expect(format!("{marker}{line}"));
        witness.expect(line);
    }
}

/// Lines with every kind of ending and of content around it.
const ENDINGS: &str = "a\nb\r\nc\r\r\nd\re\n\n\r\n";

fn echo_and_relay_hand_on_the_ending_that_came(bench: &Bench) {
    let server = bench.serve("echo --framing lines");
    server.peer("peer").asks(ENDINGS, ENDINGS);

    let server = bench.serve("relay");
    let mut listener = server.peer("listener");
    let mut peer = relay_peer(&server, "peer", &mut [&mut listener]);
    peer.send(ENDINGS);
    listener.expect(ENDINGS);
}

fn a_last_line_without_an_ending_counts(bench: &Bench) {
    for (dialect, sent, answer) in [
        ("direct", "HELLO-FROM me\nLIST", "HELLO me\nLIST-OK me\n"),
        ("direct", "LIST", "BAD-RQST-HDR\n"),
        ("rooms", "me\n!users", "me\r\n"),
        ("rooms", "me\n#me hi", "#me: hi\r\n"),
        ("echo --uppercase", "ab\ncd", "AB\nCD\n"),
    ] {
        let server = bench.serve(dialect);
        let mut peer = server.peer("peer");
        peer.send(sent);
        peer.half_close();
        peer.expect_last(answer);
    }

    let server = bench.serve("addressed");
    let (mut peer, tag) = addressed_peer(&server, "peer", &mut []);
    peer.send("last");
    peer.half_close();
    peer.expect_last(format!("{tag}last\n"));
}

fn a_carriage_return_at_the_very_end_is_half_an_ending(bench: &Bench) {
    for (dialect, sent, answer) in [
        ("direct", "HELLO-FROM me\nLIST\r", "HELLO me\nLIST-OK me\n"),
        ("rooms", "me\n!users\r", "me\r\n"),
        ("echo --framing lines", "last\r", "last\n"),
    ] {
        let server = bench.serve(dialect);
        let mut peer = server.peer("peer");
        peer.send(sent);
        peer.half_close();
        peer.expect_last(answer);
    }
}

fn echo_and_relay_complete_a_last_line(bench: &Bench) {
    let server = bench.serve("echo --framing lines");
    let mut peer = server.peer("peer");
    peer.send("one\r\ntwo");
    peer.half_close();
    peer.expect_last("one\r\ntwo\n");

    let server = bench.serve("relay");
    let mut listener = server.peer("listener");
    let mut leaver = relay_peer(&server, "leaver", &mut [&mut listener]);
    leaver.send("last");
    leaver.half_close();
    leaver.expect_end();
    listener.expect("last\n");
    relay_peer(&server, "next", &mut [&mut listener]);
}

fn chunks_are_handed_on_as_they_come(bench: &Bench) {
    let server = bench.serve("relay --framing chunks");
    let mut listener = server.peer("listener");
    let mut peer = relay_peer(&server, "peer", &mut [&mut listener]);
    for chunk in ["no ending", "\r", "\n", "two\r\nlines\nand a half"] {
        peer.send(chunk);
        listener.expect(chunk);
    }

    let server = bench.serve("addressed --framing chunks");
    let mut peer = server.peer("peer");
    let tag = format!("[{}] ", peer.address());
    for chunk in ["no ending", "an ending\r\n"] {
        peer.asks(chunk, format!("{tag}{chunk}"));
    }
}

fn echo_works_by_chunks_unless_told_otherwise(bench: &Bench) {
    let server = bench.serve("echo");
    server.peer("peer").asks("no ending", "no ending");

    // Were these chunks, the first half would come back by itself.
    for line in ["echo --framing lines", "echo --uppercase"] {
        let server = bench.serve(line);
        let (mut peer, mut witness) = (server.peer("peer"), server.peer("witness"));
        peer.send("HALF");
        witness.asks("MARKER\n", "MARKER\n");
        peer.expect_silence_so_far();
        peer.asks(" AND HALF\n", "HALF AND HALF\n");
    }
}

fn a_line_may_be_as_long_as_the_limit(bench: &Bench) {
    let text = "x".repeat(59);
    let server = bench.serve("direct --max-line 64");
    let mut peer = member(&server, "a");
    let delivery = format!("DELIVERY a {}\nSEND-OK\n", &text[..57]);
    for ending in ["\n", "\r\n"] {
        peer.asks(format!("SEND a {}{ending}", &text[..57]), &delivery);
    }
    let mut witness = server.peer("witness");
    peer.send(format!("SEND a {}\r", &text[..57]));
    was_sent_nothing_else(&mut witness);
    peer.asks("\n", &delivery);

    let server = bench.serve("rooms --max-line 64");
    let mut peer = user(&server, "abc");
    peer.asks(format!("#abc {text}\r\n"), format!("#abc: {text}\r\n"));

    let server = bench.serve("echo --framing lines --max-line 59");
    let line = format!("{text}\r\n");
    server.peer("peer").asks(&line, &line);
}

fn a_line_longer_than_the_limit_is_refused_and_the_next_one_counts(bench: &Bench) {
    let server = bench.serve("direct --max-line 64");
    let mut peer = member(&server, "a");
    for ending in ["\n", "\r\n", "\r\r\n", " and so on\n"] {
        peer.asks(
            format!("SEND a {}{ending}", "x".repeat(58)),
            "BAD-RQST-BODY\n",
        );
        peer.asks("LIST\n", "LIST-OK a\n");
    }
    // The carriage return would have belonged to an ending.
    peer.asks(format!("SEND a {}\rx\n", "x".repeat(57)), "BAD-RQST-BODY\n");

    let server = bench.serve("rooms --max-line 64");
    let mut other = user(&server, "other");
    let mut peer = user(&server, "abc");
    for length in [65, 66, 1000] {
        let refusal = "!error line is longer than 64 bytes\r\n";
        peer.asks(format!("{}\r\n", "x".repeat(length)), refusal);
        peer.asks("#abc next\n", "#abc: next\r\n");
    }
    heard_nothing_else(&mut other);
}

fn a_nickname_line_longer_than_the_limit_is_malformed(bench: &Bench) {
    let server = bench.serve("rooms --max-line 64");
    let mut peer = server.peer("peer");
    peer.send(format!("{}\n", "x".repeat(65)));
    peer.expect_end();
}

fn dialects_without_errors_close_on_a_line_longer_than_the_limit(bench: &Bench) {
    let too_long = "x".repeat(65);
    for dialect in ["echo --framing lines", "relay", "addressed", "pair"] {
        let mut server = bench.serve(&format!("{dialect} --max-line 64"));
        let mut operator = server.console("operator");
        let mut peer = server.peer("peer");
        peer.send(format!("{too_long}\n"));
        peer.expect_end();
        let mut next = server.peer("next");
        next.send("next\n");
        match dialect {
            "pair" => operator.expect("next\n"),
            "addressed" => next.expect(format!("[{}] next\n", next.address())),
            "relay" => drop(relay_peer(&server, "another", &mut [&mut next])),
            _ => next.expect("next\n"),
        }
    }

    let server = bench.serve("relay --max-line 64");
    let mut listener = server.peer("listener");
    let mut peer = relay_peer(&server, "peer", &mut [&mut listener]);
    peer.send(format!("fine\n{too_long}"));
    peer.expect_end();
    listener.expect("fine\n");
    relay_peer(&server, "next", &mut [&mut listener]);
}

fn the_limit_is_8192_bytes_by_default(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut peer = user(&server, "me");
    let text = "x".repeat(8192 - "#me ".len());
    peer.asks(format!("#me {text}\r\n"), format!("#me: {text}\r\n"));
    peer.asks(
        format!("#me {text}x\n"),
        "!error line is longer than 8192 bytes\r\n",
    );
}

fn megabytes_without_an_ending_take_no_memory(bench: &Bench) {
    let server = bench.serve("direct");
    let mut peer = member(&server, "a");
    let before = server.peak_memory();
    let block = vec![b'x'; 1 << 20];
    (0..16).for_each(|_| peer.send(&block));
    peer.asks("\nLIST\n", "BAD-RQST-BODY\nLIST-OK a\n");
    let grown = server.peak_memory() - before;
    assert!(grown < 4 * 1024, "one unfinished line took {grown} KiB");
}

fn megabytes_without_an_ending_close_a_dialect_without_errors(bench: &Bench) {
    let server = bench.serve("addressed");
    let (mut witness, _) = addressed_peer(&server, "witness", &mut []);
    let mut peer = server.peer("peer");
    witness.expect(format!("[{}] (connected)\n", peer.address()));
    let block = vec![b'x'; 1 << 20];
    // It may be closed before all of it is sent.
    let _ = (0..16).try_for_each(|_| peer.try_send(&block));
    assert_eq!(peer.until_gone(), b"");
    witness.expect(format!("[{}] (disconnected)\n", peer.address()));
}

/// What other people's terminals must not be sent, as the text of a message.
const SPOILERS: &[&[u8]] = &[
    b"not utf-8 \xfe",
    b"cut short \xc3",
    b"surrogate \xed\xa0\x80",
    b"overlong \xc0\xaf",
    b"nul \0",
    b"bell \x07",
    b"backspace \x08",
    b"vertical tab \x0b",
    b"carriage \r return",
    b"escape \x1b[2J",
    b"unit separator \x1f",
    b"delete \x7f",
    "C1 first \u{80}".as_bytes(),
    "C1 next line \u{85}".as_bytes(),
    "C1 CSI \u{9b}2J".as_bytes(),
    "C1 last \u{9f}".as_bytes(),
    "line separator \u{2028}".as_bytes(),
    "paragraph separator \u{2029}".as_bytes(),
    "bidi \u{202a}".as_bytes(),
    "bidi \u{202b}".as_bytes(),
    "bidi \u{202c}".as_bytes(),
    "bidi \u{202d}".as_bytes(),
    "bidi \u{202e}".as_bytes(),
    "bidi \u{2066}".as_bytes(),
    "bidi \u{2067}".as_bytes(),
    "bidi \u{2068}".as_bytes(),
    "bidi \u{2069}".as_bytes(),
];

fn text_that_would_spoil_a_terminal_is_refused_and_reaches_nobody(bench: &Bench) {
    let direct = bench.serve("direct");
    let (mut sender, mut bob) = (member(&direct, "sender"), member(&direct, "bob"));
    for spoiler in SPOILERS {
        sender.asks([b"SEND bob ", *spoiler, b"\n"].concat(), "BAD-RQST-BODY\n");
    }
    was_sent_nothing_else(&mut bob);

    let rooms = bench.serve("rooms");
    let (mut sender, mut bob) = (user(&rooms, "sender"), user(&rooms, "bob"));
    for peer in [&mut sender, &mut bob] {
        peer.send("!enter den\n");
        heard_nothing_else(peer);
    }
    for spoiler in SPOILERS {
        for start in ["", "#bob ", "@den "] {
            let line = [start.as_bytes(), spoiler, b"\r\n"].concat();
            sender.asks(line, "!error message is not plain text\r\n");
        }
    }
    heard_nothing_else(&mut bob);
}

fn text_beyond_ascii_and_tabs_are_handed_on(bench: &Bench) {
    let text = "\ttabs\t, Grüße, 你好, שלום, 👩‍👩‍👧, \u{a0}\u{2065}\u{206a}\u{2027}\u{202f}\u{200f}";
    let server = bench.serve("direct");
    let mut peer = member(&server, "a");
    peer.asks(
        format!("SEND a {text}\n"),
        format!("DELIVERY a {text}\nSEND-OK\n"),
    );

    let server = bench.serve("rooms");
    let mut peer = user(&server, "a");
    peer.asks(format!("#a {text}\n"), format!("#a: {text}\r\n"));
}

fn the_text_rule_comes_before_everything_else_in_rooms(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut peer = user(&server, "a");
    for line in [
        "!users\x07",
        "!nonsense \x07",
        "#nobody \x07",
        "@nowhere \x07",
        "!quit\x07",
    ] {
        peer.asks(format!("{line}\n"), "!error message is not plain text\r\n");
    }
}

/// What a telnet client may put between two lines. An option may look like the end of a line.
const TELNET: &[&[u8]] = &[
    b"\xff\xf4\xff\xfd\x06",
    b"\xff\xf1",
    b"\xff\xfb\x01",
    b"\xff\xfc\x0a",
    b"\xff\xfd\x0d",
    b"\xff\xfe\x0a",
    b"\xff\xfa\x18\x00xterm\n\xff\xf0",
    b"\xff\xfb\x1f\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0\xff\xf9",
];

fn telnet_commands_are_dropped_in_rooms_and_direct(bench: &Bench) {
    let (rooms, direct) = (bench.serve("rooms"), bench.serve("direct"));
    for commands in TELNET {
        let mut peer = rooms.peer("rooms");
        peer.asks(
            [commands, b"a".as_slice(), commands, b"\r\n!users\r\n"].concat(),
            "a\r\n",
        );
        peer.asks(
            [b"#a he", *commands, b"llo", commands, b"\n"].concat(),
            "#a: hello\r\n",
        );
        leave(peer);

        let mut peer = direct.peer("direct");
        peer.asks(
            [commands, b"HELLO-FROM ".as_slice(), commands, b"a\n"].concat(),
            "HELLO a\n",
        );
        peer.asks(
            [b"LI", *commands, b"ST\r", commands, b"\n"].concat(),
            "LIST-OK a\n",
        );
        leave(peer);
    }
}

fn telnet_commands_may_be_cut_anywhere(bench: &Bench) {
    let (rooms, direct) = (bench.serve("rooms"), bench.serve("direct"));
    let mut talker = user(&rooms, "a");
    let (mut lister, mut witness) = (member(&direct, "a"), direct.peer("witness"));
    for commands in TELNET {
        talker.trickle([commands, b"#a hi\r\n".as_slice()].concat());
        talker.expect("#a: hi\r\n");
        for byte in [commands, b"LIST".as_slice()].concat() {
            lister.send([byte]);
            was_sent_nothing_else(&mut witness);
        }
        lister.asks("\n", "LIST-OK a\n");
    }
}

fn a_telnet_subnegotiation_that_never_ends_is_over_after_512_bytes(bench: &Bench) {
    let begun = [b"\xff\xfa", &b"\nx".repeat(256)[..]].concat();
    let rooms = bench.serve("rooms");
    user(&rooms, "alice").asks([&begun[..], b"!users\n"].concat(), "alice\r\n");
    let direct = bench.serve("direct");
    let mut peer = direct.peer("peer");
    peer.send(begun);
    peer.asks("HELLO-FROM bob\n", "HELLO bob\n");
}

fn telnet_commands_do_not_count_for_the_limit_of_a_nickname(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut peer = server.peer("peer");
    let negotiation = b"\xff\xfb\x01".repeat(20);
    let nickname = "n".repeat(32);
    peer.send(negotiation);
    peer.asks(format!("{nickname}\n!users\n"), format!("{nickname}\r\n"));
}

fn the_other_dialects_hand_on_every_byte(bench: &Bench) {
    let every_byte: Vec<u8> = (0..=255).filter(|byte| !b"\r\n".contains(byte)).collect();
    let line = [&every_byte, TELNET[0], b"\n"].concat();

    for dialect in ["echo", "echo --framing lines"] {
        let server = bench.serve(dialect);
        server.peer("peer").asks(&line, &line);
    }
    let server = bench.serve("relay");
    let mut listener = server.peer("listener");
    let mut peer = relay_peer(&server, "peer", &mut [&mut listener]);
    peer.send(&line);
    listener.expect(&line);

    let server = bench.serve("addressed");
    let (mut peer, tag) = addressed_peer(&server, "peer", &mut []);
    peer.asks(&line, [tag.as_bytes(), &line].concat());

    let mut server = bench.serve("pair");
    let mut operator = server.console("operator");
    let mut client = server.peer("client");
    client.send(&line);
    operator.expect(&line);
    operator.send(&line);
    client.expect(&line);
}

/// Goes away in order and waits for the server to agree, so that the name is free again.
#[track_caller]
fn leave(mut peer: Peer) {
    peer.half_close();
    peer.expect_end();
}
