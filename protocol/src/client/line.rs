//! The client of dialects whose lines have no further meaning.

use crate::client::{Client, ClientDialect, Half, LineEvent, Output, RequestError};

/// A client of `echo` or `relay`, or of any server that talks in lines.
///
/// ```
/// use linechat_protocol::{LineClient, LineEvent};
///
/// let mut client = LineClient::new();
/// client.send(b"hello")?;
/// assert_eq!(client.transmit(), b"hello\n");
/// client.advance(6);
///
/// client.receive(b"hel");
/// client.receive(b"lo\r\n");
/// assert_eq!(client.poll_event(), Some(LineEvent::Line(b"hello".to_vec())));
/// assert_eq!(client.poll_event(), None);
/// # Ok::<(), linechat_protocol::RequestError>(())
/// ```
pub type LineClient = Client<LineState>;

impl LineClient {
    /// Sends a line, which is given without its ending. An empty one is a line, too.
    ///
    /// # Errors
    ///
    /// It has a line feed in it, is too long, or does not fit now.
    pub fn send(&mut self, line: &[u8]) -> Result<(), RequestError> {
        self.output.send_line(line, &self.limits)
    }
}

/// What a [`LineClient`] knows: nothing.
#[derive(Debug, Default)]
pub struct LineState(());

impl ClientDialect for LineState {
    type Event = LineEvent;
}

impl Half for LineState {
    type Reported = LineEvent;

    fn line(&mut self, _output: &mut Output, line: &[u8]) -> Option<LineEvent> {
        Some(LineEvent::Line(line.to_vec()))
    }

    fn closed(&mut self, _output: &Output) -> LineEvent {
        LineEvent::Closed
    }
}
