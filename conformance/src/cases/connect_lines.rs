//! `connect` in pipes: where lines end, where servers are, and what is kept.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};
use tempfile::TempDir;

use super::*;

cases![
    what_comes_without_a_newline_is_printed_after_a_pause,
    the_client_of_pair_takes_a_pause_for_the_end_of_a_line,
    an_answer_of_direct_is_never_cut_by_a_pause,
    an_address_is_127_0_0_1_and_the_port_of_the_dialect_unless_it_is_said,
    connecting_takes_ten_seconds_at_most,
    a_log_file_keeps_what_was_printed,
    a_log_file_that_cannot_be_written_is_one_line_and_status_1,
    in_a_pipe_only_quit_is_a_command,
];

fn what_comes_without_a_newline_is_printed_after_a_pause(bench: &Bench) {
    for dialect in ["echo", "relay", "addressed", "rooms"] {
        let stage = bench.stage();
        let mut client = bench.connect(&format!("{dialect} @"), stage.address());
        let mut server = stage.accept("server");
        let mut console = client.console("console");
        server.send("no end");
        console.expect("no end\n");
        // The end of that line, which comes late.
        server.send("\r\nwhole\nno end again");
        console.expect("whole\nno end again\n");
        server.send("last");
        drop(server);
        console.expect_last("last");
    }
}

fn the_client_of_pair_takes_a_pause_for_the_end_of_a_line(bench: &Bench) {
    let stage = bench.stage();
    let mut client = bench.connect("pair @", stage.address());
    let mut server = stage.accept("server");
    let mut console = client.console("console");
    console.send("one\ntwo\n");
    server.expect("one\n");
    server.send("answer");
    console.expect("answer\n");
    server.expect("two\n");
}

fn an_answer_of_direct_is_never_cut_by_a_pause(bench: &Bench) {
    let stage = bench.stage();
    let mut client = bench.connect("direct @ --name me", stage.address());
    let mut server = stage.accept("server");
    let mut console = client.console("console");
    server.expect("HELLO-FROM me\n");
    server.send("HELLO me\nDELIVERY bob to be con");
    console.expect("logged in as me\n");
    std::thread::sleep(Duration::from_millis(600));
    server.send("tinued\n");
    console.expect("bob: to be continued\n");
}

fn an_address_is_127_0_0_1_and_the_port_of_the_dialect_unless_it_is_said(bench: &Bench) {
    // Other cases' servers never listen at this port of this address.
    let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, 60003)) else {
        return bench.skip("somebody has the port");
    };
    for line in ["addressed", "addressed 127.0.0.1", "addressed localhost"] {
        let client = bench.start(bench.launch(&format!("connect {line}")));
        let (_, peer) = listener.accept().expect("the client connects");
        assert!(peer.ip().is_loopback(), "{line}");
        drop(client);
    }
}

fn connecting_takes_ten_seconds_at_most(bench: &Bench) {
    let (address, _sockets) = full_listener();
    let start = Instant::now();
    let outcome = bench.run(&format!("connect echo {address}"));
    let took = start.elapsed();
    assert_eq!(outcome.status, 1, "{outcome:?}");
    assert!(outcome.stderr.contains("timed out"), "{outcome:?}");
    assert!((9..15).contains(&took.as_secs()), "{took:?}");
}

/// An address at which nobody is accepted and nobody is refused: its queue is full. What fills it
/// has to be kept.
fn full_listener() -> (SocketAddr, (Socket, Vec<TcpStream>)) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("makes a socket");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    socket.bind(&address.into()).expect("a free port");
    socket.listen(0).expect("listens");
    let address = socket.local_addr().expect("it has an address");
    let address = address.as_socket().expect("an address of the network");
    let attempts = (0..4).map(|_| TcpStream::connect_timeout(&address, FULL));
    let waiting = attempts.map_while(Result::ok).collect();
    (address, (socket, waiting))
}

/// Who is not connected by then will not be.
const FULL: Duration = Duration::from_millis(200);

fn a_log_file_keeps_what_was_printed(bench: &Bench) {
    let folder = TempDir::new().expect("a folder of its own");
    let path = folder.path().join("log");
    for text in ["one\n", "two \u{1b}[2J\nthree"] {
        let stage = bench.stage();
        let line = format!("relay @ --log {}", path.display());
        let mut client = bench.connect(&line, stage.address());
        let mut server = stage.accept("server");
        server.send(text);
        drop(server);
        client.console("console").expect_last(text);
        assert_eq!(client.exit_status(), 0);
    }
    let kept = fs::read_to_string(path).expect("the file is there");
    let lines: Vec<_> = kept
        .lines()
        .map(|line| &line[line.len().min(20)..])
        .collect();
    assert_eq!(lines, ["one", r"two \x1b[2J", "three"], "{kept}");
    let is_stamped = |line: &str| line.as_bytes()[4] == b'-' && line.as_bytes()[13] == b':';
    assert!(kept.lines().all(is_stamped), "{kept}");
}

fn a_log_file_that_cannot_be_written_is_one_line_and_status_1(bench: &Bench) {
    let outcome = bench.run("connect relay 127.0.0.1:1 --log /no/such/folder/log");
    assert_eq!(outcome.status, 1, "{outcome:?}");
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
    assert!(
        outcome.stderr.contains("/no/such/folder/log"),
        "{outcome:?}"
    );
}

fn in_a_pipe_only_quit_is_a_command(bench: &Bench) {
    for dialect in ["echo", "relay", "addressed", "pair"] {
        let stage = bench.stage();
        let mut client = bench.connect(&format!("{dialect} @"), stage.address());
        let mut server = stage.accept("server");
        let mut console = client.console("console");
        for line in ["/help\n", "//quit\n", "/msg bob hi\n"] {
            console.send(line);
            server.expect(line);
            server.send("ok\n");
            console.expect("ok\n");
        }
    }
}
