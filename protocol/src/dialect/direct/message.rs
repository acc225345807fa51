//! What is said in `direct`, both ways.

use alloc::vec::Vec;

use thiserror::Error;

use crate::wire::text::{is_refused, plain_text};

/// What a client sends: one line (seed 004, the client-side protocol).
///
/// ```
/// use linechat_protocol::direct::{Request, RequestHeader};
///
/// let (header, body) = RequestHeader::split(b"SEND bob hello").unwrap();
/// let request = Request::parse(header, body).unwrap();
/// assert_eq!(request, Request::Send { to: b"bob", text: "hello" });
///
/// let mut line = Vec::new();
/// request.encode(&mut line);
/// assert_eq!(line, b"SEND bob hello\n");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// `HELLO-FROM name`: log in.
    HelloFrom(Username<'a>),
    /// `LIST`: who is logged in?
    List,
    /// `SEND name message`: hand a message to one user.
    Send {
        /// The recipient, as the sender put it: up to the first space, not empty. It need not be
        /// a name that a user could have.
        to: &'a [u8],
        /// The message: plain text, not blank.
        text: &'a str,
    },
}

impl<'a> Request<'a> {
    /// Understands a request's body, which is `None` if there was no space behind its header.
    ///
    /// # Errors
    ///
    /// What the document calls an error in the body (seed 004, requirements 4, 6 and 9).
    pub fn parse(header: RequestHeader, body: Option<&'a [u8]>) -> Result<Self, MalformedBody> {
        match (header, body) {
            (RequestHeader::List, None) => Ok(Self::List),
            (RequestHeader::HelloFrom, Some(name)) => Username::parse(name)
                .map(Self::HelloFrom)
                .ok_or(MalformedBody),
            (RequestHeader::Send, Some(body)) => Self::parse_send(body).ok_or(MalformedBody),
            _ => Err(MalformedBody),
        }
    }

    /// Appends the request to `out`, with its `\n`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::HelloFrom(name) => put(out, &[b"HELLO-FROM ", name.as_str().as_bytes()]),
            Self::List => put(out, &[b"LIST"]),
            Self::Send { to, text } => put(out, &[b"SEND ", to, b" ", text.as_bytes()]),
        }
    }

    fn parse_send(body: &'a [u8]) -> Option<Self> {
        let (to, message) = split_at_space(body);
        let text = plain_text(message?)?;
        let is_blank = text.chars().all(char::is_whitespace);
        (!to.is_empty() && !is_blank).then_some(Self::Send { to, text })
    }
}

/// What a request begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestHeader {
    /// `HELLO-FROM`
    HelloFrom,
    /// `LIST`
    List,
    /// `SEND`
    Send,
}

impl RequestHeader {
    /// Splits a line at its first space into header and body. `None` for any other header;
    /// headers are case-sensitive.
    pub fn split(line: &[u8]) -> Option<(Self, Option<&[u8]>)> {
        let (header, body) = split_at_space(line);
        let header = match header {
            b"HELLO-FROM" => Self::HelloFrom,
            b"LIST" => Self::List,
            b"SEND" => Self::Send,
            _ => return None,
        };
        Some((header, body))
    }
}

/// An error in the body of a request that has a valid header.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the body of the request is malformed")]
pub struct MalformedBody;

/// What a server sends: one line (seed 004, the server-side protocol).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply<'a> {
    /// `HELLO name`: logged in.
    Hello(Username<'a>),
    /// `IN-USE`: not logged in, somebody has this name.
    InUse,
    /// `BUSY`: not logged in, as many users are as may be.
    Busy,
    /// `LIST-OK name1,name2,…`: everybody who is logged in, sorted by bytes.
    ListOk(Vec<Username<'a>>),
    /// `SEND-OK`: the message is on its way.
    SendOk,
    /// `BAD-DEST-USER`: nobody is logged in under this name.
    BadDestUser,
    /// `DELIVERY name message`: somebody sent a message. Answers no request.
    Delivery {
        /// Who sent it.
        from: Username<'a>,
        /// The message, unchanged.
        text: &'a str,
    },
    /// `BAD-RQST-HDR`: no such request, or not now.
    BadRequestHeader,
    /// `BAD-RQST-BODY`: the request is malformed.
    BadRequestBody,
}

impl<'a> Reply<'a> {
    /// Understands one line, without its ending.
    ///
    /// # Errors
    ///
    /// No server that keeps to the protocol sends such a line.
    pub fn parse(line: &'a [u8]) -> Result<Self, MalformedReply> {
        let (header, body) = split_at_space(line);
        let reply = match (header, body) {
            (b"HELLO", Some(name)) => Username::parse(name).map(Self::Hello),
            (b"IN-USE", None) => Some(Self::InUse),
            (b"BUSY", None) => Some(Self::Busy),
            (b"LIST-OK", Some(names)) => names
                .split(|&byte| byte == b',')
                .map(Username::parse)
                .collect::<Option<_>>()
                .map(Self::ListOk),
            (b"SEND-OK", None) => Some(Self::SendOk),
            (b"BAD-DEST-USER", None) => Some(Self::BadDestUser),
            (b"DELIVERY", Some(body)) => Self::parse_delivery(body),
            (b"BAD-RQST-HDR", None) => Some(Self::BadRequestHeader),
            (b"BAD-RQST-BODY", None) => Some(Self::BadRequestBody),
            _ => None,
        };
        reply.ok_or(MalformedReply)
    }

    /// Appends the reply to `out`, with its `\n`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Hello(name) => put(out, &[b"HELLO ", name.as_str().as_bytes()]),
            Self::InUse => put(out, &[b"IN-USE"]),
            Self::Busy => put(out, &[b"BUSY"]),
            Self::ListOk(names) => encode_list(out, names),
            Self::SendOk => put(out, &[b"SEND-OK"]),
            Self::BadDestUser => put(out, &[b"BAD-DEST-USER"]),
            Self::Delivery { from, text } => {
                put(
                    out,
                    &[
                        b"DELIVERY ",
                        from.as_str().as_bytes(),
                        b" ",
                        text.as_bytes(),
                    ],
                );
            }
            Self::BadRequestHeader => put(out, &[b"BAD-RQST-HDR"]),
            Self::BadRequestBody => put(out, &[b"BAD-RQST-BODY"]),
        }
    }

    fn parse_delivery(body: &'a [u8]) -> Option<Self> {
        let (from, message) = split_at_space(body);
        let from = Username::parse(from)?;
        let text = plain_text(message?)?;
        Some(Self::Delivery { from, text })
    }
}

/// A line that no server sends that keeps to the protocol.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the server sent something that is not in the protocol")]
pub struct MalformedReply;

/// The name of a user: 1 to 64 bytes of UTF-8 without `! @ # $ % ^ & *` and white space (seed 004,
/// requirement 4), without `,`, which separates the names in a list, and without anything that
/// other people's terminals obey: control characters, bidirectional overrides and isolates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Username<'a>(&'a str);

impl<'a> Username<'a> {
    /// The name, if it is one.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let name = core::str::from_utf8(bytes).ok()?;
        let fits = (1..=Self::MAX_LEN).contains(&name.len());
        (fits && !name.chars().any(is_illegal)).then_some(Self(name))
    }

    /// A name that is known to be one.
    pub(crate) fn known(name: &'a str) -> Self {
        debug_assert!(Self::parse(name.as_bytes()).is_some(), "{name:?}");
        Self(name)
    }

    /// The name as text.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// The longest name, in bytes.
    pub const MAX_LEN: usize = 64;
}

fn is_illegal(character: char) -> bool {
    "!@#$%^&*,".contains(character) || character.is_whitespace() || is_refused(character)
}

fn split_at_space(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b' ', line) {
        Some(space) => (&line[..space], Some(&line[space + 1..])),
        None => (line, None),
    }
}

fn encode_list(out: &mut Vec<u8>, names: &[Username<'_>]) {
    out.extend_from_slice(b"LIST-OK ");
    for (place, name) in names.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        out.extend_from_slice(name.as_str().as_bytes());
    }
    out.push(b'\n');
}

fn put(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn a_name_is_64_bytes_of_what_the_document_allows() {
        let longest = "é".repeat(32);
        for name in ["a", "bob-2", "Ünïcödé", "名", "a:b", longest.as_str()] {
            assert!(Username::parse(name.as_bytes()).is_some(), "{name:?}");
        }
        let too_long = "x".repeat(65);
        let mut illegal = vec![
            "",
            "a\tb",
            "a\u{a0}b",
            "a\u{3000}",
            "a\u{7f}",
            "a\u{85}",
            "a\u{202e}b",
        ];
        illegal.push(&too_long);
        illegal.extend(["!", "@", "#", "$", "%", "^", "&", "*", ",", " ", "a b"]);
        for name in illegal {
            assert!(Username::parse(name.as_bytes()).is_none(), "{name:?}");
        }
        assert!(Username::parse(b"\xff").is_none());
    }

    #[test]
    fn a_header_ends_at_the_first_space() {
        assert_eq!(
            RequestHeader::split(b"LIST"),
            Some((RequestHeader::List, None))
        );
        assert_eq!(
            RequestHeader::split(b"LIST "),
            Some((RequestHeader::List, Some(&b""[..])))
        );
        for line in [
            &b""[..],
            b" LIST",
            b"list",
            b"LIST\t",
            b"HELLO a",
            b"LISTEN",
        ] {
            assert_eq!(RequestHeader::split(line), None, "{line:?}");
        }
    }

    #[test]
    fn a_message_starts_after_exactly_one_space() {
        assert_eq!(
            parse(b"SEND bob  hi "),
            Ok(Request::Send {
                to: b"bob",
                text: " hi "
            })
        );
    }

    #[test]
    fn a_body_that_is_missing_or_not_wanted_is_malformed() {
        let lines: [&[u8]; 13] = [
            b"HELLO-FROM",
            b"HELLO-FROM ",
            b"HELLO-FROM a b",
            b"LIST ",
            b"LIST x",
            b"SEND",
            b"SEND ",
            b"SEND bob",
            b"SEND bob ",
            b"SEND bob  \t ",
            b"SEND bob \xe3\x80\x80",
            b"SEND  hi",
            b"SEND bob a\x07b",
        ];
        for line in lines {
            assert_eq!(parse(line), Err(MalformedBody), "{line:?}");
        }
    }

    #[test]
    fn every_reply_is_understood_as_it_was_meant() {
        let bob = Username::parse(b"bob").unwrap();
        let alice = Username::parse(b"alice").unwrap();
        let replies = [
            (Reply::Hello(bob), "HELLO bob\n"),
            (Reply::InUse, "IN-USE\n"),
            (Reply::Busy, "BUSY\n"),
            (Reply::ListOk(vec![alice, bob]), "LIST-OK alice,bob\n"),
            (Reply::SendOk, "SEND-OK\n"),
            (Reply::BadDestUser, "BAD-DEST-USER\n"),
            (
                Reply::Delivery {
                    from: bob,
                    text: " a b",
                },
                "DELIVERY bob  a b\n",
            ),
            (Reply::BadRequestHeader, "BAD-RQST-HDR\n"),
            (Reply::BadRequestBody, "BAD-RQST-BODY\n"),
        ];
        for (reply, line) in replies {
            let mut out = Vec::new();
            reply.encode(&mut out);
            assert_eq!(out, line.as_bytes());
            assert_eq!(Reply::parse(&out[..out.len() - 1]), Ok(reply));
        }
    }

    #[test]
    fn what_no_server_sends_is_no_reply() {
        for line in [
            &b""[..],
            b"HELLO",
            b"BUSY now",
            b"LIST-OK a,,b",
            b"DELIVERY bob",
            b"hello",
        ] {
            assert_eq!(Reply::parse(line), Err(MalformedReply), "{line:?}");
        }
    }

    fn parse(line: &[u8]) -> Result<Request<'_>, MalformedBody> {
        let (header, body) = RequestHeader::split(line).unwrap();
        Request::parse(header, body)
    }
}
