//! What users of several servers see, one thing at a time.

use std::time::Duration;

use linechat_protocol::{ConnId, Dialect, Limits, LinkEvent};

use crate::nats::Faults;
use crate::node::{LEASE, Node};
use crate::world::World;

pub(crate) fn usual() -> Faults {
    Faults {
        latency: 2,
        knows_ids: true,
        max_messages: 1000,
        ..Faults::default()
    }
}

pub(crate) fn world(names: &[&str]) -> World {
    let mut world = World::new(1, usual());
    for (name, incarnation) in names.iter().zip(100..) {
        world.add(Node::new(name, incarnation * 1000, |_| {}));
    }
    world.seconds(1);
    for node in &world.nodes {
        assert!(node.is_in(), "{}: {:?}", node.name, node.events);
    }
    world
}

impl World {
    pub(crate) fn user(&mut self, node: usize, name: &str) -> (usize, ConnId) {
        let now = self.now;
        let conn = self.nodes[node]
            .connect(now, Dialect::ROOMS)
            .expect("it is open");
        self.nodes[node].says(now, conn, name);
        self.pass(Duration::from_millis(50));
        (node, conn)
    }

    pub(crate) fn says(&mut self, (node, conn): (usize, ConnId), line: &str) {
        let now = self.now;
        self.nodes[node].says(now, conn, line);
        self.pass(Duration::from_millis(50));
    }
}

#[test]
fn users_of_three_servers_are_together() {
    let mut world = world(&["a", "b", "c"]);
    let (alice, bob, carol) = (
        world.user(0, "alice"),
        world.user(1, "bob"),
        world.user(2, "carol"),
    );
    world.says(alice, "hello");
    world.says(bob, "#carol psst");
    world.says(carol, "!users");
    assert_eq!(world.heard(bob), "alice: hello\r\n");
    assert_eq!(
        world.heard(carol),
        "alice: hello\r\n#bob: psst\r\nalice bob carol\r\n"
    );
}

#[test]
fn a_name_that_is_claimed_on_two_servers_at_once_has_one_owner() {
    let mut world = world(&["a", "b"]);
    let now = world.now;
    let claims: Vec<_> = (0..2)
        .map(|node| {
            let conn = world.nodes[node].connect(now, Dialect::DIRECT).unwrap();
            world.nodes[node].says(now, conn, "HELLO-FROM zoe");
            (node, conn)
        })
        .collect();
    world.seconds(1);
    let mut answers: Vec<String> = claims.iter().map(|&claim| world.heard(claim)).collect();
    answers.sort();
    assert_eq!(answers, ["HELLO zoe\n", "IN-USE\n"]);
}

#[test]
fn the_users_of_a_server_that_dies_are_gone_after_its_lease() {
    let mut world = world(&["a", "b"]);
    let (alice, _) = (world.user(0, "alice"), world.user(1, "bob"));
    let dead = world.nodes.pop().unwrap();
    world.nats.forget(dead.client().unwrap());
    world.pass(LEASE - Duration::from_secs(1));
    world.says(alice, "!users");
    world.seconds(2);
    world.says(alice, "!users");
    assert_eq!(world.heard(alice), "alice bob\r\nalice\r\n");
    let gone = LinkEvent::Gone { node: "b".into() };
    assert!(world.nodes[0].events.contains(&gone));
}

#[test]
fn the_users_of_a_server_that_is_stopped_in_order_are_gone_at_once() {
    let mut world = world(&["a", "b"]);
    let (alice, bob) = (world.user(0, "alice"), world.user(1, "bob"));
    let now = world.now;
    world.nodes[1].server.shut_down(now);
    world.seconds(1);
    assert!(world.nodes[1].server.is_finished());
    world.says(alice, "!users");
    assert_eq!(world.heard(alice), "alice\r\n");
    assert_eq!(world.heard(bob), "");
    assert!(world.now < now + LEASE);
}

#[test]
fn a_server_that_was_given_up_says_so_to_its_users_and_begins_anew() {
    let mut world = world(&["a", "b"]);
    let (alice, bob) = (world.user(0, "alice"), world.user(1, "bob"));
    world.pause(1, LEASE + Duration::from_secs(3));
    world.seconds(12);
    assert_eq!(
        world.heard(bob),
        "!error this server was given up by the others, connect again\r\n"
    );
    assert!(world.nodes[1].is_in());
    let again = world.user(1, "bob");
    world.says(again, "!users");
    assert_eq!(world.heard(again), "alice bob\r\n");
    world.says(alice, "hi");
    assert_eq!(world.heard(again), "alice bob\r\nalice: hi\r\n");
}

#[test]
fn a_server_that_crashed_waits_for_its_lease_and_says_so() {
    let mut world = world(&["a", "b"]);
    let dead = world.nodes.pop().unwrap();
    world.nats.forget(dead.client().unwrap());
    let again = world.add(Node::new("b", 7, |_| {}));
    world.seconds(2);
    assert_eq!(world.nodes[again].events, [LinkEvent::AwaitsLease]);
    world.seconds(5);
    assert!(world.nodes[again].is_in());
}

#[test]
fn the_only_server_that_crashed_waits_for_its_lease_too() {
    let mut world = world(&["a"]);
    let dead = world.nodes.pop().unwrap();
    world.nats.forget(dead.client().unwrap());
    let again = world.add(Node::new("a", 7, |_| {}));
    world.seconds(3);
    assert!(!world.nodes[again].is_in());
    world.seconds(4);
    assert!(world.nodes[again].is_in());
}

#[test]
fn two_servers_of_one_name_are_refused_and_told_what_to_do() {
    let mut world = world(&["a"]);
    let second = world.add(Node::new("a", 7, |_| {}));
    world.seconds(2);
    let refused = LinkEvent::Refused {
        reason: "a server named 'a' runs in community 'club' already: choose another --node".into(),
    };
    assert_eq!(world.nodes[second].events.last(), Some(&refused));
    assert!(world.nodes[second].server.is_finished());
    assert!(world.nodes[0].is_in());
}

#[test]
fn a_server_with_other_settings_is_refused_and_told_which() {
    let mut world = world(&["a"]);
    let mut limits = Limits::default();
    limits.max_rooms = 7;
    let second = world.add(Node::with_limits("b", 7, limits, |_| {}));
    world.seconds(2);
    let refused = LinkEvent::Refused {
        reason: "the servers of community 'club' have --max-rooms 65536: all have to share that"
            .into(),
    };
    assert_eq!(world.nodes[second].events.last(), Some(&refused));
    // Once nobody is there, it may come.
    let now = world.now;
    world.nodes[0].server.shut_down(now);
    world.seconds(1);
    let mut limits = Limits::default();
    limits.max_rooms = 7;
    let third = world.add(Node::with_limits("b", 8, limits, |_| {}));
    world.seconds(1);
    assert!(world.nodes[third].is_in());
}

#[test]
fn while_nats_is_away_users_stay_what_they_send_waits_and_they_are_told_once() {
    let mut world = world(&["a", "b"]);
    let (alice, bob) = (world.user(0, "alice"), world.user(1, "bob"));
    let until = world.now + Duration::from_secs(30);
    world.nats.restart(until, false);
    world.seconds(1);
    world.says(alice, "!users");
    world.says(alice, "hello");
    world.says(alice, "again");
    world.seconds(8);
    assert_eq!(world.heard(alice), "alice bob\r\n");
    world.seconds(40);
    let notices = "!notice the other servers cannot be reached: what you send waits\r\n\
                   !notice the other servers can be reached again\r\n";
    assert_eq!(world.heard(alice), format!("alice bob\r\n{notices}"));
    let heard = world.heard(bob);
    let (said, told): (Vec<&str>, Vec<&str>) = heard
        .split_inclusive('\n')
        .partition(|line| line.starts_with("alice"));
    assert_eq!(said.concat(), "alice: hello\r\nalice: again\r\n");
    assert_eq!(told.concat(), notices);
    let told: Vec<_> = world.nodes[0].events.iter().skip(1).cloned().collect();
    assert!(
        told.contains(&LinkEvent::Away) && told.contains(&LinkEvent::Back),
        "{told:?}"
    );
}

const LOG_LOST: &str = "!error the servers have lost what they had in common, connect again\r\n";

#[test]
fn when_the_log_comes_back_empty_users_are_told_and_the_servers_begin_anew() {
    for is_cluster in [false, true] {
        let mut world = world(&["a", "b"]);
        world.nats.faults.is_cluster = is_cluster;
        world.nats.disconnect_all();
        let (alice, bob) = (world.user(0, "alice"), world.user(1, "bob"));
        let soon = world.now + Duration::from_secs(1);
        world.nats.restart(soon, true);
        world.log += 1;
        world.seconds(10);
        assert_eq!(world.heard(alice), LOG_LOST);
        assert_eq!(world.heard(bob), LOG_LOST);
        let again = world.user(0, "bob");
        world.says(again, "!users");
        assert_eq!(world.heard(again), "bob\r\n");
    }
}

/// Two servers with a user each, who have talked; NATS is a cluster, and everybody connects again.
fn talking() -> (World, (usize, ConnId), (usize, ConnId)) {
    let mut world = world(&["a", "b"]);
    world.nats.faults.is_cluster = true;
    let (alice, bob) = (world.user(0, "alice"), world.user(1, "bob"));
    for number in 0..10 {
        world.says(alice, &format!("hello {number}"));
    }
    world.nats.disconnect_all();
    (world, alice, bob)
}

#[test]
fn a_new_leader_of_nats_that_has_yet_to_learn_what_it_has_is_given_time() {
    let (mut world, alice, bob) = talking();
    world.nats.lag = (5, world.now + Duration::from_secs(4));
    world.says(bob, "still here?");
    world.seconds(8);
    assert_eq!(world.heard(alice), "bob: still here?\r\n");
    assert!(world.heard(bob).ends_with("alice: hello 9\r\n"));
}

#[test]
fn a_log_that_has_lost_its_end_is_another_one() {
    let (mut world, alice, bob) = talking();
    world.roll_back(5);
    world.seconds(20);
    assert!(world.heard(alice).ends_with(LOG_LOST));
    assert!(world.heard(bob).ends_with(LOG_LOST));
    assert!(world.nodes.iter().all(Node::is_in));
}

#[test]
fn a_server_that_writes_in_the_place_of_what_it_has_read_notices_it() {
    let (mut world, alice, bob) = talking();
    world.seconds(1);
    world.roll_back(5);
    world.says(bob, "am I heard?");
    assert!(world.heard(bob).ends_with(LOG_LOST));
    world.seconds(20);
    assert!(world.heard(alice).ends_with(LOG_LOST));
    assert!(world.nodes.iter().all(Node::is_in));
}

#[test]
fn a_log_that_has_lost_its_end_and_went_on_is_another_one() {
    let (mut world, alice, bob) = talking();
    for node in 0..2 {
        world.pause(node, LEASE / 2);
    }
    world.roll_back(5);
    let late = world.add(Node::new("c", 7, |_| {}));
    world.seconds(1);
    let carol = world.user(late, "carol");
    for number in 0..10 {
        world.says(carol, &format!("hello {number}"));
    }
    world.seconds(20);
    assert!(world.heard(alice).ends_with(LOG_LOST));
    assert!(world.heard(bob).ends_with(LOG_LOST));
    assert!(world.nodes.iter().all(Node::is_in));
}

#[test]
fn who_reads_more_slowly_hears_all_that_others_say_at_once_on_another_server() {
    let mut world = world(&["a", "b"]);
    let bob = world.user(1, "bob");
    let talkers: Vec<_> = (0..20)
        .map(|number| world.user(0, &format!("mouth{number}")))
        .collect();
    world.nodes[1].slow = Some((bob.1, world.now));
    let lines = format!("{}\n", "x".repeat(300)).repeat(400);
    for (_, conn) in talkers {
        let now = world.now;
        world.nodes[0].says(now, conn, &lines);
    }
    world.seconds(4);
    assert!(world.nodes[1].open.contains(&bob.1), "bob was closed");
    assert_eq!(world.heard(bob).lines().count(), 20 * 400);
}

#[test]
fn a_server_that_comes_late_reads_a_snapshot_and_the_rest() {
    let mut world = World::new(
        1,
        Faults {
            max_messages: 40,
            ..usual()
        },
    );
    for (name, incarnation) in [("a", 1000), ("b", 2000)] {
        world.add(Node::new(name, incarnation, |options| {
            options.snapshot_every = 16
        }));
    }
    world.seconds(1);
    let alice = world.user(0, "alice");
    let bob = world.user(1, "bob");
    world.says(bob, "!enter den");
    for number in 0..100 {
        world.says(alice, &format!("hello {number}"));
    }
    let late = world.add(Node::new("c", 3000, |options| options.snapshot_every = 16));
    world.seconds(1);
    assert!(world.nodes[late].is_in(), "{:?}", world.nodes[late].events);
    let carol = world.user(late, "carol");
    world.says(carol, "!users");
    world.says(carol, "!members den");
    assert_eq!(world.heard(carol), "alice bob carol\r\nbob\r\n");
}

#[test]
fn nobody_is_let_in_before_the_server_is() {
    let mut world = World::new(1, usual());
    let far = world.now + Duration::from_secs(5);
    world.nats.restart(far, false);
    let node = world.add(Node::new("a", 1, |_| {}));
    world.seconds(4);
    let now = world.now;
    assert_eq!(world.nodes[node].connect(now, Dialect::ROOMS), None);
    let unreachable = LinkEvent::Unreachable {
        address: "nats:4222".into(),
    };
    assert_eq!(world.nodes[node].events, [unreachable]);
    world.seconds(6);
    let now = world.now;
    assert!(world.nodes[node].connect(now, Dialect::ROOMS).is_some());
    assert_eq!(
        world.nodes[node].events.last(),
        Some(&LinkEvent::In { others: 0 })
    );
}

#[test]
fn irc_lists_the_servers_and_counts_all_users() {
    let mut world = world(&["a", "b"]);
    world.user(1, "bob");
    world.user(1, "carol");
    let now = world.now;
    let ann = world.nodes[0].connect(now, Dialect::IRC).unwrap();
    world.says((0, ann), "NICK ann\r\nUSER a 0 * :a");
    world.says((0, ann), "LUSERS\r\nLINKS\r\nMAP");
    let heard = world.heard((0, ann));
    for line in [
        " 251 ann :There are 3 users and 0 invisible on 2 servers\r\n",
        " 255 ann :I have 1 clients and 1 servers\r\n",
        " 265 ann 1 1 :Current local users 1, max 1\r\n",
        " 266 ann 3 3 :Current global users 3, max 3\r\n",
        " 364 ann b linechat.local :1 linechat\r\n",
        " 015 ann :linechat.local [1 users]\r\n",
        " 015 ann :`- b [2 users]\r\n",
    ] {
        assert!(heard.contains(line), "{line}{heard}");
    }
}

#[test]
fn users_of_irc_are_told_of_what_happens_between_servers() {
    let mut world = world(&["a", "b"]);
    let (now, bob) = (world.now, world.user(1, "bob"));
    let ann = world.nodes[0].connect(now, Dialect::IRC).unwrap();
    world.says((0, ann), "NICK ann\r\nUSER a 0 * :a\r\nJOIN #lobby");
    world.pause(1, LEASE + Duration::from_secs(3));
    world.seconds(12);
    let heard = world.heard((0, ann));
    assert!(heard.contains("QUIT :server gone\r\n"), "{heard}");
    assert!(world.heard(bob).contains("given up"));
    world.pause(0, LEASE + Duration::from_secs(3));
    world.seconds(12);
    let heard = world.heard((0, ann));
    let error = "ERROR :Closing link: this server was given up by the others, connect again\r\n";
    assert!(heard.ends_with(error), "{heard}");
}

#[test]
fn a_server_that_is_stopped_while_everybody_talks_ends_in_time() {
    for moment in 0..40 {
        let mut world = world(&["a", "b"]);
        let users = [world.user(0, "alice"), world.user(1, "bob")];
        let now = world.now;
        for (node, conn) in users {
            let lines = "hello\n".repeat(20);
            world.nodes[node].says(now, conn, &lines);
        }
        world.pass(Duration::from_millis(moment));
        let now = world.now;
        world.nodes[1].server.shut_down(now);
        world.seconds(6);
        assert!(world.nodes[1].server.is_finished(), "{moment}");
        world.says(users[0], "!users");
        assert!(world.heard(users[0]).ends_with("alice\r\n"), "{moment}");
    }
}

#[test]
fn a_server_of_another_version_disturbs_nobody_who_takes_part_and_is_no_company_for_who_comes() {
    let mut world = world(&["a"]);
    let late = world.add(Node::new("b", 7, |_| {}));
    world.pass(Duration::from_millis(5));
    let now = world.now;
    for _ in 0..20 {
        world
            .nats
            .distribute(now, "linechat.club.beat", None, b"\x02and whatever");
        world.pass(Duration::from_millis(1));
    }
    world.seconds(2);
    assert!(world.nodes[0].is_in(), "{:?}", world.nodes[0].events);
    let refused = LinkEvent::Refused {
        reason: "the servers of community 'club' speak version 2 among each other, and this one \
                 version 1: all have to be of one version"
            .into(),
    };
    assert_eq!(world.nodes[late].events.last(), Some(&refused));
}
