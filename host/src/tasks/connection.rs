//! The task of one connection: it reads, waits for a socket that takes no more, and closes.

use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use linechat_protocol::{ConnId, Peer};
use socket2::SockRef;

use super::shared::{Shared, State};
use super::{Runtime, Stream, Timer};
use crate::{LINGER_BYTES, linger_until};

/// Starts to serve a peer that connected.
pub(super) fn start<R: Runtime>(
    runtime: &R,
    shared: &Arc<Shared<R>>,
    stream: R::Stream,
    peer: Peer,
) {
    let stream = Arc::new(stream);
    let connection = Connection {
        shared: Arc::clone(shared),
        conn: shared.lock().insert(peer, Arc::clone(&stream)),
        stream,
        ended: false,
    };
    runtime.spawn(connection.run());
}

struct Connection<R: Runtime> {
    shared: Arc<Shared<R>>,
    conn: ConnId,
    stream: Arc<R::Stream>,
    /// Nothing more can be read.
    ended: bool,
}

impl<R: Runtime> Connection<R> {
    async fn run(mut self) {
        loop {
            match poll_fn(|cx| self.poll(cx)).await {
                // Boxed, since it is rare: a task is as large as the largest thing it waits for.
                Next::Wait => Box::pin(self.wait()).await,
                Next::Close => break,
                Next::End => return,
            }
        }
        if !self.ended {
            Box::pin(self.linger()).await;
        }
        drop(self.stream);
        self.shared.lock().release(self.conn);
    }

    /// Reads and writes until there is something else to do.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        let mut state = self.shared.lock();
        loop {
            if let Some(next) = poll_control(self.conn, &mut state, cx) {
                return Poll::Ready(next);
            }
            if self.ended || !state.is_reading(self.conn) {
                return Poll::Ready(Next::Wait);
            }
            self.ended = ready!(self.poll_receive(&mut state, cx));
        }
    }

    /// Reads once, and says whether that was the end. After all that there is was read, this costs
    /// no further system call until there is more; a peer that sends faster than it is read from
    /// takes turns with the others.
    fn poll_receive(&self, state: &mut State<R>, cx: &mut Context<'_>) -> Poll<bool> {
        let State {
            server,
            clock,
            scratch,
            ..
        } = state;
        let read = ready!(self.stream.poll_read(cx, scratch));
        match &read {
            Ok(0) => server.receive_eof(clock.now(), self.conn),
            Ok(length) => server.receive(clock.now(), self.conn, &scratch[..*length]),
            Err(error) => state.fail(self.conn, error),
        }
        state.wake_flusher();
        if read
            .as_ref()
            .is_ok_and(|&length| length == state.scratch.len())
        {
            R::run_again(cx);
            return Poll::Pending;
        }
        Poll::Ready(!read.is_ok_and(|length| length > 0))
    }

    /// Waits while the connection is not read from: for the server to change its mind, for the
    /// socket to take more, for the peer to vanish.
    async fn wait(&mut self) {
        let Self {
            shared,
            conn,
            stream,
            ended,
        } = self;
        let mut failure = pin!(stream.failed());
        let has_failed = poll_fn(|cx| {
            let mut state = shared.lock();
            let is_over = poll_control(*conn, &mut state, cx).is_some();
            if is_over || !*ended && state.is_reading(*conn) {
                return Poll::Ready(false);
            }
            if state.is_blocked(*conn) {
                // Waiting until it can be written to says so, too.
                return Poll::Pending;
            }
            failure.as_mut().poll(cx).map(|()| true)
        });
        if !has_failed.await {
            return;
        }
        let error = match SockRef::from(&**stream).take_error() {
            Ok(Some(error)) | Err(error) => error,
            Ok(None) => io::ErrorKind::ConnectionReset.into(),
        };
        shared.lock().fail(*conn, &error);
        poll_fn(|cx| {
            let next = poll_control(*conn, &mut shared.lock(), cx);
            next.map_or(Poll::Pending, |_| Poll::Ready(()))
        })
        .await;
        *ended = true;
    }

    /// Ends the sending half, and reads on: closing a socket with unread input would reset the
    /// connection. A peer that does not take what it was sent will not end its half either.
    async fn linger(&mut self) {
        if self.shared.lock().is_blocked(self.conn) {
            return;
        }
        let _ = SockRef::from(&*self.stream).shutdown(Shutdown::Write);
        let deadline = {
            let state = self.shared.lock();
            state
                .clock
                .to_std(linger_until(&state.server, state.clock.now()))
        };
        let mut timer = R::Timer::default();
        let mut left = LINGER_BYTES;
        poll_fn(|cx| {
            let mut state = self.shared.lock();
            while left > 0 && !state.ended {
                match self.stream.poll_read(cx, &mut state.scratch) {
                    Poll::Ready(Ok(0) | Err(_)) => break,
                    Poll::Ready(Ok(length)) => left = left.saturating_sub(length),
                    // Most peers have ended their half, and need no timer.
                    Poll::Pending => return timer.poll_until(cx, deadline),
                }
            }
            Poll::Ready(())
        })
        .await;
    }
}

/// Looks at what the others want of a connection's task, and writes if the socket takes more again.
fn poll_control<R: Runtime>(
    conn: ConnId,
    state: &mut State<R>,
    cx: &mut Context<'_>,
) -> Option<Next> {
    if state.ended {
        return Some(Next::End);
    }
    loop {
        let Some(socket) = state.socket(conn) else {
            return Some(Next::End);
        };
        if socket.closing {
            return Some(Next::Close);
        }
        socket.register(cx);
        if !socket.blocked || socket.stream.poll_writable(cx).is_pending() {
            return None;
        }
        socket.blocked = false;
        let now = state.clock.now();
        state.write(now, conn);
        state.wake_flusher();
    }
}

/// What a connection's task does next.
enum Next {
    /// Nothing is to be read for now, or ever.
    Wait,
    /// The server has closed the connection.
    Close,
    /// The whole service ends.
    End,
}
