//! `relay`: each message goes to all other connections, unchanged (seed 000, versions 3 to 5;
//! seed 002, the super-echo server).

use alloc::boxed::Box;

use crate::close::CloseReason;
use crate::dialect::{self, Profile};
use crate::engine::connection::ConnId;
use crate::floor::Floor;
use crate::listener::Framing;
use crate::roster::Roster;
use crate::rules::Rules;
use crate::wire::lines::Line;

pub(crate) static PROFILE: Profile = Profile {
    name: "relay",
    summary: "hands each message on to all other connections, unchanged",
    default_port: 8888,
    options: || dialect::Options::Relay(Options::default()),
    door: None,
    drops_telnet_commands: false,
    refuses_http: true,
    needs_console: false,
    folds_case: false,
    max_line: None,
    idle_timeout: None,
};

/// What can be chosen for `relay`.
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
        Self::Relay(options)
    }
}

pub(crate) fn rules() -> Box<dyn Rules> {
    Box::new(Relay::default())
}

#[derive(Default)]
struct Relay {
    connected: Roster,
}

impl Rules for Relay {
    fn joined(&mut self, _floor: &mut Floor, conn: ConnId) {
        self.connected.insert(conn);
    }

    fn message(&mut self, floor: &mut Floor, conn: ConnId, line: Line<'_>) {
        let members = self.connected.members();
        floor.engine.count_said(conn);
        floor.engine.pass_on(members, Some(conn), |frame| {
            frame.extend_from_slice(line.raw)
        });
    }

    fn left(&mut self, _floor: &mut Floor, conn: ConnId, _reason: CloseReason) {
        self.connected.remove(conn);
    }
}
