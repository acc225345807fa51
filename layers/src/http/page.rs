//! What can be got by its path.

use std::fmt;

use bytes::{Bytes, BytesMut};

use super::request::Request;
use super::response::{Response, Status};
use super::security::policy;
use crate::tls::Pin;

/// Something that can be got by its path.
pub struct Page {
    pub(crate) path: &'static str,
    content_type: &'static str,
    content: Content,
}

enum Content {
    Fixed { body: Bytes, etag: String },
    Made(Box<dyn Fn() -> Made + Send + Sync>),
}

/// What a [page that is made anew](Page::made) is this time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// How it went.
    pub status: Status,
    /// What it says.
    pub body: Vec<u8>,
}

impl Page {
    /// One that is always the same. A browser that has it is told so, and not sent it again.
    ///
    /// `path` begins with a `/`; `content_type` is a media type, as `text/html; charset=utf-8`.
    pub fn fixed(path: &'static str, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let hash = Pin::of(&body).to_string();
        let etag = format!("\"{}\"", &hash[hash.len() - 32..]);
        Self {
            path,
            content_type,
            content: Content::Fixed { body, etag },
        }
    }

    /// One that `make` makes anew for each request.
    pub fn made(
        path: &'static str,
        content_type: &'static str,
        make: impl Fn() -> Made + Send + Sync + 'static,
    ) -> Self {
        Self {
            path,
            content_type,
            content: Content::Made(Box::new(make)),
        }
    }

    /// Answers a GET or HEAD of it.
    pub(crate) fn respond(&self, request: &Request<'_>, wire: &mut BytesMut) {
        let mut response = Response {
            status: Status::OK,
            content_type: self.content_type,
            headers: "Cache-Control: no-store\r\n",
            policy: &policy(Some(&request.authority)),
            body: &[],
            head_only: request.is_head(),
        };
        match &self.content {
            Content::Fixed { body, etag } => {
                let headers = format!("ETag: {etag}\r\nCache-Control: no-cache\r\n");
                response.headers = &headers;
                if is_known(request, etag) {
                    response.status = Status::NOT_MODIFIED;
                } else {
                    response.body = body;
                }
                response.write(wire);
            }
            Content::Made(make) => {
                let Made { status, body } = make();
                response.status = status;
                response.body = &body;
                response.write(wire);
            }
        }
    }
}

/// Whether who asks has what this tag stands for.
fn is_known(request: &Request<'_>, etag: &str) -> bool {
    request.entries("If-None-Match").any(|entry| {
        let strong = entry.strip_prefix(b"W/").unwrap_or(entry);
        strong == etag.as_bytes() || entry == b"*"
    })
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("path", &self.path)
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}
