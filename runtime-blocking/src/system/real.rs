//! The system itself.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::thread::Builder;
use std::time::{Duration, Instant};

use linechat_driver::prepare;
use mio::unix::SourceFd;
use mio::{Events, Interest, Token};
use rustix::buffer::spare_capacity;
use rustix::io::{Errno, ioctl_fionbio, retry_on_intr};
use rustix::net::{RecvFlags, SendFlags, recv, send};

pub(crate) use std::net::TcpStream as Stream;
pub(crate) use std::sync::mpsc::sync_channel;
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
pub(crate) use std::thread::{Scope, Thread, park, scope};

pub(crate) use linechat_driver::Clock;

use super::Event;

pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Starts the thread of a connection.
pub(crate) fn start_thread<'scope>(
    scope: &'scope Scope<'scope, '_>,
    run: impl FnOnce() + Send + 'scope,
) -> io::Result<Thread> {
    let thread = Builder::new()
        .name("connection".into())
        .stack_size(STACK_SIZE)
        .spawn_scoped(scope, run)
        .map_err(|error| io::Error::other(format!("cannot start a thread: {error}")))?;
    Ok(thread.thread().clone())
}

/// A socket that the server wanted.
pub(crate) fn dialled(stream: Stream) -> Stream {
    stream
}

/// Waits for bytes. There are none at the peer's end.
pub(crate) fn read(stream: &Stream, buffer: &mut [u8]) -> io::Result<usize> {
    let (received, _) = retry_on_intr(|| recv(stream, &mut *buffer, RecvFlags::empty()))?;
    Ok(received)
}

/// Adds what else is there already, as far as there is capacity.
pub(crate) fn read_more(stream: &Stream, bytes: &mut Vec<u8>) {
    // If it fails, so does the next one, or it finds the peer's end.
    let _ = recv(stream, spare_capacity(bytes), RecvFlags::DONTWAIT);
}

/// Writes what the socket takes at once, and says how much that is.
pub(crate) fn write(stream: &Stream, bytes: &[u8]) -> io::Result<usize> {
    match retry_on_intr(|| send(stream, bytes, SendFlags::DONTWAIT | NO_SIGNAL)) {
        Err(Errno::AGAIN) => Ok(0),
        outcome => outcome.map_err(io::Error::from),
    }
}

/// A socket that listens.
pub(crate) struct Listener(TcpListener);

impl Listener {
    pub(crate) fn new(socket: TcpListener) -> io::Result<Self> {
        prepare(&socket);
        socket.set_nonblocking(true)?;
        Ok(Self(socket))
    }

    /// The next peer, if one waits.
    pub(crate) fn accept(&self) -> io::Result<Option<(Stream, SocketAddr)>> {
        match self.0.accept() {
            Ok((stream, address)) => {
                stream.set_nonblocking(false)?;
                Ok(Some((stream, address)))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Waits for several things at once.
pub(crate) struct Poll {
    poll: mio::Poll,
    events: Events,
    bell: Option<OwnedFd>,
}

impl Poll {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            poll: mio::Poll::new()?,
            events: Events::with_capacity(1024),
            bell: None,
        })
    }

    pub(crate) fn waker(&self) -> io::Result<Waker> {
        mio::Waker::new(self.poll.registry(), WAKE).map(Waker)
    }

    pub(crate) fn watch_listener(&self, listener: &Listener) -> io::Result<()> {
        self.register(&listener.0, ACCEPT, Interest::READABLE)
    }

    /// `shutdown` turns readable when it is time to end.
    pub(crate) fn watch_shutdown(&self, shutdown: &impl AsFd) -> io::Result<()> {
        self.register(&shutdown.as_fd(), SHUT_DOWN, Interest::READABLE)
    }

    /// `bell` turns readable when the observer is to have a turn.
    pub(crate) fn watch_bell(&mut self, bell: OwnedFd) -> io::Result<()> {
        ioctl_fionbio(&bell, true)?;
        self.register(&bell, BELL, Interest::READABLE)?;
        self.bell = Some(bell);
        Ok(())
    }

    pub(crate) fn watch(&self, index: usize, stream: &Stream) -> io::Result<()> {
        self.register(stream, Token(index), Interest::WRITABLE)
    }

    fn register(&self, fd: &impl AsRawFd, token: Token, interest: Interest) -> io::Result<()> {
        let fd = fd.as_raw_fd();
        let registry = self.poll.registry();
        registry.register(&mut SourceFd(&fd), token, interest)
    }

    /// Waits for something to happen, or for so long.
    pub(crate) fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => {
                self.hush();
                Ok(())
            }
        }
    }

    /// Forgets that the bell rang.
    fn hush(&self) {
        if let Some(bell) = &self.bell
            && self.events.iter().any(|event| event.token() == BELL)
        {
            while let Ok(1..) = rustix::io::read(bell, &mut [0; 64]) {}
        }
    }

    /// What has happened when it waited last.
    pub(crate) fn events(&self) -> impl Iterator<Item = Event> {
        self.events.iter().map(|event| match event.token() {
            WAKE | BELL => Event::Wake,
            ACCEPT => Event::Accept,
            SHUT_DOWN => Event::ShutDown,
            Token(index) => Event::Socket {
                index,
                has_failed: event.is_error(),
                has_hung_up: event.is_write_closed(),
            },
        })
    }
}

/// Wakes a [`Poll`].
pub(crate) struct Waker(mio::Waker);

impl Waker {
    pub(crate) fn wake(&self) {
        // It can only fail where nobody waits any more.
        let _ = self.0.wake();
    }
}

const WAKE: Token = Token(usize::MAX);
const ACCEPT: Token = Token(usize::MAX - 1);
const SHUT_DOWN: Token = Token(usize::MAX - 2);
const BELL: Token = Token(usize::MAX - 3);

/// Address space, of which 16 KiB are used, or twice as much in a build without optimisation.
const STACK_SIZE: usize = 128 << 10;

/// A peer that has gone is an error, and no signal. Programs in Rust ignore the signal anyway.
#[cfg(not(any(target_vendor = "apple", target_os = "netbsd")))]
const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
#[cfg(any(target_vendor = "apple", target_os = "netbsd"))]
const NO_SIGNAL: SendFlags = SendFlags::empty();
