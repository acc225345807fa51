//! One connection: its name, and its state in the engine.

use alloc::boxed::Box;
use core::fmt;

use bytes::BytesMut;
use slotmap::Key;

use crate::close::CloseReason;
use crate::engine::Layered;
use crate::engine::outbox::Outbox;
use crate::instant::Instant;
use crate::limits::Limits;
use crate::listener::{Framing, ListenerId, Terms};
use crate::peer::Peer;
use crate::wire::end::End;
use crate::wire::http::FirstLine;
use crate::wire::lines::LineDecoder;
use crate::wire::pause::LateEnding;
use crate::wire::telnet::TelnetFilter;

slotmap::new_key_type! {
    /// The key of a connection in the engine's table; private, so that the table's crate is not
    /// part of the interface.
    pub(crate) struct Slot;
}

/// The name of one connection of one [`Server`](crate::Server).
///
/// Names are never used twice: one that is kept after
/// [`release`](crate::Server::release) is stale, and every call with it does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub(crate) Slot);

impl ConnId {
    /// A small number that no other connection has at the same time; the next one may have it
    /// after [`release`](crate::Server::release). For tables that are indexed by connection.
    pub fn index(self) -> usize {
        (self.0.data().as_ffi() & u64::from(u32::MAX)) as usize
    }
}

/// [`index`](ConnId::index), and how often it was used before: `7.0`.
impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let generation = (self.0.data().as_ffi() >> 32) / 2;
        write!(f, "{}.{generation}", self.index())
    }
}

/// All that the engine knows of one connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) peer: Peer,
    pub(crate) stage: Stage,
    pub(crate) listener: ListenerId,
    /// The dialect was told that it joined, and must be told that it left.
    pub(crate) joined: bool,
    /// It registered or logged in.
    pub(crate) logged_in: bool,
    /// Its address counts towards
    /// [`Limits::max_connections_per_ip`](crate::Limits::max_connections_per_ip).
    pub(crate) is_counted: bool,
    pub(crate) layered: Option<Box<Layered>>,
    pub(crate) inbox: Inbox,
    pub(crate) outbox: Outbox,
    /// What of the outbox counts towards [`Limits::max_buffered`].
    pub(crate) charged: usize,
    /// A [`Transmit`](crate::Action::Transmit) is queued.
    pub(crate) transmit_queued: bool,
    /// Nothing more is queued for it, and its peer is to know once all is written.
    pub(crate) ends_sending: bool,
    /// How many of its commands are on their way to the log and back.
    pub(crate) untold: usize,
    /// How long their answers may be in all, in bytes.
    pub(crate) unanswered: usize,
    /// One of these commands may change what others mean: it does more than say something.
    pub(crate) untold_acts: bool,
    /// Its peer was told so.
    pub(crate) has_said_end: bool,
    /// The dialect does not want to hear from it for now.
    pub(crate) held: bool,
    /// It is taken from only while this other connection's backlog is low, too, and has ended
    /// only once the other has no backlog.
    pub(crate) coupled: Option<ConnId>,
    /// It is in the queue of those from which something can be taken.
    pub(crate) runnable: bool,
    /// What the adapter was last told about reading from it.
    pub(crate) told_to_pause: bool,
    /// It is in the queue of those whose adapter may have to be told otherwise.
    pub(crate) flow_queued: bool,
    /// The time for which its timer is set.
    pub(crate) timer: Option<Instant>,
    /// What it waits for: while its layer opens, the end of that; then to be logged in; then what
    /// its dialect has set.
    pub(crate) deadline: Option<Instant>,
    pub(crate) drain_deadline: Option<Instant>,
    /// When something was last received or taken from it.
    pub(crate) last_input: Instant,
    /// When the peer last took something, or when the backlog began.
    pub(crate) last_progress: Instant,
    /// When the rate allowance is whole again.
    pub(crate) rate_restored: Instant,
    /// Until when it waits for recipients that are behind.
    pub(crate) catch_up_until: Instant,
}

impl Connection {
    pub(crate) fn new(listener: ListenerId, peer: Peer, inbox: Inbox, now: Instant) -> Self {
        Self {
            peer,
            stage: Stage::Open,
            listener,
            joined: false,
            logged_in: false,
            is_counted: false,
            layered: None,
            inbox,
            outbox: Outbox::default(),
            charged: 0,
            transmit_queued: false,
            ends_sending: false,
            untold: 0,
            unanswered: 0,
            untold_acts: false,
            has_said_end: false,
            held: false,
            coupled: None,
            runnable: false,
            told_to_pause: false,
            flow_queued: false,
            timer: None,
            deadline: None,
            drain_deadline: None,
            last_input: now,
            last_progress: now,
            rate_restored: Instant::EPOCH,
            catch_up_until: Instant::EPOCH,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.stage == Stage::Open
    }

    /// Whether it may still send, to its layer or to its dialect.
    pub(crate) fn is_alive(&self) -> bool {
        matches!(self.stage, Stage::Open | Stage::Opening)
    }

    /// How much output waits for the peer, in bytes.
    pub(crate) fn backlog(&self) -> usize {
        let sealed = self.layered.as_ref().map_or(0, |layered| layered.backlog());
        self.outbox.backlog() + sealed
    }

    /// Whether there is something to write.
    pub(crate) fn has_output(&self) -> bool {
        match &self.layered {
            Some(layered) => !layered.wire().is_empty(),
            None => self.outbox.has_queued(),
        }
    }

    /// Whether its layer has more to say than its peer takes, or was given too much.
    pub(crate) fn is_layer_blocked(&self, low_backlog: usize) -> bool {
        self.layered
            .as_ref()
            .is_some_and(|layered| layered.has_unopened() || layered.backlog() > low_backlog)
    }

    /// Drops what is queued and what is sealed.
    pub(crate) fn drop_output(&mut self) {
        self.outbox.clear();
        if let Some(layered) = &mut self.layered {
            layered.clear();
        }
    }

    /// When it has to be looked at next, if nothing happens before.
    pub(crate) fn next_deadline(
        &self,
        now: Instant,
        limits: &Limits,
        terms: &Terms,
    ) -> Option<Instant> {
        if self.stage == Stage::Closed {
            return None;
        }
        let deadlines = [
            self.drain_deadline,
            self.stall_deadline(limits),
            self.deadline.filter(|_| self.is_alive()),
            self.layered
                .as_ref()
                .and_then(|layered| layered.deadline())
                .filter(|_| self.is_alive()),
            self.idle_deadline(now, terms),
            self.rate_deadline(now, terms),
            self.catch_up_deadline(now),
            self.inbox.pause_deadline.filter(|_| self.is_open()),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// When it will have taken nothing for too long. The console may: whoever stops their
    /// terminal's output means to.
    pub(crate) fn stall_deadline(&self, limits: &Limits) -> Option<Instant> {
        if self.backlog() == 0 || self.peer == Peer::Console {
            return None;
        }
        Some(self.last_progress + limits.stall_timeout?)
    }

    /// When it will have sent nothing for too long. The console may, and so may one that waits
    /// for us. An unfinished line that a pause will end is not lost.
    pub(crate) fn idle_deadline(&self, now: Instant, terms: &Terms) -> Option<Instant> {
        if !self.is_open() || self.peer == Peer::Console {
            return None;
        }
        let is_unopened = self.layered.as_ref().is_some_and(|it| it.has_unopened());
        let active = if self.inbox.is_blocked() || is_unopened || self.untold > 0 {
            now
        } else {
            self.last_input
        };
        let idle = active + terms.idle_timeout?;
        Some(self.inbox.pause_deadline.map_or(idle, |it| it.max(idle)))
    }

    /// When its rate allowance lets the next message through, if one waits for that.
    fn rate_deadline(&self, now: Instant, terms: &Terms) -> Option<Instant> {
        let allowed = self.rate_allowed_at(terms)?;
        (self.is_open() && self.inbox.is_blocked() && allowed > now).then_some(allowed)
    }

    fn catch_up_deadline(&self, now: Instant) -> Option<Instant> {
        let waits = self.is_open() && self.inbox.is_blocked() && self.catch_up_until > now;
        waits.then_some(self.catch_up_until)
    }

    pub(crate) fn rate_allows(&self, now: Instant, terms: &Terms) -> bool {
        self.rate_allowed_at(terms)
            .is_none_or(|allowed| allowed <= now)
    }

    /// Takes one message off the rate allowance.
    pub(crate) fn use_rate_allowance(&mut self, now: Instant, terms: &Terms) {
        if let Some(rate) = terms.rate_limit {
            let cost = core::time::Duration::from_secs(1) / rate.get();
            self.rate_restored = self.rate_restored.max(now) + cost;
        }
    }

    /// The allowance is one second's worth of messages (seen as time: the virtual scheduling
    /// form of the leaky bucket, ITU-T I.371). The console has no limit: it is no stranger's.
    fn rate_allowed_at(&self, terms: &Terms) -> Option<Instant> {
        if self.peer == Peer::Console {
            return None;
        }
        let rate = terms.rate_limit?.get();
        let cost = core::time::Duration::from_secs(1) / rate;
        Some(self.rate_restored.saturating_before(cost * (rate - 1)))
    }
}

/// How far along its end a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Its layer opens; the dialect does not know of it.
    Opening,
    /// It may send and receive.
    Open,
    /// It is about to be told to the dialect as left.
    Leaving(CloseReason),
    /// It has left; what is queued for it is still to be written.
    Draining(CloseReason),
    /// [`Close`](crate::Action::Close) was said. Only [`release`](crate::Server::release) follows.
    Closed,
}

/// What a peer sent that has not been made into messages.
#[derive(Debug)]
pub(crate) struct Inbox {
    pub(crate) framing: Framing,
    pub(crate) telnet: Option<TelnetFilter>,
    /// The unfinished line.
    pub(crate) decoder: LineDecoder,
    /// What nobody has looked at, because the connection is not taken from for now. At most what
    /// is read ahead and what one read brought, if the adapter stops reading when told.
    pub(crate) unparsed: BytesMut,
    /// When the unfinished line is a message as it stands, if nothing comes before.
    pub(crate) pause_deadline: Option<Instant>,
    pub(crate) late_ending: LateEnding,
    pub(crate) first_line: FirstLine,
    pub(crate) end: End,
}

impl Inbox {
    pub(crate) fn new(framing: Framing, telnet: bool) -> Self {
        Self {
            framing,
            telnet: telnet.then(TelnetFilter::default),
            decoder: LineDecoder::default(),
            unparsed: BytesMut::new(),
            pause_deadline: None,
            late_ending: LateEnding::default(),
            first_line: FirstLine::default(),
            end: End::Open,
        }
    }

    /// Whether nothing waits for us but to hear that there is nothing more.
    pub(crate) fn has_only_its_end(&self) -> bool {
        self.has_ended() && self.unparsed.is_empty() && !self.decoder.has_unfinished_line()
    }

    /// Whether what came last is the beginning of a line.
    pub(crate) fn is_within_line(&self) -> bool {
        self.decoder.is_within_line(&self.unparsed)
    }

    /// Whether the input has ended, and its dialect does not know.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.end, End::Received | End::CutOff)
    }

    /// Whether something waits for us, rather than for the peer.
    pub(crate) fn is_blocked(&self) -> bool {
        !self.unparsed.is_empty() || self.has_ended()
    }
}
