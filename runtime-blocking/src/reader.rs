//! The thread of one connection: it reads, and closes.

use std::borrow::Cow;
use std::io;
use std::mem;
use std::sync::Arc;

use linechat_driver::{LINGER_BYTES, linger_until};
use linechat_protocol::ConnId;

use crate::shared::{Shared, State};
use crate::system::{MutexGuard, Stream, now, park, read, read_more};

/// Reads from one peer for as long as it is connected.
pub(crate) struct Reader<'a> {
    shared: &'a Shared,
    conn: ConnId,
    stream: Arc<Stream>,
    /// See [`Shared::lock_for_input`].
    turn: u64,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(shared: &'a Shared, conn: ConnId, stream: Arc<Stream>) -> Self {
        Self {
            shared,
            conn,
            stream,
            turn: 0,
        }
    }

    pub(crate) fn run(mut self) {
        let mut start = [0; START_SIZE];
        let mut state = self.shared.lock();
        loop {
            match self.next(state) {
                Next::Read => {}
                Next::Close => break self.close(&mut start),
                Next::End => break,
            }
            let received = receive(&self.stream, &mut start);
            state = self.shared.lock_for_input(&mut self.turn);
            self.hand_in(&mut state, received);
            state = self.shared.flush(state);
        }
    }

    /// Waits until there is something to do.
    fn next(&self, mut state: MutexGuard<'a, State>) -> Next {
        loop {
            if state.ended {
                return Next::End;
            }
            let Some(socket) = state.socket(self.conn) else {
                return Next::End;
            };
            if socket.is_closing {
                return Next::Close;
            }
            if socket.is_reading() {
                return Next::Read;
            }
            // A peer that vanishes is noticed though nobody reads.
            if mem::take(&mut socket.has_failed) {
                let error = socket.error();
                state.fail(self.conn, &error);
                state = self.shared.flush(state);
            }
            drop(state);
            park();
            state = self.shared.lock();
        }
    }

    /// Tells the server what came.
    fn hand_in(&self, state: &mut State, received: io::Result<Cow<'_, [u8]>>) {
        let now = state.now();
        let is_at_end = match &received {
            Ok(bytes) if bytes.is_empty() => {
                state.server.receive_eof(now, self.conn);
                true
            }
            Ok(bytes) => {
                state.server.receive(now, self.conn, bytes);
                false
            }
            Err(error) => {
                state.fail(self.conn, error);
                true
            }
        };
        if let Some(socket) = state.socket(self.conn) {
            socket.is_at_end = is_at_end;
        }
    }

    /// Reads on until the peer has ended its half, since closing a socket with unread input would
    /// reset the connection. A peer that sends nothing is the event loop's to put an end to.
    fn close(self, start: &mut [u8; START_SIZE]) {
        let deadline = {
            let mut state = self.shared.lock();
            let now = state.now();
            state.clock.to_std(linger_until(&state.server, now))
        };
        let mut left = LINGER_BYTES;
        while left > 0 && now() < deadline {
            match receive(&self.stream, start) {
                Ok(bytes) if !bytes.is_empty() => left = left.saturating_sub(bytes.len()),
                _ => break,
            }
        }
        let socket = self.shared.lock().remove(self.conn);
        drop((socket, self.stream));
        let mut state = self.shared.lock();
        state.release(self.conn);
        drop(self.shared.flush(state));
    }
}

/// What a reader does next.
enum Next {
    Read,
    /// The server has closed the connection.
    Close,
    /// The whole service ends.
    End,
}

/// Waits for bytes, and returns all that are there. There are none at the peer's end.
///
/// Most of the time a reader waits for the next line, and most lines are short: so it waits with
/// `start`, which is on its stack, and has a large buffer only while there is more.
fn receive<'a>(stream: &Stream, start: &'a mut [u8; START_SIZE]) -> io::Result<Cow<'a, [u8]>> {
    let received = read(stream, start)?;
    if received < START_SIZE {
        return Ok(Cow::Borrowed(&start[..received]));
    }
    let mut all = Vec::with_capacity(READ_SIZE);
    all.extend_from_slice(start);
    read_more(stream, &mut all);
    Ok(Cow::Owned(all))
}

/// How much one read can bring, in bytes.
pub(crate) const READ_SIZE: usize = 64 << 10;

/// How much a reader is prepared for while it waits, in bytes.
const START_SIZE: usize = 2 << 10;
