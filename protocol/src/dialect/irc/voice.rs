//! News in the words of IRC.

use alloc::string::String;
use alloc::vec::Vec;

use super::capability::Capabilities;
use super::line::LineWriter;
use super::mode::Prefix;
use super::mode_string::write_mode_lines;
use super::numeric::Numeric;
use super::source::Source;
use super::tags::Tags;
use super::text::split;
use super::timestamp::Timestamp;
use super::translation::{channel, from_community, marks, rank, says, shown_user_modes};
use crate::community::modes::{ModeChange, UserModes};
use crate::community::rooms::Room;
use crate::community::runs::View;
use crate::community::users::User;
use crate::community::vocabulary::{Heard, Manner, News, Stamp};
use crate::rules::Voice;

pub(super) struct IrcVoice {
    /// The server's name as it stands in messages.
    server: String,
}

impl IrcVoice {
    pub(super) fn new(server: &str) -> Self {
        Self {
            server: server.into(),
        }
    }
}

impl Voice for IrcVoice {
    fn tell(&self, stamp: Stamp, news: &News<'_>, view: View, frame: &mut Vec<u8>) -> bool {
        let start = frame.len();
        let mut words = Words {
            stamp,
            sees: Capabilities::of(view),
            server: &self.server,
            frame,
        };
        words.tell(news);
        frame.len() > start
    }

    fn hears_own(&self, news: &News<'_>, _view: View) -> bool {
        !matches!(
            news,
            News::Said { .. } | News::WentAway { .. } | News::Invited { .. }
        )
    }

    fn echoes(&self, view: View) -> bool {
        Capabilities::of(view).has(Capabilities::ECHO_MESSAGE)
    }

    fn tells_watchers(&self, view: View) -> bool {
        Capabilities::of(view).has(Capabilities::EXTENDED_MONITOR)
    }
}

/// Something that happened, as those see it who have these capabilities.
struct Words<'a> {
    stamp: Stamp,
    sees: Capabilities,
    server: &'a str,
    frame: &'a mut Vec<u8>,
}

impl Words<'_> {
    fn tell(&mut self, news: &News<'_>) {
        match *news {
            News::Said {
                by,
                to,
                manner,
                text,
                annotations,
            } => self.said(by, &to, manner, text, annotations),
            News::Entered { by, room } => self.entered(by, room),
            News::Parted { by, room, reason } => self.line(by, "PART", |line| {
                line.word(&channel(&room.name));
                if !reason.is_empty() {
                    line.text(reason);
                }
            }),
            News::Kicked {
                by,
                whom,
                room,
                reason,
            } => self.line(by, "KICK", |line| {
                line.word(&channel(&room.name));
                line.word(&whom.name);
                line.text(reason);
            }),
            News::Left { by, reason } => self.line(by, "QUIT", |line| line.text(reason)),
            News::Renamed { by, name } => self.line(by, "NICK", |line| line.text(name)),
            News::Invited {
                by,
                whom,
                room,
                is_told_whom,
            } => {
                if is_told_whom || self.sees.has(Capabilities::INVITE_NOTIFY) {
                    self.line(by, "INVITE", |line| {
                        line.word(&whom.name);
                        line.word(&channel(&room.name));
                    });
                }
            }
            News::TopicSet { by, room, topic } => self.line(by, "TOPIC", |line| {
                line.word(&channel(&room.name));
                line.text(topic);
            }),
            News::ModesChanged { by, room, changes } => self.modes_changed(by, room, changes),
            News::UserModesChanged { by, set, clear } => self.line(by, "MODE", |line| {
                line.word(&by.name);
                line.shown(shown_user_modes(set, clear));
            }),
            News::WentAway { by, text } => self.went_away(by, text),
            News::RealNameSet { by, real_name } => {
                if self.sees.has(Capabilities::SETNAME) {
                    self.line(by, "SETNAME", |line| line.text(real_name));
                }
            }
            News::Killed { reason } => {
                let mut line = LineWriter::begin(self.frame);
                line.command("ERROR");
                line.text_shown(format_args!("Closing link: {reason}"));
                line.end();
            }
            News::OperatorsCalled { by, text } => {
                self.line(by, "WALLOPS", |line| line.text(text));
            }
            News::Came { user } => self.watched(
                Numeric::RPL_MONONLINE,
                Source::user(&user.name, user.username(), user.host()),
            ),
            News::Went { name } => self.watched(Numeric::RPL_MONOFFLINE, Source::server(name)),
            News::Announced { text } => {
                let mut line = LineWriter::begin(self.frame);
                line.source(Source::server(self.server));
                line.command("NOTICE");
                line.word("*");
                line.text(text);
                line.end();
            }
        }
    }

    /// A line from a user, with the tags that those who are told see.
    fn line(&mut self, by: &User, command: &str, write: impl FnOnce(&mut LineWriter<'_>)) {
        let mut line = LineWriter::begin(self.frame);
        begin(&mut line, self.stamp, self.sees, by, 0, "");
        line.command(command);
        write(&mut line);
        line.end();
    }

    fn said(&mut self, by: &User, to: &Heard<'_>, manner: Manner, text: &str, annotations: &str) {
        if manner == Manner::Annotation {
            if self.sees.has(Capabilities::MESSAGE_TAGS) {
                self.piece(by, to, manner, 0, "", annotations);
            }
            return;
        }
        let mut number = 0;
        let mut rest = Some(text);
        while let Some(text) = rest {
            let room = self.room_for(by, to, manner);
            let piece = split(text, room).next().unwrap_or_default();
            self.piece(by, to, manner, number, piece, annotations);
            number += 1;
            // The space at which it was cut is in no piece.
            let after = &text[piece.len()..];
            rest = (!after.is_empty()).then(|| after.strip_prefix(' ').unwrap_or(after));
        }
    }

    /// How much of a text fits into one line.
    fn room_for(&mut self, by: &User, to: &Heard<'_>, manner: Manner) -> usize {
        let mut line = LineWriter::begin(self.frame);
        line.source(Source::user(&by.name, by.username(), by.host()));
        line.command(says(manner));
        line.word(&target(to));
        line.begin_text();
        let room = line.room();
        line.discard();
        room.saturating_sub(marks(manner))
    }

    fn piece(
        &mut self,
        by: &User,
        to: &Heard<'_>,
        manner: Manner,
        number: usize,
        text: &str,
        annotations: &str,
    ) {
        let mut line = LineWriter::begin(self.frame);
        begin(&mut line, self.stamp, self.sees, by, number, annotations);
        line.command(says(manner));
        line.word(&target(to));
        match manner {
            Manner::Annotation => {}
            Manner::Message | Manner::Notice => line.text(text),
            Manner::Action => line.text_shown(format_args!("\x01ACTION {text}\x01")),
            Manner::Query | Manner::Answer => line.text_shown(format_args!("\x01{text}\x01")),
        }
        line.end();
    }

    fn entered(&mut self, by: &User, room: &Room) {
        let shows_more = self.sees.has(Capabilities::EXTENDED_JOIN);
        self.line(by, "JOIN", |line| {
            line.word(&channel(&room.name));
            if shows_more {
                line.word("*");
                line.text(by.real_name());
            }
        });
        if let Some(text) = by.away() {
            self.went_away(by, text);
        }
    }

    fn went_away(&mut self, by: &User, text: &str) {
        if self.sees.has(Capabilities::AWAY_NOTIFY) {
            self.line(by, "AWAY", |line| {
                if !text.is_empty() {
                    line.text(text);
                }
            });
        }
    }

    fn modes_changed(&mut self, by: &User, room: &Room, changes: &[ModeChange<'_>]) {
        let changes: Vec<_> = changes.iter().filter_map(from_community).collect();
        let (stamp, sees) = (self.stamp, self.sees);
        write_mode_lines(
            self.frame,
            |line| begin(line, stamp, sees, by, 0, ""),
            &channel(&room.name),
            &changes,
        );
    }

    fn watched(&mut self, numeric: Numeric, whom: Source<'_>) {
        let mut line = LineWriter::begin(self.frame);
        line.numeric(self.server, numeric, "*");
        line.text_shown(whom);
        line.end();
    }
}

/// Begins a line with tags and its source. `number` counts the lines of one piece of news.
fn begin(
    line: &mut LineWriter<'_>,
    stamp: Stamp,
    sees: Capabilities,
    by: &User,
    number: usize,
    annotations: &str,
) {
    if sees.has(Capabilities::SERVER_TIME) {
        line.tag_shown("time", Timestamp::from_millis(stamp.at));
    }
    if sees.has(Capabilities::MESSAGE_TAGS) {
        match number {
            0 => line.tag_shown("msgid", stamp),
            _ => line.tag_shown("msgid", format_args!("{stamp}-{number}")),
        }
        if by.modes.contains(UserModes::BOT) {
            line.tag("bot", "");
        }
        line.tags(Tags::parse(annotations).unwrap_or_default());
    }
    line.source(Source::user(&by.name, by.username(), by.host()));
}

fn target(to: &Heard<'_>) -> String {
    match to {
        Heard::User(user) => String::from(&*user.name),
        Heard::Public(room) | Heard::Room(room, None) => channel(&room.name),
        Heard::Room(room, Some(wanted)) => {
            let mut prefixes = Prefix::ALL.iter().copied();
            let prefix = prefixes.find(|&prefix| rank(prefix) == *wanted);
            let mut target: String = prefix.map(Prefix::symbol).into_iter().collect();
            target.push_str(&channel(&room.name));
            target
        }
    }
}
