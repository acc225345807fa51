//! Connecting to a server.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};

use super::remote::Remote;
use super::stream::{Connection, Stream};
use crate::readiness::{wait_for, when};
use linechat_driver::prepare;

/// Connects to the first of the addresses of `remote` that takes it, and shakes hands under TLS; the
/// connection is nonblocking. `None` where `signals` turned readable first.
///
/// # Errors
///
/// The system's: for the name, or for the last address.
pub(super) fn dial(remote: &Remote, signals: &impl AsFd) -> io::Result<Option<Connection>> {
    let mut dial = Dial::new(remote)?;
    loop {
        let wanted = [dial.waits_for(), (signals.as_fd(), PollFlags::IN)];
        let [_, signal] = wait_for(wanted, Some(dial.deadline()))?;
        if !signal.is_empty() {
            return Ok(None);
        }
        if let Some(outcome) = dial.proceed(Instant::now()) {
            return outcome.map(Some);
        }
    }
}

/// An attempt to connect, which never waits by itself.
pub(super) struct Dial {
    remote: Remote,
    stage: Stage,
    /// What is connected, until it can be talked over.
    opening: Option<Connection>,
    /// When the attempt has failed.
    ends: Instant,
}

enum Stage {
    /// A name is looked up, on a thread of its own, since nothing can interrupt that.
    Resolving {
        is_done: UnixStream,
        found: Receiver<io::Result<Vec<SocketAddr>>>,
    },
    Connecting {
        socket: Socket,
        /// When to try the next address instead.
        ends: Instant,
        others: Vec<SocketAddr>,
    },
}

impl Dial {
    /// # Errors
    ///
    /// The system's, where it has no thread or no descriptor left.
    pub(super) fn new(remote: &Remote) -> io::Result<Self> {
        let (is_done, end) = UnixStream::pair()?;
        let (sender, found) = sync_channel(1);
        let address = remote.address.clone();
        thread::Builder::new()
            .name("resolver".into())
            .spawn(move || {
                // Nobody may wait for it any more.
                let _ = sender.send(address.resolve());
                drop(end);
            })?;
        Ok(Self {
            remote: remote.clone(),
            stage: Stage::Resolving { is_done, found },
            opening: None,
            ends: Instant::now() + PATIENCE,
        })
    }

    /// What to wait for.
    pub(super) fn waits_for(&self) -> (BorrowedFd<'_>, PollFlags) {
        if let Some(connection) = &self.opening {
            let unsent = when(connection.has_unsent(), PollFlags::OUT);
            return (connection.as_fd(), PollFlags::IN | unsent);
        }
        match &self.stage {
            Stage::Resolving { is_done, .. } => (is_done.as_fd(), PollFlags::IN),
            Stage::Connecting { socket, .. } => (socket.as_fd(), PollFlags::OUT),
        }
    }

    /// Until when to wait for it.
    pub(super) fn deadline(&self) -> Instant {
        match self.stage {
            Stage::Connecting { ends, .. } if self.opening.is_none() => ends,
            _ => self.ends,
        }
    }

    /// Goes on, when something was there or it is time. The outcome comes once.
    pub(super) fn proceed(&mut self, now: Instant) -> Option<io::Result<Connection>> {
        match self.try_proceed(now) {
            Ok(None) => None,
            Ok(Some(connection)) => Some(Ok(connection)),
            Err(error) => Some(Err(error)),
        }
    }

    fn try_proceed(&mut self, now: Instant) -> io::Result<Option<Connection>> {
        if let Some(connection) = &mut self.opening {
            if connection.open()? {
                return Ok(self.opening.take());
            }
            return match now < self.ends {
                true => Ok(None),
                false => Err(io::ErrorKind::TimedOut.into()),
            };
        }
        let (failure, others) = match &mut self.stage {
            Stage::Resolving { found, .. } => match found.try_recv() {
                Ok(addresses) => (io::ErrorKind::NotFound.into(), addresses?),
                Err(_) if now < self.ends => return Ok(None),
                Err(_) => return Err(io::ErrorKind::TimedOut.into()),
            },
            Stage::Connecting {
                socket,
                ends,
                others,
            } => match connected(socket) {
                Ok(true) => {
                    prepare(socket);
                    let socket = socket.try_clone()?.into();
                    self.opening = Some(self.remote.begin(socket)?);
                    return self.try_proceed(now);
                }
                Ok(false) if now < *ends => return Ok(None),
                Ok(false) => (io::ErrorKind::TimedOut.into(), std::mem::take(others)),
                Err(error) => (error, std::mem::take(others)),
            },
        };
        self.connect(now, failure, others)?;
        self.try_proceed(now)
    }

    /// Tries the first of `addresses` that can be tried; if there is none, `failure` is why.
    fn connect(
        &mut self,
        now: Instant,
        mut failure: io::Error,
        addresses: Vec<SocketAddr>,
    ) -> io::Result<()> {
        let mut others = addresses.into_iter();
        while let Some(address) = others.next() {
            match begin(address) {
                Ok(socket) => {
                    let left = self.ends.saturating_duration_since(now);
                    let share = left / u32::try_from(others.len() + 1).unwrap_or(u32::MAX);
                    let (ends, others) = (now + share, others.collect());
                    self.stage = Stage::Connecting {
                        socket,
                        ends,
                        others,
                    };
                    return Ok(());
                }
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }
}

/// Begins to connect.
fn begin(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    match socket.connect(&address.into()) {
        Err(error) if error.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error()) => Err(error),
        _ => Ok(socket),
    }
}

/// Whether a socket is connected by now.
fn connected(socket: &Socket) -> io::Result<bool> {
    let [ready] = wait_for([(socket.as_fd(), PollFlags::OUT)], Some(Instant::now()))?;
    if ready.is_empty() {
        return Ok(false);
    }
    match socket.take_error()? {
        Some(error) => Err(error),
        None => Ok(true),
    }
}

/// How long connecting may take.
const PATIENCE: Duration = Duration::from_secs(10);
