//! What a user is told of what became of a command.

use super::caller::Caller;
use crate::community::modes::{ModeChange, UserModes};
use crate::community::vocabulary::{
    Audience, Command, Done, Manner, Outcome, Refused, Silenced, Speech,
};
use crate::dialect::irc::numeric::Numeric;
use crate::dialect::irc::translation::{channel, letter_of};

impl Caller<'_> {
    pub(super) fn outcome(&mut self, command: &Command<'_>, outcome: Outcome) {
        match outcome {
            Ok(done) => self.done(command, done),
            Err(refused) => self.refused(command, refused),
        }
    }

    fn done(&mut self, command: &Command<'_>, done: Done) {
        match (*command, done) {
            (Command::Join(_), _) => self.welcome(),
            (Command::Enter { room, .. }, Done::Created | Done::Well) => self.show_entered(room),
            (Command::Say(speech), Done::Said(_)) => self.tell_if_written_to_is_away(&speech),
            (Command::Invite { room, name }, _) => self.tell_invited(room, name),
            (Command::ChangeModes { room, changes }, Done::Changed { refused }) => {
                self.tell_unchanged(room, changes, &refused);
            }
            (Command::ChangeUserModes { set, .. }, _) if set.contains(UserModes::OPERATOR) => {
                self.numeric(Numeric::RPL_YOUREOPER, |_| {});
            }
            (Command::SetAway { text }, _) => {
                let numeric = match text {
                    "" => Numeric::RPL_UNAWAY,
                    _ => Numeric::RPL_NOWAWAY,
                };
                self.numeric(numeric, |_| {});
            }
            _ => {}
        }
    }

    fn refused(&mut self, command: &Command<'_>, why: Refused) {
        match *command {
            Command::Join(applicant) => {
                if let Some(application) = &mut self.session.application {
                    application.nick = None;
                }
                self.refuse_name(applicant.name, why);
            }
            Command::Rename { name } => self.refuse_name(name, why),
            Command::Say(speech) => self.unsaid(&speech, why),
            Command::Enter { room, .. }
            | Command::Part { room, .. }
            | Command::SetTopic { room, .. }
            | Command::ChangeModes { room, .. } => self.refuse(why, room, ""),
            Command::Kick { room, name, .. } | Command::Invite { room, name } => {
                self.refuse(why, room, name);
            }
            Command::Kill { name, .. } => self.refuse(why, "", name),
            Command::CallOperators { .. } => self.refuse(why, "", ""),
            Command::Leave { .. }
            | Command::ChangeUserModes { .. }
            | Command::SetAway { .. }
            | Command::SetRealName { .. }
            | Command::NodeCame { .. }
            | Command::NodeGone { .. } => {}
        }
    }

    /// Says why something was not done, in a room or to a user.
    fn refuse(&mut self, why: Refused, room: &str, name: &str) {
        let channel = channel(room);
        match why {
            Refused::NoSuchUser => {
                self.numeric(Numeric::ERR_NOSUCHNICK, |line| line.quoted(name));
            }
            Refused::TargetNotInRoom | Refused::TargetInRoom => {
                let numeric = match why {
                    Refused::TargetInRoom => Numeric::ERR_USERONCHANNEL,
                    _ => Numeric::ERR_USERNOTINCHANNEL,
                };
                self.numeric(numeric, |line| {
                    line.quoted(name);
                    line.quoted(&channel);
                });
            }
            Refused::NotOperator => self.numeric(Numeric::ERR_NOPRIVILEGES, |_| {}),
            _ => {
                if let Some(numeric) = about_channel(why) {
                    self.numeric(numeric, |line| line.quoted(&channel));
                }
            }
        }
    }

    /// Says why a message was not heard, unless nothing may answer it.
    fn unsaid(&mut self, speech: &Speech<'_>, why: Refused) {
        if matches!(speech.manner, Manner::Notice | Manner::Answer) {
            return;
        }
        match (speech.to, why) {
            (Audience::User { name }, _) => {
                self.numeric(Numeric::ERR_NOSUCHNICK, |line| line.quoted(name));
            }
            (Audience::Room { room, .. }, Refused::CannotSay(silenced)) => {
                let channel = channel(room);
                self.message_unsent(&channel, reason(silenced));
            }
            (Audience::Room { room, .. }, _) => self.refuse(why, room, ""),
            (Audience::Public, _) => {}
        }
    }

    /// Says why something cannot be sent.
    pub(super) fn message_unsent(&mut self, target: &str, why: &str) {
        let numeric = Numeric::ERR_CANNOTSENDTOCHAN;
        let (pen, _) = self.pen();
        let mut line = crate::dialect::irc::line::LineWriter::begin(pen.out);
        line.numeric(pen.server, numeric, pen.nick);
        line.quoted(target);
        line.text_shown(format_args!("{}{why}", numeric.text()));
        line.end();
    }

    /// Says which changes of modes were not made, and why; what says the same, once.
    fn tell_unchanged(
        &mut self,
        room: &str,
        changes: &[ModeChange<'_>],
        refused: &[(usize, Refused)],
    ) {
        let mut is_told = false;
        for &(place, why) in refused {
            let Some(change) = changes.get(place) else {
                continue;
            };
            match (change, why) {
                (_, Refused::NotRoomOperator) if is_told => {}
                (_, Refused::ListFull) => {
                    let channel = channel(room);
                    self.numeric(Numeric::ERR_BANLISTFULL, |line| {
                        line.quoted(&channel);
                        line.shown(letter_of(change));
                    });
                }
                (ModeChange::Rank { name, .. }, _) => self.refuse(why, room, name),
                _ => self.refuse(why, room, ""),
            }
            is_told |= why == Refused::NotRoomOperator;
        }
    }
}

/// The numeric that says so of a channel alone.
fn about_channel(why: Refused) -> Option<Numeric> {
    Some(match why {
        Refused::NoSuchRoom => Numeric::ERR_NOSUCHCHANNEL,
        Refused::NotInRoom => Numeric::ERR_NOTONCHANNEL,
        Refused::TooManyRooms => Numeric::ERR_TOOMANYCHANNELS,
        Refused::Banned => Numeric::ERR_BANNEDFROMCHAN,
        Refused::InviteOnly => Numeric::ERR_INVITEONLYCHAN,
        Refused::WrongKey => Numeric::ERR_BADCHANNELKEY,
        Refused::Full => Numeric::ERR_CHANNELISFULL,
        Refused::NotRoomOperator => Numeric::ERR_CHANOPRIVSNEEDED,
        _ => return None,
    })
}

fn reason(silenced: Silenced) -> &'static str {
    match silenced {
        Silenced::Outside => " (+n)",
        Silenced::Moderated => " (+m)",
        Silenced::Banned => " (+b)",
        Silenced::NoQueries => " (+C)",
    }
}
