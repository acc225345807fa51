//! Who is dealt with: one connection, and what it is answered.

use alloc::vec::Vec;

use super::label::{Label, labelled};
use super::session::{Behind, Session, Shared};
use crate::close::CloseReason;
use crate::community::Community;
use crate::community::runs::{Ear, Tongue};
use crate::community::users::{User, UserId};
use crate::community::vocabulary::{Command, Outcome};
use crate::dialect::irc::capability::Capabilities;
use crate::dialect::irc::line::LineWriter;
use crate::dialect::irc::message::Message;
use crate::dialect::irc::numeric::Numeric;
use crate::dialect::irc::source::Source;
use crate::dialect::irc::tags::Tags;
use crate::engine::connection::ConnId;
use crate::floor::Floor;

/// One connection, while something that it said is dealt with.
pub(super) struct Caller<'a> {
    pub(super) floor: &'a mut Floor,
    pub(super) conn: ConnId,
    pub(super) session: &'a mut Session,
    pub(super) shared: &'a mut Shared,
    /// Answers that are not sent yet.
    out: Vec<u8>,
    /// How many commands of which it has yet to be told what became come after what is answered.
    later: usize,
}

/// Writes answers: what they all begin with is known to it.
pub(super) struct Pen<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) server: &'a str,
    /// Whom they are for.
    pub(super) nick: &'a str,
    /// How much there may be, in bytes.
    room: usize,
}

impl Pen<'_> {
    /// Writes a numeric with the text that belongs to it, if it has one.
    pub(super) fn numeric(&mut self, numeric: Numeric, write: impl FnOnce(&mut LineWriter<'_>)) {
        let mut line = LineWriter::begin(self.out);
        line.numeric(self.server, numeric, self.nick);
        write(&mut line);
        if !numeric.text().is_empty() {
            line.explained();
        }
        line.end();
    }

    /// Tells what a user has others told while away, if so.
    pub(super) fn tell_if_away(&mut self, user: &User) {
        if let Some(away) = user.away() {
            self.numeric(Numeric::RPL_AWAY, |line| {
                line.word(&user.name);
                line.text(away);
            });
        }
    }

    /// Whether no more answers should be written: they would have to wait for too long.
    pub(super) fn is_full(&self) -> bool {
        self.out.len() >= self.room
    }

    /// Says that there would be more, if so. Says whether it did.
    pub(super) fn cut_short(&mut self, command: &str) -> bool {
        if self.is_full() {
            self.numeric(Numeric::ERR_TOOMANYMATCHES, |line| line.word(command));
        }
        self.is_full()
    }
}

impl<'a> Caller<'a> {
    pub(super) fn new(
        floor: &'a mut Floor,
        conn: ConnId,
        session: &'a mut Session,
        shared: &'a mut Shared,
    ) -> Self {
        Self {
            floor,
            conn,
            session,
            shared,
            out: Vec::new(),
            later: 0,
        }
    }

    /// Deals with a message, and answers it with its label if it has one.
    pub(super) fn answer(mut self, message: &Message<'_>) {
        self.note_label(message.tags);
        self.obey(message);
        self.finish();
    }

    /// Answers what is not UTF-8 (IRCv3, utf8-only).
    pub(super) fn refuse_encoding(mut self, tags: Tags<'_>) {
        self.note_label(tags);
        self.fail("*", "INVALID_UTF8", "Message rejected: it is not UTF-8");
        self.finish();
    }

    /// Tells what became of a command, after everything else that was said of it.
    pub(super) fn conclude(mut self, command: &Command<'_>, outcome: Outcome) {
        let due = self.session.take_due();
        self.later = self.floor.engine.count_untold(self.conn);
        self.outcome(command, outcome);
        self.out.extend(due);
        self.flush();
        // This one is told only when this has ended.
        if self.floor.engine.count_untold(self.conn) <= 1 {
            self.send_labelled();
        }
    }

    /// Sends what has been answered; with a label, once all of it is known.
    pub(super) fn finish(mut self) {
        self.flush();
        if self.floor.engine.count_untold(self.conn) == 0 {
            self.send_labelled();
        }
    }

    fn send_labelled(&mut self) {
        let Some(label) = self.session.label.take() else {
            return;
        };
        let answers = self.floor.engine.take_collected(self.conn);
        let answers = labelled(&answers.unwrap_or_default(), &label, &self.shared.server);
        let sends = |frame: &mut Vec<u8>| frame.extend_from_slice(&answers);
        self.floor.engine.send(self.conn, sends);
    }

    fn note_label(&mut self, tags: Tags<'_>) {
        let needed = Capabilities::LABELED_RESPONSE | Capabilities::BATCH;
        if !self.session.capabilities.has(needed) {
            return;
        }
        self.session.label = tags.get("label").and_then(Label::new);
        if self.session.label.is_some() {
            self.floor.engine.collect_answers(self.conn);
        }
    }

    /// Sends what was answered, once it was told what became of the commands before.
    fn flush(&mut self) {
        if self.out.is_empty() {
            return;
        }
        let answers = core::mem::take(&mut self.out);
        let untold = self.floor.engine.count_untold(self.conn);
        let untold = untold.saturating_sub(self.later);
        if untold > 0 {
            return self.session.behind.push(Behind { untold, answers });
        }
        let sends = |frame: &mut Vec<u8>| frame.extend_from_slice(&answers);
        self.floor.engine.send(self.conn, sends);
    }

    /// Has a command done, and tells what became of it.
    pub(super) fn propose(&mut self, command: &Command<'_>) {
        self.flush();
        if let Some(outcome) = self.floor.propose(self.conn, command) {
            self.outcome(command, outcome);
        }
    }

    /// Ends the connection, once it has been sent what it was answered.
    pub(super) fn close(&mut self, reason: CloseReason) {
        self.flush();
        self.floor.engine.close(self.conn, reason);
    }

    /// Answers with a numeric, and the text that belongs to it, if it has one.
    pub(super) fn numeric(&mut self, numeric: Numeric, write: impl FnOnce(&mut LineWriter<'_>)) {
        self.pen().0.numeric(numeric, write);
    }

    /// Answers with a message of the server that is no numeric.
    pub(super) fn message(&mut self, command: &str, write: impl FnOnce(&mut LineWriter<'_>)) {
        let (pen, _) = self.pen();
        let mut line = LineWriter::begin(pen.out);
        line.source(Source::server(pen.server));
        line.command(command);
        write(&mut line);
        line.end();
    }

    /// Says that a command failed, in the words of IRCv3's standard replies.
    pub(super) fn fail(&mut self, command: &str, code: &str, text: &str) {
        self.message("FAIL", |line| {
            line.word(command);
            line.word(code);
            line.text(text);
        });
    }

    /// What answers are written with, and what they tell of.
    pub(super) fn pen(&mut self) -> (Pen<'_>, &Community) {
        let user = self.floor.user(self.conn);
        let nick = user.map_or("*", |user| &user.name);
        let pen = Pen {
            out: &mut self.out,
            server: &self.shared.server,
            nick,
            room: self.floor.engine.max_answer(),
        };
        (pen, &self.floor.community)
    }

    /// The connection's user, once it has one.
    pub(super) fn user(&self) -> Option<&User> {
        self.floor.user(self.conn)
    }

    pub(super) fn user_id(&self) -> Option<UserId> {
        self.floor.user_at(self.conn)
    }

    pub(super) fn has(&self, capability: Capabilities) -> bool {
        self.session.capabilities.has(capability)
    }

    /// Whether the user operates the server.
    pub(super) fn is_operator(&self) -> bool {
        self.user().is_some_and(User::is_operator)
    }

    /// Where the user is told news.
    pub(super) fn ear(&self) -> Option<Ear> {
        let tongue = Tongue {
            language: self.floor.engine.language(self.conn)?,
            view: self.session.capabilities.view(),
        };
        Some(Ear {
            conn: self.conn,
            tongue,
        })
    }

    /// Whether a server that is named is this one; if not, says that there is no such server.
    pub(super) fn is_for_this_server(&mut self, named: Option<&str>) -> bool {
        let Some(named) = named else { return true };
        let is_this = crate::dialect::irc::mask::matches(named, &self.shared.server)
            || self.floor.community.find(named).is_some();
        if !is_this {
            self.numeric(Numeric::ERR_NOSUCHSERVER, |line| line.quoted(named));
        }
        is_this
    }
}
