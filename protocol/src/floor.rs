//! Where the rules of the dialects act: on the connections, and on the people.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use siphasher::sip::SipHasher24;
use slotmap::SecondaryMap;

use crate::close::CloseReason;
use crate::community::runs::{Ear, Run, Runs, Tongue, View};
use crate::community::users::{User, UserId};
use crate::community::vocabulary::{Command, Done, Entry, News, Outcome, Profile, Stamp};
use crate::community::{Addresses, Community, Settings, Teller};
use crate::engine::Engine;
use crate::engine::connection::{ConnId, Slot};
use crate::instant::Instant;
use crate::log::Log;
use crate::rules::Voice;

/// What every dialect acts on.
pub(crate) struct Floor {
    pub(crate) engine: Engine,
    pub(crate) community: Community,
    /// How news are put into words, by [`Tongue::language`].
    voices: Vec<Option<Box<dyn Voice>>>,
    /// The users on this node.
    users: SecondaryMap<Slot, UserId>,
    pub(crate) log: Log,
    /// What the time was by the wall clock at the epoch of [`Instant`]s.
    unix_epoch: Duration,
}

impl Floor {
    pub(crate) fn new(engine: Engine, settings: Settings) -> Self {
        Self {
            engine,
            community: Community::new(settings),
            voices: Vec::new(),
            users: SecondaryMap::new(),
            log: Log::Alone,
            unix_epoch: Duration::ZERO,
        }
    }

    /// Begins a community anew, while nobody is in it.
    pub(crate) fn found(&mut self, settings: Settings) {
        self.community = Community::new(settings);
    }

    /// What other languages show of a connection's user beside the name, if any that is spoken
    /// does. `username` is what stands for the dialect, or what the user says it is.
    pub(crate) fn identity<'u>(&self, conn: ConnId, username: &'u str) -> Option<Identity<'u>> {
        let addresses = self.community.settings().addresses?;
        let peer = self.engine.peer(conn)?;
        let address = peer
            .ip()
            .map_or_else(|| peer.to_string(), |ip| ip.to_string());
        Some(Identity {
            username,
            host: host(addresses, &address),
            address,
        })
    }

    /// The wall clock shows `unix`, as time since 1970-01-01 UTC, at this instant.
    pub(crate) fn set_clock(&mut self, now: Instant, unix: Duration) {
        self.unix_epoch = unix.saturating_sub(now.since_epoch());
    }

    /// The time in milliseconds since 1970-01-01 UTC.
    pub(crate) fn unix_time(&self) -> u64 {
        let time = self.unix_epoch + self.engine.now.since_epoch();
        u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
    }

    /// One more language is spoken. Languages are numbered in the order of these calls.
    pub(crate) fn add_voice(&mut self, voice: Option<Box<dyn Voice>>) {
        self.voices.push(voice);
    }

    /// The user at a connection, once there is one.
    pub(crate) fn user_at(&self, conn: ConnId) -> Option<UserId> {
        self.users.get(conn.0).copied()
    }

    /// The user at a connection, as the community has it.
    pub(crate) fn user(&self, conn: ConnId) -> Option<&User> {
        self.community.user(self.user_at(conn)?)
    }

    /// Has a command of a connection done. `None` if that takes time: then the connection is held,
    /// and [`Rules::outcome`](crate::rules::Rules::outcome) is told.
    pub(crate) fn propose(&mut self, conn: ConnId, command: &Command<'_>) -> Option<Outcome> {
        let entry = Entry {
            node: self.log.node(),
            by: self.user_at(conn),
            at: self.unix_time(),
            command: *command,
        };
        if let Log::Shared(log) = &mut self.log {
            let length = log.propose(entry, Some(conn));
            let acts = !matches!(command, Command::Say(_));
            self.engine.hold_until_told(conn, acts, length);
            return None;
        }
        Some(self.apply_for(conn, &entry))
    }

    /// Applies an entry that a connection has proposed.
    pub(crate) fn apply_for(&mut self, conn: ConnId, entry: &Entry<'_>) -> Outcome {
        let outcome = self.apply(entry);
        if matches!(entry.command, Command::Say(_)) && outcome.is_ok() {
            self.engine.count_said(conn);
        }
        if let Ok(Done::Joined(user)) = outcome {
            if self.engine.is_open(conn) {
                self.let_in(conn, user);
            } else {
                // It left before it came.
                self.remove(user, "");
            }
        }
        outcome
    }

    /// A connection is gone, and with it its user, if it has one.
    pub(crate) fn leave(&mut self, conn: ConnId, reason: &str) {
        let Some(user) = self.users.remove(conn.0) else {
            return;
        };
        self.community.stop_listening(user);
        self.remove(user, reason);
    }

    /// Proposes something that is about servers and not about users.
    pub(crate) fn propose_for_node(&mut self, command: Command<'_>) {
        let entry = Entry {
            node: self.log.node(),
            by: None,
            at: self.unix_time(),
            command,
        };
        if let Log::Shared(log) = &mut self.log {
            log.propose(entry, None);
        }
    }

    /// Whether there are users on this node.
    pub(crate) fn has_users(&self) -> bool {
        !self.users.is_empty()
    }

    /// Takes away the next user whose server is gone.
    pub(crate) fn depart_next(&mut self) {
        let mut news = Newsroom {
            engine: &mut self.engine,
            voices: &self.voices,
        };
        self.community.depart_next(&mut news);
    }

    fn remove(&mut self, user: UserId, reason: &str) {
        let entry = Entry {
            node: self.log.node(),
            by: Some(user),
            at: self.unix_time(),
            command: Command::Leave { reason },
        };
        if let Log::Shared(log) = &mut self.log {
            log.propose(entry, None);
            return;
        }
        // A user who was disconnected by an operator is none any more.
        let _ = self.apply(&entry);
    }

    /// From now on, a user sees other bytes of the same language.
    pub(crate) fn set_view(&mut self, conn: ConnId, view: View) {
        if let (Some(user), Some(language)) = (self.user_at(conn), self.engine.language(conn)) {
            let tongue = Tongue { language, view };
            self.community.listen(user, Ear { conn, tongue });
        }
    }

    /// Whether what is said to a user can be expected to arrive: the connection of one on this
    /// node is not about to be closed.
    pub(crate) fn is_reachable(&self, user: UserId) -> bool {
        self.community
            .user(user)
            .is_some_and(|user| user.ear.is_none_or(|ear| self.engine.is_open(ear.conn)))
    }

    pub(crate) fn apply(&mut self, entry: &Entry<'_>) -> Outcome {
        let mut news = Newsroom {
            engine: &mut self.engine,
            voices: &self.voices,
        };
        self.community.apply(entry, &mut news)
    }

    /// Tells all users on this node what the server itself has to say.
    pub(crate) fn announce(&mut self, text: &str) {
        let stamp = Stamp {
            at: self.unix_time(),
            serial: 0,
        };
        let mut news = Newsroom {
            engine: &mut self.engine,
            voices: &self.voices,
        };
        let ears = self.community.ears();
        news.tell_ears(stamp, &ears, None, &News::Announced { text });
    }

    fn let_in(&mut self, conn: ConnId, id: UserId) {
        self.users.insert(conn.0, id);
        self.set_view(conn, View::default());
        if let Some(user) = self.community.user(id) {
            self.engine.logged_in(conn, user.name.to_string());
        }
    }
}

/// What other languages show of a user beside the name.
pub(crate) struct Identity<'u> {
    username: &'u str,
    host: String,
    address: String,
}

impl Identity<'_> {
    pub(crate) fn profile<'a>(&'a self, real_name: &'a str) -> Profile<'a> {
        Profile {
            username: self.username,
            host: &self.host,
            address: &self.address,
            real_name,
        }
    }
}

/// What others see of an address.
fn host(addresses: Addresses, address: &str) -> String {
    match addresses {
        Addresses::Hidden(key) => {
            let hash = SipHasher24::new_with_key(&key).hash(address.as_bytes());
            format!("{hash:016x}.hidden")
        }
        // A colon at the beginning has a meaning of its own in some languages.
        Addresses::Shown if address.starts_with(':') => format!("0{address}"),
        Addresses::Shown => address.to_string(),
    }
}

/// Puts news into words, once for all who see the same, and sends them.
struct Newsroom<'a> {
    engine: &'a mut Engine,
    voices: &'a [Option<Box<dyn Voice>>],
}

impl Newsroom<'_> {
    fn voice(&self, tongue: Tongue) -> Option<&dyn Voice> {
        self.voices.get(usize::from(tongue.language))?.as_deref()
    }
}

impl Teller for Newsroom<'_> {
    fn tell(&mut self, stamp: Stamp, to: &[&Runs], actor: Option<ConnId>, news: &News<'_>) {
        if let [runs] = to {
            for run in runs.iter() {
                self.tell_run(stamp, run.tongue, run.members.members(), actor, news);
            }
            return;
        }
        let ears = to.iter().flat_map(|runs| runs.iter());
        self.tell_runs(stamp, ears.collect(), actor, news);
    }

    fn tell_watchers(
        &mut self,
        stamp: Stamp,
        to: &[&Runs],
        watchers: Option<&Runs>,
        actor: Option<ConnId>,
        news: &News<'_>,
    ) {
        let watchers = watchers.into_iter().flat_map(|runs| runs.iter());
        let watchers = watchers.filter(|run| {
            let voice = self.voice(run.tongue);
            voice.is_some_and(|voice| voice.tells_watchers(run.tongue.view))
        });
        let to = to.iter().flat_map(|runs| runs.iter());
        let runs = to.chain(watchers).collect();
        self.tell_runs(stamp, runs, actor, news);
    }

    fn tell_ears(&mut self, stamp: Stamp, to: &[Ear], actor: Option<ConnId>, news: &News<'_>) {
        if let [ear] = to {
            return self.tell_run(stamp, ear.tongue, &[ear.conn], actor, news);
        }
        let mut ears = to.to_vec();
        ears.sort_by_key(|ear| (ear.tongue, ear.conn));
        ears.dedup();
        for same in ears.chunk_by(|one, other| one.tongue == other.tongue) {
            let conns: Vec<ConnId> = same.iter().map(|ear| ear.conn).collect();
            self.tell_run(stamp, same[0].tongue, &conns, actor, news);
        }
    }

    fn echo(&mut self, stamp: Stamp, to: Ear, news: &News<'_>) {
        let Some(Some(voice)) = self.voices.get(usize::from(to.tongue.language)) else {
            return;
        };
        if voice.echoes(to.tongue.view) {
            self.engine.send(to.conn, |frame| {
                voice.tell(stamp, news, to.tongue.view, frame);
            });
        }
    }

    fn close(&mut self, conn: ConnId, reason: CloseReason) {
        self.engine.close(conn, reason);
    }
}

impl Newsroom<'_> {
    /// Tells all of these, each once.
    fn tell_runs(&mut self, stamp: Stamp, runs: Vec<&Run>, actor: Option<ConnId>, news: &News<'_>) {
        let mut ears: Vec<(Tongue, &[ConnId])> = runs
            .into_iter()
            .map(|run| (run.tongue, run.members.members()))
            .collect();
        ears.sort_by_key(|&(tongue, _)| tongue);
        for same in ears.chunk_by(|(one, _), (other, _)| one == other) {
            let mut conns: Vec<ConnId> = Vec::new();
            // Nobody is collected to be told nothing.
            if self.has_words(stamp, same[0].0, news) {
                conns.extend(same.iter().flat_map(|(_, conns)| *conns));
                conns.sort_unstable();
                conns.dedup();
            }
            self.tell_run(stamp, same[0].0, &conns, actor, news);
        }
    }

    fn has_words(&self, stamp: Stamp, tongue: Tongue, news: &News<'_>) -> bool {
        let mut words = Vec::new();
        self.voice(tongue)
            .is_some_and(|voice| voice.tell(stamp, news, tongue.view, &mut words))
    }

    fn tell_run(
        &mut self,
        stamp: Stamp,
        tongue: Tongue,
        to: &[ConnId],
        actor: Option<ConnId>,
        news: &News<'_>,
    ) {
        let Some(Some(voice)) = self.voices.get(usize::from(tongue.language)) else {
            return;
        };
        let except = actor.filter(|_| !voice.hears_own(news, tongue.view));
        if to.is_empty() || (to.len() == 1 && to.first() == except.as_ref()) {
            return;
        }
        let frame = self
            .engine
            .compose(|frame| voice.tell(stamp, news, tongue.view, frame));
        let Some(frame) = frame else { return };
        if matches!(news, News::Said { .. }) {
            let is_left_out = except.is_some_and(|conn| to.binary_search(&conn).is_ok());
            let copies = to.len() - usize::from(is_left_out);
            self.engine.count_copies(tongue.language, copies);
        }
        // What a user is told of what others did is no answer.
        let collected = actor.is_none().then(|| self.engine.stop_collecting());
        self.engine.send_frame(to, except, &frame);
        if let Some(collected) = collected {
            self.engine.collect_again(collected);
        }
    }
}
