//! Lets peers in as long as the server takes more, until it is time to end.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use linechat_host::{AcceptErrors, Recovery, prepare};
use linechat_protocol::Peer;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep};

use crate::connection;
use crate::shared::Shared;

/// The listeners of one server.
pub(crate) struct Acceptor {
    shared: Arc<Shared>,
    listeners: Vec<TcpListener>,
    errors: AcceptErrors,
    /// While the system lacks something.
    pause: Option<Pin<Box<Sleep>>>,
}

impl Acceptor {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        listeners: Vec<std::net::TcpListener>,
    ) -> io::Result<Self> {
        let register = |listener: std::net::TcpListener| {
            listener.set_nonblocking(true)?;
            TcpListener::from_std(listener)
        };
        Ok(Self {
            shared: Arc::clone(shared),
            listeners: listeners
                .into_iter()
                .map(register)
                .collect::<io::Result<_>>()?,
            errors: AcceptErrors::new(),
            pause: None,
        })
    }

    /// Accepts until `shutdown`, or until the server shuts down by itself, and returns when the
    /// last connection has gone.
    pub(crate) async fn run(mut self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = pin!(Some(shutdown));
        poll_fn(|cx| {
            if let Some(told) = shutdown.as_mut().as_pin_mut()
                && told.poll(cx).is_ready()
            {
                shutdown.set(None);
                self.shut_down();
            }
            self.poll_accept(cx)
        })
        .await;
        self.shared.lock().flush();
    }

    fn shut_down(&self) {
        let mut state = self.shared.lock();
        let now = state.clock.now();
        state.server.shut_down(now);
        state.wake_flusher();
    }

    /// Ready when nobody is connected and nobody can connect any more.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let mut state = self.shared.lock();
            if state.server.is_shutting_down() {
                self.listeners.clear();
            }
            if self.listeners.is_empty() && state.connections == 0 {
                return Poll::Ready(());
            }
            state.acceptor = Some(cx.waker().clone());
            if self.listeners.is_empty() || !state.server.accepting() {
                return Poll::Pending;
            }
            drop(state);
            let accepted = ready!(self.poll_next(cx));
            if let Some((stream, address)) = accepted {
                prepare(&stream);
                connection::start(&self.shared, stream, Peer::from(address));
            }
        }
    }

    /// The next connection on any listener, or `None` after an error that concerns only one.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(TcpStream, SocketAddr)>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        for listener in &self.listeners {
            match listener.poll_accept(cx) {
                Poll::Ready(Ok(accepted)) => return Poll::Ready(Some(accepted)),
                Poll::Ready(Err(error)) => {
                    if let Recovery::Pause(time) =
                        self.errors.recover(&error, Instant::now().into())
                    {
                        self.pause = Some(Box::pin(sleep(time)));
                    }
                    return Poll::Ready(None);
                }
                Poll::Pending => {}
            }
        }
        Poll::Pending
    }
}
