//! A server with its adapter and its users.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use linechat_protocol::link::{Address, Name, Options};
use linechat_protocol::{
    Action, ConnId, Dialect, Event, Instant, Limits, LinkEvent, Listener, ListenerId, Peer, Server,
};

use crate::nats::Nats;

pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) server: Server,
    rooms: ListenerId,
    direct: ListenerId,
    irc: ListenerId,
    /// The connection to NATS, as the server knows it, and as NATS does.
    link: Option<(ConnId, usize)>,
    /// What was received on each connection that there ever was.
    pub(crate) received: BTreeMap<ConnId, Vec<u8>>,
    /// The connections that are there.
    pub(crate) open: Vec<ConnId>,
    /// Who reads ten bytes in a microsecond, and until when they have.
    pub(crate) slow: Option<(ConnId, Instant)>,
    pub(crate) events: Vec<LinkEvent>,
    /// Until then, it does nothing.
    pub(crate) paused_until: Instant,
}

impl Node {
    pub(crate) fn new(name: &str, incarnation: u64, change: impl FnOnce(&mut Options)) -> Self {
        Self::with_limits(name, incarnation, Limits::default(), change)
    }

    pub(crate) fn with_limits(
        name: &str,
        incarnation: u64,
        limits: Limits,
        change: impl FnOnce(&mut Options),
    ) -> Self {
        let mut server = Server::new(limits).expect("the limits are well");
        let rooms = server
            .listen(Listener::new(Dialect::ROOMS))
            .expect("nothing else is served");
        let direct = server
            .listen(Listener::new(Dialect::DIRECT))
            .expect("it goes together with rooms");
        let irc = server
            .listen(Listener::new(Dialect::IRC))
            .expect("it goes together with rooms");
        let parse = |name| Name::parse(name).expect("it is a name");
        let addresses = vec![Address::new("nats", 4222)];
        let mut options = Options::new(parse("club"), parse(name), addresses, incarnation);
        options.lease = LEASE;
        change(&mut options);
        server.link(options).expect("nobody has connected");
        Self {
            name: name.into(),
            server,
            rooms,
            direct,
            irc,
            link: None,
            received: BTreeMap::new(),
            open: Vec::new(),
            slow: None,
            events: Vec::new(),
            paused_until: Instant::EPOCH,
        }
    }

    pub(crate) fn connect(&mut self, now: Instant, dialect: Dialect) -> Option<ConnId> {
        let listener = if dialect == Dialect::DIRECT {
            self.direct
        } else if dialect == Dialect::IRC {
            self.irc
        } else {
            self.rooms
        };
        if !self.server.accepting(listener) {
            return None;
        }
        let address: SocketAddr = "192.0.2.1:7".parse().expect("it is an address");
        let conn = self.server.accept(now, listener, Peer::from(address));
        self.open.push(conn);
        Some(conn)
    }

    pub(crate) fn says(&mut self, now: Instant, conn: ConnId, line: &str) {
        let line = format!("{line}\n");
        self.server.receive(now, conn, line.as_bytes());
    }

    pub(crate) fn heard(&self, conn: ConnId) -> String {
        let heard = self.received.get(&conn).cloned().unwrap_or_default();
        String::from_utf8(heard).expect("servers say UTF-8")
    }

    pub(crate) fn is_in(&self) -> bool {
        self.server.stats().link.is_some_and(|link| link.is_in)
    }

    pub(crate) fn applied(&self) -> u64 {
        self.server.stats().link.map_or(0, |link| link.applied)
    }

    /// Whether it may be in the middle of a message of the log, until somebody has read more.
    pub(crate) fn waits_for_who_is_slow(&self) -> bool {
        let link = self.server.stats().link;
        self.slow.is_some() && link.is_some_and(|link| link.lag > 0)
    }

    /// Its connection as NATS knows it.
    pub(crate) fn client(&self) -> Option<usize> {
        self.link.map(|(_, client)| client)
    }

    pub(crate) fn next_event(&self) -> Option<Instant> {
        let reads = self.slow.map(|(_, until)| until + READS_EVERY);
        let due = [self.server.poll_timeout(), reads].into_iter().flatten();
        Some(due.min()?.max(self.paused_until))
    }

    /// Has a turn: reads what NATS has sent, minds the time, and writes.
    pub(crate) fn turn(&mut self, now: Instant, nats: &mut Nats) {
        if now < self.paused_until {
            return;
        }
        if let Some((conn, client)) = self.link {
            if nats.is_connected(client) {
                let arrived = nats.receive(now, client);
                self.server.receive(now, conn, &arrived);
            } else {
                self.link = None;
                self.server.transport_failed(now, conn);
            }
        }
        self.read_slowly(now);
        if self.server.poll_timeout().is_some_and(|due| due <= now) {
            self.server.handle_timeout(now);
        }
        self.flush(now, nats);
        while let Some(event) = self.server.poll_event() {
            if let Event::Link(event) = event {
                self.events.push(event);
            }
        }
    }

    fn read_slowly(&mut self, now: Instant) {
        let Some((conn, until)) = &mut self.slow else {
            return;
        };
        let time = now.saturating_since(*until);
        if time < READS_EVERY {
            return;
        }
        let room = 10 * time.as_micros() as usize;
        let bytes = self.server.transmit(*conn);
        let bytes = bytes[..bytes.len().min(room)].to_vec();
        self.server.advance(now, *conn, bytes.len());
        self.received.entry(*conn).or_default().extend(bytes);
        *until = now;
    }

    fn flush(&mut self, now: Instant, nats: &mut Nats) {
        for _ in 0..MAX_FLUSHES {
            while let Some(action) = self.server.poll() {
                self.act(now, nats, action);
            }
            if !self.server.flushed() {
                return;
            }
            self.server.carry_on(now);
        }
        panic!("{} works without end", self.name);
    }

    fn act(&mut self, now: Instant, nats: &mut Nats, action: Action) {
        match action {
            Action::Transmit(conn) if self.slow.is_some_and(|(slow, _)| slow == conn) => {}
            Action::Transmit(conn) => {
                let bytes = self.server.transmit(conn).to_vec();
                self.server.advance(now, conn, bytes.len());
                match self.link.filter(|(link, _)| *link == conn) {
                    Some((_, client)) => nats.send(now, client, &bytes),
                    None => self.received.entry(conn).or_default().extend(bytes),
                }
            }
            Action::Close(conn, _) => {
                if let Some((_, client)) = self.link.take_if(|(link, _)| *link == conn) {
                    nats.forget(client);
                }
                self.open.retain(|open| *open != conn);
                self.server.release(now, conn);
            }
            Action::Dial(link) => match nats.accept(now) {
                Some(client) => {
                    let address: SocketAddr = "192.0.2.9:4222".parse().expect("it is an address");
                    let conn = self.server.accept_link(now, link, address);
                    self.link = Some((conn, client));
                }
                None => self.server.dial_failed(now, link),
            },
            _ => {}
        }
    }
}

const READS_EVERY: Duration = Duration::from_millis(1);
/// More than there can be to do at one time.
const MAX_FLUSHES: usize = 10_000;

pub(crate) const LEASE: Duration = Duration::from_secs(5);
