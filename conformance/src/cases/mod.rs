//! What every program must do, one file for each chapter, one function for each sentence.
//!
//! A new chapter is one more file and one more line in [`all`].

mod addressed;
mod connect;
mod connect_pair;
mod connections;
mod direct;
mod documents;
mod echo;
mod hostile;
mod lines;
mod load;
mod pair;
mod programs;
mod relay;
mod rooms;
mod terminal;

use crate::bench::Bench;
use crate::patience::eventually;
use crate::peer::Peer;
use crate::program::Running;

pub(crate) type Case = fn(&Bench);

/// Every case with its full name.
pub(crate) fn all() -> impl Iterator<Item = (String, Case)> {
    let chapters = [
        ("lines", lines::CASES),
        ("connections", connections::CASES),
        ("echo", echo::CASES),
        ("relay", relay::CASES),
        ("addressed", addressed::CASES),
        ("rooms", rooms::CASES),
        ("pair", pair::CASES),
        ("direct", direct::CASES),
        ("documents", documents::CASES),
        ("programs", programs::CASES),
        ("hostile", hostile::CASES),
        ("load", load::CASES),
        ("connect", connect::CASES),
        ("connect_pair", connect_pair::CASES),
        ("terminal", terminal::CASES),
    ];
    chapters.into_iter().flat_map(|(chapter, cases)| {
        cases
            .iter()
            .map(move |&(name, case)| (format!("{chapter}::{name}"), case))
    })
}

/// Lists a chapter's cases under their own names.
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        pub(super) const CASES: &[(&str, $crate::cases::Case)] =
            &[$((stringify!($case), $case)),*];
    };
}
use cases;

/// Joins `relay` after `others`, who hear of it; without others nobody has to.
#[track_caller]
fn relay_peer(server: &Running, name: &str, others: &mut [&mut Peer]) -> Peer {
    let mut peer = server.peer(name);
    let hello = format!("{name} is here\n");
    peer.send(&hello);
    others.iter_mut().for_each(|other| other.expect(&hello));
    peer
}

/// Joins `addressed` after `others`, who are told; returns the peer and its tag, `[ip:port] `.
#[track_caller]
fn addressed_peer(server: &Running, name: &str, others: &mut [&mut Peer]) -> (Peer, String) {
    let mut peer = server.peer(name);
    let tag = format!("[{}] ", peer.address());
    peer.asks("hello\n", format!("{tag}hello\n"));
    for other in others {
        other.expect(format!("{tag}(connected)\n{tag}hello\n"));
    }
    (peer, tag)
}

/// Registers in `rooms`. The server is silent about success, so a marker shows it.
#[track_caller]
fn user(server: &Running, nickname: &str) -> Peer {
    register(server.peer(nickname), nickname)
}

#[track_caller]
fn register(mut peer: Peer, nickname: &str) -> Peer {
    peer.asks(format!("{nickname}\n{MARKER}"), MARKER_ANSWER);
    peer
}

/// Shows that nothing else was on its way to `peer`, a user of `rooms`.
#[track_caller]
fn heard_nothing_else(peer: &mut Peer) {
    peer.asks(MARKER, MARKER_ANSWER);
}

/// Logs in to `direct`.
#[track_caller]
fn member(server: &Running, name: &str) -> Peer {
    log_in(server.peer(name), name)
}

#[track_caller]
fn log_in(mut peer: Peer, name: &str) -> Peer {
    peer.asks(format!("HELLO-FROM {name}\n"), format!("HELLO {name}\n"));
    peer
}

/// Shows that nothing else was on its way to `peer`, logged in to `direct` or not.
#[track_caller]
fn was_sent_nothing_else(peer: &mut Peer) {
    peer.asks("MARKER\n", "BAD-RQST-HDR\n");
}

/// Repeats a request until its answer shows that something has come about (who left is off the
/// list, a name is free again).
#[track_caller]
fn until_answered(peer: &mut Peer, request: &str, answer: &str) {
    eventually("an answer", || {
        peer.send(request);
        (peer.line() == answer).then_some(())
    });
}

/// `rooms` answers this at once, in private, and does nothing else.
const MARKER: &str = "!marker\n";
const MARKER_ANSWER: &str = "!error unknown command: !marker (try !help)\r\n";
