//! A request whose meaning nobody can doubt.

use httparse::Header;

use super::authority::Authority;
use super::origin::Scheme;
use super::refusal::Refusal;
use super::response::Status;

/// The head of a request.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// Without the query. `*` and other things that are no path are as they came.
    pub(crate) path: &'a str,
    /// Whom the peer believes to talk to.
    pub(crate) authority: Authority,
    /// Whether it is HTTP/1.1, and not 1.0.
    pub(crate) is_current: bool,
    headers: Vec<Header<'a>>,
}

impl<'a> Request<'a> {
    /// Parses a head that [ends](super::HeadReader) where it should.
    pub(crate) fn parse(head: &'a [u8]) -> Result<Self, Refusal> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let complete = parsed.parse(head).map_err(malformed)?.is_complete();
        let (true, Some(method), Some(target)) = (complete, parsed.method, parsed.path) else {
            return Err(Refusal::bad("the head of the request is not complete"));
        };
        let is_current = parsed.version == Some(1);
        let headers = parsed.headers.to_vec();
        let (target_authority, path) = split_target(target)?;
        let host = sole(&headers, "Host")?.ok_or_else(|| Refusal::bad("there is no Host"))?;
        let host = parse_authority(host)?;
        let request = Self {
            method,
            path,
            authority: target_authority.unwrap_or(host),
            is_current,
            headers,
        };
        request.check_body()?;
        Ok(request)
    }

    /// Whether the response is to have no body.
    pub(crate) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// What a header says that may be there once.
    pub(crate) fn sole(&self, name: &str) -> Result<Option<&'a [u8]>, Refusal> {
        sole(&self.headers, name)
    }

    /// The entries of all headers of this name, in their order, without the blanks around them.
    pub(crate) fn entries(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        named(&self.headers, name)
            .flat_map(|value| value.split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|entry| !entry.is_empty())
    }

    /// Whether one of these entries is this one, in upper or lower case.
    pub(crate) fn has_entry(&self, name: &str, expected: &str) -> bool {
        self.entries(name)
            .any(|entry| entry.eq_ignore_ascii_case(expected.as_bytes()))
    }

    /// Nothing that is served here takes a body: what announces one, or leaves in doubt where it
    /// ends, is a mistake, or a request inside another one.
    fn check_body(&self) -> Result<(), Refusal> {
        let length = self.sole("Content-Length")?;
        let encoding = self.sole("Transfer-Encoding")?;
        if length.is_some() && encoding.is_some() {
            return Err(Refusal::bad(
                "there are both Content-Length and Transfer-Encoding",
            ));
        }
        let takes_none = matches!(self.method, "GET" | "HEAD");
        if takes_none && (encoding.is_some() || length.is_some_and(|length| length != b"0")) {
            return Err(Refusal::bad(format!("{} has no body", self.method)));
        }
        Ok(())
    }
}

/// `/path?query` is for the server that `Host` names; `http://host/path?query` names it itself,
/// and counts.
fn split_target(target: &str) -> Result<(Option<Authority>, &str), Refusal> {
    let (authority, path) = match Scheme::split(target) {
        None => (None, target),
        Some((_, rest)) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let authority = parse_authority(&rest.as_bytes()[..end])?;
            (Some(authority), &rest[end..])
        }
    };
    let path = path.split(['?', '#']).next().unwrap_or("");
    match (path, authority) {
        ("", Some(authority)) => Ok((Some(authority), "/")),
        (path, authority) => Ok((authority, path)),
    }
}

fn parse_authority(text: &[u8]) -> Result<Authority, Refusal> {
    std::str::from_utf8(text)
        .ok()
        .and_then(Authority::parse)
        .ok_or_else(|| Refusal::bad("Host is no host"))
}

fn named<'a>(headers: &[Header<'a>], name: &str) -> impl Iterator<Item = &'a [u8]> {
    headers
        .iter()
        .filter(move |header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value)
}

fn sole<'a>(headers: &[Header<'a>], name: &str) -> Result<Option<&'a [u8]>, Refusal> {
    let mut values = named(headers, name);
    let first = values.next();
    match values.next() {
        None => Ok(first),
        Some(_) => Err(Refusal::bad(format!("there is more than one {name}"))),
    }
}

fn malformed(error: httparse::Error) -> Refusal {
    match error {
        httparse::Error::TooManyHeaders => {
            Refusal::new(Status::TOO_LARGE, "there are more than 64 headers")
        }
        error => Refusal::bad(format!("the head of the request is malformed: {error}")),
    }
}

const MAX_HEADERS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(head: &str) -> u16 {
        Request::parse(head.as_bytes()).unwrap_err().status.code()
    }

    #[test]
    fn a_query_does_not_count() {
        for target in ["/a?b=c", "/a", "http://x/a?b", "HTTP://x/a", "/a#b"] {
            let head = format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
            assert_eq!(
                Request::parse(head.as_bytes()).unwrap().path,
                "/a",
                "{target}"
            );
        }
    }

    #[test]
    fn an_absolute_target_counts_more_than_host() {
        let head = b"GET https://a:7 HTTP/1.1\r\nHost: b\r\n\r\n";
        let request = Request::parse(head).unwrap();
        assert_eq!(request.authority.to_string(), "a:7");
        assert_eq!(request.path, "/");
    }

    #[test]
    fn a_host_is_there_once() {
        assert_eq!(refused("GET / HTTP/1.1\r\n\r\n"), 400);
        assert_eq!(refused("GET / HTTP/1.0\r\n\r\n"), 400);
        assert_eq!(refused("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n"), 400);
        assert_eq!(refused("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400);
        assert_eq!(refused("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400);
    }

    #[test]
    fn a_body_is_refused_and_so_is_doubt_about_it() {
        for headers in [
            "Content-Length: 5",
            "Content-Length: 0\r\nContent-Length: 0",
            "Content-Length: +0",
            "Transfer-Encoding: chunked",
            "Transfer-Encoding: identity",
            "Content-Length: 0\r\nTransfer-Encoding: chunked",
        ] {
            let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n");
            assert_eq!(refused(&head), 400, "{headers}");
        }
        let post = |headers| format!("POST / HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n");
        let both = "Content-Length: 5\r\nTransfer-Encoding: chunked";
        assert_eq!(refused(&post(both)), 400);
        assert!(Request::parse(post("Content-Length: 5").as_bytes()).is_ok());
        let head = b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
        assert!(Request::parse(head).is_ok());
    }

    #[test]
    fn a_head_that_can_be_read_in_two_ways_is_refused() {
        for head in [
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
            "GET / HTTP/1.1\r\n: a\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n",
            "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "G{T / HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            assert_eq!(refused(head), 400, "{head}");
        }
    }

    #[test]
    fn more_than_sixty_four_headers_are_too_many() {
        let head = |count| {
            format!(
                "GET / HTTP/1.1\r\nHost: a\r\n{}\r\n",
                "X: y\r\n".repeat(count)
            )
        };
        assert!(Request::parse(head(63).as_bytes()).is_ok());
        assert_eq!(refused(&head(64)), 431);
    }

    #[test]
    fn entries_are_those_of_all_headers_of_a_name() {
        let head = b"GET / HTTP/1.1\r\nHost: a\r\nVia: b , c,,\r\nvia:d\r\n\r\n";
        let request = Request::parse(head).unwrap();
        let entries: Vec<_> = request.entries("VIA").collect();
        assert_eq!(entries, [b"b", b"c", b"d"]);
        assert!(request.has_entry("via", "C"));
    }
}
