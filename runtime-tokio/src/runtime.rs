//! The sockets and timers of tokio.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use linechat_driver::watch_for_failure;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::task::yield_now;
use tokio::time::{Sleep, sleep, sleep_until};

use crate::system::{URGENT, accept};

/// tokio.
pub(crate) struct Runtime;

impl linechat_driver::Runtime for Runtime {
    type Listener = Listener;
    type Stream = Stream;
    type Timer = Timer;

    fn run_again(cx: &mut Context<'_>) {
        // A task that wakes itself may run again before tokio asks the system for others. One that
        // yields, which it has done as soon as that is polled, runs after that.
        let _ = pin!(yield_now()).poll(cx);
    }
}

/// A listening socket. Accepting with the flags that its connections need takes one system call.
pub(crate) struct Listener(AsyncFd<TcpListener>);

impl linechat_driver::Listener for Listener {
    type Stream = Stream;

    fn new(listener: TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        register(listener, Interest::READABLE).map(Self)
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Stream, SocketAddr)>> {
        loop {
            let mut ready = ready!(self.0.poll_read_ready(cx))?;
            let accepted = ready.try_io(|listener| accept(listener.get_ref()));
            let Ok(accepted) = accepted else { continue };
            let (socket, address) = accepted?;
            return Poll::Ready(Ok((Stream::register(socket, false)?, address)));
        }
    }
}

/// A connected socket.
///
/// Not tokio's own, which is not told of urgent data. A read ends before the urgent byte, whatever
/// comes after it, so that a short read is not always the last.
pub(crate) struct Stream {
    io: AsyncFd<TcpStream>,
    /// It is the console's, and no TCP socket.
    is_local: bool,
}

impl Stream {
    fn register(stream: TcpStream, is_local: bool) -> io::Result<Self> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        let interest = URGENT.map_or(interest, |urgent| interest | urgent);
        let io = register(stream, interest)?;
        Ok(Self { io, is_local })
    }

    /// Whether the peer has sent urgent data that may not have been read.
    fn has_urgent(&self) -> bool {
        URGENT.is_none_or(|urgent| self.io.try_io(urgent, |_| Ok(())).is_ok())
    }

    fn forget_urgent(&self) {
        let nothing = |_: &TcpStream| Err::<(), _>(io::ErrorKind::WouldBlock.into());
        if let Some(urgent) = URGENT {
            let _ = self.io.try_io(urgent, nothing);
        }
    }
}

impl linechat_driver::Stream for Stream {
    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Self::register(stream, true)
    }

    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(self.io.poll_read_ready(cx))?;
            let is_last_if_short = !self.has_urgent();
            match self.io.get_ref().read(buffer) {
                Ok(read) => {
                    if is_last_if_short && (1..buffer.len()).contains(&read) {
                        // That was all: nobody need read again to find that nothing is left.
                        ready.clear_ready();
                    }
                    return Poll::Ready(Ok(read));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.forget_urgent();
                    ready.clear_ready();
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.io
            .try_io(Interest::WRITABLE, |mut stream| stream.write(bytes))
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_write_ready(cx).map_ok(drop)
    }

    async fn failed(self: Arc<Self>) {
        // An error of these means that the runtime shuts down, and the task with it.
        if !self.is_local {
            let _ = self.io.ready(Interest::ERROR).await;
            return;
        }
        // To hang up is no error of a local socket, and nothing that tokio can wait for.
        let failure = loop {
            let watched = watch_for_failure(&*self);
            match watched.and_then(|failure| register(failure, Interest::READABLE)) {
                Ok(failure) => break failure,
                // There is no descriptor left, or no memory.
                Err(_) => sleep(RETRY).await,
            }
        };
        let _ = failure.readable().await;
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.as_fd()
    }
}

#[expect(
    deprecated,
    reason = "the other constructor is unsafe, for descriptors that can change: these do not"
)]
fn register<T: AsRawFd>(socket: T, interest: Interest) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(socket, interest)
}

/// Until a connection is watched for which nothing was left.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(crate) struct Timer(Option<Pin<Box<Sleep>>>);

impl linechat_driver::Timer for Timer {
    fn poll_until(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        let at = at.into();
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
        sleep.as_mut().poll(cx)
    }
}
