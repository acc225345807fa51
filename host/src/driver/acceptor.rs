//! Takes connections off the listeners.

use std::io;
use std::net::TcpListener;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use linechat_protocol::Peer;

use super::{Listener, Runtime, Timer};
use crate::{AcceptErrors, Recovery, prepare};

/// The listeners of one server.
pub(super) struct Acceptor<R: Runtime> {
    listeners: Vec<R::Listener>,
    errors: AcceptErrors,
    /// While the system lacks something.
    paused_until: Option<Instant>,
    timer: R::Timer,
}

impl<R: Runtime> Acceptor<R> {
    pub(super) fn new(listeners: Vec<TcpListener>) -> io::Result<Self> {
        listeners.iter().for_each(prepare);
        let listeners = listeners.into_iter().map(R::Listener::new);
        Ok(Self {
            listeners: listeners.collect::<io::Result<_>>()?,
            errors: AcceptErrors::new(),
            paused_until: None,
            timer: R::Timer::default(),
        })
    }

    /// The next connection on any listener, or `None` after an error.
    pub(super) fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<(R::Stream, Peer)>> {
        if let Some(until) = self.paused_until {
            ready!(self.timer.poll_until(cx, until));
            self.paused_until = None;
        }
        for listener in &self.listeners {
            match listener.poll_accept(cx) {
                Poll::Ready(Ok((stream, address))) => {
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
        Poll::Pending
    }
}
