//! Peers that speak HTTP by mistake, or because a web page makes somebody's browser do it; and those
//! that speak TLS where nobody understands it.

/// How far the first line of a stream looks like that of an HTTP request: `METHOD target HTTP/1.x`
/// (RFC 9112, section 3); or like the beginning of a TLS handshake (RFC 8446, section 5.1).
///
/// It looks at bytes and not at lines: the line may be too long for its dialect, and chunks are no
/// lines. There is one for each connection, which is why it takes a byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FirstLine {
    /// It is not one, or nobody asks.
    #[default]
    NotHttp,
    /// Nothing has come.
    Begins,
    Method,
    BeforeTarget,
    Target,
    BeforeVersion,
    H,
    Ht,
    Htt,
    Http,
    Slash,
    One,
    Dot,
    /// After `HTTP/1.x`.
    Ending,
    /// It is one, and has ended.
    HttpRequest,
    /// After the first byte of a TLS handshake's record.
    Record,
    /// It is one: that byte, and the major version.
    TlsHandshake,
}

impl FirstLine {
    /// Looks at what came next. Takes off `bytes` what is behind the line of an HTTP request, and
    /// all that belongs to a TLS handshake.
    pub(crate) fn cut(&mut self, bytes: &mut &[u8]) {
        for (at, &byte) in bytes.iter().enumerate() {
            if *self == Self::NotHttp {
                return;
            }
            *self = self.step(byte);
            if *self == Self::HttpRequest {
                *bytes = &bytes[..=at];
                return;
            }
            if *self == Self::TlsHandshake {
                *bytes = &[];
                return;
            }
        }
    }

    pub(crate) fn is_http_request(self) -> bool {
        self == Self::HttpRequest
    }

    pub(crate) fn is_tls_handshake(self) -> bool {
        self == Self::TlsHandshake
    }

    fn step(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Begins, 0x16) => Self::Record,
            (Self::Record, 0x03) | (Self::TlsHandshake, _) => Self::TlsHandshake,
            (Self::Begins | Self::Method, _) if is_token(byte) => Self::Method,
            (Self::Method, b' ') => Self::BeforeTarget,
            (Self::BeforeTarget | Self::Target, b'!'..=b'~' | 0x80..) => Self::Target,
            (Self::Target, b' ') => Self::BeforeVersion,
            (Self::BeforeVersion, b'H') => Self::H,
            (Self::H, b'T') => Self::Ht,
            (Self::Ht, b'T') => Self::Htt,
            (Self::Htt, b'P') => Self::Http,
            (Self::Http, b'/') => Self::Slash,
            (Self::Slash, b'1') => Self::One,
            (Self::One, b'.') => Self::Dot,
            (Self::Dot, b'0'..=b'9') => Self::Ending,
            (Self::Ending, b'\r') => Self::Ending,
            (Self::Ending, b'\n') => Self::HttpRequest,
            _ => Self::NotHttp,
        }
    }
}

/// Whether a method may contain it (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_known_when_its_first_line_has_ended() {
        for request in [
            "GET / HTTP/1.1\r\n",
            "POST /a?b#c HTTP/1.0\n",
            "OPTIONS * HTTP/1.1\r\n",
            "CONNECT example.com:443 HTTP/1.1\r\n",
            "GET http://192.0.2.1:5378/\u{e9} HTTP/1.1\r\n",
            "x-custom / HTTP/1.9\r\n",
        ] {
            for size in 1..=request.len() {
                assert_eq!(seen(request, size), (true, request.len()), "{request}");
            }
        }
    }

    #[test]
    fn what_is_behind_the_first_line_is_cut_off() {
        let request = "GET / HTTP/1.1\r\n";
        let whole = [request, "Host: example.com\r\n\r\nSEND bob hi\n"].concat();
        assert_eq!(seen(&whole, whole.len()), (true, request.len()));
    }

    #[test]
    fn other_lines_are_no_requests_and_neither_are_later_ones() {
        for other in [
            "",
            "\n",
            "GET\n",
            "GET \n",
            "GET / \n",
            " GET / HTTP/1.1\n",
            "GET  HTTP/1.1\n",
            "GET /  HTTP/1.1\n",
            "GET /a b HTTP/1.1\n",
            "GET / HTTP/1.1 \n",
            "GET / HTTP/1.\n",
            "GET / HTTP/2\n",
            "GET / http/1.1\n",
            "SEND bob HTTP/1.1 is old\n",
            "\nGET / HTTP/1.1\n",
            "hello\nGET / HTTP/1.1\n",
            "GET / HTTP/1.1",
        ] {
            assert_eq!(seen(other, 1), (false, other.len()), "{other:?}");
            assert_eq!(seen(other, 1000), (false, other.len()), "{other:?}");
        }
    }

    #[test]
    fn a_tls_handshake_is_known_by_its_first_two_bytes_and_nothing_of_it_counts() {
        for (hello, expected) in [
            (&b"\x16\x03\x01\x02\0\x01"[..], true),
            (b"\x16\x03", true),
            (b"\x16\x02\x03", false),
            (b"\x03\x16\x03", false),
            (b"\n\x16\x03", false),
        ] {
            let mut first_line = FirstLine::Begins;
            let mut whole = hello;
            first_line.cut(&mut whole);
            assert_eq!(first_line.is_tls_handshake(), expected, "{hello:?}");
            assert_eq!(whole.is_empty(), expected, "{hello:?}");
            let mut pieces = FirstLine::Begins;
            hello.chunks(1).for_each(|mut piece| pieces.cut(&mut piece));
            assert_eq!(pieces.is_tls_handshake(), expected, "{hello:?}");
        }
    }

    /// Whether it was an HTTP request, and how much of it counts.
    fn seen(stream: &str, size: usize) -> (bool, usize) {
        let mut first_line = FirstLine::Begins;
        let mut counted = 0;
        for mut piece in stream.as_bytes().chunks(size) {
            if !first_line.is_http_request() {
                first_line.cut(&mut piece);
                counted += piece.len();
            }
        }
        (first_line.is_http_request(), counted)
    }
}
