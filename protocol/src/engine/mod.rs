//! The connections, and what can be done to them: the half of the server that every dialect acts
//! on.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use slotmap::SlotMap;

use crate::batch::Batch;
use crate::connection::{Connection, Slot};
use crate::dialect::Profile;
use crate::frames::Frames;
use crate::http::FirstLine;
use crate::timers::Timers;
use crate::{Action, CloseReason, Config, ConnId, Event, Framing, Instant, Limits, Peer};

mod closing;
mod flow;
mod sending;

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
    /// Whose message the dialect is dealing with.
    pub(crate) answering: Option<ConnId>,
    profile: &'static Profile,
    framing: Framing,
    pause: Duration,
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
    sockets_per_ip: BTreeMap<IpAddr, usize>,
    /// Once shutting down: when everything must be closed.
    shut_down_deadline: Option<Instant>,
}

impl Engine {
    pub(crate) fn new(config: Config) -> Self {
        let profile = config.dialect.profile();
        Self {
            batch: Batch::new(&config.limits),
            frames: Frames::default(),
            framing: config.framing.unwrap_or((profile.framing)(&config)),
            pause: config.pause,
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
        self.connections.get(conn.0).map(Box::as_ref)
    }

    pub(crate) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Connection> {
        self.connections.get_mut(conn.0).map(Box::as_mut)
    }

    /// The connection, if it may still send and receive.
    pub(crate) fn open_mut(&mut self, conn: ConnId) -> Option<&mut Connection> {
        self.connections
            .get_mut(conn.0)
            .map(Box::as_mut)
            .filter(|connection| connection.is_open())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.connections.is_empty()
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
        if self.profile.refuses_http && !is_console {
            connection.inbox.first_line = FirstLine::Begins;
        }
        if self.profile.has_login() && !is_console {
            connection.login_deadline = self.limits.login_timeout.map(|limit| self.now + limit);
        }
        if let Some(ip) = peer.ip() {
            self.sockets += 1;
            if self.limits.max_connections_per_ip.is_some() {
                *self.sockets_per_ip.entry(ip).or_default() += 1;
            }
        }
        let conn = ConnId(self.connections.insert(Box::new(connection)));
        self.arm(conn);
        self.report(Event::Connected { conn, peer });
        conn
    }

    /// Forgets a connection that has left, and of whose output nothing is left.
    pub(crate) fn remove(&mut self, conn: ConnId) {
        let Some(mut connection) = self.connections.remove(conn.0) else {
            return;
        };
        self.timers.disarm(conn, &mut connection);
        debug_assert_eq!(connection.charged, 0);
        if connection.peer.ip().is_some() {
            self.sockets -= 1;
        }
    }

    pub(crate) fn peer(&self, conn: ConnId) -> Option<Peer> {
        self.connections
            .get(conn.0)
            .map(|connection| connection.peer)
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

    /// Sets the timer of a connection, if it is not set for early enough.
    pub(crate) fn arm(&mut self, conn: ConnId) {
        if let Some(connection) = self.connections.get_mut(conn.0) {
            self.timers.arm(conn, connection, self.now, &self.limits);
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
            if connection.outbox.has_waiting() {
                return Some(action);
            }
        }
        while let Some(conn) = self.flow.pop() {
            let pause = self.is_to_pause(conn);
            let Some(connection) = self.connections.get_mut(conn.0) else {
                continue;
            };
            connection.flow_queued = false;
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
