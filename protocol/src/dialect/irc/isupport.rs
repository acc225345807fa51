//! What a server tells of itself in 005 (Modern, *RPL_ISUPPORT*).

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use super::line::LineWriter;
use super::list_filter::ListFilter;
use super::mode::{ChannelFlag, ListMode, Prefix, UserMode};
use super::mode_change::ModeChanges;
use super::name::{ChannelKey, ChannelName, Nickname, Username};
use super::numeric::Numeric;

/// What a server supports, and its limits: one token for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Isupport {
    tokens: Vec<Token>,
}

impl Isupport {
    /// What this grammar supports on a network of that name.
    pub fn new(network: &str, max_channels: usize) -> Self {
        let letters = |letters: &mut dyn Iterator<Item = char>| letters.collect::<String>();
        let flags = letters(&mut ChannelFlag::ALL.iter().map(|flag| flag.letter()));
        let lists = letters(&mut ListMode::ALL.iter().map(|list| list.letter()));
        let ranks = letters(&mut Prefix::ALL.iter().map(|prefix| prefix.letter()));
        let symbols = letters(&mut Prefix::ALL.iter().map(|prefix| prefix.symbol()));
        let mut supported = Self { tokens: Vec::new() };
        supported
            .add("AWAYLEN", MAX_AWAY)
            .add("BOT", UserMode::Bot.letter())
            .add("CASEMAPPING", "ascii")
            .add("CHANLIMIT", format_args!("#:{max_channels}"))
            .add("CHANMODES", format_args!("{lists},k,l,{flags}"))
            .add("CHANNELLEN", ChannelName::MAX)
            .add("CHANTYPES", "#")
            .add("ELIST", ListFilter::LETTERS)
            .add("EXCEPTS", ListMode::BanException.letter())
            .add("INVEX", ListMode::InviteException.letter())
            .add("KEYLEN", ChannelKey::MAX)
            .add("KICKLEN", MAX_REASON)
            .add("MAXLIST", format_args!("{lists}:{MAX_LIST}"))
            .add("MODES", ModeChanges::MAX_WITH_PARAMETER)
            .add("MONITOR", MAX_MONITORED)
            .add("NAMELEN", MAX_REAL_NAME)
            .add("NETWORK", network)
            .add("NICKLEN", Nickname::MAX)
            .add("PREFIX", format_args!("({ranks}){symbols}"))
            .add("STATUSMSG", symbols.as_str())
            .add("TARGMAX", format_args!("{}", TargetLimits))
            .add("TOPICLEN", MAX_TOPIC)
            .add("USERLEN", Username::MAX)
            .add("UTF8ONLY", "")
            .add("WHOX", "");
        supported
    }

    /// The tokens, in their order.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Appends the lines that say so to one user.
    pub fn write(&self, out: &mut Vec<u8>, server: &str, nick: &str) {
        let text = Numeric::RPL_ISUPPORT.text();
        let mut waiting = self.tokens.iter().peekable();
        while waiting.peek().is_some() {
            let mut line = LineWriter::begin(out);
            line.numeric(server, Numeric::RPL_ISUPPORT, nick);
            for _ in 0..MAX_TOKENS {
                let room = line
                    .room()
                    .saturating_sub(" ".len() + " :".len() + text.len());
                let Some(token) = waiting.next_if(|token| token.wire.len() <= room) else {
                    break;
                };
                line.word(&token.wire);
            }
            line.explained();
            line.end();
        }
    }

    fn add(&mut self, name: &str, value: impl fmt::Display) -> &mut Self {
        self.tokens.push(Token::new(name, value));
        self
    }
}

/// One thing that a server supports: `NICKLEN=32`, `WHOX`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// With what is no part of a word escaped.
    wire: String,
}

impl Token {
    fn new(name: &str, value: impl fmt::Display) -> Self {
        let value = value.to_string();
        let mut wire = String::from(name);
        for (index, character) in value.chars().enumerate() {
            if index == 0 {
                wire.push('=');
            }
            if matches!(character, ' ' | '=' | '\\') {
                // Memory takes everything.
                let _ = write!(wire, "\\x{:02X}", u32::from(character));
            } else {
                wire.push(character);
            }
        }
        Self { wire }
    }

    /// As it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.wire
    }
}

/// How many targets a command can have. Who is not named here has one, `JOIN` and `PART` as many
/// as fit.
struct TargetLimits;

impl fmt::Display for TargetLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = ["KICK", "LIST", "NAMES", "WHOIS"].map(|command| format!("{command}:1"));
        let some =
            ["NOTICE", "PRIVMSG", "TAGMSG"].map(|command| format!("{command}:{MAX_TARGETS}"));
        write!(
            f,
            "{},{},JOIN:,PART:,MONITOR:",
            one.join(","),
            some.join(",")
        )
    }
}

/// The most targets of one message.
pub const MAX_TARGETS: usize = 4;
/// The longest topic, in bytes: with the longest names, it fits into a line.
pub const MAX_TOPIC: usize = 300;
/// The longest reason of a `KICK`, `PART` or `QUIT`, in bytes.
pub const MAX_REASON: usize = 250;
/// The longest text of `AWAY`, in bytes.
pub const MAX_AWAY: usize = 300;
/// The longest real name, in bytes.
pub const MAX_REAL_NAME: usize = 128;
/// The most masks in all the lists of a channel.
pub const MAX_LIST: usize = 100;
/// The most users that one can watch.
pub const MAX_MONITORED: usize = 100;

/// Of the 15 words of a line, the first is the nickname, the last the text.
const MAX_TOKENS: usize = 13;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_is_told_in_lines_that_are_short_enough() {
        let mut out = Vec::new();
        let nick = "n".repeat(32);
        let server = "s".repeat(63);
        Isupport::new(&"x".repeat(60), 64).write(&mut out, &server, &nick);
        let text = String::from_utf8(out).unwrap();
        let mut told = Vec::new();
        for line in text.split_terminator("\r\n") {
            assert!(line.len() <= 510);
            let line = line
                .strip_prefix(&format!(":{server} 005 {nick} "))
                .unwrap();
            let tokens = line.strip_suffix(" :are supported by this server").unwrap();
            let tokens: Vec<_> = tokens.split(' ').collect();
            assert!((1..=13).contains(&tokens.len()), "{tokens:?}");
            told.extend(tokens);
        }
        let supported = Isupport::new(&"x".repeat(60), 64);
        assert!(supported.tokens().iter().map(Token::as_str).eq(told));
    }

    #[test]
    fn the_tokens_say_what_the_grammar_can() {
        let supported = Isupport::new("The Net=1", 64);
        let tokens: Vec<_> = supported.tokens().iter().map(Token::as_str).collect();
        for expected in [
            "BOT=B",
            "CHANLIMIT=#:64",
            "CHANMODES=beI,k,l,Cimnst",
            "CASEMAPPING=ascii",
            "MAXLIST=beI:100",
            "NETWORK=The\\x20Net\\x3D1",
            "PREFIX=(ohv)@%+",
            "STATUSMSG=@%+",
            "TARGMAX=KICK:1,LIST:1,NAMES:1,WHOIS:1,NOTICE:4,PRIVMSG:4,TAGMSG:4,JOIN:,PART:,MONITOR:",
            "UTF8ONLY",
            "WHOX",
        ] {
            assert!(tokens.contains(&expected), "{expected} in {tokens:?}");
        }
        assert!(tokens.is_sorted(), "{tokens:?}");
    }
}
