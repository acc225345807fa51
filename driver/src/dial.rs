//! Connections that a server itself wants.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread::Builder;
use std::time::Duration;

use linechat_protocol::link::Address;
use linechat_protocol::{Instant, LinkId, Server};
use tracing::debug;

use crate::connection::prepare;

/// What a server wants to be connected to. To look a name up waits, and so does to connect: both
/// happen on a thread of their own, on every runtime alike, which ends with the attempt.
#[derive(Debug, Default)]
pub struct Dialling {
    attempt: Option<(LinkId, Attempt)>,
}

impl Dialling {
    /// Begins what [`Action::Dial`](linechat_protocol::Action::Dial) wants. `wake` is called once
    /// [`take`](Self::take) has something to do. The server is told if it cannot be begun.
    pub fn start(
        &mut self,
        now: Instant,
        server: &mut Server,
        link: LinkId,
        wake: impl FnOnce() + Send + 'static,
    ) {
        let Some(address) = server.dial_target(link).cloned() else {
            return;
        };
        match Attempt::start(address, wake) {
            Ok(attempt) => self.attempt = Some((link, attempt)),
            Err(_) => server.dial_failed(now, link),
        }
    }

    /// The connection, once there is one. The server is told if there is to be none.
    pub fn take(
        &mut self,
        now: Instant,
        server: &mut Server,
    ) -> Option<(LinkId, TcpStream, SocketAddr)> {
        let (link, attempt) = self.attempt.take()?;
        match attempt.outcome() {
            None => self.attempt = Some((link, attempt)),
            Some(Ok((stream, address))) if !server.is_shutting_down() => {
                return Some((link, stream, address));
            }
            Some(_) => server.dial_failed(now, link),
        }
        None
    }
}

/// One attempt to connect.
#[derive(Debug)]
struct Attempt {
    outcome: Receiver<io::Result<(TcpStream, SocketAddr)>>,
}

impl Attempt {
    /// Begins. `wake` is called once there is an [outcome](Self::outcome).
    ///
    /// # Errors
    ///
    /// There is no thread left.
    fn start(address: Address, wake: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let (sender, outcome) = sync_channel(1);
        Builder::new().name("dialling".into()).spawn(move || {
            let connected = connect(&address);
            if let Err(error) = &connected {
                debug!(%error, "cannot connect to {address}");
            }
            // Nobody waits for it any more once the server has ended.
            let _ = sender.send(connected);
            wake();
        })?;
        Ok(Self { outcome })
    }

    /// What became of it, once that is known.
    fn outcome(&self) -> Option<io::Result<(TcpStream, SocketAddr)>> {
        match self.outcome.try_recv() {
            Ok(outcome) => Some(outcome),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(io::ErrorKind::Interrupted.into())),
        }
    }
}

/// Tries all addresses that a host has.
fn connect(address: &Address) -> io::Result<(TcpStream, SocketAddr)> {
    let mut failure = io::ErrorKind::NotFound.into();
    for target in (address.host.as_str(), address.port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&target, TIMEOUT) {
            Ok(stream) => {
                prepare(&stream);
                return Ok((stream, target));
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// How long one address may take to answer.
const TIMEOUT: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::mpsc::channel;

    use super::*;

    fn outcome(address: Address) -> io::Result<(TcpStream, SocketAddr)> {
        let (woken, wakes) = channel();
        let attempt = Attempt::start(address, move || {
            let _ = woken.send(());
        });
        let attempt = attempt.unwrap();
        wakes.recv().unwrap();
        attempt.outcome().unwrap()
    }

    #[test]
    fn whoever_listens_is_reached_and_whoever_does_not_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (_, target) = outcome(Address::new("localhost", address.port())).unwrap();
        assert_eq!(target, address);
        drop(listener);
        assert!(outcome(Address::new("127.0.0.1", address.port())).is_err());
    }
}
