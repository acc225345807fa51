//! Peers that do not read.

use std::io::ErrorKind;

use super::chat::USERS;
use super::*;

cases![
    five_hundred_users_who_never_read_hold_up_nobody_in_rooms,
    five_hundred_peers_that_never_read_hold_up_nobody_in_relay,
];

const STALLED: usize = 500;

/// Small enough for a thousand messages to pass before the backlogs reach their limits.
const MESSAGE_SIZE: usize = 700;

fn five_hundred_users_who_never_read_hold_up_nobody_in_rooms(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut chat = Chat::in_den(&server, MESSAGE_SIZE);
    let greetings = (0..STALLED).map(|n| format!("stalled{n}\n!enter den\n"));
    chat_beside_stalled_readers(&server, &mut chat, greetings);
    let users: Vec<_> = (0..USERS).map(|n| format!("user{n}")).collect();
    let users = users.join(" ");
    chat.user(0).asks("!users\n", format!("{users}\r\n"));
    user(&server, "newcomer");
}

fn five_hundred_peers_that_never_read_hold_up_nobody_in_relay(bench: &Bench) {
    let server = bench.serve("relay");
    let mut chat = Chat::in_relay(&server, MESSAGE_SIZE);
    chat_beside_stalled_readers(&server, &mut chat, (0..STALLED).map(|_| String::new()));
    let mut newcomer = server.peer("newcomer");
    newcomer.send("hello\n");
    (0..USERS).for_each(|n| chat.user(n).expect("hello\n"));
}

/// Lets as many peers as there are `greetings` say theirs and then never read, until the server
/// has closed them all.
#[track_caller]
fn chat_beside_stalled_readers(
    server: &Running,
    chat: &mut Chat,
    greetings: impl Iterator<Item = String>,
) {
    let before = Holdings::of(server);
    let memory = server.peak_memory();
    let stalled: Vec<_> = greetings
        .map(|hello| stalled_peer(server, &hello))
        .collect();
    wait_until_accepted(server, &before, stalled.len());
    eventually("the stalled readers are closed", || {
        (0..20).for_each(|_| chat.go_on());
        let closed = server.stderr().text().matches(SLOW_CONSUMER).count();
        (closed == stalled.len()).then_some(())
    });
    chat.was_not_held_up();
    let grown = server.peak_memory() - memory;
    assert!(grown < MAX_MEMORY, "the backlogs took {grown} KiB");
    for peer in stalled {
        let received = until_gone(peer);
        // Who was accepted just before may have missed what was said first.
        let begins_with = |&n: &usize| received.starts_with(chat.message(n).as_bytes());
        let first = (0..chat.messages()).find(begins_with);
        let first = first.expect("a stalled reader gets whole messages");
        assert_whole_and_in_order(&received, |n| chat.message(first + n));
    }
    before.wait_until_back(server);
}

#[track_caller]
fn stalled_peer(server: &Running, greeting: &str) -> TcpStream {
    let mut stream = server.slow_stream();
    say(&mut stream, greeting);
    stream
}

/// What a peer finds when it reads at last.
fn until_gone(mut stream: TcpStream) -> Vec<u8> {
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("takes a deadline");
    let mut received = Vec::new();
    match stream.read_to_end(&mut received) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => {
            panic!("a stalled reader is still connected: {error}")
        }
        _ => received,
    }
}

/// As the log names both reasons for which a peer that does not read is closed.
const SLOW_CONSUMER: &str = "reason=slow consumer";

/// In KiB. All backlogs together may have 256 MiB; a quarter more is for what else it takes to
/// keep them.
const MAX_MEMORY: usize = 320 * 1024;
