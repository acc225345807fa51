//! Clients whose server says whatever it wants.
//!
//! An input is lines. One that begins with `>` and a request is what the client is asked to do; all
//! others are what the server sends. Two clients live through the same, one of them with the lines
//! in pieces, and they must not tell them apart.

use std::iter;

use linechat_protocol::{
    Client, ClientDialect, ClientLimits, LineClient, RequestError, addressed, direct, irc, pair,
    rooms,
};

/// The client of `echo` and `relay`. It knows `say TEXT`.
pub fn line(bytes: &[u8]) {
    let new = || LineClient::with_limits(small());
    survives(new, bytes, |client, verb, text| match verb {
        "say" => Some(client.send(text.as_bytes())),
        _ => None,
    });
}

/// The client of `addressed`. It knows `say TEXT`.
pub fn addressed(bytes: &[u8]) {
    let new = || addressed::Client::with_limits(small());
    survives(new, bytes, |client, verb, text| match verb {
        "say" => Some(client.send(text.as_bytes())),
        _ => None,
    });
}

/// The client of `rooms`. It knows `register NICK`, `say TEXT`, `to NICK TEXT`, `in ROOM TEXT`,
/// `enter ROOM`, `leave ROOM`, `members ROOM`, `users`, `rooms`, `help` and `quit`.
pub fn rooms(bytes: &[u8]) {
    let new = || rooms::Client::with_limits(small());
    survives(new, bytes, |client, verb, text| {
        let (name, message) = text.split_once(' ').unwrap_or((text, ""));
        Some(match verb {
            "register" => client.register(text),
            "say" => client.say(text),
            "to" => client.say_to(name, message),
            "in" => client.say_in(name, message),
            "enter" => client.enter(text),
            "leave" => client.leave(text),
            "members" => client.list_members(text),
            "users" => client.list_users(),
            "rooms" => client.list_rooms(),
            "help" => client.request(rooms::Request::Help),
            "quit" => client.quit(),
            _ => return None,
        })
    });
}

/// The client of `pair`. It knows `enter LINE`; an input of odd length is in full duplex.
pub fn pair(bytes: &[u8]) {
    let new = || match pair::Client::with_limits(small()) {
        client if bytes.len() % 2 == 1 => client.full_duplex(),
        client => client,
    };
    survives(new, bytes, |client, verb, text| match verb {
        "enter" => Some(client.enter(text.as_bytes()).map(drop)),
        _ => None,
    });
}

/// The client of `direct`. It knows `login NAME`, `list` and `send NAME TEXT`.
pub fn direct(bytes: &[u8]) {
    let new = || direct::Client::with_limits(small());
    survives(new, bytes, |client, verb, text| {
        let (name, message) = text.split_once(' ').unwrap_or((text, ""));
        Some(match verb {
            "login" => client.log_in(text),
            "list" => client.list(),
            "send" => client.send(name, message),
            _ => return None,
        })
    });
}

/// The client of `irc`. It knows `password TEXT`, `register NICK TEXT`, `rename NICK`, `bot`, `join
/// CHANNEL`, `part CHANNEL TEXT`, `say TARGET TEXT`, `notice TARGET TEXT` and `quit TEXT`.
pub fn irc(bytes: &[u8]) {
    let new = || irc::Client::with_limits(small());
    survives(new, bytes, |client, verb, text| {
        let (name, message) = text.split_once(' ').unwrap_or((text, ""));
        Some(match verb {
            "password" => client.password(text),
            "register" => client.register(name, message),
            "rename" => client.rename(text),
            "bot" => client.declare_bot().map(drop),
            "join" => client.join(text),
            "part" => client.part(name, message),
            "say" => client.say(name, message),
            "notice" => client.notice(name, message),
            "quit" => client.quit(text),
            _ => return None,
        })
    });
}

/// Lets a client live through all that an input says, up to the end of the connection. Every client
/// knows `finish` and `write BYTES`, too, and `part TEXT` and
/// `pause`, which is what its server does.
fn survives<D: ClientDialect>(
    new: impl Fn() -> Client<D>,
    bytes: &[u8],
    ask: impl Fn(&mut Client<D>, &str, &str) -> Option<Result<(), RequestError>>,
) {
    let (mut whole, mut pieces) = (new(), new());
    let size = 1 + bytes.len() % 5;
    let mut has_exited = false;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let asked = request(line).and_then(|(verb, text)| {
            let asked = act(&mut whole, verb, text, &ask)?;
            assert_eq!(act(&mut pieces, verb, text, &ask), Some(asked));
            has_exited |= (verb, text) == ("enter", "EXIT");
            Some(asked)
        });
        let mut told_in_pieces = told(&mut pieces);
        if asked.is_none() {
            whole.receive(line);
            for piece in line.chunks(size) {
                pieces.receive(piece);
                told_in_pieces.extend(told(&mut pieces));
            }
        }
        assert_eq!(told(&mut whole), told_in_pieces);
        assert_eq!(whole.transmit(), pieces.transmit());
        assert_eq!(whole.has_room(), pieces.has_room());
    }
    for mut client in [whole, pieces] {
        ends(&mut client, has_exited);
    }
}

/// The server closes the connection, and that is the last that the client is told, unless its user
/// has said that nothing more is to be told.
fn ends<D: ClientDialect>(client: &mut Client<D>, has_exited: bool) {
    client.receive_eof();
    let events = told(client);
    match events.last().map(String::as_str) {
        Some("Closed" | "NicknameRefused") => {
            // In `pair`, what waited for a turn.
            client.advance(client.transmit().len());
            assert!(client.is_done_sending());
        }
        last => assert!(has_exited && last.is_none(), "{last:?} is no end"),
    }
    client.receive(b"late\n");
    client.receive_eof();
    assert!(told(client).is_empty(), "told after the end");
    assert!(!client.wants_input());
}

/// What the client is asked to do.
fn request(line: &[u8]) -> Option<(&str, &str)> {
    let request = str::from_utf8(line.strip_prefix(b">")?).ok()?;
    let request = request.strip_suffix('\n').unwrap_or(request);
    Some(request.split_once(' ').unwrap_or((request, "")))
}

/// `None` for a line that is no request after all.
fn act<D: ClientDialect>(
    client: &mut Client<D>,
    verb: &str,
    text: &str,
    ask: impl Fn(&mut Client<D>, &str, &str) -> Option<Result<(), RequestError>>,
) -> Option<Result<(), RequestError>> {
    match verb {
        "finish" => client.finish(),
        "part" => client.receive(text.as_bytes()),
        "pause" => {
            client.receive_pause();
            assert!(!client.is_within_line());
        }
        "write" => client.advance(text.parse::<usize>().ok()?.min(client.transmit().len())),
        _ => {
            let before = client.transmit().len();
            let asked = ask(client, verb, text)?;
            let is_silent = client.transmit().len() == before;
            assert!(asked.is_ok() || is_silent, "refused and sent");
            return Some(asked);
        }
    }
    Some(Ok(()))
}

/// All events that there are now.
fn told<D: ClientDialect>(client: &mut Client<D>) -> Vec<String> {
    let events = iter::from_fn(|| client.poll_event()).map(|event| format!("{event:?}"));
    let events: Vec<_> = events.collect();
    for event in &events {
        // No event is about more than one line, each byte of which may be shown with six.
        assert!(event.len() <= 300 + 6 * MAX_LINE, "a long event: {event}");
    }
    let waiting = client.transmit().len();
    assert!(
        waiting <= MAX_BACKLOG + 2 * MAX_LINE,
        "{waiting} bytes wait"
    );
    events
}

/// Limits that are soon reached.
fn small() -> ClientLimits {
    let mut limits = ClientLimits::default();
    limits.max_line = MAX_LINE;
    limits.max_received_line = MAX_LINE;
    limits.max_backlog = MAX_BACKLOG;
    limits.max_unanswered = 8;
    limits
}

const MAX_LINE: usize = 64;
const MAX_BACKLOG: usize = 256;
