//! Why a request is refused.

use bytes::BytesMut;

use super::response::{Response, Status};
use super::security::policy;

/// Why a request is refused: for who sent it and for the log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: Status,
    pub(crate) reason: String,
    /// Lines of the response's head that go with its status.
    pub(crate) headers: &'static str,
}

impl Refusal {
    pub(crate) fn new(status: Status, reason: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.into(),
            headers: "",
        }
    }

    /// One for who does not speak HTTP as it should be.
    pub(crate) fn bad(reason: impl Into<String>) -> Self {
        Self::new(Status::BAD_REQUEST, reason)
    }

    /// The same, with these lines in the head of the response, each with its end.
    pub(crate) fn with_headers(self, headers: &'static str) -> Self {
        Self { headers, ..self }
    }

    /// Tells the peer, in words. `head_only`: what it sent was a HEAD.
    pub(crate) fn write(&self, head_only: bool, wire: &mut BytesMut) {
        let body = format!("{}\n", self.reason);
        let response = Response {
            status: self.status,
            content_type: "text/plain; charset=utf-8",
            headers: &format!("Cache-Control: no-store\r\n{}", self.headers),
            policy: &policy(None),
            body: body.as_bytes(),
            head_only,
        };
        response.write(wire);
    }
}

/// What a peer sent, to be shown to people: at most 100 characters, and none that a terminal
/// obeys.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars()
        .take(100)
        .flat_map(char::escape_debug)
        .collect()
}
