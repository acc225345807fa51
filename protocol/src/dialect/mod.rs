//! The chat protocols. A new one is a folder here, its `mod` line, and its line in [`PROFILES`].

use alloc::boxed::Box;
use core::fmt;
use core::str::FromStr;

use thiserror::Error;

use crate::config::{Config, Framing, Setting};
use crate::rules::Rules;

pub mod addressed;
pub mod direct;
mod echo;
pub mod irc;
pub mod pair;
mod relay;
pub mod rooms;

/// Every dialect, in the order in which help texts list them.
static PROFILES: [&Profile; 6] = [
    &echo::PROFILE,
    &relay::PROFILE,
    &addressed::PROFILE,
    &rooms::PROFILE,
    &pair::PROFILE,
    &direct::PROFILE,
];

/// One of the chat protocols that a [`Server`](crate::Server) can speak.
///
/// ```
/// use linechat_protocol::Dialect;
///
/// let dialect: Dialect = "rooms".parse()?;
/// assert_eq!(dialect, Dialect::ROOMS);
/// assert_eq!(dialect.default_port(), 8888);
/// # Ok::<(), linechat_protocol::UnknownDialect>(())
/// ```
#[derive(Clone, Copy)]
pub struct Dialect(&'static Profile);

impl Dialect {
    /// Sends back what it receives (seed 000, versions 0 to 2; seed 002, the echo server).
    pub const ECHO: Self = Self(&echo::PROFILE);
    /// Hands each message on to all other connections (seed 000, versions 3 to 5; seed 002, the
    /// super-echo server).
    pub const RELAY: Self = Self(&relay::PROFILE);
    /// Hands each message on to all connections, stamped with its sender's address (seed 001).
    pub const ADDRESSED: Self = Self(&addressed::PROFILE);
    /// Nicknames, public and private messages, chat rooms (seed 002, the chat server).
    pub const ROOMS: Self = Self(&rooms::PROFILE);
    /// The operator at the server's keyboard talks with one client at a time (seed 003).
    pub const PAIR: Self = Self(&pair::PROFILE);
    /// Login, list and direct messages, with an answer to every request (seed 004).
    pub const DIRECT: Self = Self(&direct::PROFILE);

    /// Every dialect, in the order in which help texts list them.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        PROFILES.iter().map(|profile| Self(profile))
    }

    /// The name by which users choose it, lower-case.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// What it is, in one line.
    pub fn summary(self) -> &'static str {
        self.0.summary
    }

    /// The TCP port that its document uses.
    pub fn default_port(self) -> u16 {
        self.0.default_port
    }

    /// Whether it has a use for this setting.
    pub fn takes(self, setting: Setting) -> bool {
        self.0.settings.contains(&setting)
    }

    /// Whether it needs somebody at the server's keyboard.
    pub fn needs_console(self) -> bool {
        self.0.needs_console
    }

    pub(crate) fn profile(self) -> &'static Profile {
        self.0
    }
}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        Self::all()
            .find(|dialect| dialect.name() == name)
            .ok_or(UnknownDialect)
    }
}

impl PartialEq for Dialect {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Dialect {}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Dialect").field(&self.name()).finish()
    }
}

/// No dialect has this name.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("no such dialect")]
pub struct UnknownDialect;

/// What the engine needs to know about a dialect before it runs.
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) default_port: u16,
    /// What of the configuration it has a use for.
    pub(crate) settings: &'static [Setting],
    /// What counts as one message, unless the configuration says otherwise.
    pub(crate) framing: fn(&Config) -> Framing,
    /// Whether telnet's own commands are dropped from its input.
    pub(crate) drops_telnet_commands: bool,
    /// Whether a peer that speaks HTTP is closed after its first line.
    pub(crate) refuses_http: bool,
    pub(crate) needs_console: bool,
    /// Makes its rules.
    pub(crate) rules: fn(&Config) -> Box<dyn Rules>,
}

impl Profile {
    /// Whether a peer has to register or log in before it takes part.
    pub(crate) fn has_login(&self) -> bool {
        self.settings.contains(&Setting::LoginTimeout)
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::format;

    use super::*;

    #[test]
    fn every_dialect_says_in_a_line_of_its_own_what_it_is() {
        let summaries: BTreeSet<_> = Dialect::all().map(Dialect::summary).collect();
        assert_eq!(summaries.len(), PROFILES.len());
        for summary in summaries {
            assert!((20..80).contains(&summary.len()), "{summary}");
        }
    }

    #[test]
    fn a_dialect_is_shown_by_its_name() {
        assert_eq!(format!("{:>6}", Dialect::ECHO), "  echo");
        assert_eq!(format!("{:?}", Dialect::ECHO), "Dialect(\"echo\")");
    }

    #[test]
    fn only_pair_needs_somebody_at_the_keyboard() {
        for dialect in Dialect::all() {
            assert_eq!(
                dialect.needs_console(),
                dialect == Dialect::PAIR,
                "{dialect}"
            );
        }
    }
}
