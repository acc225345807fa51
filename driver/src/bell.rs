//! What gives the observer a turn.

use std::io;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll, Waker};

use crate::runtime::{Runtime, Stream};

/// See [`Service::bell`](crate::Service::bell).
pub(super) struct Bell<R: Runtime> {
    /// Until it has failed, or its other end is closed.
    stream: Option<R::Stream>,
    waker: Waker,
}

impl<R: Runtime> Bell<R> {
    /// `waker` is woken whenever it rings.
    pub(super) fn new(stream: OwnedFd, waker: Waker) -> io::Result<Self> {
        let stream = Some(R::Stream::new(stream.into())?);
        let mut bell = Self { stream, waker };
        bell.hush();
        Ok(bell)
    }

    /// Forgets that it rang, and waits for the next time.
    pub(super) fn hush(&mut self) {
        let mut cx = Context::from_waker(&self.waker);
        while let Some(stream) = &self.stream {
            match stream.poll_read(&mut cx, &mut [0; 64]) {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0) | Err(_)) => self.stream = None,
                Poll::Pending => return,
            }
        }
    }
}
