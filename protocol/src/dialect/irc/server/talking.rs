//! What users say: `PRIVMSG`, `NOTICE`, `TAGMSG`.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

use super::caller::Caller;
use crate::community::users::User;
use crate::community::vocabulary::{Audience, Command, Manner, Speech};
use crate::dialect::irc::capability::Capabilities;
use crate::dialect::irc::isupport::MAX_TARGETS;
use crate::dialect::irc::message::Message;
use crate::dialect::irc::numeric::Numeric;
use crate::dialect::irc::tags::Tags;
use crate::dialect::irc::target::{Target, targets};
use crate::dialect::irc::text::{Spoken, spoken};
use crate::dialect::irc::translation::{marks, rank, says};

impl Caller<'_> {
    pub(super) fn privmsg(&mut self, params: &[&str], tags: Tags<'_>) {
        self.say(params, tags, Manner::Message);
    }

    pub(super) fn notice(&mut self, params: &[&str], tags: Tags<'_>) {
        self.say(params, tags, Manner::Notice);
    }

    pub(super) fn tagmsg(&mut self, params: &[&str], tags: Tags<'_>) {
        if !self.has(Capabilities::MESSAGE_TAGS) {
            return self.numeric(Numeric::ERR_UNKNOWNCOMMAND, |line| line.word("TAGMSG"));
        }
        let annotations = annotations(tags);
        if !annotations.is_empty() {
            self.say_to_all(params[0], Manner::Annotation, "", &annotations);
        }
    }

    fn say(&mut self, params: &[&str], tags: Tags<'_>, manner: Manner) {
        let is_silent = manner == Manner::Notice;
        let (Some(&to), text) = (params.first(), params.get(1).copied().unwrap_or_default()) else {
            if !is_silent {
                self.numeric(Numeric::ERR_NORECIPIENT, |line| {
                    line.text_shown(format_args!("No recipient given ({})", "PRIVMSG"));
                });
            }
            return;
        };
        if text.is_empty() {
            if !is_silent {
                self.numeric(Numeric::ERR_NOTEXTTOSEND, |_| {});
            }
            return;
        }
        let Ok(meant) = spoken(text) else {
            if !is_silent {
                self.message_unsent(to, " (control characters)");
            }
            return;
        };
        let (manner, text) = meaning(manner, meant);
        let annotations = if self.has(Capabilities::MESSAGE_TAGS) {
            annotations(tags)
        } else {
            String::new()
        };
        self.say_to_all(to, manner, &text, &annotations);
    }

    fn say_to_all(&mut self, to: &str, manner: Manner, text: &str, annotations: &str) {
        let is_silent = matches!(manner, Manner::Notice | Manner::Answer);
        for (index, target) in targets(to).enumerate() {
            if index >= MAX_TARGETS {
                if !is_silent {
                    self.numeric(Numeric::ERR_TOOMANYTARGETS, |line| line.quoted(target));
                }
                return;
            }
            let Some(to) = audience(target) else {
                if !is_silent {
                    self.numeric(Numeric::ERR_NOSUCHNICK, |line| line.quoted(target));
                }
                continue;
            };
            if !self.fits(target, manner, text) {
                if !is_silent {
                    self.numeric(Numeric::ERR_INPUTTOOLONG, |_| {});
                }
                continue;
            }
            self.propose(&Command::Say(Speech {
                to,
                manner,
                text,
                annotations,
            }));
        }
    }

    /// Says that who was written to is away, if so; a machine is not told.
    pub(super) fn tell_if_written_to_is_away(&mut self, speech: &Speech<'_>) {
        let is_said = matches!(
            speech.manner,
            Manner::Message | Manner::Action | Manner::Query
        );
        let (mut pen, community) = self.pen();
        if let (Audience::User { name }, true) = (speech.to, is_said)
            && let Some(whom) = community.find(name)
        {
            pen.tell_if_away(whom);
        }
    }

    /// Whether a text fits into one line behind the name of its sender.
    fn fits(&self, target: &str, manner: Manner, text: &str) -> bool {
        self.user()
            .is_some_and(|user| fits(user, target, manner, text))
    }
}

/// Whether a message of this user is one saying to one target, in which nothing is wrong but what
/// the community finds.
pub(super) fn is_one_saying(user: &User, message: &Message<'_>) -> bool {
    let manner = match message.is("NOTICE") {
        true => Manner::Notice,
        false if message.is("PRIVMSG") => Manner::Message,
        false => return false,
    };
    let params = message.params.as_slice();
    let (Some(&to), Some(&text)) = (params.first(), params.get(1)) else {
        return false;
    };
    let Ok(meant) = spoken(text) else {
        return false;
    };
    let (manner, meaning) = meaning(manner, meant);
    !text.is_empty()
        && message.tags.is_empty()
        && audience(to).is_some()
        && fits(user, to, manner, &meaning)
}

/// Whether a text fits into one line behind the name of its sender.
fn fits(user: &User, target: &str, manner: Manner, text: &str) -> bool {
    let source = user.name.len() + user.username().len() + user.host().len() + ":!@ ".len();
    let line = source + says(manner).len() + target.len() + "  :\r\n".len() + marks(manner);
    line + text.len() <= crate::dialect::irc::line::MAX_MESSAGE
}

/// Whom the community has to tell.
fn audience(target: &str) -> Option<Audience<'_>> {
    Some(match Target::parse(target)? {
        Target::Channel(prefix, channel) => Audience::Room {
            room: channel.room(),
            rank: prefix.map(rank),
        },
        Target::User(nick) => Audience::User {
            name: nick.as_str(),
        },
    })
}

/// What is said, and how.
fn meaning<'a>(manner: Manner, spoken: Spoken<'a>) -> (Manner, Cow<'a, str>) {
    match (manner, spoken) {
        (_, Spoken::Text(text)) => (manner, Cow::Borrowed(text)),
        (Manner::Message, Spoken::Action(text)) => (Manner::Action, Cow::Borrowed(text)),
        (_, Spoken::Action(text)) => (Manner::Answer, Cow::Owned(format!("ACTION {text}"))),
        (_, Spoken::Ctcp { command, params }) => {
            let manner = match manner {
                Manner::Message => Manner::Query,
                _ => Manner::Answer,
            };
            let text = match params {
                "" => Cow::Borrowed(command),
                _ => Cow::Owned(format!("{command} {params}")),
            };
            (manner, text)
        }
    }
}

/// The tags that are handed on.
fn annotations(tags: Tags<'_>) -> String {
    let mut annotations = String::new();
    for tag in tags.relayed() {
        if !annotations.is_empty() {
            annotations.push(';');
        }
        annotations.push_str(tag.as_str());
    }
    annotations
}
