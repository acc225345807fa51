//! The rules of `addressed`.

use alloc::boxed::Box;
use alloc::string::{String, ToString};

use super::message::Reply;
use crate::close::CloseReason;
use crate::dialect::{self, Profile};
use crate::engine::connection::ConnId;
use crate::floor::Floor;
use crate::listener::Framing;
use crate::roster::Roster;
use crate::rules::Rules;
use crate::wire::lines::{Ending, Line};

pub(crate) static PROFILE: Profile = Profile {
    name: "addressed",
    summary: "hands each message on to all connections as `[ip:port] message`",
    default_port: 60003,
    options: || dialect::Options::Addressed(Options::default()),
    door: None,
    drops_telnet_commands: false,
    refuses_http: true,
    needs_console: false,
    folds_case: false,
    max_line: None,
    idle_timeout: None,
};

/// What can be chosen for `addressed`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// What counts as one message. Default: [`Framing::Auto`].
    pub framing: Framing,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            framing: Framing::Auto,
        }
    }
}

impl From<Options> for dialect::Options {
    fn from(options: Options) -> Self {
        Self::Addressed(options)
    }
}

pub(crate) fn rules() -> Box<dyn Rules> {
    Box::new(Addressed::default())
}

#[derive(Default)]
struct Addressed {
    connected: Roster,
}

impl Addressed {
    /// Tells all others.
    fn notify(&self, floor: &mut Floor, conn: ConnId, reply: Reply<'_>) {
        let members = self.connected.members();
        floor
            .engine
            .send_to_all(members, Some(conn), |frame| reply.encode(frame));
    }
}

impl Rules for Addressed {
    fn joined(&mut self, floor: &mut Floor, conn: ConnId) {
        let who = shown(floor, conn);
        self.notify(floor, conn, Reply::Connected { who: &who });
        self.connected.insert(conn);
    }

    fn message(&mut self, floor: &mut Floor, conn: ConnId, line: Line<'_>) {
        let reply = Reply::Message {
            from: &shown(floor, conn),
            text: line.content(),
        };
        floor.engine.count_said(conn);
        floor
            .engine
            .pass_on(self.connected.members(), None, |frame| match line.ending {
                Ending::None => reply.encode_chunk(frame),
                _ => reply.encode(frame),
            });
    }

    fn left(&mut self, floor: &mut Floor, conn: ConnId, _reason: CloseReason) {
        self.connected.remove(conn);
        let who = shown(floor, conn);
        self.notify(floor, conn, Reply::Disconnected { who: &who });
    }
}

/// A connection's address and port.
fn shown(floor: &Floor, conn: ConnId) -> String {
    floor
        .engine
        .peer(conn)
        .map(|peer| peer.to_string())
        .unwrap_or_default()
}
