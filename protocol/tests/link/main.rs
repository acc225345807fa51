//! Several servers that are one community, over a model of NATS that delays, loses, repeats,
//! refuses and forgets, in virtual time.
//!
//! `LINK_SEEDS=1000..5000` chooses other runs than the usual ones, `LINK_SEEDS=7..8` shows one again.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails panics"
)]

mod community;
mod faults;
mod nats;
mod node;
mod random;
mod troubles;
mod world;
