//! What one peer sent, from the first byte on.

use linechat_protocol::{CloseReason, Framing};

/// All bytes of one peer, and how far they were made into messages.
pub(super) struct Stream {
    framing: Framing,
    is_telnet: bool,
    refuses_http: bool,
    max_line: usize,
    bytes: Vec<u8>,
    /// How much of the text was made into messages.
    done: usize,
    /// The line at `done` was said to be too long.
    is_too_long: bool,
    is_ended: bool,
    /// Nothing can come any more, not even for a layer.
    pub(super) is_over: bool,
    /// A pause has ended the line before `done`.
    is_ending_late: bool,
    is_first_line_over: bool,
    /// How much of the text is the first line, if that is an HTTP request.
    http_request: Option<usize>,
}

pub(super) enum Message {
    Said {
        content: Vec<u8>,
        ending: Vec<u8>,
    },
    TooLong,
    /// The first line was of a protocol that nobody speaks here, and nothing counts that came behind.
    Foreign(CloseReason),
    /// The stream ended in the middle.
    CutOff,
    End,
}

impl Stream {
    pub(super) fn new(
        framing: Framing,
        is_telnet: bool,
        refuses_http: bool,
        max_line: usize,
    ) -> Self {
        Self {
            framing,
            is_telnet,
            refuses_http,
            max_line,
            bytes: Vec::new(),
            done: 0,
            is_too_long: false,
            is_ended: false,
            is_over: false,
            is_ending_late: false,
            is_first_line_over: false,
            http_request: None,
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        self.is_ended
    }

    pub(super) fn is_http_request(&self) -> bool {
        self.http_request.is_some()
    }

    pub(super) fn grow(&mut self, bytes: &[u8]) -> Vec<Message> {
        self.bytes.extend_from_slice(bytes);
        self.look_for_http();
        let text = self.text();
        let mut messages = Vec::new();
        if self.refuses_http && !self.is_first_line_over && text.starts_with(b"\x16\x03") {
            self.is_ended = true;
            return vec![Message::Foreign(CloseReason::TlsHandshake)];
        }
        if self.framing == Framing::Chunks {
            messages.push(said(&text[self.done..], b""));
            self.done = text.len();
        } else {
            self.skip_late_ending(&text);
            messages.extend(self.lines(&text));
        }
        if self.is_http_request() {
            self.is_ended = true;
            messages.push(Message::Foreign(CloseReason::HttpRequest));
        }
        messages
    }

    /// Whether a pause would make a message of what is unfinished.
    pub(super) fn is_unfinished(&self) -> bool {
        let text = self.text();
        let is_late_half_ending = self.is_ending_late && text[self.done..] == *b"\r";
        let is_line = !text[self.done..].is_empty() && text[self.done..] != *b"\r";
        self.framing == Framing::Auto && !self.is_ended && is_line && !is_late_half_ending
    }

    /// Nothing has come for so long that what is unfinished is a message.
    pub(super) fn pause(&mut self) -> Vec<Message> {
        let text = self.text();
        let unfinished = &text[self.done..];
        let (content, ending) = match unfinished.strip_suffix(b"\r") {
            Some(content) => (content, &b"\r\n"[..]),
            None => (unfinished, &b"\n"[..]),
        };
        let mut messages = vec![said(content, ending)];
        if self.refuses_http && !self.is_first_line_over && is_http_request(content) {
            self.http_request = Some(text.len());
            self.is_ended = true;
            messages.push(Message::Foreign(CloseReason::HttpRequest));
        }
        self.is_first_line_over = true;
        self.done = text.len();
        self.is_ending_late = true;
        messages
    }

    fn skip_late_ending(&mut self, text: &[u8]) {
        let rest = &text[self.done..];
        if !self.is_ending_late || rest.is_empty() || *rest == *b"\r" {
            return;
        }
        self.is_ending_late = false;
        for ending in [&b"\n"[..], b"\r\n"] {
            if rest.starts_with(ending) {
                self.done += ending.len();
            }
        }
    }

    fn look_for_http(&mut self) {
        let text = self.text();
        let end = text.iter().position(|&byte| byte == b'\n');
        let is_tls = self.refuses_http && text.starts_with(b"\x16\x03");
        let Some(end) = end.filter(|_| !self.is_first_line_over && !is_tls) else {
            return;
        };
        self.is_first_line_over = true;
        if self.refuses_http && is_http_request(&text[..end]) {
            self.http_request = Some(end + 1);
        }
    }

    fn lines(&mut self, text: &[u8]) -> Vec<Message> {
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

    pub(super) fn cut_off(&mut self) -> Message {
        self.is_ended = true;
        Message::CutOff
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

    /// The bytes that count.
    fn text(&self) -> Vec<u8> {
        let mut text = match self.is_telnet {
            true => self.text_without_telnet(),
            false => self.bytes.clone(),
        };
        text.truncate(self.http_request.unwrap_or(usize::MAX));
        text
    }

    /// The bytes without telnet's commands.
    fn text_without_telnet(&self) -> Vec<u8> {
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

fn behind_subnegotiation(whole: &[u8]) -> &[u8] {
    let (longest, behind_longest) = whole.split_at(whole.len().min(512));
    let mut rest = longest;
    loop {
        rest = match rest {
            [] | [IAC] => return behind_longest,
            [IAC, 240, behind @ ..] => {
                return &whole[whole.len() - behind_longest.len() - behind.len()..];
            }
            [IAC, _, behind @ ..] | [_, behind @ ..] => behind,
        };
    }
}

/// `METHOD target HTTP/1.x`
fn is_http_request(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else {
        return false;
    };
    let words: Vec<_> = line.trim_end_matches('\r').split(' ').collect();
    let [method, target, version] = words[..] else {
        return false;
    };
    let is_method = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let digit = version.strip_prefix("HTTP/1.").map(str::as_bytes);
    !method.is_empty()
        && method.chars().all(is_method)
        && !target.is_empty()
        && !target.contains(|c: char| c.is_ascii_control())
        && matches!(digit, Some([b'0'..=b'9']))
}

fn said(content: &[u8], ending: &[u8]) -> Message {
    Message::Said {
        content: content.to_vec(),
        ending: ending.to_vec(),
    }
}

const IAC: u8 = 255;
