//! WebSocket as a browser speaks it.

use std::io::{Read, Write};

use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::client::Response;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, HandshakeError, Message, WebSocket};

/// A connection to `/ws`.
pub(crate) struct Socket<S>(WebSocket<S>);

impl<S: Read + Write> Socket<S> {
    /// Opens `url` over a stream that is connected, with these fields in its request.
    #[track_caller]
    pub(crate) fn open(url: &str, stream: S, fields: &[(&'static str, &str)]) -> Self {
        Self::try_open(url, stream, fields)
            .unwrap_or_else(|refusal| panic!("{url} is refused: {refusal:?}"))
            .0
    }

    /// The same, where it may be refused: with a status, and words that say why.
    #[track_caller]
    pub(crate) fn try_open(
        url: &str,
        stream: S,
        fields: &[(&'static str, &str)],
    ) -> Result<(Self, Response), (u16, String)> {
        let mut request = url.into_client_request().expect("a URL");
        for (name, value) in fields {
            let value = value.parse().expect("a value of a field");
            request.headers_mut().insert(*name, value);
        }
        match tungstenite::client(request, stream) {
            Ok((socket, response)) => Ok((Self(socket), response)),
            Err(HandshakeError::Failure(Error::Http(response))) => {
                let body = response.body().clone().unwrap_or_default();
                let body = String::from_utf8(body).expect("words are UTF-8");
                Err((response.status().as_u16(), body))
            }
            Err(error) => panic!("no answer to a handshake: {error}"),
        }
    }

    /// Sends one message.
    #[track_caller]
    pub(crate) fn say(&mut self, line: &str) {
        self.0.send(Message::text(line)).expect("the server reads");
    }

    /// Registers with IRC's own words.
    #[track_caller]
    pub(crate) fn register(&mut self, name: &str) {
        self.say(&format!("NICK {name}"));
        self.say(&format!("USER {name} 0 * :{name}"));
        self.hears_of(&format!(" 001 {name} "));
    }

    /// The next message that has these words in it; none has more than a line.
    #[track_caller]
    pub(crate) fn hears_of(&mut self, words: &str) -> String {
        loop {
            if let Message::Text(text) = self.0.read().expect("a message before the end") {
                assert!(!text.contains(['\r', '\n']), "{text:?} is more than a line");
                if text.contains(words) {
                    return text.to_string();
                }
            }
        }
    }

    /// The code with which the server closes.
    #[track_caller]
    pub(crate) fn is_closed_with(&mut self) -> CloseCode {
        loop {
            match self.0.read().expect("a close before the end") {
                Message::Close(Some(close)) => return close.code,
                Message::Close(None) => panic!("closed without a code"),
                _ => {}
            }
        }
    }

    /// Reads until the connection is gone, in order or not.
    #[track_caller]
    pub(crate) fn is_gone(&mut self) {
        while let Ok(message) = self.0.read() {
            assert!(
                !message.is_text(),
                "{message} comes from a server that is to close"
            );
        }
    }

    /// The stream below, for what no browser would send.
    pub(crate) fn stream(&mut self) -> &mut S {
        self.0.get_mut()
    }
}
