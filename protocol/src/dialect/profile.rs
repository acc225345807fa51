//! What a server knows of its dialects before they run.

use alloc::boxed::Box;
use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use thiserror::Error;

use crate::community::{Addresses, Door};
#[cfg(feature = "addressed")]
use crate::dialect::addressed;
#[cfg(feature = "direct")]
use crate::dialect::direct;
#[cfg(feature = "echo")]
use crate::dialect::echo;
#[cfg(feature = "irc")]
use crate::dialect::irc;
#[cfg(feature = "pair")]
use crate::dialect::pair;
#[cfg(feature = "relay")]
use crate::dialect::relay;
#[cfg(feature = "rooms")]
use crate::dialect::rooms;
use crate::listener::{Framing, Terms};
use crate::rules::{Rules, Voice};

/// Every dialect, in the order in which help texts list them.
static PROFILES: &[&Profile] = &[
    #[cfg(feature = "echo")]
    &echo::PROFILE,
    #[cfg(feature = "relay")]
    &relay::PROFILE,
    #[cfg(feature = "addressed")]
    &addressed::PROFILE,
    #[cfg(feature = "rooms")]
    &rooms::PROFILE,
    #[cfg(feature = "pair")]
    &pair::PROFILE,
    #[cfg(feature = "direct")]
    &direct::PROFILE,
    #[cfg(feature = "irc")]
    &irc::PROFILE,
    #[cfg(feature = "irc")]
    &irc::WEB_PROFILE,
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
    #[cfg(feature = "echo")]
    pub const ECHO: Self = Self(&echo::PROFILE);
    /// Hands each message on to all other connections (seed 000, versions 3 to 5; seed 002, the
    /// super-echo server).
    #[cfg(feature = "relay")]
    pub const RELAY: Self = Self(&relay::PROFILE);
    /// Hands each message on to all connections, stamped with its sender's address (seed 001).
    #[cfg(feature = "addressed")]
    pub const ADDRESSED: Self = Self(&addressed::PROFILE);
    /// Nicknames, public and private messages, chat rooms (seed 002, the chat server).
    #[cfg(feature = "rooms")]
    pub const ROOMS: Self = Self(&rooms::PROFILE);
    /// The operator at the server's keyboard talks with one client at a time (seed 003).
    #[cfg(feature = "pair")]
    pub const PAIR: Self = Self(&pair::PROFILE);
    /// Login, list and direct messages, with an answer to every request (seed 004).
    #[cfg(feature = "direct")]
    pub const DIRECT: Self = Self(&direct::PROFILE);

    /// The language of the clients that people already have (RFC 1459 and 2812, Modern, IRCv3).
    #[cfg(feature = "irc")]
    pub const IRC: Self = Self(&irc::PROFILE);
    /// The same for browsers: what [`IRC`](Self::IRC) is, behind a layer that speaks WebSocket.
    #[cfg(feature = "irc")]
    pub const WEB: Self = Self(&irc::WEB_PROFILE);

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

    /// The TCP port that its document uses, or that is customary.
    pub fn default_port(self) -> u16 {
        self.0.default_port
    }

    /// Whether it needs somebody at the server's keyboard.
    pub fn needs_console(self) -> bool {
        self.0.needs_console
    }

    /// Whether a peer registers or logs in before it takes part.
    pub fn has_login(self) -> bool {
        self.0.door.is_some()
    }

    /// Whether its users and those of another dialect can be one community: then a server can speak
    /// both.
    pub fn combines_with(self, other: Self) -> bool {
        self == other || (self.0.door.is_some() && other.0.door.is_some())
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

/// A dialect with its own options.
///
/// Made from the options of one, or from a [`Dialect`] for the usual ones.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Options {
    /// [`Dialect::ECHO`]
    #[cfg(feature = "echo")]
    Echo(echo::Options),
    /// [`Dialect::RELAY`]
    #[cfg(feature = "relay")]
    Relay(relay::Options),
    /// [`Dialect::ADDRESSED`]
    #[cfg(feature = "addressed")]
    Addressed(addressed::Options),
    /// [`Dialect::ROOMS`]
    #[cfg(feature = "rooms")]
    Rooms(rooms::Options),
    /// [`Dialect::PAIR`]
    #[cfg(feature = "pair")]
    Pair(pair::Options),
    /// [`Dialect::DIRECT`]
    #[cfg(feature = "direct")]
    Direct(direct::Options),
    /// [`Dialect::IRC`]
    #[cfg(feature = "irc")]
    Irc(irc::Options),
    /// [`Dialect::WEB`]
    #[cfg(feature = "irc")]
    Web(irc::Options),
}

impl Options {
    /// The dialect that they are for.
    pub fn dialect(&self) -> Dialect {
        match *self {
            #[cfg(feature = "echo")]
            Self::Echo(_) => Dialect::ECHO,
            #[cfg(feature = "relay")]
            Self::Relay(_) => Dialect::RELAY,
            #[cfg(feature = "addressed")]
            Self::Addressed(_) => Dialect::ADDRESSED,
            #[cfg(feature = "rooms")]
            Self::Rooms(_) => Dialect::ROOMS,
            #[cfg(feature = "pair")]
            Self::Pair(_) => Dialect::PAIR,
            #[cfg(feature = "direct")]
            Self::Direct(_) => Dialect::DIRECT,
            #[cfg(feature = "irc")]
            Self::Irc(_) => Dialect::IRC,
            #[cfg(feature = "irc")]
            Self::Web(_) => Dialect::WEB,
        }
    }

    /// What counts as one message.
    pub fn framing(&self) -> Framing {
        match *self {
            #[cfg(feature = "echo")]
            Self::Echo(ref options) => options.framing(),
            #[cfg(feature = "relay")]
            Self::Relay(ref options) => options.framing,
            #[cfg(feature = "addressed")]
            Self::Addressed(ref options) => options.framing,
            #[cfg(feature = "pair")]
            Self::Pair(ref options) => options.framing,
            #[cfg(feature = "rooms")]
            Self::Rooms(_) => Framing::Lines,
            #[cfg(feature = "direct")]
            Self::Direct(_) => Framing::Lines,
            #[cfg(feature = "irc")]
            Self::Irc(_) | Self::Web(_) => Framing::Lines,
        }
    }

    /// Whether a message can be whatever one read brings.
    pub(crate) fn takes_chunks(&self) -> bool {
        match *self {
            // Turns are made of lines.
            #[cfg(feature = "pair")]
            Self::Pair(_) => false,
            _ => true,
        }
    }

    /// The rules, and how news are told, where there are news.
    pub(crate) fn rules(&self) -> (Box<dyn Rules>, Option<Box<dyn Voice>>) {
        match *self {
            #[cfg(feature = "echo")]
            Self::Echo(ref options) => (echo::rules(options), None),
            #[cfg(feature = "relay")]
            Self::Relay(_) => (relay::rules(), None),
            #[cfg(feature = "addressed")]
            Self::Addressed(_) => (addressed::rules(), None),
            #[cfg(feature = "pair")]
            Self::Pair(ref options) => (pair::rules(options), None),
            #[cfg(feature = "rooms")]
            Self::Rooms(_) => rooms::rules(),
            #[cfg(feature = "direct")]
            Self::Direct(_) => direct::rules(),
            #[cfg(feature = "irc")]
            Self::Irc(ref options) => irc::rules(options, DOOR_IRC),
            #[cfg(feature = "irc")]
            Self::Web(ref options) => irc::rules(options, DOOR_WEB),
        }
    }

    /// What its users are in a community.
    pub(crate) fn door(&self) -> Option<(u8, Door)> {
        match *self {
            #[cfg(feature = "rooms")]
            Self::Rooms(_) => Some((DOOR_ROOMS, rooms::DOOR)),
            #[cfg(feature = "direct")]
            Self::Direct(ref options) => Some((DOOR_DIRECT, direct::door(options))),
            #[cfg(feature = "irc")]
            Self::Irc(_) => Some((DOOR_IRC, irc::DOOR)),
            #[cfg(feature = "irc")]
            Self::Web(_) => Some((DOOR_WEB, irc::DOOR)),
            _ => None,
        }
    }

    /// The name of the lobby for those whose language can name it.
    pub(crate) fn lobby(&self) -> Option<Box<str>> {
        match *self {
            #[cfg(feature = "rooms")]
            Self::Rooms(ref options) => Some(options.lobby.as_str().into()),
            _ => None,
        }
    }

    /// What its users see of each other's addresses, if they do.
    pub(crate) fn addresses(&self) -> Option<Addresses> {
        match *self {
            #[cfg(feature = "irc")]
            Self::Irc(ref options) | Self::Web(ref options) => Some(options.addresses()),
            _ => None,
        }
    }
}

impl From<Dialect> for Options {
    fn from(dialect: Dialect) -> Self {
        (dialect.profile().options)()
    }
}

/// The places of the dialects among the doors of a community: the same on every node.
pub(crate) const DOOR_ROOMS: u8 = 0;
pub(crate) const DOOR_DIRECT: u8 = 1;
pub(crate) const DOOR_IRC: u8 = 2;
pub(crate) const DOOR_WEB: u8 = 3;
pub(crate) const DOORS: usize = 4;

/// What is known of a dialect before it runs.
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) default_port: u16,
    /// Its usual options.
    pub(crate) options: fn() -> Options,
    /// Its place among the doors of a community, if its peers are users.
    pub(crate) door: Option<u8>,
    /// Whether telnet's own commands are dropped from its input.
    pub(crate) drops_telnet_commands: bool,
    /// Whether a peer that speaks HTTP is closed after its first line.
    pub(crate) refuses_http: bool,
    pub(crate) needs_console: bool,
    /// Whether names that differ in the case of ASCII letters alone are the same to its users.
    pub(crate) folds_case: bool,
    /// The longest line in bytes, where that is not for the operator to choose.
    pub(crate) max_line: Option<usize>,
    /// How long a peer may be silent unless the operator says so, where it is asked whether it is
    /// still there.
    pub(crate) idle_timeout: Option<Duration>,
}

impl Profile {
    /// The terms on which it is spoken, given those that were chosen.
    pub(crate) fn own_terms(&self, mut terms: Terms) -> Terms {
        terms.max_line = self.max_line.unwrap_or(terms.max_line);
        if self.idle_timeout.is_some() {
            // It is asked after half of this.
            terms.idle_timeout = terms.idle_timeout.map(|half| half * 2);
        }
        terms
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
    fn the_options_of_a_dialect_are_its_own() {
        for dialect in Dialect::all() {
            assert_eq!(Options::from(dialect).dialect(), dialect);
        }
    }

    #[test]
    fn only_those_whose_peers_are_users_combine() {
        for one in Dialect::all() {
            for other in Dialect::all() {
                let both_have_users = one.has_login() && other.has_login();
                let combine = one == other || both_have_users;
                assert_eq!(one.combines_with(other), combine, "{one} and {other}");
            }
        }
    }
}
