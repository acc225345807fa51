//! What a connection sent, while it is made into messages.

use core::mem;

use bytes::{Buf, BytesMut};

use super::Engine;
use crate::engine::connection::ConnId;
use crate::listener::Framing;
use crate::wire::end::End;
use crate::wire::lines::{Decoded, Line, LineDecoder};

/// The input of one connection, taken out of the engine so that its messages can be dealt with:
/// [`Engine::open_intake`]; [`next`](Self::next) until there is no message, and then
/// [`last`](Self::last); [`Engine::close_intake`].
pub(crate) struct Intake<'a> {
    conn: ConnId,
    framing: Framing,
    max_line: usize,
    decoder: LineDecoder,
    /// What could not be taken before, and what came since.
    unparsed: BytesMut,
    /// What has just come, if nothing was unparsed.
    fresh: &'a [u8],
    /// How much of whichever it is has been taken.
    taken: usize,
    /// Before this, it was read from though not all could be taken.
    was_read_on: bool,
    has_ended: bool,
    /// It ended in the middle: what came last is not known to be whole.
    is_cut_off: bool,
}

impl Intake<'_> {
    /// Whether what comes next is a whole line, of which this is true.
    pub(crate) fn next_is(&self, is_so: impl FnOnce(&[u8]) -> bool) -> bool {
        let mut input = rest(&self.unparsed, self.fresh, self.taken);
        let is_whole = self.framing == Framing::Lines
            && !self.decoder.has_unfinished_line()
            && memchr::memchr(b'\n', input).is_some();
        let mut decoder = LineDecoder::default();
        match is_whole.then(|| decoder.decode(&mut input, self.max_line)) {
            Some(Some(Decoded::Line(line))) => is_so(line.content()),
            _ => false,
        }
    }

    /// The next message. `None` if there is none, or none may be taken now;
    /// [`may_take`](Engine::may_take) says what `follows` is.
    pub(crate) fn next(&mut self, engine: &Engine, follows: bool) -> Option<Decoded<'_>> {
        let mut input = rest(&self.unparsed, self.fresh, self.taken);
        let length = input.len();
        // What is dropped anyway need not wait.
        self.decoder.skip(&mut input);
        if input.is_empty() || !engine.may_take(self.conn, follows) {
            self.taken += length - input.len();
            return None;
        }
        let decoded = match self.framing {
            Framing::Lines | Framing::Auto => self.decoder.decode(&mut input, self.max_line),
            Framing::Chunks => {
                let (chunk, rest) = input.split_at(input.len().min(engine.max_chunk()));
                input = rest;
                Some(Decoded::Line(Line::chunk(chunk)))
            }
        };
        self.taken += length - input.len();
        decoded
    }

    /// The last message, once no further byte will come and all others were taken: a line without
    /// an ending.
    pub(crate) fn last(&mut self, engine: &Engine) -> Option<Decoded<'_>> {
        if self.is_cut_off && self.is_at_end() {
            self.decoder = LineDecoder::default();
        }
        let is_last = self.is_at_end() && engine.may_take(self.conn, false);
        is_last.then(|| self.decoder.decode_end()).flatten()
    }

    /// Whether every message was taken, and there will be none.
    pub(crate) fn is_finished(&mut self) -> bool {
        self.is_at_end() && !self.decoder.has_unfinished_line()
    }

    fn is_at_end(&mut self) -> bool {
        if !self.has_ended {
            return false;
        }
        let rest = rest(&self.unparsed, self.fresh, self.taken);
        let is_no_line = self.decoder.is_half_an_ending(rest)
            || self.is_cut_off
                && memchr::memchr(b'\n', rest).is_none()
                && !self.decoder.is_too_long_with(rest, self.max_line);
        if self.framing != Framing::Chunks && is_no_line {
            // No line, so that nothing need be waited for.
            self.taken += rest.len();
            return true;
        }
        rest.is_empty()
    }
}

/// What has not been taken.
fn rest<'i>(unparsed: &'i BytesMut, fresh: &'i [u8], taken: usize) -> &'i [u8] {
    if unparsed.is_empty() {
        &fresh[taken..]
    } else {
        &unparsed[taken..]
    }
}

impl Engine {
    /// Takes out what a connection sent, `fresh` being the latest of it. `None` for one that may
    /// send nothing.
    pub(crate) fn open_intake<'a>(&mut self, conn: ConnId, fresh: &'a [u8]) -> Option<Intake<'a>> {
        let max_line = self.terms(conn).max_line;
        let unparsed = self.get(conn)?.inbox.unparsed.len();
        let was_read_on = self.is_read_on(conn, unparsed);
        let inbox = &mut self.open_mut(conn)?.inbox;
        let mut unparsed = mem::take(&mut inbox.unparsed);
        if !unparsed.is_empty() {
            unparsed.extend_from_slice(fresh);
        }
        Some(Intake {
            conn,
            framing: inbox.framing,
            max_line,
            decoder: mem::take(&mut inbox.decoder),
            was_read_on,
            has_ended: inbox.has_ended(),
            is_cut_off: inbox.end == End::CutOff,
            unparsed,
            fresh,
            taken: 0,
        })
    }

    /// Keeps what was not taken, for later.
    pub(crate) fn close_intake(&mut self, mut intake: Intake<'_>) {
        let conn = intake.conn;
        intake.keep_unfinished();
        let now = self.now;
        let Some(connection) = self.open_mut(conn) else {
            return;
        };
        connection.last_input = now;
        let inbox = &mut connection.inbox;
        inbox.decoder = intake.decoder;
        inbox.unparsed = intake.unparsed;
        let is_blocked = inbox.is_blocked();
        self.check_flow(conn);
        self.wake(conn);
        if is_blocked || self.terms(conn).rate_limit.is_some() {
            self.arm(conn);
        }
        let is_news = !intake.fresh.is_empty() || !intake.was_read_on || intake.has_ended;
        if intake.framing == Framing::Auto && is_news {
            self.await_pause(conn);
        }
    }
}

impl Intake<'_> {
    /// Brings what was not taken into the form in which it is kept.
    fn keep_unfinished(&mut self) {
        if self.framing == Framing::Auto {
            // Whoever may not be taken from is read from until their line has ended: only then
            // can a pause be told from our not reading.
            let mut rest = rest(&self.unparsed, self.fresh, self.taken);
            let length = rest.len();
            self.decoder.decode_unfinished(&mut rest, self.max_line);
            let rest = rest.len();
            self.taken += length - rest;
        }
        if self.unparsed.is_empty() {
            self.unparsed.extend_from_slice(&self.fresh[self.taken..]);
        } else {
            self.unparsed.advance(self.taken);
        }
        self.decoder.shrink();
        if self.unparsed.is_empty() {
            self.unparsed = BytesMut::new();
        }
    }
}
