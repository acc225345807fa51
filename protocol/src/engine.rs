//! The connections, and what can be done to them: the half of the server that every dialect acts
//! on.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use slotmap::SlotMap;

use crate::batch::Batch;
use crate::connection::{Connection, Inbox, Slot, Stage};
use crate::dialect::Profile;
use crate::timers::Timers;
use crate::{Action, CloseReason, Config, ConnId, Event, Framing, Instant, Limits, Peer};

/// Every connection of a server.
///
/// What a dialect does here takes effect on the connections and queues actions; it never calls
/// the dialect back. A connection that is closed while its dialect is at work is told to it as
/// left when that work is done.
pub(crate) struct Engine {
    pub(crate) limits: Limits,
    pub(crate) now: Instant,
    pub(crate) timers: Timers,
    pub(crate) batch: Batch,
    /// Connections from which something can be taken, as soon as the batch was flushed.
    pub(crate) runnable: VecDeque<ConnId>,
    /// Connections that the dialect has yet to be told of as left.
    pub(crate) leaving: VecDeque<ConnId>,
    /// Whose message the dialect is dealing with.
    pub(crate) answering: Option<ConnId>,
    profile: &'static Profile,
    framing: Framing,
    connections: SlotMap<Slot, Connection>,
    actions: VecDeque<Action>,
    /// Connections whose adapter may have to be told to pause or resume reading.
    flow: Vec<ConnId>,
    events: VecDeque<Event>,
    /// All backlogs together.
    buffered: usize,
    /// How many connections are from the network.
    sockets: usize,
    sockets_per_ip: BTreeMap<IpAddr, usize>,
    /// Once shutting down: when everything must be closed.
    shut_down_deadline: Option<Instant>,
}

/// What a dialect does.
impl Engine {
    /// Sends a whole frame to one connection. Says whether it is on its way: it is not when the
    /// connection has left, or is closed because of it.
    pub(crate) fn send(&mut self, to: ConnId, frame: &[u8]) -> bool {
        self.batch.count_frame(frame);
        self.queue(to, frame)
    }

    /// Sends a whole frame to many connections.
    pub(crate) fn send_to_all(&mut self, to: &[ConnId], except: Option<ConnId>, frame: &[u8]) {
        self.batch.count_frame(frame);
        for &conn in to {
            if Some(conn) != except {
                self.queue(conn, frame);
            }
        }
    }

    /// Closes a connection, after what is queued for it has been written.
    pub(crate) fn close(&mut self, conn: ConnId, reason: CloseReason) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        if !connection.is_open() {
            return;
        }
        connection.stage = Stage::Leaving(reason);
        match reason {
            CloseReason::SlowConsumer | CloseReason::BuffersFull => {
                connection.outbox.truncate_to_started_frame();
                connection.drain_deadline = Some(self.now + self.limits.grace);
                self.buffered -= core::mem::take(&mut connection.charged);
            }
            CloseReason::Stalled | CloseReason::TransportFailed => {
                connection.outbox.clear();
                self.recharge(conn);
            }
            // Whoever left by themselves may take their time, as long as they take something.
            CloseReason::PeerLeft | CloseReason::Quit => {
                connection.drain_deadline = self.shut_down_deadline;
            }
            _ => {
                let deadline = self.now + self.limits.grace;
                connection.drain_deadline = Some(self.shut_down_deadline.unwrap_or(deadline));
            }
        }
        self.leaving.push_back(conn);
    }

    /// Takes nothing from a connection until [`resume`](Self::resume).
    pub(crate) fn hold(&mut self, conn: ConnId) {
        if let Some(connection) = self.connections.get_mut(conn.0) {
            connection.held = true;
        }
    }

    pub(crate) fn resume(&mut self, conn: ConnId) {
        if let Some(connection) = self.connections.get_mut(conn.0) {
            connection.held = false;
            self.wake(conn);
        }
    }

    /// From now on, `conn` is taken from only while the backlog of `other` is low: nothing is
    /// lost between the two, the faster one waits.
    pub(crate) fn couple(&mut self, conn: ConnId, other: Option<ConnId>) {
        if let Some(connection) = self.connections.get_mut(conn.0) {
            connection.coupled = other;
            self.wake(conn);
        }
    }

    /// A peer registered or logged in: its login timeout ends.
    pub(crate) fn logged_in(&mut self, conn: ConnId, name: &str) {
        if let Some(connection) = self.connections.get_mut(conn.0) {
            connection.login_deadline = None;
            self.report(Event::LoggedIn {
                conn,
                name: String::from(name),
            });
        }
    }

    /// Reports that a line was dropped whose sender is told so, or need not be.
    pub(crate) fn line_dropped(&mut self, conn: ConnId) {
        if let Some(peer) = self.peer(conn) {
            self.report(Event::LineDropped { conn, peer });
        }
    }

    pub(crate) fn peer(&self, conn: ConnId) -> Option<Peer> {
        self.connections
            .get(conn.0)
            .map(|connection| connection.peer)
    }

    /// The longest answer that is certain to find room: a connection is only taken from while
    /// its backlog is at most half the limit.
    pub(crate) fn max_answer(&self) -> usize {
        self.limits.max_backlog - self.low_backlog()
    }

    /// Refuses, flushes and closes everything. The deadline is set once.
    pub(crate) fn shut_down(&mut self) {
        let deadline = *self
            .shut_down_deadline
            .get_or_insert(self.now + self.limits.grace);
        let ids: Vec<ConnId> = self.connections.keys().map(ConnId).collect();
        for id in ids {
            self.close(id, CloseReason::ShuttingDown);
            let Some(connection) = self.connections.get_mut(id.0) else {
                continue;
            };
            if matches!(connection.stage, Stage::Draining(_)) {
                connection.drain_deadline.get_or_insert(deadline);
                self.timers.arm(id, connection, self.now, &self.limits);
            }
        }
    }
}

/// What the server does.
impl Engine {
    pub(crate) fn new(config: Config) -> Self {
        let profile = config.dialect.profile();
        Self {
            batch: Batch::new(&config.limits),
            framing: config.framing.unwrap_or((profile.framing)(&config)),
            limits: config.limits,
            profile,
            now: Instant::EPOCH,
            timers: Timers::default(),
            runnable: VecDeque::new(),
            leaving: VecDeque::new(),
            answering: None,
            connections: SlotMap::with_key(),
            actions: VecDeque::new(),
            flow: Vec::new(),
            events: VecDeque::new(),
            buffered: 0,
            sockets: 0,
            sockets_per_ip: BTreeMap::new(),
            shut_down_deadline: None,
        }
    }

    pub(crate) fn get(&self, conn: ConnId) -> Option<&Connection> {
        self.connections.get(conn.0)
    }

    pub(crate) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Connection> {
        self.connections.get_mut(conn.0)
    }

    /// The connection, if it may still send and receive.
    pub(crate) fn open_mut(&mut self, conn: ConnId) -> Option<&mut Connection> {
        self.connections
            .get_mut(conn.0)
            .filter(|connection| connection.is_open())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    pub(crate) fn is_shutting_down(&self) -> bool {
        self.shut_down_deadline.is_some()
    }

    /// Whether [`Limits::max_connections`] leaves room for one more.
    pub(crate) fn has_room(&self) -> bool {
        self.limits
            .max_connections
            .is_none_or(|limit| self.sockets < limit.get())
    }

    /// Whether one more from this peer's address would be too many.
    pub(crate) fn is_crowded(&self, peer: Peer) -> bool {
        let Some(limit) = self.limits.max_connections_per_ip else {
            return false;
        };
        let Some(ip) = peer.ip() else { return false };
        self.sockets_per_ip
            .get(&ip)
            .is_some_and(|&count| count >= limit.get())
    }

    pub(crate) fn insert(&mut self, peer: Peer) -> ConnId {
        // The console is read by lines, whatever the others are.
        let is_console = peer == Peer::Console;
        let framing = if is_console {
            Framing::Lines
        } else {
            self.framing
        };
        let telnet = self.profile.drops_telnet_commands;
        let mut connection = Connection::new(peer, framing, telnet, self.now);
        if self.profile.has_login() && !is_console {
            connection.login_deadline = self.limits.login_timeout.map(|limit| self.now + limit);
        }
        if let Some(ip) = peer.ip() {
            self.sockets += 1;
            if self.limits.max_connections_per_ip.is_some() {
                *self.sockets_per_ip.entry(ip).or_default() += 1;
            }
        }
        let conn = ConnId(self.connections.insert(connection));
        self.arm(conn);
        self.report(Event::Connected { conn, peer });
        conn
    }

    /// Forgets a connection, whatever its stage.
    pub(crate) fn remove(&mut self, conn: ConnId) {
        let Some(mut connection) = self.connections.remove(conn.0) else {
            return;
        };
        self.timers.disarm(conn, &mut connection);
        self.buffered -= connection.charged;
        if connection.peer.ip().is_some() {
            self.sockets -= 1;
        }
    }

    /// Whether a message may be taken from a connection now, if it has one.
    pub(crate) fn may_take(&self, conn: ConnId) -> bool {
        !self.batch.is_full() && self.is_unblocked(conn)
    }

    /// The largest chunk that is one message, in bytes: what it brings about must fit into a
    /// batch.
    pub(crate) fn max_chunk(&self) -> usize {
        (self.limits.max_backlog / 4).max(1)
    }

    /// When everything must be closed, once the server shuts down.
    pub(crate) fn shut_down_deadline(&self) -> Option<Instant> {
        self.shut_down_deadline
    }

    /// Whether nothing but the batch keeps a connection from being taken from.
    pub(crate) fn is_unblocked(&self, conn: ConnId) -> bool {
        let Some(connection) = self.connections.get(conn.0) else {
            return false;
        };
        connection.is_open()
            && !connection.held
            && (self.has_low_backlog(conn) || self.is_operator(connection))
            && connection
                .coupled
                .is_none_or(|other| self.has_low_backlog(other))
            && connection.rate_allows(self.now, &self.limits)
            && connection.catch_up_until <= self.now
    }

    /// Lets a connection be taken from as soon as the batch was flushed, if it has something and
    /// nothing else is in the way.
    pub(crate) fn wake(&mut self, conn: ConnId) {
        let unblocked = self.is_unblocked(conn);
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        if unblocked && connection.inbox.has_waiting() && !connection.runnable {
            connection.runnable = true;
            self.runnable.push_back(conn);
        }
    }

    /// Has [`poll_action`](Self::poll_action) compare what the adapter was told about reading
    /// from a connection with what it should be told.
    pub(crate) fn check_flow(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        let pause = !connection.inbox.waiting.is_empty();
        if connection.told_to_pause != pause && !connection.flow_queued {
            connection.flow_queued = true;
            self.flow.push(conn);
        }
    }

    /// Takes one message off a connection's rate allowance.
    pub(crate) fn use_rate_allowance(&mut self, conn: ConnId) {
        if let Some(connection) = self.connections.get_mut(conn.0) {
            connection.use_rate_allowance(self.now, &self.limits);
        }
    }

    /// Has a connection wait a moment if its message filled the batch and recipients are behind.
    pub(crate) fn let_recipients_catch_up(&mut self, conn: ConnId) {
        let pause = self.batch.pause();
        if pause.is_zero() {
            return;
        }
        if let Some(connection) = self.connections.get_mut(conn.0) {
            connection.catch_up_until = self.now + pause;
        }
    }

    /// Deals with what is due for a connection whose timer expired.
    pub(crate) fn expire(&mut self, conn: ConnId) {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        connection.timer = None;
        let is_due = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        let is_stalled = is_due(connection.stall_deadline(&self.limits));
        if !connection.is_open() {
            if is_stalled || is_due(connection.drain_deadline) {
                self.discard(conn);
            }
        } else if is_stalled {
            self.close(conn, CloseReason::Stalled);
        } else if is_due(connection.login_deadline) {
            self.close(conn, CloseReason::LoginTimeout);
        } else if is_due(connection.idle_deadline(now, &self.limits)) {
            self.close(conn, CloseReason::IdleTimeout);
        } else {
            self.wake(conn);
        }
    }

    /// Sets the timer of a connection, if it is not set for early enough.
    pub(crate) fn arm(&mut self, conn: ConnId) {
        if let Some(connection) = self.connections.get_mut(conn.0) {
            self.timers.arm(conn, connection, self.now, &self.limits);
        }
    }

    /// A connection whose dialect knows that it left: flush it, then close it.
    pub(crate) fn drain(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        let Stage::Leaving(reason) = connection.stage else {
            return;
        };
        connection.stage = Stage::Draining(reason);
        connection.inbox = Inbox::new(Framing::Chunks, false);
        let peer = connection.peer;
        self.report(Event::Left { conn, peer, reason });
        self.forget_address(peer);
        self.arm(conn);
        self.close_if_drained(conn);
    }

    /// Drops what is queued for a connection that has left, and closes it.
    pub(crate) fn discard(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        connection.outbox.clear();
        self.recharge(conn);
        self.close_if_drained(conn);
    }

    /// The last step of a connection that has left.
    pub(crate) fn close_if_drained(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        let Stage::Draining(reason) = connection.stage else {
            return;
        };
        if connection.outbox.is_empty() {
            connection.stage = Stage::Closed;
            self.timers.disarm(conn, connection);
            self.actions.push_back(Action::Close(conn, reason));
        }
    }

    /// `written` bytes of a connection's output are with its transport.
    pub(crate) fn advance(&mut self, conn: ConnId, written: usize) {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        if written == 0 {
            return;
        }
        connection.last_progress = now;
        connection.outbox.advance(written);
        let coupled = connection.coupled;
        self.recharge(conn);
        self.wake(conn);
        if let Some(other) = coupled {
            self.wake(other);
        }
        self.close_if_drained(conn);
    }

    pub(crate) fn report(&mut self, event: Event) {
        if self.events.len() == MAX_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub(crate) fn poll_action(&mut self) -> Option<Action> {
        while let Some(action) = self.actions.pop_front() {
            let Action::Transmit(conn) = action else {
                return Some(action);
            };
            let Some(connection) = self.connections.get_mut(conn.0) else {
                continue;
            };
            connection.transmit_queued = false;
            if !connection.outbox.waiting().is_empty() {
                return Some(action);
            }
        }
        while let Some(conn) = self.flow.pop() {
            let Some(connection) = self.connections.get_mut(conn.0) else {
                continue;
            };
            connection.flow_queued = false;
            let pause = !connection.inbox.waiting.is_empty();
            if connection.is_open() && connection.told_to_pause != pause {
                connection.told_to_pause = pause;
                let told = if pause {
                    Action::PauseReading
                } else {
                    Action::ResumeReading
                };
                return Some(told(conn));
            }
        }
        None
    }

    fn queue(&mut self, to: ConnId, frame: &[u8]) -> bool {
        self.batch.count_delivery(frame);
        let low_backlog = self.low_backlog();
        let Some(connection) = self.connections.get_mut(to.0) else {
            return false;
        };
        if !connection.is_open() {
            return false;
        }
        let backlog = connection.outbox.backlog();
        // Whoever has nothing waiting reads, and whoever is being answered was taken from with a
        // low backlog: neither is closed for one frame, however small the limit.
        let may_exceed = backlog == 0 || self.answering == Some(to);
        if !may_exceed && backlog + frame.len() > self.limits.max_backlog {
            self.close(to, CloseReason::SlowConsumer);
            return false;
        }
        let was_empty = connection.outbox.is_empty();
        connection.outbox.push(frame);
        if backlog > low_backlog {
            self.batch.note_somebody_behind();
        }
        if was_empty {
            connection.last_progress = self.now;
            if let Some(deadline) = connection.stall_deadline(&self.limits) {
                self.timers.arm_at(to, connection, deadline);
            }
        }
        connection.charged += frame.len();
        if !connection.transmit_queued {
            connection.transmit_queued = true;
            self.actions.push_back(Action::Transmit(to));
        }
        self.buffered += frame.len();
        if self.buffered > self.limits.max_buffered {
            self.close_largest();
        }
        self.is_open(to)
    }

    /// All backlogs together are too much: the largest goes.
    fn close_largest(&mut self) {
        while self.buffered > self.limits.max_buffered {
            let largest = self
                .connections
                .iter()
                .max_by_key(|(_, connection)| connection.charged);
            let Some((slot, connection)) = largest else {
                return;
            };
            let conn = ConnId(slot);
            if connection.is_open() {
                self.close(conn, CloseReason::BuffersFull);
            } else {
                self.discard(conn);
            }
        }
    }

    fn is_open(&self, conn: ConnId) -> bool {
        self.connections
            .get(conn.0)
            .is_some_and(Connection::is_open)
    }

    /// Whether this is who types at the server's keyboard in a dialect that needs somebody there:
    /// always heard, since nothing that is typed adds to the typist's own backlog.
    fn is_operator(&self, connection: &Connection) -> bool {
        self.profile.needs_console && connection.peer == Peer::Console
    }

    fn has_low_backlog(&self, conn: ConnId) -> bool {
        let backlog = self
            .connections
            .get(conn.0)
            .map_or(0, |conn| conn.outbox.backlog());
        backlog <= self.low_backlog()
    }

    fn low_backlog(&self) -> usize {
        self.limits.max_backlog / 2
    }

    /// Brings the account of all backlogs up to date with one of them.
    fn recharge(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        let backlog = connection.outbox.backlog().min(connection.charged);
        self.buffered -= connection.charged - backlog;
        connection.charged = backlog;
    }

    fn forget_address(&mut self, peer: Peer) {
        let Some(ip) = peer.ip() else { return };
        let Some(count) = self.sockets_per_ip.get_mut(&ip) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            self.sockets_per_ip.remove(&ip);
        }
    }
}

/// Events that nobody polls are dropped, the oldest first.
const MAX_EVENTS: usize = 1 << 16;
