//! `echo`: sends back what it receives (seed 000, versions 0 to 2; seed 002, the echo server).

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::close::CloseReason;
use crate::dialect::{self, Profile};
use crate::engine::connection::ConnId;
use crate::floor::Floor;
use crate::listener::Framing;
use crate::peer::Peer;
use crate::rules::Rules;
use crate::wire::lines::Line;

pub(crate) static PROFILE: Profile = Profile {
    name: "echo",
    summary: "sends back what it receives",
    default_port: 8888,
    options: || dialect::Options::Echo(Options::default()),
    door: None,
    drops_telnet_commands: false,
    refuses_http: false,
    needs_console: false,
    folds_case: false,
    max_line: None,
    idle_timeout: None,
};

/// What can be chosen for `echo`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Send lines back in upper case. Default: no.
    pub uppercase: bool,
    /// What counts as one message. Default: `None`, for chunks, or lines in upper case.
    pub framing: Option<Framing>,
}

impl Options {
    pub(crate) fn framing(&self) -> Framing {
        let usual = if self.uppercase {
            Framing::Lines
        } else {
            Framing::Chunks
        };
        self.framing.unwrap_or(usual)
    }
}

impl From<Options> for dialect::Options {
    fn from(options: Options) -> Self {
        Self::Echo(options)
    }
}

pub(crate) fn rules(options: &Options) -> Box<dyn Rules> {
    Box::new(Echo {
        uppercase: options.uppercase,
    })
}

struct Echo {
    uppercase: bool,
}

impl Rules for Echo {
    fn joined(&mut self, _floor: &mut Floor, _conn: ConnId) {}

    fn message(&mut self, floor: &mut Floor, conn: ConnId, line: Line<'_>) {
        if line.content().is_empty() && floor.engine.peer(conn) == Some(Peer::Console) {
            // Seed 000, version 0: an empty line ends the program.
            return floor.engine.close(conn, CloseReason::Quit);
        }
        floor.engine.count_said(conn);
        floor.engine.pass_on(&[conn], None, |frame| {
            if self.uppercase {
                frame.extend_from_slice(&uppercase(line.raw));
            } else {
                frame.extend_from_slice(line.raw);
            }
        });
    }

    fn left(&mut self, _floor: &mut Floor, _conn: ConnId, _reason: CloseReason) {}
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
