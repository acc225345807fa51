//! linechat on tokio: [`serve`] moves bytes between sockets and a
//! [`Server`](linechat_protocol::Server), beside whatever else the application does in its
//! runtime.
//!
//! ```no_run
//! use linechat_driver::Service;
//! use linechat_protocol::{Dialect, Limits, Listener, Server};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut server = Server::new(Limits::default())?;
//! let rooms = server.listen(Listener::new(Dialect::ROOMS))?;
//! let socket = std::net::TcpListener::bind("127.0.0.1:8888")?;
//! let service = Service::new(server).listen(rooms, socket);
//! let shutdown = tokio::time::sleep(std::time::Duration::from_secs(3600));
//! linechat_tokio::serve(service, shutdown).await?;
//! # Ok(())
//! # }
//! ```
//!
//! How it works is told in [`linechat_driver`], which this crate gives tokio's sockets and
//! timers.

use std::io;
#[cfg(feature = "program")]
use std::os::unix::net::UnixStream;
#[cfg(feature = "program")]
use std::panic::resume_unwind;

use linechat_driver::Service;
#[cfg(feature = "program")]
use tokio::runtime::Builder;
use tokio::task::unconstrained;

use self::runtime::Runtime;

mod runtime;
mod system;

/// Serves until `shutdown` is ready and everybody has been sent what was queued for them (at most
/// for [`Limits::grace`](linechat_protocol::Limits::grace)), or until the server ends by itself:
/// because its dialect says so, or because there are no listeners and the last connection has
/// gone.
///
/// All sockets are made nonblocking. Dropping the future closes everything at once.
///
/// # Errors
///
/// A socket cannot be registered with the runtime. Nothing that happens later is an error: the
/// server goes on with whoever is left.
///
/// # Panics
///
/// Outside a tokio runtime with I/O and time enabled.
pub async fn serve(service: Service, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let driver = linechat_driver::serve::<Runtime>(service, shutdown);
    // tokio would have it pause after some hundred sockets, and split what is one write.
    unconstrained(driver).await
}

/// Serves what a linechat program was told to, on a runtime of its own with a single thread.
///
/// # Errors
///
/// Those of [`serve`], or the runtime cannot be made.
#[cfg(feature = "program")]
pub fn run(service: Service, shutdown: UnixStream) -> io::Result<()> {
    Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?
        .block_on(async {
            let shutdown = tokio::net::UnixStream::from_std(shutdown)?;
            let told_to_end = async move {
                // An error means that nothing can tell us any more, which is reason enough to end.
                let _ = shutdown.readable().await;
            };
            // As a task of its own: to wake what `block_on` waits for takes a system call.
            tokio::spawn(serve(service, told_to_end))
                .await
                .unwrap_or_else(|error| resume_unwind(error.into_panic()))
        })
}
