//! What can happen to a server, as data: for property tests, and decoded from bytes for fuzzers.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use linechat_protocol::Peer;

use crate::wire::Wire;

/// One thing that happens. Connections are numbered in the order in which they came; a number
/// that is too large starts over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Somebody connects; the number picks one of a few addresses, and divided by eight the
    /// listener.
    Accept(u8),
    /// One read of the adapter.
    Bytes(u8, Chunk),
    /// The peer ends its sending half. A number of 128 or more is an end without the goodbye of its
    /// layer, if there is one.
    Eof(u8),
    /// The transport fails. A number of 128 or more breaks the protocol of a layer, if there is one.
    Fail(u8),
    /// The peer takes up to so many bytes.
    Write(u8, u16),
    /// The adapter takes what is to be written, to write it elsewhere.
    HandOut(u8),
    /// So many milliseconds pass.
    Tick(u16),
    /// The adapter does up to so many things that it is asked for.
    Poll(u8),
    Release(u8),
    /// Every call with the name of a connection that was released.
    StaleUse(u8),
    ShutDown,
}

/// What one read brings.
#[derive(Clone, PartialEq, Eq)]
pub struct Chunk(pub Vec<u8>);

impl fmt::Debug for Chunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

impl Op {
    /// Reads operations from any bytes, until they are used up.
    pub fn from_bytes(bytes: &[u8]) -> Vec<Self> {
        Self::from_bytes_with(bytes, &all_phrases())
    }

    /// The same, with other phrases.
    pub fn from_bytes_with(bytes: &[u8], phrases: &[&[u8]]) -> Vec<Self> {
        let mut rest = bytes.iter().copied();
        let mut ops = Vec::new();
        while let Some(op) = Self::read(&mut rest, phrases) {
            ops.push(op);
        }
        ops
    }

    fn read(bytes: &mut impl Iterator<Item = u8>, phrases: &[&[u8]]) -> Option<Self> {
        let kind = bytes.next()?;
        let mut argument = || bytes.next().unwrap_or_default();
        let op = match kind % 16 {
            0 => Self::Accept(argument()),
            1 => Self::Eof(argument()),
            2 => Self::Fail(argument()),
            3 => Self::Write(argument(), u16::from(argument())),
            4 => Self::HandOut(argument()),
            5 => Self::Tick(u16::from_le_bytes([argument(), argument()])),
            6 => Self::Poll(argument()),
            7 => Self::Release(argument()),
            8 => Self::StaleUse(argument()),
            9 if argument() < 32 => Self::ShutDown,
            9 | 10 => {
                let (conn, length) = (argument(), argument() % 32);
                Self::Bytes(conn, Chunk(bytes.take(length.into()).collect()))
            }
            _ => {
                let (conn, phrase, ending) = (argument(), argument(), argument());
                Self::Bytes(
                    conn,
                    Chunk([pick(phrases, phrase), pick(&ENDINGS, ending)].concat()),
                )
            }
        };
        Some(op)
    }
}

/// How an operation is done to the server.
impl Wire {
    /// Does one thing and nothing else.
    pub fn apply(&mut self, op: &Op) {
        let count = self.transports.len();
        let place = |conn: &u8| usize::from(*conn).checked_rem(count);
        match op {
            Op::Accept(address) => {
                if count < MAX_CONNECTIONS {
                    let peer = self.peer(*address);
                    self.accept_at(usize::from(*address / 8), peer);
                }
            }
            Op::Bytes(conn, chunk) => {
                if let Some(place) = place(conn) {
                    self.bytes(place, &chunk.0);
                }
            }
            Op::Eof(conn) => {
                if let Some(place) = place(conn) {
                    match self.is_of_layer(*conn, place) {
                        true => self.cut_off(place),
                        false => self.eof(place),
                    }
                }
            }
            Op::Fail(conn) => {
                if let Some(place) = place(conn) {
                    match self.is_of_layer(*conn, place) {
                        true => self.send_of_layer(place, |peer| peer.nonsense()),
                        false => self.fail(place),
                    }
                }
            }
            Op::Write(conn, limit) => {
                if let Some(place) = place(conn) {
                    self.write(place, usize::from(*limit));
                }
            }
            Op::HandOut(conn) => {
                if let Some(place) = place(conn) {
                    self.hand_out(place);
                }
            }
            Op::Tick(milliseconds) => self.pass(Duration::from_millis((*milliseconds).into())),
            Op::Poll(limit) => {
                self.poll((*limit).into());
            }
            Op::Release(conn) => {
                if let Some(place) = place(conn) {
                    self.release(place);
                }
            }
            Op::StaleUse(conn) => {
                if let Some(place) = place(conn).filter(|&at| self.transports[at].released) {
                    self.stale_use(place);
                }
            }
            Op::ShutDown => self.shut_down(),
        }
    }

    /// Whether an end or failure that this number names is one of its layer.
    pub fn is_of_layer(&self, conn: u8, place: usize) -> bool {
        conn >= 128 && self.transports[place].layer.is_some()
    }

    /// The other end of the connection that this operation would bring.
    pub fn next_peer(&self, op: &Op) -> Peer {
        match op {
            Op::Accept(address) => self.peer(*address),
            _ => self.peer(0),
        }
    }

    /// The other end of the next connection. There is only one console.
    fn peer(&self, address: u8) -> Peer {
        let count = self.transports.len();
        let port = 1001 + u16::try_from(count).expect("few connections");
        let ip = match address % 8 {
            0..=3 => Ipv4Addr::new(192, 0, 2, 1).into(),
            4 => Ipv4Addr::new(192, 0, 2, 2).into(),
            5 => Ipv6Addr::LOCALHOST.into(),
            6 => Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped().into(),
            _ if self.has_console => Ipv4Addr::new(192, 0, 2, 3).into(),
            _ => return Peer::Console,
        };
        Peer::from(SocketAddr::new(ip, port))
    }
}

pub fn all_phrases() -> Vec<&'static [u8]> {
    [&PLAIN[..], &ROOMS, &DIRECT, &NOISE].concat()
}

fn pick<'a>(from: &[&'a [u8]], number: u8) -> &'a [u8] {
    from[usize::from(number) % from.len()]
}

/// How lines end, and how they do not.
pub const ENDINGS: [&[u8]; 6] = [b"\n", b"\n", b"\r\n", b"", b"\r", b"\r\r\n"];

/// What may be said anywhere.
pub const PLAIN: [&[u8]; 8] = [
    b"",
    b" ",
    b"hi",
    b"a\tb",
    b"hello, all of you",
    b"EXIT",
    b" EXIT",
    b"EXIT ",
];

/// What is said in `rooms`, and what is nearly that. Few names, so that they collide.
pub const ROOMS: [&[u8]; 49] = [
    b"ann",
    b"bob",
    b"Bob",
    b"ann b",
    b"12345678901234567890123456789012",
    b"123456789012345678901234567890123",
    b"!users",
    b"!users x",
    b"!Users",
    b"!",
    b"!rooms",
    b"!help",
    b"!quit",
    b"!enter den",
    b"!enter den",
    b"!enter pub-1",
    b"!enter a_b",
    b"!enter",
    b"!enter ",
    b"!enter a b",
    b"!enter \xc3\xa9",
    b"!leave den",
    b"!leave den",
    b"!leave pub-1",
    b"!leave",
    b"!leave x!",
    b"!members den",
    b"!members pub-1",
    b"!members",
    b"!members  ",
    b"@den hi",
    b"@den  ",
    b"@pub-1 hi",
    b"@nowhere hi",
    b"@den",
    b"@den ",
    b"@ hi",
    b"@d!n hi",
    b"#ann psst",
    b"#bob psst",
    b"#Bob  ",
    b"#nobody psst",
    b"#ann",
    b"#ann ",
    b"# hi",
    b"#\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9 x",
    b"!leave den",
    b"#bob  psst ",
    b"@den @den hi",
];

/// What is said in `direct`, and what is nearly that.
pub const DIRECT: [&[u8]; 27] = [
    b"HELLO-FROM ann",
    b"HELLO-FROM bob",
    b"HELLO-FROM Bob",
    b"HELLO-FROM",
    b"HELLO-FROM ",
    b"HELLO-FROM a,b",
    b"HELLO-FROM a b",
    b"HELLO-FROM \xc3\xa9",
    b"HELLO-FROM \xc3",
    b"LIST",
    b"LIST",
    b"LIST ",
    b"LIST all",
    b"list",
    b"SEND ann hi",
    b"SEND bob hi",
    b"SEND Bob  hi ",
    b"SEND nobody hi",
    b"SEND nobody ",
    b"SEND ann",
    b"SEND ann ",
    b"SEND ann  \t ",
    b"SEND  hi",
    b"SEND ann \xe3\x80\x80",
    b"SEND \xfe hi",
    b"SEND",
    b"NONSENSE",
];

/// What is said where `rooms` and `direct` are one community.
pub const MIXED: [&[u8]; 10] = [
    b"!enter lobby",
    b"!members lobby",
    b"!leave lobby",
    b"@lobby hi",
    b"!enter Lobby",
    b"#\xc3\xa9 psst",
    b"HELLO-FROM ann",
    b"HELLO-FROM 12345678901234567890123456789012345",
    b"SEND ann #bob psst",
    b"SEND bob  \t hi",
];

/// What is said in `irc`, and what is nearly that. Few names, so that they collide.
pub const IRC: [&[u8]; 96] = [
    b"NICK ann",
    b"NICK bob",
    b"NICK Bob",
    b"NICK ann^",
    b"NICK 1",
    b"NICK",
    b"USER a 0 * :Ann",
    b"USER \xc3\xa9 0 * :b",
    b"USER a 0 * :",
    b"NICK ann\r\nUSER a 0 * :Ann",
    b"NICK bob\r\nUSER b 0 * :Bob",
    b"NICK eve\r\nUSER e 0 * :Eve",
    b"PASS x",
    b"CAP LS 302",
    b"CAP REQ :message-tags server-time echo-message",
    b"CAP REQ :labeled-response batch",
    b"CAP REQ :away-notify setname extended-join extended-monitor",
    b"CAP REQ :invite-notify multi-prefix userhost-in-names",
    b"CAP REQ :-message-tags -echo-message",
    b"CAP REQ :sasl",
    b"CAP END",
    b"CAP",
    b"AUTHENTICATE PLAIN",
    b"JOIN #den",
    b"JOIN #den",
    b"JOIN #den,#pub-1 k,l",
    b"JOIN #lobby",
    b"JOIN ##",
    b"JOIN 0",
    b"JOIN x",
    b"PART #den",
    b"PART #den,#lobby :bye",
    b"TOPIC #den",
    b"TOPIC #den :\x02all\x02 welcome",
    b"TOPIC #den :",
    b"NAMES #den",
    b"NAMES",
    b"LIST",
    b"LIST >0,C<1,T>1,!*x,*",
    b"INVITE bob #den",
    b"INVITE",
    b"KICK #den bob :out",
    b"KICK #den bob,ann",
    b"PRIVMSG #den :hi",
    b"PRIVMSG bob,ann,#den,#lobby :hi",
    b"PRIVMSG a,b,c,d,e :hi",
    b"PRIVMSG @#den :psst",
    b"PRIVMSG bob :\x01ACTION waves\x01",
    b"PRIVMSG #den :\x01VERSION\x01",
    b"PRIVMSG bob :a\x1bb",
    b"PRIVMSG bob :\xff",
    b"PRIVMSG bob",
    b"PRIVMSG",
    b"NOTICE bob :hi",
    b"NOTICE nobody :hi",
    b"@label=1 PING x",
    b"@label=2 PRIVMSG bob :hi",
    b"@label=3 JOIN #den",
    b"@label=4 PONG",
    b"@+typing=active;+x=\\s TAGMSG bob",
    b"@+typing=done TAGMSG #den",
    b"MODE #den",
    b"MODE #den +b",
    b"MODE #den +beI *!*@* *!*@* *a*a*a",
    b"MODE #den -b+k *!*@* k",
    b"MODE #den +ims-nt",
    b"MODE #den +l-l+C 1",
    b"MODE #den +o-v+h bob ann bob",
    b"MODE #lobby +m",
    b"MODE ann +iBw-o",
    b"MODE ann",
    b"MODE bob +o",
    b"WHO",
    b"WHO #den %tcuihsnfdlaor,12",
    b"WHO b* o",
    b"WHOIS ann",
    b"WHOIS nobody",
    b"WHOWAS ann",
    b"WHOWAS bob 1",
    b"USERHOST ann bob",
    b"ISON ann bob",
    b"AWAY :out",
    b"AWAY",
    b"SETNAME :Annie",
    b"MONITOR + ann,bob",
    b"MONITOR - ann",
    b"MONITOR S",
    b"MONITOR C",
    b"LUSERS",
    b"MOTD",
    b"HELP PRIVMSG",
    b"OPER root x",
    b"KILL bob :x",
    b"WALLOPS :x",
    b"PING",
    b"QUIT :bye",
];

/// What peers should not send.
pub const NOISE: [&[u8]; 21] = [
    b"\r",
    b"a\rb",
    b"\x07",
    b"a\x1b[2Jb",
    b"\x7f",
    b"\xc2\x85",
    b"\xc3\xa9\xc3\x9f\xce\x90",
    b"\xe2\x80\xa8",
    b"\xe2\x80\xae",
    b"\xe2\x81\xa6",
    b"\xc3",
    b"\xff\xf4\xff\xfd\x06",
    b"\xff\xff",
    b"\xff",
    b"\xff\xfa\x1f\n\xff\xff\xff\xf0",
    b"\xff\xfb",
    b"GET / HTTP/1.1",
    b"\x16\x03\x01\x02",
    b"\x16",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\nhi",
    b" HTTP/1.0",
];

const MAX_CONNECTIONS: usize = 24;
