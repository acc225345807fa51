//! How long to wait, and how to wait for what announces itself by no event.

use std::fmt::Display;
use std::thread;
use std::time::{Duration, Instant};

/// The moment at which a wait that starts now has failed.
pub(crate) fn deadline() -> Instant {
    Instant::now() + PATIENCE
}

/// Repeats `attempt` until it yields something, for what becomes true at a moment that cannot be
/// observed otherwise (a name is free again, a file descriptor has been given back).
#[track_caller]
pub(crate) fn eventually<T>(what: &str, attempt: impl FnMut() -> Option<T>) -> T {
    eventually_within(PATIENCE, what, attempt)
}

/// The same for what takes its time.
#[track_caller]
pub(crate) fn eventually_within<T>(
    patience: Duration,
    what: &str,
    mut attempt: impl FnMut() -> Option<T>,
) -> T {
    succeeds_within(patience, || attempt().ok_or(what))
}

/// The same for an attempt that says how far it came.
#[track_caller]
pub(crate) fn succeeds_within<T, E: Display>(
    patience: Duration,
    attempt: impl FnMut() -> Result<T, E>,
) -> T {
    let outcome = tries_within(patience, attempt);
    outcome.unwrap_or_else(|how| panic!("{how}: not within {patience:?}"))
}

/// The same for what may fail: how the last attempt ended.
pub(crate) fn tries_within<T, E>(
    patience: Duration,
    mut attempt: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    let deadline = Instant::now() + patience;
    loop {
        let outcome = attempt();
        if outcome.is_ok() || Instant::now() >= deadline {
            return outcome;
        }
        thread::sleep(BETWEEN_ATTEMPTS);
    }
}

/// Longer than anything takes on a loaded machine; only a failure waits for so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(5);
