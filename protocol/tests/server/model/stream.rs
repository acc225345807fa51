//! What one peer sent, from the first byte on.

use linechat_protocol::Framing;

/// All bytes of one peer, and how far they were made into messages.
pub(super) struct Stream {
    framing: Framing,
    is_telnet: bool,
    max_line: usize,
    bytes: Vec<u8>,
    /// How much of the text was made into messages.
    done: usize,
    /// The line at `done` was said to be too long.
    is_too_long: bool,
    is_ended: bool,
}

pub(super) enum Message {
    Said { content: Vec<u8>, ending: Vec<u8> },
    TooLong,
    End,
}

impl Stream {
    pub(super) fn new(framing: Framing, is_telnet: bool, max_line: usize) -> Self {
        Self {
            framing,
            is_telnet,
            max_line,
            bytes: Vec::new(),
            done: 0,
            is_too_long: false,
            is_ended: false,
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        self.is_ended
    }

    pub(super) fn grow(&mut self, bytes: &[u8]) -> Vec<Message> {
        if self.framing == Framing::Chunks {
            return vec![said(bytes, b"")];
        }
        self.bytes.extend_from_slice(bytes);
        let text = self.text();
        let mut messages = Vec::new();
        while let Some(length) = text[self.done..].iter().position(|&byte| byte == b'\n') {
            let line = &text[self.done..=self.done + length];
            self.done += line.len();
            messages.extend(self.line(line));
        }
        let begun = &text[self.done..];
        let content = begun.strip_suffix(b"\r").unwrap_or(begun);
        if content.len() > self.max_line && !self.is_too_long {
            self.is_too_long = true;
            messages.push(Message::TooLong);
        }
        messages
    }

    pub(super) fn end(&mut self) -> Vec<Message> {
        self.is_ended = true;
        let text = self.text();
        let last = &text[self.done..];
        let last = last.strip_suffix(b"\r").unwrap_or(last);
        let mut messages = Vec::new();
        if !last.is_empty() && !self.is_too_long {
            messages.push(said(last, b"\n"));
        }
        messages.push(Message::End);
        messages
    }

    fn line(&mut self, line: &[u8]) -> Option<Message> {
        let ending = match line {
            [.., b'\r', b'\n'] => 2,
            _ => 1,
        };
        let (content, ending) = line.split_at(line.len() - ending);
        if std::mem::take(&mut self.is_too_long) {
            None
        } else if content.len() > self.max_line {
            Some(Message::TooLong)
        } else {
            Some(said(content, ending))
        }
    }

    /// The bytes without telnet's commands.
    fn text(&self) -> Vec<u8> {
        if !self.is_telnet {
            return self.bytes.clone();
        }
        let mut text = Vec::new();
        let mut rest = &self.bytes[..];
        while let Some((&byte, behind)) = rest.split_first() {
            rest = match (byte, behind) {
                (IAC, [250, subnegotiation @ ..]) => behind_subnegotiation(subnegotiation),
                (IAC, [251..=254, _option, behind @ ..]) => behind,
                (IAC, [251..=254]) => &[],
                (IAC, [236..=255, behind @ ..]) => behind,
                (IAC, behind) => behind,
                (byte, behind) => {
                    text.push(byte);
                    behind
                }
            };
        }
        text
    }
}

fn behind_subnegotiation(mut rest: &[u8]) -> &[u8] {
    loop {
        rest = match rest {
            [] | [IAC] => return &[],
            [IAC, 240, behind @ ..] => return behind,
            [IAC, _, behind @ ..] | [_, behind @ ..] => behind,
        };
    }
}

fn said(content: &[u8], ending: &[u8]) -> Message {
    Message::Said {
        content: content.to_vec(),
        ending: ending.to_vec(),
    }
}

const IAC: u8 = 255;
