//! `addressed`: each message goes to all connections, its sender's among them, stamped with the
//! sender's address; all others are told who comes and goes (seed 001).

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use crate::dialect::Profile;
use crate::engine::Engine;
use crate::lines::{Ending, Line};
use crate::roster::Roster;
use crate::rules::Rules;
use crate::{ConnId, Framing, Setting};

pub(crate) static PROFILE: Profile = Profile {
    name: "addressed",
    summary: "hands each message on to all connections as `[ip:port] message`",
    default_port: 60003,
    settings: &[Setting::Framing],
    framing: |_| Framing::Lines,
    drops_telnet_commands: false,
    needs_console: false,
    rules: |_| Box::new(Addressed::default()),
};

#[derive(Default)]
struct Addressed {
    connected: Roster,
    /// The frame that is being put together; kept for its memory.
    frame: Vec<u8>,
}

impl Addressed {
    fn begin_frame(&mut self, engine: &Engine, sender: ConnId) {
        self.frame.clear();
        if let Some(peer) = engine.peer(sender) {
            self.frame
                .extend_from_slice(format!("[{peer}] ").as_bytes());
        }
    }

    /// Tells all others what became of `conn` (seed 001, requirements 3 and 5).
    fn tell_others(&mut self, engine: &mut Engine, conn: ConnId, notice: &[u8]) {
        self.begin_frame(engine, conn);
        self.frame.extend_from_slice(notice);
        engine.send_to_all(self.connected.members(), Some(conn), &self.frame);
    }
}

impl Rules for Addressed {
    fn joined(&mut self, engine: &mut Engine, conn: ConnId) {
        self.tell_others(engine, conn, b"(connected)\n");
        self.connected.insert(conn);
    }

    fn message(&mut self, engine: &mut Engine, conn: ConnId, line: Line<'_>) {
        self.begin_frame(engine, conn);
        self.frame.extend_from_slice(line.content());
        if line.ending != Ending::None {
            self.frame.push(b'\n');
        }
        engine.send_to_all(self.connected.members(), None, &self.frame);
    }

    fn left(&mut self, engine: &mut Engine, conn: ConnId) {
        self.connected.remove(conn);
        self.tell_others(engine, conn, b"(disconnected)\n");
    }
}
