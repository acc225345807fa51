//! The server, seen from outside: what its peers see, what its adapter is told.

mod timers;
mod wire;
mod world;
