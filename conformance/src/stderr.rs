//! What the program writes to standard error.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::patience::PATIENCE;

/// Read all the time, so that the program never blocks on it.
#[derive(Clone)]
pub(crate) struct Stderr(Arc<(Mutex<Log>, Condvar)>);

impl Stderr {
    pub(crate) fn collect(mut pipe: impl Read + Send + 'static) -> Self {
        let stderr = Self(Arc::default());
        let collector = stderr.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = pipe.read(&mut buffer) {
                collector.log().push(&buffer[..n]);
                collector.0.1.notify_all();
            }
            collector.log().ended = true;
            collector.0.1.notify_all();
        });
        stderr
    }

    /// Everything so far; of a lot, the end.
    pub(crate) fn text(&self) -> String {
        self.log().text()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.log().bytes.iter().copied().collect()
    }

    /// The last lines, for a report.
    pub(crate) fn tail(&self) -> String {
        let text = self.text();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Waits until `found` finds what it looks for in the text so far.
    #[track_caller]
    pub(crate) fn wait_for<T>(&self, what: &str, found: impl Fn(&str) -> Option<T>) -> T {
        let (_, grown) = &*self.0;
        let mut log = self.log();
        loop {
            if let Some(found) = found(&log.text()) {
                return found;
            }
            assert!(
                !log.ended,
                "standard error ended without {what}: {}",
                log.text()
            );
            let (guard, wait) = grown
                .wait_timeout(log, PATIENCE)
                .unwrap_or_else(PoisonError::into_inner);
            assert!(
                !wait.timed_out(),
                "no {what} on standard error: {}",
                guard.text()
            );
            log = guard;
        }
    }

    #[track_caller]
    pub(crate) fn wait_for_end(&self) {
        let (_, grown) = &*self.0;
        let waited = grown.wait_timeout_while(self.log(), PATIENCE, |log| !log.ended);
        let (log, _) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(log.ended, "standard error ends with the program");
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Log {
    bytes: VecDeque<u8>,
    ended: bool,
}

impl Log {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        let excess = self.bytes.len().saturating_sub(MAX_LOG);
        self.bytes.drain(..excess);
    }

    fn text(&self) -> String {
        let (front, back) = self.bytes.as_slices();
        String::from_utf8_lossy(&[front, back].concat()).into_owned()
    }
}

/// How much of standard error is kept.
const MAX_LOG: usize = 1 << 20;
