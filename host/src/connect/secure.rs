//! A socket under TLS.

use std::io::{self, ErrorKind, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};

use bytes::{Buf, BytesMut};
use linechat_layers::tls::{Client, ClientSession};
use linechat_protocol::{CloseReason, Instant, Layer, LayerEnd, LayerStage};

use super::stream::{end_sending, is_for_later, read_once};

/// A connected, nonblocking socket, and the TLS on it.
pub(super) struct Secure {
    socket: TcpStream,
    session: ClientSession,
    /// What is to be sent, encrypted.
    wire: BytesMut,
    /// What came before anybody asked for it: with the end of the handshake.
    early: Vec<u8>,
    is_ended: bool,
}

impl Secure {
    /// Begins the handshake with the server of this name.
    pub(super) fn begin(socket: TcpStream, client: &Client, name: &str) -> io::Result<Self> {
        let mut wire = BytesMut::new();
        let session = client.session(name, &mut wire).map_err(io::Error::other)?;
        Ok(Self {
            socket,
            session,
            wire,
            early: Vec::new(),
            is_ended: false,
        })
    }

    /// Goes on with the handshake, and says whether it is done.
    ///
    /// # Errors
    ///
    /// The network's, or what is wrong with the server.
    pub(super) fn shake_hands(&mut self) -> io::Result<bool> {
        self.flush()?;
        let mut early = Vec::new();
        match self.receive(&mut early) {
            Ok(0) => return Err(cut_off()),
            Err(error) if !is_for_later(&error) => return Err(error),
            Ok(_) | Err(_) => self.early.append(&mut early),
        }
        self.flush()?;
        Ok(self.session.stage() != LayerStage::Opening)
    }

    /// See [`Stream::read`](super::stream::Stream::read).
    pub(super) fn read(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        if !self.early.is_empty() {
            let length = self.early.len();
            into.append(&mut self.early);
            return Ok(length);
        }
        self.receive(into)
    }

    fn receive(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        if self.session.stage() == LayerStage::InputEnded {
            return Ok(0);
        }
        let mut received = Vec::new();
        if read_once(&self.socket, &mut received)? == 0 {
            return match self.session.receive_eof() {
                LayerEnd::Authentic => Ok(0),
                LayerEnd::CutOff => Err(cut_off()),
            };
        }
        let before = into.len();
        let taken = self
            .session
            .receive(Instant::EPOCH, &received, into, &mut self.wire);
        if let Err(error) = taken {
            // For the server to know; what is wrong is said here.
            let _ = self.flush();
            return Err(io::Error::other(error));
        }
        match into.len() - before {
            0 if self.session.stage() == LayerStage::InputEnded => Ok(0),
            0 => Err(ErrorKind::WouldBlock.into()),
            length => Ok(length),
        }
    }

    /// See [`Stream::write`](super::stream::Stream::write).
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.flush()?;
        if self.has_unsent() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let piece = &bytes[..bytes.len().min(LONGEST_RECORD)];
        self.session.seal(piece, &mut self.wire);
        self.flush()?;
        Ok(piece.len())
    }

    /// See [`Stream::end`](super::stream::Stream::end).
    pub(super) fn end(&mut self) {
        self.is_ended = true;
        self.session.finish(CloseReason::PeerLeft, &mut self.wire);
        // It fails where the server is gone, which reading tells.
        let _ = self.flush();
    }

    /// See [`Stream::has_ended`](super::stream::Stream::has_ended).
    pub(super) fn has_ended(&self) -> bool {
        self.early.is_empty() && self.session.stage() == LayerStage::InputEnded
    }

    /// See [`Stream::has_unsent`](super::stream::Stream::has_unsent).
    pub(super) fn has_unsent(&self) -> bool {
        !self.wire.is_empty()
    }

    /// See [`Stream::flush`](super::stream::Stream::flush).
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while !self.wire.is_empty() {
            match self.socket.write(&self.wire) {
                Ok(written) => self.wire.advance(written),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.wire.clear();
                    return Err(error);
                }
            }
        }
        if self.is_ended {
            end_sending(&self.socket);
        }
        Ok(())
    }
}

impl AsFd for Secure {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn cut_off() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "it was cut off")
}

/// The most that one record of TLS carries, in bytes.
const LONGEST_RECORD: usize = 16 * 1024;
