//! `serve`: its options, and which of them go together.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use clap::builder::UnknownArgumentValueParser;
use clap::error::ErrorKind;
use clap::{ArgMatches, Args, ValueEnum};
use linechat_protocol::{Config, Dialect, Framing, Limits};

use super::count::{at_least_one, milliseconds, zero_or_more};
use super::logging::{LogArgs, LogOptions};
use super::seconds::Seconds;
use super::{Given, Misuse, dialect, fit};
use crate::address::Address;

/// What a server is started with.
#[derive(Debug)]
pub(crate) struct ServeOptions {
    pub(crate) config: Config,
    /// Where to listen; empty for nowhere.
    pub(crate) listen: Vec<Address>,
    /// Whether the program's own standard input and output are a connection, too.
    pub(crate) console: bool,
    pub(crate) log: LogOptions,
    /// The variables of the environment that do not fit the dialect, and do not count.
    pub(crate) ignored: Vec<String>,
}

/// Run a server until SIGINT, SIGTERM or SIGHUP
#[derive(Args, Debug)]
pub(super) struct ServeArgs {
    /// The protocol to speak
    #[arg(value_parser = dialect(), default_value_t = Dialect::ROOMS)]
    dialect: Dialect,
    #[command(flatten)]
    listening: ListenArgs,
    #[command(flatten)]
    messages: MessageArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    timeouts: TimeoutArgs,
    #[command(flatten)]
    logging: LogArgs,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Listening")]
struct ListenArgs {
    /// Where to listen: an IPv4 address, an IPv6 address in brackets or a host name, and a port (0
    /// for any free one); may be repeated [default: 127.0.0.1 and the dialect's port]
    #[arg(long, env = "LINECHAT_LISTEN")]
    #[arg(value_name = "ADDR:PORT", value_delimiter = ',')]
    listen: Vec<Address>,

    /// What other servers have, and this one has not
    #[arg(short, long, hide = true, num_args = 0..=1, default_missing_value = "")]
    #[arg(value_parser = no_port())]
    port: Option<String>,

    /// Attach this program's own standard input and output as one more connection
    #[arg(long, env = "LINECHAT_STDIO")]
    stdio: bool,

    /// Listen nowhere, with --stdio: serve standard input and output alone
    #[arg(long, env = "LINECHAT_NO_LISTEN")]
    no_listen: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Messages")]
struct MessageArgs {
    /// What one message is: a line; a line, or what of one has come before a pause (auto); or
    /// whatever one read from the network returned (chunks) [default: the dialect's]
    #[arg(long, env = "LINECHAT_FRAMING")]
    framing: Option<FramingName>,

    /// With '--framing auto': how long nothing comes before an unfinished line is a message
    #[arg(
        long,
        env = "LINECHAT_PAUSE",
        hide_env_values = true,
        value_name = "MILLISECONDS"
    )]
    #[arg(value_parser = milliseconds, default_value_t = Config::DEFAULT_PAUSE.subsec_millis())]
    pause: u32,

    /// Send lines back in upper case
    #[arg(long, env = "LINECHAT_UPPERCASE")]
    uppercase: bool,

    /// Neither wait for turns nor make the client wait
    #[arg(long, env = "LINECHAT_FULL_DUPLEX")]
    full_duplex: bool,

    /// The longest line in bytes, its ending not counted
    #[arg(
        long,
        env = "LINECHAT_MAX_LINE",
        hide_env_values = true,
        value_name = "BYTES"
    )]
    #[arg(value_parser = at_least_one, default_value_t = Limits::default().max_line)]
    max_line: usize,

    /// How many messages a second are taken from one connection, the rest waits; 0: any number
    #[arg(
        long,
        env = "LINECHAT_RATE_LIMIT",
        hide_env_values = true,
        value_name = "N"
    )]
    #[arg(value_parser = zero_or_more::<u32>)]
    #[arg(default_value_t = Limits::default().rate_limit.map_or(0, NonZeroU32::get))]
    rate_limit: u32,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// How many bytes may wait for one recipient before it is closed
    #[arg(
        long,
        env = "LINECHAT_MAX_BACKLOG",
        hide_env_values = true,
        value_name = "BYTES"
    )]
    #[arg(value_parser = at_least_one, default_value_t = Limits::default().max_backlog)]
    max_backlog: usize,

    /// How many bytes may wait for all recipients together before the slowest is closed
    #[arg(
        long,
        env = "LINECHAT_MAX_BUFFERED",
        hide_env_values = true,
        value_name = "BYTES"
    )]
    #[arg(value_parser = at_least_one, default_value_t = Limits::default().max_buffered)]
    max_buffered: usize,

    /// How many connections are served at a time, further ones wait; 0: as many as the system has
    /// room for
    #[arg(
        long,
        env = "LINECHAT_MAX_CONNECTIONS",
        hide_env_values = true,
        value_name = "N"
    )]
    #[arg(value_parser = zero_or_more::<usize>)]
    #[arg(default_value_t = Limits::default().max_connections.map_or(0, NonZeroUsize::get))]
    max_connections: usize,

    /// How many of them may come from one address, further ones are closed; 0: any number
    #[arg(long, env = "LINECHAT_MAX_CONNECTIONS_PER_IP")]
    #[arg(value_name = "N")]
    #[arg(value_parser = zero_or_more::<usize>)]
    #[arg(default_value_t = Limits::default().max_connections_per_ip.map_or(0, NonZeroUsize::get))]
    max_connections_per_ip: usize,

    /// How many rooms may exist at a time
    #[arg(
        long,
        env = "LINECHAT_MAX_ROOMS",
        hide_env_values = true,
        value_name = "N"
    )]
    #[arg(value_parser = at_least_one, default_value_t = Limits::default().max_rooms)]
    max_rooms: usize,

    /// How many rooms one user may be in at a time
    #[arg(
        long,
        env = "LINECHAT_MAX_ROOMS_PER_USER",
        hide_env_values = true,
        value_name = "N"
    )]
    #[arg(value_parser = at_least_one, default_value_t = Limits::default().max_rooms_per_user)]
    max_rooms_per_user: usize,

    /// How many users may be logged in at a time
    #[arg(
        long,
        env = "LINECHAT_MAX_USERS",
        hide_env_values = true,
        value_name = "N"
    )]
    #[arg(value_parser = at_least_one, default_value_t = Limits::default().max_users)]
    max_users: usize,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Timeouts (in seconds, such as 30 or 0.5)")]
struct TimeoutArgs {
    /// Close a recipient that takes nothing for so long; 0: never
    #[arg(
        long,
        env = "LINECHAT_STALL_TIMEOUT",
        hide_env_values = true,
        value_name = "SECS"
    )]
    #[arg(default_value_t = Seconds(Limits::default().stall_timeout.unwrap_or_default()))]
    stall_timeout: Seconds,

    /// Close a connection that has not logged in by then; 0: never
    #[arg(
        long,
        env = "LINECHAT_LOGIN_TIMEOUT",
        hide_env_values = true,
        value_name = "SECS"
    )]
    #[arg(default_value_t = Seconds(Limits::default().login_timeout.unwrap_or_default()))]
    login_timeout: Seconds,

    /// Close a connection that sends nothing for so long; 0: never
    #[arg(
        long,
        env = "LINECHAT_IDLE_TIMEOUT",
        hide_env_values = true,
        value_name = "SECS"
    )]
    #[arg(default_value_t = Seconds(Limits::default().idle_timeout.unwrap_or_default()))]
    idle_timeout: Seconds,

    /// How long what is queued may take to be sent when the server ends
    #[arg(
        long,
        env = "LINECHAT_GRACE",
        hide_env_values = true,
        value_name = "SECS"
    )]
    #[arg(default_value_t = Seconds(Limits::default().grace))]
    grace: Seconds,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FramingName {
    Lines,
    Auto,
    Chunks,
}

impl ServeArgs {
    /// Refuses what does not go together.
    pub(super) fn check(&self, matches: &ArgMatches) -> Result<ServeOptions, Misuse> {
        fit::check(self.dialect, matches)?;
        let console = self.listening.stdio || self.dialect.needs_console();
        Ok(ServeOptions {
            config: self.config(),
            listen: self.listening.check(self.dialect, matches)?,
            console,
            log: self.logging.check(matches)?,
            ignored: Vec::new(),
        })
    }

    fn config(&self) -> Config {
        let mut config = Config::new(self.dialect);
        config.framing = self.messages.framing.map(|name| match name {
            FramingName::Lines => Framing::Lines,
            FramingName::Auto => Framing::Auto,
            FramingName::Chunks => Framing::Chunks,
        });
        config.pause = Duration::from_millis(self.messages.pause.into());
        config.uppercase = self.messages.uppercase;
        config.full_duplex = self.messages.full_duplex;
        config.limits = self.limits();
        config
    }

    fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        limits.max_line = self.messages.max_line;
        limits.rate_limit = NonZeroU32::new(self.messages.rate_limit);
        limits.max_backlog = self.limits.max_backlog;
        limits.max_buffered = self.limits.max_buffered;
        limits.max_connections = NonZeroUsize::new(self.limits.max_connections);
        limits.max_connections_per_ip = NonZeroUsize::new(self.limits.max_connections_per_ip);
        limits.max_rooms = self.limits.max_rooms;
        limits.max_rooms_per_user = self.limits.max_rooms_per_user;
        limits.max_users = self.limits.max_users;
        limits.stall_timeout = unless_zero(self.timeouts.stall_timeout);
        limits.login_timeout = unless_zero(self.timeouts.login_timeout);
        limits.idle_timeout = unless_zero(self.timeouts.idle_timeout);
        limits.grace = self.timeouts.grace.0;
        limits
    }
}

impl ListenArgs {
    /// The addresses to listen on.
    fn check(&self, dialect: Dialect, matches: &ArgMatches) -> Result<Vec<Address>, Misuse> {
        let listen = Given::option(matches, "listen");
        let nowhere = Given::switch(matches, "no_listen")
            .beats(listen)
            .ok_or_else(|| {
                Misuse::conflict(
                    "'--listen' and '--no-listen' exclude each other: give one of them",
                )
            })?;
        if !nowhere {
            return Ok(match listen {
                Given::No => vec![Address::loopback(dialect.default_port())],
                Given::Environment | Given::CommandLine => self.listen.clone(),
            });
        }
        if dialect.needs_console() {
            return Err(Misuse::conflict(format!(
                "'--no-listen' does not fit the dialect '{dialect}', whose operator talks with \
                 clients from the network: leave it out"
            )));
        }
        if !self.stdio {
            return Err(Misuse {
                kind: ErrorKind::MissingRequiredArgument,
                message: "'--no-listen' leaves nobody to serve: add '--stdio'".into(),
            });
        }
        Ok(Vec::new())
    }
}

fn no_port() -> UnknownArgumentValueParser {
    UnknownArgumentValueParser::suggest("to listen on port 9000, use '--listen 127.0.0.1:9000'")
}

/// `None` for zero, by which a timeout is switched off.
fn unless_zero(seconds: Seconds) -> Option<Duration> {
    (!seconds.0.is_zero()).then_some(seconds.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Request, parse};

    fn options(args: &str) -> ServeOptions {
        let args = args.split(' ').map(Into::into);
        let Ok(Request::Serve(options)) = parse("linechat-test", "0", args) else {
            panic!("no command line of a server");
        };
        *options
    }

    #[test]
    fn without_options_it_is_rooms_with_the_defaults_of_the_core() {
        let options = options("linechat-test serve");
        assert_eq!(options.config.dialect, Dialect::ROOMS);
        assert_eq!(options.config.limits, Limits::default());
        assert_eq!(options.config.framing, None);
        assert_eq!(options.config.pause, Config::DEFAULT_PAUSE);
        assert_eq!(
            options.listen,
            [Address::loopback(Dialect::ROOMS.default_port())]
        );
        assert!(!options.console);
    }

    #[test]
    fn every_option_reaches_the_limit_of_its_name() {
        let options = options(
            "linechat-test serve rooms --max-line 1 --max-backlog 2 --max-buffered 3 \
             --max-connections 4 --max-connections-per-ip 5 --rate-limit 6 --max-rooms 7 \
             --max-rooms-per-user 8 --stall-timeout 10 --login-timeout 11 --idle-timeout 12 \
             --grace 0.5",
        );
        let mut limits = Limits::default();
        limits.max_line = 1;
        limits.max_backlog = 2;
        limits.max_buffered = 3;
        limits.max_connections = NonZeroUsize::new(4);
        limits.max_connections_per_ip = NonZeroUsize::new(5);
        limits.rate_limit = NonZeroU32::new(6);
        limits.max_rooms = 7;
        limits.max_rooms_per_user = 8;
        limits.stall_timeout = Some(Duration::from_secs(10));
        limits.login_timeout = Some(Duration::from_secs(11));
        limits.idle_timeout = Some(Duration::from_secs(12));
        limits.grace = Duration::from_millis(500);
        assert_eq!(options.config.limits, limits);
    }

    #[test]
    fn what_only_some_dialects_take_reaches_them() {
        let echo = options("linechat-test serve echo --uppercase --framing chunks").config;
        assert!(echo.uppercase);
        assert_eq!(echo.framing, Some(Framing::Chunks));
        let pair = options("linechat-test serve pair --framing auto --pause 20").config;
        assert_eq!(pair.framing, Some(Framing::Auto));
        assert_eq!(pair.pause, Duration::from_millis(20));
        assert!(
            options("linechat-test serve pair --full-duplex")
                .config
                .full_duplex
        );
        assert_eq!(
            options("linechat-test serve direct --max-users 9")
                .config
                .limits
                .max_users,
            9
        );
    }

    #[test]
    fn zero_switches_off() {
        let off = options(
            "linechat-test serve --stall-timeout 0 --login-timeout 0 --idle-timeout 0 \
             --rate-limit 0 --max-connections 0 --max-connections-per-ip 0",
        );
        let limits = off.config.limits;
        assert_eq!(
            limits
                .stall_timeout
                .or(limits.login_timeout)
                .or(limits.idle_timeout),
            None
        );
        assert_eq!(
            limits.max_connections.or(limits.max_connections_per_ip),
            None
        );
        assert_eq!(limits.rate_limit, None);
    }

    #[test]
    fn a_dialect_with_an_operator_has_the_console_always() {
        assert!(options("linechat-test serve pair").console);
        assert!(options("linechat-test serve pair --stdio=false").console);
    }
}
