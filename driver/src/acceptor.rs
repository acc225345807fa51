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
    /// Where nobody was welcome so far: such a socket need not listen yet, and one that does not
    /// cannot be waited for.
    closed: Vec<Listening>,
    waker: Waker,
    /// Since the last time that there was nothing to accept, this was woken.
    pub(super) is_ready: bool,
    errors: AcceptErrors,
    /// While the system lacks something.
    paused_until: Option<Instant>,
    timer: R::Timer,
}

impl<R: Runtime> Acceptor<R> {
    pub(super) fn new(
        listeners: Vec<Listening>,
        waker: Waker,
        server: &Server,
    ) -> io::Result<Self> {
        let mut acceptor = Self {
            listeners: Vec::new(),
            closed: listeners,
            waker,
            is_ready: true,
            errors: AcceptErrors::new(),
            paused_until: None,
            timer: R::Timer::default(),
        };
        acceptor.open_where_welcome(server)?;
        Ok(acceptor)
    }

    /// Waits from now on where somebody is welcome for the first time.
    fn open_where_welcome(&mut self, server: &Server) -> io::Result<()> {
        let is_welcome = |listening: &mut Listening| server.accepting(listening.listener);
        for listening in self.closed.extract_if(.., is_welcome) {
            prepare(&listening.socket);
            let listener = R::Listener::new(listening.socket)?;
            self.listeners.push((listening.listener, listener));
        }
        Ok(())
    }

    /// Closes the sockets at which nobody will be welcome any more. Says whether others are left.
    pub(super) fn close_those_closed(&mut self, server: &Server) -> bool {
        self.listeners.retain(|(id, _)| !server.has_closed(*id));
        self.closed.retain(|it| !server.has_closed(it.listener));
        !self.listeners.is_empty() || !self.closed.is_empty()
    }

    /// The next connection on any listener at which one is welcome, or `None` after an error. When
    /// there is none, the listeners are asked again only once one of them
    /// [is ready](Self::is_ready).
    pub(super) fn poll_accept(&mut self, server: &Server) -> Poll<Option<Accepted<R>>> {
        if !self.is_ready {
            return Poll::Pending;
        }
        let waker = self.waker.clone();
        let cx = &mut Context::from_waker(&waker);
        if let Some(until) = self.paused_until {
            ready!(self.timer.poll_until(cx, until));
            self.paused_until = None;
        }
        if let Err(error) = self.open_where_welcome(server) {
            self.errors.recover(&error, Instant::now());
        }
        let mut is_somebody_unwelcome = !self.closed.is_empty();
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
