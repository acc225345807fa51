//! `echo`: sends back what it receives (seed 000, versions 0 to 2; seed 002, the echo server).

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::dialect::Profile;
use crate::engine::Engine;
use crate::lines::Line;
use crate::rules::Rules;
use crate::{CloseReason, Config, ConnId, Framing, Peer, Setting};

pub(crate) static PROFILE: Profile = Profile {
    name: "echo",
    summary: "sends back what it receives",
    default_port: 8888,
    settings: &[
        Setting::Framing,
        Setting::Chunks,
        Setting::Pause,
        Setting::Uppercase,
    ],
    framing: |config| {
        if config.uppercase {
            Framing::Lines
        } else {
            Framing::Chunks
        }
    },
    drops_telnet_commands: false,
    refuses_http: false,
    needs_console: false,
    rules: |config| Box::new(Echo::new(config)),
};

struct Echo {
    uppercase: bool,
}

impl Echo {
    fn new(config: &Config) -> Self {
        Self {
            uppercase: config.uppercase,
        }
    }
}

impl Rules for Echo {
    fn joined(&mut self, _engine: &mut Engine, _conn: ConnId) {}

    fn message(&mut self, engine: &mut Engine, conn: ConnId, line: Line<'_>) {
        if line.content().is_empty() && engine.peer(conn) == Some(Peer::Console) {
            // Seed 000, version 0: an empty line ends the program.
            engine.close(conn, CloseReason::Quit);
        } else if self.uppercase {
            engine.send(conn, &uppercase(line.raw));
        } else {
            engine.send(conn, line.raw);
        }
    }

    fn left(&mut self, _engine: &mut Engine, _conn: ConnId) {}
}

/// Upper case as Unicode has it, or of the ASCII letters alone in what is not UTF-8.
fn uppercase(bytes: &[u8]) -> Vec<u8> {
    match core::str::from_utf8(bytes) {
        Ok(text) => text.to_uppercase().into_bytes(),
        Err(_) => {
            let mut raised = bytes.to_owned();
            raised.make_ascii_uppercase();
            raised
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upper_case_is_that_of_unicode() {
        assert_eq!(
            uppercase("straße, ŝipo\r\n".as_bytes()),
            "STRASSE, ŜIPO\r\n".as_bytes()
        );
    }

    #[test]
    fn what_is_not_utf_8_has_its_ascii_letters_raised() {
        assert_eq!(uppercase(b"a\xffb\xc3z\n"), b"A\xffB\xc3Z\n");
    }
}
