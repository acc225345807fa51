//! What may stand between a transport and a dialect: encryption, or another framing.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use bytes::BytesMut;
use thiserror::Error;

use crate::close::CloseReason;
use crate::instant::Instant;
use crate::peer::Peer;

/// One connection's side of a protocol that carries the dialect's bytes inside its own: TLS, say,
/// or WebSocket.
///
/// A layer is as pure as the server that it is in: bytes come in, bytes go out, and time is what
/// it is told. *Plain* is what the dialect reads and writes, *wire* what the transport carries.
///
/// The server calls [`receive`](Self::receive) with what came, [`seal`](Self::seal) with what is
/// to be sent, at most once for each flush, and [`finish`](Self::finish) once, after the last byte.
/// A layer may answer its peer by itself, in any call that lends it `wire`: with its part of a
/// handshake, a pong, a page. What it appends there counts towards the backlog of its connection.
///
/// What is on the wire is sent, whatever happens. After an error, and from
/// [`InputEnded`](LayerStage::InputEnded) on, nothing further is received; answers to what came
/// before may still be sealed (a layer that can carry nothing any more drops them), and `finish`
/// comes last. Once the [stage](Self::stage) is [`Ended`](LayerStage::Ended), nothing but `finish`
/// is called.
pub trait Layer: Send {
    /// Takes what the peer sent, cut anywhere. Appends to `plain` what is in it for the dialect,
    /// and to `wire` what has to be answered.
    ///
    /// Plain bytes that came before what is wrong are appended before the error is returned.
    ///
    /// # Errors
    ///
    /// The peer does not keep to the layer's protocol, or is refused.
    fn receive(
        &mut self,
        now: Instant,
        received: &[u8],
        plain: &mut Vec<u8>,
        wire: &mut BytesMut,
    ) -> Result<(), LayerError>;

    /// The transport says that no further byte will come. Says whether the peer meant to end.
    fn receive_eof(&mut self) -> LayerEnd;

    /// Appends to `wire` what carries `plain`: whole frames of the dialect. Only called once the
    /// layer has been [open](LayerStage::Open).
    fn seal(&mut self, plain: &[u8], wire: &mut BytesMut);

    /// Says goodbye in the layer's own way, after all that was sealed. A peer may still be received
    /// from, in dialects that end their sending half alone: what is put on the wire then is dropped.
    fn finish(&mut self, reason: CloseReason, wire: &mut BytesMut);

    /// How far it is.
    fn stage(&self) -> LayerStage;

    /// Who is at the other end, if the layer knows better than the transport: behind a proxy, say.
    fn peer(&self) -> Option<Peer> {
        None
    }

    /// When [`expire`](Self::expire) is to be called next, if the layer has a deadline of its own:
    /// after that call a later time, or none.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// The [deadline](Self::deadline) has passed.
    ///
    /// # Errors
    ///
    /// The peer was silent for too long.
    fn expire(&mut self, _now: Instant, _wire: &mut BytesMut) -> Result<(), LayerError> {
        Ok(())
    }

    /// The peer did not get through the opening in the time that it had. Appends to `wire` what it
    /// is to be told, if the layer can say it.
    fn opening_timed_out(&mut self, _wire: &mut BytesMut) {}
}

/// How far a [`Layer`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerStage {
    /// The dialect does not know of the connection yet.
    Opening,
    /// Plain bytes go both ways.
    Open,
    /// The peer said, in the layer's own way, that it will send nothing more. What it sent before
    /// is still answered: this is an [authentic](LayerEnd::Authentic) end of input. A peer in a
    /// hurry gets here from [`Opening`](Self::Opening) in one call, with plain bytes.
    InputEnded,
    /// The peer was given all that it will get, or left before it came to the dialect: the
    /// connection is to be closed.
    Ended,
}

/// How the bytes that a layer is given came to their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerEnd {
    /// The peer said, in the layer's own way, that it was done.
    Authentic,
    /// The transport ended in the middle: what came last cannot be trusted to be whole.
    CutOff,
}

/// Why a layer gives its connection up. The peer is at fault, and can be told by what the layer
/// put on the wire.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{reason}")]
pub struct LayerError {
    /// What is wrong, in words for a log. May quote the peer, within bounds.
    pub reason: String,
}

impl LayerError {
    /// An error with this reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
        }
    }
}

/// Makes the layer of each connection that a listener accepts.
pub struct LayerFactory(Box<dyn FnMut(Instant, Peer) -> Box<dyn Layer> + Send>);

impl LayerFactory {
    /// A factory that calls `make` for each connection, with the time and the transport's peer.
    pub fn new(make: impl FnMut(Instant, Peer) -> Box<dyn Layer> + Send + 'static) -> Self {
        Self(Box::new(make))
    }

    /// The layer of one connection.
    pub fn make(&mut self, now: Instant, peer: Peer) -> Box<dyn Layer> {
        (self.0)(now, peer)
    }
}

impl fmt::Debug for LayerFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayerFactory").finish_non_exhaustive()
    }
}
