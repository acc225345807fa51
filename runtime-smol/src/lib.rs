//! linechat on smol: [`serve`] moves bytes between sockets and a
//! [`Server`], beside whatever else the application does on its
//! executor.
//!
//! ```no_run
//! use linechat_protocol::{Config, Dialect, Server};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = std::net::TcpListener::bind("127.0.0.1:8888")?;
//! let server = Server::new(Config::new(Dialect::ROOMS))?;
//! async_io::block_on(async {
//!     let shutdown = async {
//!         async_io::Timer::after(std::time::Duration::from_secs(3600)).await;
//!     };
//!     linechat_smol::serve(server, vec![listener], None, shutdown).await
//! })?;
//! # Ok(())
//! # }
//! ```
//!
//! How it works is told in [`linechat_host::driver`], which this crate gives the sockets and timers
//! of async-io. All is done by the future that [`serve`] returns: it starts no thread and no task,
//! and needs no executor of a particular kind around it. async-io itself has one thread, whatever
//! uses it.

use std::io;
use std::net::{TcpListener, TcpStream};

use async_io::{Async, block_on};
use linechat_host::{Service, driver};
use linechat_protocol::Server;

use crate::runtime::Runtime;

mod runtime;

/// Serves until `shutdown` is ready and everybody has been sent what was queued for them (at most
/// for [`Limits::grace`](linechat_protocol::Limits::grace)), or until the server ends by itself:
/// because its dialect says so, or because there are no `listeners` and the last connection has
/// gone.
///
/// `console` is a stream to and from somebody at the server's own keyboard, if there is one. All
/// sockets are made nonblocking. Dropping the future closes everything at once.
///
/// # Errors
///
/// A socket cannot be registered with async-io. Nothing that happens later is an error: the server
/// goes on with whoever is left.
pub async fn serve(
    server: Server,
    listeners: Vec<TcpListener>,
    console: Option<TcpStream>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    driver::serve::<Runtime>(server, listeners, console, shutdown).await
}

/// Serves what a linechat program was told to, on the current thread.
///
/// # Errors
///
/// Those of [`serve`].
pub fn run(service: Service) -> io::Result<()> {
    block_on(async {
        let shutdown = Async::new(service.shutdown)?;
        let told_to_end = async {
            // An error means that nothing can tell us any more, which is reason enough to end.
            let _ = shutdown.readable().await;
        };
        serve(
            service.server,
            service.listeners,
            service.console,
            told_to_end,
        )
        .await
    })
}
