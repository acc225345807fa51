//! How the user gets a nickname.

use std::str;
use std::time::Instant;

use super::{Rooms, Stage};
use crate::connect::admission;
use crate::connect::request::reason;
use crate::connect::talk::{End, Entered, Said};

impl Rooms {
    pub(super) fn ask(&mut self, question: &str) {
        self.stage = Stage::Asking;
        self.nick = None;
        self.was_in = false;
        self.news.push_back(Said::Question(question.to_owned()));
    }

    pub(super) fn choose(&mut self, nick: &str) {
        self.nick = Some(nick.to_owned());
        self.stage = Stage::Named;
        if self.is_connected {
            self.register();
        }
    }

    pub(super) fn register(&mut self) {
        let Some(nick) = &self.nick else { return };
        match self.client.register(nick) {
            Ok(()) => self.stage = Stage::Registering(Instant::now()),
            Err(error) => {
                let reason = format!("cannot register as '{nick}': {}", reason(error, NICKNAME));
                self.refuse(reason, None);
            }
        }
    }

    /// Tells the user that the nickname cannot be had, and asks for another one unless it was given.
    /// With `end` the connection is at its end, too.
    pub(super) fn refuse(&mut self, reason: String, end: Option<End>) {
        if self.is_given && !self.was_in {
            self.client.finish();
            let reason = format!("{reason}; choose another with --name");
            self.news.push_back(Said::End(End::Refused(reason)));
            return;
        }
        self.news.push_back(Said::Hint(reason));
        self.ask("enter another nickname, or /quit");
        self.news.extend(end.map(Said::End));
    }

    /// The server has closed the connection before it has said anything.
    pub(super) fn nickname_refused(&mut self) {
        let nick = self.nick.clone().unwrap_or_default();
        let (Stage::Registering(since) | Stage::Confirming(since)) = self.stage else {
            return self.news.push_back(Said::End(End::Closed));
        };
        if admission::is_late(since) {
            return self.news.push_back(Said::End(End::Closed));
        }
        if self.was_in && self.refusals < MAX_REFUSALS {
            // The server may not know yet that the connection before is gone.
            self.refusals += 1;
            let hint = format!("the server does not accept the nickname '{nick}' yet");
            self.news.push_back(Said::Hint(hint));
            return self.news.push_back(Said::End(End::Closed));
        }
        self.refuse(admission::refused(&nick), Some(End::AskAgain));
    }

    pub(super) fn enter_nick(&mut self, line: &[u8]) -> Entered {
        match str::from_utf8(line) {
            Ok("!quit") => return Entered::Leave,
            Ok(nick) => self.choose(nick),
            Err(_) => return Entered::Hint("a nickname is plain text".to_owned()),
        }
        Entered::GoOn
    }

    pub(super) fn is_in(&mut self) {
        if self.stage == Stage::In {
            return;
        }
        self.stage = Stage::In;
        self.was_in = true;
        self.refusals = 0;
        for room in &self.entered {
            // There is room for a few lines at the beginning.
            let _ = self.client.enter(room);
        }
    }
}

/// What a nickname is.
pub(super) const NICKNAME: &str = "1 to 32 ASCII letters and digits";

/// How often to try a nickname again that was the user's own before the connection was lost.
const MAX_REFUSALS: u32 = 5;
