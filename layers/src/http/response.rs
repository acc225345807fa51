//! What is sent for a request.

use bytes::{BufMut, BytesMut};

/// How a request went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    code: u16,
    phrase: &'static str,
}

impl Status {
    /// 200: here it is.
    pub const OK: Self = Self::new(200, "OK");
    /// 304: who asks has it already.
    pub(crate) const NOT_MODIFIED: Self = Self::new(304, "Not Modified");
    /// 400: the request is malformed.
    pub(crate) const BAD_REQUEST: Self = Self::new(400, "Bad Request");
    /// 403: not for pages from elsewhere.
    pub(crate) const FORBIDDEN: Self = Self::new(403, "Forbidden");
    /// 404: there is no such page.
    pub(crate) const NOT_FOUND: Self = Self::new(404, "Not Found");
    /// 405: it can only be got.
    pub(crate) const NOT_ALLOWED: Self = Self::new(405, "Method Not Allowed");
    /// 408: it took too long.
    pub(crate) const TIMEOUT: Self = Self::new(408, "Request Timeout");
    /// 421: that is another server's page.
    pub(crate) const MISDIRECTED: Self = Self::new(421, "Misdirected Request");
    /// 426: this is for WebSocket.
    pub(crate) const UPGRADE_REQUIRED: Self = Self::new(426, "Upgrade Required");
    /// 431: the head is too long.
    pub(crate) const TOO_LARGE: Self = Self::new(431, "Request Header Fields Too Large");
    /// 503: not now.
    pub const UNAVAILABLE: Self = Self::new(503, "Service Unavailable");

    const fn new(code: u16, phrase: &'static str) -> Self {
        Self { code, phrase }
    }

    /// Three digits.
    pub const fn code(self) -> u16 {
        self.code
    }
}

/// A response, after which the connection is closed.
#[derive(Debug)]
pub(crate) struct Response<'a> {
    pub(crate) status: Status,
    pub(crate) content_type: &'a str,
    /// Further lines of the head, each with its end.
    pub(crate) headers: &'a str,
    pub(crate) policy: &'a str,
    pub(crate) body: &'a [u8],
    /// The request was a HEAD: the body is only announced.
    pub(crate) head_only: bool,
}

impl Response<'_> {
    pub(crate) fn write(&self, wire: &mut BytesMut) {
        let Status { code, phrase } = self.status;
        let lines = [
            format!("HTTP/1.1 {code} {phrase}\r\n"),
            self.describe_body(),
            self.headers.to_owned(),
            format!("Content-Security-Policy: {}\r\n", self.policy),
            ALWAYS.to_owned(),
        ];
        for line in lines {
            wire.put_slice(line.as_bytes());
        }
        if !self.head_only {
            wire.put_slice(self.body);
        }
    }

    /// There is none to be described if it has not changed.
    fn describe_body(&self) -> String {
        if self.status == Status::NOT_MODIFIED {
            return String::new();
        }
        let length = self.body.len();
        let content_type = self.content_type;
        format!("Content-Type: {content_type}\r\nContent-Length: {length}\r\n")
    }
}

/// What every response has, and the end of its head.
const ALWAYS: &str = "X-Content-Type-Options: nosniff\r\n\
                      Referrer-Policy: no-referrer\r\n\
                      Connection: close\r\n\
                      \r\n";
