//! Who is told news on this node, by language: so that news are put into words once for all who
//! see the same.

use alloc::vec::Vec;

use crate::engine::connection::ConnId;
use crate::roster::Roster;

/// What a user's connection is told in: a language, and what of it the client wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tongue {
    /// The place of the language among those that the server speaks.
    pub(crate) language: u8,
    pub(crate) view: View,
}

/// What makes users of one language see different bytes: bits that the language gives a meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct View(pub(crate) u16);

/// Where a user is told news on this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ear {
    pub(crate) conn: ConnId,
    pub(crate) tongue: Tongue,
}

/// Connections, those together that are told the same bytes.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    /// Few: as many as there are tongues. None is empty.
    runs: Vec<Run>,
}

/// Connections that are told the same bytes.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) tongue: Tongue,
    pub(crate) members: Roster,
}

impl Runs {
    pub(crate) fn insert(&mut self, ear: Ear) {
        let place = match self.place(ear.tongue) {
            Ok(place) => place,
            Err(place) => {
                let run = Run {
                    tongue: ear.tongue,
                    members: Roster::default(),
                };
                self.runs.insert(place, run);
                place
            }
        };
        self.runs[place].members.insert(ear.conn);
    }

    pub(crate) fn remove(&mut self, ear: Ear) {
        let Ok(place) = self.place(ear.tongue) else {
            return;
        };
        self.runs[place].members.remove(ear.conn);
        if self.runs[place].members.members().is_empty() {
            self.runs.remove(place);
        }
    }

    pub(crate) fn contains(&self, ear: Ear) -> bool {
        self.place(ear.tongue)
            .is_ok_and(|place| self.runs[place].members.contains(ear.conn))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter()
    }

    fn place(&self, tongue: Tongue) -> Result<usize, usize> {
        self.runs.binary_search_by_key(&tongue, |run| run.tongue)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use slotmap::SlotMap;

    use super::*;
    use crate::engine::connection::Slot;

    #[test]
    fn those_who_are_told_the_same_are_together_and_no_run_is_empty() {
        let mut conns: SlotMap<Slot, ()> = SlotMap::with_key();
        let mut ear = |language| Ear {
            conn: ConnId(conns.insert(())),
            tongue: Tongue {
                language,
                view: View::default(),
            },
        };
        let (alice, bob, carol) = (ear(1), ear(0), ear(1));
        let mut runs = Runs::default();
        for ear in [alice, bob, carol] {
            runs.insert(ear);
        }
        let told = |runs: &Runs| -> Vec<Vec<ConnId>> {
            runs.iter()
                .map(|run| run.members.members().to_vec())
                .collect()
        };
        assert_eq!(
            told(&runs),
            [Vec::from([bob.conn]), Vec::from([alice.conn, carol.conn])]
        );
        runs.remove(bob);
        runs.remove(bob);
        runs.remove(alice);
        assert_eq!(told(&runs), [[carol.conn]]);
    }
}
