//! What is said in `addressed`.

use alloc::vec::Vec;

use memchr::memmem;

/// What a server sends: one line (seed 001, requirements 3 to 5).
///
/// A sender is an address and a port, or `console`, as the server shows it.
///
/// ```
/// use linechat_protocol::addressed::Reply;
///
/// let reply = Reply::Message { from: "[::1]:50412", text: b"hi" };
/// assert_eq!(Reply::parse(b"[[::1]:50412] hi"), Some(reply));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// `[ip:port] (connected)`. A peer who says these words looks the same.
    Connected {
        /// Who came.
        who: &'a str,
    },
    /// `[ip:port] (disconnected)`. A peer who says these words looks the same.
    Disconnected {
        /// Who left.
        who: &'a str,
    },
    /// `[ip:port] message`
    Message {
        /// Who said it.
        from: &'a str,
        /// What was said: any bytes.
        text: &'a [u8],
    },
}

impl<'a> Reply<'a> {
    /// Understands one line, without its ending. `None` for a line that no server sends that
    /// keeps to the protocol.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let rest = line.strip_prefix(b"[")?;
        let end = memmem::find(rest, b"] ")?;
        let from = core::str::from_utf8(&rest[..end]).ok()?;
        if from.is_empty() || !from.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        Some(match &rest[end + 2..] {
            CONNECTED => Self::Connected { who: from },
            DISCONNECTED => Self::Disconnected { who: from },
            text => Self::Message { from, text },
        })
    }

    /// Appends the reply to `out`, with its `\n`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.encode_chunk(out);
        out.push(b'\n');
    }

    /// Appends the reply to `out`, with nothing behind the message.
    pub(crate) fn encode_chunk(&self, out: &mut Vec<u8>) {
        let (from, text) = match *self {
            Self::Connected { who } => (who, CONNECTED),
            Self::Disconnected { who } => (who, DISCONNECTED),
            Self::Message { from, text } => (from, text),
        };
        out.push(b'[');
        out.extend_from_slice(from.as_bytes());
        out.extend_from_slice(b"] ");
        out.extend_from_slice(text);
    }
}

const CONNECTED: &[u8] = b"(connected)";
const DISCONNECTED: &[u8] = b"(disconnected)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reply_is_understood_as_it_was_meant() {
        let who = "192.0.2.1:50412";
        let replies: [(Reply<'_>, &[u8]); 5] = [
            (Reply::Connected { who }, b"[192.0.2.1:50412] (connected)\n"),
            (
                Reply::Disconnected { who: "console" },
                b"[console] (disconnected)\n",
            ),
            (message(who, b""), b"[192.0.2.1:50412] \n"),
            (message("[::1]:7", b"] [x] "), b"[[::1]:7] ] [x] \n"),
            (message(who, b"\xff"), b"[192.0.2.1:50412] \xff\n"),
        ];
        for (reply, line) in replies {
            let mut out = Vec::new();
            reply.encode(&mut out);
            assert_eq!(out, line);
            assert_eq!(Reply::parse(&out[..out.len() - 1]), Some(reply));
        }
    }

    #[test]
    fn a_line_without_a_sender_is_no_reply() {
        for line in [
            &b""[..],
            b"hi",
            b"[]",
            b"[] hi",
            b"[a]hi",
            b"[a b] hi",
            b"[\x1b] hi",
        ] {
            assert_eq!(Reply::parse(line), None, "{line:?}");
        }
    }

    fn message<'a>(from: &'a str, text: &'a [u8]) -> Reply<'a> {
        Reply::Message { from, text }
    }
}
