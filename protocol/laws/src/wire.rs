//! The other side of a [`Server`]: transports without sockets, in virtual time.
//!
//! It uses nothing but the server's public interface, and checks after every step what must hold
//! at all times, whatever a test is about.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::tunnel::{Tunnel, TunnelPeer};
use linechat_protocol::{
    Action, CloseReason, ConnId, Dialect, Event, Instant, ListenerId, Peer, Server,
};

/// A server and its transports.
pub struct Wire {
    pub server: Server,
    pub listeners: Vec<Doorway>,
    pub now: Instant,
    pub transports: Vec<Transport>,
    pub has_console: bool,
    /// All that the server ever asked for.
    pub actions: Vec<Action>,
    places: BTreeMap<ConnId, usize>,
    max_backlog: usize,
    /// Three times a line, since upper case can be that long, and a stamp before it.
    longest_answer: usize,
    max_buffered: usize,
    /// All that was ever sent to the server, in bytes.
    sent: usize,
}

/// A listener.
#[derive(Clone, Debug)]
pub struct Doorway {
    pub id: ListenerId,
    pub dialect: Dialect,
    layer: Option<Arc<dyn Tunnel>>,
}

/// One connection, as its adapter sees it.
#[derive(Debug)]
pub struct Transport {
    pub id: ConnId,
    /// What it speaks.
    pub dialect: Dialect,
    pub is_console: bool,
    /// The peer's side of the layer, if there is one.
    pub layer: Option<Box<dyn TunnelPeer>>,
    /// That layer carries nothing any more once it is broken.
    pub breaks_for_good: bool,
    /// All that was ever written to the peer, without what its layer adds.
    pub received: Vec<u8>,
    /// What the server handed out and the peer has not taken yet.
    handed_out: Vec<u8>,
    /// The peer takes whatever there is as soon as there is something.
    pub is_prompt: bool,
    /// The server said that there is something to write.
    dirty: bool,
    pub paused: bool,
    /// The server said that it sends nothing more.
    pub is_sending_ended: bool,
    /// The server closed it at once.
    is_refused: bool,
    pub logged_in: Option<String>,
    pub left: Option<CloseReason>,
    /// Why its layer refused what it sent.
    pub refused: Option<String>,
    pub closed: Option<CloseReason>,
    pub released: bool,
    pub failed: bool,
    /// Output was dropped that the peer could have taken up in the middle of a frame.
    pub torn: bool,
    /// How many bytes wait for the peer, handed out or not.
    pub backlog: usize,
}

impl Wire {
    pub fn new(config: Config) -> Self {
        let (server, _) = config.server().expect("the configuration is valid");
        let doors = config.dialects().zip(config.layers());
        let listeners = server.listeners().zip(doors);
        Self {
            max_backlog: config.limits.max_backlog,
            longest_answer: LONGEST_ANSWER.max(3 * config.limits.max_line + 100),
            max_buffered: config.limits.max_buffered,
            listeners: listeners
                .map(|(id, (dialect, layer))| Doorway {
                    id,
                    dialect,
                    layer: layer.clone(),
                })
                .collect(),
            server,
            now: Instant::after_epoch(Duration::from_secs(1)),
            transports: Vec::new(),
            has_console: false,
            actions: Vec::new(),
            places: BTreeMap::new(),
            sent: 0,
        }
    }

    /// Connects a peer, and opens its layer. Returns its place in
    /// [`transports`](Self::transports).
    pub fn accept(&mut self, peer: Peer) -> usize {
        self.accept_at(0, peer)
    }

    /// The same at another listener, which a number picks that may be too large.
    pub fn accept_at(&mut self, listener: usize, peer: Peer) -> usize {
        let place = self.accept_silently(listener, peer);
        let layer = self.transports[place].layer.as_mut();
        let opening = layer.map(|peer| peer.opening()).unwrap_or_default();
        if !opening.is_empty() {
            self.send(place, &opening);
            let is_put_off = self.server.transmit(self.id(place)).is_empty();
            if is_put_off && self.transports[place].left.is_none() {
                // Only so many open before a flush, but who comes first is not to depend on that.
                self.settle();
            }
        }
        place
    }

    /// Connects a peer that does not open its layer.
    pub fn accept_silently(&mut self, listener: usize, peer: Peer) -> usize {
        let doorway = self.doorway(listener).clone();
        let id = self.server.accept(self.now, doorway.id, peer);
        self.has_console |= peer == Peer::Console;
        let place = self.transports.len();
        let known = self.places.insert(id, place);
        assert_eq!(known, None, "a name was given twice");
        let layer = doorway.layer.filter(|_| peer != Peer::Console);
        self.transports.push(Transport {
            id,
            dialect: doorway.dialect,
            breaks_for_good: layer.as_ref().is_some_and(|it| it.breaks_for_good()),
            layer: layer.map(|layer| layer.peer()),
            is_console: peer == Peer::Console,
            received: Vec::new(),
            handed_out: Vec::new(),
            is_prompt: true,
            dirty: false,
            paused: false,
            is_sending_ended: false,
            is_refused: false,
            logged_in: None,
            left: None,
            refused: None,
            closed: None,
            released: false,
            failed: false,
            torn: false,
            backlog: 0,
        });
        self.check(None);
        let transport = &mut self.transports[place];
        transport.is_refused = transport.left.is_some();
        place
    }

    fn doorway(&self, number: usize) -> &Doorway {
        &self.listeners[number % self.listeners.len()]
    }

    /// The peer says this, through its layer if there is one.
    pub fn bytes(&mut self, place: usize, bytes: &[u8]) {
        let sealed = self.seal(place, bytes);
        self.send(place, &sealed);
    }

    /// What carries these bytes: they themselves if there is no layer.
    pub fn seal(&mut self, place: usize, bytes: &[u8]) -> Vec<u8> {
        match &mut self.transports[place].layer {
            Some(peer) => peer.seal(bytes),
            None => bytes.to_vec(),
        }
    }

    /// The peer's transport brings this.
    pub fn send(&mut self, place: usize, wire: &[u8]) {
        self.sent += wire.len();
        self.server.receive(self.now, self.id(place), wire);
        self.check(None);
    }

    /// The peer has its layer do something.
    pub fn send_of_layer(
        &mut self,
        place: usize,
        what: impl FnOnce(&mut dyn TunnelPeer) -> Vec<u8>,
    ) {
        let layer = self.transports[place].layer.as_deref_mut();
        let wire = what(layer.expect("there is a layer"));
        self.send(place, &wire);
    }

    /// The peer ends its sending half, and means to.
    pub fn eof(&mut self, place: usize) {
        if self.transports[place].layer.is_some() {
            self.send_of_layer(place, |peer| peer.goodbye());
        }
        self.cut_off(place);
    }

    /// The peer's sending half ends, without a goodbye of its layer.
    pub fn cut_off(&mut self, place: usize) {
        self.server.receive_eof(self.now, self.id(place));
        self.check(None);
    }

    pub fn fail(&mut self, place: usize) {
        let id = self.id(place);
        self.transports[place].handed_out.clear();
        self.transports[place].failed = true;
        self.server.transport_failed(self.now, id);
        self.check(None);
    }

    /// The peer's transport takes up to `limit` bytes.
    pub fn write(&mut self, place: usize, limit: usize) -> usize {
        let id = self.id(place);
        let transport = &mut self.transports[place];
        if transport.closed.is_some() {
            return 0;
        }
        let written = if transport.handed_out.is_empty() {
            let waiting = self.server.transmit(id);
            let bytes = &waiting[..waiting.len().min(limit)];
            transport.take(bytes);
            bytes.len()
        } else {
            let count = transport.handed_out.len().min(limit);
            let bytes: Vec<u8> = transport.handed_out.drain(..count).collect();
            transport.take(&bytes);
            count
        };
        self.server.advance(self.now, id, written);
        self.check(Some((place, written)));
        self.answer_layer(place);
        written
    }

    fn answer_layer(&mut self, place: usize) {
        let layer = self.transports[place].layer.as_mut();
        let answers = layer.map(|peer| peer.take_answers()).unwrap_or_default();
        if !answers.is_empty() {
            self.send(place, &answers);
        }
    }

    /// The adapter takes what is to be written, to write it elsewhere.
    pub fn hand_out(&mut self, place: usize) {
        let id = self.id(place);
        let bytes = self.server.take_transmit(id);
        let transport = &mut self.transports[place];
        transport.handed_out.extend_from_slice(&bytes);
        transport.dirty |= !bytes.is_empty();
        self.check(None);
    }

    pub fn release(&mut self, place: usize) {
        let id = self.id(place);
        self.server.release(self.now, id);
        let transport = &mut self.transports[place];
        transport.released = true;
        transport.failed = true;
        transport.handed_out.clear();
        self.check(None);
        let transport = &mut self.transports[place];
        transport.closed.get_or_insert(CloseReason::TransportFailed);
    }

    /// Every call with the name of a connection that is gone.
    pub fn stale_use(&mut self, place: usize) {
        let (now, id) = (self.now, self.id(place));
        assert!(self.transports[place].released);
        self.server.receive(now, id, b"ghost\n");
        self.server.receive_eof(now, id);
        self.server.advance(now, id, 7);
        assert_eq!(self.server.transmit(id), b"");
        assert_eq!(self.server.take_transmit(id).len(), 0);
        self.server.transport_failed(now, id);
        self.server.release(now, id);
        self.check(None);
    }

    pub fn shut_down(&mut self) {
        self.server.shut_down(self.now);
        self.check(None);
    }

    pub fn handle_timeout(&mut self) {
        self.server.handle_timeout(self.now);
        self.check(None);
    }

    pub fn carry_on(&mut self) {
        self.server.carry_on(self.now);
        self.check(None);
    }

    /// Polls for up to `count` actions. Says whether there may be more.
    pub fn poll(&mut self, count: usize) -> bool {
        for _ in 0..count {
            let Some(action) = self.server.poll() else {
                return false;
            };
            self.act(action);
        }
        true
    }

    /// Does what an adapter does until there is nothing left to do at this time.
    pub fn settle(&mut self) {
        let mut rounds = 0;
        loop {
            let mut is_busy = false;
            while let Some(action) = self.server.poll() {
                self.act(action);
                is_busy = true;
            }
            self.check_nobody_is_forgotten();
            is_busy |= self.write_promptly();
            if self.server.flushed() {
                self.carry_on();
                is_busy = true;
            }
            if self
                .server
                .poll_timeout()
                .is_some_and(|due| due <= self.now)
            {
                self.handle_timeout();
                is_busy = true;
            }
            if !is_busy {
                return;
            }
            rounds += 1;
            let bound = 100 + 4 * (self.transports.len() + self.sent);
            assert!(rounds <= bound, "the server never comes to rest");
        }
    }

    /// Everybody who reads promptly takes what the server named. Says whether there was anybody.
    pub fn write_promptly(&mut self) -> bool {
        let mut is_written = false;
        for place in 0..self.transports.len() {
            let transport = &mut self.transports[place];
            if transport.is_prompt && transport.dirty {
                transport.dirty = false;
                while self.write(place, usize::MAX) > 0 {}
                is_written = true;
            }
        }
        is_written
    }

    pub fn let_console_read(&mut self) {
        for place in 0..self.transports.len() {
            while self.transports[place].is_console && self.write(place, usize::MAX) > 0 {}
        }
    }

    pub fn let_everybody_read(&mut self) {
        for place in 0..self.transports.len() {
            self.transports[place].is_prompt = true;
            while self.write(place, usize::MAX) > 0 {}
        }
    }

    /// Lets the server do what it put off, without polling it.
    pub fn catch_up(&mut self) {
        while self.server.flushed() {
            self.carry_on();
        }
        while self
            .server
            .poll_timeout()
            .is_some_and(|due| due <= self.now)
        {
            self.handle_timeout();
            self.server.flushed();
        }
    }

    /// Time passes, and the adapter wakes up whenever the server asked for it.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        self.settle();
        let mut rounds = 0;
        while let Some(due) = self.server.poll_timeout().filter(|&due| due <= end) {
            assert!(due >= self.now, "what is due was dealt with");
            self.now = due;
            self.handle_timeout();
            self.settle();
            rounds += 1;
            assert!(rounds <= 1_000_000, "the server never sleeps");
        }
        self.now = end;
        self.settle();
    }

    /// Time passes, and the adapter oversleeps.
    pub fn oversleep(&mut self, time: Duration) {
        self.now = self.now + time;
        self.settle();
    }

    pub fn id(&self, place: usize) -> ConnId {
        self.transports[place].id
    }

    fn act(&mut self, action: Action) {
        self.actions.push(action);
        let (Action::Transmit(id)
        | Action::PauseReading(id)
        | Action::ResumeReading(id)
        | Action::EndSending(id)
        | Action::Close(id, _)) = action
        else {
            panic!("a server that is not linked dials");
        };
        let place = self.places[&id];
        let waiting = self.server.transmit(id).len();
        let transport = &mut self.transports[place];
        assert!(!transport.released, "{action:?} for a released connection");
        let sends_on = matches!(action, Action::Transmit(_)) && transport.is_sending_ended;
        assert!(!sends_on, "something to transmit after the end");
        assert_eq!(transport.closed, None, "{action:?} after the close");
        match action {
            Action::Transmit(_) => {
                assert!(waiting > 0, "nothing to transmit");
                transport.backlog = waiting + transport.handed_out.len();
                transport.dirty = true;
            }
            Action::PauseReading(_) => {
                assert!(!transport.paused, "paused twice");
                transport.paused = true;
            }
            Action::ResumeReading(_) => {
                assert!(transport.paused, "resumed without a pause");
                transport.paused = false;
            }
            Action::EndSending(_) => {
                assert!(!transport.is_sending_ended, "ended twice");
                assert_eq!(waiting, 0, "ended with output waiting");
                transport.is_sending_ended = true;
                transport.check_goodbye(None);
            }
            Action::Close(_, reason) => {
                assert_eq!(waiting, 0, "closed with output waiting");
                transport.torn |= !transport.handed_out.is_empty();
                transport.check_goodbye(Some(reason));
                assert_eq!(transport.left, Some(reason), "closed for another reason");
                transport.closed = Some(reason);
                transport.handed_out.clear();
                transport.backlog = 0;
            }
            Action::Dial(_) => {}
        }
    }

    /// What holds after every step, the one that wrote something among them.
    fn check(&mut self, wrote: Option<(usize, usize)>) {
        let before: Vec<_> = self.transports.iter().map(|conn| conn.left).collect();
        self.note_events();
        let mut buffered = 0;
        for (place, transport) in self.transports.iter_mut().enumerate() {
            let backlog = self.server.transmit(transport.id).len() + transport.handed_out.len();
            // Nobody is closed for one frame, or for the answer to what was taken from them.
            let most = self.max_backlog + self.longest_answer;
            assert!(backlog <= most, "a backlog over the limit");
            let written =
                wrote.map_or(0, |(writer, count)| if writer == place { count } else { 0 });
            if backlog + written < transport.backlog {
                let reason = transport
                    .left
                    .expect("output of an open connection was dropped");
                let is_dropped_whole =
                    matches!(reason, CloseReason::SlowConsumer | CloseReason::BuffersFull)
                        && before[place].is_none();
                transport.torn |= !is_dropped_whole;
            }
            transport.backlog = backlog;
            if transport.left.is_none() {
                buffered += backlog;
            }
        }
        assert!(buffered <= self.max_buffered, "all backlogs over the limit");
    }

    fn note_events(&mut self) {
        while let Some(event) = self.server.poll_event() {
            match event {
                Event::LoggedIn { conn, name } => {
                    let transport = &mut self.transports[self.places[&conn]];
                    let before = transport.logged_in.replace(name);
                    assert_eq!(before, None, "logged in twice");
                }
                Event::Left { conn, reason, .. } => {
                    let transport = &mut self.transports[self.places[&conn]];
                    assert_eq!(transport.left, None, "left twice");
                    transport.left = Some(reason);
                }
                Event::Refused { conn, reason, .. } => {
                    let transport = &mut self.transports[self.places[&conn]];
                    assert_eq!(transport.left, None, "refused after it left");
                    let before = transport.refused.replace(reason);
                    assert_eq!(before, None, "refused twice");
                }
                _ => {}
            }
        }
    }

    /// Whoever has output waiting was named to the adapter, once all actions were polled.
    fn check_nobody_is_forgotten(&self) {
        for transport in &self.transports {
            if transport.left.is_none() || transport.closed.is_none() {
                let is_waiting = !self.server.transmit(transport.id).is_empty();
                assert!(
                    !is_waiting || transport.dirty,
                    "output that nobody was told of"
                );
            }
            let waiting = self.server.transmit(transport.id).len() + transport.handed_out.len();
            let is_done = transport.left.is_some() && waiting == 0;
            // What there was too much of for one batch comes after the flush.
            let is_early = transport.closed.is_none() && self.server.has_more();
            assert!(
                transport.closed.is_some() == is_done || is_early,
                "closed when all is written"
            );
        }
    }
}

impl Transport {
    /// The peer receives this.
    fn take(&mut self, wire: &[u8]) {
        match &mut self.layer {
            Some(peer) => peer.receive(wire, &mut self.received),
            None => self.received.extend_from_slice(wire),
        }
    }

    /// A layer says goodbye before its connection is closed, if the peer can hear it.
    fn check_goodbye(&self, closed: Option<CloseReason>) {
        let Some(peer) = &self.layer else { return };
        let is_deaf = matches!(
            closed,
            Some(CloseReason::TransportFailed | CloseReason::Stalled)
        );
        if !self.is_refused && !self.torn && !self.failed && !is_deaf {
            assert!(peer.is_told_goodbye(), "closed without a goodbye");
            assert!(!peer.has_half_a_record(), "closed within a record");
        }
    }
}

/// The help, a list of a few dozen users.
const LONGEST_ANSWER: usize = 4096;
