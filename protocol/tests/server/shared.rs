//! Several servers that share a log are one community.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use linechat_protocol::{
    Action, ConnId, Dialect, EntryError, Instant, Limits, Listener, ListenerId, Peer, Server,
    SnapshotError,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// A server of `rooms`, `direct` and `irc`, and what its peers have received.
struct Node {
    server: Server,
    rooms: ListenerId,
    direct: ListenerId,
    irc: ListenerId,
    peers: Vec<ConnId>,
    received: BTreeMap<ConnId, Vec<u8>>,
    /// Who reads nothing for now.
    deaf: Option<ConnId>,
    now: Instant,
    /// How much of the log it has applied.
    applied: usize,
}

/// What all nodes share: in memory, and never away.
#[derive(Default)]
struct Log(Vec<Vec<u8>>);

impl Node {
    fn alone() -> Self {
        let mut server = Server::new(Limits::default()).expect("the limits are the usual ones");
        let rooms = server
            .listen(Listener::new(Dialect::ROOMS))
            .expect("nothing else is served");
        let direct = server
            .listen(Listener::new(Dialect::DIRECT))
            .expect("it goes together with rooms");
        let irc = server
            .listen(Listener::new(Dialect::IRC))
            .expect("it goes together with rooms");
        Self {
            server,
            rooms,
            direct,
            irc,
            peers: Vec::new(),
            received: BTreeMap::new(),
            deaf: None,
            now: NOW,
            applied: 0,
        }
    }

    fn sharing(number: u16) -> Self {
        let mut node = Self::alone();
        node.server.share(number).expect("nobody has connected");
        node
    }

    fn connect(&mut self, listener: ListenerId) -> ConnId {
        let address: SocketAddr = "192.0.2.1:7".parse().expect("it is an address");
        let conn = self.server.accept(self.now, listener, Peer::from(address));
        self.peers.push(conn);
        conn
    }

    fn says(&mut self, conn: ConnId, line: &str) {
        self.receives(conn, format!("{line}\n").as_bytes());
    }

    fn receives(&mut self, conn: ConnId, bytes: &[u8]) {
        self.server.receive(self.now, conn, bytes);
        self.flush();
    }

    fn hears(&mut self, conn: ConnId) -> String {
        let heard = self.received.remove(&conn).unwrap_or_default();
        String::from_utf8(heard).expect("servers say UTF-8")
    }

    /// Puts what it proposes into the log.
    fn propose(&mut self, log: &mut Log) {
        while let Some(entry) = self.server.poll_entry() {
            log.0.push(entry);
        }
    }

    /// Applies the next entry of the log, if there is one.
    fn apply_next(&mut self, log: &Log) -> bool {
        let Some(entry) = log.0.get(self.applied) else {
            return false;
        };
        self.applied += 1;
        let sequence = self.applied as u64;
        let applied = self.server.apply(self.now, sequence, entry);
        assert_eq!(applied, Ok(()));
        self.flush();
        true
    }

    /// Lets everything happen that follows.
    fn settle(&mut self, log: &mut Log) {
        self.propose(log);
        while self.apply_next(log) {
            self.propose(log);
        }
    }

    fn flush(&mut self) {
        loop {
            while let Some(action) = self.server.poll() {
                match action {
                    Action::Transmit(conn) if self.deaf == Some(conn) => {}
                    Action::Transmit(conn) => {
                        let bytes = self.server.transmit(conn).to_vec();
                        self.server.advance(self.now, conn, bytes.len());
                        self.received.entry(conn).or_default().extend(bytes);
                    }
                    Action::Close(conn, _) => {
                        self.peers.retain(|&peer| peer != conn);
                        self.server.release(self.now, conn);
                    }
                    _ => {}
                }
            }
            if !self.server.flushed() {
                return;
            }
            self.server.carry_on(self.now);
        }
    }
}

#[test]
fn users_of_two_servers_talk_and_a_name_has_one_owner() {
    let mut log = Log::default();
    let (mut one, mut two) = (Node::sharing(1), Node::sharing(2));
    let (alice, bob) = (one.connect(one.rooms), two.connect(two.direct));
    one.says(alice, "alice");
    two.says(bob, "HELLO-FROM alice");
    assert_eq!(two.hears(bob), "", "nothing is told before the log has it");
    for node in [&mut one, &mut two] {
        node.propose(&mut log);
    }
    for node in [&mut one, &mut two] {
        node.settle(&mut log);
    }
    assert_eq!(two.hears(bob), "IN-USE\n");
    two.says(bob, "HELLO-FROM bob");
    two.says(bob, "LIST");
    two.says(bob, "SEND alice hi");
    two.settle(&mut log);
    one.settle(&mut log);
    assert_eq!(two.hears(bob), "HELLO bob\nLIST-OK alice,bob\nSEND-OK\n");
    assert_eq!(one.hears(alice), "#bob: hi\r\n");
}

#[test]
fn who_leaves_before_the_log_has_let_them_in_is_not_here() {
    let mut log = Log::default();
    let mut node = Node::sharing(1);
    let ghost = node.connect(node.rooms);
    node.says(ghost, "ghost");
    node.server.transport_failed(NOW, ghost);
    node.settle(&mut log);
    let heir = node.connect(node.rooms);
    node.says(heir, "ghost");
    node.says(heir, "!users");
    node.settle(&mut log);
    assert_eq!(node.hears(heir), "ghost\r\n");
}

#[test]
fn what_came_before_the_end_is_done_though_the_log_takes_its_time() {
    let mut log = Log::default();
    let mut node = Node::sharing(1);
    let (alice, bob) = (node.connect(node.rooms), node.connect(node.rooms));
    node.says(alice, "alice");
    node.settle(&mut log);
    node.server.receive(NOW, bob, b"bob\nhello\n!users\n");
    node.server.receive_eof(NOW, bob);
    node.settle(&mut log);
    assert_eq!(node.hears(alice), "bob: hello\r\n");
    assert_eq!(node.hears(bob), "alice bob\r\n");
}

#[test]
fn what_is_said_at_once_goes_into_the_log_at_once_and_is_heard_in_order() {
    let mut log = Log::default();
    let mut node = Node::sharing(1);
    let [ann, bob, carl] = chat(&mut node, &mut log);
    node.received.clear();
    let mut heard = String::new();
    for (who, line, end) in [
        (ann, "@den tea?", "!users"),
        (bob, "SEND ann hi", "LIST"),
        (carl, "PRIVMSG ann :hi", "PING x"),
    ] {
        let lines = format!("{line}\n").repeat(20);
        let known = log.0.len();
        node.says(who, &format!("{lines}{end}"));
        node.propose(&mut log);
        assert_eq!(log.0.len() - known, 20, "{line}");
        assert!(node.received.is_empty(), "the log does not have it yet");
        node.settle(&mut log);
        heard += &[ann, bob, carl].map(|conn| node.hears(conn)).concat();
    }
    for line in [
        "@den ann: tea?",
        "#bob: hi",
        "#carl: hi",
        "#den :tea?",
        "SEND-OK",
    ] {
        assert_eq!(heard.matches(line).count(), 20, "{line}");
    }
    for answer in [
        "\nann bob carl\r\n",
        "SEND-OK\nLIST-OK ann,bob,carl\n",
        "PONG",
    ] {
        assert!(heard.contains(answer), "{heard}");
    }
}

#[test]
fn who_says_more_than_the_log_takes_waits() {
    let mut log = Log::default();
    let mut node = Node::sharing(1);
    let line = format!("@den {}\n", "x".repeat(4000));
    let talkers = ["dora", "emil", "fay", "gus"].map(|name| {
        let conn = node.connect(node.rooms);
        node.says(conn, &format!("{name}\n!enter den"));
        node.settle(&mut log);
        conn
    });
    let known = log.0.len();
    for conn in talkers {
        let lines = line.repeat(250);
        node.server.receive(NOW, conn, lines.as_bytes());
        node.flush();
    }
    node.propose(&mut log);
    let proposed: usize = log.0[known..].iter().map(Vec::len).sum();
    assert!((1 << 20..1 << 21).contains(&proposed), "{proposed}");
    node.settle(&mut log);
    assert_eq!(log.0.len() - known, 1000);
}

#[test]
fn who_says_much_and_does_not_read_the_answers_has_a_low_backlog() {
    let lines = ["#nobody x", "SEND bob x", "PRIVMSG #den :x"];
    for (place, line) in lines.into_iter().enumerate() {
        let mut log = Log::default();
        let mut node = Node::sharing(1);
        let who = chat(&mut node, &mut log)[place];
        node.deaf = Some(who);
        let lines = format!("{line}\n").repeat(1000);
        for _ in 0..40 {
            node.server.receive(NOW, who, lines.as_bytes());
            node.flush();
        }
        node.settle(&mut log);
        let backlog = node.server.transmit(who).len();
        let low = Limits::default().max_backlog / 2;
        assert!(backlog < low + 1024, "{backlog}: {line}");
    }
}

#[test]
fn who_says_much_waits_for_who_reads_it_more_slowly() {
    for mut node in [Node::alone(), Node::sharing(1)] {
        let mut log = Log::default();
        let [ann, _, carl] = chat(&mut node, &mut log);
        node.deaf = Some(carl);
        let lines = format!("@den {}\n", "x".repeat(300)).repeat(200);
        let mut read = 0;
        for millisecond in 0..1500 {
            node.now = Instant::EPOCH + Duration::from_millis(millisecond);
            node.server.handle_timeout(node.now);
            node.server.carry_on(node.now);
            if millisecond < 100 {
                node.receives(ann, lines.as_bytes());
            }
            node.flush();
            node.settle(&mut log);
            assert!(node.peers.contains(&carl), "{read} bytes were read");
            let taken = node.server.transmit(carl).len().min(10_000);
            node.server.advance(node.now, carl, taken);
            read += taken;
        }
        assert!(read > 100 * 200 * 300, "{read}");
    }
}

#[test]
fn entries_are_applied_once_and_in_their_order() {
    let mut log = Log::default();
    let mut node = Node::sharing(1);
    let alice = node.connect(node.rooms);
    node.says(alice, "alice");
    node.settle(&mut log);
    assert_eq!(node.server.apply(NOW, 1, &log.0[0]), Ok(()));
    let gap = node.server.apply(NOW, 3, &log.0[0]);
    assert_eq!(gap, Err(EntryError::Gap { expected: 2 }));
    assert_eq!(
        node.server.apply(NOW, 2, b"nonsense"),
        Err(EntryError::Version(b'n'))
    );
    assert_eq!(
        node.server.apply(NOW, 2, &log.0[0][..3]),
        Err(EntryError::Malformed)
    );
    node.says(alice, "!users");
    assert_eq!(node.hears(alice), "alice\r\n");
}

#[test]
fn what_is_no_snapshot_is_refused() {
    let snapshot = Node::sharing(1).server.snapshot();
    for length in 0..snapshot.len() {
        let restored = Node::sharing(2).server.restore(&snapshot[..length]);
        assert_eq!(restored, Err(SnapshotError::Malformed), "{length}");
    }
    let mut newer = snapshot.clone();
    newer[1] += 1;
    assert_eq!(
        Node::sharing(2).server.restore(&newer),
        Err(SnapshotError::Version(2))
    );
}

/// Something that happens on one of three nodes.
#[derive(Clone, Debug)]
enum Step {
    Connects {
        node: usize,
        is_direct: bool,
    },
    Says {
        node: usize,
        peer: usize,
        line: String,
    },
    Leaves {
        node: usize,
        peer: usize,
    },
    /// What a node proposed reaches the log.
    Proposes {
        node: usize,
    },
    /// A node reads so much of the log.
    Reads {
        node: usize,
        count: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let line = prop_oneof![
        "(HELLO-FROM )?(ann|bob|carl)",
        "(SEND |#)(ann|bob|carl) hi",
        "!(enter|leave|members) (den|attic)",
        "@(den|attic) tea",
        "(LIST|!users|!rooms|hello)",
    ];
    prop_oneof![
        2 => (0..3_usize, any::<bool>())
            .prop_map(|(node, is_direct)| Step::Connects { node, is_direct }),
        6 => (0..3_usize, 0..4_usize, line)
            .prop_map(|(node, peer, line)| Step::Says { node, peer, line }),
        1 => (0..3_usize, 0..4_usize).prop_map(|(node, peer)| Step::Leaves { node, peer }),
        3 => (0..3_usize).prop_map(|node| Step::Proposes { node }),
        3 => (0..3_usize, 1..5_usize).prop_map(|(node, count)| Step::Reads { node, count }),
    ]
}

fn play(nodes: &mut [Node], log: &mut Log, step: &Step) {
    match step {
        Step::Connects { node, is_direct } => {
            let node = &mut nodes[*node];
            let listener = if *is_direct { node.direct } else { node.rooms };
            node.connect(listener);
        }
        Step::Says { node, peer, line } => {
            let node = &mut nodes[*node];
            if let Some(&conn) = node.peers.get(*peer) {
                node.says(conn, line);
            }
        }
        Step::Leaves { node, peer } => {
            let node = &mut nodes[*node];
            if let Some(&conn) = node.peers.get(*peer) {
                node.server.release(NOW, conn);
                node.flush();
            }
        }
        Step::Proposes { node } => nodes[*node].propose(log),
        Step::Reads { node, count } => {
            for _ in 0..*count {
                nodes[*node].apply_next(log);
            }
        }
    }
}

/// Somebody in each language, who is in the rooms `den` and `lobby` if there are rooms in it.
fn chat(node: &mut Node, log: &mut Log) -> [ConnId; 3] {
    let talkers = [
        (node.rooms, "ann\n!enter den"),
        (node.direct, "HELLO-FROM bob"),
        (
            node.irc,
            "NICK carl\nUSER c 0 * :c\nCAP REQ echo-message\nCAP END\nJOIN #den",
        ),
    ];
    talkers.map(|(listener, lines)| {
        let conn = node.connect(listener);
        node.says(conn, lines);
        node.settle(log);
        conn
    })
}

/// What somebody sends at once, by who it is. `~` stands for what is too long.
fn burst() -> impl Strategy<Value = (usize, Vec<String>)> {
    let rooms = prop_oneof![
        3 => "hello|@den tea|#(ann|bob|carl|dora) hi",
        1 => "(@den|hello) ~",
        2 => "@attic tea|!(enter|leave|members) (den|attic)|!users|!rooms|nonsense|!x|@ x|#",
    ];
    let direct = prop_oneof![
        3 => "SEND (ann|bob|carl|dora) hi",
        1 => "SEND ann ~",
        1 => "LIST|SEND|SEND ann|HELLO-FROM x|SENDS a b|SEND \u{7f} hi",
    ];
    let irc = prop_oneof![
        4 => "(PRIVMSG|notice) (#den|@#den|#attic|#none|ann|bob|carl|dora) (:hi all|hi|\u{1}ACTION x\u{1})",
        1 => "PRIVMSG #den :~",
        1 => "(PRIVMSG|NOTICE) (ann,#,bob|#,#den|ann,dora,#|#den,ann,,) :hi|(JOIN|PART) (#,)?#(den|attic),#none,#,x|KICK #den (ann,dora|dora,ann)",
        2 => "(PRIVMSG|NOTICE) (ann,#den|#|,|a b) :hi|PRIVMSG ann|PRIVMSG|@label=1 PRIVMSG ann :hi|PRIVMSG ann :[a-z]{480}",
        2 => "(JOIN|PART) #(den|attic)|NICK (carla|carl)|PING x|AWAY( :out)?|WHOIS ann|CAP REQ :labeled-response batch message-tags",
    ];
    prop_oneof![
        (Just(0), vec(rooms, 1..8)),
        (Just(1), vec(direct, 1..8)),
        (Just(2), vec(irc, 1..8)),
    ]
}

fn ending() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("\n"), Just("\r\n")]
}

/// How long the pieces are in which something arrives before the last one, and whether the log has
/// what was said by then.
fn pieces() -> impl Strategy<Value = Vec<(usize, bool)>> {
    vec((1..80_usize, any::<bool>()), 0..4)
}

fn settle(nodes: &mut [Node], log: &mut Log) {
    let mut length = usize::MAX;
    while length != log.0.len() {
        length = log.0.len();
        for node in &mut *nodes {
            node.settle(log);
        }
    }
}

proptest! {
    #![proptest_config(crate::properties::settings())]

    #[test]
    fn all_nodes_come_to_the_same_community(steps in vec(step(), 0..80)) {
        let mut log = Log::default();
        let mut nodes = [Node::sharing(1), Node::sharing(2), Node::sharing(3)];
        for step in &steps {
            play(&mut nodes, &mut log, step);
        }
        settle(&mut nodes, &mut log);
        let snapshots = nodes.each_ref().map(|node| node.server.snapshot());
        prop_assert_eq!(&snapshots[0], &snapshots[1]);
        prop_assert_eq!(&snapshots[1], &snapshots[2]);
        // And so does one that was not there, whatever part of the log it reads.
        let mut late = Node::sharing(4);
        while late.apply_next(&log) {}
        prop_assert_eq!(&late.server.snapshot(), &snapshots[0]);
    }

    #[test]
    fn a_node_that_begins_with_a_snapshot_goes_on_like_the_others(
        before in vec(step(), 0..60), after in vec(step(), 0..60),
    ) {
        let mut log = Log::default();
        let mut nodes = [Node::sharing(1), Node::sharing(2), Node::sharing(3)];
        for step in &before {
            play(&mut nodes, &mut log, step);
        }
        let mut heir = Node::sharing(4);
        let snapshot = nodes[0].server.snapshot();
        heir.server.restore(&snapshot).unwrap();
        heir.applied = nodes[0].applied;
        prop_assert_eq!(&heir.server.snapshot(), &snapshot);
        for step in &after {
            play(&mut nodes, &mut log, step);
        }
        settle(&mut nodes, &mut log);
        while heir.apply_next(&log) {}
        prop_assert_eq!(heir.server.snapshot(), nodes[0].server.snapshot());
    }

    #[test]
    fn a_server_that_waits_for_its_log_tells_its_peers_what_it_tells_them_alone(
        steps in vec(step(), 0..80),
    ) {
        let mut log = Log::default();
        let mut alone = [Node::alone()];
        let mut shared = [Node::sharing(1)];
        for step in &steps {
            if let Step::Connects { node, .. } | Step::Says { node, .. }
                | Step::Leaves { node, .. } = step
                && *node == 0
            {
                play(&mut alone, &mut log, step);
                play(&mut shared, &mut log, step);
                shared[0].settle(&mut log);
            }
        }
        prop_assert_eq!(&alone[0].received, &shared[0].received);
    }

    #[test]
    fn who_does_not_wait_for_answers_is_told_what_a_server_alone_tells(
        bursts in vec((burst(), ending(), pieces(), any::<bool>()), 1..12),
    ) {
        let mut log = Log::default();
        let (mut alone, mut shared) = (Node::alone(), Node::sharing(1));
        let mut unread = Log::default();
        let talkers = chat(&mut alone, &mut unread);
        prop_assert_eq!(talkers, chat(&mut shared, &mut log));
        for ((who, lines), ending, pieces, is_last) in bursts {
            let lines = lines.join(ending).replace('~', &"x".repeat(70_000));
            let (conn, bytes) = (talkers[who], lines + ending);
            let mut rest = bytes.as_bytes();
            for (length, has_log) in pieces {
                let (piece, behind) = rest.split_at(length.min(rest.len()));
                rest = behind;
                alone.receives(conn, piece);
                shared.receives(conn, piece);
                if has_log {
                    shared.settle(&mut log);
                }
            }
            for node in [&mut alone, &mut shared] {
                node.receives(conn, rest);
                if is_last {
                    node.server.receive_eof(NOW, conn);
                    node.flush();
                }
            }
            shared.settle(&mut log);
        }
        prop_assert_eq!(&alone.received, &shared.received);
    }

    #[test]
    fn what_several_say_at_once_is_heard_by_all_in_the_order_of_each(
        pieces in vec((0..3_usize, 0..120_usize, any::<bool>()), 0..40),
    ) {
        let mut log = Log::default();
        let mut node = Node::sharing(1);
        let talkers = chat(&mut node, &mut log);
        let said = ["@den a.", "SEND ann b.", "PRIVMSG #den :c."];
        let asked = ["!users", "LIST", "PING x"];
        let mut rest = [0, 1, 2].map(|who| {
            let lines = (0..30).map(|number| format!("{}{number}.\n", said[who]));
            let lines: Vec<String> = lines.collect();
            lines.chunks(7).map(|lines| lines.concat() + asked[who] + "\n").collect::<String>()
        });
        for (who, length, has_log) in pieces {
            let behind = rest[who].split_off(length.min(rest[who].len()));
            node.receives(talkers[who], rest[who].as_bytes());
            rest[who] = behind;
            if has_log {
                node.settle(&mut log);
            }
        }
        for (who, rest) in rest.iter().enumerate() {
            node.receives(talkers[who], rest.as_bytes());
        }
        node.settle(&mut log);
        let [ann, bob, carl] = talkers.map(|conn| node.hears(conn));
        for (heard, said) in [(&ann, "b"), (&ann, "c"), (&carl, "a"), (&carl, "c")] {
            let places = (0..30).map(|number| heard.find(&format!("{said}.{number}.")));
            let places: Vec<_> = places.collect();
            prop_assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{}", heard);
            prop_assert_eq!(heard.matches(&format!("{said}.")).count(), 30);
        }
        prop_assert_eq!(ann.matches("ann bob carl").count(), 5);
        let answers = "SEND-OK\n".repeat(7) + "LIST-OK ann,bob,carl\n";
        let answers = answers.repeat(4) + &"SEND-OK\n".repeat(2) + "LIST-OK ann,bob,carl\n";
        prop_assert_eq!(bob, String::from("HELLO bob\n") + &answers);
        let echoes = carl.split("PONG").map(|part| part.matches(" :c.").count());
        prop_assert_eq!(echoes.collect::<Vec<_>>(), [7, 7, 7, 7, 2, 0]);
    }
}

const NOW: Instant = Instant::EPOCH;
