//! `serve`: its options, and which of them go together.

use std::num::{NonZeroU32, NonZeroUsize};

use clap::builder::{PossibleValue, PossibleValuesParser, RangedU64ValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Args, ValueEnum};
use linechat_protocol::{Config, Dialect, Framing, Limits, Setting};

use super::logging::{LogArgs, LogOptions};
use super::seconds::Seconds;
use super::{Given, Misuse, unless_zero};
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
}

/// Run a server until SIGINT or SIGTERM
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
    /// What one message is: a line, or whatever one read from the network returned [default: the
    /// dialect's]
    #[arg(long, env = "LINECHAT_FRAMING")]
    framing: Option<FramingName>,

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
    #[arg(value_parser = at_least_one(), default_value_t = Limits::default().max_line)]
    max_line: usize,

    /// How many messages a second are taken from one connection, the rest waits; 0: any number
    #[arg(
        long,
        env = "LINECHAT_RATE_LIMIT",
        hide_env_values = true,
        value_name = "N"
    )]
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
    #[arg(value_parser = at_least_one(), default_value_t = Limits::default().max_backlog)]
    max_backlog: usize,

    /// How many bytes may wait for all recipients together before the slowest is closed
    #[arg(
        long,
        env = "LINECHAT_MAX_BUFFERED",
        hide_env_values = true,
        value_name = "BYTES"
    )]
    #[arg(value_parser = at_least_one(), default_value_t = Limits::default().max_buffered)]
    max_buffered: usize,

    /// How many connections are served at a time, further ones wait; 0: any number
    #[arg(
        long,
        env = "LINECHAT_MAX_CONNECTIONS",
        hide_env_values = true,
        value_name = "N"
    )]
    #[arg(default_value_t = Limits::default().max_connections.map_or(0, NonZeroUsize::get))]
    max_connections: usize,

    /// How many of them may come from one address, further ones are closed; 0: any number
    #[arg(long, env = "LINECHAT_MAX_CONNECTIONS_PER_IP")]
    #[arg(value_name = "N")]
    #[arg(default_value_t = Limits::default().max_connections_per_ip.map_or(0, NonZeroUsize::get))]
    max_connections_per_ip: usize,

    /// How many rooms may exist at a time
    #[arg(
        long,
        env = "LINECHAT_MAX_ROOMS",
        hide_env_values = true,
        value_name = "N"
    )]
    #[arg(value_parser = at_least_one(), default_value_t = Limits::default().max_rooms)]
    max_rooms: usize,

    /// How many rooms one user may be in at a time
    #[arg(
        long,
        env = "LINECHAT_MAX_ROOMS_PER_USER",
        hide_env_values = true,
        value_name = "N"
    )]
    #[arg(value_parser = at_least_one(), default_value_t = Limits::default().max_rooms_per_user)]
    max_rooms_per_user: usize,

    /// How many users may be logged in at a time
    #[arg(
        long,
        env = "LINECHAT_MAX_USERS",
        hide_env_values = true,
        value_name = "N"
    )]
    #[arg(value_parser = at_least_one(), default_value_t = Limits::default().max_users)]
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
    Chunks,
}

impl ServeArgs {
    /// Refuses what does not go together.
    pub(super) fn check(&self, matches: &ArgMatches) -> Result<ServeOptions, Misuse> {
        check_fit(self.dialect, matches)?;
        let console = self.listening.stdio || self.dialect.needs_console();
        Ok(ServeOptions {
            config: self.config(),
            listen: self.listening.check(self.dialect, matches)?,
            console,
            log: self.logging.check(matches)?,
        })
    }

    fn config(&self) -> Config {
        let mut config = Config::new(self.dialect);
        config.framing = self.messages.framing.map(|name| match name {
            FramingName::Lines => Framing::Lines,
            FramingName::Chunks => Framing::Chunks,
        });
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
        limits.stall_timeout = unless_zero(self.timeouts.stall_timeout.0);
        limits.login_timeout = unless_zero(self.timeouts.login_timeout.0);
        limits.idle_timeout = unless_zero(self.timeouts.idle_timeout.0);
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

/// Says in the help of an option which dialects it is for, unless it is for all.
pub(super) fn name_dialects(arg: Arg) -> Arg {
    let Some((setting, _)) = CONDITIONAL.iter().find(|(_, id)| arg.get_id() == id) else {
        return arg;
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    arg.help(format!("{help} [only for: {}]", dialects_for(*setting)))
}

/// Refuses an option that was given and that the dialect has no use for.
fn check_fit(dialect: Dialect, matches: &ArgMatches) -> Result<(), Misuse> {
    for (setting, id) in CONDITIONAL {
        let given = match setting {
            Setting::Uppercase | Setting::FullDuplex => Given::switch(matches, id),
            _ => Given::option(matches, id),
        };
        if given == Given::No || dialect.takes(setting) {
            continue;
        }
        let source = match given {
            Given::Environment => format!(", which LINECHAT_{} gives,", id.to_uppercase()),
            Given::No | Given::CommandLine => String::new(),
        };
        return Err(Misuse::conflict(format!(
            "'--{}'{source} does not fit the dialect '{dialect}', it is only for: {}",
            id.replace('_', "-"),
            dialects_for(setting),
        )));
    }
    Ok(())
}

/// The names of all dialects that have a use for a setting.
fn dialects_for(setting: Setting) -> String {
    let names: Vec<_> = Dialect::all()
        .filter(|dialect| dialect.takes(setting))
        .map(Dialect::name)
        .collect();
    names.join(", ")
}

fn dialect() -> impl TypedValueParser<Value = Dialect> {
    let names = Dialect::all().map(|dialect| {
        let help = format!("{} (port {})", dialect.summary(), dialect.default_port());
        PossibleValue::new(dialect.name()).help(help)
    });
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

fn at_least_one() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

/// The options that only some dialects have a use for.
const CONDITIONAL: [(Setting, &str); 7] = [
    (Setting::Framing, "framing"),
    (Setting::Uppercase, "uppercase"),
    (Setting::FullDuplex, "full_duplex"),
    (Setting::LoginTimeout, "login_timeout"),
    (Setting::MaxRooms, "max_rooms"),
    (Setting::MaxRoomsPerUser, "max_rooms_per_user"),
    (Setting::MaxUsers, "max_users"),
];
