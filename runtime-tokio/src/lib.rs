//! linechat on tokio: [`serve`] moves bytes between sockets and a
//! [`Server`], beside whatever else the application does in its
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
//! How it works is told in [`linechat_host::tasks`], which this crate gives tokio's sockets and
//! timers.

use std::io;
use std::net::{TcpListener, TcpStream};

use linechat_host::{Service, tasks};
use linechat_protocol::Server;
use tokio::net::UnixStream;
use tokio::runtime::Builder;

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
    tasks::serve(runtime::Runtime, server, listeners, console, shutdown).await
}

/// Serves what a linechat program was told to, on a runtime of its own with a single thread.
///
/// # Errors
///
/// Those of [`serve`], or the runtime cannot be made.
pub fn run(service: Service) -> io::Result<()> {
    Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .event_interval(TASKS_PER_TURN)
        .build()?
        .block_on(async {
            let shutdown = UnixStream::from_std(service.shutdown)?;
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

/// How many tasks run before the system is asked again who is ready: enough for all that it names
/// at a time. Asking in between costs a system call, and splits what would have been one write.
const TASKS_PER_TURN: u32 = 1024;
