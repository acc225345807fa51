//! Capabilities: what a client can ask for beyond the RFCs (IRCv3, capability-negotiation).

use alloc::vec::Vec;
use core::fmt;
use core::ops::BitOr;

use thiserror::Error;

use super::line::LineWriter;
use super::source::Source;
#[cfg(feature = "server")]
use crate::community::runs::View;

/// A set of capabilities.
///
/// ```
/// use linechat_protocol::irc::Capabilities;
///
/// let mut enabled = Capabilities::NONE;
/// enabled.apply("server-time message-tags")?;
/// enabled.apply("-message-tags batch")?;
/// assert_eq!(enabled, Capabilities::SERVER_TIME | Capabilities::BATCH);
/// # Ok::<(), linechat_protocol::irc::UnknownCapability>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Capabilities(u16);

macro_rules! capabilities {
    ($($(#[$doc:meta])* $constant:ident $name:literal,)*) => {
        /// Their places in the set.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "named like the constants")]
        enum Place { $($constant),* }

        impl Capabilities {
            $(
                $(#[$doc])*
                pub const $constant: Self = Self(1 << Place::$constant as u16);
            )*
        }

        static NAMES: &[(&str, Capabilities)] = &[$(($name, Capabilities::$constant)),*];
    };
}

capabilities! {
    /// `AWAY` when a user who shares a channel goes away or comes back.
    AWAY_NOTIFY "away-notify",
    /// Messages that belong together are marked.
    BATCH "batch",
    /// `CAP NEW` and `CAP DEL`; implied by `CAP LS 302`.
    CAP_NOTIFY "cap-notify",
    /// What one says comes back.
    ECHO_MESSAGE "echo-message",
    /// `JOIN` says the account and the real name.
    EXTENDED_JOIN "extended-join",
    /// `away-notify` and `setname` for users who are watched.
    EXTENDED_MONITOR "extended-monitor",
    /// `INVITE` when somebody else is invited.
    INVITE_NOTIFY "invite-notify",
    /// Answers say what they answer.
    LABELED_RESPONSE "labeled-response",
    /// Any tags, and `TAGMSG`.
    MESSAGE_TAGS "message-tags",
    /// `NAMES` and `WHO` show all prefixes of a member.
    MULTI_PREFIX "multi-prefix",
    /// The tag `time`.
    SERVER_TIME "server-time",
    /// `SETNAME` when a user's real name changes.
    SETNAME "setname",
    /// `FAIL`, `WARN` and `NOTE`.
    STANDARD_REPLIES "standard-replies",
    /// `NAMES` shows `nick!user@host`.
    USERHOST_IN_NAMES "userhost-in-names",
}

impl Capabilities {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// All that this server has.
    pub const ALL: Self = Self((1 << NAMES.len()) - 1);

    /// Those that change the bytes of what a user hears of others, and of oneself.
    pub const VIEW: Self = Self(
        Self::AWAY_NOTIFY.0
            | Self::ECHO_MESSAGE.0
            | Self::EXTENDED_MONITOR.0
            | Self::EXTENDED_JOIN.0
            | Self::INVITE_NOTIFY.0
            | Self::MESSAGE_TAGS.0
            | Self::SERVER_TIME.0
            | Self::SETNAME.0,
    );

    /// The one with this name; names are compared exactly.
    pub fn find(name: &str) -> Option<Self> {
        let mut known = NAMES.iter();
        let found = known.find(|&&(known, _)| known == name);
        found.map(|&(_, capability)| capability)
    }

    /// Whether all of `others` are in it.
    pub fn has(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Those that are in both.
    pub fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Those that are not in `others`.
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// What of them makes its users see other bytes.
    #[cfg(feature = "server")]
    pub(crate) fn view(self) -> View {
        View(self.and(Self::VIEW).0)
    }

    /// Those with which somebody sees this.
    #[cfg(feature = "server")]
    pub(crate) fn of(view: View) -> Self {
        Self(view.0)
    }

    /// Their names, in order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let known = NAMES
            .iter()
            .filter(move |&&(_, capability)| self.has(capability));
        known.map(|&(name, _)| name)
    }

    /// Enables and disables what `CAP REQ` asks for, from left to right: all of it, or nothing.
    ///
    /// # Errors
    ///
    /// One of them is unknown. Nothing has changed.
    pub fn apply(&mut self, request: &str) -> Result<(), UnknownCapability> {
        let mut changed = *self;
        for word in request.split(' ').filter(|word| !word.is_empty()) {
            changed = match word.strip_prefix('-') {
                Some(name) => changed.without(Self::find(name).ok_or(UnknownCapability)?),
                None => changed | Self::find(word).ok_or(UnknownCapability)?,
            };
        }
        *self = changed;
        Ok(())
    }

    /// Appends the line that lists them: `CAP nick LS :names`. All of them fit into one.
    pub fn write(self, out: &mut Vec<u8>, server: &str, nick: &str, subcommand: &str) {
        let mut line = LineWriter::begin(out);
        line.source(Source::server(server));
        line.command("CAP");
        line.word(nick);
        line.word(subcommand);
        line.text_shown(self);
        line.end();
    }
}

impl BitOr for Capabilities {
    type Output = Self;

    fn bitor(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

/// Their names with one space between them.
impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names().enumerate() {
            let separator = if index == 0 { "" } else { " " };
            write!(f, "{separator}{name}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// A capability that this server does not have.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("no such capability")]
pub struct UnknownCapability;

/// What a client says with `CAP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapRequest<'a> {
    /// `LS`: which are there? With the version of the negotiation that the client speaks.
    Ls(u32),
    /// `LIST`: which are enabled?
    List,
    /// `REQ`: enable and disable these.
    Req(&'a str),
    /// `END`: that is all.
    End,
}

impl<'a> CapRequest<'a> {
    /// Understands the parameters of `CAP`. `None` for an unknown subcommand, or for none (410).
    pub fn parse(params: &[&'a str]) -> Option<Self> {
        let (subcommand, rest) = params.split_first()?;
        let argument = rest.first().copied().unwrap_or_default();
        let is = |name: &str| subcommand.eq_ignore_ascii_case(name);
        if is("LS") {
            return Some(Self::Ls(argument.parse().unwrap_or(FIRST_VERSION)));
        }
        if is("LIST") {
            return Some(Self::List);
        }
        if is("REQ") {
            return Some(Self::Req(argument));
        }
        is("END").then_some(Self::End)
    }
}

/// The version that a client speaks that does not say which.
const FIRST_VERSION: u32 = 301;

/// From this version on, a client has [`Capabilities::CAP_NOTIFY`] without asking for it.
pub const NOTIFY_VERSION: u32 = 302;

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString as _};

    use super::*;

    #[test]
    fn every_capability_is_found_by_its_name() {
        for name in Capabilities::ALL.names() {
            let capability = Capabilities::find(name).unwrap();
            assert_eq!(capability.to_string(), name);
            assert!(Capabilities::ALL.has(capability));
        }
        assert_eq!(Capabilities::ALL.names().count(), 14);
        assert!(Capabilities::ALL.names().is_sorted());
        assert_eq!(Capabilities::find("sasl"), None);
        assert_eq!(Capabilities::find("Batch"), None);
    }

    #[test]
    fn a_request_is_granted_as_a_whole_or_not_at_all() {
        let mut enabled = Capabilities::BATCH;
        for refused in ["foo", "setname foo", "foo -batch", "-foo", "-", "batch=1"] {
            assert_eq!(enabled.apply(refused), Err(UnknownCapability), "{refused}");
            assert_eq!(enabled, Capabilities::BATCH);
        }
        enabled.apply(" setname  -batch ").unwrap();
        assert_eq!(enabled, Capabilities::SETNAME);
        enabled.apply("batch -batch -batch setname").unwrap();
        assert_eq!(enabled, Capabilities::SETNAME);
        enabled.apply("").unwrap();
        assert_eq!(enabled, Capabilities::SETNAME);
    }

    #[test]
    fn all_of_them_are_listed_in_one_line() {
        let mut out = Vec::new();
        let (server, nick) = ("s".repeat(63), "n".repeat(32));
        Capabilities::ALL.write(&mut out, &server, &nick, "LIST");
        let line = String::from_utf8(out).unwrap();
        assert!(line.len() < 512);
        assert!(line.ends_with(" userhost-in-names\r\n"));

        let mut out = Vec::new();
        Capabilities::NONE.write(&mut out, "irc", "*", "LIST");
        assert_eq!(out, b":irc CAP * LIST :\r\n");
    }

    #[test]
    fn a_client_says_what_it_wants_of_capabilities() {
        for (params, meant) in [
            (&["LS"][..], Some(CapRequest::Ls(301))),
            (&["ls", "302"], Some(CapRequest::Ls(302))),
            (&["LS", "x"], Some(CapRequest::Ls(301))),
            (&["LIST", "302"], Some(CapRequest::List)),
            (&["REQ", "a -b"], Some(CapRequest::Req("a -b"))),
            (&["REQ"], Some(CapRequest::Req(""))),
            (&["END"], Some(CapRequest::End)),
            (&["ACK", "a"], None),
            (&[""], None),
            (&[], None),
        ] {
            assert_eq!(CapRequest::parse(params), meant, "{params:?}");
        }
    }
}
