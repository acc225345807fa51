//! systemd, or whatever else starts the program and speaks as it does: sockets that it has bound
//! already (`sd_listen_fds(3)`), and what it is told in return (`sd_notify(3)`).
//!
//! Nothing of this happens where the environment does not ask for it.

pub(crate) use self::sockets::{Passed, PassedError};
pub(crate) use self::supervision::Supervision;

mod notifier;
mod sockets;
mod supervision;
