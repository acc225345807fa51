//! What of a server can change while it serves.

use crate::config::ConfigError;
use crate::instant::Instant;
use crate::limits::Limits;
use crate::listener::{Listener, ListenerId};

use super::Server;

impl Server {
    /// From now on these limits hold, for those who are connected, too. Those on rooms stay what
    /// they were: the community agreed on them when it began.
    ///
    /// # Errors
    ///
    /// A limit is zero that must not be; then nothing has changed.
    pub fn set_limits(&mut self, now: Instant, limits: Limits) -> Result<(), ConfigError> {
        self.tick(now);
        limits.validate()?;
        let old = &self.floor.engine.limits;
        let (max_rooms, max_rooms_per_user) = (old.max_rooms, old.max_rooms_per_user);
        self.floor.engine.set_limits(Limits {
            max_rooms,
            max_rooms_per_user,
            ..limits
        });
        Ok(())
    }

    /// From now on, the terms at a listener are those of `renewed`, for those who are connected,
    /// too; who connects from now on gets its layer. Of the options of its dialect those take
    /// effect that can, which is what [`irc::Options::renewed`](crate::irc::Options::renewed)
    /// says; the others stay what they were.
    ///
    /// # Errors
    ///
    /// It is for another dialect, or does not work; then nothing has changed.
    ///
    /// # Panics
    ///
    /// The listener is not one of this server.
    pub fn renew(
        &mut self,
        now: Instant,
        listener: ListenerId,
        renewed: Listener,
    ) -> Result<(), ConfigError> {
        self.tick(now);
        let dialect = renewed.dialect();
        if self.dialect(listener) != Some(dialect) {
            return Err(ConfigError::OtherOptions { dialect });
        }
        if renewed.terms.max_line == 0 {
            return Err(ConfigError::Zero { name: "max_line" });
        }
        let terms = dialect.profile().own_terms(renewed.terms);
        self.floor
            .engine
            .renew_listener(listener, terms, renewed.layer);
        for language in &mut self.languages {
            if language.options.dialect() == dialect {
                language.rules.renew(&renewed.options);
            }
        }
        Ok(())
    }
}
