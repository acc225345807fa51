//! Peers that begin to shake hands, and never end.

use std::io::Write;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::tls::Pair;

cases![five_hundred_half_handshakes_keep_nobody_waiting];

const HALVES: usize = 500;
const ROUNDS: usize = 300;

fn five_hundred_half_handshakes_keep_nobody_waiting(bench: &Bench) {
    let pair = Pair::new();
    let options = format!("{} --handshake-timeout 60", pair.options());
    let server = bench.serve_on("echo+tls://127.0.0.1:0", &options);
    let mut chatter = server.secure_peer(&pair, "chatter");
    chatter.asks("hello\n", "hello\n");
    let door = server.door();
    let halves = thread::spawn(move || (0..HALVES).map(|_| half(door)).collect::<Vec<_>>());
    let mut round = || {
        let start = Instant::now();
        chatter.asks("are you there?\n", "are you there?\n");
        start.elapsed()
    };
    let mut times: Vec<_> = (0..ROUNDS).map(|_| round()).collect();
    let halves = halves.join().expect("all of them begin");
    times.extend((0..ROUNDS).map(|_| round()));
    times.sort_unstable();
    let p99 = times[times.len() * 99 / 100];
    assert!(p99 < Duration::from_millis(100), "{p99:?}");
    drop(halves);
    server.secure_peer(&pair, "next").asks("hello\n", "hello\n");
}

/// Somebody who sends the beginning of a client's hello.
fn half(door: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(door).expect("connects");
    let begun = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    stream.write_all(begun).expect("the server reads");
    stream
}
