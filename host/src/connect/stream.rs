//! What carries a conversation: a socket, and perhaps TLS.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use socket2::SockRef;

use super::secure::Secure;

/// A connected, nonblocking stream.
pub(crate) trait Stream: AsFd {
    /// Reads once, appends what came, and says how much that was; 0 at the end.
    ///
    /// # Errors
    ///
    /// The system's; [`WouldBlock`](io::ErrorKind::WouldBlock) if nothing is there.
    fn read(&mut self, into: &mut Vec<u8>) -> io::Result<usize>;

    /// Takes of `bytes` what it can, and says how much that was.
    ///
    /// # Errors
    ///
    /// The system's; [`WouldBlock`](io::ErrorKind::WouldBlock) if it takes nothing now.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Nothing more will be written.
    fn end(&mut self);

    /// Whether the other end has said that it sends nothing more, and all of it was read.
    fn has_ended(&self) -> bool {
        false
    }

    /// Whether it has taken something that is not sent yet.
    fn has_unsent(&self) -> bool {
        false
    }

    /// Sends what it has taken, as far as that is possible now.
    ///
    /// # Errors
    ///
    /// The system's.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for UnixStream {
    fn read(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        read_once(self, into)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Write::write(self, bytes)
    }

    fn end(&mut self) {
        end_sending(self);
    }
}

/// A connection to a server.
pub(super) enum Connection {
    Plain(TcpStream),
    Secure(Box<Secure>),
}

impl Connection {
    /// Goes on with what has to be done before anybody talks, and says whether it is.
    ///
    /// # Errors
    ///
    /// The network's, or what is wrong with the server.
    pub(super) fn open(&mut self) -> io::Result<bool> {
        match self {
            Self::Plain(_) => Ok(true),
            Self::Secure(secure) => secure.shake_hands(),
        }
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Plain(socket) => socket.as_fd(),
            Self::Secure(secure) => secure.as_fd(),
        }
    }
}

impl Stream for Connection {
    fn read(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => read_once(socket, into),
            Self::Secure(secure) => secure.read(into),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Secure(secure) => secure.write(bytes),
        }
    }

    fn end(&mut self) {
        match self {
            Self::Plain(socket) => end_sending(socket),
            Self::Secure(secure) => secure.end(),
        }
    }

    fn has_ended(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Secure(secure) => secure.has_ended(),
        }
    }

    fn has_unsent(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Secure(secure) => secure.has_unsent(),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Secure(secure) => secure.flush(),
        }
    }
}

/// Whether nothing has failed, and it is to be tried again.
pub(super) fn is_for_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// Reads once.
pub(super) fn read_once(mut socket: impl Read, into: &mut Vec<u8>) -> io::Result<usize> {
    let mut buffer = [0; 16 * 1024];
    let length = socket.read(&mut buffer)?;
    into.extend_from_slice(&buffer[..length]);
    Ok(length)
}

pub(super) fn end_sending(socket: &impl AsFd) {
    // It fails where the server is gone, which reading tells.
    let _ = SockRef::from(socket).shutdown(Shutdown::Write);
}
