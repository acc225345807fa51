//! What is tested, by what it is about.

mod coming_in;
mod connection;
mod everybody;
mod keyboard;
mod looks;
mod pictures;
mod reading;
mod talking;

use crate::Stage;

/// A name that reads as a sentence, and what shows that it holds.
type Case = (&'static str, fn(&mut Stage));

/// All of them.
pub(crate) fn all() -> Vec<Case> {
    [
        coming_in::CASES,
        talking::CASES,
        reading::CASES,
        connection::CASES,
        everybody::CASES,
        keyboard::CASES,
        looks::CASES,
        pictures::CASES,
    ]
    .concat()
}

/// A list of cases, each named after its function.
macro_rules! cases {
    ($module:literal: $($case:ident),* $(,)?) => {
        pub(super) const CASES: &[super::Case] =
            &[$((concat!($module, "::", stringify!($case)), $case)),*];
    };
}
use cases;
