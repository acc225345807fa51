//! What every program must do, one file for each chapter, one function for each sentence.
//!
//! A new chapter is one more file and one more line in [`all`].

mod addressed;
mod at_terminal;
mod community;
mod config;
mod connect;
mod connect_lines;
mod connect_pair;
mod connect_tls;
mod connections;
mod console;
mod direct;
mod documents;
mod echo;
mod editor;
mod hostile;
mod http;
mod irc;
mod lines;
mod link;
mod load;
mod manual;
mod mistakes;
mod operators;
mod packaged;
mod pair;
mod pauses;
mod person;
mod programs;
mod recorded;
mod relay;
mod rooms;
mod systemd;
mod terminal;
mod tls;
mod troubled_link;
mod web;

use std::net::TcpStream;

use crate::bench::{Bench, Outcome};
use crate::patience::{PATIENCE, eventually};
use crate::peer::Peer;
use crate::running::Running;

pub(crate) type Case = fn(&Bench);

/// Every case with its full name.
pub(crate) fn all() -> Vec<(String, Case)> {
    named(&[
        ("lines", lines::CASES),
        ("pauses", pauses::CASES),
        ("http", http::CASES),
        ("connections", connections::CASES),
        ("echo", echo::CASES),
        ("relay", relay::CASES),
        ("addressed", addressed::CASES),
        ("community", community::CASES),
        ("irc", irc::CASES),
        ("rooms", rooms::CASES),
        ("pair", pair::CASES),
        ("direct", direct::CASES),
        ("documents", documents::CASES),
        ("programs", programs::CASES),
        ("manual", manual::CASES),
        ("config", config::CASES),
        ("operators", operators::CASES),
        ("mistakes", mistakes::CASES),
        ("hostile", hostile::CASES),
        ("load", load::CASES),
        ("tls", tls::CASES),
        ("systemd", systemd::CASES),
        ("packaged", packaged::CASES),
        ("web", web::CASES),
        ("connect", connect::CASES),
        ("connect_lines", connect_lines::CASES),
        ("connect_pair", connect_pair::CASES),
        ("connect_tls", connect_tls::CASES),
        ("terminal", terminal::CASES),
        ("editor", editor::CASES),
        ("person", person::CASES),
        ("console", console::CASES),
        ("recorded", recorded::CASES),
        ("link", link::CASES),
        ("troubled_link", troubled_link::CASES),
    ])
}

/// The cases of some chapters with their full names.
pub(crate) fn named(chapters: &[(&str, &[(&str, Case)])]) -> Vec<(String, Case)> {
    let chapters = chapters.iter().flat_map(|&(chapter, cases)| {
        cases
            .iter()
            .map(move |&(name, case)| (format!("{chapter}::{name}"), case))
    });
    chapters.collect()
}

/// Lists a chapter's cases under their own names.
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        pub(super) const CASES: &[(&str, $crate::cases::Case)] =
            &[$((stringify!($case), $case)),*];
    };
}
pub(crate) use cases;

/// Joins `relay` after `others`, who hear of it; without others nobody has to.
#[track_caller]
pub(crate) fn relay_peer(server: &Running, name: &str, others: &mut [&mut Peer]) -> Peer {
    let mut peer = server.peer(name);
    let hello = format!("{name} is here\n");
    peer.send(&hello);
    others.iter_mut().for_each(|other| other.expect(&hello));
    peer
}

/// Joins `addressed` after `others`, who are told; returns the peer and its tag, `[ip:port] `.
#[track_caller]
pub(crate) fn addressed_peer(
    server: &Running,
    name: &str,
    others: &mut [&mut Peer],
) -> (Peer, String) {
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
pub(crate) fn user(server: &Running, nickname: &str) -> Peer {
    register(server.peer(nickname), nickname)
}

#[track_caller]
pub(crate) fn register(mut peer: Peer, nickname: &str) -> Peer {
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
pub(crate) fn log_in(mut peer: Peer, name: &str) -> Peer {
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
pub(crate) fn until_answered(peer: &mut Peer, request: &str, answer: &str) {
    eventually("an answer", || {
        peer.send(request);
        (peer.line() == answer).then_some(())
    });
}

/// A bare connection that waits for no more than a failure takes.
#[track_caller]
pub(crate) fn patient_stream(server: &Running) -> TcpStream {
    let stream = server.stream();
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("takes a deadline");
    stream
        .set_write_timeout(Some(PATIENCE))
        .expect("takes a deadline");
    stream
}

/// Insists that `received` is a start of the sequence of messages. Only the connection's end may
/// have cut it.
#[track_caller]
pub(crate) fn assert_whole_and_in_order(mut received: &[u8], message: impl Fn(usize) -> String) {
    for n in 0.. {
        let expected = message(n);
        let both = received.len().min(expected.len());
        assert_eq!(received[..both], expected.as_bytes()[..both], "message {n}");
        received = &received[both..];
        if received.is_empty() {
            return;
        }
    }
}

/// Waits until a server has logged this.
#[track_caller]
fn logs(server: &Running, words: &str) {
    let log = server.stderr();
    log.wait_for(words, |log| log.contains(words).then_some(()));
}

/// The program was called in a way that it does not know, and says so.
#[track_caller]
fn assert_is_usage_error(outcome: &Outcome, line: &str) {
    assert_eq!(outcome.status, 2, "{line}: {outcome:?}");
    assert!(!outcome.stderr.trim().is_empty(), "{line}: no message");
    assert!(!outcome.stderr.contains("panicked"), "{line}: {outcome:?}");
    assert_eq!(outcome.stdout, "", "{line}: {outcome:?}");
}

/// `rooms` answers this at once, in private, and does nothing else.
pub(crate) const MARKER: &str = "!marker\n";
pub(crate) const MARKER_ANSWER: &str = "!error unknown command: !marker (try !help)\r\n";
