//! Lets peers in as long as the server takes more.

use std::future::poll_fn;
use std::io;
use std::mem;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use linechat_protocol::Peer;

use super::shared::{Shared, register};
use super::{Listener, Runtime, Timer, connection};
use crate::{AcceptErrors, Recovery, prepare};

/// The listeners of one server.
pub(super) struct Acceptor<R: Runtime> {
    runtime: R,
    shared: Arc<Shared<R>>,
    listeners: Vec<R::Listener>,
    errors: AcceptErrors,
    /// While the system lacks something.
    paused_until: Option<Instant>,
    timer: R::Timer,
}

impl<R: Runtime> Acceptor<R> {
    pub(super) fn new(
        runtime: &R,
        shared: &Arc<Shared<R>>,
        listeners: Vec<TcpListener>,
    ) -> io::Result<Self> {
        listeners.iter().for_each(prepare);
        let listeners = listeners.into_iter().map(R::Listener::new);
        Ok(Self {
            runtime: runtime.clone(),
            shared: Arc::clone(shared),
            listeners: listeners.collect::<io::Result<_>>()?,
            errors: AcceptErrors::new(),
            paused_until: None,
            timer: R::Timer::default(),
        })
    }

    /// Accepts until the server shuts down.
    ///
    /// What was sent before a peer connected is handled before that peer: each accept waits until
    /// the readers of the same turn have read. One spawned task does it all, since a task that
    /// yields goes behind those that the same turn woke.
    pub(super) async fn run(mut self) {
        while !self.shared.lock().server.is_shutting_down() {
            match poll_fn(|cx| Poll::Ready(self.poll_accept(cx))).await {
                Poll::Ready(Some((stream, address))) => {
                    connection::start(&self.runtime, &self.shared, stream, Peer::from(address));
                }
                Poll::Ready(None) => {}
                Poll::Pending => until_polled_again(|_| {}).await,
            }
            until_polled_again(|cx| cx.waker().wake_by_ref()).await;
        }
    }

    /// The next connection on any listener, or `None` after an error.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<(R::Stream, SocketAddr)>> {
        let mut state = self.shared.lock();
        register(&mut state.acceptor, cx);
        state.is_full = !state.server.accepting();
        if state.is_full {
            return Poll::Pending;
        }
        drop(state);
        if let Some(until) = self.paused_until {
            ready!(self.timer.poll_until(cx, until));
            self.paused_until = None;
        }
        for listener in &self.listeners {
            match listener.poll_accept(cx) {
                Poll::Ready(Ok(accepted)) => return Poll::Ready(Some(accepted)),
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

/// Has the current task wait until it is woken, by whoever knows of it after `arrange`.
async fn until_polled_again(arrange: impl Fn(&Context<'_>)) {
    let mut is_woken = false;
    poll_fn(|cx| {
        if mem::replace(&mut is_woken, true) {
            return Poll::Ready(());
        }
        arrange(cx);
        Poll::Pending
    })
    .await;
}
