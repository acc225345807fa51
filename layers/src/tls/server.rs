//! A server's side of TLS, as a layer.

use bytes::BytesMut;
use linechat_protocol::{CloseReason, Instant, Layer, LayerEnd, LayerError, LayerStage};
use rustls::server::UnbufferedServerConnection;

use super::handshakes::Handshake;
use super::session::{Progress, Session};

/// What is spoken inside of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Application {
    /// Lines: no protocol is negotiated (ALPN), and a peer that speaks plain text is told so in
    /// one line.
    Lines,
    /// HTTP/1.1: that is negotiated, and a peer that speaks plain text is told so in a response.
    Web,
}

/// One connection's TLS, on the server's side. Made by
/// [`Renewable::session`](super::Renewable::session).
pub struct ServerSession {
    session: Session<UnbufferedServerConnection>,
    application: Application,
    first: First,
    handshake: Handshake,
}

/// What the first byte says about a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    NotSeen,
    Tls,
    PlainText,
}

impl ServerSession {
    pub(super) fn new(
        connection: UnbufferedServerConnection,
        application: Application,
        handshake: Handshake,
    ) -> Self {
        Self {
            session: Session::new(connection),
            application,
            first: First::NotSeen,
            handshake,
        }
    }
}

/// A handshake that was begun and not completed has failed.
impl Drop for ServerSession {
    fn drop(&mut self) {
        if self.first != First::NotSeen {
            self.handshake.has_failed();
        }
    }
}

impl Layer for ServerSession {
    fn receive(
        &mut self,
        _now: Instant,
        received: &[u8],
        plain: &mut Vec<u8>,
        wire: &mut BytesMut,
    ) -> Result<(), LayerError> {
        if let (First::NotSeen, Some(byte)) = (self.first, received.first()) {
            self.first = First::of(*byte);
            if self.first == First::PlainText {
                self.tell_to_speak_tls(wire);
                return Err(LayerError::new("it speaks plain text, and not TLS"));
            }
        }
        let result = self.session.receive(received, plain, wire);
        match self.session.progress() {
            Progress::Handshaking => {}
            Progress::Open | Progress::InputEnded => self.handshake.has_completed(),
            Progress::Broken => self.handshake.has_failed(),
        }
        result.map_err(|error| LayerError::new(format!("TLS failed: {error}")))
    }

    fn receive_eof(&mut self) -> LayerEnd {
        match (self.first, self.session.progress()) {
            (First::NotSeen, _) | (_, Progress::InputEnded) => LayerEnd::Authentic,
            _ => LayerEnd::CutOff,
        }
    }

    fn seal(&mut self, plain: &[u8], wire: &mut BytesMut) {
        self.session.seal(plain, wire);
    }

    fn finish(&mut self, _reason: CloseReason, wire: &mut BytesMut) {
        self.session.say_goodbye(wire);
    }

    fn stage(&self) -> LayerStage {
        self.session.progress().into()
    }

    fn opening_timed_out(&mut self, wire: &mut BytesMut) {
        if self.first == First::NotSeen {
            self.tell_to_speak_tls(wire);
        }
    }
}

impl ServerSession {
    /// In clear: a peer that does not speak TLS reads nothing else.
    fn tell_to_speak_tls(&self, wire: &mut BytesMut) {
        if self.application == Application::Web {
            wire.extend_from_slice(SPEAK_TLS_HEAD);
        }
        wire.extend_from_slice(SPEAK_TLS);
    }
}

impl First {
    /// A record of TLS begins with its type, a client hello of SSL 2 with the high bit and a short
    /// length. No text begins like that, and neither do telnet's commands.
    fn of(byte: u8) -> Self {
        match byte {
            20..=23 | 0x80 => Self::Tls,
            _ => Self::PlainText,
        }
    }
}

impl From<Progress> for LayerStage {
    fn from(progress: Progress) -> Self {
        match progress {
            Progress::Handshaking => Self::Opening,
            Progress::Open => Self::Open,
            Progress::InputEnded => Self::InputEnded,
            Progress::Broken => Self::Ended,
        }
    }
}

const SPEAK_TLS: &[u8] = b"this port speaks TLS: connect to it with TLS\r\n";

const SPEAK_TLS_HEAD: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n";
