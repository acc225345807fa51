//! Serving with the tasks of an asynchronous runtime, whichever it is.
//!
//! [`serve`] does what all such adapters have in common. A [`Runtime`] is what is different: its
//! sockets, its timers, and how a task is started.
//!
//! # How it works
//!
//! Each connection has a task that waits until its socket is readable, reads into the one buffer
//! that all share, and hands what came to the server. The *flusher* is one more task: it runs
//! after the readers of the same turn, asks the server what there is to write, and writes it with
//! one system call for each recipient. What a socket does not take waits in the server until the
//! connection's own task finds the socket writable.
//!
//! That the flusher comes after the readers is left to the runtime: one that runs tasks in the
//! order in which they were woken makes it so.

use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use linechat_protocol::{Peer, Server};

use self::acceptor::Acceptor;
use self::shared::Shared;

mod acceptor;
mod connection;
mod flusher;
mod shared;

/// Serves until `shutdown` is ready and everybody has been sent what was queued for them (at most
/// for [`Limits::grace`](linechat_protocol::Limits::grace)), or until the server ends by itself:
/// because its dialect says so, or because there are no `listeners` and the last connection has
/// gone.
///
/// `console` is a stream to and from somebody at the server's own keyboard, if there is one.
/// Dropping the future closes everything at once.
///
/// # Errors
///
/// A socket cannot be registered with the runtime.
pub async fn serve<R: Runtime>(
    runtime: R,
    server: Server,
    listeners: Vec<TcpListener>,
    console: Option<TcpStream>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let listens = !listeners.is_empty();
    let shared = Arc::new(Shared::<R>::new(server));
    let _end = EndWithServe(&shared);
    let acceptor = Acceptor::new(&runtime, &shared, listeners)?;
    if let Some(console) = console {
        connection::start(&runtime, &shared, R::Stream::new(console)?, Peer::Console);
    }
    runtime.spawn(flusher::run(Arc::clone(&shared)));
    runtime.spawn(acceptor.run());
    let mut shutdown = pin!(Some(shutdown));
    poll_fn(|cx| {
        if let Some(told) = shutdown.as_mut().as_pin_mut()
            && told.poll(cx).is_ready()
        {
            shutdown.set(None);
            shared.lock().shut_down();
        }
        shared.lock().poll_end(listens, cx)
    })
    .await;
    Ok(())
}

/// A runtime as the tasks see it.
pub trait Runtime: Clone + Send + 'static {
    /// Its listening sockets.
    type Listener: Listener<Stream = Self::Stream>;
    /// Its connected sockets.
    type Stream: Stream;
    /// Its timers.
    type Timer: Timer;

    /// Starts a task. Nobody waits for its end.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static);

    /// Has the current task run again, once all others that have something to do had their turn:
    /// those, too, whose sockets the system has yet to be asked about.
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

/// A connected socket of a runtime. It is polled by one task only, but written to by any.
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
    fn failed(&self) -> impl Future<Output = ()> + Send;
}

/// A timer of a runtime.
pub trait Timer: Default + Send + 'static {
    /// Ready once it is that late. The time may be another one on every call.
    fn poll_until(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()>;
}

/// Ends the tasks of a server together with the future that started them.
struct EndWithServe<'a, R: Runtime>(&'a Shared<R>);

impl<R: Runtime> Drop for EndWithServe<'_, R> {
    fn drop(&mut self) {
        self.0.lock().end();
    }
}
