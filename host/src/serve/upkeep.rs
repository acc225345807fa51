//! What of a server is kept up to date while it serves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use linechat_driver::Observer;
use linechat_protocol::{Event, Instant, Server};
use tracing::warn;

use super::reload::Reload;
use crate::certificate::SharedVault;
use crate::roomy::with_room;

/// The duty to load anew what has changed: certificates whose files do, once a minute; on SIGHUP, all
/// certificates, or the configuration and all that it names.
pub(super) struct Upkeep {
    vault: SharedVault,
    /// SIGHUP has come, or an operator has asked for the same.
    is_asked: Arc<AtomicBool>,
    reload: Option<Reload>,
    /// When files are looked at next.
    due: Option<Instant>,
}

impl Upkeep {
    pub(super) fn new(
        vault: SharedVault,
        is_asked: Arc<AtomicBool>,
        reload: Option<Reload>,
    ) -> Self {
        Self {
            vault,
            is_asked,
            reload,
            due: None,
        }
    }
}

impl Observer for Upkeep {
    fn event(&mut self, event: &Event) {
        if matches!(event, Event::ReloadAsked { .. }) {
            self.is_asked.store(true, Ordering::SeqCst);
        }
    }

    fn turned(&mut self, now: Instant, server: &mut Server) {
        let is_due = self.due.is_some_and(|due| due <= now);
        if is_due || self.due.is_none() {
            self.due = Some(now + INTERVAL);
        }
        let is_asked = self.is_asked.swap(false, Ordering::SeqCst);
        if !is_asked && !is_due {
            return;
        }
        let (reload, vault) = (&mut self.reload, &self.vault);
        let done = with_room(|| match reload {
            Some(reload) if is_asked => reload.run(now, server),
            _ => vault.open().renew(!is_asked),
        });
        if let Err(error) = done {
            warn!("cannot load anything anew: {error}; ask once more when there is room");
        }
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }
}

/// How often the files of certificates are looked at.
const INTERVAL: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use linechat_protocol::Limits;

    use super::*;

    #[test]
    fn files_are_looked_at_once_a_minute_and_signals_do_not_put_that_off() {
        let mut server = Server::new(Limits::default()).unwrap();
        let is_asked = Arc::new(AtomicBool::new(false));
        let mut upkeep = Upkeep::new(SharedVault::default(), Arc::clone(&is_asked), None);
        let second = |count| Instant::EPOCH + Duration::from_secs(count);
        upkeep.turned(second(1), &mut server);
        assert_eq!(upkeep.due(), Some(second(61)));
        is_asked.store(true, Ordering::SeqCst);
        upkeep.turned(second(60), &mut server);
        assert!(!is_asked.load(Ordering::SeqCst));
        assert_eq!(upkeep.due(), Some(second(61)));
        upkeep.turned(second(61), &mut server);
        assert_eq!(upkeep.due(), Some(second(121)));
    }
}
