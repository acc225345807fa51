//! A server that is one of several: what joins the [link](crate::link), which knows the log and no
//! people, with the community, which knows people and no log.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem;
use core::net::SocketAddr;
use core::time::Duration;

use crate::action::{Action, LinkId};
use crate::close::CloseReason;
use crate::community::entries::{EntryError, Record};
use crate::community::vocabulary::{Command, Entry};
use crate::community::{Door, Settings};
use crate::config::ConfigError;
use crate::dialect::Options;
use crate::engine::Listening;
use crate::engine::connection::ConnId;
use crate::event::{Event, LinkEvent};
use crate::instant::Instant;
use crate::link::envelope::{Envelope, Unreadable, VERSION, next_entry, open};
use crate::link::{self, Address, Link, News};
use crate::listener::{Framing, ListenerId, Terms};
use crate::log::{Log, SharedLog};
use crate::peer::Peer;
use crate::server::Server;
use crate::stats::LinkStats;

/// What a server knows of its part in a community of several.
#[derive(Debug)]
pub(crate) struct Linked {
    link: Link,
    /// On whose terms connections to NATS are.
    listener: ListenerId,
    /// The connection to NATS, if there is one.
    conn: Option<ConnId>,
    part: Part,
    /// What all servers of the community have to share.
    settings: String,
    /// The message that is being applied.
    message: Option<Applying>,
    /// The last message that was applied.
    applied: u64,
    /// Nothing is applied before: recipients are behind.
    catch_up_until: Instant,
    /// Who has yet to be closed, once this server begins anew.
    dismissed: Vec<ConnId>,
    connections: u64,
    /// It has taken part, in this run or another.
    was_in: bool,
    /// Since when nothing can be put into the log.
    away_since: Option<Instant>,
    /// Users were told so.
    has_told_away: bool,
    /// It was reported that NATS cannot be reached.
    has_told_unreachable: bool,
    /// What is not as it should be, and when it was last seen to be so.
    troubles: BTreeMap<String, Instant>,
    /// It was reported why the connection to NATS is of no use.
    has_told_why: bool,
}

/// Whether this server takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Not yet.
    Outside,
    /// It has put into the log that it comes.
    Announced,
    /// It waits for the end of another run of itself.
    AwaitsLease,
    In,
    /// It has put into the log that it goes.
    Leaving,
    /// It closes everybody and begins anew.
    Restarting(CloseReason),
    /// It cannot take part, or does not any more.
    Out,
}

/// A message of the log, as far as it was applied.
#[derive(Debug)]
struct Applying {
    sequence: u64,
    /// The sender's number among the nodes, if it takes part.
    node: Option<u16>,
    payload: Vec<u8>,
    /// Where the next entry is.
    at: usize,
}

impl Server {
    /// From now on, this server is one of a community of several, whose log is in NATS. Nobody is
    /// let in before all of the log was read. To be called after the last
    /// [`listen`](Self::listen).
    ///
    /// # Errors
    ///
    /// Somebody has connected already; a dialect has no users; lines may be too long for NATS; there
    /// is no address.
    pub fn link(&mut self, options: link::Options) -> Result<LinkId, ConfigError> {
        self.must_be_early()?;
        self.check_link(&options)?;
        let settings = shared_settings(self.floor.community.settings(), self.spoken());
        let listener = self.floor.engine.add_listener(Listening {
            speech: None,
            framing: Framing::Chunks,
            terms: Terms::default(),
            layer: None,
        })?;
        self.floor.log = Log::Shared(SharedLog::new(0));
        self.linked = Some(Box::new(Linked {
            link: Link::new(options),
            listener,
            conn: None,
            part: Part::Outside,
            settings,
            message: None,
            applied: 0,
            catch_up_until: Instant::EPOCH,
            dismissed: Vec::new(),
            connections: 0,
            was_in: false,
            away_since: None,
            has_told_away: false,
            has_told_unreachable: false,
            troubles: BTreeMap::new(),
            has_told_why: false,
        }));
        Ok(LinkId(()))
    }

    fn check_link(&self, options: &link::Options) -> Result<(), ConfigError> {
        if options.addresses.is_empty() || options.lease < link::Options::MIN_LEASE {
            return Err(ConfigError::BadLink);
        }
        if let Some(stranger) = self.spoken().find(|spoken| spoken.door().is_none()) {
            let dialect = stranger.dialect();
            return Err(ConfigError::NoCommunity { dialect });
        }
        let listeners = self.floor.engine.listeners().iter();
        if listeners.map(|it| it.terms.max_line).max() > Some(MAX_LINE) {
            return Err(ConfigError::LinesTooLong { max: MAX_LINE });
        }
        Ok(())
    }

    /// Where to connect to, for [`Action::Dial`].
    pub fn dial_target(&self, _link: LinkId) -> Option<&Address> {
        self.linked.as_ref()?.link.target()
    }

    /// There is a connection, as [`Action::Dial`] wanted. From now on it is one like any other.
    ///
    /// # Panics
    ///
    /// The server [is not linked](Self::link).
    pub fn accept_link(&mut self, now: Instant, _link: LinkId, address: SocketAddr) -> ConnId {
        self.tick(now);
        let linked = self.linked.as_mut().expect("the server is linked");
        let conn = self
            .floor
            .engine
            .insert(linked.listener, Peer::Link(address));
        linked.conn = Some(conn);
        linked.connections += 1;
        let target = linked.link.target().cloned();
        let layer = &mut linked.link.options_mut().layer;
        let layer = layer.as_mut().zip(target);
        let layer = layer.map(|(layer, target)| layer.make(now, &target));
        linked.link.connected(now);
        let has_to_open = layer.is_some_and(|it| self.floor.engine.begin_opening_of(conn, it));
        if !has_to_open {
            self.admit(conn);
        }
        self.mind_link();
        conn
    }

    /// No connection could be made, as [`Action::Dial`] wanted. It is wanted again after a pause.
    pub fn dial_failed(&mut self, now: Instant, _link: LinkId) {
        self.tick(now);
        self.lose_link();
        self.mind_link();
    }

    /// Whether this is the connection to NATS.
    pub(crate) fn is_link(&self, conn: ConnId) -> bool {
        self.linked.as_ref().is_some_and(|it| it.conn == Some(conn))
    }

    /// Whether peers can come in by this listener: it is not what the link itself has.
    pub(crate) fn is_way_in(&self, listener: ListenerId) -> bool {
        self.linked
            .as_ref()
            .is_none_or(|it| it.listener != listener)
    }

    /// Whether this server's users are users of the community: it is alone, or takes part.
    pub(crate) fn is_in_community(&self) -> bool {
        self.linked.as_ref().is_none_or(|it| it.part == Part::In)
    }

    pub(crate) fn poll_dial(&mut self) -> Option<Action> {
        let now = self.floor.engine.now;
        let linked = self.linked.as_mut()?;
        let is_over = linked.part == Part::Out || self.floor.engine.is_shutting_down();
        let is_due = !is_over && linked.conn.is_none() && linked.link.poll_dial(now);
        is_due.then_some(Action::Dial(LinkId(())))
    }

    pub(crate) fn link_deadline(&self) -> Option<Instant> {
        let linked = self.linked.as_ref()?;
        let backlog = linked
            .conn
            .map_or(0, |conn| self.floor.engine.backlog(conn));
        let next = linked.link.next_deadline(backlog == 0);
        let catch_up = Some(linked.catch_up_until)
            .filter(|&until| until > self.floor.engine.now && self.has_unapplied());
        let next = next.into_iter().chain(catch_up).min();
        if let Some(deadline) = self.floor.engine.shut_down_deadline() {
            let next = next.map_or(deadline, |next| next.min(deadline));
            return linked.conn.is_some().then_some(next);
        }
        let told_away = linked.away_since.filter(|_| !linked.has_told_away);
        let deadlines = [next, told_away.map(|since| since + AWAY_AFTER)];
        deadlines.into_iter().flatten().min()
    }

    pub(crate) fn link_stats(&self) -> Option<LinkStats> {
        let linked = self.linked.as_ref()?;
        let nodes = self.floor.community.nodes.iter();
        Some(LinkStats {
            is_in: linked.part == Part::In,
            is_up: linked.link.is_synced(),
            lag: linked.link.reader.lag() + u64::from(linked.message.is_some()),
            applied: linked.applied,
            nodes: nodes
                .map(|(_, node)| (node.name.to_string(), node.users))
                .collect(),
            connections: linked.connections,
        })
    }

    /// NATS sent these bytes.
    pub(crate) fn receive_from_link(&mut self, conn: ConnId, bytes: &[u8]) {
        let now = self.floor.engine.now;
        let Some(linked) = self.linked.as_mut().filter(|it| it.conn == Some(conn)) else {
            return;
        };
        if let Err(reason) = linked.link.receive(now, bytes) {
            self.heed_news();
            self.report_end_of_link(reason);
            self.floor.engine.close(conn, CloseReason::TransportFailed);
        }
    }

    /// What is under the connection to NATS has failed.
    pub(crate) fn layer_of_link_failed(&mut self, conn: ConnId, reason: &str) {
        if let Some(linked) = self.linked.as_mut().filter(|it| it.conn == Some(conn)) {
            linked.has_told_why = true;
            linked.link.layer_failed(reason);
            self.heed_news();
        }
    }

    /// Reports why the connection to NATS ends, unless all is over.
    fn report_end_of_link(&mut self, reason: String) {
        if let Some(linked) = self.linked.as_mut().filter(|it| it.part != Part::Out) {
            linked.has_told_why = true;
            self.report_trouble(reason);
        }
    }

    /// A connection has left: perhaps that to NATS.
    pub(crate) fn link_departs(&mut self, conn: ConnId) {
        if self.is_link(conn) {
            self.lose_link();
        }
    }

    fn lose_link(&mut self) {
        let now = self.floor.engine.now;
        let Some(linked) = &mut self.linked else {
            return;
        };
        linked.conn = None;
        let address = linked.link.target().map(Address::to_string);
        let was_silent = linked.link.awaits_greeting();
        linked.link.lost(now);
        let has_told_why = mem::take(&mut linked.has_told_why);
        let is_first = linked.link.failures() > 1 && !linked.has_told_unreachable && !has_told_why;
        let Some(address) = address.filter(|_| is_first) else {
            return;
        };
        linked.has_told_unreachable = true;
        if was_silent {
            self.report_trouble(format!("NATS at {address} hangs up {BEFORE_GREETING}"));
        } else {
            self.report_link(LinkEvent::Unreachable { address });
        }
    }

    /// What the link's own time says.
    pub(crate) fn link_timeout(&mut self) {
        let now = self.floor.engine.now;
        let Some(linked) = &mut self.linked else {
            return;
        };
        if let Err(reason) = linked.link.handle_timeout(now) {
            self.report_end_of_link(reason);
            self.drop_link();
        }
    }

    /// Closes the connection to NATS: the next one is made.
    fn drop_link(&mut self) {
        if let Some(conn) = self.linked.as_ref().and_then(|it| it.conn) {
            self.floor.engine.close(conn, CloseReason::TransportFailed);
            self.settle();
        }
    }

    /// Whether there is more to do that waits for a flush.
    pub(crate) fn has_more_of_link(&self) -> bool {
        let Some(linked) = &self.linked else {
            return false;
        };
        let is_due = linked.catch_up_until <= self.floor.engine.now;
        !linked.dismissed.is_empty() || is_due && self.has_unapplied()
    }

    /// Whether there is something of the log that was not applied.
    fn has_unapplied(&self) -> bool {
        let Some(linked) = &self.linked else {
            return false;
        };
        let has_entries = linked.message.is_some() || linked.link.reader.has_ready();
        linked.part.reads() && has_entries || self.floor.community.has_departing()
    }

    /// Does what follows from what NATS said, from what users did, and from the time.
    pub(crate) fn mind_link(&mut self) {
        if self.linked.is_none() {
            return;
        }
        self.heed_news();
        self.begin_anew_if_lost();
        self.go_on_restarting();
        self.apply_messages();
        self.take_part();
        self.watch_others();
        self.tell_if_away();
        self.leave_if_told();
        self.hold_link();
    }

    fn heed_news(&mut self) {
        while let Some(news) = self.linked.as_mut().and_then(|it| it.link.poll_news()) {
            match news {
                News::Restore(snapshot) => self.restore_from_link(&snapshot),
                News::Emptied => self.restart(CloseReason::LogLost),
                News::Namesake => self.refuse_namesake(),
                News::Wrong(reason) if !self.was_ever_in() => self.refuse(reason),
                News::Wrong(reason) | News::Trouble(reason) => self.report_trouble(reason),
                // Whoever takes part was there first: the other one is refused.
                News::OtherVersion(_) if self.is_in_community() => {}
                News::OtherVersion(version) => self.refuse_version(version),
            }
        }
    }

    /// What the log does not have any more cannot be made up for but by the next snapshot.
    fn begin_anew_if_lost(&mut self) {
        if self
            .linked
            .as_ref()
            .is_some_and(|it| it.link.reader.is_lost())
        {
            self.report_link(LinkEvent::GivenUp);
            self.restart(CloseReason::GivenUp);
        }
    }

    fn was_ever_in(&self) -> bool {
        self.linked.as_ref().is_some_and(|it| it.was_in)
    }

    fn restore_from_link(&mut self, snapshot: &[u8]) {
        if let Err(error) = self.floor.community.restore(snapshot) {
            self.refuse(format!("the community's snapshot is of no use: {error}"));
        }
    }

    /// Applies as many entries of the log as fit into a batch, in their order. If recipients are behind
    /// then, the log waits a moment, as one who fills a batch does on a server alone.
    fn apply_messages(&mut self) {
        let now = self.floor.engine.now;
        if self
            .linked
            .as_ref()
            .is_none_or(|it| it.catch_up_until > now)
        {
            return;
        }
        self.apply_batch();
        let pause = self.floor.engine.batch.pause();
        if let Some(linked) = &mut self.linked
            && !pause.is_zero()
        {
            linked.catch_up_until = now + pause;
        }
    }

    fn apply_batch(&mut self) {
        while !self.floor.engine.batch.is_full() && self.floor.engine.leaving.is_empty() {
            if self.floor.community.has_departing() {
                self.floor.engine.batch.count_message();
                self.floor.depart_next();
                self.settle();
            } else if !self.apply_next() {
                return;
            }
        }
    }

    /// Applies the next entry of the log. Says whether there may be another.
    fn apply_next(&mut self) -> bool {
        let Some(linked) = &mut self.linked else {
            return false;
        };
        if !linked.part.reads() {
            return false;
        }
        let run = linked.link.incarnation();
        let Some(mut message) = linked.message.take() else {
            return self.begin_message();
        };
        let mut rest = &message.payload[message.at..];
        let Some(entry) = next_entry(&mut rest) else {
            self.end_message(message.sequence);
            return true;
        };
        let applied = match entry {
            Ok(entry) => self.apply_entry(&message, entry),
            Err(malformed) => Err(malformed.into()),
        };
        message.at = match applied {
            Ok(()) => message.payload.len() - rest.len(),
            // Nobody understands what is behind it.
            Err(_) => message.payload.len(),
        };
        if let Err(EntryError::Version(version)) = applied {
            self.refuse_version(version);
        }
        // What is behind the end of this run is read again by the next.
        if let Some(linked) = &mut self.linked
            && linked.part.reads()
            && linked.link.incarnation() == run
        {
            linked.message = Some(message);
        }
        true
    }

    fn begin_message(&mut self) -> bool {
        let Some(linked) = &mut self.linked else {
            return false;
        };
        let Some(entries) = linked.link.pop() else {
            return false;
        };
        let (sequence, payload) = (entries.sequence, entries.payload);
        let opened = open::<Envelope>(&payload).map(|(sender, rest)| (sender, rest.len()));
        let (sender, length) = match opened {
            Ok(opened) => opened,
            Err(Unreadable::Version(version)) => {
                self.refuse_version(version);
                return false;
            }
            Err(Unreadable::Malformed) => {
                linked.applied = sequence;
                return true;
            }
        };
        let (name, run) = (&*sender.node, sender.incarnation);
        if name == linked.link.node() && run == linked.link.incarnation() {
            linked.link.publisher.stored(sender.number);
        }
        let nodes = &mut self.floor.community.nodes;
        linked.message = Some(Applying {
            sequence,
            node: nodes.admit(name, run, sender.number),
            at: payload.len() - length,
            payload,
        });
        true
    }

    /// A message was applied: it may be this server's turn to say how the community is now.
    fn end_message(&mut self, sequence: u64) {
        let Some(linked) = &mut self.linked else {
            return;
        };
        linked.applied = sequence;
        let every = linked.link.options().snapshot_every.max(1);
        let nodes = &self.floor.community.nodes;
        let place = (sequence / every) % (nodes.len() as u64).max(1);
        let next = nodes.iter().nth(usize::try_from(place).unwrap_or_default());
        let is_own_turn = next.is_some_and(|(_, node)| *node.name == *linked.link.node());
        if is_own_turn && sequence.is_multiple_of(every) {
            self.write_snapshot();
        }
    }

    /// Says how the community is if whoever's turn it was has not, for whatever reason.
    fn write_snapshot_if_late(&mut self) {
        let Some(linked) = &self.linked else {
            return;
        };
        let every = linked.link.options().snapshot_every.max(1);
        let is_between = linked.message.is_none() && !self.floor.community.has_departing();
        if is_between && linked.applied >= linked.link.last_snapshot() + 2 * every {
            self.write_snapshot();
        }
    }

    fn write_snapshot(&mut self) {
        if let Some(linked) = self.linked.as_mut().filter(|it| it.part == Part::In) {
            let snapshot = self.floor.community.snapshot();
            linked.link.write_snapshot(linked.applied, &snapshot);
        }
    }

    /// Applies one entry. Only servers that take part may do more than come and go.
    fn apply_entry(&mut self, message: &Applying, entry: &[u8]) -> Result<(), EntryError> {
        Record::decode(entry, |record| {
            let command = record.entry.command;
            let is_about_nodes =
                matches!(command, Command::NodeCame { .. } | Command::NodeGone { .. });
            if message.node.is_none() && !is_about_nodes {
                return;
            }
            let node = message.node.unwrap_or_default();
            let record = Record {
                number: record.number,
                entry: Entry {
                    node,
                    ..record.entry
                },
            };
            self.floor.engine.batch.count_message();
            if is_about_nodes {
                self.apply_to_nodes(&record);
            } else {
                self.apply_record(&record);
            }
        })
    }

    fn apply_to_nodes(&mut self, record: &Record<'_>) {
        let is_done = self.floor.apply(&record.entry).is_ok();
        match record.entry.command {
            Command::NodeCame {
                name, incarnation, ..
            } => self.note_came(name, incarnation, is_done),
            Command::NodeGone { name, incarnation } if is_done => {
                self.note_gone(name, incarnation);
            }
            _ => {}
        }
    }

    fn note_came(&mut self, name: &str, incarnation: u64, is_done: bool) {
        let Some(linked) = &mut self.linked else {
            return;
        };
        if name != linked.link.node() || incarnation != linked.link.incarnation() {
            if is_done && linked.part == Part::In {
                let node = name.to_string();
                self.report_link(LinkEvent::Came { node });
            }
            return;
        }
        let nodes = &self.floor.community.nodes;
        if let Some(number) = nodes.number(name, incarnation) {
            let others = nodes.len() - 1;
            if linked.part == Part::In {
                return;
            }
            linked.part = Part::In;
            linked.was_in = true;
            if let Log::Shared(log) = &mut self.floor.log {
                log.node = number;
            }
            return self.report_link(LinkEvent::In { others });
        }
        if nodes.find(name).is_some() {
            if mem::replace(&mut linked.part, Part::AwaitsLease) != Part::AwaitsLease {
                self.report_link(LinkEvent::AwaitsLease);
            }
            return;
        }
        let difference = difference(&linked.settings, &nodes.settings);
        let community = linked.link.options().community.clone();
        self.refuse(format!(
            "the servers of community '{community}' {difference}: all have to share that"
        ));
    }

    fn note_gone(&mut self, name: &str, incarnation: u64) {
        let Some(linked) = &mut self.linked else {
            return;
        };
        let is_own_name = name == linked.link.node();
        if !is_own_name {
            if linked.part == Part::In {
                let node = name.to_string();
                self.report_link(LinkEvent::Gone { node });
            }
            return;
        }
        match linked.part {
            Part::AwaitsLease => linked.part = Part::Outside,
            Part::Leaving => linked.part = Part::Out,
            Part::In if incarnation == linked.link.incarnation() => {
                self.report_link(LinkEvent::GivenUp);
                self.restart(CloseReason::GivenUp);
            }
            _ => {}
        }
    }

    /// Says that this server comes, once it knows what was before.
    fn take_part(&mut self) {
        let Some(linked) = &mut self.linked else {
            return;
        };
        let is_up = linked.link.is_synced() && !linked.link.reader.has_ready();
        if is_up && linked.message.is_none() && !self.floor.community.has_departing() {
            linked.has_told_unreachable = false;
            if linked.part == Part::Outside && !self.floor.engine.is_shutting_down() {
                linked.part = Part::Announced;
                let (name, settings) = (linked.link.node().to_string(), linked.settings.clone());
                let incarnation = linked.link.incarnation();
                self.floor.propose_for_node(Command::NodeCame {
                    name: &name,
                    incarnation,
                    settings: &settings,
                });
            }
        }
        self.hand_over_entries();
    }

    fn hand_over_entries(&mut self) {
        while let Some(entry) = self.poll_entry() {
            if let Some(linked) = &mut self.linked {
                linked.link.publisher.push(entry);
            }
        }
    }

    /// Gives up those who have been silent for too long.
    fn watch_others(&mut self) {
        let Some(linked) = &mut self.linked else {
            return;
        };
        if !linked.link.take_tick() {
            return;
        }
        let (own, run) = (linked.link.node().to_string(), linked.link.incarnation());
        let max = linked.link.max_silence();
        let nodes = self.floor.community.nodes.iter();
        let others = nodes
            .map(|(_, node)| (&*node.name, node.incarnation))
            .filter(|&(name, incarnation)| (name, incarnation) != (&*own, run));
        let silent = linked.link.watch.tick(others, max);
        let is_deaf = linked.link.watch.is_deaf();
        for (name, incarnation) in silent {
            let (name, incarnation) = (&*name, incarnation);
            self.floor
                .propose_for_node(Command::NodeGone { name, incarnation });
        }
        self.hand_over_entries();
        self.write_snapshot_if_late();
        if is_deaf {
            self.report_end_of_link("nothing comes back from NATS".into());
            self.drop_link();
        }
    }

    /// Tells users once that the others cannot be reached, and once that they can be again.
    fn tell_if_away(&mut self) {
        let now = self.floor.engine.now;
        let Some(linked) = &mut self.linked else {
            return;
        };
        let waits_since = linked.link.publisher.waits_since();
        let is_stuck = waits_since.is_some_and(|since| now >= since + STUCK_AFTER);
        if linked.part != Part::In || linked.link.is_synced() && !is_stuck {
            linked.away_since = None;
            if mem::take(&mut linked.has_told_away) && linked.part == Part::In {
                self.report_link(LinkEvent::Back);
                self.floor.announce(BACK);
            }
            return;
        }
        let since = *linked.away_since.get_or_insert(waits_since.unwrap_or(now));
        if now >= since + AWAY_AFTER && !mem::replace(&mut linked.has_told_away, true) {
            let is_reached = linked.link.is_synced();
            self.report_link(LinkEvent::Away);
            self.floor.announce(AWAY);
            if is_reached {
                self.report_trouble(LOG_STANDS_STILL.into());
            }
        }
    }

    /// Once everybody has left a server that shuts down: says so to the others.
    fn leave_if_told(&mut self) {
        let engine = &self.floor.engine;
        let Some(deadline) = engine.shut_down_deadline() else {
            return;
        };
        let is_over = engine.now >= deadline;
        let is_left = !engine.has_dismissed() && engine.leaving.is_empty();
        let Some(linked) = &mut self.linked else {
            return;
        };
        if linked.part == Part::In && is_left && !self.floor.has_users() {
            linked.part = Part::Leaving;
            let (name, incarnation) = (linked.link.node().to_string(), linked.link.incarnation());
            self.floor.propose_for_node(Command::NodeGone {
                name: &name,
                incarnation,
            });
            return self.hand_over_entries();
        }
        let has_left = match linked.part {
            Part::In => false,
            Part::Leaving => linked.link.publisher.is_idle(),
            _ => true,
        };
        if has_left || is_over {
            linked.part = Part::Out;
            self.drop_link();
        }
    }

    /// Nothing more is taken from NATS before what came was applied.
    fn hold_link(&mut self) {
        let Some(linked) = &self.linked else {
            return;
        };
        let Some(conn) = linked.conn else {
            return;
        };
        if self.has_unapplied() || !linked.dismissed.is_empty() {
            self.floor.engine.hold(conn);
        } else {
            self.floor.engine.resume(conn);
        }
    }

    /// Sends NATS what there is to be said, if it has taken what was said before.
    pub(crate) fn write_to_link(&mut self) {
        let now = self.floor.engine.now;
        if self.linked.is_none() {
            return;
        }
        self.hand_over_entries();
        let Some(linked) = &mut self.linked else {
            return;
        };
        let Some(conn) = linked.conn else {
            return;
        };
        if !self.floor.engine.is_open(conn) || self.floor.engine.backlog(conn) > 0 {
            return;
        }
        let output = linked.link.take_output(now);
        if !output.is_empty() {
            self.floor.engine.send_to_link(conn, &output);
        }
    }

    /// Everybody is closed, and then this server begins anew.
    fn restart(&mut self, reason: CloseReason) {
        let Some(linked) = &mut self.linked else {
            return;
        };
        if matches!(linked.part, Part::Restarting(_) | Part::Out) {
            return;
        }
        linked.part = Part::Restarting(reason);
        linked.message = None;
        let mut peers = self.floor.engine.peers();
        peers.retain(|&conn| !self.floor.engine.is_aside(conn));
        linked.dismissed = peers;
        if let Log::Shared(log) = &mut self.floor.log {
            log.is_over = true;
        }
        if reason == CloseReason::LogLost {
            self.report_link(LinkEvent::LogLost);
        }
        self.go_on_restarting();
    }

    /// Closes as many as fit into a batch, and begins anew after the last.
    fn go_on_restarting(&mut self) {
        let Some(Part::Restarting(reason)) = self.linked.as_ref().map(|it| it.part) else {
            return;
        };
        while !self.floor.engine.batch.is_full()
            && let Some(conn) = self.linked.as_mut().and_then(|it| it.dismissed.pop())
        {
            self.floor.engine.batch.count_message();
            self.floor.engine.close(conn, reason);
        }
        self.settle();
        let has_left = self.floor.engine.leaving.is_empty();
        let Some(linked) = self.linked.as_mut().filter(|it| it.dismissed.is_empty()) else {
            return;
        };
        if !has_left || self.floor.has_users() {
            return;
        }
        linked.part = Part::Outside;
        linked.link.restart();
        let settings = self.floor.community.settings().clone();
        self.floor.found(settings);
        self.floor.log = Log::Shared(SharedLog::new(0));
        self.drop_link();
    }

    fn refuse_namesake(&mut self) {
        let Some(linked) = &self.linked else {
            return;
        };
        let is_in_question = matches!(linked.part, Part::Announced | Part::AwaitsLease);
        if !is_in_question {
            return;
        }
        let (community, node) = (linked.link.options().community.clone(), linked.link.node());
        let reason = format!(
            "a server named '{node}' runs in community '{community}' already: choose another --node"
        );
        self.refuse(reason);
    }

    fn refuse_version(&mut self, version: u8) {
        let Some(linked) = &self.linked else {
            return;
        };
        let community = linked.link.options().community.clone();
        self.refuse(format!(
            "the servers of community '{community}' speak version {version} among each other, and this one version {VERSION}: all have to be of one version"
        ));
    }

    /// This server cannot take part: it shuts down.
    fn refuse(&mut self, reason: String) {
        let Some(linked) = &mut self.linked else {
            return;
        };
        if mem::replace(&mut linked.part, Part::Out) == Part::Out {
            return;
        }
        linked.message = None;
        if let Log::Shared(log) = &mut self.floor.log {
            log.is_over = true;
        }
        self.report_link(LinkEvent::Refused { reason });
        self.drop_link();
        self.floor.engine.shut_down();
        self.settle();
    }

    /// Reports what is not as it should be, once for as long as it stays so.
    fn report_trouble(&mut self, reason: String) {
        let now = self.floor.engine.now;
        let Some(linked) = &mut self.linked else {
            return;
        };
        linked
            .troubles
            .retain(|_, seen| now < *seen + TROUBLE_ENDS_AFTER);
        let has_room = linked.troubles.len() < MAX_TROUBLES;
        let is_known = linked.troubles.contains_key(&reason);
        if is_known || has_room {
            linked.troubles.insert(reason.clone(), now);
        }
        if !is_known && has_room {
            self.report_link(LinkEvent::Trouble { reason });
        }
    }

    fn report_link(&mut self, event: LinkEvent) {
        self.floor.engine.report(Event::Link(event));
    }
}

impl Part {
    /// Whether the log is read.
    fn reads(self) -> bool {
        !matches!(self, Self::Restarting(_) | Self::Out)
    }
}

/// What all servers of a community have to share, as an operator says it.
fn shared_settings<'o>(settings: &Settings, spoken: impl Iterator<Item = &'o Options>) -> String {
    let mut dialects: Vec<&str> = spoken.map(|options| options.dialect().name()).collect();
    dialects.sort_unstable();
    let mut parts = Vec::from([
        format!("serve '{}'", dialects.join(" ")),
        format!("have --max-rooms {}", settings.max_rooms),
        format!("have --max-rooms-per-user {}", settings.max_rooms_per_user),
    ]);
    if let Some(lobby) = &settings.lobby {
        parts.push(format!("have --lobby {lobby}"));
    }
    let doors = settings.doors.iter().flatten();
    let max_users = doors.filter_map(|&Door { max_users, .. }| max_users).next();
    parts.extend(max_users.map(|max| format!("have --max-users {max}")));
    parts.join(SEPARATOR)
}

/// What a community has that a server has not.
fn difference(own: &str, shared: &str) -> String {
    let own: Vec<&str> = own.split(SEPARATOR).collect();
    let different: Vec<&str> = shared
        .split(SEPARATOR)
        .filter(|part| !own.contains(part))
        .collect();
    if different.is_empty() {
        return "have other settings".into();
    }
    different.join(" and ")
}

const SEPARATOR: &str = "; ";
/// The longest line of a linked server, in bytes: it has to fit into a message of NATS, whose
/// longest is a mebibyte unless it is told otherwise.
const MAX_LINE: usize = 256 << 10;
/// How long nothing can be put into the log before users are told: a leader's change takes up to
/// eight seconds.
const AWAY_AFTER: Duration = Duration::from_secs(10);
/// How long a message may be on its way to the log.
const STUCK_AFTER: Duration = Duration::from_secs(2);
/// How long something has not to be seen to be over, and worth reporting when it is seen again.
const TROUBLE_ENDS_AFTER: Duration = Duration::from_secs(60);
/// How many different things are reported at a time: some quote NATS.
const MAX_TROUBLES: usize = 16;
const BEFORE_GREETING: &str = "before it has greeted, or before TLS was agreed on: it may be full, and 'handshake_first' \
                               must not be set there; it is tried again";
const LOG_STANDS_STILL: &str = "NATS can be reached, and its JetStream takes nothing: look at what it logs; if its \
                                disk is full, make room, and start it again if that alone does not do";
const AWAY: &str = "the other servers cannot be reached: what you send waits";
const BACK: &str = "the other servers can be reached again";
