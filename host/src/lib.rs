//! What the linechat programs share around the core: everything that is neither protocol nor
//! runtime.
//!
//! A program is the three lines that name it and call [`main`], and a runtime adapter that gets a
//! [`Service`]: the core's server, sockets that listen already, and a descriptor that turns
//! readable when it is time to end.
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     linechat_host::main("linechat-example", "1.0.0", |service| {
//!         // Moves bytes between `service.listeners` and `service.server` until
//!         // `service.shutdown` is readable.
//!         drop(service);
//!         Ok(())
//!     })
//! }
//! ```
//!
//! An adapter finds the rest here, too: [`Clock`] for the time that it tells the core,
//! [`AcceptErrors`] for when `accept` fails, [`prepare`] for its listeners, [`LINGER`] for how
//! to close, and [`log`] for what happened. What adapters to asynchronous runtimes have in common
//! is in [`driver`].
//!
//! Nothing here spawns a thread, but for the console, which is one.

pub use self::accept::{AcceptErrors, Recovery};
pub use self::address::{Address, AddressError};
pub use self::clock::Clock;
pub use self::connection::{LINGER, LINGER_BYTES, linger_until, prepare, was_refused};
pub use self::listen::{ListenError, listen};
pub use self::program::{Service, main};

mod accept;
mod address;
mod cli;
mod clock;
mod connect;
mod connection;
mod console;
mod descriptors;
pub mod driver;
mod escaped;
mod listen;
pub mod log;
mod program;
mod readiness;
mod signals;
mod terminal;
