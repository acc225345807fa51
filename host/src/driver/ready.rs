//! Which connections have something to do.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use linechat_protocol::ConnId;

/// The connections whose sockets became ready since the driver last looked.
#[derive(Default)]
pub(super) struct Ready {
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    /// In the order in which they became ready; one can be in it twice.
    conns: Vec<ConnId>,
    /// Wakes the driver, unless that was done already.
    driver: Option<Waker>,
}

impl Ready {
    /// Swaps `conns`, which is empty, for those that became ready. `driver` is woken for the next.
    pub(super) fn take(&self, conns: &mut Vec<ConnId>, driver: &Waker) {
        let mut queue = self.lock();
        mem::swap(&mut queue.conns, conns);
        if !queue
            .driver
            .as_ref()
            .is_some_and(|waker| waker.will_wake(driver))
        {
            queue.driver = Some(driver.clone());
        }
    }

    /// What a socket is to wake when it becomes ready.
    pub(super) fn waker(self: &Arc<Self>, conn: ConnId) -> Waker {
        let ready = Arc::clone(self);
        Arc::new(ConnWaker { conn, ready }).into()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct ConnWaker {
    conn: ConnId,
    ready: Arc<Ready>,
}

impl Wake for ConnWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut queue = self.ready.lock();
        queue.conns.push(self.conn);
        let driver = queue.driver.take();
        drop(queue);
        if let Some(driver) = driver {
            driver.wake();
        }
    }
}
