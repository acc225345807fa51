//! Entries as a log keeps them.

use alloc::vec::Vec;

use thiserror::Error;

use crate::community::codec::{Coded, Malformed, coded_enum, coded_struct, encode_all};
use crate::community::modes::{ModeChange, UserModes};
use crate::community::vocabulary::{Applicant, Audience, Command, Entry, Manner, Profile, Speech};

/// An entry, and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    /// The how-manieth of that node.
    pub(crate) number: u64,
    pub(crate) entry: Entry<'a>,
}

impl Record<'_> {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let Entry {
            node,
            by,
            at,
            command,
        } = &self.entry;
        VERSION.encode(out);
        node.encode(out);
        self.number.encode(out);
        by.encode(out);
        at.encode(out);
        encode_command(command, out);
    }

    /// Reads a record, and shows it to `apply`.
    pub(crate) fn decode<R>(
        mut input: &[u8],
        apply: impl FnOnce(&Record<'_>) -> R,
    ) -> Result<R, EntryError> {
        let version = u8::decode(&mut input)?;
        if version != VERSION {
            return Err(EntryError::Version(version));
        }
        let (node, number) = (u16::decode(&mut input)?, u64::decode(&mut input)?);
        let (by, at) = (Option::decode(&mut input)?, u64::decode(&mut input)?);
        // What the command borrows.
        let changes;
        let command = match input.split_first() {
            Some((&CHANGE_MODES, rest)) => {
                input = rest;
                let room = <&str>::decode(&mut input)?;
                changes = Vec::<ModeChange<'_>>::decode(&mut input)?;
                Command::ChangeModes {
                    room,
                    changes: &changes,
                }
            }
            _ => Simple::decode(&mut input)?.0,
        };
        if !input.is_empty() {
            return Err(Malformed.into());
        }
        let entry = Entry {
            node,
            by,
            at,
            command,
        };
        Ok(apply(&Record { number, entry }))
    }
}

/// Why an entry of a log cannot be applied. The node must not go on: it would be another community.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryError {
    /// Another version of linechat wrote it.
    #[error("the entry has version {0}, which this server does not understand")]
    Version(u8),
    /// It is no entry.
    #[error("the entry is malformed")]
    Malformed,
    /// Entries before it are missing.
    #[error("the entry is not the next one, which is {expected}")]
    Gap {
        /// The sequence of the next entry.
        expected: u64,
    },
}

impl From<Malformed> for EntryError {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

fn encode_command(command: &Command<'_>, out: &mut Vec<u8>) {
    if let Command::ChangeModes { room, changes } = command {
        out.push(CHANGE_MODES);
        room.encode(out);
        encode_all(changes, out);
    } else {
        Simple(*command).encode(out);
    }
}

/// A command that borrows nothing but texts.
struct Simple<'a>(Command<'a>);

impl<'a> Coded<'a> for Simple<'a> {
    fn encode(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Command::Join(applicant) => {
                out.push(0);
                applicant.encode(out);
            }
            Command::Rename { name } => texts(1, &[name], out),
            Command::Leave { reason } => texts(2, &[reason], out),
            Command::Say(speech) => {
                out.push(3);
                speech.encode(out);
            }
            Command::Enter { room, key } => {
                texts(4, &[room], out);
                key.encode(out);
            }
            Command::Part { room, reason } => texts(5, &[room, reason], out),
            Command::Kick { room, name, reason } => texts(6, &[room, name, reason], out),
            Command::Invite { room, name } => texts(7, &[room, name], out),
            Command::SetTopic { room, topic } => texts(8, &[room, topic], out),
            // Written apart from the others.
            Command::ChangeModes { .. } => {}
            Command::ChangeUserModes { set, clear } => {
                out.push(10);
                set.encode(out);
                clear.encode(out);
            }
            Command::SetAway { text } => texts(11, &[text], out),
            Command::SetRealName { real_name } => texts(12, &[real_name], out),
            Command::Kill { name, reason } => texts(13, &[name, reason], out),
            Command::CallOperators { text } => texts(14, &[text], out),
            Command::NodeCame {
                name,
                incarnation,
                settings,
            } => {
                texts(15, &[name, settings], out);
                incarnation.encode(out);
            }
            Command::NodeGone { name, incarnation } => {
                texts(16, &[name], out);
                incarnation.encode(out);
            }
        }
    }

    fn decode(input: &mut &'a [u8]) -> Result<Self, Malformed> {
        let kind = u8::decode(input)?;
        let mut text = || <&str>::decode(input);
        let command = match kind {
            1 => Command::Rename { name: text()? },
            2 => Command::Leave { reason: text()? },
            5 => Command::Part {
                room: text()?,
                reason: text()?,
            },
            6 => Command::Kick {
                room: text()?,
                name: text()?,
                reason: text()?,
            },
            7 => Command::Invite {
                room: text()?,
                name: text()?,
            },
            8 => Command::SetTopic {
                room: text()?,
                topic: text()?,
            },
            11 => Command::SetAway { text: text()? },
            12 => Command::SetRealName { real_name: text()? },
            13 => Command::Kill {
                name: text()?,
                reason: text()?,
            },
            14 => Command::CallOperators { text: text()? },
            15 => Command::NodeCame {
                name: text()?,
                settings: text()?,
                incarnation: u64::decode(input)?,
            },
            16 => Command::NodeGone {
                name: text()?,
                incarnation: u64::decode(input)?,
            },
            0 => Command::Join(Applicant::decode(input)?),
            3 => Command::Say(Speech::decode(input)?),
            4 => Command::Enter {
                room: <&str>::decode(input)?,
                key: Option::decode(input)?,
            },
            10 => Command::ChangeUserModes {
                set: UserModes::decode(input)?,
                clear: UserModes::decode(input)?,
            },
            _ => return Err(Malformed),
        };
        Ok(Self(command))
    }
}

fn texts(kind: u8, texts: &[&str], out: &mut Vec<u8>) {
    out.push(kind);
    for text in texts {
        text.encode(out);
    }
}

coded_struct!(Applicant<'a> { name, door, modes, profile });
coded_struct!(Profile<'a> { username, host, address, real_name });
coded_struct!(Speech<'a> { to, manner, text, annotations });
coded_enum!(Audience<'a> { 0 => Public, 1 => Room { room, rank }, 2 => User { name } });
coded_enum!(Manner {
    0 => Message, 1 => Notice, 2 => Action, 3 => Query, 4 => Answer, 5 => Annotation,
});

/// What this version writes and understands.
const VERSION: u8 = 1;
/// The one command that borrows more than texts.
const CHANGE_MODES: u8 = 9;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::community::modes::{MaskList, Rank, RoomFlag};

    /// One of each, with nothing left empty.
    fn commands<'a>(changes: &'a [ModeChange<'a>]) -> Vec<Command<'a>> {
        let (room, name, reason) = ("kitchen", "bob", "tea");
        let speech = |to, manner| {
            Command::Say(Speech {
                to,
                manner,
                text: "hi",
                annotations: "+typing=done",
            })
        };
        let rank = Some(Rank::Voice);
        Vec::from([
            Command::Join(Applicant {
                name,
                door: 1,
                modes: UserModes::BOT,
                profile: Some(Profile {
                    username: "u",
                    host: "h",
                    address: "192.0.2.1",
                    real_name: "Bob",
                }),
            }),
            Command::Rename { name },
            Command::Leave { reason },
            speech(Audience::Public, Manner::Message),
            speech(Audience::Room { room, rank }, Manner::Action),
            speech(Audience::User { name }, Manner::Annotation),
            Command::Enter {
                room,
                key: Some("k"),
            },
            Command::Part { room, reason },
            Command::Kick { room, name, reason },
            Command::Invite { room, name },
            Command::SetTopic {
                room,
                topic: reason,
            },
            Command::ChangeModes { room, changes },
            Command::ChangeUserModes {
                set: UserModes::INVISIBLE,
                clear: UserModes::OPERATOR,
            },
            Command::SetAway { text: reason },
            Command::SetRealName { real_name: name },
            Command::Kill { name, reason },
            Command::CallOperators { text: reason },
            Command::NodeCame {
                name,
                incarnation: u64::MAX,
                settings: reason,
            },
            Command::NodeGone {
                name,
                incarnation: 1,
            },
        ])
    }

    const CHANGES: [ModeChange<'_>; 5] = [
        ModeChange::Flag {
            flag: RoomFlag::Secret,
            set: true,
        },
        ModeChange::Rank {
            rank: Rank::Operator,
            name: "bob",
            set: false,
        },
        ModeChange::Key(Some("k")),
        ModeChange::Limit(None),
        ModeChange::Mask {
            list: MaskList::Ban,
            mask: "*!*@*",
            set: true,
        },
    ];

    #[test]
    fn every_command_comes_back_from_the_log_as_it_was() {
        for command in commands(&CHANGES) {
            let record = Record {
                number: 1 << 40,
                entry: Entry {
                    node: 7,
                    by: None,
                    at: 1_700_000_000_000,
                    command,
                },
            };
            let mut bytes = Vec::new();
            record.encode(&mut bytes);
            let decoded = Record::decode(&bytes, |decoded| assert_eq!(*decoded, record));
            assert_eq!(decoded, Ok(()), "{command:?}");
        }
    }

    #[test]
    fn what_is_cut_short_or_goes_on_is_no_entry() {
        for command in commands(&CHANGES) {
            let mut bytes = Vec::new();
            let entry = Entry {
                node: 0,
                by: None,
                at: 0,
                command,
            };
            Record { number: 0, entry }.encode(&mut bytes);
            for length in 0..bytes.len() {
                let decoded = Record::decode(&bytes[..length], |_| ());
                assert_eq!(decoded, Err(EntryError::Malformed), "{command:?}");
            }
            bytes.push(0);
            assert_eq!(Record::decode(&bytes, |_| ()), Err(EntryError::Malformed));
        }
    }

    #[test]
    fn an_entry_of_another_version_is_not_understood() {
        let decoded = Record::decode(&[VERSION + 1, 0, 0], |_| ());
        assert_eq!(decoded, Err(EntryError::Version(VERSION + 1)));
    }
}
