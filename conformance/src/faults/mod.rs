//! What must not take a server away from those who behave, on a scale that is a load of its own:
//! these cases run one at a time, apart from the others.
//!
//! A new chapter is one more file and one more line in [`all`].

mod chat;
mod crowds;
mod handshakes;
mod readers;
mod senders;

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::bench::Bench;
use crate::cases::{
    self, Case, MARKER, MARKER_ANSWER, addressed_peer, assert_whole_and_in_order, cases,
    patient_stream, relay_peer, until_answered, user,
};
use crate::patience::{PATIENCE, eventually};
use crate::peer::{Peer, reset_on_close};
use crate::running::Running;
use chat::Chat;

/// Every case with its full name.
pub(crate) fn all() -> Vec<(String, Case)> {
    cases::named(&[
        ("readers", readers::CASES),
        ("senders", senders::CASES),
        ("crowds", crowds::CASES),
        ("handshakes", handshakes::CASES),
    ])
}

/// What a server holds of the system while a certain number of peers is connected.
#[derive(Debug, PartialEq, Eq)]
struct Holdings {
    descriptors: usize,
    threads: usize,
}

impl Holdings {
    fn of(server: &Running) -> Self {
        Self {
            descriptors: server.descriptors(),
            threads: server.threads(),
        }
    }

    /// Waits until it holds no more than this again.
    #[track_caller]
    fn wait_until_back(&self, server: &Running) {
        eventually("descriptors and threads are given back", || {
            (Self::of(server) == *self).then_some(())
        });
    }
}

/// Waits until so many more connections than `before` have been accepted.
#[track_caller]
fn wait_until_accepted(server: &Running, before: &Holdings, connections: usize) {
    eventually("all are accepted", || {
        (server.descriptors() == before.descriptors + connections).then_some(())
    });
}

#[track_caller]
fn say(user: &mut TcpStream, what: &str) {
    user.write_all(what.as_bytes()).expect("is taken");
}

/// The next line; an empty one at the end.
#[track_caller]
fn line(user: &mut TcpStream) -> String {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while !line.ends_with(b"\n") && user.read(&mut byte).expect("a line or an end in time") > 0 {
        line.extend(byte);
    }
    String::from_utf8(line).expect("it is UTF-8")
}
