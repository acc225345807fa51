//! Changing what may be done in a room, and what users are.

use alloc::vec::Vec;

use crate::community::modes::{ListedMask, ModeChange, Rank, UserModes};
use crate::community::users::{User, UserId};
use crate::community::vocabulary::{Done, News, Outcome, Refused, Stamp};
use crate::community::{Community, Teller, conn, shown};

impl Community {
    /// Makes every change that the user may make, and tells those that changed something.
    pub(super) fn change_modes(
        &mut self,
        stamp: Stamp,
        by: UserId,
        name: &str,
        changes: &[ModeChange<'_>],
        teller: &mut dyn Teller,
    ) -> Outcome {
        let room = self.room(name).ok_or(Refused::NoSuchRoom)?;
        let rank = self.rank_in(room, by)?;
        let key = room.key.clone();
        let mut made = Vec::new();
        let mut refused = Vec::new();
        for (place, &change) in changes.iter().enumerate() {
            let changed = if rank < Some(needed(change)) {
                Err(Refused::NotRoomOperator)
            } else {
                self.change_mode(stamp, by, &key, change)
            };
            match changed {
                Ok(true) => made.push(change),
                Ok(false) => {}
                Err(why) => refused.push((place, why)),
            }
        }
        if let (false, Some(by), Some(room)) =
            (made.is_empty(), self.users.get(by), self.room_by_key(&key))
        {
            let changed = News::ModesChanged {
                by,
                room,
                changes: &made,
            };
            teller.tell(stamp, &[&room.runs], conn(by), &changed);
        }
        Ok(Done::Changed { refused })
    }

    /// Says whether that changed anything.
    fn change_mode(
        &mut self,
        stamp: Stamp,
        by: UserId,
        key: &str,
        change: ModeChange<'_>,
    ) -> Result<bool, Refused> {
        let setter = match change {
            ModeChange::Mask { .. } => self.users.get(by).map(shown).unwrap_or_default(),
            _ => Default::default(),
        };
        let target = match change {
            ModeChange::Rank { name, .. } => {
                Some(self.users.find(name).ok_or(Refused::NoSuchUser)?)
            }
            _ => None,
        };
        let room = self.room_mut_by_key(key).ok_or(Refused::NoSuchRoom)?;
        let modes = &mut room.modes;
        let changed = match change {
            ModeChange::Flag { flag, set } => modes.flags.change(flag, set),
            ModeChange::Key(new) => {
                let changes = modes.key.as_deref() != new;
                modes.key = new.map(Into::into);
                changes
            }
            ModeChange::Limit(new) => {
                let changes = modes.limit != new;
                modes.limit = new;
                changes
            }
            ModeChange::Mask { list, mask, set } => {
                let listed = ListedMask {
                    list,
                    mask: mask.into(),
                    by: setter.into(),
                    at: stamp.at,
                };
                return change_mask(&mut modes.masks, listed, set);
            }
            ModeChange::Rank { rank, set, .. } => target
                .and_then(|target| room.ranks_mut(target))
                .ok_or(Refused::TargetNotInRoom)?
                .change(rank, set),
        };
        Ok(changed)
    }

    pub(super) fn change_user_modes(
        &mut self,
        stamp: Stamp,
        by: UserId,
        set: UserModes,
        clear: UserModes,
        teller: &mut dyn Teller,
    ) -> Outcome {
        let before = self.users.get(by).ok_or(Refused::Gone)?.modes;
        let modes = (before | set).without(clear);
        self.users.set_modes(by, modes);
        let (set, clear) = (modes.without(before), before.without(modes));
        let user = self.users.get(by).ok_or(Refused::Gone)?;
        if set == UserModes::NONE && clear == UserModes::NONE {
            return Ok(Done::Nothing);
        }
        if let Some(ear) = user.ear {
            let changed = News::UserModesChanged {
                by: user,
                set,
                clear,
            };
            teller.tell_ears(stamp, &[ear], conn(user), &changed);
        }
        Ok(Done::Well)
    }

    pub(super) fn set_away(
        &mut self,
        stamp: Stamp,
        by: UserId,
        text: &str,
        teller: &mut dyn Teller,
    ) -> Outcome {
        let user = self.users.get_mut(by).ok_or(Refused::Gone)?;
        if user.away().unwrap_or_default() == text {
            return Ok(Done::Nothing);
        }
        user.extra_mut().away = text.into();
        if let Some(by) = self.users.get(by) {
            let away = News::WentAway { by, text };
            let watchers = self.watchers(&by.name);
            teller.tell_watchers(stamp, &self.acquaintances(by), watchers, conn(by), &away);
        }
        Ok(Done::Well)
    }

    pub(super) fn set_real_name(
        &mut self,
        stamp: Stamp,
        by: UserId,
        real_name: &str,
        teller: &mut dyn Teller,
    ) -> Outcome {
        let user = self.users.get_mut(by).ok_or(Refused::Gone)?;
        user.extra_mut().real_name = real_name.into();
        if let Some(by) = self.users.get(by) {
            let set = News::RealNameSet { by, real_name };
            self.tell_with_own(stamp, by, &set, teller);
        }
        Ok(Done::Well)
    }

    /// Tells all who share a room with a user or watch the name, and the user.
    fn tell_with_own(&self, stamp: Stamp, by: &User, news: &News<'_>, teller: &mut dyn Teller) {
        let to = self.acquaintances(by);
        teller.tell_watchers(stamp, &to, self.watchers(&by.name), conn(by), news);
        if let Some(ear) = by.ear
            && !to.iter().any(|runs| runs.contains(ear))
        {
            teller.tell_ears(stamp, &[ear], conn(by), news);
        }
    }
}

/// The rank that a change needs.
fn needed(change: ModeChange<'_>) -> Rank {
    match change {
        ModeChange::Rank {
            rank: Rank::HalfOperator | Rank::Operator,
            ..
        } => Rank::Operator,
        _ => Rank::HalfOperator,
    }
}

fn change_mask(
    masks: &mut Vec<ListedMask>,
    listed: ListedMask,
    set: bool,
) -> Result<bool, Refused> {
    let is_same = |other: &ListedMask| {
        other.list == listed.list && other.mask.eq_ignore_ascii_case(&listed.mask)
    };
    let place = masks.iter().position(is_same);
    match (place, set) {
        (Some(_), true) | (None, false) => Ok(false),
        (Some(place), false) => {
            masks.remove(place);
            Ok(true)
        }
        (None, true) if masks.len() >= MAX_MASKS => Err(Refused::ListFull),
        (None, true) => {
            masks.push(listed);
            Ok(true)
        }
    }
}

/// How many masks a room's lists take together.
pub(crate) const MAX_MASKS: usize = 100;
