//! What a program does between two turns of its server, besides serving.

use std::fmt;

use linechat_driver::{Flush, Observer};
use linechat_protocol::{Event, Instant, Server};

/// Several observers that are one: each hears of everything, in the order in which they came.
#[derive(Default)]
pub(crate) struct Duties(Vec<Box<dyn Observer>>);

impl Duties {
    /// One more observer.
    pub(crate) fn add(&mut self, duty: Box<dyn Observer>) {
        self.0.push(duty);
    }
}

impl Observer for Duties {
    fn event(&mut self, event: &Event) {
        for duty in &mut self.0 {
            duty.event(event);
        }
    }

    fn turned(&mut self, now: Instant, server: &mut Server) {
        for duty in &mut self.0 {
            duty.turned(now, server);
        }
    }

    fn flushed(&mut self, flush: Flush) {
        for duty in &mut self.0 {
            duty.flushed(flush);
        }
    }

    fn due(&self) -> Option<Instant> {
        self.0.iter().filter_map(|duty| duty.due()).min()
    }
}

impl fmt::Debug for Duties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Duties").field(&self.0.len()).finish()
    }
}
