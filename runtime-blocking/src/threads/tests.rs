//! Whole conversations of peers with all threads of a server, in which shuttle decides who runs
//! when: over thousands of schedules, chosen by chance but the same each time.

use std::env;
use std::sync::Arc;

use linechat_protocol::{Framing, Limits, Listener as Terms, Server, addressed, echo};
use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::sync::{Barrier, Mutex};
use shuttle::{Config, Runner, thread};

use super::*;
use crate::room::Room;
use crate::system::Poll;
use crate::system::model::{Door, Remote, Waker};

#[test]
fn everybody_hears_everything_once_and_in_order() {
    check(|| all_talk_and_these_stay(&[0, 1, 2]));
}

#[test]
fn a_reset_disturbs_nobody_else() {
    check(|| all_talk_and_these_stay(&[0, 1]));
}

/// All talk at the same time. These hear each other to the end and leave in order; the others reset
/// their connections after their last word.
fn all_talk_and_these_stay(names: &[usize]) {
    let world = World::new(addressed(), Limits::default());
    world.run(|world| {
        let all_are_here = Barrier::new(TALKERS);
        let all_have_heard = Barrier::new(names.len());
        thread::scope(|scope| {
            for name in 0..TALKERS {
                let (world, all_are_here) = (&world, &all_are_here);
                let all_have_heard = &all_have_heard;
                scope.spawn(move || {
                    let mut talker = world.talker(name);
                    all_are_here.wait();
                    talker.talk();
                    if !names.contains(&name) {
                        return;
                    }
                    talker.hear(names);
                    all_have_heard.wait();
                    talker.leave();
                });
            }
        });
    });
}

#[test]
fn whoever_floods_and_reads_later_gets_every_answer() {
    check(|| {
        let mut limits = Limits::default();
        limits.max_backlog = 64;
        World::new(echo(), limits).run(|world| {
            thread::scope(|scope| {
                scope.spawn(|| {
                    let flood: String = (0..20).map(|n| format!("line {n}\n")).collect();
                    let mut flooder = Talker::connect(world, 16);
                    flooder.say(&flood);
                    flooder.remote.end_sending();
                    assert_eq!(flooder.rest().as_deref(), Some(&*flood));
                });
                scope.spawn(|| {
                    let mut prompt = Talker::connect(world, 16);
                    for n in 0..3 {
                        prompt.say(&format!("{n}\n"));
                        assert_eq!(prompt.line(), n.to_string());
                    }
                    prompt.leave();
                });
            });
        });
    });
}

#[test]
fn whoever_comes_is_not_taken_for_who_has_left() {
    check(|| {
        World::new(echo(), Limits::default()).run(|world| {
            thread::scope(|scope| {
                for _ in 0..TALKERS {
                    scope.spawn(|| {
                        for n in 0..ROUNDS {
                            let mut guest = Talker::connect(world, 8);
                            let words = format!("in round {n}\n");
                            guest.say(&words);
                            guest.remote.end_sending();
                            if thread_rng().gen_bool(0.8) {
                                assert_eq!(guest.rest(), Some(words));
                            }
                        }
                    });
                }
            });
        });
    });
}

#[test]
fn past_the_capacity_peers_wait_until_one_leaves() {
    check(|| {
        let room = Room {
            threads: Some(5),
            ..Room::default()
        };
        let limits = Limits::default();
        let one = Capacity::of(&room, &limits);
        one.tell(&limits);
        assert_eq!(one.connections, 1);
        let served = Mutex::new(0);
        World::with(addressed(), limits, one).run(|world| {
            thread::scope(|scope| {
                for name in 0..TALKERS {
                    let (world, served) = (&world, &served);
                    scope.spawn(move || {
                        let talker = world.talker(name);
                        let mut served = served.lock().expect("nobody panics");
                        *served += 1;
                        assert_eq!(*served, 1, "two are served at a time");
                        *served -= 1;
                        drop(served);
                        talker.leave();
                    });
                }
            });
        });
    });
}

#[test]
fn a_shutdown_in_the_middle_sends_whole_lines_and_ends() {
    check(|| {
        let world = World::new(addressed(), Limits::default());
        let shutdown = Arc::clone(&world.shutdown);
        world.run(|world| {
            thread::scope(|scope| {
                for name in 0..TALKERS {
                    let world = &world;
                    scope.spawn(move || {
                        let mut talker = Talker::connect(world, usize::MAX);
                        talker.talk_as(name);
                        if let Some(heard) = talker.rest() {
                            assert!(heard.is_empty() || heard.ends_with('\n'), "{heard:?}");
                        }
                    });
                }
                scope.spawn(|| shutdown.wake());
            });
        });
    });
}

#[test]
fn without_listeners_the_server_ends_with_its_console() {
    check(|| {
        let mut server = Server::new(Limits::default()).expect("sound limits");
        let id = server.listen(echo()).expect("sound terms");
        let poll = Poll::new();
        let (door, listener) = Door::new();
        let remote = door.connect(16);
        let accepted = listener.accept().expect("it can accept");
        let (stream, _) = accepted.expect("somebody waits");
        scope(move |scope| {
            let served = scope.spawn(move || {
                let console = Some((id, stream));
                serve_within(Capacity::UNBOUNDED, server, None, Vec::new(), console, poll)
            });
            let mut console = Talker::at(remote);
            console.say("hello\n");
            console.remote.end_sending();
            let heard = console.rest();
            // There may be no thread for it.
            if served.join().expect("it does not panic").is_ok() {
                assert_eq!(heard.as_deref(), Some("hello\n"));
            }
        });
    });
}

/// With lines alone, since time passes by chance here.
fn addressed() -> Terms {
    let mut options = addressed::Options::default();
    options.framing = Framing::Lines;
    Terms::new(options)
}

fn echo() -> Terms {
    let mut options = echo::Options::default();
    options.framing = Some(Framing::Lines);
    let mut terms = Terms::new(options);
    terms.terms.max_line = 16;
    terms
}

/// Runs a conversation under many schedules.
fn check(conversation: fn()) {
    let schedules = env::var("SHUTTLE_SCHEDULES").map_or(SCHEDULES, |schedules| {
        schedules.parse().expect("a number of schedules")
    });
    let mut config = Config::new();
    config.stack_size = 1 << 18;
    config.silence_warnings = true;
    // A thread that is disturbed seldom, but in the wrong place, and one that is disturbed often.
    let seldom = PctScheduler::new_from_seed(SEED, 3, schedules / 2);
    Runner::new(seldom, config.clone()).run(conversation);
    let often = RandomScheduler::new_from_seed(SEED, schedules / 2);
    Runner::new(often, config).run(conversation);
}

/// A server, and the way to it.
struct World {
    server: Mutex<Option<(Server, Entrance, Poll)>>,
    capacity: Capacity,
    door: Arc<Door>,
    shutdown: Arc<Waker>,
}

impl World {
    fn new(terms: Terms, limits: Limits) -> Self {
        Self::with(terms, limits, Capacity::UNBOUNDED)
    }

    fn with(terms: Terms, mut limits: Limits, capacity: Capacity) -> Self {
        // Time passes by chance here.
        limits.stall_timeout = None;
        let mut server = Server::new(limits).expect("sound limits");
        let id = server.listen(terms).expect("sound terms");
        let poll = Poll::new();
        let (door, listener) = Door::new();
        Self {
            capacity,
            door,
            shutdown: Arc::new(poll.shutdown()),
            server: Mutex::new(Some((server, Entrance::new(id, listener), poll))),
        }
    }

    /// Serves until all `peers` have done what they do.
    fn run(self, peers: impl FnOnce(&Self) + Send) {
        let world = &self;
        scope(move |scope| {
            let server = world.server.lock().expect("nobody panics").take();
            let (server, entrance, poll) = server.expect("it is run once");
            let capacity = world.capacity;
            scope.spawn(move || {
                serve_within(capacity, server, None, vec![entrance], None, poll)
                    .expect("it goes on");
            });
            peers(world);
            world.shutdown.wake();
        });
    }

    /// One who is connected for sure.
    fn talker(&self, name: usize) -> Talker {
        let mut talker = Talker::connect(self, thread_rng().gen_range(40..100));
        talker.name = name;
        talker.say(&format!("{name} is here\n"));
        while talker.line() != format!("[192.0.2.1:4000] {name} is here") {}
        talker
    }
}

/// A peer who talks.
struct Talker {
    name: usize,
    remote: Remote,
    /// What was received and not yet looked at.
    received: Vec<u8>,
}

impl Talker {
    fn connect(world: &World, room: usize) -> Self {
        Self::at(world.door.connect(room))
    }

    fn at(remote: Remote) -> Self {
        Self {
            name: 0,
            remote,
            received: Vec::new(),
        }
    }

    /// Sends in two pieces, as networks do.
    fn say(&self, text: &str) {
        let (start, rest) = text.split_at(thread_rng().gen_range(0..text.len()));
        self.remote.send(start);
        self.remote.send(rest);
    }

    fn talk(&self) {
        self.talk_as(self.name);
    }

    fn talk_as(&self, name: usize) {
        for number in 0..LINES {
            self.say(&format!("{name} says {number}\n"));
        }
    }

    /// Hears all lines of these, each once and in order, in spite of what else is said.
    fn hear(&mut self, names: &[usize]) {
        let mut heard = [0; TALKERS];
        while names.iter().any(|&name| heard[name] < LINES) {
            let line = self.line();
            let Some((start, number)) = line.split_once(" says ") else {
                continue;
            };
            let name: usize = start[start.len() - 1..].parse().expect("a name");
            assert_eq!(number, heard[name].to_string(), "talker {name}");
            heard[name] += 1;
        }
    }

    fn line(&mut self) -> String {
        loop {
            if let Some(end) = self.received.iter().position(|&byte| byte == b'\n') {
                let line = self.received.drain(..=end).collect();
                let line = String::from_utf8(line).expect("text");
                return line.trim_end().to_owned();
            }
            let at_most = thread_rng().gen_range(1..60);
            let bytes = self.remote.receive(at_most).expect("no reset");
            assert!(!bytes.is_empty(), "{} sees the end", self.name);
            self.received.extend(bytes);
        }
    }

    /// All that still comes; `None` if that is a reset.
    fn rest(&mut self) -> Option<String> {
        loop {
            let bytes = self.remote.receive(thread_rng().gen_range(1..60))?;
            if bytes.is_empty() {
                let received = std::mem::take(&mut self.received);
                return Some(String::from_utf8(received).expect("text"));
            }
            self.received.extend(bytes);
        }
    }

    /// Ends in order, and sees the other end do so.
    fn leave(mut self) {
        self.remote.end_sending();
        let rest = self.rest().expect("no reset");
        assert!(rest.is_empty() || rest.ends_with('\n'), "{rest:?}");
    }
}

const TALKERS: usize = 3;
const LINES: usize = 3;
const ROUNDS: usize = 4;

/// For each conversation; `SHUTTLE_SCHEDULES` is another number.
const SCHEDULES: usize = 1000;

const SEED: u64 = 4;
