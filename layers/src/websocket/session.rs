//! A connection that has become one of WebSocket.

use std::time::Duration;

use bytes::BytesMut;
use linechat_protocol::{CloseReason, Instant};
use tungstenite::protocol::frame::coding::CloseCode;

use super::Kind;
use super::reader::{Reader, Received};
use super::violation::Violation;
use super::writer::{write_close, write_lines, write_ping, write_pong};

/// One connection of WebSocket: lines on one side, frames on the other.
#[derive(Debug)]
pub(crate) struct Session {
    kind: Kind,
    reader: Reader,
    /// When a frame came last.
    heard: Instant,
    /// When a ping is due.
    next_ping: Instant,
    ending: Option<Ending>,
}

/// How the peer's side came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Closed(Option<CloseCode>),
    Violated(Violation),
}

impl Session {
    /// One that was agreed on just now.
    pub(crate) fn new(now: Instant, kind: Kind, max_message: usize) -> Self {
        Self {
            kind,
            reader: Reader::new(kind, max_message),
            heard: now,
            next_ping: now + PING_INTERVAL,
            ending: None,
        }
    }

    /// Takes frames, cut anywhere. Appends lines to `plain`, each with CR LF.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        received: &[u8],
        plain: &mut Vec<u8>,
        wire: &mut BytesMut,
    ) -> Result<(), Violation> {
        if self.ending.is_some() {
            return Ok(());
        }
        let Self {
            reader,
            heard,
            ending,
            ..
        } = self;
        let result = reader.receive(received, |frame| {
            *heard = now;
            match frame {
                Received::Message(message) => append_line(message, plain)?,
                Received::Ping(payload) => write_pong(payload, wire),
                Received::Sign => {}
                Received::Close(code) => *ending = Some(Ending::Closed(code)),
            }
            Ok(())
        });
        result.map_err(|violation| self.end(violation))
    }

    /// Sends each of these lines as a message.
    pub(crate) fn seal(&self, lines: &[u8], wire: &mut BytesMut) {
        if !lines.is_empty() {
            write_lines(self.kind, lines, wire);
        }
    }

    /// Whether the peer said that it will send nothing more.
    pub(crate) fn is_closed_by_peer(&self) -> bool {
        matches!(self.ending, Some(Ending::Closed(_)))
    }

    /// When [`expire`](Self::expire) is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let silent = self.heard + MAX_SILENCE;
        self.ending.is_none().then(|| self.next_ping.min(silent))
    }

    /// Pings, or gives up a peer that does not answer.
    pub(crate) fn expire(&mut self, now: Instant, wire: &mut BytesMut) -> Result<(), Violation> {
        if now >= self.heard + MAX_SILENCE {
            return Err(self.end(Violation::Silent));
        }
        if now >= self.next_ping {
            self.next_ping = now + PING_INTERVAL;
            write_ping(wire);
        }
        Ok(())
    }

    /// The close frame: an answer to the peer's, or the reason for ours.
    pub(crate) fn finish(&self, reason: CloseReason, wire: &mut BytesMut) {
        let (code, words) = match self.ending {
            Some(Ending::Closed(code)) => (code, String::new()),
            Some(Ending::Violated(violation)) => {
                (Some(violation.code()), violation.reason().to_owned())
            }
            None => (Some(code_for(reason)), words_for(reason)),
        };
        write_close(code, &words, wire);
    }

    fn end(&mut self, violation: Violation) -> Violation {
        self.ending = Some(Ending::Violated(violation));
        violation
    }
}

/// A message is a line. One ending at its end is dropped, in place of the one that every line gets
/// here; another one would make two lines of it.
fn append_line(message: &[u8], plain: &mut Vec<u8>) -> Result<(), Violation> {
    let line = message.strip_suffix(b"\n").unwrap_or(message);
    if line.contains(&b'\n') {
        return Err(Violation::ManyLines);
    }
    let had_ending = line.len() < message.len();
    let line = match line.strip_suffix(b"\r") {
        Some(bare) if had_ending => bare,
        _ => line,
    };
    plain.extend_from_slice(line);
    plain.extend_from_slice(b"\r\n");
    Ok(())
}

fn code_for(reason: CloseReason) -> CloseCode {
    match reason {
        CloseReason::ShuttingDown => CloseCode::Away,
        reason if reason.is_fault() => CloseCode::Policy,
        _ => CloseCode::Normal,
    }
}

/// Nothing where nobody is at fault.
fn words_for(reason: CloseReason) -> String {
    if !reason.is_fault() {
        return String::new();
    }
    let mut words = reason.to_string();
    while words.len() > MAX_WORDS {
        words.pop();
    }
    words
}

/// Proxies cut connections that are silent for 60 s.
const PING_INTERVAL: Duration = Duration::from_secs(30);

/// After so long without a frame a peer is gone.
const MAX_SILENCE: Duration = Duration::from_secs(60);

/// The most bytes behind the code of a close frame.
const MAX_WORDS: usize = 123;
