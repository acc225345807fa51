//! Crowds that come and vanish.

use std::collections::BTreeSet;
use std::net::TcpStream;
use std::ops::Range;

use rustix::process::{Resource, getrlimit};

use super::*;

cases![
    five_thousand_users_who_vanish_at_once_leave_nothing_behind,
    everybody_is_told_of_five_hundred_who_vanish_at_once,
    memory_does_not_grow_over_ten_storms,
];

const VANISHING: usize = 5000;
const STORM: usize = 500;
const ROOM: usize = 10;

/// What a process needs besides its connections.
const OTHER_DESCRIPTORS: u64 = 200;

fn five_thousand_users_who_vanish_at_once_leave_nothing_behind(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut witness = user(&server, "witness");
    let before = Holdings::of(&server);
    let users = 0..as_many_as_possible(VANISHING);
    let mut memory = Vec::new();
    for _ in 0..2 {
        // All of the same names: those who vanished have none any more.
        vanish(registered(&server, users.clone()));
        until_answered(&mut witness, "!users\n", "witness\r\n");
        witness.asks("!rooms\n", "\r\n");
        before.wait_until_back(&server);
        memory.push(server.memory());
    }
    assert_has_not_grown(memory[0], memory[1]);
}

fn everybody_is_told_of_five_hundred_who_vanish_at_once(bench: &Bench) {
    let server = bench.serve("addressed");
    let (mut witness, _) = addressed_peer(&server, "witness", &mut []);
    let crowd: Vec<_> = (0..500).map(|_| server.stream()).collect();
    let tags: BTreeSet<_> = crowd.iter().map(tag).collect();
    assert_eq!(told(&mut witness, &tags), notices(&tags, "(connected)\n"));
    vanish(crowd);
    assert_eq!(
        told(&mut witness, &tags),
        notices(&tags, "(disconnected)\n")
    );
    let own = format!("[{}] ", witness.address());
    witness.asks("alone\n", format!("{own}alone\n"));
}

fn tag(stream: &TcpStream) -> String {
    let address = stream.local_addr().expect("a connected socket");
    format!("[{address}] ")
}

#[track_caller]
fn told(witness: &mut Peer, tags: &BTreeSet<String>) -> BTreeSet<String> {
    tags.iter().map(|_| witness.line()).collect()
}

fn notices(tags: &BTreeSet<String>, what: &str) -> BTreeSet<String> {
    tags.iter().map(|tag| format!("{tag}{what}")).collect()
}

/// In each storm users come, talk in rooms of ten, and leave in all ways there are.
fn memory_does_not_grow_over_ten_storms(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut witness = user(&server, "witness");
    let before = Holdings::of(&server);
    let memory: Vec<_> = (0..10)
        .map(|_| {
            let mut crowd = registered(&server, 0..STORM);
            crowd.chunks_exact_mut(ROOM).enumerate().for_each(talk);
            vanish(crowd.split_off(STORM / 2));
            crowd.into_iter().for_each(quit);
            until_answered(&mut witness, "!users\n", "witness\r\n");
            before.wait_until_back(&server);
            server.memory()
        })
        .collect();
    bench.note(&format!("KiB after each storm: {memory:?}"));
    assert_has_not_grown(memory[1], memory[9]);
}

/// Users of a room each say something there, and hear all of it.
#[track_caller]
fn talk((room, users): (usize, &mut [TcpStream])) {
    for user in users.iter_mut() {
        say(user, &format!("@{} hello\n", room_name(room)));
    }
    let said: BTreeSet<_> = (0..ROOM)
        .map(|n| format!("@{} user{}: hello\r\n", room_name(room), room * ROOM + n))
        .collect();
    for user in users {
        let heard: BTreeSet<_> = (0..ROOM).map(|_| line(user)).collect();
        assert_eq!(heard, said);
    }
}

/// Users of `rooms` with these numbers, ten to a room.
#[track_caller]
fn registered(server: &Running, users: Range<usize>) -> Vec<TcpStream> {
    let mut crowd: Vec<_> = users.clone().map(|_| patient_stream(server)).collect();
    for (n, user) in users.zip(&mut crowd) {
        let room = room_name(n / ROOM);
        say(user, &format!("user{n}\n!enter {room}\n{MARKER}"));
    }
    for user in &mut crowd {
        assert_eq!(line(user), MARKER_ANSWER);
    }
    crowd
}

fn room_name(room: usize) -> String {
    format!("room{room}")
}

#[track_caller]
fn quit(mut user: TcpStream) {
    say(&mut user, "!quit\n");
    assert_eq!(line(&mut user), "", "something came instead of an end");
}

/// Half of them reset.
fn vanish(crowd: Vec<TcpStream>) {
    crowd.iter().step_by(2).for_each(reset_on_close);
}

/// As many connections as this process may have, where that is fewer.
fn as_many_as_possible(connections: usize) -> usize {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let possible = limit.saturating_sub(OTHER_DESCRIPTORS) as usize;
    if possible < connections {
        eprintln!("only {possible} instead of {connections} connections: see ulimit -n");
    }
    connections.min(possible)
}

#[track_caller]
fn assert_has_not_grown(before: usize, after: usize) {
    assert!(
        after <= before + before / 10 + 2 * 1024,
        "memory grew from {before} to {after} KiB"
    );
}
