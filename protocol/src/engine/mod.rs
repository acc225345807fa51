//! The connections, and what can be done to them: the half of the server that every dialect acts
//! on.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use slotmap::SlotMap;

use crate::action::Action;
use crate::close::CloseReason;
use crate::engine::batch::Batch;
use crate::engine::connection::{ConnId, Connection, Inbox, Slot, Stage};
use crate::engine::frames::Frames;
use crate::engine::timers::Timers;
use crate::event::Event;
use crate::instant::Instant;
use crate::limits::Limits;
use crate::listener::{Framing, ListenerId};
use crate::peer::Peer;
use crate::wire::http::FirstLine;

use self::counting::Counters;
pub(crate) use self::layered::{Layered, Opened};
pub(crate) use self::listening::{Listening, Speech};

mod batch;
mod closing;
pub(crate) mod connection;
mod counting;
mod flow;
mod frames;
pub(crate) mod intake;
mod layered;
mod listening;
mod outbox;
mod sending;
mod timers;

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
    /// What was sent since the last flush.
    frames: Frames,
    /// Connections from which something can be taken, as soon as the batch was flushed.
    pub(crate) runnable: VecDeque<ConnId>,
    /// Connections that the dialect has yet to be told of as left.
    pub(crate) leaving: VecDeque<ConnId>,
    /// Once shutting down: connections that have yet to be closed.
    dismissed: Vec<ConnId>,
    /// Whose message the dialect is dealing with.
    pub(crate) answering: Option<ConnId>,
    /// What is sent to whom is answered, for those for whom that is collected.
    collected: BTreeMap<ConnId, Vec<u8>>,
    listeners: Vec<Listening>,
    /// Boxed: the table keeps the size of the greatest crowd that there was.
    connections: SlotMap<Slot, Box<Connection>>,
    actions: VecDeque<Action>,
    /// Connections whose adapter may have to be told to pause or resume reading.
    flow: Vec<ConnId>,
    events: VecDeque<Event>,
    /// All backlogs together.
    buffered: usize,
    /// How many connections are from the network.
    sockets: usize,
    /// How many connections have a layer that is not open yet.
    openings: usize,
    /// How many connections a layer answers alone.
    asides: usize,
    sockets_per_ip: BTreeMap<IpAddr, usize>,
    /// While draining: when everybody is closed who has not left until then.
    draining_until: Option<Instant>,
    /// Once shutting down: when everything must be closed.
    shut_down_deadline: Option<Instant>,
    pub(crate) counters: Counters,
}

impl Engine {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            batch: Batch::new(&limits),
            frames: Frames::default(),
            limits,
            now: Instant::EPOCH,
            timers: Timers::default(),
            runnable: VecDeque::new(),
            leaving: VecDeque::new(),
            dismissed: Vec::new(),
            answering: None,
            collected: BTreeMap::new(),
            listeners: Vec::new(),
            connections: SlotMap::with_key(),
            actions: VecDeque::new(),
            flow: Vec::new(),
            events: VecDeque::new(),
            buffered: 0,
            sockets: 0,
            openings: 0,
            asides: 0,
            sockets_per_ip: BTreeMap::new(),
            draining_until: None,
            shut_down_deadline: None,
            counters: Counters::default(),
        }
    }

    pub(crate) fn get(&self, conn: ConnId) -> Option<&Connection> {
        self.connections.get(conn.0).map(Box::as_ref)
    }

    pub(crate) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Connection> {
        self.connections.get_mut(conn.0).map(Box::as_mut)
    }

    /// The connection, if it may still send and receive.
    pub(crate) fn open_mut(&mut self, conn: ConnId) -> Option<&mut Connection> {
        self.get_mut(conn).filter(|connection| connection.is_open())
    }

    /// The connection, if it or its layer may still send and receive.
    pub(crate) fn alive_mut(&mut self, conn: ConnId) -> Option<&mut Connection> {
        self.get_mut(conn)
            .filter(|connection| connection.is_alive())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// All connections of peers.
    pub(crate) fn peers(&self) -> Vec<ConnId> {
        let connections = self.connections.iter();
        let peers = connections.filter(|(_, connection)| !connection.peer.is_link());
        peers.map(|(slot, _)| ConnId(slot)).collect()
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

    pub(crate) fn insert(&mut self, listener: ListenerId, peer: Peer) -> ConnId {
        let listening = &self.listeners[listener.index()];
        // The console is read by lines, whatever the others are.
        let is_console = peer == Peer::Console;
        let framing = if is_console {
            Framing::Lines
        } else {
            listening.framing
        };
        let speech = listening.speech;
        let drops_commands = speech.is_some_and(|speech| speech.profile.drops_telnet_commands);
        let mut inbox = Inbox::new(framing, drops_commands);
        if speech.is_some_and(|speech| speech.profile.refuses_http) && !is_console {
            inbox.first_line = FirstLine::Begins;
        }
        let connection = Connection::new(listener, peer, inbox, self.now);
        match speech {
            None => self.asides += 1,
            Some(speech) => {
                self.language_counters(speech.language).connections += 1;
                self.sockets += usize::from(peer.ip().is_some());
            }
        }
        let conn = ConnId(self.connections.insert(Box::new(connection)));
        if speech.is_some() {
            self.report(Event::Connected {
                conn,
                listener,
                peer,
            });
        }
        conn
    }

    /// A connection takes part from now on: its dialect is to be told. Says whether it is: it is
    /// not when it was closed before.
    pub(crate) fn admit(&mut self, conn: ConnId) -> bool {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return false;
        };
        if !connection.is_alive() {
            return false;
        }
        let listening = &self.listeners[connection.listener.index()];
        if connection.stage == Stage::Opening && !listening.is_aside() {
            self.openings -= 1;
        }
        connection.stage = Stage::Open;
        connection.joined = true;
        connection.deadline = None;
        let has_door = listening.speech.is_some_and(|it| it.profile.door.is_some());
        if has_door && connection.peer != Peer::Console {
            let limit = listening.terms.login_timeout;
            connection.deadline = limit.map(|limit| now + limit);
        }
        self.arm(conn);
        true
    }

    /// Forgets a connection that has left, and of whose output nothing is left.
    pub(crate) fn remove(&mut self, conn: ConnId) {
        let language = self.language(conn);
        let Some(mut connection) = self.connections.remove(conn.0) else {
            return;
        };
        match language {
            None => self.asides -= 1,
            Some(language) => {
                self.language_counters(language).connections -= 1;
                self.sockets -= usize::from(connection.peer.ip().is_some());
            }
        }
        self.timers.disarm(conn, &mut connection);
        debug_assert_eq!(connection.charged, 0);
    }

    pub(crate) fn peer(&self, conn: ConnId) -> Option<Peer> {
        self.connections
            .get(conn.0)
            .map(|connection| connection.peer)
    }

    /// When something was last received from a connection.
    pub(crate) fn last_input(&self, conn: ConnId) -> Option<Instant> {
        self.get(conn).map(|connection| connection.last_input)
    }

    /// Whether the first line of a connection was an HTTP request.
    pub(crate) fn speaks_http(&self, conn: ConnId) -> bool {
        self.get(conn)
            .is_some_and(|connection| connection.inbox.first_line.is_http_request())
    }

    /// A peer registered or logged in: its login timeout ends.
    pub(crate) fn logged_in(&mut self, conn: ConnId, name: String) {
        if let Some(connection) = self.connections.get_mut(conn.0) {
            connection.deadline = None;
            connection.logged_in = true;
            self.report(Event::LoggedIn { conn, name });
        }
    }

    /// Has the dialect [told](crate::rules::Rules::due) when this time has come. Only for who has
    /// logged in.
    pub(crate) fn set_due(&mut self, conn: ConnId, at: Instant) {
        if let Some(connection) = self.open_mut(conn)
            && connection.logged_in
        {
            connection.deadline = Some(at);
            self.arm(conn);
        }
    }

    /// Reports that a line was dropped whose sender is told so, or need not be.
    pub(crate) fn line_dropped(&mut self, conn: ConnId) {
        if let Some(peer) = self.peer(conn) {
            self.report(Event::LineDropped { conn, peer });
        }
    }

    /// Sets the timer of a connection, if it is not set for early enough.
    pub(crate) fn arm(&mut self, conn: ConnId) {
        if let Some(connection) = self.connections.get_mut(conn.0) {
            let terms = &self.listeners[connection.listener.index()].terms;
            self.timers
                .arm(conn, connection, self.now, &self.limits, terms);
        }
    }

    /// Deals with what is due for a connection whose timer expired. Says whether its dialect is to
    /// be told.
    pub(crate) fn expire(&mut self, conn: ConnId) -> bool {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return false;
        };
        connection.timer = None;
        let terms = &self.listeners[connection.listener.index()].terms;
        let is_due = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        let is_stalled = is_due(connection.stall_deadline(&self.limits));
        let is_idle = is_due(connection.idle_deadline(now, terms));
        if !connection.is_alive() {
            if is_stalled || is_due(connection.drain_deadline) {
                self.discard(conn);
            }
            return false;
        }
        if is_stalled {
            self.close(conn, CloseReason::Stalled);
            return false;
        }
        if connection.is_open() && is_due(connection.deadline) {
            if connection.logged_in {
                connection.deadline = None;
                return true;
            }
            self.close(conn, CloseReason::LoginTimeout);
        } else if is_idle {
            self.close(conn, CloseReason::IdleTimeout);
        } else {
            self.expire_layer(conn);
            self.wake(conn);
        }
        false
    }

    pub(crate) fn report(&mut self, event: Event) {
        if self.events.len() >= self.limits.max_events {
            self.events.pop_front();
        }
        if self.limits.max_events > 0 {
            self.events.push_back(event);
        }
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
            if connection.layered.is_some() {
                self.seal(conn);
            }
            if self.get(conn).is_some_and(Connection::has_output) {
                return Some(action);
            }
        }
        while let Some(conn) = self.flow.pop() {
            let pause = self.is_to_pause(conn);
            let Some(connection) = self.connections.get_mut(conn.0) else {
                continue;
            };
            connection.flow_queued = false;
            if connection.is_alive() && connection.told_to_pause != pause {
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

    /// Counts a connection towards the limit of its address.
    pub(crate) fn count_address(&mut self, conn: ConnId) {
        if self.limits.max_connections_per_ip.is_none() {
            return;
        }
        if let Some(connection) = self.connections.get_mut(conn.0)
            && let Some(ip) = connection.peer.ip()
            && !connection.is_counted
        {
            connection.is_counted = true;
            *self.sockets_per_ip.entry(ip).or_default() += 1;
        }
    }

    fn forget_address(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return;
        };
        let Some(ip) = connection.peer.ip() else {
            return;
        };
        if !core::mem::take(&mut connection.is_counted) {
            return;
        }
        let Some(count) = self.sockets_per_ip.get_mut(&ip) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            self.sockets_per_ip.remove(&ip);
        }
    }
}
