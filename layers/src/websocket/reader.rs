//! Bytes to messages.

use std::io::Cursor;
use std::mem;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::Kind;
use super::violation::Violation;

/// Reads the frames of one client. Keeps an unfinished frame and the frames of an unfinished
/// message, and nothing while there are none.
#[derive(Debug)]
pub(super) struct Reader {
    kind: Kind,
    max_message: usize,
    /// The beginning of a frame whose end has not come: less than a header and a message.
    unparsed: Vec<u8>,
    /// What has come of a message.
    message: Vec<u8>,
    in_message: bool,
}

/// What came in one frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received<'a> {
    Message(&'a [u8]),
    /// Is to be answered with the same bytes.
    Ping(&'a [u8]),
    /// An answer to a ping, or a part of a message.
    Sign,
    /// The peer will send nothing more.
    Close(Option<CloseCode>),
}

impl Reader {
    pub(super) fn new(kind: Kind, max_message: usize) -> Self {
        Self {
            kind,
            max_message,
            unparsed: Vec::new(),
            message: Vec::new(),
            in_message: false,
        }
    }

    /// Takes what the client sent, cut anywhere, and calls `each` for what is in each frame, until
    /// the first violation or [`Received::Close`].
    pub(super) fn receive(
        &mut self,
        received: &[u8],
        mut each: impl FnMut(Received<'_>) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        let mut unparsed = mem::take(&mut self.unparsed);
        let mut rest = received;
        if !unparsed.is_empty() {
            unparsed.extend_from_slice(received);
            rest = &unparsed;
        }
        while let Some((header, payload, behind)) = self.split_frame(rest)? {
            rest = behind;
            if self.take_frame(&header, payload, &mut each)? {
                return Ok(());
            }
        }
        self.unparsed = rest.to_vec();
        if self.message.is_empty() {
            self.message = Vec::new();
        }
        Ok(())
    }

    /// The first frame of these bytes and what is behind it, if it is complete.
    fn split_frame<'a>(&self, bytes: &'a [u8]) -> Result<Option<Frame<'a>>, Violation> {
        let mut cursor = Cursor::new(bytes);
        let parsed = FrameHeader::parse(&mut cursor)
            .map_err(|_| Violation::Protocol("a frame has a reserved opcode"))?;
        let Some((header, length)) = parsed else {
            return Ok(None);
        };
        self.check(&header, length)?;
        let start = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some((payload, behind)) = bytes[start..].split_at_checked(length) else {
            return Ok(None);
        };
        Ok(Some((header, payload, behind)))
    }

    /// Before its payload has come: nothing that is refused is waited for.
    fn check(&self, header: &FrameHeader, length: u64) -> Result<(), Violation> {
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(Violation::Protocol("a frame has reserved bits"));
        }
        if header.mask.is_none() {
            return Err(Violation::Protocol("a frame is not masked"));
        }
        match header.opcode {
            OpCode::Control(_) => check_control(header, length),
            OpCode::Data(data) => self.check_data(data, length),
        }
    }

    fn check_data(&self, data: Data, length: u64) -> Result<(), Violation> {
        let kind = match data {
            Data::Continue if self.in_message => None,
            Data::Continue => {
                return Err(Violation::Protocol("a message begins with a continuation"));
            }
            _ if self.in_message => {
                return Err(Violation::Protocol("a message begins within another one"));
            }
            Data::Text => Some(Kind::Text),
            _ => Some(Kind::Binary),
        };
        if kind.is_some_and(|kind| kind != self.kind) {
            return Err(Violation::WrongKind);
        }
        let room = self.max_message - self.message.len();
        match usize::try_from(length) {
            Ok(length) if length <= room => Ok(()),
            _ => Err(Violation::TooLong),
        }
    }

    /// Says whether it was the last one.
    fn take_frame(
        &mut self,
        header: &FrameHeader,
        payload: &[u8],
        each: &mut impl FnMut(Received<'_>) -> Result<(), Violation>,
    ) -> Result<bool, Violation> {
        let mask = header.mask.unwrap_or_default();
        let bare = payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask);
        match header.opcode {
            OpCode::Data(_) => {
                self.message.extend(bare);
                self.in_message = !header.is_final;
                check_text(self.kind, &self.message, header.is_final)?;
                if self.in_message {
                    each(Received::Sign)?;
                    return Ok(false);
                }
                each(Received::Message(&self.message))?;
                self.message.clear();
            }
            OpCode::Control(Control::Ping) => each(Received::Ping(&bare.collect::<Vec<_>>()))?,
            OpCode::Control(Control::Pong) => each(Received::Sign)?,
            OpCode::Control(_) => {
                each(Received::Close(parse_close(&bare.collect::<Vec<_>>())?))?;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

type Frame<'a> = (FrameHeader, &'a [u8], &'a [u8]);

fn check_control(header: &FrameHeader, length: u64) -> Result<(), Violation> {
    if !header.is_final {
        return Err(Violation::Protocol(
            "a control frame is not the last of its message",
        ));
    }
    match length {
        ..=125 => Ok(()),
        _ => Err(Violation::Protocol(
            "a control frame is longer than 125 bytes",
        )),
    }
}

/// `is_whole`: nothing comes that could complete a last character.
fn check_text(kind: Kind, text: &[u8], is_whole: bool) -> Result<(), Violation> {
    match std::str::from_utf8(text) {
        Err(error) if kind == Kind::Text && (is_whole || error.error_len().is_some()) => {
            Err(Violation::NotUtf8)
        }
        _ => Ok(()),
    }
}

fn parse_close(payload: &[u8]) -> Result<Option<CloseCode>, Violation> {
    let (code, reason) = match payload {
        [] => return Ok(None),
        [_] => return Err(Violation::Protocol("a close frame has half a code")),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    let code = CloseCode::from(code);
    if !code.is_allowed() {
        return Err(Violation::Protocol(
            "a close frame has a code that nobody sends",
        ));
    }
    check_text(Kind::Text, reason, true)?;
    Ok(Some(code))
}
