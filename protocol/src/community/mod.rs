//! People: their names, the rooms that they are in, and what they may do there.
//!
//! The community knows neither bytes nor how a connection is. It changes in one way only: an
//! [`Entry`] is [applied](Community::apply), which tells [`News`] to those who are to know, and gives
//! an [`Outcome`] for the user who asked. Everything else here are questions.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::close::CloseReason;
use crate::community::modes::{Ranks, RoomFlag, UserModes};
use crate::community::nodes::{Departing, Nodes};
use crate::community::rooms::Room;
use crate::community::runs::{Ear, Runs};
use crate::community::users::{User, UserId, Users, key};
use crate::community::vocabulary::{Command, Entry, News, Outcome, Refused, Stamp};
use crate::engine::connection::ConnId;
use crate::mask::Subject;

pub(crate) mod codec;
mod coming;
pub(crate) mod entries;
pub(crate) mod modes;
mod moding;
pub(crate) mod nodes;
pub(crate) mod rooms;
pub(crate) mod runs;
pub(crate) mod snapshot;
mod staying;
mod talking;
#[cfg(test)]
mod tests;
pub(crate) mod users;
pub(crate) mod vocabulary;

/// What all nodes of a community have to agree on.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The languages, in an order that is the same everywhere; `None` for one that is not served.
    pub(crate) doors: Vec<Option<Door>>,
    /// Names that differ in the case of ASCII letters alone are the same.
    pub(crate) folds_case: bool,
    /// The name of the lobby, if it can be named.
    pub(crate) lobby: Option<Box<str>>,
    pub(crate) max_rooms: usize,
    pub(crate) max_rooms_per_user: usize,
    /// How many of those who left are remembered.
    pub(crate) max_departed: usize,
    /// What of a user's address is shown, where more is shown of a user than the name.
    pub(crate) addresses: Option<Addresses>,
}

/// What others see of a user's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Addresses {
    /// The address itself.
    Shown,
    /// A hash with this key.
    Hidden([u8; 16]),
}

/// What is particular to those who come by one door.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door {
    /// All of them are in the lobby, always.
    pub(crate) is_lobby: bool,
    pub(crate) max_users: Option<usize>,
    /// Whether users of this language can say a name.
    pub(crate) can_say: fn(&str) -> bool,
}

/// The people of a server, or of several.
#[derive(Debug)]
pub(crate) struct Community {
    settings: Settings,
    pub(crate) users: Users,
    rooms: BTreeMap<Arc<str>, Room>,
    /// The room that always is, where what is public is said.
    lobby: Room,
    /// How many users came by each door.
    came_by: Vec<usize>,
    departed: VecDeque<Departed>,
    /// Who on this node wants to know of a name, by its key.
    watchers: BTreeMap<Box<str>, Runs>,
    /// How many entries were applied.
    serial: u64,
    /// The servers, if they are several.
    pub(crate) nodes: Nodes,
    departing: Departing,
}

/// A user who left, or who had another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Departed {
    pub(crate) name: Box<str>,
    pub(crate) username: Box<str>,
    pub(crate) host: Box<str>,
    pub(crate) real_name: Box<str>,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub(crate) at: u64,
}

/// How news get from the community to connections.
pub(crate) trait Teller {
    /// Tells all who are in one of `to`, each once. `actor` is the connection of the user who
    /// caused it: whether that is told, too, its language decides.
    fn tell(&mut self, stamp: Stamp, to: &[&Runs], actor: Option<ConnId>, news: &News<'_>);

    /// Tells these connections alone.
    fn tell_ears(&mut self, stamp: Stamp, to: &[Ear], actor: Option<ConnId>, news: &News<'_>);

    /// Tells all who are in one of `to`, and of those who watch the actor's name those whose
    /// language tells them more of it than that it is there: each once.
    fn tell_watchers(
        &mut self,
        stamp: Stamp,
        to: &[&Runs],
        watchers: Option<&Runs>,
        actor: Option<ConnId>,
        news: &News<'_>,
    );

    /// Tells the one who caused it what others were told, if its language does that.
    fn echo(&mut self, stamp: Stamp, to: Ear, news: &News<'_>);

    /// Disconnects a user.
    fn close(&mut self, conn: ConnId, reason: CloseReason);
}

impl Community {
    pub(crate) fn new(settings: Settings) -> Self {
        let lobby = settings.lobby.as_deref().unwrap_or_default();
        let lobby_key = Arc::from(key(lobby, settings.folds_case));
        Self {
            users: Users::new(settings.folds_case),
            rooms: BTreeMap::new(),
            lobby: Room::new(lobby, lobby_key, 0),
            came_by: alloc::vec![0; settings.doors.len()],
            departed: VecDeque::new(),
            watchers: BTreeMap::new(),
            serial: 0,
            nodes: Nodes::default(),
            departing: Departing::default(),
            settings,
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes what the entry says, tells who is to know, and returns what became of it.
    pub(crate) fn apply(&mut self, entry: &Entry<'_>, teller: &mut dyn Teller) -> Outcome {
        let stamp = Stamp {
            at: entry.at,
            serial: self.serial,
        };
        self.serial += 1;
        if let Command::Join(applicant) = &entry.command {
            return self.join(stamp, entry.node, applicant, teller);
        }
        if let Some(outcome) = self.apply_to_nodes(entry) {
            return outcome;
        }
        let by = entry
            .by
            .filter(|&by| self.users.get(by).is_some())
            .ok_or(Refused::Gone)?;
        match &entry.command {
            Command::Join(_) | Command::NodeCame { .. } | Command::NodeGone { .. } => {
                Err(Refused::Gone)
            }
            Command::Rename { name } => self.rename(stamp, by, name, teller),
            Command::Leave { reason } => self.leave(stamp, by, reason, teller),
            Command::Kill { name, reason } => self.kill(stamp, by, name, reason, teller),
            Command::Say(speech) => self.say(stamp, by, speech, teller),
            Command::CallOperators { text } => self.call_operators(stamp, by, text, teller),
            Command::Enter { room, key } => self.enter(stamp, by, room, *key, teller),
            Command::Part { room, reason } => self.part(stamp, by, room, reason, teller),
            Command::Kick { room, name, reason } => {
                self.kick(stamp, by, room, name, reason, teller)
            }
            Command::Invite { room, name } => self.invite(stamp, by, room, name, teller),
            Command::SetTopic { room, topic } => self.set_topic(stamp, by, room, topic, teller),
            Command::ChangeModes { room, changes } => {
                self.change_modes(stamp, by, room, changes, teller)
            }
            Command::ChangeUserModes { set, clear } => {
                self.change_user_modes(stamp, by, *set, *clear, teller)
            }
            Command::SetAway { text } => self.set_away(stamp, by, text, teller),
            Command::SetRealName { real_name } => self.set_real_name(stamp, by, real_name, teller),
        }
    }

    pub(crate) fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(id)
    }

    pub(crate) fn find(&self, name: &str) -> Option<&User> {
        self.users.get(self.users.find(name)?)
    }

    /// The room with this name, the lobby among them.
    pub(crate) fn room(&self, name: &str) -> Option<&Room> {
        let key = key(name, self.settings.folds_case);
        if self.is_lobby(&key) {
            return Some(&self.lobby);
        }
        self.rooms.get(&*key)
    }

    pub(crate) fn lobby(&self) -> &Room {
        &self.lobby
    }

    /// All rooms but the lobby, sorted by their keys.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = &Room> {
        self.rooms.values()
    }

    /// How many rooms there are, the lobby among them if it has a name.
    pub(crate) fn count_rooms(&self) -> usize {
        self.rooms.len() + usize::from(self.settings.lobby.is_some())
    }

    /// How many came by a door and are here.
    pub(crate) fn came_by(&self, door: u8) -> usize {
        self.came_by
            .get(usize::from(door))
            .copied()
            .unwrap_or_default()
    }

    /// Those who left or took another name, the latest first.
    pub(crate) fn departed(&self) -> impl Iterator<Item = &Departed> {
        self.departed.iter().rev()
    }

    /// Whether a user is in a room: entered, or always is.
    pub(crate) fn is_member(&self, room: &Room, id: UserId) -> bool {
        room.ranks(id).is_some()
            || (core::ptr::eq(room, &self.lobby)
                && self.users.get(id).is_some_and(|user| self.attends(user)))
    }

    /// Whether a room is shown to a user.
    pub(crate) fn is_visible(&self, room: &Room, id: UserId) -> bool {
        !room.has(RoomFlag::Secret)
            || self.is_member(room, id)
            || self.users.get(id).is_some_and(User::is_operator)
    }

    /// Whether a user is shown to another who does not say the name.
    pub(crate) fn is_found(&self, user: UserId, by: UserId) -> bool {
        let is_invisible = self
            .users
            .get(user)
            .is_some_and(|user| user.modes.contains(UserModes::INVISIBLE));
        !is_invisible
            || user == by
            || self.users.get(by).is_some_and(User::is_operator)
            || self.share_room(user, by)
    }

    /// The members of a room, those of the lobby among them who always are.
    pub(crate) fn members<'a>(
        &'a self,
        room: &'a Room,
    ) -> impl Iterator<Item = (UserId, &'a User, Ranks)> {
        let is_lobby = core::ptr::eq(room, &self.lobby);
        let attending = self
            .users
            .iter()
            .filter(move |(_, user)| is_lobby && self.attends(user))
            .map(|(id, user)| (id, user, Ranks::default()));
        let entered = room.members().iter();
        entered
            .filter_map(|member| Some((member.user, self.users.get(member.user)?, member.ranks)))
            .chain(attending)
    }

    /// How many members a room has, those of the lobby among them who always are.
    pub(crate) fn count_members(&self, room: &Room) -> usize {
        let attending: usize = (0..self.came_by.len())
            .filter(|_| core::ptr::eq(room, &self.lobby))
            .filter(|&door| self.settings.doors[door].is_some_and(|door| door.is_lobby))
            .map(|door| self.came_by[door])
            .sum();
        room.members().len() + attending
    }

    /// Whether two users are in a room together.
    pub(crate) fn share_room(&self, one: UserId, other: UserId) -> bool {
        let (Some(a), Some(b)) = (self.users.get(one), self.users.get(other)) else {
            return false;
        };
        let both_in_lobby = self.settings.lobby.is_some()
            && self.is_member(&self.lobby, one)
            && self.is_member(&self.lobby, other);
        both_in_lobby || a.rooms().iter().any(|room| b.is_in(room))
    }

    /// Whether all who come by this user's door are in the lobby.
    pub(crate) fn attends(&self, user: &User) -> bool {
        self.door(user.door).is_some_and(|door| door.is_lobby)
    }

    /// The room that a user's key stands for, the lobby among them.
    pub(crate) fn room_by_key(&self, key: &str) -> Option<&Room> {
        if self.is_lobby(key) {
            return Some(&self.lobby);
        }
        self.rooms.get(key)
    }

    /// Where all users on this node hear news.
    pub(crate) fn ears(&self) -> Vec<Ear> {
        self.users.iter().filter_map(|(_, user)| user.ear).collect()
    }

    /// From now on, news are told to a user on this node.
    pub(crate) fn listen(&mut self, id: UserId, ear: Ear) {
        self.stop_listening(id);
        let Some(user) = self.users.get_mut(id) else {
            return;
        };
        user.ear = Some(ear);
        let user = self.users.get(id);
        let rooms: Vec<Arc<str>> = user.map(|user| user.rooms().to_vec()).unwrap_or_default();
        let attends = user.is_some_and(|user| self.attends(user));
        for room in rooms {
            if let Some(room) = self.room_mut_by_key(&room) {
                room.runs.insert(ear);
            }
        }
        if attends {
            self.lobby.runs.insert(ear);
        }
    }

    /// A user's connection is told no more news.
    pub(crate) fn stop_listening(&mut self, id: UserId) {
        let Some(user) = self.users.get_mut(id) else {
            return;
        };
        let Some(ear) = user.ear.take() else { return };
        let rooms = user.rooms().to_vec();
        for room in rooms {
            if let Some(room) = self.room_mut_by_key(&room) {
                room.runs.remove(ear);
            }
        }
        self.lobby.runs.remove(ear);
    }

    /// Has a connection told when somebody takes or leaves a name.
    pub(crate) fn watch(&mut self, name: &str, ear: Ear) {
        let key = Box::from(key(name, self.settings.folds_case));
        self.watchers.entry(key).or_default().insert(ear);
    }

    pub(crate) fn stop_watching(&mut self, name: &str, ear: Ear) {
        let key = key(name, self.settings.folds_case);
        if let Some(runs) = self.watchers.get_mut(&*key) {
            runs.remove(ear);
            if runs.iter().next().is_none() {
                self.watchers.remove(&*key);
            }
        }
    }

    fn watchers(&self, name: &str) -> Option<&Runs> {
        if self.watchers.is_empty() {
            return None;
        }
        self.watchers.get(&*key(name, self.settings.folds_case))
    }

    fn door(&self, door: u8) -> Option<Door> {
        *self.settings.doors.get(usize::from(door))?
    }

    /// Whether this names the lobby, as names compare here.
    pub(crate) fn is_lobby_name(&self, name: &str) -> bool {
        self.is_lobby(&key(name, self.settings.folds_case))
    }

    fn is_lobby(&self, key: &str) -> bool {
        self.settings.lobby.is_some() && *self.lobby.key == *key
    }

    fn room_mut_by_key(&mut self, key: &str) -> Option<&mut Room> {
        if self.is_lobby(key) {
            return Some(&mut self.lobby);
        }
        self.rooms.get_mut(key)
    }

    /// The runs of everybody who shares a room with a user.
    fn acquaintances(&self, user: &User) -> Vec<&Runs> {
        let mut runs: Vec<&Runs> = user
            .rooms()
            .iter()
            .filter_map(|room| self.room_by_key(room))
            .map(|room| &room.runs)
            .collect();
        let is_counted = user.is_in(&self.lobby.key) && self.settings.lobby.is_some();
        if self.attends(user) && !is_counted {
            runs.push(&self.lobby.runs);
        }
        runs
    }

    /// Whether a list of a room has a mask of this user.
    fn is_listed(&self, room: &Room, list: modes::MaskList, user: &User) -> bool {
        let mut masks = room.modes.list(list).peekable();
        if masks.peek().is_none() {
            return false;
        }
        let subject = Subject::new(&shown(user));
        masks.any(|listed| subject.matches(&listed.mask))
    }

    fn is_banned(&self, room: &Room, user: &User) -> bool {
        self.is_listed(room, modes::MaskList::Ban, user)
            && !self.is_listed(room, modes::MaskList::Exception, user)
    }

    fn forget_room_if_empty(&mut self, key: &str) {
        if self
            .rooms
            .get(key)
            .is_some_and(|room| room.members().is_empty())
        {
            self.rooms.remove(key);
        }
    }
}

/// A user as others see them: `name!username@host`.
pub(crate) fn shown(user: &User) -> String {
    format!("{}!{}@{}", user.name, user.username(), user.host())
}

/// The connection of a user on this node.
fn conn(user: &User) -> Option<ConnId> {
    user.ear.map(|ear| ear.conn)
}
