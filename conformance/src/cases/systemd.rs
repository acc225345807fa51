//! Programs that systemd starts, or somebody who speaks as it does.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;

use rustix::process::Signal;
use tempfile::Builder;

use super::*;
use crate::supervisor::Supervisor;
use crate::tls::Pair;

cases![
    a_supervisor_is_told_once_connections_succeed_and_when_the_end_begins,
    a_supervisor_at_a_path_is_told_too,
    a_supervisor_is_told_how_many_are_connected,
    a_reload_begins_and_ends_for_the_supervisor,
    a_watchdog_hears_of_a_server_in_which_nothing_happens,
    a_supervisor_that_is_not_there_keeps_nobody_from_talking,
    who_connected_before_the_start_is_served,
    the_name_of_a_socket_says_what_is_spoken_there,
    a_socket_can_be_for_those_who_look,
    a_socket_without_a_name_is_for_the_dialect_that_is_served,
    other_addresses_are_listened_on_beside_the_sockets,
    an_address_that_is_a_socket_already_is_not_listened_on_again,
    a_name_that_is_no_scheme_is_one_line_that_says_what_to_write,
    what_is_no_listening_socket_is_one_line_that_says_what_to_write,
];

fn a_supervisor_is_told_once_connections_succeed_and_when_the_end_begins(bench: &Bench) {
    let supervisor = Supervisor::new();
    let mut server = bench.start(supervisor.over(bench.launch(ECHO)));
    assert_eq!(supervisor.hears(), "READY=1\n");
    server.wait_until_listening(1);
    server.peer("peer").asks("hi\n", "hi\n");
    server.signal(Signal::TERM);
    assert_eq!(supervisor.hears(), "STOPPING=1\n");
    assert_eq!(server.exit_status(), 0);
}

fn a_supervisor_at_a_path_is_told_too(bench: &Bench) {
    let supervisor = Supervisor::at_path();
    let _server = bench.start(supervisor.over(bench.launch(ECHO)));
    assert_eq!(supervisor.hears(), "READY=1\n");
}

fn a_supervisor_is_told_how_many_are_connected(bench: &Bench) {
    let supervisor = Supervisor::new();
    let server = bench.start_listening(supervisor.over(bench.launch(ECHO)));
    supervisor.waits_for("STATUS=0 connections, 0 users");
    let mut peer = server.peer("peer");
    peer.asks("hi\n", "hi\n");
    supervisor.waits_for("STATUS=1 connection, 0 users");
}

fn a_reload_begins_and_ends_for_the_supervisor(bench: &Bench) {
    let (supervisor, pair) = (Supervisor::new(), Pair::new());
    let line = format!("serve --listen echo+tls://127.0.0.1:0 {}", pair.options());
    let server = bench.start_listening(supervisor.over(bench.launch(&line)));
    assert_eq!(supervisor.hears(), "READY=1\n");
    server.signal(Signal::HUP);
    let reloading = supervisor.hears();
    let time = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=");
    let time = time.and_then(|time| time.trim_end().parse::<u64>().ok());
    assert!(time.is_some_and(|time| time > 0), "{reloading:?}");
    assert_eq!(supervisor.hears(), "READY=1\n");
    server.stderr().wait_for("what was done", |log| {
        log.contains("loaded the certificate anew").then_some(())
    });
}

fn a_watchdog_hears_of_a_server_in_which_nothing_happens(bench: &Bench) {
    let supervisor = Supervisor::new();
    let launch = supervisor.over(bench.launch(ECHO));
    let _server = bench.start(launch.env("WATCHDOG_USEC", "200000"));
    assert_eq!(supervisor.hears(), "READY=1\n");
    for _ in 0..3 {
        assert_eq!(supervisor.hears(), "WATCHDOG=1\n");
    }
}

fn a_supervisor_that_is_not_there_keeps_nobody_from_talking(bench: &Bench) {
    let launch = bench
        .launch(ECHO)
        .env("NOTIFY_SOCKET", "/nonexistent/socket");
    let server = bench.start_listening(launch);
    server.peer("peer").asks("hi\n", "hi\n");
    server.stderr().wait_for("the reason", |log| {
        log.contains("cannot tell the supervisor").then_some(())
    });
}

fn who_connected_before_the_start_is_served(bench: &Bench) {
    let socket = listener();
    let stream = TcpStream::connect(socket.local_addr().expect("it is bound"));
    let mut early = bench.peer_over("early", stream.expect("it listens"));
    early.send("hi\n");
    let _server = bench.start(
        bench
            .launch("serve echo")
            .handing_over("echo", [socket.into()]),
    );
    early.expect("hi\n");
}

fn the_name_of_a_socket_says_what_is_spoken_there(bench: &Bench) {
    let sockets = [listener().into(), listener().into()];
    let mut server = bench.start(bench.launch("serve").handing_over("rooms:direct", sockets));
    server.wait_until_listening(2);
    let mut alice = server.peer_of("rooms", "alice");
    alice.send("alice\n");
    alice.asks("!users\n", "alice\r\n");
    let mut bob = server.peer_of("direct", "bob");
    bob.asks("HELLO-FROM bob\n", "HELLO bob\n");
    bob.send("SEND alice hello\n");
    alice.expect("#bob: hello\r\n");
}

fn a_socket_can_be_for_those_who_look(bench: &Bench) {
    let sockets = [listener().into(), listener().into()];
    let launch = bench
        .launch("serve echo")
        .handing_over("metrics:echo", sockets);
    let mut server = bench.start(launch);
    server.wait_until_listening(2);
    server.peer_of("echo", "peer").asks("hi\n", "hi\n");
    let mut looking = server.peer_of("metrics", "looking");
    looking.send("GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    looking.expect("HTTP/1.1 200 OK\r\n");
}

fn a_socket_without_a_name_is_for_the_dialect_that_is_served(bench: &Bench) {
    for name in ["", "unknown", "linechat.socket"] {
        let launch = bench.launch("serve echo");
        let mut server = bench.start(launch.handing_over(name, [listener().into()]));
        server.wait_until_listening(1);
        server.peer("peer").asks("hi\n", "hi\n");
    }
}

fn other_addresses_are_listened_on_beside_the_sockets(bench: &Bench) {
    let socket = listener();
    let own = socket.local_addr().expect("it is bound");
    let launch = bench.launch(ECHO).handing_over("echo", [socket.into()]);
    let mut server = bench.start(launch);
    server.wait_until_listening(2);
    let addresses = server.addresses().to_vec();
    assert!(addresses.contains(&own), "{addresses:?}");
    for address in addresses {
        server.peer_at(address, "peer").asks("hi\n", "hi\n");
    }
}

fn an_address_that_is_a_socket_already_is_not_listened_on_again(bench: &Bench) {
    let socket = listener();
    let own = socket.local_addr().expect("it is bound");
    let launch = bench.launch(&format!("serve --listen echo://{own}"));
    let mut server = bench.start(launch.handing_over("linechat.socket", [socket.into()]));
    server.wait_until_listening(1);
    assert_eq!(server.addresses(), [own]);
    server.peer("peer").asks("hi\n", "hi\n");
}

fn a_name_that_is_no_scheme_is_one_line_that_says_what_to_write(bench: &Bench) {
    let launch = bench
        .launch("serve")
        .handing_over("roms", [listener().into()]);
    let outcome = bench.finish_handed(launch);
    assert_eq!(outcome.status, 1);
    assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    for words in ["'roms'", "FileDescriptorName=", "use echo, "] {
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    }
}

fn what_is_no_listening_socket_is_one_line_that_says_what_to_write(bench: &Bench) {
    let local = Builder::new().make(|path| UnixListener::bind(path));
    let (local, _path) = local.expect("a file of its own").into_parts();
    let listener = listener();
    let address = listener.local_addr().expect("it is bound");
    let connected = TcpStream::connect(address).expect("it listens");
    for odd in [OwnedFd::from(local), OwnedFd::from(connected)] {
        let launch = bench.launch("serve echo").handing_over("echo", [odd]);
        let outcome = bench.finish_handed(launch);
        assert_eq!(outcome.status, 1);
        assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
        for words in ["'echo'", "ListenStream=", "Accept=no"] {
            assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
        }
    }
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a free port")
}

const ECHO: &str = "serve --listen echo://127.0.0.1:0";
