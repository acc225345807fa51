//! Lets peers in as long as the server takes more.

use std::future::poll_fn;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use linechat_host::{AcceptErrors, Recovery, prepare};
use linechat_protocol::Peer;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::yield_now;
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

    /// Accepts until the server shuts down.
    ///
    /// What was sent before a peer connected is handled before that peer: each accept waits until
    /// the readers of the same turn have read. One spawned task does it all, since a task that
    /// yields goes behind those that the same turn woke.
    pub(crate) async fn run(mut self) {
        while !self.shared.lock().server.is_shutting_down() {
            match poll_fn(|cx| Poll::Ready(self.poll_accept(cx))).await {
                Poll::Ready(Some((stream, address))) => {
                    prepare(&stream);
                    connection::start(&self.shared, stream, Peer::from(address));
                }
                Poll::Ready(None) => {}
                Poll::Pending => wake_up().await,
            }
            yield_now().await;
        }
    }

    /// The next connection on any listener, or `None` after an error.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<(TcpStream, SocketAddr)>> {
        let mut state = self.shared.lock();
        state.acceptor = Some(cx.waker().clone());
        state.is_full = !state.server.accepting();
        if state.is_full {
            return Poll::Pending;
        }
        drop(state);
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

/// Waits until something wakes the current task that was told to before.
async fn wake_up() {
    let mut is_woken = false;
    poll_fn(|_| match mem::replace(&mut is_woken, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}
