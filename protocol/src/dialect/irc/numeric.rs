//! The numerics: the replies and errors of a server, each a number of three digits.

use core::fmt;

/// A numeric: its number, its name, the document that has it, and the text that goes with it.
///
/// ```
/// use linechat_protocol::irc::Numeric;
///
/// let numeric = Numeric::find(433).unwrap();
/// assert_eq!(numeric, Numeric::ERR_NICKNAMEINUSE);
/// assert_eq!(numeric.text(), "Nickname is already in use");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Numeric(&'static Entry);

impl Numeric {
    /// The one with this number, if this server uses it.
    pub fn find(number: u16) -> Option<Self> {
        let place = ALL.binary_search_by_key(&number, |numeric| numeric.number());
        place.ok().map(|place| ALL[place])
    }

    /// Every one that this server uses, in the order of their numbers.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        ALL.iter().copied()
    }

    /// Its number, below 1000.
    pub fn number(self) -> u16 {
        self.0.number
    }

    /// Its name in the documents.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Where it is written.
    pub fn document(self) -> Document {
        self.0.document
    }

    /// The text at its end; empty if that is made anew each time.
    pub fn text(self) -> &'static str {
        self.0.text
    }

    /// Whether it says that something could not be done.
    pub fn is_error(self) -> bool {
        self.0.name.starts_with("ERR_")
    }

    /// Its number on the wire.
    pub fn digits(self) -> Digits {
        let digit = |divisor: u16| b'0' + (self.0.number / divisor % 10) as u8;
        Digits([digit(100), digit(10), digit(1)])
    }
}

impl fmt::Debug for Numeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:03})", self.0.name, self.0.number)
    }
}

/// The three digits of a numeric.
#[derive(Clone, Copy, Debug)]
pub struct Digits([u8; 3]);

impl Digits {
    /// As text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Where a numeric is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Document {
    /// Internet Relay Chat Protocol, 1993.
    Rfc1459,
    /// Internet Relay Chat: Client Protocol, 2000.
    Rfc2812,
    /// The Modern IRC Client Protocol, ircdocs.
    Modern,
    /// The IRCv3 specifications.
    Ircv3,
    /// No document, but other servers and clients know it.
    Custom,
}

#[derive(PartialEq, Eq)]
struct Entry {
    number: u16,
    name: &'static str,
    document: Document,
    text: &'static str,
}

macro_rules! numerics {
    ($($number:literal $name:ident $document:ident $text:literal)*) => {
        impl Numeric {
            $(
                #[doc = concat!("`", $number, "`: ", $text)]
                pub const $name: Self = Self(&Entry {
                    number: $number,
                    name: stringify!($name),
                    document: Document::$document,
                    text: $text,
                });
            )*
        }

        static ALL: &[Numeric] = &[$(Numeric::$name),*];
    };
}

numerics! {
    1 RPL_WELCOME Rfc2812 ""
    2 RPL_YOURHOST Rfc2812 ""
    3 RPL_CREATED Rfc2812 ""
    4 RPL_MYINFO Rfc2812 ""
    5 RPL_ISUPPORT Modern "are supported by this server"
    15 RPL_MAP Custom ""
    17 RPL_MAPEND Custom "End of /MAP"
    221 RPL_UMODEIS Rfc1459 ""
    251 RPL_LUSERCLIENT Rfc1459 ""
    252 RPL_LUSEROP Rfc1459 "operator(s) online"
    253 RPL_LUSERUNKNOWN Rfc1459 "unknown connection(s)"
    254 RPL_LUSERCHANNELS Rfc1459 "channels formed"
    255 RPL_LUSERME Rfc1459 ""
    256 RPL_ADMINME Rfc1459 "Administrative info"
    257 RPL_ADMINLOC1 Rfc1459 ""
    258 RPL_ADMINLOC2 Rfc1459 ""
    259 RPL_ADMINEMAIL Rfc1459 ""
    265 RPL_LOCALUSERS Modern ""
    266 RPL_GLOBALUSERS Modern ""
    301 RPL_AWAY Rfc1459 ""
    302 RPL_USERHOST Rfc1459 ""
    303 RPL_ISON Rfc1459 ""
    305 RPL_UNAWAY Rfc1459 "You are no longer marked as being away"
    306 RPL_NOWAWAY Rfc1459 "You have been marked as being away"
    311 RPL_WHOISUSER Rfc1459 ""
    312 RPL_WHOISSERVER Rfc1459 ""
    313 RPL_WHOISOPERATOR Rfc1459 "is an IRC operator"
    314 RPL_WHOWASUSER Rfc1459 ""
    315 RPL_ENDOFWHO Rfc1459 "End of WHO list"
    317 RPL_WHOISIDLE Rfc1459 "seconds idle, signon time"
    318 RPL_ENDOFWHOIS Rfc1459 "End of /WHOIS list"
    319 RPL_WHOISCHANNELS Rfc1459 ""
    321 RPL_LISTSTART Rfc1459 "Users  Name"
    322 RPL_LIST Rfc1459 ""
    323 RPL_LISTEND Rfc1459 "End of /LIST"
    324 RPL_CHANNELMODEIS Rfc1459 ""
    329 RPL_CREATIONTIME Modern ""
    331 RPL_NOTOPIC Rfc1459 "No topic is set"
    332 RPL_TOPIC Rfc1459 ""
    333 RPL_TOPICWHOTIME Modern ""
    335 RPL_WHOISBOT Ircv3 "is a bot"
    336 RPL_INVITELIST Modern ""
    337 RPL_ENDOFINVITELIST Modern "End of /INVITE list"
    338 RPL_WHOISACTUALLY Modern "is actually using host"
    341 RPL_INVITING Rfc1459 ""
    346 RPL_INVEXLIST Rfc2812 ""
    347 RPL_ENDOFINVEXLIST Rfc2812 "End of channel invite exception list"
    348 RPL_EXCEPTLIST Rfc2812 ""
    349 RPL_ENDOFEXCEPTLIST Rfc2812 "End of channel exception list"
    351 RPL_VERSION Rfc1459 ""
    352 RPL_WHOREPLY Rfc1459 ""
    353 RPL_NAMREPLY Rfc1459 ""
    354 RPL_WHOSPCRPL Ircv3 ""
    364 RPL_LINKS Rfc1459 ""
    365 RPL_ENDOFLINKS Rfc1459 "End of /LINKS list"
    366 RPL_ENDOFNAMES Rfc1459 "End of /NAMES list"
    367 RPL_BANLIST Rfc1459 ""
    368 RPL_ENDOFBANLIST Rfc1459 "End of channel ban list"
    369 RPL_ENDOFWHOWAS Rfc1459 "End of WHOWAS"
    371 RPL_INFO Rfc1459 ""
    372 RPL_MOTD Rfc1459 ""
    374 RPL_ENDOFINFO Rfc1459 "End of INFO list"
    375 RPL_MOTDSTART Rfc1459 ""
    376 RPL_ENDOFMOTD Rfc1459 "End of /MOTD command."
    378 RPL_WHOISHOST Modern ""
    379 RPL_WHOISMODES Modern ""
    381 RPL_YOUREOPER Rfc1459 "You are now an IRC operator"
    382 RPL_REHASHING Rfc1459 "Rehashing"
    391 RPL_TIME Rfc1459 ""
    400 ERR_UNKNOWNERROR Modern ""
    401 ERR_NOSUCHNICK Rfc1459 "No such nick/channel"
    402 ERR_NOSUCHSERVER Rfc1459 "No such server"
    403 ERR_NOSUCHCHANNEL Rfc1459 "No such channel"
    404 ERR_CANNOTSENDTOCHAN Rfc1459 "Cannot send to channel"
    405 ERR_TOOMANYCHANNELS Rfc1459 "You have joined too many channels"
    406 ERR_WASNOSUCHNICK Rfc1459 "There was no such nickname"
    407 ERR_TOOMANYTARGETS Rfc1459 "Too many targets"
    409 ERR_NOORIGIN Rfc1459 "No origin specified"
    410 ERR_INVALIDCAPCMD Ircv3 "Invalid CAP command"
    411 ERR_NORECIPIENT Rfc1459 ""
    412 ERR_NOTEXTTOSEND Rfc1459 "No text to send"
    416 ERR_TOOMANYMATCHES Custom "Too many lines in the output, restrict your query"
    417 ERR_INPUTTOOLONG Ircv3 "Input line was too long"
    421 ERR_UNKNOWNCOMMAND Rfc1459 "Unknown command"
    422 ERR_NOMOTD Rfc1459 "MOTD File is missing"
    431 ERR_NONICKNAMEGIVEN Rfc1459 "No nickname given"
    432 ERR_ERRONEUSNICKNAME Rfc1459 "Erroneus nickname"
    433 ERR_NICKNAMEINUSE Rfc1459 "Nickname is already in use"
    441 ERR_USERNOTINCHANNEL Rfc1459 "They aren't on that channel"
    442 ERR_NOTONCHANNEL Rfc1459 "You're not on that channel"
    443 ERR_USERONCHANNEL Rfc1459 "is already on channel"
    451 ERR_NOTREGISTERED Rfc1459 "You have not registered"
    461 ERR_NEEDMOREPARAMS Rfc1459 "Not enough parameters"
    462 ERR_ALREADYREGISTERED Rfc1459 "You may not reregister"
    464 ERR_PASSWDMISMATCH Rfc1459 "Password incorrect"
    468 ERR_INVALIDUSERNAME Custom "Your username is not valid"
    471 ERR_CHANNELISFULL Rfc1459 "Cannot join channel (+l)"
    472 ERR_UNKNOWNMODE Rfc1459 "is unknown mode char to me"
    473 ERR_INVITEONLYCHAN Rfc1459 "Cannot join channel (+i)"
    474 ERR_BANNEDFROMCHAN Rfc1459 "Cannot join channel (+b)"
    475 ERR_BADCHANNELKEY Rfc1459 "Cannot join channel (+k)"
    476 ERR_BADCHANMASK Rfc2812 "Bad Channel Mask"
    478 ERR_BANLISTFULL Rfc2812 "Channel list is full"
    481 ERR_NOPRIVILEGES Rfc1459 "Permission Denied- You're not an IRC operator"
    482 ERR_CHANOPRIVSNEEDED Rfc1459 "You're not channel operator"
    483 ERR_CANTKILLSERVER Rfc1459 "You can't kill a server!"
    491 ERR_NOOPERHOST Rfc1459 "No O-lines for your host"
    501 ERR_UMODEUNKNOWNFLAG Rfc1459 "Unknown MODE flag"
    502 ERR_USERSDONTMATCH Rfc1459 "Cant change mode for other users"
    524 ERR_HELPNOTFOUND Modern "No help available on this topic"
    671 RPL_WHOISSECURE Modern "is using a secure connection"
    696 ERR_INVALIDMODEPARAM Modern ""
    704 RPL_HELPSTART Modern ""
    705 RPL_HELPTXT Modern ""
    706 RPL_ENDOFHELP Modern ""
    730 RPL_MONONLINE Ircv3 ""
    731 RPL_MONOFFLINE Ircv3 ""
    732 RPL_MONLIST Ircv3 ""
    733 RPL_ENDOFMONLIST Ircv3 "End of MONITOR list"
    734 ERR_MONLISTFULL Ircv3 "Monitor list is full"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_in_order_and_each_is_there_once() {
        assert!(ALL.is_sorted_by(|one, next| one.number() < next.number()));
        for numeric in Numeric::all() {
            assert!(numeric.number() < 1000);
            assert_eq!(Numeric::find(numeric.number()), Some(numeric));
        }
        assert_eq!(Numeric::find(999), None);
    }

    #[test]
    fn a_numeric_has_three_digits() {
        assert_eq!(Numeric::RPL_WELCOME.digits().as_str(), "001");
        assert_eq!(Numeric::RPL_MAP.digits().as_str(), "015");
        assert_eq!(Numeric::ERR_NOSUCHNICK.digits().as_str(), "401");
    }

    #[test]
    fn errors_are_known_by_their_name() {
        assert!(Numeric::ERR_NOSUCHNICK.is_error());
        assert!(!Numeric::RPL_MONONLINE.is_error());
    }
}
