//! Who takes part in a run, and what is to become of them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use linechat_laws::config::{Config, takes_framing};
use linechat_laws::toy::Toy;
use linechat_laws::tunnel::Tunnel;
use linechat_protocol::{Dialect, Framing, Instant};

use crate::dice::Dice;

/// What the server of a run serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Served {
    One(Dialect),
    /// `rooms` and `direct` together.
    Mixed,
}

impl Served {
    /// What the witness speaks.
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::One(dialect) => dialect,
            Self::Mixed => Dialect::ROOMS,
        }
    }
}

/// As it is named in the tests.
impl fmt::Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(dialect) => dialect.fmt(f),
            Self::Mixed => f.write_str("mixed"),
        }
    }
}

/// What somebody is going to do.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) role: Role,
    pub(crate) dialect: Dialect,
    pub(crate) name: String,
    pub(crate) comes: Instant,
    pub(crate) goes: Instant,
    pub(crate) trouble: Option<(Instant, Trouble)>,
    /// Says many things at once, now and then.
    pub(crate) bursts: bool,
    /// Asks to be disconnected instead of ending the sending half.
    pub(crate) quits: bool,
    pub(crate) forgets_last_ending: bool,
    /// Sends no line endings, but lets a pause follow each line.
    pub(crate) has_no_endings: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Comes so early that its layer is open before the next one comes, is in every room, goes
    /// last. Says nothing, but for the operator of `pair`.
    Witness,
    /// Comes before anything is said, goes when all has been heard.
    Stayer,
    Visitor,
    /// Wants the witness's name.
    Rival,
    /// Comes under the name of this other one as soon as that one has left.
    Heir(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Reads nothing any more.
    Stall,
    /// Reads nothing for a while.
    Pause(Duration),
    /// The connection is reset.
    Reset,
    /// Neither sends, reads nor answers any more, until keep-alive notices.
    Vanish,
}

/// When everybody is there who is to hear everything.
pub(crate) const TALK_BEGINS: Instant = at(500);
/// When everything has come to its end but for those who stay.
pub(crate) const STAYERS_GO: Instant = at(21_000);

pub(crate) fn config(served: Served, dice: &mut Dice) -> Config {
    let dialect = served.dialect();
    let mut config = match served {
        Served::One(dialect) => Config::new(dialect),
        Served::Mixed => Config::mixed(),
    };
    config.framing = match dialect.name() {
        "echo" => Some(Framing::Lines),
        "relay" | "addressed" | "pair" if dice.one_in(3) => Some(Framing::Lines),
        _ => None,
    };
    config.full_duplex = dialect == Dialect::PAIR && dice.one_in(2);
    config.limits.max_backlog = match dialect.name() {
        // An operator who has typed more than half of it out of turn is not heard either.
        "pair" => 16_384,
        _ => *dice.pick(&[2048, 2048, 16_384]),
    };
    config.limits.stall_timeout = Some(Duration::from_secs(*dice.pick(&[2, 10])));
    config.limits.grace = Duration::from_secs(2);
    config.layer = dice.one_in(3).then(toy);
    for other in &mut config.others {
        other.layer = dice.one_in(3).then(toy);
    }
    config
}

fn toy() -> Arc<dyn Tunnel> {
    Arc::new(Toy::default())
}

/// Whether a pause ends lines.
pub(crate) fn has_pauses(config: &Config) -> bool {
    takes_framing(config.dialect) && config.framing.is_none()
}

pub(crate) fn cast(config: &Config, dice: &mut Dice) -> Vec<Part> {
    let dialect = config.dialect;
    let mut cast = vec![part(Role::Witness, 0, 0, 22_000)];
    if dialect == Dialect::PAIR {
        cast[0].goes = at(20_000);
    } else {
        cast.extend((1..=2).map(|place| part(Role::Stayer, place, 100, 21_000)));
        cast[1].bursts = true;
    }
    for _ in 0..dice.within(1..=3) {
        let comes = dice.within(600..=6000);
        let goes = comes + dice.within(200..=2000);
        cast.push(part(Role::Visitor, cast.len(), comes, goes));
    }
    for _ in 0..dice.within(1..=3) {
        let mut troubled = part(Role::Visitor, cast.len(), dice.within(100..=3000), 8000);
        troubled.trouble = Some(trouble(dice));
        cast.push(troubled);
    }
    let names_matter = dialect == Dialect::ROOMS || dialect == Dialect::DIRECT;
    if names_matter {
        let mut rival = part(Role::Rival, cast.len(), dice.within(600..=7000), 8000);
        rival.name = cast[0].name.clone();
        cast.push(rival);
        let dead = 3 + dice.below(cast.len() - 4);
        let mut heir = part(Role::Heir(dead), cast.len(), 0, 17_000);
        heir.name = cast[dead].name.clone();
        cast.push(heir);
    }
    for part in &mut cast {
        part.dialect = dialect;
    }
    if !config.others.is_empty() {
        // Of those who stay, each dialect has one; an heir need not speak as the dead one did.
        cast[2].dialect = config.others[0].dialect;
        for part in &mut cast[3..] {
            part.dialect = *dice.pick(&config.dialects().collect::<Vec<_>>());
        }
    }
    for part in &mut cast[1..] {
        part.forgets_last_ending = dice.one_in(2);
        part.quits = dice.one_in(2) && [Dialect::ROOMS, Dialect::PAIR].contains(&part.dialect);
        part.has_no_endings = has_pauses(config) && !part.bursts && dice.one_in(3);
    }
    cast
}

pub(crate) const fn at(milliseconds: u64) -> Instant {
    Instant::after_epoch(Duration::from_millis(milliseconds))
}

impl Part {
    pub(crate) fn talk_ends(&self) -> Instant {
        if self.goes < STAYERS_GO {
            self.goes
        } else {
            at(8000)
        }
    }

    pub(crate) fn is_healthy(&self) -> bool {
        self.trouble.is_none() && self.role != Role::Rival
    }
}

fn part(role: Role, place: usize, comes: u64, goes: u64) -> Part {
    Part {
        role,
        dialect: Dialect::ECHO,
        name: format!("p{place}"),
        comes: at(comes),
        goes: at(goes),
        trouble: None,
        bursts: false,
        quits: false,
        forgets_last_ending: false,
        has_no_endings: false,
    }
}

fn trouble(dice: &mut Dice) -> (Instant, Trouble) {
    let pause = Duration::from_millis(dice.within(300..=4000));
    let trouble = *dice.pick(&[
        Trouble::Stall,
        Trouble::Stall,
        Trouble::Pause(pause),
        Trouble::Reset,
        Trouble::Vanish,
    ]);
    (at(dice.within(1000..=7000)), trouble)
}
