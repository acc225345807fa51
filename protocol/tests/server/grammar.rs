//! The grammars of `rooms` and `direct`: what is encoded is understood as it was meant, and what
//! is understood is encoded as it was.

use linechat_protocol::direct::{self, RequestHeader, Username};
use linechat_protocol::rooms::{self, Refusal, RoomName, UserName};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::properties::settings;
use linechat_laws::ops::all_phrases;

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn a_request_of_rooms_is_understood_as_it_was_meant(
        nick in "\\PC{1,40}", room in "[A-Za-z0-9_-]{1,32}", text in text(), kind in 0..11_u8,
    ) {
        let room = RoomName::parse(&room).expect("a room's name");
        let to = nick.replace([' ', '\u{2028}', '\u{2029}'], "_");
        let request = match kind {
            0 => rooms::Request::Nothing,
            1 => rooms::Request::Public { text: text.trim_start_matches(['#', '@', '!']) },
            2 => rooms::Request::Private { to: &to, text: &text },
            3 => rooms::Request::Room { room, text: &text },
            4 => rooms::Request::Users,
            5 => rooms::Request::Enter(room),
            6 => rooms::Request::Leave(room),
            7 => rooms::Request::Rooms,
            8 => rooms::Request::Members(room),
            9 => rooms::Request::Help,
            _ => rooms::Request::Quit,
        };
        prop_assume!(request != rooms::Request::Public { text: "" });
        let mut line = Vec::new();
        request.encode(&mut line);
        prop_assert_eq!(rooms::Request::parse(content(&line, b"\r\n")), Ok(request));
    }

    #[test]
    fn a_reply_of_rooms_is_understood_as_it_was_meant(
        name in "[^\\s\\p{C}#@!]{1,16}", room in "[A-Za-z0-9_-]{1,32}", text in text(),
        names in vec("[A-Za-z0-9]{1,32}", 0..5), kind in 0..7_u8,
    ) {
        let from = UserName::parse(&name).expect("a name");
        let room = RoomName::parse(&room).expect("a room's name");
        let names = names.join(" ");
        let reply = match kind {
            0 => rooms::Reply::Public { from, text: &text },
            1 => rooms::Reply::Private { from, text: &text },
            2 => rooms::Reply::Room { room, from, text: &text },
            3 => rooms::Reply::Error(&text),
            4 => rooms::Reply::Help(&text),
            5 => rooms::Reply::Notice(&text),
            _ => rooms::Reply::List(&names),
        };
        let mut line = Vec::new();
        reply.encode(&mut line);
        prop_assert_eq!(rooms::Reply::parse(content(&line, b"\r\n")), Some(reply));
    }

    #[test]
    fn whatever_is_understood_in_rooms_is_encoded_as_it_was(line in line()) {
        let mut encoded = Vec::new();
        if let Ok(request) = rooms::Request::parse(&line) {
            request.encode(&mut encoded);
            // A blank behind a command that takes no argument is forgiven.
            let expected = if line.starts_with(b"!") { line.trim_ascii_end() } else { &line };
            prop_assert_eq!(content(&encoded, b"\r\n"), expected);
        }
        encoded.clear();
        if let Some(reply) = rooms::Reply::parse(&line) {
            reply.encode(&mut encoded);
            prop_assert_eq!(content(&encoded, b"\r\n"), &line[..]);
        }
    }

    #[test]
    fn every_refusal_of_rooms_is_one_line_that_says_error(line in line()) {
        if let Err(refusal) = rooms::Request::parse(&line) {
            let mut encoded = Vec::new();
            refusal.encode(&mut encoded);
            let reply = rooms::Reply::parse(content(&encoded, b"\r\n"));
            prop_assert!(matches!(reply, Some(rooms::Reply::Error(_))), "{reply:?}");
            let is_quoted = matches!(refusal,
                Refusal::UnknownCommand(_) | Refusal::BadRoomName(_) | Refusal::NoSuchUser(_));
            prop_assert!(!is_quoted || encoded.len() < 120, "{} bytes", encoded.len());
        }
    }

    #[test]
    fn a_request_of_direct_is_understood_as_it_was_meant(
        name in username(), to in vec(any::<u8>(), 1..80), text in text(), kind in 0..3_u8,
    ) {
        let to: Vec<u8> = to.into_iter().filter(|byte| !b" \n".contains(byte)).collect();
        prop_assume!(!to.is_empty() && !text.trim().is_empty());
        let request = match kind {
            0 => direct::Request::HelloFrom(Username::parse(name.as_bytes()).expect("a name")),
            1 => direct::Request::List,
            _ => direct::Request::Send { to: &to, text: &text },
        };
        let mut line = Vec::new();
        request.encode(&mut line);
        let (header, body) = RequestHeader::split(content(&line, b"\n")).expect("a header");
        prop_assert_eq!(direct::Request::parse(header, body), Ok(request));
    }

    #[test]
    fn a_reply_of_direct_is_understood_as_it_was_meant(
        names in vec(username(), 1..20), text in text(), kind in 0..9_u8,
    ) {
        let names: Vec<_> = names
            .iter()
            .map(|name| Username::parse(name.as_bytes()).expect("a name"))
            .collect();
        let reply = match kind {
            0 => direct::Reply::Hello(names[0]),
            1 => direct::Reply::InUse,
            2 => direct::Reply::Busy,
            3 => direct::Reply::ListOk(names),
            4 => direct::Reply::SendOk,
            5 => direct::Reply::BadDestUser,
            6 => direct::Reply::Delivery { from: names[0], text: &text },
            7 => direct::Reply::BadRequestHeader,
            _ => direct::Reply::BadRequestBody,
        };
        let mut line = Vec::new();
        reply.encode(&mut line);
        prop_assert_eq!(direct::Reply::parse(content(&line, b"\n")), Ok(reply));
    }

    #[test]
    fn whatever_is_understood_in_direct_is_encoded_as_it_was(line in line()) {
        let mut encoded = Vec::new();
        if let Some((header, body)) = RequestHeader::split(&line)
            && let Ok(request) = direct::Request::parse(header, body)
        {
            request.encode(&mut encoded);
            prop_assert_eq!(content(&encoded, b"\n"), &line[..]);
        }
        encoded.clear();
        if let Ok(reply) = direct::Reply::parse(&line) {
            reply.encode(&mut encoded);
            prop_assert_eq!(content(&encoded, b"\n"), &line[..]);
        }
    }
}

/// A line without the one ending that it must have.
#[track_caller]
fn content<'a>(line: &'a [u8], ending: &[u8]) -> &'a [u8] {
    let content = line.strip_suffix(ending).expect("the ending");
    assert!(!content.contains(&b'\n'), "two lines in one");
    content
}

/// A text that nobody's terminal obeys.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        8 => "[ -~]",
        2 => "[\t :#@!,]",
        2 => "[é日\u{a0}\u{2027}\u{200f}\u{3000}]",
    ];
    vec(character, 1..20).prop_map(|characters| characters.concat())
}

fn username() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Za-z0-9:._-]{1,64}", "[é日a-z]{1,20}"]
}

/// Lines that are nearly something.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let replies: [&[u8]; 14] = [
        b"ann: hi",
        b"#ann: hi",
        b"@den ann: hi",
        b"!error no",
        b"!help x",
        b"ann bob",
        b"HELLO ann",
        b"IN-USE",
        b"BUSY",
        b"LIST-OK ann,bob",
        b"SEND-OK",
        b"DELIVERY ann hi",
        b"BAD-RQST-HDR",
        b"BAD-DEST-USER",
    ];
    let phrase = prop_oneof![select(all_phrases()), select(replies.to_vec())];
    let mutation = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    (phrase, vec(mutation, 0..3)).prop_map(|(phrase, mutations)| {
        let mut line = phrase.to_vec();
        for (index, byte, kind) in mutations {
            let at = index.index(line.len() + 1);
            match kind {
                0 => line.insert(at, byte),
                1 => line.insert(at, b' '),
                2 => line.truncate(at),
                _ => line.insert(at, b'x'),
            }
        }
        line.retain(|&byte| byte != b'\n');
        line
    })
}
