//! Connecting to a server.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::sync_channel;
use std::thread;

use rustix::event::PollFlags;
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};

use crate::Address;
use crate::connection::prepare;
use crate::readiness::wait_for;

/// Connects to the first of the addresses behind `address` that takes it; the socket is
/// nonblocking. `None` where `signals` turned readable first.
///
/// # Errors
///
/// The system's: for the name, or for the last address.
pub(super) fn dial(address: &Address, signals: &UnixStream) -> io::Result<Option<TcpStream>> {
    let Some(candidates) = resolve(address, signals)? else {
        return Ok(None);
    };
    let mut failure = io::Error::from(io::ErrorKind::NotFound);
    for candidate in candidates {
        match connect(candidate, signals) {
            Ok(connected) => return Ok(connected),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Looks a name up, on a thread of its own, since nothing can interrupt that.
fn resolve(address: &Address, signals: &UnixStream) -> io::Result<Option<Vec<SocketAddr>>> {
    let (is_found, end) = UnixStream::pair()?;
    let (sender, found) = sync_channel(1);
    let address = address.clone();
    thread::Builder::new()
        .name("resolver".into())
        .spawn(move || {
            // Nobody may wait for it any more.
            let _ = sender.send(address.resolve());
            drop(end);
        })?;
    if !comes_first(&is_found, PollFlags::IN, signals)? {
        return Ok(None);
    }
    let found = found.recv().map_err(io::Error::other)?;
    found.map(Some)
}

fn connect(address: SocketAddr, signals: &UnixStream) -> io::Result<Option<TcpStream>> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    match socket.connect(&address.into()) {
        Ok(()) => {}
        Err(error) if error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error()) => {
            if !comes_first(&socket, PollFlags::OUT, signals)? {
                return Ok(None);
            }
            if let Some(error) = socket.take_error()? {
                return Err(error);
            }
        }
        Err(error) => return Err(error),
    }
    prepare(&socket);
    Ok(Some(socket.into()))
}

/// Waits until a descriptor is ready; `false` where `signals` turned readable first.
fn comes_first(ready: &impl AsFd, flags: PollFlags, signals: &UnixStream) -> io::Result<bool> {
    loop {
        let wanted = [(ready.as_fd(), flags), (signals.as_fd(), PollFlags::IN)];
        let [ready, signal] = wait_for(wanted, None)?;
        if !signal.is_empty() {
            return Ok(false);
        }
        if !ready.is_empty() {
            return Ok(true);
        }
    }
}
