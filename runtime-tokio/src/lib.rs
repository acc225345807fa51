//! linechat on tokio: [`serve`] moves bytes between sockets and a
//! [`Server`](linechat_protocol::Server), beside whatever else the application does in its
//! runtime.
//!
//! ```no_run
//! use linechat_protocol::{Config, Dialect, Server};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = std::net::TcpListener::bind("127.0.0.1:8888")?;
//! let server = Server::new(Config::new(Dialect::ROOMS))?;
//! let shutdown = tokio::time::sleep(std::time::Duration::from_secs(3600));
//! linechat_tokio::serve(server, vec![listener], None, shutdown).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! Each connection has a task that waits until its socket is readable, reads into the one buffer
//! that all share, and hands what came to the server. The *flusher* is one more task: it runs
//! after the readers of the same turn, asks the server what there is to write, and writes it with
//! one system call for each recipient. What a socket does not take waits in the server until the
//! connection's own task finds the socket writable.

use std::future::poll_fn;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::pin::pin;
use std::sync::Arc;

use linechat_host::Service;
use linechat_protocol::{Peer, Server};
use tokio::net::UnixStream;
use tokio::runtime::Builder;

use crate::accept::Acceptor;
use crate::shared::Shared;

mod accept;
mod connection;
mod flusher;
mod shared;

/// Serves until `shutdown` is ready and everybody has been sent what was queued for them (at most
/// for [`Limits::grace`](linechat_protocol::Limits::grace)), or until the server ends by itself:
/// because its dialect says so, or because there are no `listeners` and the last connection has
/// gone.
///
/// `console` is a stream to and from somebody at the server's own keyboard, if there is one. All
/// sockets must be nonblocking or are made so. Dropping the future closes everything at once.
///
/// # Errors
///
/// A socket cannot be registered with the runtime. Nothing that happens later is an error: the
/// server goes on with whoever is left.
///
/// # Panics
///
/// Outside a tokio runtime with I/O and time enabled.
pub async fn serve(
    server: Server,
    listeners: Vec<TcpListener>,
    console: Option<TcpStream>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let listens = !listeners.is_empty();
    let shared = Arc::new(Shared::new(server));
    let _end = EndWithServe(&shared);
    let acceptor = Acceptor::new(&shared, listeners)?;
    if let Some(console) = console {
        console.set_nonblocking(true)?;
        connection::start(
            &shared,
            tokio::net::TcpStream::from_std(console)?,
            Peer::Console,
        );
    }
    tokio::spawn(flusher::run(Arc::clone(&shared)));
    tokio::spawn(acceptor.run());
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

/// Serves what a linechat program was told to, on a runtime of its own with a single thread.
///
/// # Errors
///
/// Those of [`serve`], or the runtime cannot be made.
pub fn run(service: Service) -> io::Result<()> {
    let Service {
        server,
        listeners,
        console,
        shutdown,
    } = service;
    Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?
        .block_on(async {
            let shutdown = UnixStream::from_std(shutdown)?;
            let told_to_end = async {
                // An error means that nothing can tell us any more, which is reason enough to end.
                let _ = shutdown.readable().await;
            };
            serve(server, listeners, console, told_to_end).await
        })
}

/// Ends the tasks of a server together with the future that started them.
struct EndWithServe<'a>(&'a Shared);

impl Drop for EndWithServe<'_> {
    fn drop(&mut self) {
        self.0.lock().end();
    }
}
