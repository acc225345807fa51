//! What is fuzzed: functions that take any bytes and panic when `linechat-protocol` or
//! `linechat-layers` breaks one of its promises.
//!
//! The programs in `fuzz_targets` hand them what libFuzzer makes up. Built without cargo-fuzz, the
//! same programs run the inputs in the files that they are given, and `tests/corpus.rs` runs all
//! that are committed.

pub mod clients;
pub mod grammars;
pub mod irc;
pub mod layers;
pub mod lines;
pub mod link;
pub mod servers;

use std::{env, fs, io};

#[cfg(fuzzing)]
#[doc(hidden)]
pub use libfuzzer_sys;

/// The program of one target.
#[macro_export]
macro_rules! target {
    ($body:path) => {
        #[cfg(fuzzing)]
        $crate::libfuzzer_sys::fuzz_target!(|bytes: &[u8]| $body(bytes));

        #[cfg(not(fuzzing))]
        fn main() -> std::io::Result<()> {
            $crate::replay($body)
        }
    };
}

/// Runs the inputs in the files that the command line names.
///
/// # Errors
///
/// A file cannot be read.
pub fn replay(body: fn(&[u8])) -> io::Result<()> {
    for path in env::args_os().skip(1) {
        eprintln!("{}", path.display());
        body(&fs::read(path)?);
    }
    Ok(())
}
