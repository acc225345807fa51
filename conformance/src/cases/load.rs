//! Many connections, many messages.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::thread;

use socket2::SockRef;

use super::*;

cases![
    ten_senders_reach_twenty_recipients_exactly_once_and_in_order,
    a_thousand_connections_hear_one_message,
    a_thousand_connections_come_and_go,
    a_thousand_connections_need_two_threads,
    a_burst_drops_nobody_who_reads,
    sixteen_megabytes_pass_through_echo_unchanged,
];

const SENDERS: usize = 10;
const RECIPIENTS: usize = 20;
const MESSAGES: usize = 1000;

fn ten_senders_reach_twenty_recipients_exactly_once_and_in_order(bench: &Bench) {
    let server = bench.serve("relay");
    let senders = joined(&server, SENDERS);
    let recipients = joined(&server, RECIPIENTS);
    // Those who joined before have heard of those who joined after them.
    thread::scope(|scope| {
        for (index, stream) in senders.iter().enumerate() {
            scope.spawn(move || send_numbered(stream, index));
            scope.spawn(move || receive_numbered(stream, Some(index)));
        }
        for stream in &recipients {
            scope.spawn(move || receive_numbered(stream, None));
        }
    });
}

/// Connections that `relay` certainly knows, since one that came later was heard by all of them.
#[track_caller]
fn joined(server: &Running, count: usize) -> Vec<TcpStream> {
    let streams: Vec<_> = (0..count).map(|_| patient_stream(server)).collect();
    let mut herald = server.stream();
    herald.write_all(HERALD).expect("the herald is heard");
    for stream in &streams {
        let mut announcement = vec![0; HERALD.len()];
        read_exactly(stream, &mut announcement);
        assert_eq!(announcement, HERALD);
    }
    streams
}

fn send_numbered(mut stream: &TcpStream, sender: usize) {
    for number in 0..MESSAGES {
        stream
            .write_all(format!("{sender} {number}\n").as_bytes())
            .expect("a message is taken");
    }
}

/// Insists on all messages of all senders but `own`, each sender's in order.
fn receive_numbered(stream: &TcpStream, own: Option<usize>) {
    let mut next = [0; SENDERS];
    let senders = SENDERS - usize::from(own.is_some());
    let lines = BufReader::new(stream)
        .lines()
        .map(|line| line.expect("a line in time"));
    for line in lines
        .filter(|line| line.as_bytes() != HERALD.trim_ascii_end())
        .take(senders * MESSAGES)
    {
        let (sender, number) = line.split_once(' ').expect("a sender and a number");
        let sender: usize = sender.parse().expect("a whole line");
        assert_ne!(Some(sender), own, "a message came back");
        assert_eq!(number, next[sender].to_string(), "from sender {sender}");
        next[sender] += 1;
    }
}

fn a_thousand_connections_hear_one_message(bench: &Bench) {
    let server = bench.serve("rooms");
    let crowd = thousand(&server);
    for (index, mut stream) in crowd.iter().enumerate() {
        write!(stream, "user{index}\n{MARKER}").expect("registers");
    }
    crowd
        .iter()
        .for_each(|stream| expect_bytes(stream, MARKER_ANSWER));
    let mut speaker = user(&server, "speaker");
    speaker.send("hello to all of you\n");
    crowd
        .iter()
        .for_each(|stream| expect_bytes(stream, "speaker: hello to all of you\r\n"));
    heard_nothing_else(&mut speaker);
}

fn a_thousand_connections_come_and_go(bench: &Bench) {
    let server = bench.serve("echo");
    for _ in 0..2 {
        let crowd = thousand(&server);
        for mut stream in &crowd {
            stream.write_all(b"hi\n").expect("is taken");
        }
        crowd.iter().for_each(|stream| expect_bytes(stream, "hi\n"));
    }
}

fn a_thousand_connections_need_two_threads(bench: &Bench) {
    if !bench.program().is_event_driven() {
        return bench.skip("a thread for each connection is what this program is about");
    }
    let server = bench.serve("direct");
    let crowd = thousand(&server);
    for mut stream in &crowd {
        stream.write_all(b"LIST\n").expect("is taken");
    }
    crowd
        .iter()
        .for_each(|stream| expect_bytes(stream, "BAD-RQST-HDR\n"));
    assert!(server.threads() <= 2, "{} threads", server.threads());
}

/// One sender's burst is many times the backlog that its readers may have, and still hardly more
/// than the kernel holds for a reader who is not scheduled at once.
fn a_burst_drops_nobody_who_reads(bench: &Bench) {
    let server = bench.serve("relay --max-backlog 65536");
    let [sender, readers @ ..] = &joined(&server, 5)[..] else {
        unreachable!("five joined")
    };
    let line = [b"x".repeat(999).as_slice(), b"\n"].concat();
    let burst = line.repeat(500);
    thread::scope(|scope| {
        for reader in readers {
            let room = SockRef::from(reader).set_recv_buffer_size(1 << 20);
            room.expect("a size, or as much of it as may be");
            let burst = &burst;
            scope.spawn(move || {
                let mut received = vec![0; burst.len()];
                read_exactly(reader, &mut received);
                assert!(received == *burst, "a reader got something else");
            });
        }
        (&*sender).write_all(&burst).expect("the burst is taken");
    });
}

fn sixteen_megabytes_pass_through_echo_unchanged(bench: &Bench) {
    let server = bench.serve("echo");
    let stream = patient_stream(&server);
    let sent: Vec<u8> = (0..4_000_000_u32).flat_map(u32::to_le_bytes).collect();
    thread::scope(|scope| {
        scope.spawn(|| (&stream).write_all(&sent).expect("is taken"));
        let mut received = vec![0; sent.len()];
        read_exactly(&stream, &mut received);
        assert!(received == sent, "something else came back");
    });
}

#[track_caller]
fn thousand(server: &Running) -> Vec<TcpStream> {
    (0..1000).map(|_| patient_stream(server)).collect()
}

#[track_caller]
fn expect_bytes(stream: &TcpStream, expected: &str) {
    let mut received = vec![0; expected.len()];
    read_exactly(stream, &mut received);
    assert_eq!(String::from_utf8_lossy(&received), expected);
}

#[track_caller]
fn read_exactly(mut stream: &TcpStream, buffer: &mut [u8]) {
    std::io::Read::read_exact(&mut stream, buffer).expect("everything arrives in time");
}

const HERALD: &[u8] = b"everybody here?\n";
