//! The server's side: what an adapter does with its sockets, and what it may rely on.

use std::time::Duration;

use bytes::Buf;
use linechat_laws::toy::ToyPeer;
use linechat_laws::tunnel::TunnelPeer;
use linechat_protocol::{Action, CloseReason, ConnId, Dialect, Event, ListenerId, Peer};

use crate::cast::Role;
use crate::link::End;
use crate::person::{Person, Socket, Stage};
use crate::simulation::{Happening, Simulation};

impl Simulation {
    /// Does what the server asks for until there is nothing left to do at this time.
    pub(crate) fn serve(&mut self) {
        for _ in 0..MOST_ROUNDS {
            let mut is_idle = true;
            while let Some(action) = self.server.poll() {
                is_idle = false;
                self.act(action);
            }
            self.note_events();
            for place in 0..self.people.len() {
                if let Some(socket) = &mut self.people[place].socket
                    && std::mem::take(&mut socket.is_dirty)
                {
                    self.server_writes(place);
                }
            }
            if self.server.flushed() {
                is_idle = false;
                self.server.carry_on(self.now);
            }
            if self
                .server
                .poll_timeout()
                .is_some_and(|due| due <= self.now)
            {
                is_idle = false;
                self.server.handle_timeout(self.now);
            }
            is_idle &= !self.accept_next();
            if is_idle {
                return self.check_backlogs();
            }
        }
        panic!("the server never comes to rest");
    }

    fn accept_next(&mut self) -> bool {
        let first = self.listen_queue.front().copied();
        let is_welcome = |&place: &usize| {
            self.is_console(place) || self.server.accepting(self.listener_of(place))
        };
        let Some(place) = first.filter(is_welcome) else {
            return false;
        };
        self.listen_queue.pop_front();
        let is_console = self.is_console(place);
        let address = &self.people[place].address;
        let peer = if is_console {
            Peer::Console
        } else {
            Peer::Socket(address.parse().expect("it is an address"))
        };
        let listener = self.listener_of(place);
        let conn = self.server.accept(self.now, listener, peer);
        let known = self.places.insert(conn, place);
        assert_eq!(known, None, "a connection's name was given twice");
        self.people[place].socket = Some(Socket::new(conn, self.now));
        self.joins(place);
        true
    }

    fn listener_of(&self, place: usize) -> ListenerId {
        let dialect = self.people[place].part.dialect;
        let mut listeners = self.listeners.iter();
        let listener = listeners.find(|(served, _)| *served == dialect);
        listener.expect("it is served").1
    }

    pub(crate) fn is_console(&self, place: usize) -> bool {
        self.dialect == Dialect::PAIR && place == 0
    }

    fn act(&mut self, action: Action) {
        let (Action::Transmit(conn)
        | Action::PauseReading(conn)
        | Action::ResumeReading(conn)
        | Action::EndSending(conn)
        | Action::Close(conn, _)) = action
        else {
            panic!("a server that is not linked dials");
        };
        let place = self.places[&conn];
        let socket = self.people[place].socket.as_mut().expect("it is connected");
        assert!(
            !socket.is_released && socket.closed.is_none(),
            "{action:?} after the close"
        );
        match action {
            Action::Transmit(_) => socket.is_dirty = true,
            Action::PauseReading(_) => socket.is_paused = true,
            Action::ResumeReading(_) => {
                socket.is_paused = false;
                self.plan(self.now, place, Happening::MayRead(End::Server));
            }
            Action::EndSending(_) => {
                let pipe = &mut self.people[place].link.to_client;
                let end = pipe.end(self.now, &mut self.dice);
                self.plan(end, place, Happening::MayRead(End::Client));
            }
            Action::Close(_, reason) => self.close(place, reason),
            Action::Dial(_) => {}
        }
        if !matches!(action, Action::Transmit(_)) {
            self.note(place, format_args!("{action:?}"));
        }
    }

    fn close(&mut self, place: usize, reason: CloseReason) {
        let deadline = self.server.shut_down_deadline();
        let is_in_time = deadline.is_none_or(|deadline| self.now <= deadline);
        assert!(is_in_time, "closed after the grace time");
        let Person { link, socket, .. } = &mut self.people[place];
        let socket = socket.as_mut().expect("it is connected");
        socket.closed = Some(reason);
        socket.handed_out.clear();
        let left = socket.left.map_or(self.now, |(at, _)| at);
        let waited = self.now.saturating_since(socket.last_progress);
        socket.may_be_cut = self.now.saturating_since(left) >= self.limits.grace
            || Some(waited) >= self.limits.stall_timeout;
        let end = link.to_client.end(self.now, &mut self.dice);
        self.plan(end, place, Happening::MayRead(End::Client));
        self.plan(self.now, place, Happening::MayRead(End::Server));
        let lingered = match reason {
            CloseReason::TransportFailed => self.now,
            _ => self.now + LINGER,
        };
        self.plan(lingered, place, Happening::HasLingered);
    }

    /// The socket is closed. A client that is still there finds its connection reset.
    pub(crate) fn release(&mut self, place: usize) {
        let person = &mut self.people[place];
        let socket = person.socket.as_mut().expect("it was connected");
        if std::mem::replace(&mut socket.is_released, true) {
            return;
        }
        self.server.release(self.now, socket.conn);
        assert_eq!(self.server.transmit(socket.conn), b"");
        if !person.link.to_server.is_ended() {
            person.stage = Stage::Gone;
        }
        self.note(place, format_args!("is released"));
    }

    pub(crate) fn server_reads(&mut self, place: usize) {
        let Person { link, socket, .. } = &mut self.people[place];
        let Some(socket) = socket.as_mut().filter(|socket| !socket.is_released) else {
            return;
        };
        let is_closed = socket.closed.is_some();
        if socket.is_paused && !is_closed {
            return;
        }
        let bytes = link.to_server.read(self.now, &mut self.dice);
        if !bytes.is_empty() {
            if !is_closed {
                self.server.receive(self.now, socket.conn, &bytes);
            }
            self.has_read(place, End::Server);
        } else if link.to_server.is_at_end(self.now) {
            if is_closed {
                self.release(place);
            } else if !std::mem::replace(&mut socket.is_end_told, true) {
                self.server.receive_eof(self.now, socket.conn);
            }
        }
    }

    pub(crate) fn server_writes(&mut self, place: usize) {
        let Person { link, socket, .. } = &mut self.people[place];
        let Some(socket) = socket.as_mut().filter(|socket| socket.closed.is_none()) else {
            return;
        };
        let pipe = &mut link.to_client;
        let mut times = Vec::new();
        loop {
            if socket.handed_out.is_empty() && self.dice.one_in(2) {
                socket.handed_out = self.server.take_transmit(socket.conn);
            }
            let is_handed_out = !socket.handed_out.is_empty();
            let bytes = if is_handed_out {
                &socket.handed_out[..]
            } else {
                self.server.transmit(socket.conn)
            };
            let (written, arrivals) = pipe.write(self.now, bytes, &mut self.dice);
            if written == 0 {
                break;
            }
            if is_handed_out {
                socket.handed_out.advance(written);
            }
            self.server.advance(self.now, socket.conn, written);
            socket.last_progress = self.now;
            times.extend(arrivals);
        }
        self.plan_all(&times, place, Happening::MayRead(End::Client));
    }

    pub(crate) fn transport_fails(&mut self, place: usize) {
        let socket = self.people[place]
            .socket
            .as_mut()
            .expect("it was connected");
        socket.handed_out.clear();
        if socket.closed.is_some() {
            return self.release(place);
        }
        self.server.transport_failed(self.now, socket.conn);
        self.note(place, format_args!("has a failed transport"));
    }

    pub(crate) fn shut_down(&mut self) {
        self.note(0, format_args!("sees the server shut down"));
        self.is_shut_down = true;
        self.server.shut_down(self.now);
        self.listen_queue.clear();
    }

    fn note_events(&mut self) {
        while let Some(event) = self.server.poll_event() {
            let Event::Left { conn, reason, .. } = event else {
                continue;
            };
            let place = self.places[&conn];
            self.check_reason(place, reason);
            let socket = self.people[place].socket.as_mut().expect("it is connected");
            assert_eq!(socket.left, None, "left twice");
            socket.left = Some((self.now, reason));
            self.note(place, format_args!("has left: {reason:?}"));
            for heir in 0..self.people.len() {
                if self.people[heir].part.role == Role::Heir(place) {
                    self.plan(self.now, heir, Happening::Connects);
                }
            }
        }
    }

    /// Only who stops reading is closed for it, and nobody is closed for what others do.
    fn check_reason(&self, place: usize, reason: CloseReason) {
        let person = &self.people[place];
        let socket = person.socket.as_ref().expect("it is connected");
        let trouble = person.part.trouble.filter(|&(at, _)| at <= self.now);
        let waited = self.now.saturating_since(socket.last_progress);
        let is_right = match reason {
            CloseReason::PeerLeft => person.link.to_server.is_ended(),
            CloseReason::Quit => person.is_leaving && person.part.quits,
            CloseReason::ShuttingDown => self.server.is_shutting_down(),
            CloseReason::OperatorExit => self.dialect == Dialect::PAIR && place != 0,
            CloseReason::NicknameInUse => person.part.role == Role::Rival,
            CloseReason::TransportFailed => person.stage == Stage::Gone,
            // Their links are narrow, too.
            CloseReason::SlowConsumer => person.part.trouble.is_some(),
            CloseReason::Stalled => trouble.is_some() && Some(waited) >= self.limits.stall_timeout,
            _ => false,
        };
        assert!(is_right, "{} was closed: {reason:?}", person.part.name);
    }

    /// Nobody's backlog is over the limit, and nobody may take nothing for too long.
    fn check_backlogs(&mut self) {
        for place in 0..self.people.len() {
            let Person { socket, layer, .. } = &mut self.people[place];
            let Some(socket) = socket else { continue };
            let backlog = self.server.transmit(socket.conn).len() + socket.handed_out.len();
            assert!(
                backlog <= self.limits.max_backlog + LONGEST_FRAME,
                "#{place}: {backlog}"
            );
            if socket.backlog == 0 {
                socket.last_progress = self.now;
            }
            socket.backlog = backlog;
            // Behind what is sealed, more may wait that is not.
            let is_low = match layer {
                Some(_) => backlog == 0,
                None => backlog <= self.limits.max_backlog / 2,
            };
            let is_unread = socket.is_paused && is_low;
            let since = socket
                .unread_since
                .filter(|_| is_unread)
                .unwrap_or(self.now);
            socket.unread_since = is_unread.then_some(since);
            let paused = self.now.saturating_since(since);
            let may_wait = self.dialect == Dialect::PAIR || socket.left.is_some();
            assert!(
                may_wait || paused <= LONGEST_PAUSE,
                "#{place} is not read from for {paused:?} with a backlog of {backlog}"
            );
            let waited = self.now.saturating_since(socket.last_progress);
            let is_stalled = backlog > 0 && Some(waited) >= self.limits.stall_timeout;
            assert!(
                self.is_console(place) || !is_stalled,
                "#{place} takes nothing, and nobody minds"
            );
        }
    }

    /// After everybody has left, the next one finds nobody, no room, and every name free.
    pub(crate) fn check_the_server_is_empty(&mut self) {
        for (place, person) in self.people.iter().enumerate() {
            let is_released = |socket: &Socket| socket.is_released && socket.closed.is_some();
            assert!(
                person.socket.as_ref().is_none_or(is_released),
                "#{place} is still there"
            );
        }
        if !self.server.is_shutting_down() {
            self.check_a_newcomer_is_alone();
            self.server.shut_down(self.now);
        }
        assert!(self.server.is_finished());
        assert_eq!(self.server.poll(), None);
        assert_eq!(self.server.poll_timeout(), None);
    }

    fn check_a_newcomer_is_alone(&mut self) {
        assert_eq!(self.server.poll_timeout(), None, "a timer for nobody");
        let (says, hears): (&[u8], &[u8]) = match self.dialect.name() {
            "rooms" => (
                b"p0\n!users\n!rooms\n!enter den\n!members den\n",
                b"p0\r\n\r\np0\r\n",
            ),
            "direct" => (b"HELLO-FROM p0\nLIST\n", b"HELLO p0\nLIST-OK p0\n"),
            "addressed" => (b"hi\n", b"[192.0.2.1:1] hi\n"),
            "echo" => (b"hi\n", b"hi\n"),
            _ => (b"hi\n", b""),
        };
        let address = "192.0.2.1:1".parse().expect("it is an address");
        let listener = self.listeners[0].1;
        let newcomer = self
            .server
            .accept(self.now, listener, Peer::Socket(address));
        let mut layer = self.people[1].layer.as_ref().map(|_| ToyPeer::default());
        let wire = match &mut layer {
            Some(layer) => [ToyPeer::opening(), layer.seal(says)].concat(),
            None => says.to_vec(),
        };
        self.server.receive(self.now, newcomer, &wire);
        let heard = self.hear_all(newcomer, layer);
        assert_eq!(heard, hears);
        self.server.release(self.now, newcomer);
        while self.server.poll().is_some() {}
        self.server.flushed();
    }
}

impl Simulation {
    /// All that is sent to somebody who takes everything.
    fn hear_all(&mut self, conn: ConnId, mut layer: Option<ToyPeer>) -> Vec<u8> {
        let mut heard = Vec::new();
        loop {
            while self.server.poll().is_some() {}
            let sent = self.server.transmit(conn).to_vec();
            if sent.is_empty() {
                return heard;
            }
            self.server.advance(self.now, conn, sent.len());
            heard.extend(match &mut layer {
                Some(layer) => layer.open(&sent),
                None => sent,
            });
        }
    }
}

/// How long a closed socket is still read from.
const LINGER: Duration = Duration::from_secs(5);
/// What one read brings is a few batches, and each may have to wait for those who are behind.
const LONGEST_PAUSE: Duration = Duration::from_millis(160);
const LONGEST_FRAME: usize = 256;
const MOST_ROUNDS: usize = 10_000;
