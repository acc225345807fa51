//! What operators do wrong, and what they are told: one line that says what to do.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use super::*;
use crate::tls::Pair;

cases![
    a_port_in_use_is_told_with_what_to_do,
    a_privileged_port_is_told_with_what_to_do,
    an_address_of_another_machine_is_told_with_what_to_do,
    a_file_that_cannot_be_read_is_told_with_what_to_do,
    a_wrong_file_for_a_certificate_is_told_with_what_to_do,
    a_log_on_a_full_disk_keeps_nobody_from_talking,
    a_stuck_reader_of_the_log_keeps_nobody_from_talking,
    too_few_descriptors_are_warned_of_with_what_to_do,
    no_descriptors_at_all_are_told_with_what_to_do,
    an_expired_certificate_is_served_with_a_warning,
    nats_that_is_not_there_is_waited_for_and_told_with_what_to_do,
];

/// A server that does not start says why, and what to do, in one line.
#[track_caller]
fn assert_is_told(outcome: &Outcome, words: &[&str]) {
    assert_eq!(outcome.status, 1, "{outcome:?}");
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
    for words in words {
        assert!(outcome.stderr.contains(words), "{words}: {outcome:?}");
    }
}

fn a_port_in_use_is_told_with_what_to_do(bench: &Bench) {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("a bound socket has an address");
    for scheme in ["rooms", "metrics"] {
        let other = if scheme == "rooms" {
            "metrics"
        } else {
            "rooms"
        };
        let line = format!("serve --listen {scheme}://{address} --listen {other}://127.0.0.1:0");
        let outcome = bench.run(&line);
        assert_is_told(&outcome, &[&address.to_string(), "another port"]);
    }
}

fn a_privileged_port_is_told_with_what_to_do(bench: &Bench) {
    let first = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    let is_for_all = first.is_ok_and(|first| first.trim() != "1024");
    let has_tool = Command::new("setpriv").arg("--version").output().is_ok();
    if is_for_all || !has_tool {
        return bench.skip("here, everybody may listen on every port");
    }
    let launch = bench
        .launch("serve --listen 127.0.0.1:81")
        .in_shell("exec setpriv --bounding-set=-net_bind_service \"$0\" \"$@\"");
    let outcome = bench.finish(launch);
    assert_is_told(&outcome, &["127.0.0.1:81", "CAP_NET_BIND_SERVICE"]);
}

fn an_address_of_another_machine_is_told_with_what_to_do(bench: &Bench) {
    let outcome = bench.run("serve --listen 192.0.2.1:4000");
    assert_is_told(&outcome, &["192.0.2.1:4000", "0.0.0.0 or [::]"]);
    let outcome = bench.run("serve --listen no-such-host.invalid:4000");
    assert_is_told(&outcome, &["no-such-host.invalid:4000", "give an address"]);
}

fn a_file_that_cannot_be_read_is_told_with_what_to_do(bench: &Bench) {
    let listen = "--listen irc://127.0.0.1:0";
    for (option, file, advice) in [
        ("--motd-file", "/no/such/file", "look at the path"),
        ("--password-file", "/no/such/file", "look at the path"),
        ("--motd-file", "/tmp", "give a file"),
        ("--motd-file", "/bin/sh", "UTF-8"),
        ("--password-file", "/dev/null", "first line"),
    ] {
        let outcome = bench.run(&format!("serve {listen} {option} {file}"));
        assert_is_told(&outcome, &[file, advice]);
    }
    let outcome = bench.run(&format!("serve {listen} --oper root:/no/such/file"));
    assert_is_told(&outcome, &["/no/such/file", "look at the path"]);
}

fn a_wrong_file_for_a_certificate_is_told_with_what_to_do(bench: &Bench) {
    let (pair, other) = (Pair::new(), Pair::new());
    let shown = |file: &Path| file.display().to_string();
    let (certificate, key) = (shown(&pair.certificate_file()), shown(&pair.key_file()));
    for (certificate, key, words) in [
        ("/no/such/cert.pem", &*key, "look at the path"),
        (&*certificate, "/no/such/key.pem", "look at the path"),
        (&*certificate, &*certificate, "expected a line -----BEGIN"),
        (&*key, &*key, "expected a line -----BEGIN"),
        (&*certificate, &*shown(&other.key_file()), "the key that"),
    ] {
        let outcome = bench.run(&format!(
            "serve --listen rooms+tls://127.0.0.1:0 --tls-cert {certificate} --tls-key {key}"
        ));
        assert_is_told(&outcome, &[words]);
    }
}

fn a_log_on_a_full_disk_keeps_nobody_from_talking(bench: &Bench) {
    if !Path::new("/dev/full").exists() {
        return bench.skip("there is no /dev/full");
    }
    talks_with_a_log(bench, "exec \"$0\" \"$@\" 2>/dev/full");
}

fn a_stuck_reader_of_the_log_keeps_nobody_from_talking(bench: &Bench) {
    // A pipe that is full from the beginning, and that nobody reads.
    let script = "pipe=$(mktemp -u); mkfifo \"$pipe\"; exec 2<>\"$pipe\"; rm \"$pipe\"; \
                  head -c 65536 /dev/zero >&2; exec \"$0\" \"$@\"";
    talks_with_a_log(bench, script);
}

/// Two people talk on a server whose log goes where `script` says, and which ends in order.
#[track_caller]
fn talks_with_a_log(bench: &Bench, script: &str) {
    let address = free_address();
    let launch = bench.launch(&format!("serve rooms -vv --listen {address}"));
    let mut server = bench.start(launch.in_shell(script));
    eventually("it listens", || TcpStream::connect(address).ok().map(drop));
    let mut alice = register(server.peer_at(address, "alice"), "alice");
    let mut bob = register(server.peer_at(address, "bob"), "bob");
    for _ in 0..100 {
        alice.send("hello\n");
        bob.expect("alice: hello\r\n");
    }
    drop((alice, bob));
    assert_eq!(server.terminate(), 0);
}

/// An address that is free, and that no other case's connections take a port of.
fn free_address() -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.5:0").expect("a free port");
    socket.local_addr().expect("a bound socket has an address")
}

fn too_few_descriptors_are_warned_of_with_what_to_do(bench: &Bench) {
    for (limit, options) in [("-n 64", ""), ("-n 1024", "--max-connections 5000")] {
        let line = format!("serve rooms --listen 127.0.0.1:0 {options}");
        let server = bench.start_listening(bench.launch(&line).limited(limit));
        let log = server.stderr().text();
        let warned = log.lines().filter(|line| line.contains("LimitNOFILE="));
        assert_eq!(warned.count(), 1, "{log}");
        user(&server, "alice");
    }
    let server = bench.serve("rooms --max-connections 20");
    let log = server.stderr().text();
    assert!(!log.contains("LimitNOFILE="), "{log}");
}

fn no_descriptors_at_all_are_told_with_what_to_do(bench: &Bench) {
    for limit in ["-n 4", "-n 8", "-n 11"] {
        let launch = bench.launch("serve rooms --listen 127.0.0.1:0 -q");
        let outcome = bench.finish(launch.limited(limit));
        assert_eq!(outcome.status, 1, "{limit}: {outcome:?}");
        let last = outcome.stderr.lines().last().unwrap_or_default();
        assert!(last.contains("LimitNOFILE="), "{limit}: {outcome:?}");
        assert!(!outcome.stderr.contains("panicked"), "{limit}: {outcome:?}");
    }
}

fn an_expired_certificate_is_served_with_a_warning(bench: &Bench) {
    let pair = Pair::expired();
    let server = bench.serve_on("echo+tls://127.0.0.1:0", &pair.options());
    let file = pair.certificate_file().display().to_string();
    let log = server.stderr().text();
    let mut lines = log.lines();
    let is_warning = |line: &str| {
        line.contains("WARN")
            && line.contains(&file)
            && line.contains("expired: clients refuse it, renew")
    };
    assert!(lines.any(is_warning), "{log}");
    // Whoever knows it by its pin asks for nothing else.
    let asked = bench.finish_with(
        bench.launch(&format!(
            "connect echo {} --tls --tls-pin {}",
            server.addresses()[0],
            "a".repeat(64)
        )),
        "",
    );
    let pins = asked.stderr.split(|c: char| !c.is_ascii_hexdigit());
    let mut pins = pins.filter(|word| word.len() == 64 && !word.starts_with("aaaaaaaa"));
    let pin = pins.next().expect("the right pin is told");
    let line = format!(
        "connect echo {} --tls --tls-pin {pin}",
        server.addresses()[0]
    );
    let outcome = bench.finish_with(bench.launch(&line), "hello\n");
    assert_eq!(
        (outcome.status, &*outcome.stdout),
        (0, "hello\n"),
        "{outcome:?}"
    );
}

fn nats_that_is_not_there_is_waited_for_and_told_with_what_to_do(bench: &Bench) {
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let nats = nobody.local_addr().expect("a bound socket has an address");
    drop(nobody);
    let line =
        format!("serve rooms --listen 127.0.0.1:0 --link nats://{nats} --community x --node a");
    let mut server = bench.start(bench.launch(&line));
    logs(
        &server,
        &format!("waiting for NATS at {nats}: start 'nats-server -js' there"),
    );
    let log = server.stderr().text();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert_eq!(server.terminate(), 0);
}
