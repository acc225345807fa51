//! A conversation in one dialect, as both kinds of front end see it.

use std::borrow::Cow;
use std::fmt;
use std::os::fd::BorrowedFd;
use std::time::Instant;

use linechat_protocol::Violation;

use crate::escaped::Escaped;

/// One end of a conversation, without socket, keyboard and screen.
///
/// Toward the server it is driven like a [`Client`](linechat_protocol::Client) of the core, which
/// most of them have inside; toward the user it takes lines, and says what is to be shown.
pub(crate) trait Talk {
    /// The server sent these bytes.
    fn receive(&mut self, bytes: &[u8]);

    /// The server has ended its half.
    fn receive_eof(&mut self);

    /// Whether to read from the server.
    fn wants_input(&self) -> bool;

    /// What is to be written to the server.
    fn transmit(&self) -> &[u8];

    /// So much of it was written.
    fn advance(&mut self, written: usize);

    /// Whether the socket's sending half is to be ended.
    fn is_done_sending(&self) -> bool;

    /// Whether the server has begun a line that a pause would end. Never in a dialect in which a
    /// line could only be misunderstood then.
    fn is_within_line(&self) -> bool {
        false
    }

    /// The server has been silent for a while within a line.
    fn receive_pause(&mut self) {}

    /// Whether the user may enter something now. What is typed meanwhile waits where it is.
    fn takes_lines(&self) -> bool;

    /// Whether a line may be entered even if others have to wait.
    fn is_urgent(&self, _line: &[u8]) -> bool {
        false
    }

    /// The user entered something.
    fn enter(&mut self, typed: Typed<'_>) -> Entered;

    /// The user will not enter anything more. What still comes is shown.
    fn keyboard_ended(&mut self);

    /// The user leaves. What was entered, and need not wait for anything but the socket, is still
    /// sent.
    fn leave(&mut self);

    /// The next thing to be shown, until there is none.
    fn poll(&mut self) -> Option<Said>;

    /// What becomes readable when there is something to [`listen`](Self::listen) to.
    fn hears(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Takes what comes neither from the server nor from the user, to be heard later.
    fn listen(&mut self) {}

    /// Hears of what was taken. All that the server had sent before was received.
    fn hear(&mut self) {}

    /// When [`tick`](Self::tick) is to be called.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// Does what is due.
    fn tick(&mut self, _now: Instant) {}

    /// What the last word before the cursor can become.
    fn completions(&self, _before_cursor: &str) -> Vec<String> {
        Vec::new()
    }

    /// What is shown before the line that the user types.
    fn prompt(&self) -> Cow<'_, str> {
        Cow::Borrowed("> ")
    }

    /// Whether to connect again when the connection was lost.
    fn returns(&self) -> bool {
        false
    }

    /// The connection is gone, and there may be another one later.
    fn disconnected(&mut self) {}

    /// Whether a connection is of use now; otherwise the user has to enter something first.
    fn wants_connection(&self) -> bool {
        true
    }

    /// There is a connection again.
    fn reconnected(&mut self) {}
}

/// Something that was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Typed<'a> {
    /// A whole line with its ending, if it had one.
    Line(&'a [u8]),
    /// A piece of a line that is longer than anybody's limit.
    Piece {
        bytes: &'a [u8],
        /// Whether the line begins with it.
        is_first: bool,
    },
}

impl<'a> Typed<'a> {
    /// The line without its ending. One that is too long for anybody is its first piece, which is too
    /// long, too.
    pub(crate) fn line(self) -> Option<&'a [u8]> {
        match self {
            Self::Line(line) => Some(content(line)),
            Self::Piece {
                bytes,
                is_first: true,
            } => Some(bytes),
            Self::Piece { .. } => None,
        }
    }
}

/// What becomes of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    /// It goes on.
    GoOn,
    /// It goes on, and the user is told something.
    Hint(String),
    /// The same with several lines.
    Hints(Vec<String>),
    /// It ends.
    Leave,
}

/// Something to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Chat, byte for byte.
    Bytes(Vec<u8>),
    /// A line of chat, without its ending.
    Line(Vec<u8>),
    /// What somebody said.
    Message(Message),
    /// Our own words to the user.
    Hint(String),
    /// The same, where the user has to answer.
    Question(String),
    /// The last thing.
    End(End),
}

/// What somebody said: plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Where it was said, as the dialect puts it before the name.
    pub(crate) place: String,
    pub(crate) from: String,
    pub(crate) text: String,
    /// Whether it was said to the user alone.
    pub(crate) is_private: bool,
    /// The user's own name.
    pub(crate) me: Option<String>,
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, text) = (Escaped(self.from.as_bytes()), Escaped(self.text.as_bytes()));
        write!(f, "{}{from}: {text}", self.place)
    }
}

/// How a conversation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The server closed the connection.
    Closed,
    /// The server did not let the user in, for this reason.
    Refused(String),
    /// The same, and the user may try again.
    AskAgain,
}

/// A typed line without its ending.
pub(crate) fn content(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// What to tell the user about a server that does not keep to the protocol.
pub(crate) fn complaint(violation: &Violation) -> String {
    match violation {
        Violation::NotInProtocol { line } | Violation::Unasked { line } => {
            let shown = &line[..line.len().min(MAX_QUOTED)];
            let cut = if shown.len() < line.len() { "..." } else { "" };
            format!("{violation}: {}{cut}", Escaped(shown))
        }
        other => other.to_string(),
    }
}

/// Hands what concerns the server to the field `client`, a client of the core.
macro_rules! server_side_is_client {
    () => {
        fn receive(&mut self, bytes: &[u8]) {
            self.client.receive(bytes);
        }

        fn receive_eof(&mut self) {
            self.client.receive_eof();
        }

        fn wants_input(&self) -> bool {
            self.client.wants_input()
        }

        fn transmit(&self) -> &[u8] {
            self.client.transmit()
        }

        fn advance(&mut self, written: usize) {
            self.client.advance(written);
        }

        fn is_done_sending(&self) -> bool {
            self.client.is_done_sending()
        }
    };
}
pub(crate) use server_side_is_client;

/// Has pauses end lines, as the field `client` knows them.
macro_rules! pauses_end_lines {
    () => {
        fn is_within_line(&self) -> bool {
            self.client.is_within_line()
        }

        fn receive_pause(&mut self) {
            self.client.receive_pause();
        }
    };
}
pub(crate) use pauses_end_lines;

/// Everything that there is to be shown, as a test compares it.
#[cfg(test)]
pub(super) fn shown(talk: &mut dyn Talk) -> Vec<String> {
    let said = std::iter::from_fn(|| talk.poll());
    let words = said.map(|said| match said {
        Said::Line(line) | Said::Bytes(line) => String::from_utf8(line).expect("text"),
        Said::Message(message) => message.to_string(),
        Said::Hint(hint) | Said::Question(hint) => format!("({hint})"),
        Said::End(End::Refused(reason)) => format!("[Refused] {reason}"),
        Said::End(end) => format!("[{end:?}]"),
    });
    words.collect()
}

/// How much is shown of a line that nobody understands, in bytes.
const MAX_QUOTED: usize = 200;
