//! `rooms` and `direct`, alone or together: section 10.

use std::collections::BTreeMap;

use linechat_protocol::Dialect;

use crate::config::Config;

use super::direct::Direct;
use super::rooms::Rooms;
use super::{Everybody, Rules};

pub(super) struct Community {
    people: People,
    rooms: Rooms,
    direct: Direct,
}

impl Community {
    pub(super) fn new(config: &Config) -> Self {
        let has = |dialect| config.dialects().any(|served| served == dialect);
        let is_mixed = has(Dialect::ROOMS) && has(Dialect::DIRECT);
        Self {
            people: People::default(),
            rooms: Rooms::new(&config.limits, is_mixed),
            direct: Direct::new(&config.limits),
        }
    }
}

impl Rules for Community {
    fn said(&mut self, all: &mut Everybody, who: usize, content: &[u8], _ending: &[u8]) {
        match speaks(all, who, Dialect::ROOMS) {
            true => self.rooms.said(&mut self.people, all, who, content),
            false => self.direct.said(&mut self.people, all, who, content),
        }
    }

    fn said_too_much(&mut self, all: &mut Everybody, who: usize) {
        match speaks(all, who, Dialect::ROOMS) {
            true => self.rooms.said_too_much(&self.people, all, who),
            false => all.tell(who, "BAD-RQST-BODY\n"),
        }
    }

    fn left(&mut self, _all: &mut Everybody, who: usize) {
        if let Some(name) = self.people.name_of(who) {
            self.rooms.left(&name);
            self.people.names.remove(&name);
        }
    }
}

/// Everybody who has a name, whatever they speak.
#[derive(Default)]
pub(super) struct People {
    pub(super) names: BTreeMap<String, usize>,
}

impl People {
    pub(super) fn name_of(&self, who: usize) -> Option<String> {
        let mut names = self.names.iter();
        names
            .find(|&(_, &owner)| owner == who)
            .map(|(name, _)| name.clone())
    }

    pub(super) fn is_taken(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// Those who speak a dialect.
    pub(super) fn who_speak(&self, all: &Everybody, dialect: Dialect) -> Vec<usize> {
        let places = self.names.values().copied();
        places.filter(|&who| speaks(all, who, dialect)).collect()
    }

    /// Says something to one of them alone. `false` if nobody has this name.
    pub(super) fn write(&self, all: &mut Everybody, from: &str, to: &str, text: &str) -> bool {
        let Some(&who) = self.names.get(to) else {
            return false;
        };
        let heard = match speaks(all, who, Dialect::ROOMS) {
            true => format!("#{from}: {text}\r\n"),
            false => format!("DELIVERY {from} {text}\n"),
        };
        all.tell(who, heard);
        true
    }
}

fn speaks(all: &Everybody, who: usize, dialect: Dialect) -> bool {
    all.parties[who].dialect == dialect
}
