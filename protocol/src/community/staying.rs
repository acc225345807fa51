//! Being in rooms: entering, leaving, being asked in and put out.

use alloc::sync::Arc;

use crate::community::modes::{MaskList, Rank, Ranks, RoomFlag};
use crate::community::rooms::{Room, Topic};
use crate::community::users::{User, UserId, key};
use crate::community::vocabulary::{Done, News, Outcome, Refused, Stamp};
use crate::community::{Community, Teller, conn, shown};

impl Community {
    pub(super) fn enter(
        &mut self,
        stamp: Stamp,
        by: UserId,
        name: &str,
        given: Option<&str>,
        teller: &mut dyn Teller,
    ) -> Outcome {
        let user = self.users.get(by).ok_or(Refused::Gone)?;
        let room = self.room(name);
        if room.is_some_and(|room| self.is_member(room, by)) {
            return Ok(Done::Nothing);
        }
        let is_new = room.is_none();
        if is_new && self.rooms.len() >= self.settings.max_rooms
            || user.rooms().len() >= self.settings.max_rooms_per_user
        {
            return Err(Refused::TooManyRooms);
        }
        if let Some(room) = room {
            self.may_enter(room, user, given)?;
        }
        let key: Arc<str> = match room {
            Some(room) => room.key.clone(),
            None => Arc::from(key(name, self.settings.folds_case)),
        };
        self.make_member(stamp, by, name, &key);
        self.tell_entered(stamp, by, &key, teller);
        Ok(if is_new { Done::Created } else { Done::Well })
    }

    fn make_member(&mut self, stamp: Stamp, by: UserId, name: &str, key: &Arc<str>) {
        let Some(user) = self.users.get_mut(by) else {
            return;
        };
        user.remember_room(key);
        user.extra_mut().invitations.retain(|room| room != key);
        let ear = user.ear;
        let mut ranks = Ranks::default();
        let room = if self.is_lobby(key) {
            &mut self.lobby
        } else {
            self.rooms.entry(key.clone()).or_insert_with(|| {
                ranks = Ranks::of(Rank::Operator);
                Room::new(name, key.clone(), stamp.at)
            })
        };
        room.insert(by, ranks);
        if let Some(ear) = ear {
            room.runs.insert(ear);
        }
    }

    fn tell_entered(&self, stamp: Stamp, by: UserId, key: &str, teller: &mut dyn Teller) {
        if let (Some(by), Some(room)) = (self.users.get(by), self.room_by_key(key)) {
            let entered = News::Entered { by, room };
            teller.tell(stamp, &[&room.runs], conn(by), &entered);
        }
    }

    /// What forbids a user to enter a room that exists. An invitation opens everything but a lock.
    fn may_enter(&self, room: &Room, user: &User, given: Option<&str>) -> Result<(), Refused> {
        let is_invited = user
            .extra()
            .is_some_and(|extra| extra.invitations.contains(&room.key));
        if !is_invited && self.is_banned(room, user) {
            return Err(Refused::Banned);
        }
        if room.has(RoomFlag::InviteOnly)
            && !is_invited
            && !self.is_listed(room, MaskList::Invitation, user)
        {
            return Err(Refused::InviteOnly);
        }
        if room.modes.key.is_some() && room.modes.key.as_deref() != given {
            return Err(Refused::WrongKey);
        }
        let is_full = |limit: u32| room.members().len() >= limit as usize;
        if !is_invited && room.modes.limit.is_some_and(is_full) {
            return Err(Refused::Full);
        }
        Ok(())
    }

    pub(super) fn part(
        &mut self,
        stamp: Stamp,
        by: UserId,
        name: &str,
        reason: &str,
        teller: &mut dyn Teller,
    ) -> Outcome {
        let room = self.room(name).ok_or(Refused::NoSuchRoom)?;
        if room.ranks(by).is_none() {
            return Err(Refused::NotInRoom);
        }
        let user = self.users.get(by).ok_or(Refused::Gone)?;
        let parted = News::Parted {
            by: user,
            room,
            reason,
        };
        teller.tell(stamp, &[&room.runs], conn(user), &parted);
        let key = room.key.clone();
        self.remove_member(by, &key);
        Ok(Done::Well)
    }

    fn remove_member(&mut self, id: UserId, key: &str) {
        let Some(user) = self.users.get_mut(id) else {
            return;
        };
        user.forget_room(key);
        let ear = user.ear;
        if let Some(room) = self.room_mut_by_key(key) {
            room.remove(id);
            if let Some(ear) = ear {
                room.runs.remove(ear);
            }
        }
        self.forget_room_if_empty(key);
    }

    pub(super) fn kick(
        &mut self,
        stamp: Stamp,
        by: UserId,
        room: &str,
        name: &str,
        reason: &str,
        teller: &mut dyn Teller,
    ) -> Outcome {
        let room = self.room(room).ok_or(Refused::NoSuchRoom)?;
        let rank = self.rank_in(room, by)?;
        let whom = self.users.find(name).ok_or(Refused::NoSuchUser)?;
        if rank < Some(Rank::HalfOperator) {
            return Err(Refused::NotRoomOperator);
        }
        let ranks = room.ranks(whom).ok_or(Refused::TargetNotInRoom)?;
        if rank < Some(Rank::Operator) && ranks.reach(Rank::HalfOperator) {
            return Err(Refused::NotRoomOperator);
        }
        if let (Some(by), Some(whom)) = (self.users.get(by), self.users.get(whom)) {
            let kicked = News::Kicked {
                by,
                whom,
                room,
                reason,
            };
            teller.tell(stamp, &[&room.runs], conn(by), &kicked);
        }
        let key = room.key.clone();
        self.remove_member(whom, &key);
        Ok(Done::Well)
    }

    pub(super) fn invite(
        &mut self,
        stamp: Stamp,
        by: UserId,
        room: &str,
        name: &str,
        teller: &mut dyn Teller,
    ) -> Outcome {
        let whom = self.users.find(name).ok_or(Refused::NoSuchUser)?;
        let room = self.room(room).ok_or(Refused::NoSuchRoom)?;
        let rank = self.rank_in(room, by)?;
        if self.is_member(room, whom) {
            return Err(Refused::TargetInRoom);
        }
        if room.has(RoomFlag::InviteOnly) && rank < Some(Rank::HalfOperator) {
            return Err(Refused::NotRoomOperator);
        }
        if let (Some(by), Some(whom)) = (self.users.get(by), self.users.get(whom)) {
            let invited = |is_told_whom| News::Invited {
                by,
                whom,
                room,
                is_told_whom,
            };
            if let Some(ear) = whom.ear {
                teller.tell_ears(stamp, &[ear], conn(by), &invited(true));
            }
            let operators = self.ranked(room, Rank::HalfOperator);
            teller.tell_ears(stamp, &operators, conn(by), &invited(false));
        }
        let key = room.key.clone();
        if let Some(whom) = self.users.get_mut(whom) {
            let invitations = &mut whom.extra_mut().invitations;
            invitations.retain(|room| *room != key);
            if invitations.len() >= MAX_INVITATIONS {
                invitations.remove(0);
            }
            invitations.push(key);
        }
        Ok(Done::Well)
    }

    pub(super) fn set_topic(
        &mut self,
        stamp: Stamp,
        by: UserId,
        room: &str,
        topic: &str,
        teller: &mut dyn Teller,
    ) -> Outcome {
        let user = self.users.get(by).ok_or(Refused::Gone)?;
        let room = self.room(room).ok_or(Refused::NoSuchRoom)?;
        let rank = self.rank_in(room, by)?;
        if room.has(RoomFlag::TopicLocked) && rank < Some(Rank::HalfOperator) {
            return Err(Refused::NotRoomOperator);
        }
        let set = News::TopicSet {
            by: user,
            room,
            topic,
        };
        teller.tell(stamp, &[&room.runs], conn(user), &set);
        let new = (!topic.is_empty()).then(|| {
            alloc::boxed::Box::new(Topic {
                text: topic.into(),
                by: shown(user).into(),
                at: stamp.at,
            })
        });
        let key = room.key.clone();
        if let Some(room) = self.room_mut_by_key(&key) {
            room.topic = new;
        }
        Ok(Done::Well)
    }

    /// The highest rank of a member; in the lobby, which has no operators of its own, those of the
    /// server have it.
    pub(super) fn rank_in(&self, room: &Room, id: UserId) -> Result<Option<Rank>, Refused> {
        if core::ptr::eq(room, &self.lobby) && self.users.get(id).is_some_and(User::is_operator) {
            return Ok(Some(Rank::Operator));
        }
        if !self.is_member(room, id) {
            return Err(Refused::NotInRoom);
        }
        let ranks = room.ranks(id).unwrap_or_default();
        Ok(Rank::ALL.into_iter().rev().find(|&rank| ranks.has(rank)))
    }
}

/// How many invitations of a user are remembered; the oldest is forgotten.
const MAX_INVITATIONS: usize = 64;
