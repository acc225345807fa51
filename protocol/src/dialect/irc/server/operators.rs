//! What operators of the server can do: `OPER`, `KILL`, `WALLOPS`, `REHASH`.

use alloc::format;

use super::caller::Caller;
use crate::community::modes::UserModes;
use crate::community::vocabulary::Command;
use crate::dialect::irc::isupport::MAX_REASON;
use crate::dialect::irc::numeric::Numeric;
use crate::dialect::irc::text::tamed;
use crate::event::Event;

impl Caller<'_> {
    pub(super) fn oper(&mut self, params: &[&str]) {
        if !self.shared.options.is_operator(params[0], params[1]) {
            return self.numeric(Numeric::ERR_PASSWDMISMATCH, |_| {});
        }
        self.propose(&Command::ChangeUserModes {
            set: UserModes::OPERATOR | UserModes::HEARS_CALLS,
            clear: UserModes::NONE,
        });
    }

    pub(super) fn kill(&mut self, params: &[&str]) {
        let own = self.user().map(|user| user.name.clone());
        let own = own.unwrap_or_default();
        let reason = format!("Killed ({own} ({}))", tamed(params[1], MAX_REASON));
        self.propose(&Command::Kill {
            name: params[0],
            reason: &reason,
        });
    }

    pub(super) fn wallops(&mut self, params: &[&str]) {
        let text = &tamed(params[0], MAX_REASON);
        self.propose(&Command::CallOperators { text });
    }

    pub(super) fn rehash(&mut self, _params: &[&str]) {
        if !self.is_operator() {
            return self.numeric(Numeric::ERR_NOPRIVILEGES, |_| {});
        }
        let conn = self.conn;
        self.floor.engine.report(Event::ReloadAsked { conn });
        self.numeric(Numeric::RPL_REHASHING, |line| line.word("linechat"));
    }
}
