//! Several servers, one community, and a NATS server that cannot write, or that nobody vouches for.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use super::link::{
    Listener, Talker, all_heard_the_same, in_rooms, link_to, listeners, member, skip_to_part,
    talkers,
};
use super::*;
use crate::nats::{Nats, NatsCluster};
use crate::patience::eventually_within;
use crate::tls::Pair;

cases![
    what_is_said_while_the_disk_of_nats_is_full_is_heard_once_there_is_room,
    what_is_said_while_nats_has_no_majority_is_heard_once,
    servers_that_trust_nats_meet_over_tls,
    nats_that_is_not_trusted_any_more_is_told_once_and_users_stay,
    nats_that_cannot_be_trusted_is_told_with_what_to_do,
];

fn what_is_said_while_the_disk_of_nats_is_full_is_heard_once_there_is_room(bench: &Bench) {
    let Some(mut nats) = Nats::prepare(bench, "") else {
        return;
    };
    nats.gets_little_room();
    nats.starts(bench);
    // NATS 2.9 hangs, for one server earlier than for the other: that is no silence to be given up for.
    let options = format!("{} --community test --link-lease 60", link_to(&nats));
    let servers = ["one", "two"]
        .map(|node| bench.serve_together(&["rooms"], &format!("{options} --node {node}")));
    let listeners = listeners(&servers);
    let pad = "x".repeat(1000);
    let said: Vec<String> = (0..400).map(|number| format!("{number} {pad}")).collect();
    let mouths = ["mouth0", "mouth1"];
    let talking = [0, 1].map(|place| says(&servers[place], mouths[place], &said));
    let (away, back) = (
        "!notice the other servers cannot be reached: what you send waits",
        "!notice the other servers can be reached again",
    );
    for listener in &listeners {
        is_told(listener, &[away]);
        assert!(listener.said().len() < 2 * said.len());
    }
    nats.is_killed();
    nats.gets_room();
    nats.starts(bench);
    for listener in &listeners {
        is_told(listener, &[away, back]);
        listener.hears(2 * said.len());
    }
    let heard = listeners[0].said();
    for mouth in mouths {
        let prefix = format!("{mouth}: ");
        let heard = heard.iter().filter_map(|line| line.strip_prefix(&prefix));
        assert!(heard.eq(&said), "{mouth} was heard otherwise");
    }
    assert!(
        listeners[1].said() == heard,
        "two heard it in another order"
    );
    for server in &servers {
        tells_why(&server.stderr().text());
    }
    for talking in talking {
        talking.join().expect("it says all");
    }
    listeners.into_iter().for_each(Listener::leaves);
}

/// NATS 2.9 hangs, 2.10 refuses, and later ones do not answer.
#[track_caller]
fn tells_why(log: &str) {
    let reasons = [
        "JetStream says: ",
        "its JetStream takes nothing",
        "nothing comes back from NATS",
    ];
    assert!(reasons.iter().any(|it| log.contains(it)), "{log}");
    assert!(log.matches(" WARN ").count() < 8, "{log}");
}

fn what_is_said_while_nats_has_no_majority_is_heard_once(bench: &Bench) {
    let Some(cluster) = NatsCluster::start(bench) else {
        return;
    };
    let options = format!("{} --community test --link-lease 60", cluster.options());
    let servers = ["one", "two"]
        .map(|node| bench.serve_together(&["rooms"], &format!("{options} --node {node}")));
    let listeners = listeners(&servers);
    let talkers = talkers(&servers);
    // The first of the three, to which all are linked, is the leader after one of these, or not.
    for _ in 0..3 {
        listeners[0].hears(listeners[0].said().len() + 50);
        cluster.0[1..].iter().for_each(Nats::stands_still);
        // Longer than until what was said is said to NATS again.
        thread::sleep(Duration::from_millis(2500));
        cluster.0[1..].iter().for_each(Nats::goes_on);
    }
    listeners[0].hears(listeners[0].said().len() + 50);
    let said: Vec<_> = talkers.into_iter().map(Talker::stops).collect();
    all_heard_the_same(&listeners, &said);
    for server in &servers {
        let log = server.stderr().text();
        assert!(!log.contains("in process"), "{log}");
    }
    listeners.into_iter().for_each(Listener::leaves);
}

/// Somebody who says all of this as fast as it is taken, and stays.
fn says(server: &Running, name: &str, said: &[String]) -> thread::JoinHandle<TcpStream> {
    let mut stream = TcpStream::connect(server.addresses()[0]).expect("it listens");
    let script = format!("{name}\n{}\n", said.join("\n"));
    thread::spawn(move || {
        stream.write_all(script.as_bytes()).expect("it is read");
        stream
    })
}

/// Waits until this and nothing else was said by the server itself.
#[track_caller]
fn is_told(listener: &Listener, notices: &[&str]) {
    eventually_within(3 * PATIENCE, "it is told", || {
        (listener.notices().len() >= notices.len()).then_some(())
    });
    assert_eq!(listener.notices(), notices);
}

/// A NATS server under TLS, with this certificate.
#[track_caller]
fn under_tls(bench: &Bench, pair: &Pair) -> Option<Nats> {
    let (certificate, key) = (pair.certificate_file(), pair.key_file());
    let (certificate, key) = (certificate.display(), key.display());
    Nats::start_with(
        bench,
        &format!("--tls --tlscert {certificate} --tlskey {key}"),
    )
}

/// The way to it, under a name and with whom to trust.
fn link_by(host: &str, nats: &Nats, trusted: &Pair) -> String {
    let (port, file) = (nats.port(), trusted.certificate_file());
    format!(
        "--link nats+tls://{host}:{port} --link-ca {}",
        file.display()
    )
}

fn servers_that_trust_nats_meet_over_tls(bench: &Bench) {
    let pair = Pair::new();
    let Some(nats) = under_tls(bench, &pair) else {
        return;
    };
    let links = link_by("localhost", &nats, &pair);
    let [one, two] = ["one", "two"]
        .map(|node| bench.serve_together(&["rooms", "direct"], &member(&links, node, "")));
    let mut alice = in_rooms(&one, "alice");
    let mut bob = in_rooms(&two, "bob");
    until_answered(&mut alice, "!users\n", "alice bob\r\n");
    alice.send("hello\n");
    skip_to_part(&mut bob, "alice: hello");
}

fn nats_that_is_not_trusted_any_more_is_told_once_and_users_stay(bench: &Bench) {
    let (pair, other) = (Pair::new(), Pair::new());
    let Some(mut nats) = under_tls(bench, &pair) else {
        return;
    };
    let options = member(&link_by("localhost", &nats, &pair), "one", "");
    let server = bench.serve_together(&["rooms"], &options);
    let mut alice = in_rooms(&server, "alice");
    nats.is_killed();
    other.takes_the_place_of(&pair);
    nats.starts(bench);
    let log = server.stderr();
    log.wait_for("why NATS is not trusted", |log| {
        log.contains("certificate is not trusted").then_some(())
    });
    let told = alice.line();
    assert!(told.starts_with("!notice "), "{told:?}");
    alice.asks("!users\n", "alice\r\n");
    let text = log.text();
    assert_eq!(
        text.matches("certificate is not trusted").count(),
        1,
        "{text}"
    );
}

fn nats_that_cannot_be_trusted_is_told_with_what_to_do(bench: &Bench) {
    let (pair, other) = (Pair::new(), Pair::new());
    let servers = (under_tls(bench, &pair), Nats::start(bench));
    let (Some(secure), Some(plain)) = servers else {
        return;
    };
    for (links, wrong, advice) in [
        (
            link_by("localhost", &secure, &other),
            "certificate is not trusted",
            "--link-ca",
        ),
        (
            link_by("127.0.0.1", &secure, &pair),
            "it is not for 127.0.0.1",
            "the name in its certificate",
        ),
        (
            link_by("localhost", &plain, &pair),
            "does not speak TLS",
            "nats://",
        ),
        (link_to(&secure), "wants TLS", "nats+tls://"),
    ] {
        let line = member(&links, "one", "--listen rooms://127.0.0.1:0");
        let outcome = bench.run(&format!("serve {line}"));
        assert_eq!(outcome.status, 1, "{}", outcome.stderr);
        assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
        let log = &outcome.stderr;
        assert!(log.contains(wrong) && log.contains(advice), "{log}");
    }
}
