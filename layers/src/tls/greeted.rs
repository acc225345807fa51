//! TLS that begins behind a line in clear.

use std::mem;

use bytes::BytesMut;
use linechat_protocol::{CloseReason, Instant, Layer, LayerEnd, LayerError, LayerStage};

use super::client::{Client, ClientSession};

/// A client's side of TLS where the server says a line first, in clear, and the handshake follows:
/// as NATS has it. The line is the first plain one.
pub struct AfterGreeting {
    client: Client,
    server: String,
    /// The line, as far as it came, until it was handed on.
    greeting: Vec<u8>,
    session: Option<ClientSession>,
}

impl AfterGreeting {
    /// For a connection with this server, a host name or an address.
    pub fn new(client: Client, server: String) -> Self {
        Self {
            client,
            server,
            greeting: Vec::new(),
            session: None,
        }
    }

    /// Takes as much as belongs to the line, and begins the handshake behind it. Returns the rest.
    fn greet<'r>(
        &mut self,
        received: &'r [u8],
        wire: &mut BytesMut,
    ) -> Result<&'r [u8], LayerError> {
        let end = received.iter().position(|&byte| byte == b'\n');
        let (line, rest) = received.split_at(end.map_or(received.len(), |end| end + 1));
        if self.greeting.len() + line.len() > MAX_GREETING {
            return Err(LayerError::new("the server's greeting is too long"));
        }
        self.greeting.extend_from_slice(line);
        if end.is_some() {
            let session = self.client.session(&self.server, wire);
            self.session = Some(session.map_err(|error| LayerError::new(error.to_string()))?);
        }
        Ok(rest)
    }
}

impl Layer for AfterGreeting {
    fn receive(
        &mut self,
        now: Instant,
        received: &[u8],
        plain: &mut Vec<u8>,
        wire: &mut BytesMut,
    ) -> Result<(), LayerError> {
        let mut received = received;
        if self.session.is_none() {
            received = self.greet(received, wire)?;
        }
        let is_told_off = !self.greeting.is_empty() && received.starts_with(FULL);
        let Some(session) = self.session.as_mut().filter(|_| !received.is_empty()) else {
            return Ok(());
        };
        if is_told_off {
            // It hangs up now, and may have room later.
            return Ok(());
        }
        let mut opened = Vec::new();
        let outcome = session.receive(now, received, &mut opened, wire);
        // Nothing is heard of a server that is not trusted.
        let is_open = matches!(session.stage(), LayerStage::Open | LayerStage::InputEnded);
        if is_open || !opened.is_empty() {
            plain.append(&mut mem::take(&mut self.greeting));
        }
        plain.append(&mut opened);
        outcome
    }

    fn receive_eof(&mut self) -> LayerEnd {
        let session = self.session.as_mut();
        session.map_or(LayerEnd::CutOff, ClientSession::receive_eof)
    }

    fn seal(&mut self, plain: &[u8], wire: &mut BytesMut) {
        if let Some(session) = &mut self.session {
            session.seal(plain, wire);
        }
    }

    fn finish(&mut self, reason: CloseReason, wire: &mut BytesMut) {
        if let Some(session) = &mut self.session {
            session.finish(reason, wire);
        }
    }

    fn stage(&self) -> LayerStage {
        let session = self.session.as_ref();
        session.map_or(LayerStage::Opening, ClientSession::stage)
    }
}

/// What NATS says behind its greeting, in clear, to one too many.
const FULL: &[u8] = b"-ERR 'maximum connections";
/// NATS's greeting names every member of its cluster.
const MAX_GREETING: usize = 128 << 10;
