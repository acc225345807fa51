//! `irc`: the language of the clients that people already have.
//!
//! This is its grammar, for both ends of a connection. A line is a [`Message`]: [`Tags`], a
//! [`Source`], a command, [`Params`]; [`LineWriter`] puts one together from its parts.
//!
//! Sources, in this order where they differ: the IRCv3 specifications, the Modern IRC Client
//! Protocol, RFC 2812, RFC 1459. The comments name them IRCv3, Modern, RFC 2812 and RFC 1459.

mod line;
mod message;
mod numeric;
mod source;
mod tags;

pub use self::line::{
    LineWriter, MAX_CLIENT_TAGS, MAX_MESSAGE, MAX_RECEIVED_LINE, MAX_SENT_LINE, is_within_limits,
};
pub use self::message::{Fault, MAX_PARAMS, Malformed, Message, Params};
pub use self::numeric::{Digits, Document, Numeric};
pub use self::source::Source;
pub use self::tags::{Tag, TagValue, Tags, escape};
