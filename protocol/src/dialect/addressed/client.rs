//! The client of `addressed`.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::message::Reply;
use crate::client::{Client as AnyClient, ClientDialect, Half, Output};
use crate::{RequestError, Violation};

/// A client of `addressed` (seed 001).
///
/// ```
/// use linechat_protocol::addressed::{Client, Event};
///
/// let mut client = Client::new();
/// client.send(b"hello")?;
/// assert_eq!(client.transmit(), b"hello\n");
///
/// client.receive(b"[192.0.2.1:50412] hello\n");
/// let (from, text) = ("192.0.2.1:50412".to_owned(), b"hello".to_vec());
/// assert_eq!(client.poll_event(), Some(Event::Message { from, text }));
/// # Ok::<(), linechat_protocol::RequestError>(())
/// ```
pub type Client = AnyClient<ClientState>;

impl Client {
    /// Says something to all, which comes back to the client, too. An empty line is a message.
    ///
    /// # Errors
    ///
    /// It has a line feed in it, is too long, or does not fit now.
    pub fn send(&mut self, text: &[u8]) -> Result<(), RequestError> {
        self.output.send_line(text, &self.limits)
    }
}

/// What a server of `addressed` says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Somebody came, or said `(connected)`.
    Connected {
        /// Address and port, or `console`.
        who: String,
    },
    /// Somebody left, or said `(disconnected)`.
    Disconnected {
        /// Address and port, or `console`.
        who: String,
    },
    /// Somebody said something.
    Message {
        /// Address and port, or `console`.
        from: String,
        /// What was said: any bytes, not fit for a terminal.
        text: Vec<u8>,
    },
    /// The server does not keep to the protocol.
    Violation(Violation),
    /// The server closed the connection. Always the last event.
    Closed,
}

impl From<Violation> for Event {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

/// What a [`Client`] knows: nothing.
#[derive(Debug, Default)]
pub struct ClientState(());

impl ClientDialect for ClientState {
    type Event = Event;
}

impl Half for ClientState {
    type Reported = Event;

    fn line(&mut self, _output: &mut Output, line: &[u8]) -> Option<Event> {
        Some(match Reply::parse(line) {
            Some(Reply::Connected { who }) => Event::Connected {
                who: who.to_owned(),
            },
            Some(Reply::Disconnected { who }) => Event::Disconnected {
                who: who.to_owned(),
            },
            Some(Reply::Message { from, text }) => Event::Message {
                from: from.to_owned(),
                text: text.to_vec(),
            },
            None => Violation::not_in_protocol(line).into(),
        })
    }

    fn closed(&mut self, _output: &Output) -> Event {
        Event::Closed
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn notices_and_messages_are_told_apart_and_garbage_is_named() {
        let mut client = Client::new();
        client.receive(b"[a:1] (connected)\n[a:1] \xff\n\x00\n[a:1] (disconnected)\n");
        client.receive_eof();
        let who = || "a:1".to_owned();
        let events: Vec<_> = core::iter::from_fn(|| client.poll_event()).collect();
        let expected = [
            Event::Connected { who: who() },
            Event::Message {
                from: who(),
                text: vec![0xFF],
            },
            Event::Violation(Violation::NotInProtocol { line: vec![0] }),
            Event::Disconnected { who: who() },
            Event::Closed,
        ];
        assert_eq!(events, expected);
    }
}
