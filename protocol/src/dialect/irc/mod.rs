//! `irc`: the language of the clients that people already have.
//!
//! This is its grammar, for both ends of a connection. A line is a [`Message`]: [`Tags`], a
//! [`Source`], a command, [`Params`]; [`LineWriter`] puts one together from its parts. What stands
//! in them has types of its own: [`Nickname`], [`ChannelName`], [`Mask`], [`ModeChange`],
//! [`Capabilities`], [`Numeric`] and the rest. [`Client`] is the client's side of it; the server's
//! side is chosen with [`Options`]. The dialect `web` is the same for browsers.
//!
//! Sources, in this order where they differ: the IRCv3 specifications, the Modern IRC Client
//! Protocol, RFC 2812, RFC 1459. The comments name them IRCv3, Modern, RFC 2812 and RFC 1459.

mod capability;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod event;
mod isupport;
mod line;
mod list_filter;
mod mask;
mod message;
mod mode;
mod mode_change;
mod mode_string;
mod monitor;
mod name;
mod numeric;
#[cfg(feature = "server")]
mod server;
mod source;
mod tags;
mod target;
mod text;
mod timestamp;
#[cfg(feature = "server")]
mod translation;
#[cfg(feature = "server")]
mod voice;
mod whox;

pub use self::capability::{CapRequest, Capabilities, NOTIFY_VERSION, UnknownCapability};
#[cfg(feature = "client")]
pub use self::client::{Client, ClientState};
#[cfg(feature = "client")]
pub use self::event::Event;
pub use self::isupport::{
    Isupport, MAX_AWAY, MAX_LIST, MAX_MONITORED, MAX_REAL_NAME, MAX_REASON, MAX_TARGETS, MAX_TOPIC,
    Token,
};
pub use self::line::{
    LineWriter, MAX_CLIENT_TAGS, MAX_MESSAGE, MAX_RECEIVED_LINE, MAX_SENT_LINE, is_within_limits,
};
pub use self::list_filter::{Compare, ListFilter};
pub use self::mask::{Mask, Subject, matches};
pub use self::message::{Fault, MAX_PARAMS, Malformed, Message, Params};
pub use self::mode::{ChannelFlag, ListMode, Prefix, UserMode, UserModeChange, user_mode_changes};
pub use self::mode_change::{BadModeChange, ModeChange, ModeChanges, channel_mode_changes};
pub use self::mode_string::{ModeString, write_mode_lines};
pub use self::monitor::MonitorRequest;
pub use self::name::{ChannelKey, ChannelName, Nickname, Username};
pub use self::numeric::{Digits, Document, Numeric};
#[cfg(feature = "server")]
pub use self::server::options::{Operator, Options};
pub use self::source::Source;
pub use self::tags::{Tag, TagValue, Tags, escape};
pub use self::target::{Target, targets};
pub use self::text::{Spoken, TextFault, is_harmless, split, spoken, unformatted};
pub use self::timestamp::Timestamp;
pub use self::whox::{WhoxField, WhoxRequest};

#[cfg(feature = "server")]
pub(crate) use self::server::{DOOR, PROFILE, WEB_PROFILE, rules};
