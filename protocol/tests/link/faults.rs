//! Whatever goes wrong, users of several servers see one conversation.
//!
//! One server, the witness, neither crashes nor is given up, and one of its users is in a room all
//! the time: what that user hears is the conversation. Every other user heard a part of it without a
//! gap; what a user said who is still there was heard once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use linechat_protocol::{ConnId, Dialect};

use crate::nats::Faults;
use crate::node::{LEASE, Node};
use crate::random::Random;
use crate::world::World;

/// A user of some node: of one run of it, if it crashed.
struct User {
    name: String,
    node: usize,
    run: u64,
    conn: ConnId,
    said: u32,
    /// What was received before the node crashed.
    heard: Option<String>,
}

struct Run {
    world: World,
    random: Random,
    users: Vec<User>,
    /// Which run of a node is the present one.
    runs: Vec<u64>,
    names: u32,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let often = |random: &mut Random, max| match random.below(3) {
            0 => 0,
            _ => random.below(max),
        };
        let faults = Faults {
            refuses: often(&mut random, 100),
            drops: often(&mut random, 60),
            undecided: often(&mut random, 60),
            drops_ack: often(&mut random, 100),
            loses_copy: often(&mut random, 150),
            repeats_copy: often(&mut random, 150),
            is_stale: often(&mut random, 200),
            latency: 1 + random.below(30),
            knows_ids: random.happens(500),
            is_cluster: true,
            max_messages: [SMALL_LOG, 200, 100_000][random.below(3) as usize],
        };
        let mut run = Self {
            world: World::new(seed ^ 0xFACE, faults),
            users: Vec::new(),
            runs: Vec::new(),
            names: 0,
            random,
        };
        for node in 0..3 + run.random.below(2) {
            run.runs.push(0);
            let node = run.node(node as usize);
            run.world.add(node);
        }
        run
    }

    fn node(&mut self, place: usize) -> Node {
        let incarnation = self.random.next();
        // The log keeps some ten times as much: for the programs it is more.
        let kept = self.world.nats.faults.max_messages as u64;
        Node::new(&format!("node-{place}"), incarnation, |options| {
            options.snapshot_every = (kept / 10).min(16);
        })
    }

    fn arrive(&mut self, node: usize) -> Option<usize> {
        let name = format!("u{}", self.names);
        let now = self.world.now;
        let conn = self.world.nodes[node].connect(now, Dialect::ROOMS)?;
        self.names += 1;
        self.world.nodes[node].says(now, conn, &name);
        self.world.nodes[node].says(now, conn, "!enter den");
        self.users.push(User {
            name,
            node,
            run: self.runs[node],
            conn,
            said: 0,
            heard: None,
        });
        Some(self.users.len() - 1)
    }

    fn is_here(&self, user: &User) -> bool {
        user.heard.is_none() && self.world.nodes[user.node].open.contains(&user.conn)
    }

    /// Somebody says something, or several things at once.
    fn speak(&mut self, user: usize) {
        if !self.is_here(&self.users[user]) {
            return;
        }
        let now = self.world.now;
        let count = 1 + self.random.below(4) as u32;
        let user = &mut self.users[user];
        let numbers = user.said..user.said + count;
        let lines: Vec<String> = numbers
            .map(|number| format!("@den {}.{number}", user.name))
            .collect();
        user.said += count;
        self.world.nodes[user.node].says(now, user.conn, &lines.join("\n"));
    }

    fn crash(&mut self, place: usize) {
        for user in &mut self.users {
            if user.node == place && user.heard.is_none() {
                user.heard = Some(self.world.nodes[place].heard(user.conn));
            }
        }
        if let Some(client) = self.world.nodes[place].client() {
            self.world.nats.forget(client);
        }
        self.runs[place] += 1;
        let mut node = self.node(place);
        node.paused_until = self.world.now + Duration::from_millis(self.random.below(9000));
        self.world.nodes[place] = node;
    }

    /// Something happens.
    fn step(&mut self) {
        let count = self.world.nodes.len() as u64;
        let node = self.random.below(count) as usize;
        let not_witness = 1 + self.random.below(count - 1) as usize;
        let seconds = |random: &mut Random, max| Duration::from_millis(random.below(max * 1000));
        match self.random.below(100) {
            0..60 if !self.users.is_empty() => {
                let user = self.random.below(self.users.len() as u64) as usize;
                self.speak(user);
            }
            0..70 => {
                self.arrive(node);
            }
            70..74 if self.users.len() > 1 => {
                let user = 1 + self.random.below(self.users.len() as u64 - 1) as usize;
                if self.is_here(&self.users[user]) {
                    let (now, user) = (self.world.now, &self.users[user]);
                    self.world.nodes[user.node].says(now, user.conn, "!quit");
                }
            }
            74..77 => self.crash(not_witness),
            77..80 => {
                let time = seconds(&mut self.random, 9);
                self.world.pause(not_witness, time);
            }
            80..82 => {
                let time = seconds(&mut self.random, LEASE.as_secs() / 2);
                self.world.pause(0, time);
            }
            82..86 => {
                if let Some(client) = self.world.nodes[node].client() {
                    self.world.nats.forget(client);
                }
            }
            86..88 => {
                let until = self.world.now + seconds(&mut self.random, 9);
                if let Some(client) = self.world.nodes[not_witness].client() {
                    self.world.nats.block(client, until);
                }
            }
            88..90 => {
                let until = self.world.now + seconds(&mut self.random, 8);
                let lag = self.random.below(6);
                self.world.nats.leaderless_until = until;
                self.world.nats.lag = (lag, until + seconds(&mut self.random, 3));
                if self.random.happens(500) {
                    self.world.nats.disconnect_all();
                }
            }
            90..91 => {
                let until = self.world.now + seconds(&mut self.random, 4);
                self.world.nats.restart(until, false);
            }
            _ => {
                let time = seconds(&mut self.random, 2);
                self.world.pass(time);
            }
        }
        let pause = Duration::from_micros(self.random.below(50_000));
        self.world.pass(pause);
    }

    /// All is well again, and everybody says something last.
    fn end(&mut self) {
        self.world.nats.heal();
        for node in &mut self.world.nodes {
            node.paused_until = self.world.now;
        }
        self.world.seconds(40);
        for user in 0..self.users.len() {
            self.speak(user);
        }
        self.world.seconds(5);
    }

    fn check(&self) {
        for node in &self.world.nodes {
            let stats = node.server.stats().link;
            assert!(node.is_in(), "{}: {stats:?} {:?}", node.name, node.events);
        }
        if !self.is_here(&self.users[0]) {
            // A log that keeps next to nothing can leave even the witness behind.
            assert_eq!(
                self.world.nats.faults.max_messages, SMALL_LOG,
                "the witness"
            );
            return self.check_names();
        }
        let conversation = heard_in_den(&self.heard(&self.users[0]));
        let places: BTreeMap<&str, usize> = conversation
            .iter()
            .enumerate()
            .map(|(place, line)| (line.as_str(), place))
            .collect();
        assert_eq!(places.len(), conversation.len(), "something was said twice");
        for user in &self.users {
            self.check_user(user, &conversation, &places);
        }
        self.check_names();
    }

    fn heard(&self, user: &User) -> String {
        let heard = || self.world.nodes[user.node].heard(user.conn);
        user.heard.clone().unwrap_or_else(heard)
    }

    fn check_user(&self, user: &User, all: &[String], places: &BTreeMap<&str, usize>) {
        let heard = heard_in_den(&self.heard(user));
        if let Some(first) = heard.first() {
            let start = places.get(first.as_str());
            let start = *start.unwrap_or_else(|| panic!("{} alone heard {first}", user.name));
            let part = all.get(start..start + heard.len());
            assert_eq!(part, Some(&*heard), "{} heard something else", user.name);
        }
        if self.is_here(user) {
            for number in 0..user.said {
                let line = format!("{0}: {0}.{number}", user.name);
                assert!(places.contains_key(line.as_str()), "{line} was lost");
            }
            let (last, own) = (all.last(), heard.last());
            assert_eq!(last, own, "{} does not hear any more", user.name);
        }
    }

    /// A name has one owner, and those who are gone are nobody's.
    fn check_names(&self) {
        let here = self.users.iter().filter(|user| self.is_here(user));
        let names: Vec<&str> = here.map(|user| user.name.as_str()).collect();
        let unique: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(unique.len(), names.len());
        for node in &self.world.nodes {
            let stats = node.server.stats().link.expect("it is linked");
            let users: usize = stats.nodes.iter().map(|(_, users)| users).sum();
            assert_eq!(users, names.len(), "{} counts others", node.name);
        }
        assert!(
            self.users
                .iter()
                .all(|user| user.run <= self.runs[user.node])
        );
    }
}

/// How many messages the smallest of logs keeps.
const SMALL_LOG: usize = 40;

fn heard_in_den(heard: &str) -> Vec<String> {
    let lines = heard.lines().filter_map(|line| line.strip_prefix("@den "));
    lines.map(str::to_owned).collect()
}

fn play(seed: u64) {
    let mut run = Run::new(seed);
    run.world.seconds(10);
    if run.arrive(0).is_none() {
        run.world.nats.heal();
        run.world.seconds(20);
        run.arrive(0).expect("the witness is in");
    }
    run.speak(0);
    while heard_in_den(&run.heard(&run.users[0])).is_empty() {
        run.world.seconds(1);
    }
    for _ in 0..120 {
        run.step();
    }
    run.end();
    run.check();
}

#[test]
fn users_of_several_servers_see_one_conversation_whatever_goes_wrong() {
    let seeds = std::env::var("LINK_SEEDS").unwrap_or_else(|_| "0..100".into());
    let (from, to) = seeds.split_once("..").expect("LINK_SEEDS is a range");
    let number = |text: &str| text.parse::<u64>().expect("LINK_SEEDS has numbers");
    for seed in number(from)..number(to) {
        let played = std::panic::catch_unwind(|| play(seed));
        assert!(
            played.is_ok(),
            "LINK_SEEDS={seed}..{} shows it again",
            seed + 1
        );
    }
}
