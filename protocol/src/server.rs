//! The server: inputs in, actions out.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::time::Duration;

use bytes::BytesMut;

use crate::action::Action;
use crate::close::CloseReason;
use crate::community::Settings;
use crate::community::codec::Coded;
use crate::community::entries::{EntryError, Record};
use crate::community::snapshot::SnapshotError;
use crate::config::ConfigError;
use crate::dialect::{DOORS, Dialect, Options};
use crate::engine::connection::ConnId;
use crate::engine::intake::Intake;
use crate::engine::{Engine, Listening, Opened, Speech};
use crate::event::Event;
use crate::floor::Floor;
use crate::instant::Instant;
use crate::layer::{LayerEnd, LayerFactory};
use crate::limits::Limits;
#[cfg(feature = "link")]
use crate::linked::Linked;
use crate::listener::{Framing, Listener, ListenerId, Terms};
use crate::log::{Log, SharedLog};
use crate::peer::Peer;
use crate::rules::Rules;
use crate::stats::{DialectStats, Stats};
#[cfg(not(feature = "link"))]
use crate::unlinked::Linked;
use crate::wire::end::End;
use crate::wire::lines::Decoded;
use crate::wire::pause::LateEnding;

mod renewal;

/// A chat server without its sockets.
///
/// The [crate's manual](crate) says how to drive it. The methods come in four families:
///
/// * **Preparations**: [`listen`](Self::listen), once for each way in, and
///   [`listen_aside`](Self::listen_aside).
/// * **Inputs**, each with the time: [`accept`](Self::accept), [`receive`](Self::receive),
///   [`receive_eof`](Self::receive_eof), [`transport_failed`](Self::transport_failed),
///   [`advance`](Self::advance), [`handle_timeout`](Self::handle_timeout),
///   [`carry_on`](Self::carry_on), [`set_clock`](Self::set_clock), [`apply`](Self::apply),
///   [`shut_down`](Self::shut_down), and [`release`](Self::release);
///   [`set_limits`](Self::set_limits) and [`renew`](Self::renew) for what can change meanwhile. None of them fails: whatever a peer does is the peer's
///   business, and a name that is stale does nothing. Time that runs backwards is taken as standing
///   still.
/// * **Outputs**: [`poll`](Self::poll), [`transmit`](Self::transmit) or
///   [`take_transmit`](Self::take_transmit), [`flushed`](Self::flushed),
///   [`poll_timeout`](Self::poll_timeout), [`poll_event`](Self::poll_event).
/// * **Questions**: [`accepting`](Self::accepting), [`has_more`](Self::has_more),
///   [`is_finished`](Self::is_finished), [`limits`](Self::limits), [`stats`](Self::stats).
pub struct Server {
    pub(crate) floor: Floor,
    /// What is spoken. [`Listening::language`] is a place here.
    languages: Vec<Language>,
    has_accepted: bool,
    /// What those are shown of it who answer aside.
    looks: Vec<Look>,
    /// Where input goes from which telnet's commands must be dropped.
    scratch: Vec<u8>,
    /// Where input goes that was in a layer.
    plain: Vec<u8>,
    /// The other servers of the community, if there are any.
    pub(crate) linked: Option<Box<Linked>>,
}

/// Has a look at a server.
type Look = Box<dyn FnMut(&Server) + Send>;

/// A dialect that is spoken.
struct Language {
    options: Options,
    rules: Box<dyn Rules>,
}

impl Server {
    /// A server without connections, which nobody can connect to yet.
    ///
    /// # Errors
    ///
    /// A limit is zero that must not be.
    pub fn new(limits: Limits) -> Result<Self, ConfigError> {
        limits.validate()?;
        let settings = settings(&limits, &[]);
        Ok(Self {
            floor: Floor::new(Engine::new(limits), settings),
            languages: Vec::new(),
            has_accepted: false,
            looks: Vec::new(),
            scratch: Vec::new(),
            plain: Vec::new(),
            linked: None,
        })
    }

    /// A server with one listener, which is named by the id that comes with it.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new) and [`listen`](Self::listen).
    pub fn with_listener(
        limits: Limits,
        listener: Listener,
    ) -> Result<(Self, ListenerId), ConfigError> {
        let mut server = Self::new(limits)?;
        let listener = server.listen(listener)?;
        Ok((server, listener))
    }

    /// One more way in. Those who come by listeners of the same dialect meet; so do those who come
    /// by [dialects that combine](Dialect::combines_with).
    ///
    /// # Errors
    ///
    /// The listener does not work, does not go together with those that are there, or somebody has
    /// connected already.
    pub fn listen(&mut self, listener: Listener) -> Result<ListenerId, ConfigError> {
        let dialect = listener.dialect();
        self.check(&listener)?;
        let language = match self.place_of(dialect) {
            Some(place) => place,
            None => {
                let (rules, voice) = listener.options.rules();
                self.floor.add_voice(voice);
                self.floor.engine.counters.add_language();
                self.languages.push(Language {
                    options: listener.options.clone(),
                    rules,
                });
                self.languages.len() - 1
            }
        };
        let id = self.floor.engine.add_listener(Listening {
            speech: Some(Speech {
                profile: dialect.profile(),
                language: u8::try_from(language).map_err(|_| ConfigError::TooManyListeners)?,
            }),
            framing: listener.options.framing(),
            terms: dialect.profile().own_terms(listener.terms),
            layer: listener.layer,
        })?;
        let settings = settings(&self.floor.engine.limits, &self.languages);
        self.floor.found(settings);
        Ok(id)
    }

    /// One more way in, for peers whom a layer answers by itself, with a page, say, and who then
    /// leave. No dialect hears of them; they are in no event, in no number, and in no limit but one
    /// of their own: at most 16 at a time. They are welcome while the server is full, and while it
    /// [drains](Self::is_draining). A connection whose layer opens is closed.
    ///
    /// Before a layer gets what one of them sent, `look` may have a look at the server, so that what
    /// is answered is fresh.
    ///
    /// # Errors
    ///
    /// Somebody has connected already, or there are too many listeners.
    pub fn listen_aside(
        &mut self,
        layer: LayerFactory,
        look: impl FnMut(&Self) + Send + 'static,
    ) -> Result<ListenerId, ConfigError> {
        if self.has_accepted {
            return Err(ConfigError::TooLate);
        }
        self.looks.push(Box::new(look));
        self.floor.engine.add_listener(Listening {
            speech: None,
            framing: Framing::Lines,
            terms: Terms::default(),
            layer: Some(layer),
        })
    }

    /// A peer connected to a listener. The name that it gets here is its name in everything that
    /// follows.
    ///
    /// One that is not welcome is closed by an action, like any other.
    ///
    /// # Panics
    ///
    /// The listener is not one of this server.
    pub fn accept(&mut self, now: Instant, listener: ListenerId, peer: Peer) -> ConnId {
        self.tick(now);
        self.has_accepted = true;
        let refusal = self.refusal(listener, peer);
        let conn = self.floor.engine.insert(listener, peer);
        if let Some(reason) = refusal {
            self.floor.engine.close(conn, reason);
        } else {
            if self.floor.engine.counts_address(listener, peer) {
                self.floor.engine.count_address(conn);
            }
            if !self.floor.engine.begin_opening(conn) {
                self.admit(conn);
            }
        }
        self.settle();
        conn
    }

    /// A peer sent these bytes.
    pub fn receive(&mut self, now: Instant, conn: ConnId, bytes: &[u8]) {
        self.tick(now);
        if bytes.is_empty() {
            return;
        }
        if let Some(language) = self.floor.engine.language(conn) {
            self.floor.engine.count_received(language, bytes.len());
        }
        if self.floor.engine.is_aside(conn) && !self.is_link(conn) {
            self.have_looks();
        }
        if self.floor.engine.has_layer(conn) {
            self.unwrap(conn, bytes);
        } else {
            self.receive_plain(conn, bytes);
        }
        self.mind_link();
    }

    /// A peer ended its sending half. What it sent before is still processed and answered.
    pub fn receive_eof(&mut self, now: Instant, conn: ConnId) {
        self.tick(now);
        if self.floor.engine.end_transport(conn) {
            self.unwrap(conn, &[]);
        } else {
            self.end_input(conn, End::Received);
        }
        self.mind_link();
    }

    /// A peer vanished: its transport can neither bring nor take anything any more. What is
    /// queued for it is dropped.
    pub fn transport_failed(&mut self, now: Instant, conn: ConnId) {
        self.tick(now);
        self.floor.engine.close(conn, CloseReason::TransportFailed);
        self.settle();
        // Its dialect may have last words for it, which are dropped as well.
        self.depart(conn);
        self.floor.engine.discard(conn);
        self.mind_link();
    }

    /// `written` more bytes of what is queued for a peer are with its transport.
    pub fn advance(&mut self, now: Instant, conn: ConnId, written: usize) {
        self.tick(now);
        self.floor.engine.advance(conn, written);
    }

    /// Time has passed, and what [`poll_timeout`](Self::poll_timeout) waited for is due. A call
    /// before that does nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.tick(now);
        self.floor.engine.end_draining();
        // Who leaves may have to be told to many: what is due beyond this batch stays due.
        while !self.floor.engine.batch.is_full()
            && let Some(conn) = self.floor.engine.timers.pop_expired(self.floor.engine.now)
        {
            self.end_line_if_due(conn);
            if self.floor.engine.expire(conn)
                && let Some((rules, floor)) = self.rules(conn)
            {
                rules.due(floor, conn);
            }
            self.settle();
            self.floor.engine.arm(conn);
        }
        self.link_timeout();
        self.mind_link();
    }

    /// Everything that [`poll`](Self::poll) asked for was done, as far as the transports took it:
    /// the bounds on what may be queued between two flushes begin anew. Says whether there is
    /// [more](Self::has_more) to do that waited for this.
    pub fn flushed(&mut self) -> bool {
        self.floor.engine.end_batch();
        self.has_more()
    }

    /// Goes on with what there was too much of to be done before a flush. To be called while there
    /// is [more](Self::has_more), each time after [`flushed`](Self::flushed), and after others had
    /// their chance to be heard.
    pub fn carry_on(&mut self, now: Instant) {
        self.tick(now);
        self.settle();
        self.floor.engine.dismiss();
        self.settle();
        self.mind_link();
        // Each once: what they leave for later comes behind the others.
        for _ in 0..self.floor.engine.runnable.len() {
            if self.floor.engine.batch.is_full() {
                break;
            }
            let Some(conn) = self.floor.engine.runnable.pop_front() else {
                break;
            };
            let Some(connection) = self.floor.engine.get_mut(conn) else {
                continue;
            };
            connection.runnable = false;
            if connection.layered.is_some() {
                self.unwrap(conn, &[]);
            }
            self.take_from(conn, &[]);
        }
    }

    /// From now on, this server is a node of a community that several share: what changes the
    /// community goes into a log and is done when it comes back. Hand everything that
    /// [`poll_entry`](Self::poll_entry) gives to the log, and everything that is in the log, in its
    /// order, to [`apply`](Self::apply). No two nodes have the same number.
    ///
    /// # Errors
    ///
    /// Somebody has connected already.
    pub fn share(&mut self, node: u16) -> Result<(), ConfigError> {
        self.must_be_early()?;
        self.floor.log = Log::Shared(SharedLog::new(node));
        Ok(())
    }

    /// The next entry that is to be put into the log, in this order. Nothing for a server that
    /// [shares](Self::share) none.
    pub fn poll_entry(&mut self) -> Option<Vec<u8>> {
        match &mut self.floor.log {
            Log::Alone => None,
            Log::Shared(log) => log.poll(),
        }
    }

    /// The log has this entry, the first one having the sequence 1. One that was applied before
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// It is not the next one, or none that this version understands; then nothing has changed, and
    /// the server must not go on with those behind it.
    pub fn apply(&mut self, now: Instant, sequence: u64, entry: &[u8]) -> Result<(), EntryError> {
        self.tick(now);
        while self.floor.community.has_departing() {
            self.floor.depart_next();
        }
        let is_next = match &self.floor.log {
            Log::Alone => false,
            Log::Shared(log) => log.is_next(sequence)?,
        };
        if is_next {
            Record::decode(entry, |record| {
                if let Log::Shared(log) = &mut self.floor.log {
                    log.advance();
                }
                self.apply_record(record);
            })?;
        }
        Ok(())
    }

    /// The community as it is after what was [applied](Self::apply), for a server that begins there
    /// instead of at the beginning of the log.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut snapshot = Vec::new();
        let next = match &self.floor.log {
            Log::Alone => 1,
            Log::Shared(log) => log.next(),
        };
        next.encode(&mut snapshot);
        snapshot.extend(self.floor.community.snapshot());
        snapshot
    }

    /// Begins where a [snapshot](Self::snapshot) was made, by a server with the same listeners and
    /// limits. To be called before anybody connects.
    ///
    /// # Errors
    ///
    /// It is no snapshot that this version understands.
    pub fn restore(&mut self, mut snapshot: &[u8]) -> Result<(), SnapshotError> {
        let next = u64::decode(&mut snapshot)?;
        self.floor.community.restore(snapshot)?;
        if let Log::Shared(log) = &mut self.floor.log {
            log.set_next(next);
        }
        Ok(())
    }

    /// The wall clock shows `unix`, as the time since 1970-01-01 UTC. For dialects that say when
    /// something was said; without it, they count from the epoch of [`Instant`].
    pub fn set_clock(&mut self, now: Instant, unix: Duration) {
        self.tick(now);
        self.floor.set_clock(now, unix);
    }

    /// Accepts nobody any more, and closes everybody once what is queued for them is written, at
    /// the latest after [`Limits::grace`]. Further calls change nothing.
    ///
    /// With [`Limits::drain`], all users are told first, and everybody may leave by themselves for
    /// so long: the server [drains](Self::is_draining), and is shut down once nobody is left.
    pub fn shut_down(&mut self, now: Instant) {
        self.tick(now);
        if self.is_draining() {
            return;
        }
        match self.floor.engine.begin_draining() {
            Some(time) => self.floor.announce(&farewell(time)),
            None => self.floor.engine.shut_down(),
        }
        self.settle();
        self.mind_link();
    }

    /// The transport of a connection is gone; its name is stale from now on. Comes after
    /// [`Action::Close`]; before that, it is a transport failure.
    pub fn release(&mut self, now: Instant, conn: ConnId) {
        self.transport_failed(now, conn);
        self.floor.engine.remove(conn);
        self.floor.engine.end_draining();
        self.mind_link();
    }

    /// What is to be done next, until there is nothing: then say so with
    /// [`flushed`](Self::flushed).
    pub fn poll(&mut self) -> Option<Action> {
        self.write_to_link();
        while let Some(action) = self.floor.engine.poll_action() {
            let (Action::Transmit(conn)
            | Action::PauseReading(conn)
            | Action::ResumeReading(conn)
            | Action::EndSending(conn)
            | Action::Close(conn, _)) = action
            else {
                return Some(action);
            };
            if self.floor.engine.get(conn).is_some() {
                return Some(action);
            }
        }
        self.poll_dial()
    }

    /// What is to be written to a peer: as much as there is, or nothing for a stale name. Say
    /// how much was written with [`advance`](Self::advance).
    pub fn transmit(&self, conn: ConnId) -> &[u8] {
        self.floor.engine.output(conn)
    }

    /// Like [`transmit`](Self::transmit), but hands the bytes over, for adapters that write them
    /// elsewhere. They stay in the peer's backlog until [`advance`](Self::advance).
    pub fn take_transmit(&mut self, conn: ConnId) -> BytesMut {
        self.floor.engine.take_output(conn)
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next, if nothing happens
    /// before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let engine = &self.floor.engine;
        let dues = [
            engine.timers.next(),
            engine.draining_until(),
            self.link_deadline(),
        ];
        dues.into_iter().flatten().min()
    }

    /// What happened, for logs. The last [`Limits::max_events`] are kept.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.floor.engine.poll_event()
    }

    /// The limits that it was made with.
    pub fn limits(&self) -> &Limits {
        &self.floor.engine.limits
    }

    /// What it has done, and how it is.
    pub fn stats(&self) -> Stats {
        let engine = &self.floor.engine;
        let dialects = (0..).zip(&self.languages).map(|(place, language)| {
            let counters = engine.counters(place);
            let door = language.options.door();
            DialectStats {
                dialect: language.options.dialect(),
                connections: counters.connections,
                users: door.map_or(0, |(door, _)| self.floor.community.came_by(door)),
                counts: counters.counts,
            }
        });
        Stats {
            dialects: dialects.collect(),
            openings: engine.openings(),
            rooms: self.floor.community.rooms().count(),
            backlog: engine.buffered(),
            closed: engine.closed().to_vec(),
            link: self.link_stats(),
        }
    }

    /// How many messages of peers were dealt with since the last [flush](Self::flushed).
    pub fn messages_in_batch(&self) -> usize {
        self.floor.engine.batch.messages()
    }

    /// Whether there is more to do that waits for a flush: then call
    /// [`carry_on`](Self::carry_on), and wait for nothing.
    pub fn has_more(&self) -> bool {
        let engine = &self.floor.engine;
        !engine.runnable.is_empty()
            || !engine.leaving.is_empty()
            || engine.has_dismissed()
            || self.has_more_of_link()
    }

    /// Whether one more connection from the network is welcome at a listener. While it is not,
    /// leave peers in the listen queue.
    pub fn accepting(&self, listener: ListenerId) -> bool {
        self.floor.engine.leaving.is_empty() && self.welcomes(listener)
    }

    /// All listeners, in the order in which they came.
    pub fn listeners(&self) -> impl Iterator<Item = ListenerId> {
        let count = self.floor.engine.listeners().len();
        let listeners = (0..=u8::MAX).take(count).map(ListenerId);
        listeners.filter(|&listener| self.is_way_in(listener))
    }

    /// The dialect that is spoken at a listener; none at one [aside](Self::listen_aside).
    ///
    /// # Panics
    ///
    /// The listener is not one of this server.
    pub fn dialect(&self, listener: ListenerId) -> Option<Dialect> {
        let speech = self.floor.engine.listeners()[listener.index()].speech?;
        let language = &self.languages[usize::from(speech.language)];
        Some(language.options.dialect())
    }

    /// Whether a layer answers alone at a listener, which is one of
    /// [those](Self::listen_aside).
    pub fn is_aside(&self, listener: ListenerId) -> bool {
        let listening = self.floor.engine.listener(listener);
        listening.is_some_and(Listening::is_aside)
    }

    /// Whether the server has shut down: everything is closed and released. Besides
    /// [`shut_down`](Self::shut_down), the dialect's own rules can bring this about.
    pub fn is_finished(&self) -> bool {
        self.is_shutting_down() && self.floor.engine.is_empty()
    }

    /// When everything is to be closed at the latest, once the server shuts down.
    pub fn shut_down_deadline(&self) -> Option<Instant> {
        self.floor.engine.shut_down_deadline()
    }

    /// Whether the server waits for its peers to leave by themselves, before it shuts down.
    pub fn is_draining(&self) -> bool {
        self.floor.engine.draining_until().is_some()
    }

    /// Whether nobody will ever be welcome at a listener again: its socket can be closed.
    pub fn has_closed(&self, listener: ListenerId) -> bool {
        self.is_shutting_down() || self.is_draining() && !self.is_aside(listener)
    }

    /// Whether the server is shutting down or has shut down.
    pub fn is_shutting_down(&self) -> bool {
        self.floor.engine.is_shutting_down()
    }

    pub(crate) fn tick(&mut self, now: Instant) {
        self.floor.engine.now = self.floor.engine.now.max(now);
    }

    /// The dialects that are spoken, with their options.
    pub(crate) fn spoken(&self) -> impl Iterator<Item = &Options> {
        self.languages.iter().map(|language| &language.options)
    }

    /// Refuses what has to be before the first connection.
    pub(crate) fn must_be_early(&self) -> Result<(), ConfigError> {
        if self.has_accepted || self.linked.is_some() {
            return Err(ConfigError::TooLate);
        }
        Ok(())
    }

    /// Refuses a listener that cannot work.
    fn check(&self, listener: &Listener) -> Result<(), ConfigError> {
        let dialect = listener.dialect();
        self.must_be_early()?;
        if listener.terms.max_line == 0 {
            return Err(ConfigError::Zero { name: "max_line" });
        }
        if listener.options.framing() == Framing::Chunks && !listener.options.takes_chunks() {
            return Err(ConfigError::NoChunks { dialect });
        }
        for language in &self.languages {
            let one = language.options.dialect();
            if !one.combines_with(dialect) {
                return Err(ConfigError::DoesNotCombine {
                    one,
                    other: dialect,
                });
            }
            if one == dialect && language.options != listener.options {
                return Err(ConfigError::OtherOptions { dialect });
            }
        }
        Ok(())
    }

    /// The place of a dialect among those that are spoken.
    fn place_of(&self, dialect: Dialect) -> Option<usize> {
        self.languages
            .iter()
            .position(|language| language.options.dialect() == dialect)
    }

    fn welcomes(&self, listener: ListenerId) -> bool {
        let engine = &self.floor.engine;
        let Some(listening) = engine.listener(listener) else {
            return false;
        };
        if self.has_closed(listener) || !engine.has_room_at(listening) {
            return false;
        }
        listening.speech.is_none_or(|speech| {
            let rules = &self.languages[usize::from(speech.language)].rules;
            self.is_in_community() && rules.accepting(engine)
        })
    }

    fn refusal(&self, listener: ListenerId, peer: Peer) -> Option<CloseReason> {
        if self.is_shutting_down() {
            return Some(CloseReason::ShuttingDown);
        }
        if peer == Peer::Console && self.is_in_community() {
            return None;
        }
        if !self.welcomes(listener) {
            return Some(CloseReason::NotAccepting);
        }
        let engine = &self.floor.engine;
        let is_crowded = engine.counts_address(listener, peer) && engine.is_crowded(peer);
        is_crowded.then_some(CloseReason::TooManyFromAddress)
    }

    /// Lets those look at the server who answer aside.
    fn have_looks(&mut self) {
        let mut looks = mem::take(&mut self.looks);
        for look in &mut looks {
            look(self);
        }
        self.looks = looks;
    }

    /// Lets a connection take part.
    pub(crate) fn admit(&mut self, conn: ConnId) {
        if self.is_link(conn) {
            let _ = self.floor.engine.admit(conn);
        } else if self.floor.engine.is_aside(conn) {
            // No dialect is there to be let in to.
            self.floor.engine.close(conn, CloseReason::NotAccepting);
        } else if self.floor.engine.admit(conn)
            && let Some((rules, floor)) = self.rules(conn)
        {
            rules.joined(floor, conn);
        }
        self.settle();
    }

    /// Takes what came through a connection's layer.
    fn unwrap(&mut self, conn: ConnId, received: &[u8]) {
        let mut plain = mem::take(&mut self.plain);
        let mut received = received;
        while let Some(opened) = self.floor.engine.unwrap(conn, received, &mut plain) {
            received = &[];
            self.take_opened(conn, &opened, &plain);
            plain.clear();
        }
        plain.shrink_to(KEPT_PLAIN);
        self.plain = plain;
    }

    /// Takes what a connection's layer made of what came.
    fn take_opened(&mut self, conn: ConnId, opened: &Opened, plain: &[u8]) {
        if opened.has_opened {
            self.admit(conn);
        }
        self.receive_plain(conn, plain);
        match opened.end {
            Some(LayerEnd::Authentic) => self.end_input(conn, End::Received),
            Some(LayerEnd::CutOff) => self.end_input(conn, End::CutOff),
            None => {}
        }
        if let Some(failure) = &opened.failure {
            self.layer_of_link_failed(conn, failure);
        }
        if let Some(reason) = opened.close {
            self.floor.engine.close(conn, reason);
        }
        self.settle();
    }

    /// Takes what the dialect is to read.
    fn receive_plain(&mut self, conn: ConnId, bytes: &[u8]) {
        let now = self.floor.engine.now;
        let Some(connection) = self.floor.engine.open_mut(conn) else {
            return;
        };
        if connection.inbox.end != End::Open || bytes.is_empty() {
            return;
        }
        connection.last_input = now;
        let mut scratch = mem::take(&mut self.scratch);
        let bytes = match &mut connection.inbox.telnet {
            Some(filter) => filter.filter(bytes, &mut scratch),
            None => bytes,
        };
        self.take_in(conn, bytes);
        self.scratch = scratch;
    }

    /// Nothing further comes for the dialect.
    fn end_input(&mut self, conn: ConnId, end: End) {
        let Some(connection) = self.floor.engine.open_mut(conn) else {
            return;
        };
        if connection.inbox.end == End::Open {
            connection.inbox.end = end;
            self.take_from(conn, &[]);
        }
    }

    /// Takes what a connection sent, as far as it counts.
    fn take_in(&mut self, conn: ConnId, mut bytes: &[u8]) {
        let Some(connection) = self.floor.engine.open_mut(conn) else {
            return;
        };
        let inbox = &mut connection.inbox;
        let begins = inbox.late_ending.strip(&mut bytes);
        inbox.first_line.cut(&mut bytes);
        if inbox.first_line.is_http_request() {
            inbox.end = End::Received;
        }
        if inbox.first_line.is_tls_handshake() {
            // Nothing of it is a line, not even its beginning.
            inbox.end = End::CutOff;
        }
        if !begins.is_empty() {
            self.take_from(conn, begins);
        }
        self.take_from(conn, bytes);
    }

    /// Takes an unfinished line for a message, if nothing has come for long enough.
    fn end_line_if_due(&mut self, conn: ConnId) {
        let now = self.floor.engine.now;
        if let Some(connection) = self.floor.engine.open_mut(conn)
            && connection.inbox.pause_deadline.is_some_and(|it| it <= now)
        {
            let last_input = connection.last_input;
            connection.inbox.pause_deadline = None;
            self.take_in(conn, b"\n");
            if let Some(connection) = self.floor.engine.open_mut(conn) {
                connection.inbox.late_ending = LateEnding::Expected;
                connection.last_input = last_input;
            }
        }
    }

    /// Makes messages of what a connection sent, as long as it may be taken from, and keeps the
    /// rest.
    fn take_from(&mut self, conn: ConnId, fresh: &[u8]) {
        let Some(mut intake) = self.floor.engine.open_intake(conn, fresh) else {
            return;
        };
        loop {
            let follows = self.floor.log.has_room() && self.may_follow(conn, &intake);
            let Some(message) = intake.next(&self.floor.engine, follows) else {
                break;
            };
            self.handle(conn, message);
        }
        if let Some(message) = intake.last(&self.floor.engine) {
            self.handle(conn, message);
        }
        if intake.is_finished() && self.floor.engine.may_end(conn) {
            self.tell_end(conn);
        }
        self.floor.engine.close_intake(intake);
    }

    /// Whether what a connection sent next need not wait until the log has what it said before.
    fn may_follow(&self, conn: ConnId, intake: &Intake<'_>) -> bool {
        if !self.floor.engine.may_be_followed(conn) {
            return false;
        }
        let language = self.floor.engine.language(conn);
        let language = language.and_then(|language| self.languages.get(usize::from(language)));
        language
            .is_some_and(|it| intake.next_is(|line| it.rules.may_follow(&self.floor, conn, line)))
    }

    /// Tells the dialect that a connection's input has ended, after its last line.
    fn tell_end(&mut self, conn: ConnId) {
        let Some(connection) = self.floor.engine.open_mut(conn) else {
            return;
        };
        let end = mem::replace(&mut connection.inbox.end, End::Told);
        if connection.inbox.first_line.is_http_request() {
            self.floor.engine.close(conn, CloseReason::HttpRequest);
        } else if connection.inbox.first_line.is_tls_handshake() {
            self.floor.engine.close(conn, CloseReason::TlsHandshake);
        } else if end == End::CutOff {
            self.floor.engine.close(conn, CloseReason::CutOff);
        } else if let Some((rules, floor)) = self.rules(conn) {
            rules.input_ended(floor, conn);
        } else {
            self.floor.engine.close(conn, CloseReason::PeerLeft);
        }
        self.settle();
    }

    /// Tells the dialect one message.
    fn handle(&mut self, conn: ConnId, message: Decoded<'_>) {
        let engine = &mut self.floor.engine;
        engine.batch.count_message();
        engine.use_rate_allowance(conn);
        engine.answering = Some(conn);
        match (message, self.rules(conn)) {
            (Decoded::Line(line), Some((rules, floor))) => rules.message(floor, conn, line),
            (Decoded::TooLong, Some((rules, floor))) => rules.line_too_long(floor, conn),
            (Decoded::Line(line), None) => self.receive_from_link(conn, line.raw),
            (Decoded::TooLong, None) => {}
        }
        self.floor.engine.answering = None;
        self.settle();
        self.floor.engine.let_recipients_catch_up(conn);
    }

    /// Does what an entry of the log says, and tells the connection that proposed it, if it is here.
    pub(crate) fn apply_record(&mut self, record: &Record<'_>) {
        let told = match &mut self.floor.log {
            Log::Alone => None,
            Log::Shared(log) => log.whom_to_tell(record),
        };
        let Some((conn, length)) = told else {
            let _ = self.floor.apply(&record.entry);
            return self.settle();
        };
        self.floor.engine.answering = Some(conn);
        let outcome = self.floor.apply_for(conn, &record.entry);
        if self.floor.engine.is_open(conn)
            && let Some((rules, floor)) = self.rules(conn)
        {
            rules.outcome(floor, conn, &record.entry.command, outcome);
        }
        self.floor.engine.answering = None;
        self.floor.engine.let_recipients_catch_up_with(conn, length);
        self.floor.engine.note_told(conn, length);
        self.settle();
    }

    /// The rules of the dialect that a connection speaks, and where they act. `None` for one that is
    /// no peer's.
    fn rules(&mut self, conn: ConnId) -> Option<(&mut dyn Rules, &mut Floor)> {
        let language = self.floor.engine.language(conn)?;
        let language = self.languages.get_mut(usize::from(language))?;
        Some((&mut *language.rules, &mut self.floor))
    }

    /// Tells the dialect who has left, until nobody leaves because of that, or the batch is full.
    pub(crate) fn settle(&mut self) {
        while !self.floor.engine.batch.is_full()
            && let Some(conn) = self.floor.engine.leaving.pop_front()
        {
            self.depart(conn);
            self.floor.engine.batch.count_departure();
        }
    }

    /// Tells the dialect that a connection has left.
    fn depart(&mut self, conn: ConnId) {
        let Some((reason, has_joined)) = self.floor.engine.why_leaving(conn) else {
            return;
        };
        if has_joined && let Some((rules, floor)) = self.rules(conn) {
            rules.left(floor, conn, reason);
        }
        self.floor.engine.drain(conn);
        self.link_departs(conn);
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

/// What those who speak these languages agree on.
fn settings(limits: &Limits, languages: &[Language]) -> Settings {
    let mut doors = alloc::vec![None; DOORS];
    let mut lobby = None;
    let mut addresses = None;
    for language in languages {
        if let Some((place, door)) = language.options.door() {
            doors[usize::from(place)] = Some(door);
        }
        lobby = lobby.or(language.options.lobby());
        addresses = addresses.or(language.options.addresses());
    }
    Settings {
        folds_case: languages
            .iter()
            .any(|language| language.options.dialect().profile().folds_case),
        lobby: lobby.filter(|_| doors.iter().flatten().count() > 1),
        doors,
        max_rooms: limits.max_rooms,
        max_rooms_per_user: limits.max_rooms_per_user,
        max_departed: if addresses.is_some() { MAX_DEPARTED } else { 0 },
        addresses,
    }
}

/// What users are told of a server that will end after this time.
fn farewell(time: Duration) -> String {
    let seconds = time.as_millis().div_ceil(1000);
    format!("this server goes away, in {seconds} s at the latest")
}

/// How many of those who left are remembered, in languages that ask for them.
const MAX_DEPARTED: usize = 512;
/// How much memory is kept for what is in layers.
const KEPT_PLAIN: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use core::num::NonZeroU32;
    use core::time::Duration;

    use super::*;

    #[test]
    fn a_peer_whose_message_waited_for_its_rate_is_not_idle_at_once() {
        let mut relay = Listener::new(Dialect::RELAY);
        relay.terms.rate_limit = NonZeroU32::new(1);
        relay.terms.idle_timeout = Some(Duration::from_millis(2500));
        let (mut server, listener) = Server::with_listener(Limits::default(), relay).unwrap();
        let peer = server.accept(at(0), listener, socket());
        server.receive(at(0), peer, b"1\n2\n3\n4\n");
        for millisecond in 1..=5499 {
            server.handle_timeout(at(millisecond));
            server.carry_on(at(millisecond));
        }
        assert_eq!(closed(&mut server), []);
        server.handle_timeout(at(5500));
        assert_eq!(closed(&mut server), [CloseReason::IdleTimeout]);
    }

    #[test]
    fn what_is_received_after_the_end_is_nothing() {
        let (mut server, listener) = serve(Dialect::PAIR);
        let operator = server.accept(at(0), listener, Peer::Console);
        let client = server.accept(at(0), listener, socket());
        server.receive(at(0), client, b"a\nb\n");
        server.receive_eof(at(0), client);
        server.receive(at(0), client, b"c\n");
        server.receive(at(0), operator, b"1\n");
        server.carry_on(at(0));
        assert_eq!(server.transmit(operator), b"a\nb\n");
        assert_eq!(closed(&mut server), []);
        server.advance(at(0), operator, b"a\nb\n".len());
        server.carry_on(at(0));
        server.advance(at(0), client, b"1\n".len());
        assert_eq!(closed(&mut server), [CloseReason::PeerLeft]);
    }

    #[test]
    fn an_adapter_that_was_not_told_to_pause_is_not_told_to_resume() {
        let (mut server, listener) = serve(Dialect::RELAY);
        let peer = server.accept(at(0), listener, socket());
        // More lines than are taken at a time; the rest is, before anybody asks what to do.
        server.receive(at(0), peer, &b"\n".repeat(1100));
        assert!(server.flushed());
        server.carry_on(at(0));
        assert!(!server.flushed());
        assert_eq!(server.poll(), None);
    }

    #[test]
    fn a_server_can_be_shown_without_what_its_peers_said() {
        let (server, _) = serve(Dialect::ECHO);
        assert_eq!(alloc::format!("{server:?}"), "Server { .. }");
    }

    fn serve(dialect: Dialect) -> (Server, ListenerId) {
        Server::with_listener(Limits::default(), Listener::new(dialect)).unwrap()
    }

    fn socket() -> Peer {
        Peer::Socket(([192, 0, 2, 1], 7).into())
    }

    fn at(milliseconds: u64) -> Instant {
        Instant::after_epoch(Duration::from_millis(milliseconds))
    }

    fn closed(server: &mut Server) -> Vec<CloseReason> {
        core::iter::from_fn(|| server.poll())
            .filter_map(|action| match action {
                Action::Close(_, reason) => Some(reason),
                _ => None,
            })
            .collect()
    }
}
