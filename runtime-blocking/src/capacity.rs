//! How many connections there is room for.
//!
//! A thread that has started maps a stack for its signals. If the system refuses that, Rust's
//! library ends the whole process (rust-lang/rust#78497), and so does an allocation that fails. So
//! the server has to stop accepting before it comes to that.

use std::fmt;
use std::io;

use linechat_protocol::Limits;
use tracing::{debug, warn};

use crate::room::Room;

/// The most connections that a server has at a time, and what bounds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Capacity {
    pub(crate) connections: usize,
    bound: Bound,
}

impl Capacity {
    /// As many as there is `room` for, beside what a server with these `limits` may buffer.
    pub(crate) fn of(room: &Room, limits: &Limits) -> Self {
        let mappings = room.mappings.map(with_margin);
        let threads = room.threads.map(with_margin);
        let bytes = |room: Option<u64>| room.map(|room| room - for_backlogs(room, limits));
        let bounds = [
            (mappings, MAPPINGS_PER_THREAD, Bound::Mappings),
            (
                threads.map(|threads| threads.saturating_sub(OTHER_THREADS)),
                1,
                Bound::Threads,
            ),
            (
                bytes(room.address_space),
                ADDRESS_SPACE,
                Bound::AddressSpace,
            ),
            (bytes(room.memory), MEMORY, Bound::Memory),
        ];
        let bounds = bounds.into_iter().filter_map(|(room, each, bound)| {
            let connections = usize::try_from(room? / each).unwrap_or(usize::MAX);
            // With none at all it would be no server.
            Some(Self {
                connections: connections.max(1),
                bound,
            })
        });
        bounds
            .min_by_key(|capacity| capacity.connections)
            .unwrap_or(Self::UNBOUNDED)
    }

    /// What is certain to be too much for any system.
    pub(crate) const UNBOUNDED: Self = Self {
        connections: usize::MAX,
        bound: Bound::Memory,
    };

    /// Logs it, as a warning if a server was meant to have more connections.
    pub(crate) fn tell(&self, limits: &Limits) {
        let Self { connections, bound } = self;
        match limits.max_connections {
            Some(wanted) if wanted.get() > *connections => {
                warn!("serving at most {connections} connections at a time, not {wanted}: {bound}");
            }
            _ => debug!("serving at most {connections} connections at a time: {bound}"),
        }
    }

    /// Why nobody is accepted while there are as many connections.
    pub(crate) fn reached(&self) -> io::Error {
        let Self { connections, bound } = self;
        io::Error::other(format!("{connections} are connected, {bound}"))
    }
}

/// Warns of backlogs that may take more than there is room for, which would end the process.
#[cfg_attr(test, expect(dead_code, reason = "the model has no address space"))]
pub(crate) fn warn_of_backlogs(room: &Room, limits: &Limits) {
    if let Some(room) = room.address_space
        && for_backlogs(room, limits) < twice_buffered(limits)
    {
        let advice = room / 8 * 3;
        warn!(
            "the limit on address space (RLIMIT_AS) is small for what may wait for recipients: \
             lower --max-buffered to {advice}, or peers may end the server"
        );
    }
}

/// What there is too little of for one more connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    Mappings,
    Threads,
    AddressSpace,
    Memory,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Mappings => "the limit on memory mappings (vm.max_map_count)",
            Self::Threads => {
                "the limit on threads (RLIMIT_NPROC, pids.max, kernel.threads-max, kernel.pid_max)"
            }
            Self::AddressSpace => "the limit on address space (RLIMIT_AS)",
            Self::Memory => "the memory",
        };
        write!(f, "{what} has no room for more")
    }
}

/// What is left to backlogs of some bytes of room: twice what they may be, for what frames take
/// besides, and for input that waits; but not all.
fn for_backlogs(room: u64, limits: &Limits) -> u64 {
    twice_buffered(limits).min(room / 4 * 3)
}

fn twice_buffered(limits: &Limits) -> u64 {
    (limits.max_buffered as u64).saturating_mul(2)
}

/// Leaves some for threads that are about to end, and for the rest of the process.
fn with_margin(room: u64) -> u64 {
    room - room / 16
}

/// A stack and a stack for signals, each with a page in front of it that must not be touched.
const MAPPINGS_PER_THREAD: u64 = 4;

/// The event loop's, the console's, and some of an application.
const OTHER_THREADS: u64 = 4;

/// The stacks of a connection's thread take 151 KiB of address space. What it has read, and what of
/// that waits for others to read, take up to 64 KiB each, and leave gaps in the heap.
const ADDRESS_SPACE: u64 = 512 << 10;

/// An idle connection takes 30 KiB, half of it the system's; a busy one has read something.
const MEMORY: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn capacity(room: Room) -> Capacity {
        let mut limits = Limits::default();
        limits.max_buffered = 256 << 20;
        Capacity::of(&room, &limits)
    }

    fn bounded(connections: usize, bound: Bound) -> Capacity {
        Capacity { connections, bound }
    }

    #[test]
    fn what_there_is_least_room_for_bounds() {
        let plenty = Room {
            mappings: Some(65_500),
            threads: Some(32_768),
            address_space: None,
            memory: Some(24 << 30),
        };
        assert_eq!(capacity(plenty), bounded(15_351, Bound::Mappings));
        let threads = Some(4096);
        let few_threads = Room { threads, ..plenty };
        assert_eq!(capacity(few_threads), bounded(3836, Bound::Threads));
        let address_space = Some(1 << 30);
        let narrow = Room {
            address_space,
            ..plenty
        };
        assert_eq!(capacity(narrow), bounded(1024, Bound::AddressSpace));
        let memory = Some(512 << 20);
        let small = Room { memory, ..plenty };
        assert_eq!(capacity(small), bounded(2048, Bound::Memory));
    }

    #[test]
    fn backlogs_leave_a_quarter_of_the_memory_to_threads() {
        let memory = Some(100 << 20);
        let room = Room {
            memory,
            ..Room::default()
        };
        assert_eq!(capacity(room), bounded(400, Bound::Memory));
    }

    #[test]
    fn a_system_that_tells_nothing_bounds_nothing() {
        assert_eq!(capacity(Room::default()), Capacity::UNBOUNDED);
    }

    #[test]
    fn somebody_is_served_however_little_there_is() {
        let nothing = Room {
            mappings: Some(3),
            threads: Some(1),
            address_space: Some(0),
            memory: Some(0),
        };
        assert_eq!(capacity(nothing).connections, 1);
    }

    #[test]
    fn it_says_why_in_words() {
        assert_eq!(
            bounded(7, Bound::AddressSpace).reached().to_string(),
            "7 are connected, the limit on address space (RLIMIT_AS) has no room for more"
        );
    }
}
