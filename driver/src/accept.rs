//! What to do when `accept` fails. Nothing of that ends a listener.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use tracing::{debug, warn};

/// How to go on after `accept` failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// The fault is that of one connection, which is gone: accept the next one at once.
    Retry,
    /// The system lacks something: serve who is there, and accept again after this time.
    Pause(Duration),
}

/// Decides how to go on after `accept` failed, and logs why, one warning a minute.
///
/// One for all listeners of a server, so that they warn together.
#[derive(Debug, Default)]
pub struct AcceptErrors {
    last_warning: Mutex<Option<Instant>>,
}

impl AcceptErrors {
    /// Nothing has failed yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// To be called with every error of `accept`, but for
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) from a nonblocking listener, which is none. Also
    /// with the error of whatever else a new connection needs and lacks, such as a thread.
    pub fn recover(&self, error: &io::Error, now: Instant) -> Recovery {
        if is_fault_of_one_connection(error) {
            debug!(%error, "a connection failed before it was accepted");
            return Recovery::Retry;
        }
        if self.may_warn(now) {
            let advice = advice(error);
            warn!("cannot accept connections for the moment: {error}{advice}");
        }
        Recovery::Pause(PAUSE)
    }

    fn may_warn(&self, now: Instant) -> bool {
        let mut last = self
            .last_warning
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_due =
            last.is_none_or(|last| now.saturating_duration_since(last) >= WARNING_INTERVAL);
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}

/// What an operator can do, if there is something.
fn advice(error: &io::Error) -> &'static str {
    match Errno::from_io_error(error) {
        Some(Errno::MFILE) => {
            "; allow the program more open files: 'ulimit -n', or LimitNOFILE= of systemd"
        }
        _ => "",
    }
}

/// Linux hands on errors that a connection already has (accept(2)). `EPERM` is not among them,
/// though the page names it: a security policy that forbids `accept` goes on doing so, and retrying
/// at once would take a whole processor.
fn is_fault_of_one_connection(error: &io::Error) -> bool {
    #[cfg(target_os = "linux")]
    if Errno::from_io_error(error) == Some(Errno::NONET) {
        return true;
    }
    matches!(
        Errno::from_io_error(error),
        Some(
            Errno::CONNABORTED
                | Errno::CONNRESET
                | Errno::INTR
                | Errno::PROTO
                | Errno::NOPROTOOPT
                | Errno::TIMEDOUT
                | Errno::NETDOWN
                | Errno::NETUNREACH
                | Errno::HOSTDOWN
                | Errno::HOSTUNREACH
        )
    )
}

/// Long enough to cost nothing, short enough that nobody who waits in the listen queue notices.
const PAUSE: Duration = Duration::from_millis(100);

const WARNING_INTERVAL: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    fn recover(errno: Errno) -> Recovery {
        AcceptErrors::new().recover(&errno.into(), Instant::now())
    }

    #[test]
    fn what_one_connection_did_does_not_hold_up_the_next() {
        for errno in [
            Errno::CONNABORTED,
            Errno::CONNRESET,
            Errno::INTR,
            Errno::PROTO,
        ] {
            assert_eq!(recover(errno), Recovery::Retry, "{errno}");
        }
    }

    #[test]
    fn a_lack_of_anything_and_the_unknown_pause() {
        for errno in [
            Errno::MFILE,
            Errno::NFILE,
            Errno::NOBUFS,
            Errno::NOMEM,
            Errno::PERM,
        ] {
            assert_eq!(recover(errno), Recovery::Pause(PAUSE), "{errno}");
        }
        let unknown = io::Error::other("no thread left");
        let recovery = AcceptErrors::new().recover(&unknown, Instant::now());
        assert_eq!(recovery, Recovery::Pause(PAUSE));
    }

    #[test]
    fn there_is_one_warning_a_minute() {
        let errors = AcceptErrors::new();
        let start = Instant::now();
        assert!(errors.may_warn(start));
        assert!(!errors.may_warn(start + Duration::from_secs(59)));
        assert!(errors.may_warn(start + Duration::from_secs(60)));
        assert!(!errors.may_warn(start + Duration::from_secs(61)));
    }
}
