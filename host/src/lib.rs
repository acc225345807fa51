//! What the linechat programs share around the core: everything that is neither protocol nor
//! runtime.

pub use self::accept::{AcceptErrors, Recovery};
pub use self::address::{Address, AddressError};
pub use self::clock::Clock;
pub use self::connection::{LINGER, prepare};
pub use self::listen::{ListenError, listen};

mod accept;
mod address;
mod clock;
mod connection;
mod listen;
