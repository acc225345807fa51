//! Who is here, and under which name.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::mem;
use core::num::NonZeroU32;

use crate::community::codec::{Coded, Malformed, coded_struct, encode_all};
use crate::community::modes::UserModes;
use crate::community::runs::Ear;

/// A user of a community: the same on every node. Never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct UserId {
    place: u32,
    generation: NonZeroU32,
}

/// A user.
#[derive(Debug)]
pub(crate) struct User {
    /// As its owner wrote it.
    pub(crate) name: Box<str>,
    /// By which door the user came.
    pub(crate) door: u8,
    pub(crate) modes: UserModes,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub(crate) since: u64,
    /// The node that the user is connected to.
    pub(crate) node: u16,
    /// Most users have none of it.
    extra: Option<Box<Extra>>,
    /// Where the user is told news, if it is on this node.
    pub(crate) ear: Option<Ear>,
}

/// What only some users have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extra {
    /// The rooms that the user is a member of, sorted by key.
    pub(crate) rooms: Vec<Arc<str>>,
    /// The rooms to which the user was asked, the latest last.
    pub(crate) invitations: Vec<Arc<str>>,
    pub(crate) username: Box<str>,
    pub(crate) host: Box<str>,
    pub(crate) address: Box<str>,
    pub(crate) real_name: Box<str>,
    /// What others are told while the user is away; empty for not.
    pub(crate) away: Box<str>,
    /// When the user last said something.
    pub(crate) spoke: u64,
}

impl User {
    pub(crate) fn new(name: &str, door: u8, modes: UserModes, since: u64) -> Self {
        Self {
            name: name.into(),
            door,
            modes,
            since,
            node: 0,
            extra: None,
            ear: None,
        }
    }

    pub(crate) fn extra(&self) -> Option<&Extra> {
        self.extra.as_deref()
    }

    pub(crate) fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    /// The keys of the rooms that the user is a member of.
    pub(crate) fn rooms(&self) -> &[Arc<str>] {
        self.extra().map_or(&[], |extra| &extra.rooms)
    }

    pub(crate) fn is_in(&self, room: &str) -> bool {
        self.rooms()
            .binary_search_by(|key| (**key).cmp(room))
            .is_ok()
    }

    pub(crate) fn is_operator(&self) -> bool {
        self.modes.contains(UserModes::OPERATOR)
    }

    /// What others are told while the user is away.
    pub(crate) fn away(&self) -> Option<&str> {
        self.extra()
            .map(|extra| &*extra.away)
            .filter(|text| !text.is_empty())
    }

    pub(crate) fn username(&self) -> &str {
        self.extra().map_or("", |extra| &extra.username)
    }

    pub(crate) fn host(&self) -> &str {
        self.extra().map_or("", |extra| &extra.host)
    }

    pub(crate) fn real_name(&self) -> &str {
        self.extra().map_or(&*self.name, |extra| &*extra.real_name)
    }

    pub(crate) fn remember_room(&mut self, room: &Arc<str>) {
        let rooms = &mut self.extra_mut().rooms;
        if let Err(place) = rooms.binary_search(room) {
            rooms.insert(place, room.clone());
        }
    }

    pub(crate) fn forget_room(&mut self, room: &str) {
        if let Some(extra) = &mut self.extra
            && let Ok(place) = extra.rooms.binary_search_by(|key| (**key).cmp(room))
        {
            extra.rooms.remove(place);
            if **extra == Extra::default() {
                self.extra = None;
            }
        }
    }
}

/// All users.
///
/// What peers name is kept in order, which nobody can slow down by a choice of names.
#[derive(Debug, Default)]
pub(crate) struct Users {
    places: Vec<Place>,
    free: Vec<u32>,
    /// Everybody, sorted by name as [names compare](Self::folds_case).
    by_name: Vec<UserId>,
    /// Names that differ in the case of ASCII letters alone are the same.
    folds_case: bool,
    tally: Tally,
}

/// How many users there are of some kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) operators: usize,
    pub(crate) invisible: usize,
}

impl Tally {
    fn count(&mut self, modes: UserModes) {
        self.operators += usize::from(modes.contains(UserModes::OPERATOR));
        self.invisible += usize::from(modes.contains(UserModes::INVISIBLE));
    }

    fn uncount(&mut self, modes: UserModes) {
        self.operators -= usize::from(modes.contains(UserModes::OPERATOR));
        self.invisible -= usize::from(modes.contains(UserModes::INVISIBLE));
    }
}

#[derive(Debug)]
struct Place {
    generation: NonZeroU32,
    /// Boxed: the places are as many as the greatest crowd that there was.
    user: Option<Box<User>>,
}

impl Users {
    pub(crate) fn new(folds_case: bool) -> Self {
        Self {
            folds_case,
            ..Self::default()
        }
    }

    pub(crate) fn get(&self, id: UserId) -> Option<&User> {
        self.places
            .get(id.place as usize)
            .filter(|place| place.generation == id.generation)?
            .user
            .as_deref()
    }

    pub(crate) fn get_mut(&mut self, id: UserId) -> Option<&mut User> {
        self.places
            .get_mut(id.place as usize)
            .filter(|place| place.generation == id.generation)?
            .user
            .as_deref_mut()
    }

    pub(crate) fn find(&self, name: &str) -> Option<UserId> {
        self.place(name).ok().map(|place| self.by_name[place])
    }

    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// How many of them are of which kind.
    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    /// Changes what a user is.
    pub(crate) fn set_modes(&mut self, id: UserId, modes: UserModes) {
        if let Some(user) = self.get_mut(id) {
            let before = mem::replace(&mut user.modes, modes);
            self.tally.uncount(before);
            self.tally.count(modes);
        }
    }

    /// Everybody, in the order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (UserId, &User)> {
        self.by_name
            .iter()
            .filter_map(|&id| Some((id, self.get(id)?)))
    }

    /// Lets a user in. `None` if somebody has the name.
    pub(crate) fn insert(&mut self, user: User) -> Option<UserId> {
        let rank = self.place(&user.name).err()?;
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place {
                generation: NonZeroU32::MIN,
                user: None,
            });
            u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX)
        });
        self.tally.count(user.modes);
        let at = &mut self.places[place as usize];
        at.user = Some(Box::new(user));
        let id = UserId {
            place,
            generation: at.generation,
        };
        self.by_name.insert(rank, id);
        Some(id)
    }

    pub(crate) fn remove(&mut self, id: UserId) -> Option<User> {
        let rank = self.place(&self.get(id)?.name);
        if let Ok(rank) = rank {
            self.by_name.remove(rank);
        }
        let place = &mut self.places[id.place as usize];
        // A place whose numbers are used up is not used again.
        if let Some(generation) = place.generation.checked_add(1) {
            place.generation = generation;
            self.free.push(id.place);
        }
        let user = place.user.take()?;
        self.tally.uncount(user.modes);
        Some(*user)
    }

    /// Gives a user another name. Returns the old one, or `None` if somebody else has the new.
    pub(crate) fn rename(&mut self, id: UserId, name: &str) -> Option<Box<str>> {
        if self.find(name).is_some_and(|owner| owner != id) {
            return None;
        }
        let old = self.place(&self.get(id)?.name).ok()?;
        self.by_name.remove(old);
        let old = mem::replace(&mut self.get_mut(id)?.name, name.into());
        let (Ok(new) | Err(new)) = self.place(name);
        self.by_name.insert(new, id);
        Some(old)
    }

    /// Brings everybody into the order of their names. `None` if two have the same.
    fn index(&mut self) -> Option<()> {
        let places = self.places.iter().zip(0..);
        let there = places.filter(|(place, _)| place.user.is_some());
        let mut by_name: Vec<UserId> = there
            .map(|(&Place { generation, .. }, place)| UserId { place, generation })
            .collect();
        let name = |id: UserId| self.get(id).map_or("", |user| &user.name);
        let order = |one: UserId, other: UserId| compare(name(one), name(other), self.folds_case);
        by_name.sort_unstable_by(|&one, &other| order(one, other));
        let is_unique = by_name.is_sorted_by(|&one, &other| order(one, other).is_lt());
        self.by_name = by_name;
        self.tally = Tally::default();
        for user in self.places.iter().filter_map(|place| place.user.as_ref()) {
            self.tally.count(user.modes);
        }
        is_unique.then_some(())
    }

    /// Where the user with this name is among all, or would be.
    fn place(&self, name: &str) -> Result<usize, usize> {
        self.by_name.binary_search_by(|&id| {
            let other = self.get(id).map_or("", |user| &user.name);
            compare(other, name, self.folds_case)
        })
    }
}

/// Without who is told news on this node.
impl<'a> Coded<'a> for User {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self {
            name,
            door,
            modes,
            since,
            node,
            extra,
            ear: _,
        } = self;
        name.encode(out);
        door.encode(out);
        modes.encode(out);
        since.encode(out);
        node.encode(out);
        extra.encode(out);
    }

    fn decode(input: &mut &'a [u8]) -> Result<Self, Malformed> {
        Ok(Self {
            name: Coded::decode(input)?,
            door: Coded::decode(input)?,
            modes: Coded::decode(input)?,
            since: Coded::decode(input)?,
            node: Coded::decode(input)?,
            extra: Coded::decode(input)?,
            ear: None,
        })
    }
}

impl<'a> Coded<'a> for Users {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self {
            places,
            free,
            by_name: _,
            folds_case,
            tally: _,
        } = self;
        folds_case.encode(out);
        encode_all(places, out);
        encode_all(free, out);
    }

    fn decode(input: &mut &'a [u8]) -> Result<Self, Malformed> {
        let mut users = Self::new(bool::decode(input)?);
        users.places = Coded::decode(input)?;
        users.free = Coded::decode(input)?;
        let is_free = |&place: &u32| {
            let place = users.places.get(place as usize);
            place.is_some_and(|place| place.user.is_none())
        };
        if !users.free.iter().all(is_free) {
            return Err(Malformed);
        }
        users.index().ok_or(Malformed)?;
        Ok(users)
    }
}

coded_struct!(UserId { place, generation });
coded_struct!(Place { generation, user });
coded_struct!(Extra {
    rooms,
    invitations,
    username,
    host,
    address,
    real_name,
    away,
    spoke,
});

/// The order of two names.
fn compare(one: &str, other: &str, folds_case: bool) -> Ordering {
    if !folds_case {
        return one.cmp(other);
    }
    one.bytes()
        .map(|byte| byte.to_ascii_lowercase())
        .cmp(other.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// The key of a name: what two names have in common that are the same.
pub(crate) fn key(name: &str, folds_case: bool) -> Cow<'_, str> {
    if folds_case && name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn user(name: &str) -> User {
        User::new(name, 0, UserModes::NONE, 0)
    }

    #[test]
    fn a_name_has_one_owner_and_is_free_once_they_left() {
        let mut users = Users::default();
        let bob = users.insert(user("bob")).unwrap();
        assert_eq!(users.insert(user("bob")), None);
        assert!(users.insert(user("Bob")).is_some());
        assert_eq!(users.remove(bob).map(|user| user.name), Some("bob".into()));
        assert_eq!(users.remove(bob).map(|user| user.name), None);
        let again = users.insert(user("bob")).unwrap();
        assert_ne!(again, bob);
        assert!(users.get(bob).is_none());
        assert_eq!(users.find("bob"), Some(again));
    }

    #[test]
    fn a_place_that_was_given_up_is_given_to_one_user_alone() {
        let mut users = Users::default();
        let bob = users.insert(user("bob")).unwrap();
        users.remove(bob);
        let carol = users.insert(user("carol")).unwrap();
        let dora = users.insert(user("dora")).unwrap();
        let name = |id| users.get(id).map(|user| &*user.name);
        assert_eq!((name(carol), name(dora)), (Some("carol"), Some("dora")));
    }

    #[test]
    fn where_case_is_folded_it_makes_no_other_name() {
        let mut users = Users::new(true);
        let bob = users.insert(user("Bob")).unwrap();
        assert_eq!(users.insert(user("bOB")), None);
        assert_eq!(users.find("bob"), Some(bob));
        assert_eq!(users.rename(bob, "BOB"), Some("Bob".into()));
        assert_eq!(users.get(bob).map(|user| &*user.name), Some("BOB"));
    }

    #[test]
    fn users_are_counted_by_what_they_are_until_they_leave() {
        let mut users = Users::default();
        let bob = users.insert(User::new("bob", 0, UserModes::INVISIBLE, 0));
        let alice = users.insert(user("alice"));
        let (bob, alice) = (bob.expect("is free"), alice.expect("is free"));
        let both = UserModes::INVISIBLE | UserModes::OPERATOR;
        users.set_modes(alice, both);
        let tally = |operators, invisible| Tally {
            operators,
            invisible,
        };
        assert_eq!(users.tally(), tally(1, 2));
        users.index().expect("no two have the same name");
        assert_eq!(users.tally(), tally(1, 2));
        users.remove(bob);
        users.set_modes(alice, UserModes::OPERATOR);
        assert_eq!(users.tally(), tally(1, 0));
        users.remove(alice);
        assert_eq!(users.tally(), Tally::default());
    }

    #[test]
    fn users_are_listed_in_the_order_of_their_names() {
        let mut users = Users::default();
        for name in ["carol", "alice", "bob"] {
            users.insert(user(name));
        }
        let alice = users.find("alice").unwrap();
        assert_eq!(users.rename(alice, "bob"), None);
        assert_eq!(users.rename(alice, "dora"), Some("alice".into()));
        let names: Vec<&str> = users.iter().map(|(_, user)| &*user.name).collect();
        assert_eq!(names, ["bob", "carol", "dora"]);
    }

    #[test]
    fn a_user_in_no_room_takes_little_memory() {
        let mut bob = user("bob");
        bob.remember_room(&"kitchen".into());
        assert!(bob.is_in("kitchen"));
        bob.forget_room("kitchen");
        assert!(bob.extra.is_none() && !bob.is_in("kitchen"));
        assert!(size_of::<User>() <= 56, "{}", size_of::<User>());
    }
}
