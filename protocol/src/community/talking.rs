//! What users say.

use alloc::vec::Vec;

use crate::community::modes::{Rank, RoomFlag, UserModes};
use crate::community::rooms::Room;
use crate::community::runs::Ear;
use crate::community::users::{User, UserId};
use crate::community::vocabulary::{
    Audience, Done, Heard, Manner, News, Outcome, Refused, Silenced, Speech, Stamp,
};
use crate::community::{Community, Teller, conn};

impl Community {
    pub(super) fn say(
        &mut self,
        stamp: Stamp,
        by: UserId,
        speech: &Speech<'_>,
        teller: &mut dyn Teller,
    ) -> Outcome {
        let outcome = match speech.to {
            Audience::Public => self.say_in(stamp, by, &self.lobby, None, speech, teller),
            Audience::Room { room, rank } => {
                let room = self.room(room).ok_or(Refused::NoSuchRoom)?;
                self.say_in(stamp, by, room, rank, speech, teller)
            }
            Audience::User { name } => self.say_to(stamp, by, name, speech, teller),
        }?;
        if speech.manner != Manner::Annotation {
            self.note_that_spoke(by, stamp);
        }
        Ok(outcome)
    }

    fn say_in(
        &self,
        stamp: Stamp,
        id: UserId,
        room: &Room,
        rank: Option<Rank>,
        speech: &Speech<'_>,
        teller: &mut dyn Teller,
    ) -> Outcome {
        let by = self.users.get(id).ok_or(Refused::Gone)?;
        self.may_say(room, id, by, speech.manner)?;
        let is_lobby = core::ptr::eq(room, &self.lobby);
        let said = News::Said {
            by,
            to: match rank {
                None if is_lobby => Heard::Public(room),
                _ => Heard::Room(room, rank),
            },
            manner: speech.manner,
            text: speech.text,
            annotations: speech.annotations,
        };
        match rank {
            None => teller.tell(stamp, &[&room.runs], conn(by), &said),
            Some(rank) => teller.tell_ears(stamp, &self.ranked(room, rank), conn(by), &said),
        }
        if let Some(ear) = by.ear {
            teller.echo(stamp, ear, &said);
        }
        Ok(Done::SaidToMany)
    }

    fn say_to(
        &self,
        stamp: Stamp,
        id: UserId,
        name: &str,
        speech: &Speech<'_>,
        teller: &mut dyn Teller,
    ) -> Outcome {
        let by = self.users.get(id).ok_or(Refused::Gone)?;
        let recipient = self.users.find(name).ok_or(Refused::NoSuchUser)?;
        let user = self.users.get(recipient).ok_or(Refused::NoSuchUser)?;
        let said = News::Said {
            by,
            to: Heard::User(user),
            manner: speech.manner,
            text: speech.text,
            annotations: speech.annotations,
        };
        if let Some(ear) = user.ear {
            teller.tell_ears(stamp, &[ear], None, &said);
        }
        if let Some(ear) = by.ear {
            teller.echo(stamp, ear, &said);
        }
        Ok(Done::Said(recipient))
    }

    /// What forbids a user to speak in a room.
    fn may_say(&self, room: &Room, id: UserId, by: &User, manner: Manner) -> Result<(), Refused> {
        if manner == Manner::Query && room.has(RoomFlag::NoQueries) {
            return Err(Refused::CannotSay(Silenced::NoQueries));
        }
        let ranks = room.ranks(id).unwrap_or_default();
        if ranks.reach(Rank::Voice) {
            return Ok(());
        }
        let silenced = if room.has(RoomFlag::MembersOnly) && !self.is_member(room, id) {
            Silenced::Outside
        } else if room.has(RoomFlag::Moderated) {
            Silenced::Moderated
        } else if self.is_banned(room, by) {
            Silenced::Banned
        } else {
            return Ok(());
        };
        Err(Refused::CannotSay(silenced))
    }

    /// The members of a room on this node who have this rank or above.
    pub(super) fn ranked(&self, room: &Room, rank: Rank) -> Vec<Ear> {
        room.members()
            .iter()
            .filter(|member| member.ranks.reach(rank))
            .filter_map(|member| self.users.get(member.user)?.ear)
            .collect()
    }

    pub(super) fn call_operators(
        &mut self,
        stamp: Stamp,
        by: UserId,
        text: &str,
        teller: &mut dyn Teller,
    ) -> Outcome {
        let by = self.users.get(by).ok_or(Refused::Gone)?;
        if !by.is_operator() {
            return Err(Refused::NotOperator);
        }
        let called: Vec<Ear> = self
            .users
            .iter()
            .filter(|(_, user)| user.modes.contains(UserModes::HEARS_CALLS))
            .filter_map(|(_, user)| user.ear)
            .collect();
        let news = News::OperatorsCalled { by, text };
        teller.tell_ears(stamp, &called, conn(by), &news);
        Ok(Done::SaidToMany)
    }

    /// Only where languages show more of a user than the name.
    fn note_that_spoke(&mut self, id: UserId, stamp: Stamp) {
        if let Some(user) = self.users.get_mut(id)
            && user.extra().is_some_and(|extra| extra.spoke > 0)
        {
            user.extra_mut().spoke = stamp.at;
        }
    }
}
