//! The linechat programs: everything that is neither protocol nor runtime. Command lines, logs,
//! sockets that listen, signals, the console, and the client for terminals.
//!
//! A program is the three lines that name it and call [`main`], and a runtime adapter that gets a
//! [`Service`](linechat_driver::Service), and a descriptor that turns readable when it is time to
//! end.
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     linechat_host::main("linechat-example", "1.0.0", |service, shutdown| {
//!         // Moves bytes between `service.listeners` and `service.server` until
//!         // `shutdown` is readable.
//!         drop((service, shutdown));
//!         Ok(())
//!     })
//! }
//! ```
//!
//! Nothing here spawns a thread, but for the console, which is one.

pub use self::address::{Address, AddressError};
pub use self::listen::{ListenError, listen};
pub use self::program::main;

mod address;
mod advice;
mod certificate;
mod cli;
mod connect;
mod console;
mod descriptors;
mod door;
mod duties;
mod escaped;
mod link;
mod listen;
mod log;
mod metrics;
mod program;
mod readiness;
mod roomy;
mod serve;
mod signals;
mod systemd;
mod terminal;
