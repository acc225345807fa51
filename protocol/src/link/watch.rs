//! Who of the other servers is still there.
//!
//! Silence is counted in signs of life of one's own that came back from NATS meanwhile: time during
//! which this server did not run, or heard nothing at all, is no silence of others.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// How long the others have been silent.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// How many of our own signs of life came back since that of another, by name and run.
    silent: BTreeMap<(String, u64), u32>,
    /// Our last sign of life has come back.
    has_heard_itself: bool,
    /// How many of our own in a row have not come back.
    unheard: u32,
}

impl Watch {
    /// Another server has given a sign of life.
    pub(crate) fn heard(&mut self, node: &str, incarnation: u64) {
        let key = (node.to_string(), incarnation);
        if let Some(silence) = self.silent.get_mut(&key) {
            *silence = 0;
        }
    }

    /// Our own sign of life came back.
    pub(crate) fn heard_itself(&mut self) {
        self.has_heard_itself = true;
    }

    /// The connection is a new one: nobody could be heard before.
    pub(crate) fn reconnected(&mut self) {
        *self = Self::default();
    }

    /// It is time for the next sign of life of our own. Those who take part beside us are `others`.
    /// Returns who of them has been silent for so many.
    pub(crate) fn tick<'n>(
        &mut self,
        others: impl Iterator<Item = (&'n str, u64)>,
        max: u32,
    ) -> Vec<(String, u64)> {
        let others: Vec<_> = others.map(|(node, run)| (node.to_string(), run)).collect();
        self.silent.retain(|node, _| others.contains(node));
        if !core::mem::take(&mut self.has_heard_itself) {
            self.unheard += 1;
            return Vec::new();
        }
        self.unheard = 0;
        let mut gone = Vec::new();
        for node in others {
            let silence = self.silent.entry(node.clone()).or_default();
            *silence += 1;
            if *silence > max {
                // If that is not heard of, it is said again after as long.
                *silence = 0;
                gone.push(node);
            }
        }
        gone
    }

    /// Whether so many of our own signs of life have not come back that nothing goes through any
    /// more.
    pub(crate) fn is_deaf(&self) -> bool {
        self.unheard >= MAX_UNHEARD
    }
}

const MAX_UNHEARD: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn tick(watch: &mut Watch) -> usize {
        watch.tick([("b", 7)].into_iter(), 3).len()
    }

    #[test]
    fn a_server_is_given_up_after_so_many_of_our_own_signs_of_life() {
        let mut watch = Watch::default();
        let gone: Vec<usize> = (0..8)
            .map(|_| {
                watch.heard_itself();
                tick(&mut watch)
            })
            .collect();
        assert_eq!(gone, [0, 0, 0, 1, 0, 0, 0, 1]);
    }

    #[test]
    fn who_is_heard_is_there_and_another_run_of_it_is_another() {
        let mut watch = Watch::default();
        for round in 0..9 {
            watch.heard_itself();
            watch.heard("b", if round < 5 { 7 } else { 8 });
            assert_eq!(tick(&mut watch), usize::from(round == 7), "{round}");
        }
    }

    #[test]
    fn whoever_does_not_hear_itself_gives_nobody_up() {
        let mut watch = Watch::default();
        for round in 1..20 {
            assert_eq!(tick(&mut watch), 0);
            assert_eq!(watch.is_deaf(), round >= MAX_UNHEARD);
        }
        watch.reconnected();
        assert!(!watch.is_deaf());
    }
}
