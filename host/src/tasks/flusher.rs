//! The task that writes, and that minds the time.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::shared::{Shared, State, register};
use super::{Runtime, Timer};

/// Flushes the server whenever it was told something, and when its time is due.
///
/// It is woken by the first reader of a turn and runs after the last one, since a task that is
/// woken goes to the end of the queue: that makes one write for each recipient of a turn.
pub(super) async fn run<R: Runtime>(shared: Arc<Shared<R>>) {
    let mut timer = R::Timer::default();
    poll_fn(|cx| poll_flush(&mut shared.lock(), &mut timer, cx)).await;
}

fn poll_flush<R: Runtime>(
    state: &mut State<R>,
    timer: &mut R::Timer,
    cx: &mut Context<'_>,
) -> Poll<()> {
    if state.ended {
        return Poll::Ready(());
    }
    register(&mut state.flusher, cx);
    state.flush();
    let Some(due) = state.server.poll_timeout() else {
        return Poll::Pending;
    };
    let now = state.clock.now();
    if due <= now {
        state.server.handle_timeout(now);
    }
    if due <= now || timer.poll_until(cx, state.clock.to_std(due)).is_ready() {
        // The others have their turn before what comes of it is flushed.
        R::run_again(cx);
    }
    Poll::Pending
}
