//! The server of each dialect, and the laws that it keeps whatever happens.
//!
//! The first byte of an input picks a law, the next three the configuration; the others are
//! operations, as `Op::from_bytes` reads them.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use linechat_laws::config::{Config, Other, takes_chunks, takes_framing};
use linechat_protocol::{Dialect, Framing};

use linechat_laws::laws;
use linechat_laws::model;
use linechat_laws::ops::{self, Op};
use linechat_laws::toy::Toy;
use linechat_laws::tunnel::Tunnel;

/// The server of `echo`.
pub fn echo(bytes: &[u8]) {
    keeps_a_law(Dialect::ECHO, bytes);
}

/// The server of `relay`.
pub fn relay(bytes: &[u8]) {
    keeps_a_law(Dialect::RELAY, bytes);
}

/// The server of `addressed`.
pub fn addressed(bytes: &[u8]) {
    keeps_a_law(Dialect::ADDRESSED, bytes);
}

/// The server of `rooms`.
pub fn rooms(bytes: &[u8]) {
    keeps_a_law(Dialect::ROOMS, bytes);
}

/// The server of `pair`.
pub fn pair(bytes: &[u8]) {
    keeps_a_law(Dialect::PAIR, bytes);
}

/// The server of `direct`.
pub fn direct(bytes: &[u8]) {
    keeps_a_law(Dialect::DIRECT, bytes);
}

/// Any of them in a layer. One more byte, the first one, says which and what kind of a layer.
pub fn layered(bytes: &[u8]) {
    let Some((&first, bytes)) = bytes.split_first() else {
        return;
    };
    let toy = Toy {
        has_no_opening: first & 64 != 0,
        breaks_for_good: first & 128 != 0,
        ..Toy::default()
    };
    let dialect = model::DIALECTS[usize::from(first % 64) % model::DIALECTS.len()];
    keeps_a_law_in(dialect, Some(Arc::new(toy)), bytes);
}

/// `rooms` and `direct` in one server, each with a layer or without. One more byte, the first one,
/// says which of the listeners have one, and whether there is a third.
pub fn mixed(bytes: &[u8]) {
    let Some((&first, bytes)) = bytes.split_first() else {
        return;
    };
    let toy = || -> Arc<dyn Tunnel> { Arc::new(Toy::default()) };
    let layer = |bit: u8| (first >> bit & 1 == 1).then(toy);
    let mut config = Config::mixed();
    config.layer = layer(0);
    config.others[0].layer = layer(1);
    if first & 4 != 0 {
        let third = [Dialect::ROOMS, Dialect::DIRECT][usize::from(first >> 4 & 1)];
        config.others.push(Other {
            dialect: third,
            layer: layer(3),
        });
    }
    let phrases = [&ops::ROOMS[..], &ops::DIRECT, &ops::MIXED, &ops::NOISE].concat();
    keeps_a_law_of(&config, &phrases, bytes);
}

/// `irc`, `rooms` and `direct` in one server: the laws that need no model.
pub fn irc(bytes: &[u8]) {
    let &[law, flags, line, backlog, ref script @ ..] = bytes else {
        return;
    };
    let choices = Choices {
        usual: Config::irc(),
        dialect: Dialect::IRC,
        flags,
        line: line.into(),
        backlog: backlog.into(),
    };
    let phrases = [&ops::IRC[..], &ops::ROOMS, &ops::DIRECT, &ops::NOISE].concat();
    let ops = Op::from_bytes_with(script, &phrases);
    match law % 5 {
        0 => {
            let cuts = &script[..script.len().min(8)];
            laws::how_the_input_is_cut_does_not_matter(&choices.narrow(), &ops, cuts);
        }
        1 => laws::stale_names_and_spurious_calls_change_nothing(&choices.narrow(), &ops),
        2 => laws::the_same_inputs_give_the_same_outputs(&choices.narrow(), &ops),
        3 => laws::deadlines_are_met_and_the_server_sleeps(&choices.narrow(), &ops),
        _ => laws::peers_of_irc_receive_messages(&choices.usual, &ops),
    }
}

fn keeps_a_law(dialect: Dialect, bytes: &[u8]) {
    keeps_a_law_in(dialect, None, bytes);
}

fn keeps_a_law_in(dialect: Dialect, layer: Option<Arc<dyn Tunnel>>, bytes: &[u8]) {
    let mut config = Config::new(dialect);
    config.layer = layer;
    keeps_a_law_of(&config, &ops::all_phrases(), bytes);
}

fn keeps_a_law_of(usual: &Config, phrases: &[&[u8]], bytes: &[u8]) {
    let dialect = usual.dialect;
    let &[law, flags, line, backlog, ref script @ ..] = bytes else {
        return;
    };
    let choices = Choices {
        usual: usual.clone(),
        dialect,
        flags,
        line: line.into(),
        backlog: backlog.into(),
    };
    let ops = Op::from_bytes_with(script, phrases);
    let has_fan_out = dialect != Dialect::ECHO && dialect != Dialect::PAIR;
    match law % 7 {
        0 => laws::when_the_adapter_polls_and_writes_does_not_matter(&choices.roomy(), &ops),
        1 => {
            let cuts = &script[..script.len().min(8)];
            laws::how_the_input_is_cut_does_not_matter(&choices.narrow_by_lines(), &ops, cuts);
        }
        2 => laws::stale_names_and_spurious_calls_change_nothing(&choices.narrow(), &ops),
        3 => laws::the_same_inputs_give_the_same_outputs(&choices.narrow(), &ops),
        4 => laws::deadlines_are_met_and_the_server_sleeps(&choices.narrow(), &ops),
        5 if has_fan_out => laws::nobody_sees_a_gap_or_half_a_line(&choices.crowded(), &ops),
        _ => laws::the_server_does_what_the_model_does(&choices.with_deadlines(), &ops),
    }
}

/// What an input says about the configuration. What is made of it, the property tests of the
/// server explain.
struct Choices {
    usual: Config,
    dialect: Dialect,
    flags: u8,
    line: usize,
    backlog: usize,
}

impl Choices {
    fn roomy(&self) -> Config {
        let mut config = self.usual.clone();
        if takes_framing(self.dialect) {
            config.framing = match self.flags % 4 {
                1 => Some(Framing::Lines),
                2 if takes_chunks(self.dialect) => Some(Framing::Chunks),
                3 => Some(Framing::Auto),
                _ => None,
            };
        }
        config.pause = Duration::from_micros(300_011);
        config.uppercase = self.has(2) && self.dialect == Dialect::ECHO;
        config.full_duplex = self.has(2) && self.dialect == Dialect::PAIR;
        config.limits.max_line = 16 + self.line % 24;
        config.limits.max_rooms = 2;
        config.limits.max_rooms_per_user = 2;
        config.limits.max_users = 2;
        config.limits.login_timeout = None;
        config
    }

    fn with_deadlines(&self) -> Config {
        let mut config = self.roomy();
        let has_idle = self.has(4) && self.dialect != Dialect::PAIR;
        let limits = &mut config.limits;
        limits.login_timeout = self.has(3).then_some(Duration::from_micros(20_000_003));
        limits.idle_timeout = has_idle.then_some(Duration::from_micros(13_000_007));
        config
    }

    fn narrow(&self) -> Config {
        let mut config = self.with_deadlines();
        let has_stall = self.line >= 128;
        let limits = &mut config.limits;
        limits.max_backlog = 300 + 2 * self.backlog;
        limits.rate_limit = NonZeroU32::new(2).filter(|_| self.has(5));
        limits.max_connections_per_ip = NonZeroUsize::new(3).filter(|_| self.has(6));
        limits.max_connections = NonZeroUsize::new(4).filter(|_| self.has(7));
        limits.stall_timeout = has_stall.then_some(Duration::from_secs(7));
        limits.grace = Duration::from_secs(3);
        config
    }

    /// Chunks are what was cut, so that only lines can do without.
    fn narrow_by_lines(&self) -> Config {
        let mut config = self.narrow();
        if takes_framing(self.dialect) && config.framing != Some(Framing::Auto) {
            config.framing = Some(Framing::Lines);
        }
        config
    }

    fn crowded(&self) -> Config {
        let mut config = self.usual.clone();
        config.limits.max_line = 40 + self.line % 80;
        config.limits.max_backlog = (4 + self.backlog % 16) * config.limits.max_line;
        config.limits.max_buffered = 2 * config.limits.max_backlog;
        config
    }

    fn has(&self, bit: u8) -> bool {
        self.flags >> bit & 1 == 1
    }
}
