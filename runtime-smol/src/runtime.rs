//! The sockets and timers of async-io.

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use linechat_driver::watch_for_failure;
use smol::Async;

/// async-io.
pub(crate) struct Runtime;

impl linechat_driver::Runtime for Runtime {
    type Listener = Socket<TcpListener>;
    type Stream = Socket<TcpStream>;
    type Timer = Timer;

    fn run_again(cx: &mut Context<'_>) {
        cx.waker().wake_by_ref();
    }
}

/// A socket, and what async-io does not remember of it.
pub(crate) struct Socket<T> {
    io: Async<T>,
    /// The last read took all that there was.
    drained: AtomicBool,
}

impl<T: AsFd> Socket<T> {
    /// Does `read` as soon as the socket is readable. It says what it did, and whether there may
    /// be more.
    ///
    /// Each wait of async-io is a system call, and what another thread noticed before the wait began
    /// does not end it. So whoever is woken reads whatever async-io says, and waits only where
    /// nothing can have come since the last read.
    fn poll_read_with<O>(
        &self,
        cx: &mut Context<'_>,
        mut read: impl FnMut(&T) -> io::Result<(O, bool)>,
    ) -> Poll<io::Result<O>> {
        loop {
            let ready = self.io.poll_readable(cx)?;
            if self.drained.swap(false, Ordering::Relaxed) && ready.is_pending() {
                return Poll::Pending;
            }
            match read(self.io.get_ref()) {
                Ok((output, more)) => {
                    self.drained.store(!more, Ordering::Relaxed);
                    return Poll::Ready(Ok(output));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.drained.store(true, Ordering::Relaxed);
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl<T> From<Async<T>> for Socket<T> {
    fn from(io: Async<T>) -> Self {
        Self {
            io,
            drained: AtomicBool::new(true),
        }
    }
}

impl<T: AsFd> AsFd for Socket<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.as_fd()
    }
}

impl linechat_driver::Listener for Socket<TcpListener> {
    type Stream = Socket<TcpStream>;

    fn new(listener: TcpListener) -> io::Result<Self> {
        Async::new(listener).map(Self::from)
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Self::Stream, SocketAddr)>> {
        let (stream, address) =
            ready!(self.poll_read_with(cx, |listener| Ok((listener.accept()?, true))))?;
        Poll::Ready(Ok((Async::new(stream)?.into(), address)))
    }
}

impl linechat_driver::Stream for Socket<TcpStream> {
    fn new(stream: TcpStream) -> io::Result<Self> {
        Async::new(stream).map(Self::from)
    }

    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll_read_with(cx, |mut stream| {
            let read = stream.read(buffer)?;
            Ok((read, read == buffer.len()))
        })
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.io.get_ref().write(bytes)
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_writable(cx)
    }

    async fn failed(self: Arc<Self>) {
        let failure = loop {
            match watch_for_failure(&*self).and_then(Async::new_nonblocking) {
                Ok(failure) => break failure,
                // There is no descriptor left, or no memory.
                Err(_) => smol::Timer::after(RETRY).await,
            };
        };
        let _ = poll_fn(|cx| failure.poll_readable(cx)).await;
    }
}

/// Until a connection is watched for which nothing was left.
const RETRY: Duration = Duration::from_secs(1);

/// A timer that is set for the earliest of the times that it is asked for, since setting it takes
/// system calls, and that is set again when it turns out to have been too early.
#[derive(Default)]
pub(crate) struct Timer(Option<Alarm>);

struct Alarm {
    at: Instant,
    timer: smol::Timer,
}

impl linechat_driver::Timer for Timer {
    fn poll_until(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        loop {
            let alarm = match &mut self.0 {
                Some(alarm) if alarm.at <= at => alarm,
                alarm => alarm.insert(Alarm {
                    at,
                    timer: smol::Timer::at(at),
                }),
            };
            ready!(Pin::new(&mut alarm.timer).poll(cx));
            self.0 = None;
            if Instant::now() >= at {
                return Poll::Ready(());
            }
        }
    }
}
