//! Deadlines, each a nanosecond before, at and after its time.

use std::time::Duration;

use linechat_protocol::{CloseReason, Dialect, Limits};

use crate::world::World;

#[test]
fn whoever_does_not_read_is_closed_when_the_grace_of_a_shutdown_is_over() {
    let chat = World::relay();
    let alice = chat.connect();
    let bob = chat.connect();
    bob.stops_reading();
    alice.says("hi");
    chat.shuts_down();
    alice.is_closed(CloseReason::ShuttingDown);

    chat.waits(Limits::default().grace - NANOSECOND);
    bob.is_draining(CloseReason::ShuttingDown);
    chat.waits(NANOSECOND);
    bob.is_closed(CloseReason::ShuttingDown);
    assert!(chat.is_asleep_for_ever());
}

const NANOSECOND: Duration = Duration::from_nanos(1);
