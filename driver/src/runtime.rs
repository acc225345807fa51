//! What a runtime gives the driver: its sockets and its timers.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

/// A runtime as the driver sees it.
pub trait Runtime: 'static {
    /// Its listening sockets.
    type Listener: Listener<Stream = Self::Stream>;
    /// Its connected sockets.
    type Stream: Stream;
    /// Its timers.
    type Timer: Timer;

    /// Has the current task run again, once the system was asked which sockets are ready, and all
    /// other tasks that have something to do had their turn.
    fn run_again(cx: &mut Context<'_>);
}

/// A listening socket of a runtime.
pub trait Listener: Send + Sized + 'static {
    /// What it accepts.
    type Stream;

    /// Registers a socket with the runtime, and makes it nonblocking if it is not.
    ///
    /// # Errors
    ///
    /// The system's.
    fn new(listener: TcpListener) -> io::Result<Self>;

    /// The next connection.
    ///
    /// # Errors
    ///
    /// The system's, but never [`WouldBlock`](io::ErrorKind::WouldBlock).
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Self::Stream, SocketAddr)>>;
}

/// A connected socket of a runtime. It is polled by one task only.
pub trait Stream: AsFd + Send + Sync + Sized + 'static {
    /// Registers a socket with the runtime, and makes it nonblocking if it is not.
    ///
    /// # Errors
    ///
    /// The system's.
    fn new(stream: TcpStream) -> io::Result<Self>;

    /// Reads once; 0 says that the peer has ended its half. A read that does not fill `buffer` took
    /// all that there was, so that nobody needs to read again to know.
    ///
    /// # Errors
    ///
    /// The system's, but never [`WouldBlock`](io::ErrorKind::WouldBlock).
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes once, as much as the socket takes.
    ///
    /// # Errors
    ///
    /// The system's; [`WouldBlock`](io::ErrorKind::WouldBlock) if it takes nothing now.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Ready once a socket that did not take everything may take more, or has failed.
    ///
    /// # Errors
    ///
    /// The system's. Writing then fails, too.
    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Waits until the peer has vanished, for a connection that is neither read from nor waits
    /// until it can be written to. Costs nothing while that does not happen.
    fn failed(self: Arc<Self>) -> impl Future<Output = ()> + Send;
}

/// A timer of a runtime.
pub trait Timer: Default + Send + 'static {
    /// Ready once it is that late. The time may be another one on every call.
    fn poll_until(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()>;
}
