//! What a server tells a client.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use super::message::Message;
use super::text::{Spoken, spoken};
use crate::client::Violation;

/// What a server of `irc` says. Texts are as they came: not fit for a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The client is known under this nickname, and can ask for things.
    Registered {
        /// Perhaps another than it asked for.
        nick: String,
    },
    /// The nickname is in use, or none that the server allows: ask for another.
    NicknameRefused {
        /// The one that was asked for.
        nick: String,
    },
    /// A user said something.
    Said {
        /// Who.
        from: String,
        /// Where: a channel, or the client's own nickname.
        to: String,
        /// What.
        text: String,
    },
    /// A user did something (`/me`).
    Did {
        /// Who.
        from: String,
        /// Where: a channel, or the client's own nickname.
        to: String,
        /// What.
        text: String,
    },
    /// A user's client asks the client for something (CTCP).
    Ctcp {
        /// Who.
        from: String,
        /// Where: a channel, or the client's own nickname.
        to: String,
        /// What is asked for.
        command: String,
        /// What stands behind it.
        params: String,
    },
    /// A user or the server says something that a bot must not answer.
    Noticed {
        /// Who; empty if the server does not say so.
        from: String,
        /// Where: a channel, the client's own nickname, or `*` before it has one.
        to: String,
        /// What.
        text: String,
    },
    /// A user, perhaps the client itself, entered a channel.
    Joined {
        /// Who.
        nick: String,
        /// Where.
        channel: String,
    },
    /// A user, perhaps the client itself, left a channel.
    Parted {
        /// Who.
        nick: String,
        /// Where.
        channel: String,
        /// Why; perhaps empty.
        reason: String,
    },
    /// A user, perhaps the client itself, was put out of a channel.
    Kicked {
        /// Who.
        nick: String,
        /// Where.
        channel: String,
        /// By whom.
        by: String,
        /// Why; perhaps empty.
        reason: String,
    },
    /// A user who was in one of the client's channels left the server.
    Left {
        /// Who.
        nick: String,
        /// Why; perhaps empty.
        reason: String,
    },
    /// A user, perhaps the client itself, has another nickname.
    Renamed {
        /// The old one.
        from: String,
        /// The new one.
        to: String,
    },
    /// The client is invited to a channel.
    Invited {
        /// Where.
        channel: String,
        /// By whom.
        by: String,
    },
    /// A channel has another topic.
    Topic {
        /// Where.
        channel: String,
        /// Who set it.
        by: String,
        /// What; empty if there is none any more.
        text: String,
    },
    /// A numeric: an answer, or an error if it is 400 or more.
    Reply {
        /// Which: [`Numeric::find`](super::Numeric::find) may know it.
        number: u16,
        /// The client's nickname, then what it is about.
        params: Vec<String>,
    },
    /// The server ends the connection, and says why.
    Error {
        /// Why.
        text: String,
    },
    /// Another message.
    Other {
        /// Who it comes from; empty if the server does not say so.
        from: String,
        /// What it is.
        command: String,
        /// What it is about.
        params: Vec<String>,
    },
    /// The server does not keep to the protocol.
    Violation(Violation),
    /// The server closed the connection. Always the last event.
    Closed,
}

impl Event {
    /// What a message says, unless it is a numeric.
    pub(super) fn of(message: &Message<'_>) -> Self {
        let from = message.source.map_or("", |source| source.name);
        let command = message.command.to_ascii_uppercase();
        match (command.as_str(), message.params.as_slice()) {
            ("PRIVMSG", [to, text]) => Self::said(from, to, text),
            ("NOTICE", [to, text]) => Self::Noticed {
                from: from.to_owned(),
                to: (*to).to_owned(),
                text: (*text).to_owned(),
            },
            ("JOIN", [channel, ..]) => Self::Joined {
                nick: from.to_owned(),
                channel: (*channel).to_owned(),
            },
            ("PART", [channel, reason @ ..]) => Self::Parted {
                nick: from.to_owned(),
                channel: (*channel).to_owned(),
                reason: reason.concat(),
            },
            ("KICK", [channel, nick, reason @ ..]) => Self::Kicked {
                nick: (*nick).to_owned(),
                channel: (*channel).to_owned(),
                by: from.to_owned(),
                reason: reason.concat(),
            },
            ("QUIT", reason) => Self::Left {
                nick: from.to_owned(),
                reason: reason.concat(),
            },
            ("NICK", [to]) => Self::renamed(from, to),
            ("INVITE", [_, channel]) => Self::Invited {
                channel: (*channel).to_owned(),
                by: from.to_owned(),
            },
            ("TOPIC", [channel, text]) => Self::Topic {
                channel: (*channel).to_owned(),
                by: from.to_owned(),
                text: (*text).to_owned(),
            },
            ("ERROR", [text]) => Self::Error {
                text: (*text).to_owned(),
            },
            (_, params) => Self::Other {
                from: from.to_owned(),
                command,
                params: params.iter().map(|&param| param.to_owned()).collect(),
            },
        }
    }

    pub(super) fn renamed(from: &str, to: &str) -> Self {
        Self::Renamed {
            from: from.to_owned(),
            to: to.to_owned(),
        }
    }

    fn said(from: &str, to: &str, text: &str) -> Self {
        let (from, to) = (from.to_owned(), to.to_owned());
        match spoken(text) {
            Ok(Spoken::Action(text)) => Self::Did {
                from,
                to,
                text: text.to_owned(),
            },
            Ok(Spoken::Ctcp { command, params }) => Self::Ctcp {
                from,
                to,
                command: command.to_owned(),
                params: params.to_owned(),
            },
            Ok(Spoken::Text(_)) | Err(_) => Self::Said {
                from,
                to,
                text: text.to_owned(),
            },
        }
    }
}

impl From<Violation> for Event {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Event {
        Event::of(&Message::parse(line.as_bytes()).unwrap())
    }

    #[test]
    fn what_is_said_is_told_with_who_said_it_where() {
        let (from, to) = (|| "dan".into(), || "#den".into());
        for (line, event) in [
            (
                "PRIVMSG #den :hi all",
                Event::Said {
                    from: from(),
                    to: to(),
                    text: "hi all".into(),
                },
            ),
            (
                "privmsg #den :\x01ACTION waves\x01",
                Event::Did {
                    from: from(),
                    to: to(),
                    text: "waves".into(),
                },
            ),
            (
                "PRIVMSG #den :\x01PING 7",
                Event::Ctcp {
                    from: from(),
                    to: to(),
                    command: "PING".into(),
                    params: "7".into(),
                },
            ),
            (
                "NOTICE #den \x01PING\x01",
                Event::Noticed {
                    from: from(),
                    to: to(),
                    text: "\x01PING\x01".into(),
                },
            ),
        ] {
            let line = String::from(":dan!d@host ") + line;
            assert_eq!(told(&line), event);
        }
    }

    #[test]
    fn coming_and_going_is_told() {
        let (nick, channel) = (|| "dan".into(), || "#den".into());
        let (by, reason) = (|| "wiz".into(), || "so".into());
        for (line, event) in [
            (
                ":dan!d@host JOIN #den * :Dan",
                Event::Joined {
                    nick: nick(),
                    channel: channel(),
                },
            ),
            (
                ":dan PART #den so",
                Event::Parted {
                    nick: nick(),
                    channel: channel(),
                    reason: reason(),
                },
            ),
            (
                ":wiz KICK #den dan :so",
                Event::Kicked {
                    nick: nick(),
                    channel: channel(),
                    by: by(),
                    reason: reason(),
                },
            ),
            (
                ":dan QUIT",
                Event::Left {
                    nick: nick(),
                    reason: String::new(),
                },
            ),
            (":dan NICK wiz", Event::renamed("dan", "wiz")),
            (
                ":wiz INVITE dan #den",
                Event::Invited {
                    channel: channel(),
                    by: by(),
                },
            ),
            (
                ":wiz TOPIC #den :so",
                Event::Topic {
                    channel: channel(),
                    by: by(),
                    text: reason(),
                },
            ),
            ("ERROR :so", Event::Error { text: reason() }),
        ] {
            assert_eq!(told(line), event);
        }
    }

    #[test]
    fn what_has_no_event_of_its_own_is_told_as_it_is() {
        for line in ["mode #den +o dan", "PRIVMSG #den", "JOIN", "NICK a b", "X"] {
            let mut words = line.split(' ').map(String::from);
            let command = words.next().unwrap().to_ascii_uppercase();
            let expected = Event::Other {
                from: String::new(),
                command,
                params: words.collect(),
            };
            assert_eq!(told(line), expected);
        }
    }
}
