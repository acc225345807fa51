//! The chat protocols. A new one is a folder here, its `mod` line, and its lines in `PROFILES` and
//! [`Options`].

#[cfg(feature = "server")]
pub(crate) use self::profile::{DOOR_DIRECT, DOOR_IRC, DOOR_ROOMS, DOOR_WEB, DOORS, Profile};
#[cfg(feature = "server")]
pub use self::profile::{Dialect, Options, UnknownDialect};

#[cfg(feature = "addressed")]
pub mod addressed;
#[cfg(feature = "direct")]
pub mod direct;
#[cfg(all(feature = "echo", feature = "server"))]
pub mod echo;
#[cfg(feature = "irc")]
pub mod irc;
#[cfg(feature = "pair")]
pub mod pair;
#[cfg(feature = "server")]
mod profile;
#[cfg(all(feature = "relay", feature = "server"))]
pub mod relay;
#[cfg(feature = "rooms")]
pub mod rooms;
#[cfg(feature = "server")]
mod spoken;
