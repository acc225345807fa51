//! The rules of `addressed`.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::message::Reply;
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
    settings: &[Setting::Framing, Setting::Chunks, Setting::Pause],
    framing: |_| Framing::Auto,
    drops_telnet_commands: false,
    refuses_http: true,
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
    fn encode(&mut self, reply: Reply<'_>) {
        self.frame.clear();
        reply.encode(&mut self.frame);
    }
}

impl Rules for Addressed {
    fn joined(&mut self, engine: &mut Engine, conn: ConnId) {
        let who = shown(engine, conn);
        self.encode(Reply::Connected { who: &who });
        engine.send_to_all(self.connected.members(), Some(conn), &self.frame);
        self.connected.insert(conn);
    }

    fn message(&mut self, engine: &mut Engine, conn: ConnId, line: Line<'_>) {
        let reply = Reply::Message {
            from: &shown(engine, conn),
            text: line.content(),
        };
        self.frame.clear();
        match line.ending {
            Ending::None => reply.encode_chunk(&mut self.frame),
            _ => reply.encode(&mut self.frame),
        }
        engine.send_to_all(self.connected.members(), None, &self.frame);
    }

    fn left(&mut self, engine: &mut Engine, conn: ConnId) {
        self.connected.remove(conn);
        let who = shown(engine, conn);
        self.encode(Reply::Disconnected { who: &who });
        engine.send_to_all(self.connected.members(), Some(conn), &self.frame);
    }
}

/// A connection's address and port.
fn shown(engine: &Engine, conn: ConnId) -> String {
    engine
        .peer(conn)
        .map(|peer| peer.to_string())
        .unwrap_or_default()
}
