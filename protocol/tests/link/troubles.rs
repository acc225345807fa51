//! What operators are told of what is wrong, and what becomes of the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use linechat_protocol::link::{LinkLayer, Options};
use linechat_protocol::{CloseReason, Instant, Layer, LayerEnd, LayerError, LayerStage, LinkEvent};

use crate::community::{usual, world};
use crate::node::Node;
use crate::world::World;

/// A layer that hands everything on, or refuses whoever is at the other end.
struct Gate {
    is_shut: Arc<AtomicBool>,
    stage: LayerStage,
}

impl Gate {
    fn under_links(options: &mut Options, is_shut: &Arc<AtomicBool>) {
        let is_shut = Arc::clone(is_shut);
        options.layer = Some(LinkLayer::new(move |_, _| {
            let is_shut = Arc::clone(&is_shut);
            let stage = LayerStage::Opening;
            Box::new(Self { is_shut, stage })
        }));
    }
}

impl Layer for Gate {
    fn receive(
        &mut self,
        _now: Instant,
        received: &[u8],
        plain: &mut Vec<u8>,
        _wire: &mut BytesMut,
    ) -> Result<(), LayerError> {
        if self.stage == LayerStage::Opening && self.is_shut.load(Ordering::Relaxed) {
            return Err(LayerError::new("nobody vouches for it"));
        }
        self.stage = LayerStage::Open;
        plain.extend_from_slice(received);
        Ok(())
    }

    fn receive_eof(&mut self) -> LayerEnd {
        LayerEnd::Authentic
    }

    fn seal(&mut self, plain: &[u8], wire: &mut BytesMut) {
        wire.extend_from_slice(plain);
    }

    fn finish(&mut self, _reason: CloseReason, _wire: &mut BytesMut) {}

    fn stage(&self) -> LayerStage {
        self.stage
    }
}

/// What was told of a server but who comes and goes, and forgets it.
fn told(world: &mut World, node: usize) -> Vec<LinkEvent> {
    let mut told = std::mem::take(&mut world.nodes[node].events);
    told.retain(|it| {
        !matches!(
            it,
            LinkEvent::In { .. } | LinkEvent::Came { .. } | LinkEvent::Gone { .. }
        )
    });
    told
}

#[test]
fn a_server_that_does_not_trust_nats_at_first_ends_and_says_what_to_do() {
    let is_shut = Arc::new(AtomicBool::new(true));
    let mut world = World::new(1, usual());
    let node = world.add(Node::new("a", 1, |it| Gate::under_links(it, &is_shut)));
    world.seconds(10);
    let told = told(&mut world, node);
    let [LinkEvent::Refused { reason }] = &*told else {
        panic!("{told:?}");
    };
    assert!(
        reason.starts_with("NATS at nats:4222: nobody vouches for it; "),
        "{reason}"
    );
    assert!(reason.contains("'--link-ca'"), "{reason}");
    assert!(world.nodes[node].server.is_shutting_down());
}

#[test]
fn a_server_that_was_in_and_does_not_trust_nats_any_more_says_so_once_and_keeps_trying() {
    let is_shut = Arc::new(AtomicBool::new(false));
    let mut world = World::new(1, usual());
    let node = world.add(Node::new("a", 1, |it| Gate::under_links(it, &is_shut)));
    world.seconds(1);
    let alice = world.user(node, "alice");
    is_shut.store(true, Ordering::Relaxed);
    let now = world.now;
    world.nats.restart(now, false);
    world.says(alice, "hello");
    world.seconds(90);
    let told_meanwhile = told(&mut world, node);
    let [LinkEvent::Trouble { reason }, LinkEvent::Away] = &*told_meanwhile else {
        panic!("{told_meanwhile:?}");
    };
    assert!(reason.contains("nobody vouches for it"), "{reason}");
    is_shut.store(false, Ordering::Relaxed);
    world.seconds(10);
    assert_eq!(told(&mut world, node), [LinkEvent::Back]);
    world.says(alice, "!users");
    assert!(world.heard(alice).ends_with("alice\r\n"));
}

#[test]
fn nats_that_hangs_up_without_a_word_is_told_from_one_that_is_not_there() {
    let mut world = World::new(1, usual());
    world.nats.is_mute = true;
    let node = world.add(Node::new("a", 1, |_| {}));
    world.seconds(30);
    let told = told(&mut world, node);
    let [LinkEvent::Trouble { reason }] = &*told else {
        panic!("{told:?}");
    };
    assert!(reason.contains("'handshake_first'"), "{reason}");
    world.nats.is_mute = false;
    world.seconds(10);
    assert!(world.nodes[node].is_in());
}

#[test]
fn what_nats_has_not_decided_on_is_not_taken_for_stored() {
    let mut world = world(&["a", "b"]);
    let (alice, bob) = (world.user(0, "alice"), world.user(1, "bob"));
    told(&mut world, 0);
    world.nats.is_undecided = true;
    world.says(alice, "hello");
    world.seconds(5);
    world.nats.is_undecided = false;
    world.says(alice, "again");
    world.seconds(1);
    assert_eq!(world.heard(bob), "alice: hello\r\nalice: again\r\n");
    assert_eq!(told(&mut world, 0), []);
}

#[test]
fn a_log_that_takes_nothing_is_told_once_and_loses_nothing() {
    let mut world = world(&["a", "b"]);
    let (alice, bob) = (world.user(0, "alice"), world.user(1, "bob"));
    told(&mut world, 0);
    world.nats.is_full = true;
    world.says(alice, "hello");
    world.seconds(90);
    let told_meanwhile = told(&mut world, 0);
    let [
        LinkEvent::Trouble { reason: refused },
        LinkEvent::Away,
        LinkEvent::Trouble { reason: advice },
    ] = &*told_meanwhile
    else {
        panic!("{told_meanwhile:?}");
    };
    assert_eq!(refused, "JetStream says: no space left on device");
    assert!(advice.contains("disk is full"), "{advice}");
    assert_eq!(world.heard(bob).lines().count(), 0);
    world.nats.is_full = false;
    world.pass(Duration::from_secs(1));
    assert_eq!(told(&mut world, 0), [LinkEvent::Back]);
    assert_eq!(world.heard(bob), "alice: hello\r\n");
    // What comes again later is told again.
    world.seconds(90);
    world.nats.is_full = true;
    world.says(alice, "again");
    world.seconds(1);
    assert_eq!(told(&mut world, 0).len(), 1);
}
