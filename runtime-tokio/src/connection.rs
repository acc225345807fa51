//! The task of one connection: it reads, waits for a socket that takes no more, and closes.

use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use linechat_host::{LINGER, LINGER_BYTES};
use linechat_protocol::{ConnId, Peer};
use socket2::SockRef;
use tokio::io::{AsyncRead, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::time::timeout;

use crate::shared::{Shared, State};

/// Starts to serve a peer that connected.
pub(crate) fn start(shared: &Arc<Shared>, stream: TcpStream, peer: Peer) {
    let (reader, writer) = stream.into_split();
    let conn = shared.lock().insert(peer, writer);
    let reader = Reader {
        conn,
        half: reader,
        ended: false,
    };
    tokio::spawn(
        Connection {
            shared: Arc::clone(shared),
            reader,
        }
        .run(),
    );
}

struct Connection {
    shared: Arc<Shared>,
    reader: Reader,
}

impl Connection {
    async fn run(mut self) {
        loop {
            match poll_fn(|cx| self.poll(cx)).await {
                // Boxed, since it is rare: a task is as large as the largest thing it waits for.
                Next::Wait => Box::pin(self.wait()).await,
                Next::Close => break,
                Next::End => return,
            }
        }
        if !self.reader.ended {
            let _ = timeout(self.patience(), Box::pin(self.linger())).await;
        }
        let Self { shared, reader } = self;
        let conn = reader.conn;
        drop(reader);
        shared.lock().release(conn);
    }

    /// Reads and writes until there is something else to do.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        let Self { shared, reader } = self;
        let mut state = shared.lock();
        loop {
            if let Some(next) = reader.poll_control(&mut state, cx) {
                return Poll::Ready(next);
            }
            if !reader.is_wanted(&mut state) {
                return Poll::Ready(Next::Wait);
            }
            ready!(reader.poll_receive(&mut state, cx));
        }
    }

    /// Waits while the connection is not read from: for the server to change its mind, for the
    /// socket to take more, for the peer to vanish.
    async fn wait(&mut self) {
        let Self { shared, reader } = self;
        let mut failure = pin!(reader.half.ready(Interest::ERROR));
        let has_failed = poll_fn(|cx| {
            let mut state = shared.lock();
            if reader.poll_control(&mut state, cx).is_some() || reader.is_wanted(&mut state) {
                return Poll::Ready(false);
            }
            failure.as_mut().poll(cx).map(|_| true)
        });
        if !has_failed.await {
            return;
        }
        let error = match reader.half.as_ref().take_error() {
            Ok(Some(error)) | Err(error) => error,
            Ok(None) => io::ErrorKind::ConnectionReset.into(),
        };
        shared.lock().fail(reader.conn, &error);
        poll_fn(|cx| {
            let next = reader.poll_control(&mut shared.lock(), cx);
            next.map_or(Poll::Pending, |_| Poll::Ready(()))
        })
        .await;
        reader.ended = true;
    }

    /// How long to wait for the peer to end its half. One that does not take what it was sent
    /// will not do that either.
    fn patience(&self) -> Duration {
        let is_stuck = self
            .shared
            .lock()
            .socket(self.reader.conn)
            .is_some_and(|it| it.blocked);
        if is_stuck { Duration::ZERO } else { LINGER }
    }

    /// Ends the sending half, and reads on: closing a socket with unread input would reset the
    /// connection.
    async fn linger(&mut self) {
        let Self { shared, reader } = self;
        let _ = SockRef::from(reader.half.as_ref()).shutdown(Shutdown::Write);
        let mut left = LINGER_BYTES;
        poll_fn(|cx| {
            let mut state = shared.lock();
            while left > 0 && !state.ended {
                let mut buffer = ReadBuf::new(&mut state.scratch);
                let read = ready!(Pin::new(&mut reader.half).poll_read(cx, &mut buffer));
                if read.is_err() || buffer.filled().is_empty() {
                    break;
                }
                left = left.saturating_sub(buffer.filled().len());
            }
            Poll::Ready(())
        })
        .await;
    }
}

/// The reading half of a socket.
struct Reader {
    conn: ConnId,
    half: OwnedReadHalf,
    /// Nothing more can be read.
    ended: bool,
}

impl Reader {
    /// Whether the server takes more, and there may be more.
    fn is_wanted(&self, state: &mut State) -> bool {
        !self.ended && state.socket(self.conn).is_some_and(|socket| socket.reading)
    }

    /// Looks at what the others want of this task, and writes if the socket takes more again.
    fn poll_control(&self, state: &mut State, cx: &mut Context<'_>) -> Option<Next> {
        if state.ended {
            return Some(Next::End);
        }
        loop {
            let Some(socket) = state.socket(self.conn) else {
                return Some(Next::End);
            };
            if socket.closing {
                return Some(Next::Close);
            }
            socket.register(cx);
            if !socket.blocked || socket.writer.as_ref().poll_write_ready(cx).is_pending() {
                return None;
            }
            socket.blocked = false;
            state.write(self.conn);
            state.wake_flusher();
        }
    }

    /// Reads once. After all that there is was read, this costs no further system call until
    /// there is more; a peer that sends faster than it is read from takes turns with the others.
    fn poll_receive(&mut self, state: &mut State, cx: &mut Context<'_>) -> Poll<()> {
        let State {
            server,
            clock,
            scratch,
            ..
        } = state;
        let mut buffer = ReadBuf::new(scratch);
        let read = ready!(Pin::new(&mut self.half).poll_read(cx, &mut buffer));
        let is_full = buffer.remaining() == 0;
        match read {
            Ok(()) if buffer.filled().is_empty() => {
                self.ended = true;
                server.receive_eof(clock.now(), self.conn);
            }
            Ok(()) => server.receive(clock.now(), self.conn, buffer.filled()),
            Err(error) => {
                self.ended = true;
                state.fail(self.conn, &error);
            }
        }
        state.wake_flusher();
        if is_full {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
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
