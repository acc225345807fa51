//! Takes connections off the listeners.

use std::io;
use std::net::TcpListener;
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;

use linechat_protocol::Peer;

use super::{Listener, Runtime, Timer};
use crate::{AcceptErrors, Recovery, prepare};

/// The listeners of one server.
pub(super) struct Acceptor<R: Runtime> {
    /// Whichever had a connection is asked last from then on, and keeps none of the others waiting.
    listeners: Vec<R::Listener>,
    waker: Waker,
    /// Since the last time that there was nothing to accept, this was woken.
    pub(super) is_ready: bool,
    errors: AcceptErrors,
    /// While the system lacks something.
    paused_until: Option<Instant>,
    timer: R::Timer,
}

impl<R: Runtime> Acceptor<R> {
    pub(super) fn new(listeners: Vec<TcpListener>, waker: Waker) -> io::Result<Self> {
        listeners.iter().for_each(prepare);
        let listeners = listeners.into_iter().map(R::Listener::new);
        Ok(Self {
            listeners: listeners.collect::<io::Result<_>>()?,
            waker,
            is_ready: true,
            errors: AcceptErrors::new(),
            paused_until: None,
            timer: R::Timer::default(),
        })
    }

    /// The next connection on any listener, or `None` after an error. When there is none, the
    /// listeners are asked again only once one of them [is ready](Self::is_ready).
    pub(super) fn poll_accept(&mut self) -> Poll<Option<(R::Stream, Peer)>> {
        if !self.is_ready {
            return Poll::Pending;
        }
        let cx = &mut Context::from_waker(&self.waker);
        if let Some(until) = self.paused_until {
            ready!(self.timer.poll_until(cx, until));
            self.paused_until = None;
        }
        for (place, listener) in self.listeners.iter().enumerate() {
            match listener.poll_accept(cx) {
                Poll::Ready(Ok((stream, address))) => {
                    self.listeners.rotate_left(place + 1);
                    return Poll::Ready(Some((stream, Peer::from(address))));
                }
                Poll::Ready(Err(error)) => {
                    let now = Instant::now();
                    if let Recovery::Pause(time) = self.errors.recover(&error, now) {
                        self.paused_until = Some(now + time);
                    }
                    return Poll::Ready(None);
                }
                Poll::Pending => {}
            }
        }
        self.is_ready = false;
        Poll::Pending
    }
}
