//! How somebody becomes a user: `PASS`, `NICK`, `USER`; and `PING`, `PONG`, `QUIT`, which can be
//! said before.

use alloc::format;

use super::asks_after;
use super::caller::Caller;
use super::session::Person;
use crate::close::CloseReason;
use crate::community::modes::UserModes;
use crate::community::vocabulary::{Applicant, Command, Refused};
use crate::dialect::irc::isupport::{Isupport, MAX_REAL_NAME, MAX_REASON};
use crate::dialect::irc::name::{Nickname, Username};
use crate::dialect::irc::numeric::Numeric;
use crate::dialect::irc::source::Source;
use crate::dialect::irc::text::tamed;
use crate::dialect::irc::timestamp::Timestamp;

impl Caller<'_> {
    pub(super) fn pass(&mut self, params: &[&str]) {
        match &mut self.session.application {
            Some(application) => application.password = Some(params[0].into()),
            None => self.numeric(Numeric::ERR_ALREADYREGISTERED, |_| {}),
        }
    }

    pub(super) fn nick(&mut self, params: &[&str]) {
        let name = params.first().copied().unwrap_or_default();
        if name.is_empty() {
            return self.numeric(Numeric::ERR_NONICKNAMEGIVEN, |_| {});
        }
        if self.user_id().is_some() {
            return self.propose(&Command::Rename { name });
        }
        if Nickname::parse(name).is_none() {
            return self.refuse_name(name, Refused::Unspeakable);
        }
        if self.floor.community.find(name).is_some() {
            return self.refuse_name(name, Refused::NameInUse);
        }
        if let Some(application) = &mut self.session.application {
            application.nick = Some(name.into());
        }
        self.apply();
    }

    pub(super) fn user_command(&mut self, params: &[&str]) {
        if self.user_id().is_some() {
            return self.numeric(Numeric::ERR_ALREADYREGISTERED, |_| {});
        }
        let (username, real_name) = (params[0], params[3]);
        if username.is_empty() || real_name.is_empty() {
            return self.needs_more_params("USER");
        }
        let Some(username) = Username::parse(username) else {
            return self.numeric(Numeric::ERR_INVALIDUSERNAME, |_| {});
        };
        if let Some(application) = &mut self.session.application {
            application.user = Some(Person {
                username: username.as_str().into(),
                real_name: tamed(real_name, MAX_REAL_NAME).into(),
            });
        }
        self.apply();
    }

    /// Asks to be let in, if everything that is needed has been said.
    pub(super) fn apply(&mut self) {
        let Some(application) = &self.session.application else {
            return;
        };
        let (Some(nick), Some(person), false) = (
            application.nick.clone(),
            application.user.clone(),
            application.negotiates,
        ) else {
            return;
        };
        if !self.shared.options.admits(application.password.as_deref()) {
            self.numeric(Numeric::ERR_PASSWDMISMATCH, |_| {});
            return self.close(CloseReason::WrongPassword);
        }
        let identity = self.floor.identity(self.conn, &person.username);
        let command = Command::Join(Applicant {
            name: &nick,
            door: self.shared.door,
            modes: UserModes::NONE,
            profile: identity
                .as_ref()
                .map(|identity| identity.profile(&person.real_name)),
        });
        self.propose(&command);
    }

    /// Tells who was let in where they are.
    pub(super) fn welcome(&mut self) {
        self.session.application = None;
        self.shared.unregistered -= 1;
        let view = self.session.capabilities.view();
        self.floor.set_view(self.conn, view);
        if let Some(silence) = asks_after(self.floor, self.conn) {
            let due = self.floor.engine.now + silence;
            self.floor.engine.set_due(self.conn, due);
        }
        self.introduce();
        self.tell_isupport();
        self.lusers(&[]);
        self.motd(&[]);
        let lobby = self.floor.community.settings().lobby.clone();
        if let Some(room) = lobby {
            self.propose(&Command::Enter {
                room: &room,
                key: None,
            });
        }
    }

    fn introduce(&mut self) {
        let network = self.shared.options.network.clone();
        let since = Timestamp::from_millis(self.shared.since);
        let Some(user) = self.user() else { return };
        let source = Source::user(&user.name, user.username(), user.host());
        let source = format!("{source}");
        let (mut pen, _) = self.pen();
        pen.numeric(Numeric::RPL_WELCOME, |line| {
            line.text_shown(format_args!(
                "Welcome to the {network} IRC Network, {source}"
            ));
        });
        let server = pen.server;
        pen.numeric(Numeric::RPL_YOURHOST, |line| {
            line.text_shown(format_args!(
                "Your host is {server}, running version {VERSION}"
            ));
        });
        pen.numeric(Numeric::RPL_CREATED, |line| {
            line.text_shown(format_args!("This server was created {}", since.readable()));
        });
        pen.numeric(Numeric::RPL_MYINFO, |line| {
            line.word(server);
            line.word(VERSION);
            line.word("Biow");
            line.word("CIbehiklmnostv");
            line.word("Ibehklov");
        });
    }

    pub(super) fn tell_isupport(&mut self) {
        let max_channels = self.floor.community.settings().max_rooms_per_user;
        let network = &self.shared.options.network;
        let known = &mut self.shared.isupport;
        known.get_or_insert_with(|| Isupport::new(network, max_channels));
        let supported = self.shared.isupport.take();
        let (pen, _) = self.pen();
        if let Some(supported) = &supported {
            supported.write(pen.out, pen.server, pen.nick);
        }
        self.shared.isupport = supported;
    }

    /// Says that a name cannot be had.
    pub(super) fn refuse_name(&mut self, name: &str, why: Refused) {
        let numeric = match why {
            Refused::NameInUse => Numeric::ERR_NICKNAMEINUSE,
            _ => Numeric::ERR_ERRONEUSNICKNAME,
        };
        self.numeric(numeric, |line| line.quoted(name));
    }

    pub(super) fn ping(&mut self, params: &[&str]) {
        let Some(&token) = params.first() else {
            return self.numeric(Numeric::ERR_NOORIGIN, |_| {});
        };
        let server = self.shared.server.clone();
        self.message("PONG", |line| {
            line.word(&server);
            line.text(token);
        });
    }

    pub(super) fn pong(&mut self, _params: &[&str]) {}

    pub(super) fn quit(&mut self, params: &[&str]) {
        let reason = params.first().copied().filter(|reason| !reason.is_empty());
        let farewell = match reason {
            Some(reason) => format!("Quit: {}", tamed(reason, MAX_REASON)),
            None => "Quit".into(),
        };
        self.session.farewell = Some(farewell.into());
        self.close(CloseReason::Quit);
    }
}

pub(super) const VERSION: &str = concat!("linechat-", env!("CARGO_PKG_VERSION"));
