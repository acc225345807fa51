//! How users come, go, and change their names.

use crate::close::CloseReason;
use crate::community::users::{User, UserId};
use crate::community::vocabulary::{Applicant, Done, News, Outcome, Refused, Stamp};
use crate::community::{Community, Departed, Teller, conn};

impl Community {
    pub(super) fn join(
        &mut self,
        stamp: Stamp,
        node: u16,
        applicant: &Applicant<'_>,
        teller: &mut dyn Teller,
    ) -> Outcome {
        let door = self.door(applicant.door).ok_or(Refused::Unspeakable)?;
        if !self.can_be_said(applicant.name) {
            return Err(Refused::Unspeakable);
        }
        if door
            .max_users
            .is_some_and(|max| self.came_by(applicant.door) >= max)
        {
            return Err(Refused::TooManyUsers);
        }
        let mut user = User::new(applicant.name, applicant.door, applicant.modes, stamp.at);
        user.node = node;
        if let Some(profile) = &applicant.profile {
            let extra = user.extra_mut();
            extra.username = profile.username.into();
            extra.host = profile.host.into();
            extra.address = profile.address.into();
            extra.real_name = profile.real_name.into();
            extra.spoke = stamp.at;
        }
        let id = self.users.insert(user).ok_or(Refused::NameInUse)?;
        self.came_by[usize::from(applicant.door)] += 1;
        self.nodes.count_user(node);
        if let Some(user) = self.users.get(id) {
            if self.attends(user) {
                let entered = News::Entered {
                    by: user,
                    room: &self.lobby,
                };
                teller.tell(stamp, &[&self.lobby.runs], None, &entered);
            }
            self.tell_came(stamp, user, teller);
        }
        Ok(Done::Joined(id))
    }

    pub(super) fn rename(
        &mut self,
        stamp: Stamp,
        by: UserId,
        name: &str,
        teller: &mut dyn Teller,
    ) -> Outcome {
        if !self.can_be_said(name) {
            return Err(Refused::Unspeakable);
        }
        let user = self.users.get(by).ok_or(Refused::Gone)?;
        if *user.name == *name {
            return Ok(Done::Nothing);
        }
        let owner = self.users.find(name);
        if owner.is_some_and(|owner| owner != by) {
            return Err(Refused::NameInUse);
        }
        let renamed = News::Renamed { by: user, name };
        let mut to = self.acquaintances(user);
        let own = user.ear;
        teller.tell(stamp, &to, conn(user), &renamed);
        if let Some(ear) = own
            && !to.iter().any(|runs| runs.contains(ear))
        {
            teller.tell_ears(stamp, &[ear], conn(user), &renamed);
        }
        to.clear();
        self.remember(by, stamp);
        let Some(old) = self.users.rename(by, name) else {
            return Err(Refused::NameInUse);
        };
        if owner.is_none() {
            self.tell_went(stamp, &old, teller);
            if let Some(user) = self.users.get(by) {
                self.tell_came(stamp, user, teller);
            }
        }
        Ok(Done::Well)
    }

    pub(super) fn leave(
        &mut self,
        stamp: Stamp,
        by: UserId,
        reason: &str,
        teller: &mut dyn Teller,
    ) -> Outcome {
        self.remember(by, stamp);
        self.stop_listening(by);
        let user = self.users.remove(by).ok_or(Refused::Gone)?;
        self.came_by[usize::from(user.door)] -= 1;
        self.nodes.uncount_user(user.node);
        for room in user.rooms() {
            if let Some(room) = self.room_mut_by_key(room) {
                room.remove(by);
            }
        }
        let left = News::Left { by: &user, reason };
        teller.tell(stamp, &self.acquaintances(&user), None, &left);
        self.tell_went(stamp, &user.name, teller);
        for room in user.rooms() {
            self.forget_room_if_empty(room);
        }
        Ok(Done::Well)
    }

    /// Takes a user away who is disconnected by an operator.
    pub(super) fn kill(
        &mut self,
        stamp: Stamp,
        by: UserId,
        name: &str,
        reason: &str,
        teller: &mut dyn Teller,
    ) -> Outcome {
        let operator = self.users.get(by).ok_or(Refused::Gone)?;
        if !operator.is_operator() {
            return Err(Refused::NotOperator);
        }
        let victim = self.users.find(name).ok_or(Refused::NoSuchUser)?;
        let ear = self.users.get(victim).and_then(|whom| whom.ear);
        if let Some(ear) = ear {
            teller.tell_ears(stamp, &[ear], None, &News::Killed { reason });
        }
        self.leave(stamp, victim, reason, teller)?;
        if let Some(ear) = ear {
            teller.close(ear.conn, CloseReason::Killed);
        }
        Ok(Done::Well)
    }

    /// Whether users of every language that is served can say a name.
    fn can_be_said(&self, name: &str) -> bool {
        self.settings
            .doors
            .iter()
            .flatten()
            .all(|door| (door.can_say)(name))
    }

    fn tell_came(&self, stamp: Stamp, user: &User, teller: &mut dyn Teller) {
        if let Some(watchers) = self.watchers(&user.name) {
            teller.tell(stamp, &[watchers], None, &News::Came { user });
        }
    }

    fn tell_went(&self, stamp: Stamp, name: &str, teller: &mut dyn Teller) {
        if let Some(watchers) = self.watchers(name) {
            teller.tell(stamp, &[watchers], None, &News::Went { name });
        }
    }

    /// Remembers the name that a user is about to give up.
    fn remember(&mut self, id: UserId, stamp: Stamp) {
        let max = self.settings.max_departed;
        let Some(user) = self.users.get(id) else {
            return;
        };
        if max == 0 {
            return;
        }
        let departed = Departed {
            name: user.name.clone(),
            username: user.username().into(),
            host: user.host().into(),
            real_name: user.real_name().into(),
            at: stamp.at,
        };
        while self.departed.len() >= max {
            self.departed.pop_front();
        }
        self.departed.push_back(departed);
    }
}
