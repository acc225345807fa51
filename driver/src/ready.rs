//! Which sockets have something to do.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use linechat_protocol::ConnId;

/// What a socket belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    Connection(ConnId),
    Listeners,
    Bell,
    /// What the server wanted to be connected to, or that it cannot be.
    Dialled,
}

/// The sockets that became ready since the driver last looked.
#[derive(Default)]
pub(super) struct Ready {
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    /// In the order in which they became ready; one can be in it twice.
    sources: Vec<Source>,
    /// Wakes the driver, unless that was done already.
    driver: Option<Waker>,
}

impl Ready {
    /// Swaps `sources`, which is empty, for what became ready. `driver` is woken for the next.
    pub(super) fn take(&self, sources: &mut Vec<Source>, driver: &Waker) {
        let mut queue = self.lock();
        mem::swap(&mut queue.sources, sources);
        if !queue
            .driver
            .as_ref()
            .is_some_and(|waker| waker.will_wake(driver))
        {
            queue.driver = Some(driver.clone());
        }
    }

    /// What a socket is to wake when it becomes ready.
    pub(super) fn waker(self: &Arc<Self>, source: Source) -> Waker {
        let ready = Arc::clone(self);
        Arc::new(SourceWaker { source, ready }).into()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct SourceWaker {
    source: Source,
    ready: Arc<Ready>,
}

impl Wake for SourceWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut queue = self.ready.lock();
        queue.sources.push(self.source);
        let driver = queue.driver.take();
        drop(queue);
        if let Some(driver) = driver {
            driver.wake();
        }
    }
}
