//! How long a server takes to catch up that comes late.

use std::time::{Duration, Instant};

use crate::crowd::{Crowd, PATIENCE};
use crate::failure::Failure;
use crate::link::LEASE;
use crate::link::community::Community;
use crate::program::Program;
use crate::run::MESSAGE_SIZE;
use crate::run::finish;
use crate::wire::Wire;
use crate::workload::{Load, PingPong};

/// Has the users of two servers say as much as [`ENTRIES`] to each other, then starts a third.
/// Says how long it takes until that one listens.
pub(super) fn time_until_listening(program: Program) -> Result<Duration, Failure> {
    let mut community = Community::start(program, WIRE, 2, LEASE)?;
    let crowd = &mut Crowd::new(WIRE.transport())?;
    let at = community.site.addresses();
    let mut load = PingPong::start(crowd, &at, WIRE, MESSAGE_SIZE, (PAIRS, WINDOW))?;
    let has_spoken = |load: &mut PingPong| load.progress().delivered() >= ENTRIES;
    if !crowd.run_until(&mut load, PATIENCE, has_spoken)? {
        return Err(Failure::Lost {
            outstanding: load.progress().outstanding(),
        });
    }
    finish(crowd, &mut load)?;
    let begin = Instant::now();
    community.join()?;
    Ok(begin.elapsed())
}

const WIRE: Wire = Wire::Rooms;
const PAIRS: usize = 100;
const WINDOW: usize = 10;
/// Each message is one in the log.
pub(super) const ENTRIES: u64 = 100_000;
