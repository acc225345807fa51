//! Several servers that are one community, over a model of NATS that delays, loses, repeats,
//! refuses and forgets, in virtual time.
//!
//! `LINK_SEEDS=1000..5000` chooses other runs than the usual ones, `LINK_SEEDS=7..8` shows one again.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod community;
mod faults;
mod nats;
mod node;
mod random;
mod troubles;
mod world;
