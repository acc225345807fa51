//! What the threads need of the system: other threads, locks, sockets, time.
//!
//! The tests of the threads have a model in its place, which decides who runs when. All that waits
//! for something, and all that others may see change, has to come from here.

#[cfg(test)]
pub(crate) use self::model::{
    Clock, Condvar, Listener, Mutex, MutexGuard, Poll, Scope, Stream, Thread, Waker, dialled, now,
    park, read, read_more, scope, start_thread, sync_channel, write,
};
#[cfg(not(test))]
pub(crate) use self::real::{
    Clock, Condvar, Listener, Mutex, MutexGuard, Poll, Scope, Stream, Thread, Waker, dialled, now,
    park, read, read_more, scope, start_thread, sync_channel, write,
};

#[cfg(test)]
pub(crate) mod model;
#[cfg(not(test))]
pub(crate) mod real;

/// What a [`Poll`] waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Another thread has woken it, or the bell has rung.
    Wake,
    /// Somebody may wait at a listener.
    Accept,
    /// It is time to end.
    ShutDown,
    /// A socket takes more again, or has failed.
    Socket {
        /// The index that it is watched with.
        index: usize,
        has_failed: bool,
        /// Both its halves have ended, in order or not.
        has_hung_up: bool,
    },
}
