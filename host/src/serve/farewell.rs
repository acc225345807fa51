//! What is logged of a server that goes away.

use linechat_driver::Observer;
use linechat_protocol::{Event, Instant, Server};
use tracing::info;

/// The duty to log that the server lets its peers leave by themselves.
#[derive(Default)]
pub(super) struct Farewell {
    is_said: bool,
}

impl Observer for Farewell {
    fn event(&mut self, _event: &Event) {}

    fn turned(&mut self, _now: Instant, server: &mut Server) {
        if self.is_said || !server.is_draining() {
            return;
        }
        self.is_said = true;
        let dialects = server.stats().dialects;
        let connections: usize = dialects.iter().map(|it| it.connections).sum();
        let seconds = server.limits().drain.unwrap_or_default().as_secs_f64();
        info!(
            "draining: {connections} connections may leave by themselves, for {seconds} s at most"
        );
    }
}
