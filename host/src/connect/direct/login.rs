//! How the user is logged in.

use std::str;

use super::{Direct, Login};
use crate::connect::request::reason;
use crate::connect::talk::{End, Entered, Said};

impl Direct {
    pub(super) fn ask(&mut self) {
        let question = "enter the name to log in with, or !quit".to_owned();
        self.news.push_back(Said::Question(question));
    }

    pub(super) fn choose(&mut self, name: &str) {
        self.name = Some(name.to_owned());
        self.login = Login::Asked;
        if self.is_connected {
            self.log_in();
        }
    }

    pub(super) fn log_in(&mut self) {
        let Some(name) = &self.name else { return };
        if let Err(error) = self.client.log_in(name) {
            let reason = format!("cannot log in as '{name}': {}", reason(error, NAME));
            self.refuse(&reason, ANOTHER_NAME);
        }
    }

    pub(super) fn enter_name(&mut self, line: &[u8]) -> Entered {
        match str::from_utf8(line) {
            Ok("!quit") => return Entered::Leave,
            Ok(name) => self.choose(name),
            Err(_) => return Entered::Hint("a name is UTF-8".to_owned()),
        }
        Entered::GoOn
    }

    /// Tells the user why the login failed, and asks again unless the name was given.
    pub(super) fn refuse(&mut self, reason: &str, advice: &str) {
        if self.was_in && self.refusals < MAX_REFUSALS {
            // The server may not know yet that the connection before is gone.
            self.refusals += 1;
            self.news.push_back(Said::Hint(reason.to_owned()));
            self.news.push_back(Said::End(End::Closed));
        } else if self.is_given && !self.was_in {
            self.client.finish();
            let reason = format!("{reason}; {advice}");
            self.news.push_back(Said::End(End::Refused(reason)));
        } else {
            self.login = Login::Asking { was_refused: true };
            self.was_in = false;
            self.news.push_back(Said::Line(reason.as_bytes().to_vec()));
            self.ask();
        }
    }
}

/// What a name is.
pub(super) const NAME: &str =
    "1 to 64 bytes without blanks, commas, control characters and ! @ # $ % ^ & *";

pub(super) const ANOTHER_NAME: &str = "choose another name with --name";

/// How often to try a name again that was the user's own before the connection was lost.
const MAX_REFUSALS: u32 = 5;
