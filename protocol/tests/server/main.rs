//! The server, seen from outside: what its peers see, what its adapter is told.

mod addressed;
mod closing;
mod community;
mod crowds;
mod direct;
mod echo;
mod events;
mod flow;
mod grammar;
mod http;
mod irc;
mod layers;
mod limits;
mod mixed;
mod operating;
mod pair;
mod pauses;
mod properties;
mod relay;
mod renewing;
mod rooms;
mod shared;
mod stats;
mod timers;
mod told;
