//! The rules of `irc` and `web`.

use alloc::boxed::Box;
use core::time::Duration;

use slotmap::SecondaryMap;

use self::caller::Caller;
use self::options::Options;
use self::session::{Application, Session, Shared};
use self::talking::is_one_saying;
use crate::close::CloseReason;
use crate::community::Door;
use crate::community::vocabulary::{Command, Outcome};
use crate::dialect::irc::line::{LineWriter, MAX_SENT_LINE, is_within_limits};
use crate::dialect::irc::message::{Fault, Message};
use crate::dialect::irc::name::Nickname;
use crate::dialect::irc::numeric::Numeric;
use crate::dialect::irc::voice::IrcVoice;
use crate::dialect::{self, DOOR_IRC, DOOR_WEB, Profile};
use crate::engine::connection::{ConnId, Slot};
use crate::floor::Floor;
use crate::rules::{Rules, Voice};
use crate::wire::lines::Line;

mod about;
mod caller;
mod channels;
mod command;
mod label;
mod listing;
mod modes;
mod negotiation;
mod operators;
pub(super) mod options;
mod outcome;
mod people;
mod registration;
mod servers;
mod session;
mod talking;
mod watching;
mod who;

pub(crate) static PROFILE: Profile = Profile {
    name: "irc",
    summary: "channels and private messages for the IRC clients that people have",
    default_port: 6667,
    options: || dialect::Options::Irc(Options::default()),
    door: Some(DOOR_IRC),
    drops_telnet_commands: false,
    refuses_http: true,
    needs_console: false,
    folds_case: true,
    max_line: Some(MAX_SENT_LINE),
    idle_timeout: Some(IDLE_TIMEOUT),
};

pub(crate) static WEB_PROFILE: Profile = Profile {
    name: "web",
    summary: "a page to chat in a browser, and IRC over WebSocket",
    default_port: 8080,
    options: || dialect::Options::Web(Options::default()),
    door: Some(DOOR_WEB),
    ..PROFILE
};

pub(crate) const DOOR: Door = Door {
    is_lobby: false,
    max_users: None,
    can_say: |name| Nickname::parse(name).is_some(),
};

pub(crate) fn rules(options: &Options, door: u8) -> (Box<dyn Rules>, Option<Box<dyn Voice>>) {
    let shared = Shared::new(options, door);
    let voice = IrcVoice::new(&shared.server);
    let rules = IrcRules {
        shared,
        sessions: SecondaryMap::new(),
    };
    (Box::new(rules), Some(Box::new(voice)))
}

struct IrcRules {
    shared: Shared,
    sessions: SecondaryMap<Slot, Box<Session>>,
}

impl IrcRules {
    fn caller<'a>(&'a mut self, floor: &'a mut Floor, conn: ConnId) -> Option<Caller<'a>> {
        let session = self.sessions.get_mut(conn.0)?;
        Some(Caller::new(floor, conn, session, &mut self.shared))
    }
}

impl Rules for IrcRules {
    fn joined(&mut self, floor: &mut Floor, conn: ConnId) {
        if self.shared.since == 0 {
            self.shared.since = floor.unix_time();
        }
        self.shared.unregistered += 1;
        let session = Session {
            application: Some(Box::new(Application::default())),
            ..Session::default()
        };
        self.sessions.insert(conn.0, Box::new(session));
    }

    fn message(&mut self, floor: &mut Floor, conn: ConnId, line: Line<'_>) {
        let Some(mut caller) = self.caller(floor, conn) else {
            return;
        };
        if !is_within_limits(line.content()) {
            caller.refuse_long_line();
            return caller.finish();
        }
        match Message::parse(line.content()) {
            Ok(message) => caller.answer(&message),
            Err(malformed) if malformed.fault == Fault::NotUtf8 => {
                caller.refuse_encoding(malformed.tags);
            }
            Err(_) => {}
        }
    }

    fn line_too_long(&mut self, floor: &mut Floor, conn: ConnId) {
        floor.engine.line_dropped(conn);
        if let Some(mut caller) = self.caller(floor, conn) {
            caller.refuse_long_line();
            caller.finish();
        }
    }

    fn may_follow(&self, floor: &Floor, conn: ConnId, line: &[u8]) -> bool {
        let session = self.sessions.get(conn.0);
        let (Some(session), Some(user)) = (session, floor.user(conn)) else {
            return false;
        };
        session.label.is_none()
            && is_within_limits(line)
            && Message::parse(line).is_ok_and(|message| is_one_saying(user, &message))
    }

    fn outcome(
        &mut self,
        floor: &mut Floor,
        conn: ConnId,
        command: &Command<'_>,
        outcome: Outcome,
    ) {
        if let Some(caller) = self.caller(floor, conn) {
            caller.conclude(command, outcome);
        }
    }

    #[allow(
        irrefutable_let_patterns,
        reason = "the crate may be built without any other dialect"
    )]
    fn renew(&mut self, options: &dialect::Options) {
        if let dialect::Options::Irc(options) | dialect::Options::Web(options) = options {
            self.shared.options = self.shared.options.renewed(options);
        }
    }

    /// Asks who is silent whether they are there. Who does not answer is closed by the engine.
    fn due(&mut self, floor: &mut Floor, conn: ConnId) {
        let (Some(silence), Some(last)) = (asks_after(floor, conn), floor.engine.last_input(conn))
        else {
            return;
        };
        let now = floor.engine.now;
        if last + silence > now {
            return floor.engine.set_due(conn, last + silence);
        }
        floor.engine.set_due(conn, now + silence);
        if last + 2 * silence <= now {
            return;
        }
        floor.engine.send(conn, |frame| {
            let mut line = LineWriter::begin(frame);
            line.command("PING");
            line.text(&self.shared.server);
            line.end();
        });
    }

    fn left(&mut self, floor: &mut Floor, conn: ConnId, reason: CloseReason) {
        let Some(mut session) = self.sessions.remove(conn.0) else {
            return;
        };
        if session.application.is_some() {
            self.shared.unregistered -= 1;
        }
        let farewell = session.farewell.take();
        let words = farewell.as_deref().unwrap_or(match reason {
            CloseReason::Quit => "Quit",
            CloseReason::PeerLeft => "Connection closed",
            _ => reason.as_farewell(),
        });
        Caller::new(floor, conn, &mut session, &mut self.shared).watch_nobody();
        floor.engine.take_collected(conn);
        floor.leave(conn, words);
        // Who was disconnected by an operator has been told so.
        if reason != CloseReason::Killed {
            floor.engine.send_last(conn, |frame| {
                let mut line = LineWriter::begin(frame);
                line.command("ERROR");
                line.text_shown(format_args!("Closing link: {words}"));
                line.end();
            });
        }
    }
}

/// How long somebody may be silent before being asked.
pub(super) fn asks_after(floor: &Floor, conn: ConnId) -> Option<Duration> {
    // The engine closes after twice as long.
    let closes_after = floor.engine.terms(conn).idle_timeout?;
    Some(closes_after / 2)
}

impl Caller<'_> {
    fn refuse_long_line(&mut self) {
        self.numeric(Numeric::ERR_INPUTTOOLONG, |_| {});
    }
}

/// How long a peer may be silent before it is asked whether it is there.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
