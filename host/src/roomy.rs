//! Work that needs more stack than a thread of a connection has.

use std::io;
use std::thread;

/// Does something on a thread with a stack of the usual size: on this one if it is the program's first
/// one, otherwise on another one, for which this one waits.
///
/// With a thread for each connection, whichever has something to flush gives the duties their turn, and
/// such threads are many, and small.
///
/// # Errors
///
/// The system has no thread left.
pub(crate) fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    if thread::current().name() == Some("main") {
        return Ok(work());
    }
    thread::scope(|scope| {
        let worker = thread::Builder::new().name("duty".into());
        let worker = worker.spawn_scoped(scope, work)?;
        worker
            .join()
            .map_err(|_| io::Error::other("a duty has panicked"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_thread_has_large_work_done() {
        let small = thread::Builder::new().stack_size(16 << 10);
        let done = small.spawn(|| {
            with_room(|| {
                let large = std::hint::black_box([1_u8; 256 << 10]);
                large.iter().map(|byte| usize::from(*byte)).sum::<usize>()
            })
        });
        let sum = done.unwrap().join().unwrap();
        assert_eq!(sum.unwrap(), 256 << 10);
    }
}
