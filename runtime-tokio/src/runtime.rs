//! The sockets and timers of tokio.

use std::io::{self, Read};
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use linechat_host::driver;
use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::yield_now;
use tokio::time::{Sleep, sleep_until};

/// tokio.
pub(crate) struct Runtime;

impl driver::Runtime for Runtime {
    type Listener = Listener;
    type Stream = Stream;
    type Timer = Timer;

    fn run_again(cx: &mut Context<'_>) {
        // A task that wakes itself may run again before tokio asks the system for others. One that
        // yields, which it has done as soon as that is polled, runs after that.
        let _ = pin!(yield_now()).poll(cx);
    }
}

pub(crate) struct Listener(TcpListener);

impl driver::Listener for Listener {
    type Stream = Stream;

    fn new(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener).map(Self)
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Stream, SocketAddr)>> {
        let (stream, address) = ready!(self.0.poll_accept(cx))?;
        Poll::Ready(Ok((Stream(stream), address)))
    }
}

pub(crate) struct Stream(TcpStream);

impl driver::Stream for Stream {
    fn new(stream: std::net::TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        TcpStream::from_std(stream).map(Self)
    }

    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            let mut last = None;
            let read = self.0.try_io(Interest::READABLE, || {
                let read = (&*SockRef::from(&self.0)).read(buffer)?;
                if (1..buffer.len()).contains(&read) {
                    // That was all: tokio need not read again to find that nothing is left.
                    last = Some(read);
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Ok(read)
            });
            match (read, last) {
                (_, Some(read)) => return Poll::Ready(Ok(read)),
                (Err(error), None) if error.kind() == io::ErrorKind::WouldBlock => {}
                (read, None) => return Poll::Ready(read),
            }
        }
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_write_ready(cx)
    }

    async fn failed(self: Arc<Self>) {
        // An error means that the runtime shuts down, and the task with it.
        let _ = self.0.ready(Interest::ERROR).await;
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[derive(Default)]
pub(crate) struct Timer(Option<Pin<Box<Sleep>>>);

impl driver::Timer for Timer {
    fn poll_until(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        let at = at.into();
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
        sleep.as_mut().poll(cx)
    }
}
