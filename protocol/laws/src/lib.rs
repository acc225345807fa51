//! What holds of every linechat server, for those who test it: the [laws] and the [model] that
//! property tests and fuzzers call, the [operations](ops) that they make up, and a [world] in which
//! a test reads as a story.
#![allow(
    missing_docs,
    reason = "it is read with its source, and nobody else depends on it"
)]

pub mod config;
pub mod laws;
pub mod model;
pub mod ops;
pub mod toy;
pub mod tunnel;
pub mod wire;
pub mod world;

/// Runs what the README of the project shows of the core as a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}

/// The layer that the tour of the house shows, too.
#[cfg(doctest)]
#[doc = include_str!("../../../ARCHITECTURE.md")]
mod architecture {}
