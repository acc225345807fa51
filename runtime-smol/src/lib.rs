//! linechat on smol: [`serve`] moves bytes between sockets and a
//! [`Server`](linechat_protocol::Server), beside whatever else the application does on its
//! executor.
//!
//! ```no_run
//! use linechat_driver::Service;
//! use linechat_protocol::{Dialect, Limits, Listener, Server};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut server = Server::new(Limits::default())?;
//! let rooms = server.listen(Listener::new(Dialect::ROOMS))?;
//! let socket = std::net::TcpListener::bind("127.0.0.1:8888")?;
//! let service = Service::new(server).listen(rooms, socket);
//! smol::block_on(async {
//!     let shutdown = async {
//!         smol::Timer::after(std::time::Duration::from_secs(3600)).await;
//!     };
//!     linechat_smol::serve(service, shutdown).await
//! })?;
//! # Ok(())
//! # }
//! ```
//!
//! How it works is told in [`linechat_driver`], which this crate gives the sockets and timers
//! of async-io. All is done by the future that [`serve`] returns: it starts no thread and no task,
//! and needs no executor of a particular kind around it. async-io itself has one thread, whatever
//! uses it.

use std::io;
#[cfg(feature = "program")]
use std::os::unix::net::UnixStream;

use linechat_driver::Service;

use crate::runtime::Runtime;

mod runtime;

/// Serves until `shutdown` is ready and everybody has been sent what was queued for them (at most
/// for [`Limits::grace`](linechat_protocol::Limits::grace)), or until the server ends by itself:
/// because its dialect says so, or because there are no listeners and the last connection has
/// gone.
///
/// All sockets are made nonblocking. Dropping the future closes everything at once.
///
/// # Errors
///
/// A socket cannot be registered with async-io. Nothing that happens later is an error: the server
/// goes on with whoever is left.
pub async fn serve(service: Service, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    linechat_driver::serve::<Runtime>(service, shutdown).await
}

/// Serves what a linechat program was told to, on the current thread.
///
/// # Errors
///
/// Those of [`serve`].
#[cfg(feature = "program")]
pub fn run(service: Service, shutdown: UnixStream) -> io::Result<()> {
    smol::block_on(async {
        let shutdown = smol::Async::new(shutdown)?;
        let told_to_end = async {
            // An error means that nothing can tell us any more, which is reason enough to end.
            let _ = shutdown.readable().await;
        };
        serve(service, told_to_end).await
    })
}
