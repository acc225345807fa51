//! What a server is made from.

use core::time::Duration;

use thiserror::Error;

use crate::{Dialect, Limits};

/// Everything that is decided before a [`Server`](crate::Server) starts.
///
/// ```
/// use linechat_protocol::{Config, Dialect, Server};
///
/// let mut config = Config::new(Dialect::ECHO);
/// config.uppercase = true;
/// assert!(Server::new(config).is_ok());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The protocol to speak.
    pub dialect: Dialect,
    /// What peers may use.
    pub limits: Limits,
    /// What counts as one message, where the dialect leaves a choice; `None` for its default.
    pub framing: Option<Framing>,
    /// How long nothing comes before an unfinished line is a message as it stands, with
    /// [`Framing::Auto`]. Default: [`DEFAULT_PAUSE`](Self::DEFAULT_PAUSE).
    pub pause: Duration,
    /// `echo` only: send lines back in upper case.
    pub uppercase: bool,
    /// `pair` only: neither wait for turns nor make the client wait.
    pub full_duplex: bool,
}

impl Config {
    /// 300 ms: longer than a line takes through a slow network, shorter than somebody minds.
    pub const DEFAULT_PAUSE: Duration = Duration::from_millis(300);

    /// A server of this dialect with the default [`Limits`].
    pub fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            limits: Limits::default(),
            framing: None,
            pause: Self::DEFAULT_PAUSE,
            uppercase: false,
            full_duplex: false,
        }
    }

    /// Refuses what the dialect has no use for and what cannot work.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        let chosen = [
            (Setting::Framing, self.framing.is_some()),
            (Setting::Chunks, self.framing == Some(Framing::Chunks)),
            (Setting::Uppercase, self.uppercase),
            (Setting::FullDuplex, self.full_duplex),
        ];
        for (setting, is_chosen) in chosen {
            if is_chosen && !self.dialect.takes(setting) {
                return Err(ConfigError::DoesNotFit {
                    setting,
                    dialect: self.dialect,
                });
            }
        }
        let limits = [
            (self.limits.max_line, "max_line"),
            (self.limits.max_backlog, "max_backlog"),
            (self.limits.max_buffered, "max_buffered"),
        ];
        for (limit, name) in limits {
            if limit == 0 {
                return Err(ConfigError::Zero { name });
            }
        }
        Ok(())
    }
}

/// What counts as one message in a dialect that does not look into its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// One line.
    Lines,
    /// One line; or what of one has come, once nothing more has come for [`Config::pause`]. For
    /// peers that send no line endings.
    Auto,
    /// Whatever one call of [`Server::receive`](crate::Server::receive) brings.
    Chunks,
}

/// A part of the configuration that only some dialects have a use for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Setting {
    /// [`Config::framing`]
    Framing,
    /// [`Framing::Chunks`]
    Chunks,
    /// [`Config::pause`]
    Pause,
    /// [`Config::uppercase`]
    Uppercase,
    /// [`Config::full_duplex`]
    FullDuplex,
    /// [`Limits::login_timeout`]
    LoginTimeout,
    /// [`Limits::max_rooms`]
    MaxRooms,
    /// [`Limits::max_rooms_per_user`]
    MaxRoomsPerUser,
    /// [`Limits::max_users`]
    MaxUsers,
}

/// Why a [`Config`] makes no server. The caller is at fault, and can mend it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// The dialect has no use for a setting that was made.
    #[error("{setting:?} does not fit the dialect {dialect}")]
    DoesNotFit {
        /// What was set.
        setting: Setting,
        /// The dialect that does not take it.
        dialect: Dialect,
    },
    /// A limit is zero, so that nothing could ever be received or sent.
    #[error("the limit {name} must be at least 1")]
    Zero {
        /// The field of [`Limits`].
        name: &'static str,
    },
}
