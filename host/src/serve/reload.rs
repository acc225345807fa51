//! The configuration, read again while the server serves.

use linechat_protocol::{Instant, Listener, ListenerId, Server};
use tracing::{error, info, warn};

use super::house::{furnish, read_files};
use crate::certificate::{Loaded, SharedVault};
use crate::cli::{Scheme, ServeOptions, Setting};
use crate::log::Level;

/// Understands the command line, the environment and the file once more; or says in words why that
/// is not possible.
pub(crate) type Reparse = Box<dyn Fn() -> Result<ServeOptions, String> + Send>;

/// Reads the configuration again.
pub(super) struct Reload {
    pub(super) reparse: Reparse,
    /// What holds.
    pub(super) settings: Vec<Setting>,
    /// What is served.
    pub(super) listeners: Vec<(Scheme, ListenerId)>,
    pub(super) vault: SharedVault,
    pub(super) level: Level,
}

/// What is to hold from now on; nothing of it does yet.
struct Prepared {
    options: ServeOptions,
    certificates: Loaded,
}

impl Reload {
    /// Has everything hold that can change while the server serves, or nothing if there is anything
    /// wrong.
    pub(super) fn run(&mut self, now: Instant, server: &mut Server) {
        match self.prepare() {
            Ok(prepared) => self.apply(prepared, now, server),
            Err(words) => error!("{words}; the configuration stays as it was"),
        }
    }

    fn prepare(&self) -> Result<Prepared, String> {
        let mut options = (self.reparse)()?;
        let certificates = read_files(&mut options, &self.vault);
        let certificates = certificates.map_err(|failure| failure.to_string())?;
        Ok(Prepared {
            options,
            certificates,
        })
    }

    fn apply(&mut self, prepared: Prepared, now: Instant, server: &mut Server) {
        let Prepared {
            options,
            certificates,
        } = prepared;
        self.vault.open().hold(certificates);
        self.level.set(options.log.level);
        self.note_changes(&options.settings);
        if let Err(error) = server.set_limits(now, options.limits.clone()) {
            error!("{error}; the limits stay as they were");
        }
        let mut renewed = furnish(options, &self.vault.open());
        let is_as_before = renewed
            .iter()
            .map(|it| it.scheme)
            .eq(self.listeners.iter().map(|&(scheme, _)| scheme));
        for &(scheme, listener) in &self.listeners {
            // In their order if all are still there, or else for the first that is like it.
            let place = match is_as_before {
                true => Some(0),
                false => renewed.iter().position(|it| it.scheme == scheme),
            };
            if let Some(place) = place.filter(|&place| place < renewed.len()) {
                renew(server, now, listener, renewed.remove(place).listener);
            }
        }
        info!("read the configuration again");
    }

    /// Says what has changed, and what would need a restart.
    fn note_changes(&mut self, settings: &[Setting]) {
        let mut held = Vec::new();
        for setting in settings {
            let before = self.settings.iter().find(|it| it.name == setting.name);
            match before {
                Some(before) if before.has_value_of(setting) => {}
                Some(before) if !setting.can_replace(before) => {
                    warn!("'{}' has changed, which needs a restart", setting.name);
                    held.push(before.clone());
                    continue;
                }
                _ => info!("'{}' has changed", setting.name),
            }
            held.push(setting.clone());
        }
        let is_new = |it: &&Setting| !settings.iter().any(|new| new.name == it.name);
        for gone in self.settings.iter().filter(is_new) {
            warn!(
                "'{}' is of no use any more, which needs a restart",
                gone.name
            );
            held.push(gone.clone());
        }
        self.settings = held;
    }
}

fn renew(server: &mut Server, now: Instant, listener: ListenerId, renewed: Listener) {
    if let Err(error) = server.renew(now, listener, renewed) {
        error!("{error}; this listener stays as it was");
    }
}
