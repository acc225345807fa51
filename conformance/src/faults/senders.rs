//! Peers that send too slowly, or do not stop.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::patience::deadline;

cases![
    two_hundred_peers_at_a_byte_a_second_hold_up_nobody,
    a_gigabyte_without_an_ending_takes_no_memory_and_holds_up_nobody,
];

const TRICKLING: usize = 200;

/// The trickle: how many bytes, and how far apart.
const BYTES: usize = 5;
const PACE: Duration = Duration::from_secs(1);

const GIGABYTE: usize = 1 << 30;

/// In KiB, for a line of at most 8 KiB.
const MAX_MEMORY: usize = 4 * 1024;

/// Half of them trickle their nickname, half a message.
fn two_hundred_peers_at_a_byte_a_second_hold_up_nobody(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut chat = Chat::in_den(&server, 0);
    let lines: Vec<_> = (0..TRICKLING).map(trickled_line).collect();
    let mut peers: Vec<_> = (0..TRICKLING).map(|_| patient_stream(&server)).collect();
    for (n, peer) in peers.iter_mut().enumerate().skip(TRICKLING / 2) {
        say(peer, &nickname(n));
    }

    let start = Instant::now();
    for byte in 0..BYTES {
        for (peer, line) in peers.iter_mut().zip(&lines) {
            say(peer, &line[byte..=byte]);
        }
        while start.elapsed() < PACE * (byte as u32 + 1) {
            chat.go_on();
        }
    }
    chat.was_not_held_up();

    for (n, peer) in peers.iter_mut().enumerate() {
        say(peer, &lines[n][BYTES..]);
        if n < TRICKLING / 2 {
            say(peer, MARKER);
            assert_eq!(line(peer), MARKER_ANSWER);
        } else {
            chat.user(0).expect(format!("#slow{n}: hello\r\n"));
        }
    }
}

fn trickled_line(n: usize) -> String {
    if n < TRICKLING / 2 {
        nickname(n)
    } else {
        "#user0 hello\n".to_owned()
    }
}

fn nickname(n: usize) -> String {
    format!("slow{n}\n")
}

fn a_gigabyte_without_an_ending_takes_no_memory_and_holds_up_nobody(bench: &Bench) {
    let server = bench.serve("rooms");
    let mut chat = Chat::in_den(&server, 0);
    let mut endless = user(&server, "endless");
    let memory = server.peak_memory();
    let (stream, is_over) = (endless.stream(), AtomicBool::new(false));
    thread::scope(|scope| {
        let sender = scope.spawn(|| send_gigabyte(stream, &is_over));
        while !sender.is_finished() {
            chat.go_on();
            is_over.store(chat.is_long_enough(), Relaxed);
        }
    });
    chat.was_not_held_up();
    let grown = server.peak_memory() - memory;
    assert!(grown < MAX_MEMORY, "one unfinished line took {grown} KiB");
    endless.asks(
        "\n#endless still here\n",
        "!error line is longer than 8192 bytes\r\n#endless: still here\r\n",
    );
}

/// Or more, until it is over or takes too long.
fn send_gigabyte(mut stream: &TcpStream, is_over: &AtomicBool) {
    let block = vec![b'x'; 1 << 20];
    let (mut sent, deadline) = (0, deadline());
    while sent < GIGABYTE || !is_over.load(Relaxed) && Instant::now() < deadline {
        stream.write_all(&block).expect("the server goes on taking");
        sent += block.len();
    }
}
