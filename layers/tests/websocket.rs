//! Lines in messages, and everything that is no message.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod world;

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use linechat_layers::web::{Scheme, Site, WebSession};
use linechat_protocol::{CloseReason, Instant, Layer, LayerEnd, LayerStage, Peer};
use proptest::prelude::*;
use tungstenite::client::IntoClientRequest;
use tungstenite::protocol::{Message, Role, WebSocket, WebSocketConfig};
use world::{End, after};

const MAX_MESSAGE: usize = 4608;

fn visit() -> End<WebSession> {
    let mut site = Site::new(Scheme::Http);
    site.max_message = Some(MAX_MESSAGE);
    End::new(WebSession::new(
        Arc::new(site),
        Peer::Socket(([192, 0, 2, 1], 7).into()),
    ))
}

/// Asks for WebSocket, and returns the head of the answer.
fn upgrade(end: &mut End<WebSession>, headers: &str) -> String {
    end.receive(
        format!(
            "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: WebSocket\r\n\
             Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        )
        .as_bytes(),
    );
    String::from_utf8(end.take_wire()).unwrap()
}

fn open(protocols: &str) -> End<WebSession> {
    let mut end = visit();
    let headers = match protocols {
        "" => String::new(),
        _ => format!("Sec-WebSocket-Protocol: {protocols}\r\n"),
    };
    let head = upgrade(&mut end, &headers);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    end
}

fn text() -> End<WebSession> {
    open("text.ircv3.net")
}

fn binary() -> End<WebSession> {
    open("binary.ircv3.net")
}

/// A client's frame: its first byte, and what is in it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    announced(first, payload.len(), payload)
}

/// One that says that it is so long.
fn announced(first: u8, length: usize, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![first];
    match length {
        0..=125 => frame.push(0x80 | u8::try_from(length).unwrap()),
        126..=65_535 => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    frame
}

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
/// Of a message that goes on.
const TEXT_BEGINS: u8 = 0x01;
const GOES_ON: u8 = 0x00;
const GOES_ON_TO_THE_END: u8 = 0x80;

/// The code and the words of the close frame that is all there is.
fn close_frame(wire: &[u8]) -> (u16, String) {
    assert_eq!(wire[0], CLOSE);
    assert_eq!(
        usize::from(wire[1]),
        wire.len() - 2,
        "a close frame and nothing else"
    );
    let words = String::from_utf8(wire[4..].to_vec()).unwrap();
    (u16::from_be_bytes([wire[2], wire[3]]), words)
}

#[test]
fn the_answer_to_a_client_is_that_of_the_rfc() {
    let head = upgrade(&mut visit(), "");
    assert_eq!(
        head,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    );
}

#[test]
fn the_first_subprotocol_that_both_know_is_the_one() {
    for (offered, chosen) in [
        ("text.ircv3.net", Some("text.ircv3.net")),
        ("binary.ircv3.net, text.ircv3.net", Some("binary.ircv3.net")),
        ("text.ircv3.net,binary.ircv3.net", Some("text.ircv3.net")),
        ("irc, text.ircv3.net", Some("text.ircv3.net")),
        ("irc", None),
    ] {
        let head = upgrade(
            &mut visit(),
            &format!("Sec-WebSocket-Protocol: {offered}\r\n"),
        );
        let line = head
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Protocol: "));
        assert_eq!(line, chosen, "{offered}");
    }
}

#[test]
fn a_request_for_the_socket_that_is_not_as_it_should_be_is_refused() {
    let ask = |line: &str, version: &str, key: &str| {
        let mut end = visit();
        end.receive(
            format!(
                "{line}\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 {version}{key}\r\n"
            )
            .as_bytes(),
        );
        String::from_utf8(end.take_wire()).unwrap()[9..12].to_owned()
    };
    let get = "GET /ws HTTP/1.1";
    let version = "Sec-WebSocket-Version: 13\r\n";
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    assert_eq!(ask(get, version, key), "101");
    assert_eq!(ask("HEAD /ws HTTP/1.1", version, key), "426");
    assert_eq!(ask("GET /ws HTTP/1.0", version, key), "426");
    assert_eq!(ask(get, "Sec-WebSocket-Version: 8\r\n", key), "426");
    assert_eq!(ask(get, "", key), "426");
    assert_eq!(ask(get, version, ""), "400");
    assert_eq!(ask(get, version, "Sec-WebSocket-Key: short==\r\n"), "400");
    assert_eq!(
        ask(
            get,
            version,
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ===\r\n"
        ),
        "400"
    );
    assert_eq!(ask(get, version, &key.repeat(2)), "400");
}

#[test]
fn a_message_is_a_line_whether_it_ends_or_not() {
    let mut end = text();
    for message in [
        "NICK alice",
        "PRIVMSG #a :grüße\n",
        "QUIT\r\n",
        "",
        "\r\n",
        "a\r",
        "\r\r\n",
    ] {
        end.receive(&frame(TEXT, message.as_bytes()));
    }
    let heard = String::from_utf8(end.heard).unwrap();
    assert_eq!(
        heard,
        "NICK alice\r\nPRIVMSG #a :grüße\r\nQUIT\r\n\r\n\r\na\r\r\n\r\r\n"
    );
}

#[test]
fn a_line_is_a_message_of_the_kind_that_was_agreed_on() {
    for (protocols, first) in [
        ("", TEXT),
        ("text.ircv3.net", TEXT),
        ("binary.ircv3.net", BINARY),
    ] {
        let mut end = open(protocols);
        end.say(b":a PING\r\nx\ny\rz\r\n\r\n");
        let mut expected = vec![first, 7];
        expected.extend(b":a PING");
        expected.extend([first, 1]);
        expected.extend(b"x");
        expected.extend([first, 3]);
        expected.extend(b"y\rz");
        expected.extend([first, 0]);
        assert_eq!(end.take_wire(), expected, "{protocols}");
    }
}

#[test]
fn a_long_line_is_one_message() {
    for (length, head) in [
        (125, &[TEXT, 125][..]),
        (126, &[TEXT, 126, 0, 126]),
        (8190, &[TEXT, 126, 0x1f, 0xfe]),
        (70_000, &[TEXT, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]),
    ] {
        let mut end = text();
        end.say(&["x".repeat(length).as_bytes(), b"\r\n"].concat());
        let wire = end.take_wire();
        assert!(wire.starts_with(head), "{length}");
        assert_eq!(wire.len(), head.len() + length);
    }
}

#[test]
fn no_browser_is_sent_text_that_is_not_utf8() {
    let mut end = text();
    end.say(b"a\xffb\r\n");
    assert_eq!(
        end.take_wire(),
        [&[TEXT, 5][..], "a\u{fffd}b".as_bytes()].concat()
    );
    let mut end = binary();
    end.say(b"a\xffb\r\n");
    assert_eq!(end.take_wire(), [BINARY, 3, b'a', 0xff, b'b']);
}

#[test]
fn bad_text_in_a_binary_message_is_for_the_dialect_to_refuse() {
    let mut end = binary();
    end.receive(&frame(BINARY, b"PRIVMSG a :\xff\xfe"));
    assert_eq!(end.heard, b"PRIVMSG a :\xff\xfe\r\n");
    assert_eq!(end.error, None);
}

#[test]
fn a_message_may_come_in_parts_with_pings_between_them() {
    let mut end = text();
    end.receive(&frame(TEXT_BEGINS, b"gr\xc3"));
    end.receive(&frame(PING, b"still there?"));
    end.receive(&frame(GOES_ON, b""));
    assert_eq!(end.heard, b"");
    end.receive(&frame(GOES_ON_TO_THE_END, b"\xbc\xc3\x9fe"));
    assert_eq!(end.heard, "grüße\r\n".as_bytes());
    assert_eq!(end.take_wire(), [&[PONG, 12][..], b"still there?"].concat());
}

#[test]
fn every_ping_is_answered_and_no_pong_is() {
    let mut end = text();
    let longest = [b'x'; 125];
    end.receive(&[frame(PING, b""), frame(PING, &longest), frame(PONG, b"hi")].concat());
    assert_eq!(
        end.take_wire(),
        [&[PONG, 0, PONG, 125][..], &longest].concat()
    );
    assert_eq!(end.heard, b"");
}

#[test]
fn what_is_no_message_is_refused_with_its_code() {
    let unmasked = vec![TEXT, 2, b'h', b'i'];
    let too_long = announced(TEXT, MAX_MESSAGE + 1, b"");
    let endless = [
        0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4,
    ];
    let part = frame(TEXT_BEGINS, &[b'x'; 3000]);
    let too_long_together = [part, announced(GOES_ON, 1609, b"")].concat();
    let begun = frame(TEXT_BEGINS, b"a");
    for (frames, code, words) in [
        (unmasked, 1002, "a frame is not masked"),
        (frame(TEXT | 0x40, b"hi"), 1002, "a frame has reserved bits"),
        (frame(TEXT | 0x20, b"hi"), 1002, "a frame has reserved bits"),
        (frame(PING | 0x10, b""), 1002, "a frame has reserved bits"),
        (frame(0x83, b""), 1002, "a frame has a reserved opcode"),
        (frame(0x87, b""), 1002, "a frame has a reserved opcode"),
        (frame(0x8b, b""), 1002, "a frame has a reserved opcode"),
        (frame(0x8f, b""), 1002, "a frame has a reserved opcode"),
        (
            frame(GOES_ON_TO_THE_END, b""),
            1002,
            "a message begins with a continuation",
        ),
        (
            [&begun[..], &frame(TEXT, b"b")].concat(),
            1002,
            "a message begins within another one",
        ),
        (
            frame(0x09, b""),
            1002,
            "a control frame is not the last of its message",
        ),
        (
            frame(0x08, b""),
            1002,
            "a control frame is not the last of its message",
        ),
        (
            announced(PING, 126, b""),
            1002,
            "a control frame is longer than 125 bytes",
        ),
        (
            announced(CLOSE, 70_000, b""),
            1002,
            "a control frame is longer than 125 bytes",
        ),
        (frame(CLOSE, b"\x03"), 1002, "a close frame has half a code"),
        (
            frame(CLOSE, b"\x03\xed"),
            1002,
            "a close frame has a code that nobody sends",
        ),
        (
            frame(CLOSE, b"\x00\x00"),
            1002,
            "a close frame has a code that nobody sends",
        ),
        (
            frame(CLOSE, b"\x0b\xb7"),
            1002,
            "a close frame has a code that nobody sends",
        ),
        (frame(CLOSE, b"\x03\xe8\xff"), 1007, "text is not UTF-8"),
        (
            frame(BINARY, b"hi"),
            1003,
            "a message is not of the kind that was agreed on",
        ),
        (frame(TEXT, b"\xff"), 1007, "text is not UTF-8"),
        (frame(TEXT, b"\xed\xa0\x80"), 1007, "text is not UTF-8"),
        (
            [&begun[..], &frame(0x80, b"\xc3")].concat(),
            1007,
            "text is not UTF-8",
        ),
        (
            frame(TEXT, b"a\nb"),
            1008,
            "there is more than one line in a message",
        ),
        (
            frame(TEXT, b"a\n\n"),
            1008,
            "there is more than one line in a message",
        ),
        (
            frame(TEXT, b"\r\nQUIT\r\n"),
            1008,
            "there is more than one line in a message",
        ),
        (too_long, 1009, "a message is too long"),
        (endless.to_vec(), 1009, "a message is too long"),
        (too_long_together, 1009, "a message is too long"),
    ] {
        let mut end = text();
        end.receive(&frame(TEXT, b"before"));
        end.receive(&[&frames[..], &frame(TEXT, b"after")].concat());
        assert_eq!(end.heard, b"before\r\n", "{words}");
        assert_eq!(end.reason(), format!("WebSocket: {words}"));
        end.finish(CloseReason::TransportFailed);
        assert_eq!(close_frame(&end.take_wire()), (code, words.to_owned()));
    }
}

#[test]
fn text_is_no_message_where_binary_was_agreed_on() {
    let mut end = binary();
    end.receive(&frame(TEXT, b"hi"));
    end.finish(CloseReason::TransportFailed);
    assert_eq!(close_frame(&end.take_wire()).0, 1003);
}

#[test]
fn a_message_as_long_as_can_be_is_heard() {
    let mut end = text();
    let longest = vec![b'x'; MAX_MESSAGE];
    end.receive(&frame(TEXT, &longest));
    end.receive(&frame(TEXT_BEGINS, &longest[1..]));
    end.receive(&frame(GOES_ON_TO_THE_END, b"x"));
    let line = [&longest[..], b"\r\n"].concat();
    assert_eq!(end.heard, line.repeat(2));
}

#[test]
fn an_answer_to_what_came_before_a_violation_is_still_sent() {
    let mut end = text();
    end.receive(&[frame(TEXT, b"PING x"), frame(0x83, b"")].concat());
    end.say(b"PONG x\r\n");
    end.finish(CloseReason::TransportFailed);
    let wire = end.take_wire();
    assert!(wire.starts_with(b"\x81\x06PONG x"));
    assert_eq!(close_frame(&wire[8..]).0, 1002);
}

#[test]
fn a_close_is_answered_with_its_code_after_the_last_line() {
    for (payload, answer) in [
        (&b"\x03\xe8bye"[..], &[CLOSE, 2, 0x03, 0xe8][..]),
        (b"\x03\xe9", &[CLOSE, 2, 0x03, 0xe9]),
        (b"\x0f\xa0", &[CLOSE, 2, 0x0f, 0xa0]),
        (b"", &[CLOSE, 0]),
    ] {
        let mut end = text();
        assert_eq!(end.ends(), LayerEnd::CutOff);
        end.receive(
            &[
                frame(TEXT, b"LIST"),
                frame(CLOSE, payload),
                frame(TEXT, b"no"),
            ]
            .concat(),
        );
        assert_eq!(end.heard, b"LIST\r\n");
        assert_eq!(end.stage(), LayerStage::InputEnded);
        assert_eq!(end.ends(), LayerEnd::Authentic);
        end.receive(&frame(TEXT, b"neither"));
        assert_eq!(end.heard, b"LIST\r\n");
        end.say(b"none\r\n");
        end.finish(CloseReason::PeerLeft);
        assert_eq!(end.take_wire(), [b"\x81\x04none", answer].concat());
    }
}

#[test]
fn the_code_says_why_the_server_closes() {
    for (reason, code) in [
        (CloseReason::Quit, 1000),
        (CloseReason::PeerLeft, 1000),
        (CloseReason::ShuttingDown, 1001),
        (CloseReason::SlowConsumer, 1008),
        (CloseReason::BuffersFull, 1008),
        (CloseReason::LoginTimeout, 1008),
    ] {
        let mut end = text();
        end.finish(reason);
        let (said, words) = close_frame(&end.take_wire());
        assert_eq!(said, code, "{reason}");
        assert_eq!(words.is_empty(), code != 1008);
    }
}

#[test]
fn a_peer_is_pinged_every_thirty_seconds_and_gone_after_sixty_without_a_frame() {
    let mut end = text();
    let nanosecond = Duration::from_nanos(1);
    assert_eq!(end.layer.deadline(), Some(after(30)));
    let early = after(30).saturating_before(nanosecond);
    end.layer.expire(early, &mut end.wire).unwrap();
    assert!(end.take_wire().is_empty());
    end.layer.expire(after(30), &mut end.wire).unwrap();
    assert_eq!(end.take_wire(), [PING, 0]);

    let answer = |end: &mut End<WebSession>, now: Instant, bytes: &[u8]| {
        end.layer
            .receive(now, bytes, &mut end.heard, &mut end.wire)
            .unwrap();
    };
    answer(&mut end, after(31), &frame(PONG, b""));
    assert_eq!(end.layer.deadline(), Some(after(60)));
    end.layer.expire(after(60), &mut end.wire).unwrap();
    assert_eq!(end.take_wire(), [PING, 0]);

    // Half a frame is none.
    answer(&mut end, after(80), &frame(PONG, b"hi")[..4]);
    assert_eq!(end.layer.deadline(), Some(after(90)));
    end.layer.expire(after(90), &mut end.wire).unwrap();
    assert_eq!(end.take_wire(), [PING, 0]);
    assert_eq!(end.layer.deadline(), Some(after(91)));
    let gone = end.layer.expire(after(91), &mut end.wire).unwrap_err();
    assert_eq!(gone.reason, "WebSocket: nothing came for 60 seconds");
    end.finish(CloseReason::TransportFailed);
    assert_eq!(close_frame(&end.take_wire()).0, 1008);
    assert_eq!(end.layer.deadline(), None);
}

/// Both directions of a connection, in memory.
#[derive(Debug, Default)]
struct Wire {
    to_client: io::Cursor<Vec<u8>>,
    to_server: Vec<u8>,
}

impl Read for Wire {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        match self.to_client.read(space)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            read => Ok(read),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to_server.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_client_of_another_make_talks_and_leaves() {
    let request = "ws://localhost/ws".into_client_request().unwrap();
    let Err(tungstenite::HandshakeError::Interrupted(mut handshake)) =
        tungstenite::client(request, Wire::default())
    else {
        panic!("the client waits for an answer");
    };
    let mut end = visit();
    let wire = handshake.get_mut().get_mut();
    end.receive(&std::mem::take(&mut wire.to_server));
    wire.to_client = io::Cursor::new(end.take_wire());
    let (mut client, _) = handshake.handshake().unwrap();

    client.send(Message::text("PRIVMSG #a :grüße 👋")).unwrap();
    client.send(Message::Ping("?".into())).unwrap();
    client.close(None).unwrap();
    end.receive(&std::mem::take(&mut client.get_mut().to_server));
    assert_eq!(end.heard, "PRIVMSG #a :grüße 👋\r\n".as_bytes());

    end.say("one 👋\r\ntwo\r\n".as_bytes());
    end.finish(CloseReason::PeerLeft);
    client.get_mut().to_client = io::Cursor::new(end.take_wire());
    assert_eq!(client.read().unwrap(), Message::Pong("?".into()));
    assert_eq!(client.read().unwrap(), Message::text("one 👋"));
    assert_eq!(client.read().unwrap(), Message::text("two"));
    assert_eq!(client.read().unwrap(), Message::Close(None));
}

/// What tungstenite's own server makes of these frames: lines, until something is wrong.
fn lines_of_another_make(frames: &[u8]) -> (Vec<u8>, bool) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let wire = Wire {
        to_client: io::Cursor::new(frames.to_vec()),
        to_server: Vec::new(),
    };
    let mut server = WebSocket::from_raw_socket(wire, Role::Server, Some(config));
    let mut heard = Vec::new();
    loop {
        match server.read() {
            Ok(Message::Text(text)) => {
                heard.extend_from_slice(text.as_bytes());
                heard.extend_from_slice(b"\r\n");
            }
            Ok(Message::Binary(_)) => return (heard, true),
            Ok(Message::Close(Some(frame))) if frame.reason == "Protocol violation" => {
                return (heard, true);
            }
            Ok(_) => {}
            Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                return (heard, false);
            }
            Err(tungstenite::Error::ConnectionClosed) => return (heard, false),
            Err(_) => return (heard, true),
        }
    }
}

prop_compose! {
    /// Frames that mostly belong together. No line endings: those are ours to refuse.
    fn frames()(
        frames in prop::collection::vec((
            prop_oneof![
                4 => Just(TEXT), 2 => Just(TEXT_BEGINS), 2 => Just(GOES_ON),
                2 => Just(GOES_ON_TO_THE_END), 1 => Just(PING), 1 => Just(PONG),
                1 => Just(CLOSE), 1 => any::<u8>(),
            ],
            prop_oneof![
                8 => "[a-zß👋]{0,40}".prop_map(String::into_bytes),
                2 => "[a-z]{100,140}".prop_map(String::into_bytes),
                1 => "[a-z]{2000,2500}".prop_map(String::into_bytes),
                1 => prop::collection::vec(128..=255_u8, 0..4),
                1 => Just(vec![0x03, 0xe8]),
            ],
        ), 0..8)
    ) -> Vec<u8> {
        frames.iter().flat_map(|(first, payload)| frame(*first, payload)).collect()
    }
}

proptest! {
    #[test]
    fn what_is_heard_does_not_depend_on_how_the_frames_are_cut(
        frames in frames(),
        size in 1..60_usize,
    ) {
        let mut whole = text();
        let mut cut = text();
        whole.receive(&frames);
        cut.receive_cut(&frames, size);
        whole.finish(CloseReason::PeerLeft);
        cut.finish(CloseReason::PeerLeft);
        prop_assert_eq!(&whole.wire, &cut.wire);
        prop_assert_eq!(&whole.heard, &cut.heard);
        prop_assert_eq!(whole.error, cut.error);
    }

    #[test]
    fn what_is_heard_is_what_another_make_hears(frames in frames()) {
        let mut end = text();
        end.receive(&frames);
        let (heard, is_wrong) = lines_of_another_make(&frames);
        prop_assert_eq!(&end.heard, &heard);
        // Binary messages are refused here with their beginning, there once they are whole.
        prop_assert!(end.error.is_some() || !is_wrong);
    }

    #[test]
    fn every_line_comes_back_as_it_went(
        lines in prop::collection::vec("[^\\r\\n]{0,300}", 1..6),
    ) {
        let mut end = text();
        for line in &lines {
            end.receive(&frame(TEXT, line.as_bytes()));
        }
        let plain = std::mem::take(&mut end.heard);
        prop_assert_eq!(&plain, &(lines.join("\r\n") + "\r\n").into_bytes());
        end.say(&plain);
        let mut client = WebSocket::from_raw_socket(
            Wire { to_client: io::Cursor::new(end.take_wire()), to_server: Vec::new() },
            Role::Client,
            None,
        );
        for line in &lines {
            prop_assert_eq!(client.read().unwrap(), Message::text(line.as_str()));
        }
    }
}
