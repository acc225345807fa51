//! Each grammar, both ways: what is understood is encoded as it was, and what is encoded is
//! understood as it was meant.
//!
//! An input is any number of lines. Each is parsed as it is, and is also cut into a name and a
//! text, of which every message is made that they fit into.

use linechat_protocol::direct::{RequestHeader, Username};
use linechat_protocol::rooms::{Refusal, RoomName, UserName};
use linechat_protocol::{addressed, direct, rooms};

/// Requests, refusals and replies of `rooms`.
pub fn rooms(bytes: &[u8]) {
    for line in lines(bytes) {
        rooms_line(line);
        if let Some((name, text)) = name_and_text(line) {
            rooms_requests(name, text);
            rooms_replies(name, text);
        }
    }
}

/// Requests and replies of `direct`.
pub fn direct(bytes: &[u8]) {
    for line in lines(bytes) {
        direct_line(line);
        if let Some((name, text)) = name_and_text(line) {
            direct_messages(name, text);
        }
    }
}

/// Replies of `addressed`.
pub fn addressed(bytes: &[u8]) {
    for line in lines(bytes) {
        if let Some(reply) = addressed::Reply::parse(line) {
            assert_eq!(
                shown(content(&encoded(|out| reply.encode(out)), b"\n")),
                shown(line)
            );
        }
        let from = line
            .iter()
            .take_while(|byte| byte.is_ascii_graphic())
            .count();
        let (from, text) = line.split_at(from);
        if let Ok(from) = str::from_utf8(from)
            && !from.is_empty()
        {
            // What comes and goes is also what a peer can say, and is understood as that.
            for reply in [
                addressed::Reply::Connected { who: from },
                addressed::Reply::Disconnected { who: from },
                addressed::Reply::Message { from, text },
            ] {
                let line = encoded(|out| reply.encode(out));
                assert_eq!(addressed::Reply::parse(content(&line, b"\n")), Some(reply));
            }
        }
    }
}

fn rooms_line(line: &[u8]) {
    match rooms::Request::parse(line) {
        Ok(request) => {
            // A blank behind a command that takes no argument is forgiven.
            let expected = match line {
                [b'!', ..] => line.strip_suffix(b" ").unwrap_or(line),
                line => line,
            };
            let again = encoded(|out| request.encode(out));
            assert_eq!(shown(content(&again, b"\r\n")), shown(expected));
        }
        Err(refusal) => {
            let again = encoded(|out| refusal.encode(out));
            let Some(rooms::Reply::Error(text)) = rooms::Reply::parse(content(&again, b"\r\n"))
            else {
                panic!("{refusal:?} is no error on the wire");
            };
            assert_eq!(text, refusal.to_string());
            assert!(again.len() < 120, "a refusal quotes too much: {text}");
            let parsed = Refusal::parse(text).expect("a refusal of ours");
            assert_eq!(parsed.to_string(), text);
        }
    }
    if let Some(reply) = rooms::Reply::parse(line) {
        let again = encoded(|out| reply.encode(out));
        assert_eq!(shown(content(&again, b"\r\n")), shown(line));
    }
}

fn rooms_requests(name: &str, text: &str) {
    use rooms::Request;

    let mut requests = vec![
        Request::Nothing,
        Request::Users,
        Request::Rooms,
        Request::Help,
        Request::Quit,
    ];
    if !text.is_empty() {
        requests.push(Request::Private { to: name, text });
        if !text.starts_with(['#', '@', '!']) {
            requests.push(Request::Public { text });
        }
    }
    if let Ok(room) = RoomName::parse(name) {
        requests.extend([
            Request::Enter(room),
            Request::Leave(room),
            Request::Members(room),
        ]);
        if !text.is_empty() {
            requests.push(Request::Room { room, text });
        }
    }
    for request in requests {
        let line = encoded(|out| request.encode(out));
        assert_eq!(Request::parse(content(&line, b"\r\n")), Ok(request));
    }
}

fn rooms_replies(name: &str, text: &str) {
    use rooms::Reply;

    let mut replies = vec![Reply::Error(text), Reply::Help(text), Reply::List("")];
    let room = RoomName::parse(name).ok();
    if let Some(from) = UserName::parse(name) {
        replies.extend([Reply::Public { from, text }, Reply::Private { from, text }]);
        replies.extend(room.map(|room| Reply::Room { room, from, text }));
    }
    if room.is_some() {
        replies.push(Reply::List(name));
        if text.split(' ').all(|name| RoomName::parse(name).is_ok()) {
            replies.push(Reply::List(text));
        }
    }
    for reply in replies {
        let line = encoded(|out| reply.encode(out));
        assert_eq!(Reply::parse(content(&line, b"\r\n")), Some(reply));
    }
}

fn direct_line(line: &[u8]) {
    if let Some((header, body)) = RequestHeader::split(line)
        && let Ok(request) = direct::Request::parse(header, body)
    {
        let again = encoded(|out| request.encode(out));
        assert_eq!(shown(content(&again, b"\n")), shown(line));
    }
    if let Ok(reply) = direct::Reply::parse(line) {
        let again = encoded(|out| reply.encode(out));
        assert_eq!(shown(content(&again, b"\n")), shown(line));
    }
}

fn direct_messages(name: &str, text: &str) {
    use direct::{Reply, Request};

    let mut requests = vec![Request::List];
    let mut replies = vec![
        Reply::InUse,
        Reply::Busy,
        Reply::SendOk,
        Reply::BadDestUser,
        Reply::BadRequestHeader,
        Reply::BadRequestBody,
    ];
    if !text.trim().is_empty() {
        let to = name.as_bytes();
        requests.push(Request::Send { to, text });
    }
    if let Some(from) = Username::parse(name.as_bytes()) {
        requests.push(Request::HelloFrom(from));
        let names: Option<Vec<_>> = text
            .split(' ')
            .map(|name| Username::parse(name.as_bytes()))
            .collect();
        replies.extend(names.map(Reply::ListOk));
        replies.extend([Reply::Hello(from), Reply::Delivery { from, text }]);
    }
    for request in requests {
        let line = encoded(|out| request.encode(out));
        let (header, body) = RequestHeader::split(content(&line, b"\n")).expect("a header");
        assert_eq!(Request::parse(header, body), Ok(request));
    }
    for reply in replies {
        let line = encoded(|out| reply.encode(out));
        assert_eq!(Reply::parse(content(&line, b"\n")), Ok(reply));
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == b'\n')
}

/// What can be put into messages: a name that is not empty, and a text.
fn name_and_text(line: &[u8]) -> Option<(&str, &str)> {
    let line = str::from_utf8(line).ok().filter(|line| is_plain(line))?;
    line.split_once(' ').filter(|(name, _)| !name.is_empty())
}

/// Whether nobody's terminal obeys it.
fn is_plain(text: &str) -> bool {
    let is_special = |c| matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !text
        .chars()
        .any(|c| (c.is_control() && c != '\t') || is_special(c))
}

fn encoded(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut line = Vec::new();
    encode(&mut line);
    line
}

/// A line without the one ending that it must have.
#[track_caller]
fn content<'a>(line: &'a [u8], ending: &[u8]) -> &'a [u8] {
    let content = line.strip_suffix(ending).expect("the ending");
    assert!(!content.contains(&b'\n'), "two lines in one");
    content
}

fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
