//! Somebody who has no browser.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

use crate::driver::PATIENCE;

/// Somebody who is on the server. Leaves when dropped.
pub(crate) struct Person {
    name: String,
    lines: BufReader<TcpStream>,
    heard: Vec<String>,
}

impl Person {
    /// Comes in with an IRC program.
    #[track_caller]
    pub(crate) fn with_irc(server: SocketAddr, name: &str) -> Self {
        let mut person = Self::new(server, name);
        person.sends(&format!("NICK {name}"));
        person.sends(&format!("USER {name} 0 * :{name}"));
        person.hears(&format!(" 001 {name} "));
        person
    }

    /// Comes in with netcat, where `rooms` is spoken.
    #[track_caller]
    pub(crate) fn with_netcat(server: SocketAddr, name: &str) -> Self {
        let mut person = Self::new(server, name);
        person.sends(name);
        // Whoever comes in is told nothing.
        person.sends("!users");
        person.hears(name);
        person
    }

    fn new(server: SocketAddr, name: &str) -> Self {
        let socket = TcpStream::connect(server).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            name: name.to_owned(),
            lines: BufReader::new(socket),
            heard: Vec::new(),
        }
    }

    /// Sends one line.
    pub(crate) fn sends(&mut self, line: &str) {
        let line = format!("{line}\r\n");
        self.lines.get_mut().write_all(line.as_bytes()).unwrap();
    }

    /// Is in a room afterwards.
    #[track_caller]
    pub(crate) fn joins(&mut self, room: &str) {
        self.sends(&format!("JOIN {room}"));
        // Who is in the lobby already is told nothing.
        self.sends(&format!("NAMES {room}"));
        self.hears(" 366 ");
    }

    pub(crate) fn says(&mut self, target: &str, text: &str) {
        self.sends(&format!("PRIVMSG {target} :{text}"));
    }

    /// Waits for a line that contains this. What came before it is not looked at again.
    #[track_caller]
    pub(crate) fn hears(&mut self, part: &str) -> String {
        loop {
            let mut line = String::new();
            if !matches!(self.lines.read_line(&mut line), Ok(1..)) {
                panic!(
                    "{} waits for {part:?} and heard {:#?}",
                    self.name, self.heard
                );
            }
            if let Some(token) = line.strip_prefix("PING ") {
                self.sends(&format!("PONG {}", token.trim_end()));
            }
            self.heard.push(line.trim_end().to_owned());
            if line.contains(part) {
                return line;
            }
        }
    }
}
