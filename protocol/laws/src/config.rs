//! A server, as a test describes it.

use std::iter;
use std::net::IpAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use linechat_protocol::{
    ConfigError, Dialect, Framing, Limits, Listener, ListenerId, Options, Server, Terms,
};

use crate::tunnel::Tunnel;

/// Everything that can be chosen for a server. What a dialect has no use for is left out.
#[derive(Clone, Debug)]
pub struct Config {
    pub dialect: Dialect,
    pub limits: Bounds,
    pub framing: Option<Framing>,
    pub pause: Duration,
    pub uppercase: bool,
    pub full_duplex: bool,
    /// The layer under the dialect, if there is one.
    pub layer: Option<Arc<dyn Tunnel>>,
    /// What is served besides.
    pub others: Vec<Other>,
}

/// One more listener, on the same terms.
#[derive(Clone, Debug)]
pub struct Other {
    pub dialect: Dialect,
    pub layer: Option<Arc<dyn Tunnel>>,
}

/// All limits, whether they are the server's, a listener's or a dialect's.
#[derive(Clone, Debug)]
pub struct Bounds {
    pub max_line: usize,
    pub max_backlog: usize,
    pub max_buffered: usize,
    pub stall_timeout: Option<Duration>,
    pub max_connections: Option<NonZeroUsize>,
    pub max_connections_per_ip: Option<NonZeroUsize>,
    pub max_openings: usize,
    pub opening_timeout: Duration,
    pub proxy: Option<IpAddr>,
    pub login_timeout: Option<Duration>,
    pub idle_timeout: Option<Duration>,
    pub rate_limit: Option<NonZeroU32>,
    pub grace: Duration,
    pub max_rooms: usize,
    pub max_rooms_per_user: usize,
    pub max_users: usize,
}

impl Config {
    pub fn new(dialect: Dialect) -> Self {
        let (limits, terms) = (Limits::default(), Terms::default());
        Self {
            dialect,
            limits: Bounds {
                max_line: terms.max_line,
                max_backlog: limits.max_backlog,
                max_buffered: limits.max_buffered,
                stall_timeout: limits.stall_timeout,
                max_connections: limits.max_connections,
                max_connections_per_ip: limits.max_connections_per_ip,
                max_openings: limits.max_openings,
                opening_timeout: terms.opening_timeout,
                proxy: terms.proxy,
                login_timeout: terms.login_timeout,
                idle_timeout: terms.idle_timeout,
                rate_limit: terms.rate_limit,
                grace: limits.grace,
                max_rooms: limits.max_rooms,
                max_rooms_per_user: limits.max_rooms_per_user,
                max_users: 16,
            },
            framing: None,
            pause: terms.pause,
            uppercase: false,
            full_duplex: false,
            layer: None,
            others: Vec::new(),
        }
    }

    /// `rooms` and `direct` in one server.
    pub fn mixed() -> Self {
        let mut config = Self::new(Dialect::ROOMS);
        config.others.push(Other {
            dialect: Dialect::DIRECT,
            layer: None,
        });
        config
    }

    /// `irc`, `rooms` and `direct` in one server.
    pub fn irc() -> Self {
        let mut config = Self::new(Dialect::IRC);
        config.others = [Dialect::ROOMS, Dialect::DIRECT]
            .map(|dialect| Other {
                dialect,
                layer: None,
            })
            .to_vec();
        config
    }

    /// The dialect of each listener.
    pub fn dialects(&self) -> impl Iterator<Item = Dialect> {
        let others = self.others.iter().map(|other| other.dialect);
        iter::once(self.dialect).chain(others)
    }

    /// The layer of each listener.
    pub fn layers(&self) -> impl Iterator<Item = &Option<Arc<dyn Tunnel>>> {
        let others = self.others.iter().map(|other| &other.layer);
        iter::once(&self.layer).chain(others)
    }

    /// The server, and its first listener.
    ///
    /// # Errors
    ///
    /// Those of the server.
    pub fn server(&self) -> Result<(Server, ListenerId), ConfigError> {
        let mut server = Server::new(self.limits.of_server())?;
        let listener = server.listen(self.listener())?;
        for other in &self.others {
            let config = Self {
                dialect: other.dialect,
                layer: other.layer.clone(),
                ..self.clone()
            };
            server.listen(config.listener())?;
        }
        Ok((server, listener))
    }

    pub fn listener(&self) -> Listener {
        let mut listener = Listener::new(self.options());
        listener.terms = self.limits.of_listener();
        listener.terms.pause = self.pause;
        listener.layer = self.layer.as_ref().map(|layer| layer.factory());
        listener
    }

    fn options(&self) -> Options {
        let mut options = Options::from(self.dialect);
        match &mut options {
            Options::Echo(options) => {
                options.uppercase = self.uppercase;
                options.framing = self.framing;
            }
            Options::Relay(options) => options.framing = self.framing.unwrap_or(options.framing),
            Options::Addressed(options) => {
                options.framing = self.framing.unwrap_or(options.framing);
            }
            Options::Pair(options) => {
                options.framing = self.framing.unwrap_or(options.framing);
                options.full_duplex = self.full_duplex;
            }
            Options::Direct(options) => options.max_users = self.limits.max_users,
            _ => {}
        }
        options
    }
}

impl Bounds {
    pub fn of_server(&self) -> Limits {
        let mut limits = Limits::default();
        limits.max_backlog = self.max_backlog;
        limits.max_buffered = self.max_buffered;
        limits.stall_timeout = self.stall_timeout;
        limits.max_connections = self.max_connections;
        limits.max_connections_per_ip = self.max_connections_per_ip;
        limits.max_openings = self.max_openings;
        limits.grace = self.grace;
        limits.max_rooms = self.max_rooms;
        limits.max_rooms_per_user = self.max_rooms_per_user;
        limits
    }

    pub fn of_listener(&self) -> Terms {
        let mut terms = Terms::default();
        terms.max_line = self.max_line;
        terms.opening_timeout = self.opening_timeout;
        terms.proxy = self.proxy;
        terms.login_timeout = self.login_timeout;
        terms.idle_timeout = self.idle_timeout;
        terms.rate_limit = self.rate_limit;
        terms
    }
}

/// Whether a dialect leaves a choice of what counts as one message.
pub fn takes_framing(dialect: Dialect) -> bool {
    !dialect.has_login()
}

/// Whether one of the choices is chunks.
pub fn takes_chunks(dialect: Dialect) -> bool {
    takes_framing(dialect) && dialect != Dialect::PAIR
}
