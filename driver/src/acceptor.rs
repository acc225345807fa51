//! Takes connections off the listeners.

use std::io;
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;

use linechat_protocol::{ListenerId, Peer, Server};

use crate::accept::{AcceptErrors, Recovery};
use crate::connection::prepare;
use crate::runtime::{Listener, Runtime, Timer};
use crate::service::Listening;

/// The listeners of one server.
pub(super) struct Acceptor<R: Runtime> {
    /// Whichever had a connection is asked last from then on, and keeps none of the others waiting.
    listeners: Vec<(ListenerId, R::Listener)>,
    waker: Waker,
    /// Since the last time that there was nothing to accept, this was woken.
    pub(super) is_ready: bool,
    errors: AcceptErrors,
    /// While the system lacks something.
    paused_until: Option<Instant>,
    timer: R::Timer,
}

impl<R: Runtime> Acceptor<R> {
    pub(super) fn new(listeners: Vec<Listening>, waker: Waker) -> io::Result<Self> {
        let listeners = listeners.into_iter().map(|listening| {
            prepare(&listening.socket);
            Ok((listening.listener, R::Listener::new(listening.socket)?))
        });
        Ok(Self {
            listeners: listeners.collect::<io::Result<_>>()?,
            waker,
            is_ready: true,
            errors: AcceptErrors::new(),
            paused_until: None,
            timer: R::Timer::default(),
        })
    }

    /// Closes the sockets at which nobody will be welcome any more. Says whether others are left.
    pub(super) fn close_those_closed(&mut self, server: &Server) -> bool {
        self.listeners.retain(|(id, _)| !server.has_closed(*id));
        !self.listeners.is_empty()
    }

    /// The next connection on any listener at which one is welcome, or `None` after an error. When
    /// there is none, the listeners are asked again only once one of them
    /// [is ready](Self::is_ready).
    pub(super) fn poll_accept(&mut self, server: &Server) -> Poll<Option<Accepted<R>>> {
        if !self.is_ready {
            return Poll::Pending;
        }
        let cx = &mut Context::from_waker(&self.waker);
        if let Some(until) = self.paused_until {
            ready!(self.timer.poll_until(cx, until));
            self.paused_until = None;
        }
        let mut is_somebody_unwelcome = false;
        for (place, (id, listener)) in self.listeners.iter().enumerate() {
            if !server.accepting(*id) {
                is_somebody_unwelcome = true;
                continue;
            }
            match listener.poll_accept(cx) {
                Poll::Ready(Ok((stream, address))) => {
                    let accepted = Accepted {
                        listener: *id,
                        stream,
                        peer: Peer::from(address),
                    };
                    self.listeners.rotate_left(place + 1);
                    return Poll::Ready(Some(accepted));
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
        // One that was not asked may have somebody, once one is welcome there.
        self.is_ready = is_somebody_unwelcome;
        Poll::Pending
    }
}

/// Who has connected.
pub(super) struct Accepted<R: Runtime> {
    pub(super) listener: ListenerId,
    pub(super) stream: R::Stream,
    pub(super) peer: Peer,
}
