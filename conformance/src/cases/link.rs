//! Several servers, one community: over a real NATS server, or three.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::Signal;

use super::*;
use crate::nats::{Nats, NatsCluster};
use crate::patience::succeeds_within;

cases![
    users_of_three_servers_meet,
    servers_on_all_runtimes_are_one,
    a_name_that_many_want_at_once_has_one_owner,
    all_see_what_is_said_in_one_order,
    users_of_a_server_that_is_killed_are_gone_and_their_names_free,
    survivors_of_a_server_that_is_killed_agree_on_its_last_word,
    nothing_is_lost_while_nats_is_started_again,
    nothing_is_lost_while_each_of_three_nats_servers_is_killed_in_turn,
    a_server_that_was_given_up_says_so_and_starts_again,
    a_cut_that_ends_soon_is_noticed_by_nobody,
    a_long_silence_of_nats_is_told_once_and_so_is_its_end,
    a_nats_server_that_comes_back_empty_ends_all_connections_once,
    a_server_that_comes_late_knows_what_there_is,
    a_server_listens_only_once_it_is_in,
    two_servers_with_one_name_are_refused,
    servers_that_differ_are_refused_in_a_line_that_says_in_what,
    what_makes_no_sense_is_a_usage_error,
];

/// The options of one server of a community.
pub(super) fn member(links: &str, node: &str, options: &str) -> String {
    format!("{links} --community test --node {node} --link-lease 2 {options}")
}

#[track_caller]
pub(super) fn serve_linked(bench: &Bench, links: &str, node: &str) -> Running {
    bench.serve_together(&["rooms", "irc", "direct"], &member(links, node, ""))
}

pub(super) fn link_to(nats: &Nats) -> String {
    format!("--link {}", nats.url())
}

/// Three servers of one community.
#[track_caller]
fn three(bench: &Bench, links: &str) -> [Running; 3] {
    ["one", "two", "three"].map(|node| serve_linked(bench, links, node))
}

/// A user of `rooms`.
#[track_caller]
pub(super) fn in_rooms(server: &Running, name: &str) -> Peer {
    register(server.peer_of("rooms", name), name)
}

fn users_of_three_servers_meet(bench: &Bench) {
    let Some(nats) = Nats::start(bench) else {
        return;
    };
    let [one, two, three] = three(bench, &link_to(&nats));
    let mut alice = in_rooms(&one, "alice");
    let mut bob = two.peer_of("irc", "bob");
    bob.send("NICK bob\r\nUSER bob 0 * :Bob\r\n");
    skip_to_part(&mut bob, " JOIN #lobby");
    let mut carol = log_in(three.peer_of("direct", "carol"), "carol");
    until_answered(&mut alice, "!users\n", "alice bob carol\r\n");
    until_answered(&mut carol, "LIST\n", "LIST-OK alice,bob,carol\n");
    alice.send("hello\n");
    skip_to_part(&mut bob, " PRIVMSG #lobby :hello");
    bob.send("PRIVMSG carol :and you?\r\n");
    carol.expect("DELIVERY bob and you?\n");
    carol.asks("SEND alice psst\n", "SEND-OK\n");
    alice.expect("#carol: psst\r\n");
    alice.send("!enter kitchen\n");
    until_answered(&mut alice, "!members kitchen\n", "alice\r\n");
    bob.send("JOIN #kitchen\r\n");
    until_answered(&mut alice, "!members kitchen\n", "alice bob\r\n");
    alice.asks("@kitchen tea?\n", "@kitchen alice: tea?\r\n");
    skip_to_part(&mut bob, " PRIVMSG #kitchen :tea?");
    bob.send("LINKS\r\n");
    let listed = [(); 3].map(|()| skip_to_part(&mut bob, " 364 "));
    for (line, name) in listed.iter().zip(["linechat.local", "one", "three"]) {
        assert!(line.contains(&format!(" bob {name} ")), "{listed:?}");
    }
}

fn servers_on_all_runtimes_are_one(bench: &Bench) {
    let programs = ["linechat-tokio", "linechat-smol", "linechat-blocking"];
    let programs = programs.map(|name| bench.program().beside(name));
    let [Some(tokio), Some(smol), Some(blocking)] = programs else {
        return bench.skip("the programs on the other runtimes are not built");
    };
    let Some(nats) = Nats::start(bench) else {
        return;
    };
    let mut servers = Vec::new();
    for (program, node) in [(tokio, "one"), (smol, "two"), (blocking, "three")] {
        let line = member(&link_to(&nats), node, "--listen rooms://127.0.0.1:0");
        servers.push(bench.start_listening(program.launch(&format!("serve {line}"))));
    }
    let listeners = listeners(&servers);
    let talkers = talkers(&servers);
    listeners[0].hears(100);
    let said: Vec<_> = talkers.into_iter().map(Talker::stops).collect();
    all_heard_the_same(&listeners, &said);
    listeners.into_iter().for_each(Listener::leaves);
}

/// The next line that contains this.
#[track_caller]
pub(super) fn skip_to_part(peer: &mut Peer, part: &str) -> String {
    loop {
        let line = peer.line();
        if line.contains(part) {
            return line;
        }
    }
}

fn a_name_that_many_want_at_once_has_one_owner(bench: &Bench) {
    let Some(nats) = Nats::start(bench) else {
        return;
    };
    let servers = three(bench, &link_to(&nats));
    for number in 0..30 {
        let mut peers: Vec<Peer> = servers
            .iter()
            .flat_map(|server| [server, server])
            .map(|server| server.peer_of("direct", "claimant"))
            .collect();
        for peer in &mut peers {
            peer.send(format!("HELLO-FROM n{number}\n"));
        }
        let answers = peers.iter_mut().map(Peer::line);
        let answers: Vec<String> = answers.collect();
        let owners = answers.iter().filter(|line| line.starts_with("HELLO "));
        assert_eq!(owners.count(), 1, "{answers:?}");
    }
}

/// Somebody in `rooms` who hears everything and takes it down.
pub(super) struct Listener {
    stream: TcpStream,
    heard: Arc<Mutex<Vec<String>>>,
    reader: JoinHandle<()>,
}

impl Listener {
    #[track_caller]
    fn at(server: &Running, name: &str) -> Self {
        let address = server.addresses()[0];
        let mut stream = TcpStream::connect(address).expect("it listens");
        let sent = write!(stream, "{name}\n!users\n");
        sent.expect("it reads");
        let mut lines = BufReader::new(stream.try_clone().expect("a descriptor")).lines();
        let list = lines.next().expect("an answer").expect("an answer");
        assert!(list.contains(name), "{list}");
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let notes = Arc::clone(&heard);
        let reader = thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                notes.lock().expect("nobody panics").push(line);
            }
        });
        Self {
            stream,
            heard,
            reader,
        }
    }

    /// What was heard that people said.
    pub(super) fn said(&self) -> Vec<String> {
        let heard = self.heard.lock().expect("nobody panics");
        let said = heard.iter().filter(|line| !line.starts_with('!'));
        said.cloned().collect()
    }

    /// What the server said by itself.
    pub(super) fn notices(&self) -> Vec<String> {
        let heard = self.heard.lock().expect("nobody panics");
        let told = heard.iter().filter(|line| line.starts_with('!'));
        told.cloned().collect()
    }

    /// Waits until this many lines of people were heard.
    #[track_caller]
    pub(super) fn hears(&self, count: usize) {
        succeeds_within(3 * PATIENCE, || {
            let heard = self.said().len();
            let is_all = (heard >= count).then_some(());
            is_all.ok_or_else(|| format!("{heard} of {count} lines came"))
        });
    }

    pub(super) fn leaves(self) {
        // It may be closed already.
        let _ = self.stream.shutdown(Shutdown::Both);
        self.reader.join().expect("it reads to the end");
    }
}

/// Somebody who talks without a pause, until told to stop.
pub(super) struct Talker {
    name: String,
    is_done: Arc<AtomicBool>,
    said: JoinHandle<usize>,
}

impl Talker {
    #[track_caller]
    fn at(server: &Running, name: &str) -> Self {
        let is_done = Arc::new(AtomicBool::new(false));
        let address = server.addresses()[0];
        let said = thread::spawn({
            let (name, is_done) = (name.to_owned(), Arc::clone(&is_done));
            move || talk(address, &name, &is_done)
        });
        let name = name.to_owned();
        Self {
            name,
            is_done,
            said,
        }
    }

    /// Stops, and returns how many lines the server took.
    pub(super) fn stops(self) -> (String, usize) {
        self.is_done.store(true, Ordering::Relaxed);
        let said = self.said.join().expect("it talks to the end");
        (self.name, said)
    }
}

/// Says numbered lines, fifty a second.
fn talk(server: SocketAddr, name: &str, is_done: &AtomicBool) -> usize {
    let mut stream = TcpStream::connect(server).expect("it listens");
    writeln!(stream, "{name}").expect("it reads");
    // Whoever does not read is closed.
    let mut reader = stream.try_clone().expect("a descriptor");
    thread::spawn(move || io::copy(&mut reader, &mut io::sink()));
    let mut number = 0;
    while !is_done.load(Ordering::Relaxed) {
        if writeln!(stream, "{number}").is_err() {
            break;
        }
        number += 1;
        thread::sleep(Duration::from_millis(20));
    }
    number
}

/// Insists that listeners heard all that was said, once, each sender's lines in order, and all in
/// the same order.
#[track_caller]
pub(super) fn all_heard_the_same(listeners: &[Listener], said: &[(String, usize)]) {
    let total = said.iter().map(|(_, count)| count).sum();
    for listener in listeners {
        listener.hears(total);
    }
    let first = listeners[0].said();
    for (name, count) in said {
        let prefix = format!("{name}: ");
        let numbers = first.iter().filter_map(|line| line.strip_prefix(&prefix));
        let expected = (0..*count).map(|number| number.to_string());
        assert!(
            numbers.eq(expected),
            "{name} was heard otherwise: {first:?}"
        );
    }
    for listener in listeners {
        assert!(listener.said() == first, "two heard it in another order");
    }
}

/// One listener at each server, all of them known to all.
#[track_caller]
pub(super) fn listeners(servers: &[Running]) -> Vec<Listener> {
    let named = servers.iter().enumerate();
    let listeners = named.map(|(place, server)| Listener::at(server, &format!("ear{place}")));
    listeners.collect()
}

fn all_see_what_is_said_in_one_order(bench: &Bench) {
    let Some(nats) = Nats::start(bench) else {
        return;
    };
    let servers = three(bench, &link_to(&nats));
    let listeners = listeners(&servers);
    let mut streams: Vec<TcpStream> = Vec::new();
    for (place, server) in servers.iter().enumerate() {
        let mut stream = TcpStream::connect(server.addresses()[0]).expect("it listens");
        let lines: String = (0..300).map(|number| format!("{number}\n")).collect();
        write!(stream, "mouth{place}\n{lines}").expect("it reads");
        streams.push(stream);
    }
    let said: Vec<_> = (0..3).map(|place| (format!("mouth{place}"), 300)).collect();
    // Whoever does not read still hears, up to the backlog.
    all_heard_the_same(&listeners, &said);
    listeners.into_iter().for_each(Listener::leaves);
}

fn users_of_a_server_that_is_killed_are_gone_and_their_names_free(bench: &Bench) {
    let Some(nats) = Nats::start(bench) else {
        return;
    };
    let [one, two, three] = three(bench, &link_to(&nats));
    let mut alice = in_rooms(&one, "alice");
    let mut bob = in_rooms(&two, "bob");
    let _carol = in_rooms(&three, "carol");
    until_answered(&mut alice, "!users\n", "alice bob carol\r\n");
    drop(three);
    until_answered(&mut alice, "!users\n", "alice bob\r\n");
    until_answered(&mut bob, "!users\n", "alice bob\r\n");
    let _other = in_rooms(&two, "carol");
    until_answered(&mut alice, "!users\n", "alice bob carol\r\n");
    // The same node comes back, and is a member like any other.
    let three = serve_linked(bench, &link_to(&nats), "three");
    let mut dora = in_rooms(&three, "dora");
    until_answered(&mut dora, "!users\n", "alice bob carol dora\r\n");
}

fn survivors_of_a_server_that_is_killed_agree_on_its_last_word(bench: &Bench) {
    let Some(nats) = Nats::start(bench) else {
        return;
    };
    let [one, two, three] = three(bench, &link_to(&nats));
    let survivors = [one, two];
    let mut witness = in_rooms(&survivors[0], "witness");
    let listeners = listeners(&survivors);
    let talkers = talkers(&survivors);
    let doomed = Talker::at(&three, "doomed");
    listeners[0].hears(100);
    drop(three);
    eventually("its users are gone", || {
        witness.send("!users\n");
        let users = skip_to_part(&mut witness, "ear0 ear1 ");
        (!users.contains("doomed")).then_some(())
    });
    doomed.stops();
    let mut said: Vec<_> = talkers.into_iter().map(Talker::stops).collect();
    for (name, count) in &said {
        let last = format!("{name}: {}", count - 1);
        let heard = || listeners[0].said().contains(&last).then_some(());
        eventually("a survivor's last word is heard", heard);
    }
    // What of its last words was in the log, all heard; and nothing after that.
    let heard = listeners[0].said();
    let last = heard.iter().filter(|line| line.starts_with("doomed: "));
    said.push(("doomed".to_owned(), last.count()));
    all_heard_the_same(&listeners, &said);
    listeners.into_iter().for_each(Listener::leaves);
}

fn nothing_is_lost_while_nats_is_started_again(bench: &Bench) {
    let Some(mut nats) = Nats::start(bench) else {
        return;
    };
    let servers = three(bench, &link_to(&nats));
    let listeners = listeners(&servers);
    let talkers = talkers(&servers);
    for _ in 0..2 {
        listeners[0].hears(listeners[0].said().len() + 50);
        nats.is_killed();
        thread::sleep(Duration::from_millis(500));
        nats.starts(bench);
    }
    listeners[0].hears(listeners[0].said().len() + 50);
    let said: Vec<_> = talkers.into_iter().map(Talker::stops).collect();
    all_heard_the_same(&listeners, &said);
    assert_eq!(listeners[0].notices(), [""; 0]);
    listeners.into_iter().for_each(Listener::leaves);
}

#[track_caller]
pub(super) fn talkers(servers: &[Running]) -> Vec<Talker> {
    let named = servers.iter().enumerate();
    let talkers = named.map(|(place, server)| Talker::at(server, &format!("mouth{place}")));
    talkers.collect()
}

fn nothing_is_lost_while_each_of_three_nats_servers_is_killed_in_turn(bench: &Bench) {
    let Some(mut cluster) = NatsCluster::start(bench) else {
        return;
    };
    let servers = three(bench, &cluster.options());
    let listeners = listeners(&servers);
    let talkers = talkers(&servers);
    for place in 0..3 {
        listeners[0].hears(listeners[0].said().len() + 50);
        // What it has promised it keeps only while two have it all.
        cluster.0.iter().for_each(Nats::catches_up);
        cluster.0[place].is_killed();
        // Whoever led, another one leads in time.
        listeners[0].hears(listeners[0].said().len() + 50);
        cluster.0[place].starts(bench);
    }
    listeners[0].hears(listeners[0].said().len() + 50);
    let said: Vec<_> = talkers.into_iter().map(Talker::stops).collect();
    all_heard_the_same(&listeners, &said);
    listeners.into_iter().for_each(Listener::leaves);
}

fn a_server_that_was_given_up_says_so_and_starts_again(bench: &Bench) {
    let Some(nats) = Nats::start(bench) else {
        return;
    };
    let [one, two, _three] = three(bench, &link_to(&nats));
    let mut alice = in_rooms(&one, "alice");
    let mut bob = in_rooms(&two, "bob");
    until_answered(&mut alice, "!users\n", "alice bob\r\n");
    two.stop();
    until_answered(&mut alice, "!users\n", "alice\r\n");
    let _thief = in_rooms(&one, "bob");
    two.signal(Signal::CONT);
    let last = bob.until_gone();
    let last = String::from_utf8(last).expect("words");
    let expected = "!error this server was given up by the others, connect again\r\n";
    assert!(last.ends_with(expected), "{last:?}");
    // It takes people again, as soon as it is in.
    let mut carol = eventually("it takes people again", || {
        let mut peer = two.peer_of("rooms", "carol");
        peer.try_send("carol\n!users\n").ok()?;
        peer.try_line()?.contains("carol").then_some(peer)
    });
    until_answered(&mut carol, "!users\n", "alice bob carol\r\n");
}

/// A way to NATS that can be cut, or stop to carry anything.
struct Proxy {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    carried: Vec<TcpStream>,
    is_cut: bool,
    is_silent: bool,
}

impl Proxy {
    #[track_caller]
    fn to(nats: &Nats) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let target = SocketAddr::from(([127, 0, 0, 1], nats.port()));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let mut now = shared.lock().expect("nobody panics");
                let Ok(server) = TcpStream::connect(target) else {
                    continue;
                };
                if now.is_cut {
                    continue;
                }
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone(), to.try_clone());
                    let (from, to) = (from.expect("a descriptor"), to.expect("a descriptor"));
                    let shared = Arc::clone(&shared);
                    thread::spawn(move || carry(from, to, &shared));
                }
                now.carried.extend([client, server]);
            }
        });
        Self { address, state }
    }

    fn is_cut(&self) {
        let mut state = self.state.lock().expect("nobody panics");
        state.is_cut = true;
        for stream in state.carried.drain(..) {
            // It may have ended.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn is_silent(&self) {
        self.state.lock().expect("nobody panics").is_silent = true;
    }

    /// What was said meanwhile is lost; a new connection works.
    fn is_mended(&self) {
        self.is_cut();
        let mut state = self.state.lock().expect("nobody panics");
        (state.is_cut, state.is_silent) = (false, false);
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, state: &Mutex<State>) {
    let mut buffer = [0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if state.lock().expect("nobody panics").is_silent {
            continue;
        }
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    // It may have ended.
    let _ = to.shutdown(Shutdown::Both);
}

fn a_cut_that_ends_soon_is_noticed_by_nobody(bench: &Bench) {
    let Some(nats) = Nats::start(bench) else {
        return;
    };
    let proxy = Proxy::to(&nats);
    let servers = [
        serve_linked(bench, &link_to(&nats), "one"),
        serve_linked(bench, &format!("--link nats://{}", proxy.address), "two"),
    ];
    let listeners = listeners(&servers);
    let talkers = talkers(&servers);
    for _ in 0..3 {
        listeners[1].hears(listeners[1].said().len() + 30);
        proxy.is_cut();
        thread::sleep(Duration::from_millis(200));
        proxy.is_mended();
    }
    listeners[1].hears(listeners[1].said().len() + 30);
    let said: Vec<_> = talkers.into_iter().map(Talker::stops).collect();
    all_heard_the_same(&listeners, &said);
    assert_eq!(listeners[1].notices(), [""; 0]);
    listeners.into_iter().for_each(Listener::leaves);
}

fn a_long_silence_of_nats_is_told_once_and_so_is_its_end(bench: &Bench) {
    let Some(nats) = Nats::start(bench) else {
        return;
    };
    let proxy = Proxy::to(&nats);
    let links = format!("--link nats://{} --link-lease 60", proxy.address);
    let options = format!("{links} --community test --node one");
    let server = bench.serve_together(&["rooms", "direct"], &options);
    let mut alice = in_rooms(&server, "alice");
    let mut carol = log_in(server.peer_of("direct", "carol"), "carol");
    proxy.is_silent();
    let told = alice.line();
    assert!(told.starts_with("!notice "), "{told:?}");
    // Who is there is known; what is said waits.
    alice.asks("!users\n", "alice carol\r\n");
    carol.send("SEND alice are you there?\n");
    alice.send("hello?\n");
    proxy.is_mended();
    let rest = [alice.line(), alice.line()];
    let is_notice = |line: &&String| line.starts_with("!notice ");
    assert_eq!(rest.iter().filter(is_notice).count(), 1, "{rest:?}");
    assert!(
        rest.contains(&"#carol: are you there?\r\n".to_owned()),
        "{rest:?}"
    );
    carol.expect("SEND-OK\n");
    alice.asks("!users\n", "alice carol\r\n");
}

fn a_nats_server_that_comes_back_empty_ends_all_connections_once(bench: &Bench) {
    let Some(mut nats) = Nats::start(bench) else {
        return;
    };
    let [one, two, _three] = three(bench, &link_to(&nats));
    let mut alice = in_rooms(&one, "alice");
    let mut bob = in_rooms(&two, "bob");
    until_answered(&mut alice, "!users\n", "alice bob\r\n");
    nats.loses_everything();
    nats.starts(bench);
    for peer in [&mut alice, &mut bob] {
        let last = String::from_utf8(peer.until_gone()).expect("words");
        assert!(last.starts_with("!error "), "{last:?}");
        assert_eq!(last.lines().count(), 1, "{last:?}");
    }
    let comes = |server: &Running, name: &str| {
        eventually("it takes people again", || {
            let mut peer = server.peer_of("rooms", name);
            peer.try_send(format!("{name}\n!users\n")).ok()?;
            peer.try_line()?.contains(name).then_some(peer)
        })
    };
    let mut alice = comes(&one, "alice");
    let _bob = comes(&two, "bob");
    until_answered(&mut alice, "!users\n", "alice bob\r\n");
}

fn a_server_that_comes_late_knows_what_there_is(bench: &Bench) {
    let Some(nats) = Nats::start(bench) else {
        return;
    };
    let one = serve_linked(bench, &link_to(&nats), "one");
    let mut alice = in_rooms(&one, "alice");
    alice.send("!enter kitchen\n");
    until_answered(&mut alice, "!members kitchen\n", "alice\r\n");
    let lines: String = (0..5000)
        .map(|number| format!("@kitchen {number}\n"))
        .collect();
    let mut writer = alice.stream().try_clone().expect("a descriptor");
    let writing = thread::spawn(move || writer.write_all(lines.as_bytes()));
    for number in 0..5000 {
        alice.expect(format!("@kitchen alice: {number}\r\n"));
    }
    writing.join().expect("it writes").expect("it is read");
    let two = serve_linked(bench, &link_to(&nats), "two");
    let mut bob = in_rooms(&two, "bob");
    bob.asks("!users\n", "alice bob\r\n");
    bob.asks("!rooms\n", "kitchen\r\n");
    bob.asks("!members kitchen\n", "alice\r\n");
}

fn a_server_listens_only_once_it_is_in(bench: &Bench) {
    let Some(mut nats) = Nats::start(bench) else {
        return;
    };
    nats.is_killed();
    let line = member(&link_to(&nats), "one", "--listen rooms://127.0.0.1:0");
    let mut server = bench.start(bench.launch(&format!("serve {line}")));
    server.stderr().wait_for("that it waits", |log| {
        log.lines().any(|line| line.contains("NATS")).then_some(())
    });
    assert!(!server.stderr().text().contains("listening on"));
    nats.starts(bench);
    server.wait_until_listening(1);
    in_rooms(&server, "alice");
    assert_eq!(server.terminate(), 0);
}

fn two_servers_with_one_name_are_refused(bench: &Bench) {
    let Some(nats) = Nats::start(bench) else {
        return;
    };
    let one = serve_linked(bench, &link_to(&nats), "one");
    let line = member(
        &link_to(&nats),
        "one",
        "--listen rooms://127.0.0.1:0 --listen irc://127.0.0.1:0 --listen direct://127.0.0.1:0",
    );
    let outcome = bench.run(&format!("serve {line}"));
    assert_eq!(outcome.status, 1, "{}", outcome.stderr);
    let last = outcome.stderr.lines().last().unwrap_or_default();
    assert!(last.contains("one") && last.contains("--node"), "{last}");
    in_rooms(&one, "alice");
}

fn servers_that_differ_are_refused_in_a_line_that_says_in_what(bench: &Bench) {
    let Some(nats) = Nats::start(bench) else {
        return;
    };
    let _one = serve_linked(bench, &link_to(&nats), "one");
    let all =
        "--listen rooms://127.0.0.1:0 --listen irc://127.0.0.1:0 --listen direct://127.0.0.1:0";
    for (options, word) in [
        (format!("{all} --max-rooms 7"), "--max-rooms"),
        (format!("{all} --lobby cafe"), "--lobby"),
    ] {
        let line = member(&link_to(&nats), "two", &options);
        let outcome = bench.run(&format!("serve {line}"));
        assert_eq!(outcome.status, 1, "{}", outcome.stderr);
        let last = outcome.stderr.lines().last().unwrap_or_default();
        assert!(last.contains(word), "{last}");
    }
}

fn what_makes_no_sense_is_a_usage_error(bench: &Bench) {
    for line in [
        "--link nats://127.0.0.1:4222 rooms",
        "--link nats://127.0.0.1:4222 --community test rooms",
        "--community test --node one rooms",
        "--link nats://127.0.0.1:4222 --community test --node bad.name rooms",
        "--link nats://me:secret@127.0.0.1:4222 --community test --node one rooms",
        "--link http://127.0.0.1:4222 --community test --node one rooms",
        "--link nats://127.0.0.1:4222 --community test --node one echo",
    ] {
        let outcome = bench.run(&format!("serve {line}"));
        assert_eq!(outcome.status, 2, "{line}: {}", outcome.stderr);
    }
}
