//! Several nodes, NATS, and time.

use std::collections::BTreeMap;
use std::time::Duration;

use linechat_protocol::Instant;

use crate::nats::{Faults, Nats};
use crate::node::Node;

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) nats: Nats,
    pub(crate) nodes: Vec<Node>,
    /// What the community was after each message of the log that somebody was seen to have applied,
    /// by which log it is.
    states: BTreeMap<(u64, u64), Vec<u8>>,
    /// How often NATS has forgotten everything.
    pub(crate) log: u64,
    /// NATS has lost the end of the log: who has read it and who has not cannot be compared.
    is_rolled_back: bool,
}

impl World {
    pub(crate) fn new(seed: u64, faults: Faults) -> Self {
        Self {
            now: Instant::EPOCH,
            nats: Nats::new(seed, faults),
            nodes: Vec::new(),
            states: BTreeMap::new(),
            log: 0,
            is_rolled_back: false,
        }
    }

    /// NATS loses the last messages of its logs.
    pub(crate) fn roll_back(&mut self, count: u64) {
        self.nats.roll_back(count);
        self.is_rolled_back = true;
    }

    pub(crate) fn add(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Lets time pass, and everything happen that happens meanwhile.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.nats.run(self.now);
            for node in &mut self.nodes {
                node.turn(self.now, &mut self.nats);
            }
            self.compare();
            let nodes = self.nodes.iter().filter_map(Node::next_event);
            let next = nodes.chain(self.nats.next_event()).min();
            let next = next.map_or(end, |next| next.min(end));
            if self.now >= end {
                return;
            }
            self.now = next.max(self.now + Duration::from_micros(1));
        }
    }

    /// A node does nothing for a while.
    pub(crate) fn pause(&mut self, node: usize, time: Duration) {
        let until = self.now + time;
        self.nodes[node].paused_until = until;
        if let Some(client) = self.nodes[node].client() {
            self.nats.pause(client, until);
        }
    }

    pub(crate) fn seconds(&mut self, seconds: u64) {
        self.pass(Duration::from_secs(seconds));
    }

    /// After the same message of the log, the community is the same everywhere.
    fn compare(&mut self) {
        if self.is_rolled_back {
            return;
        }
        for node in &self.nodes {
            let applied = node.applied();
            if !node.is_in() || node.server.has_more() || node.waits_for_who_is_slow() {
                continue;
            }
            let snapshot = node.server.snapshot();
            let state = self
                .states
                .entry((self.log, applied))
                .or_insert_with(|| snapshot.clone());
            assert!(
                *state == snapshot,
                "{} is another community after {applied}:\n{}\n{}",
                node.name,
                state.escape_ascii(),
                snapshot.escape_ascii()
            );
        }
    }

    pub(crate) fn heard(&self, (node, conn): (usize, linechat_protocol::ConnId)) -> String {
        self.nodes[node].heard(conn)
    }
}
