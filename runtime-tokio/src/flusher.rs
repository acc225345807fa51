//! The task that writes, and that minds the time.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use crate::shared::{Shared, State};

/// Flushes the server whenever it was told something, and when its time is due.
///
/// It is woken by the first reader of a turn and runs after the last one, since a task that is
/// woken goes to the end of the queue: that makes one write for each recipient of a turn.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut timer = pin!(sleep(Duration::ZERO));
    poll_fn(|cx| poll_flush(&mut shared.lock(), timer.as_mut(), cx)).await;
}

fn poll_flush(state: &mut State, mut timer: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<()> {
    if state.ended {
        return Poll::Ready(());
    }
    if state
        .flusher
        .as_ref()
        .is_none_or(|flusher| !flusher.will_wake(cx.waker()))
    {
        state.flusher = Some(cx.waker().clone());
    }
    state.flush();
    let Some(due) = state.server.poll_timeout() else {
        return Poll::Pending;
    };
    let now = state.clock.now();
    if due <= now {
        state.server.handle_timeout(now);
        // The others have their turn before what comes of it is flushed.
        cx.waker().wake_by_ref();
        return Poll::Pending;
    }
    let due = state.clock.to_std(due).into();
    if timer.deadline() != due {
        timer.as_mut().reset(due);
    }
    if timer.poll(cx).is_ready() {
        cx.waker().wake_by_ref();
    }
    Poll::Pending
}
