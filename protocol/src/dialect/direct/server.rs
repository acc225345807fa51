//! The rules of `direct`.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::message::{Reply, Request, RequestHeader, Username};
use crate::dialect::Profile;
use crate::directory::Directory;
use crate::engine::Engine;
use crate::lines::Line;
use crate::rules::Rules;
use crate::{ConnId, Framing, Setting};

pub(crate) static PROFILE: Profile = Profile {
    name: "direct",
    summary: "login, list and direct messages, with an answer to every request",
    default_port: 5378,
    settings: &[Setting::LoginTimeout, Setting::MaxUsers],
    framing: |_| Framing::Lines,
    drops_telnet_commands: true,
    refuses_http: true,
    needs_console: false,
    rules: |config| Box::new(Direct::new(config.limits.max_users)),
};

struct Direct {
    users: Directory,
    max_users: usize,
    /// The frame that is being put together; kept for its memory.
    frame: Vec<u8>,
}

impl Direct {
    fn new(max_users: usize) -> Self {
        Self {
            users: Directory::default(),
            max_users,
            frame: Vec::new(),
        }
    }

    fn log_in(&mut self, engine: &mut Engine, conn: ConnId, name: Username<'_>) {
        let reply = if self.users.len() >= self.max_users {
            Reply::Busy
        } else if self.users.claim(name.as_str(), conn).is_err() {
            Reply::InUse
        } else {
            engine.logged_in(conn, name.as_str());
            Reply::Hello(name)
        };
        self.send(engine, conn, &reply);
    }

    fn list(&mut self, engine: &mut Engine, conn: ConnId) {
        let names = self
            .users
            .names()
            .filter_map(|name| Username::parse(name.as_bytes()));
        let reply = Reply::ListOk(names.collect());
        self.frame.clear();
        reply.encode(&mut self.frame);
        engine.send(conn, &self.frame);
    }

    /// Hands a message to one user. Whether it got there is what the sender is told: a recipient
    /// who is closed because of it is no longer a user.
    fn deliver(&mut self, engine: &mut Engine, sender: ConnId, to: &[u8], text: &str) {
        let recipient = core::str::from_utf8(to)
            .ok()
            .and_then(|name| self.users.find(name));
        let name = self
            .users
            .name(sender)
            .and_then(|name| Username::parse(name.as_bytes()));
        let delivered = match (recipient, name) {
            (Some(recipient), Some(from)) => {
                self.frame.clear();
                Reply::Delivery { from, text }.encode(&mut self.frame);
                engine.send(recipient, &self.frame)
            }
            _ => false,
        };
        let reply = if delivered {
            Reply::SendOk
        } else {
            Reply::BadDestUser
        };
        self.send(engine, sender, &reply);
    }

    fn send(&mut self, engine: &mut Engine, conn: ConnId, reply: &Reply<'_>) {
        self.frame.clear();
        reply.encode(&mut self.frame);
        engine.send(conn, &self.frame);
    }
}

impl Rules for Direct {
    fn joined(&mut self, _engine: &mut Engine, _conn: ConnId) {}

    fn message(&mut self, engine: &mut Engine, conn: ConnId, line: Line<'_>) {
        let is_logged_in = self.users.name(conn).is_some();
        let known = RequestHeader::split(line.content());
        let Some((header, body)) =
            known.filter(|&(header, _)| (header == RequestHeader::HelloFrom) != is_logged_in)
        else {
            return self.send(engine, conn, &Reply::BadRequestHeader);
        };
        match Request::parse(header, body) {
            Ok(Request::HelloFrom(name)) => self.log_in(engine, conn, name),
            Ok(Request::List) => self.list(engine, conn),
            Ok(Request::Send { to, text }) => self.deliver(engine, conn, to, text),
            Err(_) => self.send(engine, conn, &Reply::BadRequestBody),
        }
    }

    fn line_too_long(&mut self, engine: &mut Engine, conn: ConnId) {
        engine.line_dropped(conn);
        self.send(engine, conn, &Reply::BadRequestBody);
    }

    fn left(&mut self, _engine: &mut Engine, conn: ConnId) {
        self.users.remove(conn);
    }
}
