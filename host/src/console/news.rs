//! What happens in a server, told to its operator.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use linechat_driver::Observer;
use linechat_protocol::pair::Turn;
use linechat_protocol::{Event, Peer};

/// Something that an operator wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// It is somebody's turn, in the talk with this client.
    Turn(Peer, Turn),
    /// A client has left, and what came from it was handed to the console.
    Left(Peer),
    /// What the operator typed for a client that has left.
    NotSent(Peer, Vec<Vec<u8>>),
}

/// Hears what happens, besides another observer.
pub(crate) struct Reporter<O> {
    next: O,
    notices: Notices,
    wake: UnixStream,
}

/// Has what was heard.
pub(super) struct News {
    notices: Notices,
    /// Readable when there is something new.
    woken: UnixStream,
}

type Notices = Arc<Mutex<VecDeque<Notice>>>;

/// Both ends of a way for news; `next` hears of everything, too.
///
/// # Errors
///
/// The system's, where it has no descriptor left.
pub(super) fn news<O>(next: O) -> io::Result<(Reporter<O>, News)> {
    let (wake, woken) = UnixStream::pair()?;
    wake.set_nonblocking(true)?;
    woken.set_nonblocking(true)?;
    let notices = Notices::default();
    let reporter = Reporter {
        next,
        notices: Arc::clone(&notices),
        wake,
    };
    Ok((reporter, News { notices, woken }))
}

impl<O: Observer> Observer for Reporter<O> {
    fn event(&mut self, event: &Event) {
        self.next.event(event);
        let notice = match event {
            Event::TurnChanged { peer, turn, .. } => Notice::Turn(*peer, *turn),
            Event::Left { peer, .. } if *peer != Peer::Console => Notice::Left(*peer),
            Event::TypedLinesDropped { peer, lines, .. } => Notice::NotSent(*peer, lines.clone()),
            _ => return,
        };
        let mut notices = lock(&self.notices);
        notices.push_back(notice);
        if notices.len() > MAX_NOTICES {
            // Of an operator who does not look, the latest are kept.
            notices.pop_front();
        }
        // If there is no room, somebody is woken already.
        let _ = self.wake.write(b"!");
    }
}

impl News {
    /// The next notice, if there is one.
    pub(super) fn next(&self) -> Option<Notice> {
        let mut bytes = [0; 64];
        while rustix::io::read(&self.woken, &mut bytes).is_ok_and(|length| length > 0) {}
        lock(&self.notices).pop_front()
    }
}

impl AsFd for News {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.woken.as_fd()
    }
}

fn lock(notices: &Notices) -> MutexGuard<'_, VecDeque<Notice>> {
    notices.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How much is kept for an operator whose terminal is stopped.
const MAX_NOTICES: usize = 1000;
