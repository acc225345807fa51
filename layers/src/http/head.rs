//! Where the head of a request ends.

use super::refusal::Refusal;
use super::response::Status;

/// Collects the head of one request, byte by byte: nothing depends on how it was cut.
#[derive(Debug, Default)]
pub(crate) struct HeadReader {
    head: Vec<u8>,
    has_first_line: bool,
}

impl HeadReader {
    /// Takes what the peer sent. Once the head is complete: how much of this belongs to it.
    pub(crate) fn receive(&mut self, received: &[u8]) -> Result<Option<usize>, Refusal> {
        for (index, byte) in received.iter().enumerate() {
            self.push(*byte)?;
            if self.head.ends_with(b"\r\n\r\n") {
                return Ok(Some(index + 1));
            }
        }
        Ok(None)
    }

    /// Whether nothing has come yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.head.is_empty()
    }

    /// What has come, with the empty line that ends it.
    pub(crate) fn into_head(self) -> Vec<u8> {
        self.head
    }

    fn push(&mut self, byte: u8) -> Result<(), Refusal> {
        if self.head.len() == MAX_HEAD {
            return Err(Refusal::new(
                Status::TOO_LARGE,
                "the head of the request is longer than 8 KiB",
            ));
        }
        // A line that others end elsewhere is how one request is smuggled into another.
        let follows_cr = self.head.last() == Some(&b'\r');
        if follows_cr != (byte == b'\n') {
            return Err(Refusal::bad("a line does not end in CR LF"));
        }
        self.head.push(byte);
        if byte == b'\n' && !self.has_first_line {
            self.has_first_line = true;
            return self.check_first_line();
        }
        Ok(())
    }

    /// At once: who speaks something else may wait for an answer before the head is complete.
    fn check_first_line(&self) -> Result<(), Refusal> {
        let version = self.head.rsplit(|byte| *byte == b' ').next();
        match version {
            Some(b"HTTP/1.1\r\n" | b"HTTP/1.0\r\n") => Ok(()),
            _ => Err(Refusal::bad("this port speaks HTTP/1.1")),
        }
    }
}

const MAX_HEAD: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(received: &[u8]) -> Result<Option<usize>, u16> {
        HeadReader::default()
            .receive(received)
            .map_err(|refusal| refusal.status.code())
    }

    #[test]
    fn a_head_ends_with_an_empty_line() {
        assert_eq!(read(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nrest"), Ok(Some(27)));
        assert_eq!(read(b"GET / HTTP/1.1\r\nHost: a\r\n"), Ok(None));
    }

    #[test]
    fn a_line_ends_in_cr_lf_and_nothing_else() {
        for head in [
            &b"GET / HTTP/1.1\n"[..],
            b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
            b"GET / HTTP/1.1\r\r\n",
            b"\r\n\n",
        ] {
            assert_eq!(read(head), Err(400), "{}", head.escape_ascii());
        }
    }

    #[test]
    fn what_is_not_http_is_refused_with_its_first_line() {
        for line in [
            &b"NICK alice\r\n"[..],
            b"\r\n",
            b"GET /\r\n",
            b"GET / HTTP/0.9\r\n",
            b"PRI * HTTP/2.0\r\n",
        ] {
            assert_eq!(read(line), Err(400), "{}", line.escape_ascii());
        }
    }

    #[test]
    fn a_head_of_eight_kilobytes_is_read_and_no_longer_one() {
        let head = |length: usize| {
            let mut head = b"GET / HTTP/1.1\r\nX: ".to_vec();
            head.resize(length - 4, b'x');
            head.extend_from_slice(b"\r\n\r\n");
            head
        };
        assert_eq!(read(&head(8192)), Ok(Some(8192)));
        assert_eq!(read(&head(8193)), Err(431));
    }
}
