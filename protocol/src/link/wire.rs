//! The protocol of NATS: lines, some of which have a payload behind them.
//!
//! <https://docs.nats.io/reference/reference-protocols/nats-protocol>

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use thiserror::Error;

/// What a NATS server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Incoming<'a> {
    /// What it is, as JSON.
    Info(&'a str),
    Ping,
    Pong,
    /// Something was well, which is only said if it is asked for.
    Ok,
    /// Something was not.
    Error(&'a str),
    Message(Message<'a>),
}

/// What somebody published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub(crate) subject: &'a str,
    pub(crate) headers: Headers<'a>,
    pub(crate) payload: &'a [u8],
}

/// The headers of a message, as they came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Headers<'a>(&'a str);

impl<'a> Headers<'a> {
    /// What became of a request that has no answer: `404`, say.
    pub(crate) fn status(self) -> Option<u16> {
        let first = self.0.lines().next()?.strip_prefix(VERSION)?;
        first.split_ascii_whitespace().next()?.parse().ok()
    }

    pub(crate) fn get(self, name: &str) -> Option<&'a str> {
        let lines = self.0.lines().skip(1);
        lines
            .filter_map(|line| line.split_once(':'))
            .find_map(|(key, value)| match key.eq_ignore_ascii_case(name) {
                true => Some(value.trim()),
                false => None,
            })
    }

    pub(crate) fn number(self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }
}

/// This is not the protocol of NATS, or more of it than there is room for.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("what came is not the protocol of NATS")]
pub(crate) struct NotNats;

/// Bytes in, whole messages out.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    buffer: Vec<u8>,
    /// How much of it was taken.
    taken: usize,
}

impl Decoder {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next message, once all of it has come.
    pub(crate) fn next(&mut self) -> Result<Option<Incoming<'_>>, NotNats> {
        let unread = &self.buffer[self.taken..];
        let Some(end) = memchr::memchr(b'\n', unread) else {
            return check(unread.len(), MAX_LINE).map(|()| None);
        };
        check(end, MAX_LINE)?;
        let line = core::str::from_utf8(&unread[..end]).map_err(|_| NotNats)?;
        let line = line.strip_suffix('\r').unwrap_or(line);
        let Some(frame) = Frame::of(line)? else {
            self.taken += end + 1;
            return one_line(line).map(Some);
        };
        let whole = end + 1 + frame.size + CRLF.len();
        if unread.len() < whole {
            return Ok(None);
        }
        let body = &unread[end + 1..end + 1 + frame.size];
        self.taken += whole;
        frame.message(body).map(Some)
    }
}

/// The line before a payload.
struct Frame<'a> {
    subject: &'a str,
    /// How much of the payload is headers.
    headers: usize,
    size: usize,
}

impl<'a> Frame<'a> {
    /// `None` for a line that has nothing behind it.
    fn of(line: &'a str) -> Result<Option<Self>, NotNats> {
        let mut words = line.split_ascii_whitespace();
        let has_headers = match words.next() {
            Some("MSG") => false,
            Some("HMSG") => true,
            _ => return Ok(None),
        };
        let words: Vec<&str> = words.take(6).collect();
        let number = |word: &str| word.parse::<usize>().map_err(|_| NotNats);
        // A reply subject may stand between, which is of no use here.
        let (subject, headers, size) = match (has_headers, &*words) {
            (false, [subject, _, size] | [subject, _, _, size]) => (subject, "0", size),
            (true, [subject, _, headers, size] | [subject, _, _, headers, size]) => {
                (subject, *headers, size)
            }
            _ => return Err(NotNats),
        };
        let (headers, size) = (number(headers)?, number(size)?);
        check(size, MAX_MESSAGE)?;
        check(headers, size)?;
        Ok(Some(Self {
            subject,
            headers,
            size,
        }))
    }

    fn message(&self, body: &'a [u8]) -> Result<Incoming<'a>, NotNats> {
        let (headers, payload) = body.split_at(self.headers);
        let headers = core::str::from_utf8(headers).map_err(|_| NotNats)?;
        Ok(Incoming::Message(Message {
            subject: self.subject,
            headers: Headers(headers),
            payload,
        }))
    }
}

fn one_line(line: &str) -> Result<Incoming<'_>, NotNats> {
    let (word, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    match word {
        "INFO" => Ok(Incoming::Info(rest.trim())),
        "PING" => Ok(Incoming::Ping),
        "PONG" => Ok(Incoming::Pong),
        "+OK" => Ok(Incoming::Ok),
        "-ERR" => Ok(Incoming::Error(rest.trim().trim_matches('\''))),
        _ => Err(NotNats),
    }
}

fn check(size: usize, max: usize) -> Result<(), NotNats> {
    if size > max { Err(NotNats) } else { Ok(()) }
}

pub(crate) fn subscribe(out: &mut Vec<u8>, subject: &str, id: u32) {
    out.extend_from_slice(format!("SUB {subject} {id}\r\n").as_bytes());
}

/// Publishes a payload, with the subject under which the answer is awaited, or an empty one.
pub(crate) fn publish(out: &mut Vec<u8>, subject: &str, reply: &str, payload: &[u8]) {
    let size = payload.len();
    out.extend_from_slice(format!("PUB {subject} {reply} {size}\r\n").as_bytes());
    out.extend_from_slice(payload);
    out.extend_from_slice(CRLF);
}

/// Publishes a payload with one header.
pub(crate) fn publish_with(
    out: &mut Vec<u8>,
    subject: &str,
    reply: &str,
    (name, value): (&str, &str),
    payload: &[u8],
) {
    let headers: String = format!("{VERSION}\r\n{name}: {value}\r\n\r\n");
    let (start, size) = (headers.len(), headers.len() + payload.len());
    out.extend_from_slice(format!("HPUB {subject} {reply} {start} {size}\r\n").as_bytes());
    out.extend_from_slice(headers.as_bytes());
    out.extend_from_slice(payload);
    out.extend_from_slice(CRLF);
}

const VERSION: &str = "NATS/1.0";
const CRLF: &[u8] = b"\r\n";
/// INFO names every member of a cluster.
const MAX_LINE: usize = 128 << 10;
/// More than any message of ours, headers included.
const MAX_MESSAGE: usize = 2 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] = b"INFO {\"a\":1} \r\nPING\r\nMSG one 1 2\r\nhi\r\n\
        HMSG two 3 reply.to 27 30\r\nNATS/1.0 404 Not\r\nA: b \r\n\r\nabc\r\n-ERR 'No'\r\n+OK\r\nPONG\r\n";

    fn heard(pieces: &[&[u8]]) -> Vec<String> {
        let mut decoder = Decoder::default();
        let mut heard = Vec::new();
        for piece in pieces {
            decoder.push(piece);
            while let Some(incoming) = decoder.next().unwrap() {
                heard.push(format!("{incoming:?}"));
            }
        }
        heard
    }

    #[test]
    fn a_stream_is_the_same_in_pieces() {
        let whole = heard(&[STREAM]);
        assert_eq!(whole.len(), 7);
        for cut in 0..STREAM.len() {
            let (a, b) = STREAM.split_at(cut);
            assert_eq!(heard(&[a, b]), whole, "{cut}");
        }
    }

    #[test]
    fn headers_have_a_status_and_values() {
        let headers = Headers("NATS/1.0 404 Message Not Found\r\nNats-Sequence: 12\r\nX:y\r\n\r\n");
        assert_eq!(headers.status(), Some(404));
        assert_eq!(headers.number("Nats-Sequence"), Some(12));
        assert_eq!((headers.get("x"), headers.get("z")), (Some("y"), None));
        assert_eq!(Headers("NATS/1.0\r\n\r\n").status(), None);
        assert_eq!(Headers::default().status(), None);
    }

    #[test]
    fn what_is_too_long_or_something_else_is_refused() {
        for stream in [
            "HTTP/1.1 200 OK\r\n".as_bytes(),
            b"MSG one 1 99999999999\r\n",
            b"MSG one\r\n",
            b"HMSG one 1 9 3\r\n",
            b"MSG one 1 x\r\n",
            b"INFO \xFF\r\n",
            &[b'x'; MAX_LINE + 1],
        ] {
            let mut decoder = Decoder::default();
            decoder.push(stream);
            assert_eq!(decoder.next(), Err(NotNats));
        }
    }

    #[test]
    fn what_is_published_has_its_lengths() {
        let mut out = Vec::new();
        publish(&mut out, "a", "", b"hi");
        publish_with(&mut out, "b", "r", ("N", "v"), b"hi");
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "PUB a  2\r\nhi\r\nHPUB b r 18 20\r\nNATS/1.0\r\nN: v\r\n\r\nhi\r\n"
        );
    }
}
