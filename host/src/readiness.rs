//! Waiting for descriptors.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Waits for any of some descriptors, or for `deadline`. Those without a flag are not looked at: a
/// descriptor whose other end is gone would be ready all the time.
///
/// Having been interrupted counts as nothing being ready.
pub(crate) fn wait_for<const N: usize>(
    wanted: [(BorrowedFd<'_>, PollFlags); N],
    deadline: Option<Instant>,
) -> Result<[PollFlags; N], Errno> {
    let mut fds = Vec::with_capacity(N);
    for (fd, flags) in &wanted {
        if !flags.is_empty() {
            fds.push(PollFd::from_borrowed_fd(*fd, *flags));
        }
    }
    match poll(&mut fds, deadline.map(until).as_ref()) {
        Ok(_) => {}
        Err(Errno::INTR) => return Ok([PollFlags::empty(); N]),
        Err(errno) => return Err(errno),
    }
    let mut polled = fds.iter();
    Ok(wanted.map(|(_, flags)| {
        let polled = if flags.is_empty() {
            None
        } else {
            polled.next()
        };
        polled.map_or(PollFlags::empty(), PollFd::revents)
    }))
}

/// `flags`, if they are of interest.
pub(crate) fn when(is_wanted: bool, flags: PollFlags) -> PollFlags {
    if is_wanted { flags } else { PollFlags::empty() }
}

/// The time until `deadline`. A millisecond more, since the system may round down.
fn until(deadline: Instant) -> Timespec {
    let left = deadline.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
    Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: left.subsec_nanos().into(),
    }
}
