//! `relay`: each message goes to all other connections, unchanged (seed 000, versions 3 to 5;
//! seed 002, the super-echo server).

use alloc::boxed::Box;

use crate::dialect::Profile;
use crate::engine::Engine;
use crate::lines::Line;
use crate::roster::Roster;
use crate::rules::Rules;
use crate::{ConnId, Framing, Setting};

pub(crate) static PROFILE: Profile = Profile {
    name: "relay",
    summary: "hands each message on to all other connections, unchanged",
    default_port: 8888,
    settings: &[Setting::Framing, Setting::Chunks, Setting::Pause],
    framing: |_| Framing::Auto,
    drops_telnet_commands: false,
    refuses_http: true,
    needs_console: false,
    rules: |_| Box::new(Relay::default()),
};

#[derive(Default)]
struct Relay {
    connected: Roster,
}

impl Rules for Relay {
    fn joined(&mut self, _engine: &mut Engine, conn: ConnId) {
        self.connected.insert(conn);
    }

    fn message(&mut self, engine: &mut Engine, conn: ConnId, line: Line<'_>) {
        engine.send_to_all(self.connected.members(), Some(conn), line.raw);
    }

    fn left(&mut self, _engine: &mut Engine, conn: ConnId) {
        self.connected.remove(conn);
    }
}
