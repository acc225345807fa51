//! `serve`: its options, and which of them go together.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::UnknownArgumentValueParser;
use clap::error::ErrorKind;
use clap::{Args, ValueEnum};
use linechat_protocol::{Dialect, Framing, Limits, Listener, Options, Terms, direct};

use super::choices::{Choices, Given};
use super::community::{CommunityArgs, FileError};
use super::count::{at_least_one, milliseconds, zero_or_more};
use super::entrance::{Entrance, Scheme};
use super::link::{LinkArgs, LinkOptions};
use super::logging::{LogArgs, LogOptions};
use super::seconds::Seconds;
use super::settings::Setting;
use super::tls::{CertificateSource, TlsArgs};
use super::web::WebArgs;
use super::{Misuse, dialect, fit};
use crate::address::Address;

/// What a server is started with.
#[derive(Debug)]
pub(crate) struct ServeOptions {
    pub(crate) limits: Limits,
    /// What is served, and where. The console comes in by the first.
    pub(crate) listeners: Vec<ListenerOptions>,
    /// Whether the program's own standard input and output are a connection, too.
    pub(crate) console: bool,
    /// What the community is given from files.
    pub(crate) community: CommunityArgs,
    /// Where programs may look how the server is.
    pub(crate) metrics: Vec<Address>,
    /// How the server takes part in a community of several, if it does.
    pub(crate) link: Option<LinkOptions>,
    /// Who may have the page.
    pub(crate) web: WebArgs,
    pub(crate) log: LogOptions,
    /// Where options come from besides, if they do.
    pub(crate) config: Option<PathBuf>,
    /// Nobody is to be served: the user wants to know what would be.
    pub(crate) is_check: bool,
    /// What was chosen, option by option.
    pub(crate) settings: Vec<Setting>,
    /// Which program this is.
    pub(crate) build: Build,
    /// The variables of the environment that fit none of the dialects, and do not count.
    pub(crate) ignored: Vec<String>,
}

/// Which program it is that serves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Build {
    pub(crate) program: &'static str,
    pub(crate) version: &'static str,
}

impl ServeOptions {
    /// Gives the listeners what is in the files that options name.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or is of no use.
    pub(crate) fn read_files(&mut self) -> Result<(), FileError> {
        let listeners = self.listeners.iter_mut();
        self.community.apply(listeners.map(|it| &mut it.listener))
    }

    /// Where the certificates come from.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = &CertificateSource> {
        self.listeners
            .iter()
            .filter_map(|it| it.certificate.as_ref())
    }

    /// The dialects that are served.
    pub(crate) fn dialects(&self) -> Vec<Dialect> {
        let listeners = self.listeners.iter();
        let mut dialects: Vec<_> = listeners.map(|it| it.scheme.dialect).collect();
        dialects.dedup();
        dialects
    }
}

/// One way into the server.
#[derive(Debug)]
pub(crate) struct ListenerOptions {
    pub(crate) scheme: Scheme,
    pub(crate) listener: Listener,
    /// Where to listen; empty for nowhere.
    pub(crate) addresses: Vec<Address>,
    /// Nobody has said where to listen.
    pub(crate) is_usual: bool,
    /// Where its certificate comes from, if it has TLS.
    pub(crate) certificate: Option<CertificateSource>,
}

/// What is spoken at some addresses, and the pair that stands beside them.
struct WayIn {
    scheme: Scheme,
    pair: Option<CertificateSource>,
    addresses: Vec<Address>,
    /// Nobody has said where.
    is_usual: bool,
}

/// Run a server until SIGINT, SIGTERM or SIGHUP
#[derive(Args, Debug)]
pub(super) struct ServeArgs {
    /// The protocols to speak; those whose users have names can be served together [default: rooms]
    #[arg(value_parser = dialect(|_| true))]
    dialect: Vec<Dialect>,
    #[command(flatten)]
    listening: ListenArgs,
    #[command(flatten)]
    community: CommunityArgs,
    #[command(flatten)]
    messages: MessageArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    timeouts: TimeoutArgs,
    #[command(flatten)]
    tls: TlsArgs,
    #[command(flatten)]
    web: WebArgs,
    #[command(flatten)]
    link: LinkArgs,
    #[command(flatten)]
    logging: LogArgs,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Configuration")]
struct ConfigArgs {
    /// A file with options by their names, in TOML: 'max-line = 4096'; listeners that have
    /// certificates of their own are tables '[[listen]]' with 'address', 'cert' and 'key'. It is read
    /// again on SIGHUP
    #[arg(long, env = "LINECHAT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,

    /// Print the settings that hold, each with where it comes from, and serve nobody
    #[arg(long, env = "LINECHAT_CHECK_CONFIG")]
    check_config: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Listening")]
struct ListenArgs {
    /// Where to listen: an IPv4 address, an IPv6 address in brackets or a host name, and a port (0
    /// for any free one), behind the scheme of what is spoken there if several dialects are served: a
    /// dialect, or a dialect with '+tls' behind it for the same encrypted; may be repeated [default:
    /// for each dialect, 127.0.0.1 and its port; with a certificate, its port for TLS if it has one]
    #[arg(long, env = "LINECHAT_LISTEN")]
    #[arg(value_name = "[SCHEME://]ADDR:PORT", value_delimiter = ',')]
    listen: Vec<Entrance>,

    /// The same, for sockets that the program was started with
    #[arg(long, hide = true)]
    passed: Vec<Entrance>,

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
    #[arg(value_parser = milliseconds, default_value_t = Terms::DEFAULT_PAUSE.subsec_millis())]
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
    #[arg(value_parser = at_least_one, default_value_t = Terms::default().max_line)]
    max_line: usize,

    /// How many messages a second are taken from one connection, the rest waits; 0: any number
    #[arg(
        long,
        env = "LINECHAT_RATE_LIMIT",
        hide_env_values = true,
        value_name = "N"
    )]
    #[arg(value_parser = zero_or_more::<u32>)]
    #[arg(default_value_t = Terms::default().rate_limit.map_or(0, NonZeroU32::get))]
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
    #[arg(value_parser = at_least_one, default_value_t = direct::Options::default().max_users)]
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
    #[arg(default_value_t = Seconds(Terms::default().login_timeout.unwrap_or_default()))]
    login_timeout: Seconds,

    /// Close a connection that sends nothing for so long; 0: never. With 'irc' and 'web', it is
    /// asked then whether it is there, and has as long again to answer [default: 0; for 'irc' and
    /// 'web': 120]
    #[arg(
        long,
        env = "LINECHAT_IDLE_TIMEOUT",
        hide_env_values = true,
        value_name = "SECS"
    )]
    idle_timeout: Option<Seconds>,

    /// How long what is queued may take to be sent when the server ends
    #[arg(
        long,
        env = "LINECHAT_GRACE",
        hide_env_values = true,
        value_name = "SECS"
    )]
    #[arg(default_value_t = Seconds(Limits::default().grace))]
    grace: Seconds,

    /// When told to end, let nobody in any more, tell everybody, and let them leave by themselves for
    /// so long; 0: not at all
    #[arg(
        long,
        env = "LINECHAT_DRAIN",
        hide_env_values = true,
        value_name = "SECS"
    )]
    #[arg(default_value_t = Seconds(Limits::default().drain.unwrap_or_default()))]
    drain: Seconds,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FramingName {
    Lines,
    Auto,
    Chunks,
}

impl ServeArgs {
    /// Refuses what does not go together.
    pub(super) fn check(&self, choices: Choices<'_>) -> Result<ServeOptions, Misuse> {
        let dialects = fit::chosen(choices);
        check_that_they_combine(&dialects)?;
        fit::check(&dialects, choices)?;
        let console = self.listening.stdio || dialects.iter().any(|it| it.needs_console());
        let ways_in = self.listening.check(&dialects, choices)?;
        let listeners = ways_in.into_iter().map(|way_in| {
            let scheme = way_in.scheme;
            let mut listener = Listener::new(self.options(scheme.dialect));
            self.set_terms(&mut listener.terms);
            listener.terms.opening_timeout = self.tls.handshake_timeout()?;
            let mut certificate = way_in.pair;
            if scheme.has_tls && certificate.is_none() {
                certificate = Some(self.tls.check(scheme, choices)?);
            }
            Ok(ListenerOptions {
                scheme,
                listener,
                addresses: way_in.addresses,
                is_usual: way_in.is_usual,
                certificate,
            })
        });
        Ok(ServeOptions {
            limits: self.limits(),
            listeners: listeners.collect::<Result<_, _>>()?,
            console,
            community: self.community.clone(),
            metrics: self.listening.metrics(),
            link: self.link.check(console)?,
            web: self.web.clone(),
            log: self.logging.check(choices)?,
            config: self.config.config.clone(),
            is_check: self.config.check_config,
            settings: Vec::new(),
            build: Build::default(),
            ignored: Vec::new(),
        })
    }

    fn options(&self, dialect: Dialect) -> Options {
        let framing = self.messages.framing.map(|name| match name {
            FramingName::Lines => Framing::Lines,
            FramingName::Auto => Framing::Auto,
            FramingName::Chunks => Framing::Chunks,
        });
        let mut options = Options::from(dialect);
        match &mut options {
            Options::Echo(options) => {
                options.uppercase = self.messages.uppercase;
                options.framing = framing;
            }
            Options::Relay(options) => options.framing = framing.unwrap_or(options.framing),
            Options::Addressed(options) => options.framing = framing.unwrap_or(options.framing),
            Options::Pair(options) => {
                options.framing = framing.unwrap_or(options.framing);
                options.full_duplex = self.messages.full_duplex;
            }
            Options::Direct(options) => options.max_users = self.limits.max_users,
            _ => {}
        }
        options
    }

    fn set_terms(&self, terms: &mut Terms) {
        terms.max_line = self.messages.max_line;
        terms.pause = Duration::from_millis(self.messages.pause.into());
        terms.rate_limit = NonZeroU32::new(self.messages.rate_limit);
        terms.login_timeout = unless_zero(self.timeouts.login_timeout);
        if let Some(idle_timeout) = self.timeouts.idle_timeout {
            terms.idle_timeout = unless_zero(idle_timeout);
        }
    }

    fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        limits.max_backlog = self.limits.max_backlog;
        limits.max_buffered = self.limits.max_buffered;
        limits.max_connections = NonZeroUsize::new(self.limits.max_connections);
        limits.max_connections_per_ip = NonZeroUsize::new(self.limits.max_connections_per_ip);
        limits.max_rooms = self.limits.max_rooms;
        limits.max_rooms_per_user = self.limits.max_rooms_per_user;
        limits.stall_timeout = unless_zero(self.timeouts.stall_timeout);
        limits.grace = self.timeouts.grace.0;
        limits.drain = unless_zero(self.timeouts.drain);
        limits
    }
}

/// Refuses dialects that have no community in common.
fn check_that_they_combine(dialects: &[Dialect]) -> Result<(), Misuse> {
    let combines = |one: &Dialect| dialects.iter().all(|other| one.combines_with(*other));
    let Some(alone) = dialects.iter().find(|one| !combines(one)) else {
        return Ok(());
    };
    let loner = dialects.iter().find(|it| !it.has_login()).unwrap_or(alone);
    let social: Vec<_> = Dialect::all()
        .filter(|dialect| dialect.has_login())
        .map(Dialect::name)
        .collect();
    Err(Misuse::conflict(format!(
        "'{loner}' cannot be served together with another dialect: serve it alone; those that can \
         be combined are: {}",
        social.join(", ")
    )))
}

impl ListenArgs {
    /// What is served where.
    fn check(&self, dialects: &[Dialect], choices: Choices<'_>) -> Result<Vec<WayIn>, Misuse> {
        let listen = choices.option("listen");
        let nowhere = choices.switch("no_listen").beats(listen).ok_or_else(|| {
            Misuse::conflict("'--listen' and '--no-listen' exclude each other: give one of them")
        })?;
        if !nowhere {
            return self.ways_in(dialects, choices);
        }
        if let Some(dialect) = dialects.iter().find(|dialect| dialect.needs_console()) {
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
        let dialects = dialects.iter().copied();
        let nowhere = dialects.map(|dialect| WayIn {
            scheme: dialect.into(),
            pair: None,
            addresses: Vec::new(),
            is_usual: false,
        });
        Ok(nowhere.collect())
    }

    /// Where to listen. Of a socket that the program was started with, `--listen` can say more.
    fn all(&self) -> impl Iterator<Item = &Entrance> {
        let is_named = |passed: &&Entrance| {
            let mut named = self.listen.iter();
            named.any(|entrance| entrance.address == passed.address)
        };
        let passed = self.passed.iter().filter(move |it| !is_named(it));
        self.listen.iter().chain(passed)
    }

    /// The addresses of each scheme, and of each pair. A dialect without one has its usual address;
    /// with a certificate, that for TLS, if there is one that is usual.
    fn ways_in(&self, dialects: &[Dialect], choices: Choices<'_>) -> Result<Vec<WayIn>, Misuse> {
        let mut ways_in: Vec<WayIn> = Vec::new();
        let pairs = match (choices.option("listen"), choices.file) {
            (Given::File, Some(file)) => file.pairs(),
            _ => &[],
        };
        for (place, entrance) in self.all().enumerate() {
            let pair = pairs.get(place).cloned().flatten();
            let scheme = fit::scheme(entrance, dialects);
            if pair.is_some() && !scheme.is_some_and(|scheme| scheme.has_tls) {
                return Err(useless_pair(&entrance.address, choices));
            }
            if entrance.is_metrics() {
                continue;
            }
            let scheme = scheme.ok_or_else(|| ambiguous(&entrance.address, dialects))?;
            let address = entrance.address.clone();
            let mut known = ways_in.iter_mut();
            match known.find(|it| it.scheme == scheme && it.pair == pair) {
                Some(way_in) => way_in.addresses.push(address),
                None => ways_in.push(WayIn {
                    scheme,
                    pair,
                    addresses: vec![address],
                    is_usual: false,
                }),
            }
        }
        for &dialect in dialects {
            if !ways_in.iter().any(|it| it.scheme.dialect == dialect) {
                let (scheme, port) = usual(dialect, fit::given_certificate(choices));
                ways_in.push(WayIn {
                    scheme,
                    pair: None,
                    addresses: vec![Address::loopback(port)],
                    is_usual: true,
                });
            }
        }
        let place = |it: &WayIn| dialects.iter().position(|one| *one == it.scheme.dialect);
        ways_in.sort_by_key(place);
        Ok(ways_in)
    }

    /// Where programs may look how the server is.
    fn metrics(&self) -> Vec<Address> {
        let entrances = self.all().filter(|entrance| entrance.is_metrics());
        entrances.map(|entrance| entrance.address.clone()).collect()
    }
}

fn useless_pair(address: &Address, choices: Choices<'_>) -> Misuse {
    Misuse::conflict(format!(
        "{}: 'cert' and 'key' are for a scheme with TLS, and '{address}' has none: write '+tls' \
         behind its scheme, or leave them out",
        choices.shown("listen")
    ))
}

/// What a dialect is spoken as where nobody says it, and its port.
fn usual(dialect: Dialect, has_certificate: bool) -> (Scheme, u16) {
    let secure = Scheme::encrypted(dialect);
    match secure.default_port() {
        Some(port) if has_certificate => (secure, port),
        _ => (dialect.into(), dialect.default_port()),
    }
}

fn ambiguous(address: &Address, dialects: &[Dialect]) -> Misuse {
    let first = dialects[0];
    Misuse::conflict(format!(
        "'--listen {address}' does not say which of {} is spoken there: write \
         '--listen {first}://{address}'",
        fit::named(dialects)
    ))
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
    use std::iter;

    use super::*;
    use crate::cli::{Request, parse};

    fn options(args: &str) -> ServeOptions {
        let args = args.split(' ').map(Into::into);
        let Ok(Request::Serve(options)) = parse("linechat-test", "0", args, iter::empty()) else {
            panic!("no command line of a server");
        };
        *options
    }

    fn only(options: &ServeOptions) -> &ListenerOptions {
        let [listener] = &options.listeners[..] else {
            panic!("it is not one: {options:?}");
        };
        listener
    }

    fn refused(args: &str) -> String {
        let args = args.split(' ').map(Into::into);
        match parse("linechat-test", "0", args, iter::empty()) {
            Err(error) => error.to_string(),
            Ok(request) => panic!("{request:?}"),
        }
    }

    #[test]
    fn without_options_it_is_rooms_with_the_defaults_of_the_core() {
        let options = options("linechat-test serve");
        assert_eq!(options.limits, Limits::default());
        let rooms = only(&options);
        assert_eq!(rooms.listener.options, Options::from(Dialect::ROOMS));
        assert_eq!(rooms.listener.terms, Terms::default());
        assert_eq!(
            rooms.addresses,
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
             --grace 0.5 --drain 13",
        );
        let mut limits = Limits::default();
        limits.max_backlog = 2;
        limits.max_buffered = 3;
        limits.max_connections = NonZeroUsize::new(4);
        limits.max_connections_per_ip = NonZeroUsize::new(5);
        limits.max_rooms = 7;
        limits.max_rooms_per_user = 8;
        limits.stall_timeout = Some(Duration::from_secs(10));
        limits.grace = Duration::from_millis(500);
        limits.drain = Some(Duration::from_secs(13));
        assert_eq!(options.limits, limits);
        let mut terms = Terms::default();
        terms.max_line = 1;
        terms.rate_limit = NonZeroU32::new(6);
        terms.login_timeout = Some(Duration::from_secs(11));
        terms.idle_timeout = Some(Duration::from_secs(12));
        assert_eq!(only(&options).listener.terms, terms);
    }

    #[test]
    fn what_only_some_dialects_take_reaches_them() {
        let echo = options("linechat-test serve echo --uppercase --framing chunks");
        let Options::Echo(echo) = &only(&echo).listener.options else {
            panic!("{echo:?}");
        };
        assert!(echo.uppercase);
        assert_eq!(echo.framing, Some(Framing::Chunks));
        let pair = options("linechat-test serve pair --framing lines --pause 20 --full-duplex");
        assert_eq!(only(&pair).listener.terms.pause, Duration::from_millis(20));
        let Options::Pair(pair) = &only(&pair).listener.options else {
            panic!("{pair:?}");
        };
        assert_eq!((pair.framing, pair.full_duplex), (Framing::Lines, true));
        let direct = options("linechat-test serve direct --max-users 9");
        let Options::Direct(direct) = &only(&direct).listener.options else {
            panic!("{direct:?}");
        };
        assert_eq!(direct.max_users, 9);
    }

    #[test]
    fn zero_switches_off() {
        let off = options(
            "linechat-test serve --stall-timeout 0 --login-timeout 0 --idle-timeout 0 \
             --rate-limit 0 --max-connections 0 --max-connections-per-ip 0",
        );
        let terms = &only(&off).listener.terms;
        let timeouts = off.limits.stall_timeout.or(terms.login_timeout);
        assert_eq!(timeouts.or(terms.idle_timeout), None);
        let connections = off.limits.max_connections;
        assert_eq!(connections.or(off.limits.max_connections_per_ip), None);
        assert_eq!(terms.rate_limit, None);
    }

    #[test]
    fn several_dialects_listen_each_where_it_is_told_or_on_its_own_port() {
        let both = options("linechat-test serve direct rooms --listen rooms://127.0.0.1:9");
        let places: Vec<_> = both
            .listeners
            .iter()
            .map(|it| (it.scheme.dialect, it.addresses.clone()))
            .collect();
        let expected = [
            (Dialect::DIRECT, vec![Address::loopback(5378)]),
            (Dialect::ROOMS, vec![Address::loopback(9)]),
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn with_a_certificate_those_who_have_a_port_for_tls_listen_there_unless_told_otherwise() {
        let shown = |args| {
            let options = options(args);
            let listeners = options.listeners.iter();
            let places = listeners.map(|it| format!("{} {}", it.scheme, it.addresses[0]));
            let places = places.collect::<Vec<_>>().join(", ");
            let mut listeners = options.listeners.into_iter();
            (places, listeners.find_map(|it| it.certificate))
        };
        assert_eq!(
            shown("linechat-test serve rooms irc web --tls-self-signed"),
            (
                "rooms 127.0.0.1:8888, irc+tls 127.0.0.1:6697, web+tls 127.0.0.1:8443".into(),
                Some(CertificateSource::SelfSigned)
            )
        );
        let (places, certificate) = shown(
            "linechat-test serve irc --listen irc://127.0.0.1:9 --listen ircs://127.0.0.1:10 \
             --tls-cert a --tls-key b",
        );
        assert_eq!(places, "irc 127.0.0.1:9, irc+tls 127.0.0.1:10");
        let (certificate_file, key) = ("a".into(), "b".into());
        assert_eq!(
            certificate,
            Some(CertificateSource::Files {
                certificate: certificate_file,
                key
            })
        );
        let words = refused("linechat-test serve irc --listen irc://127.0.0.1:9 --tls-self-signed");
        assert!(words.contains("schemes with TLS"), "{words}");
    }

    #[test]
    fn a_scheme_names_its_dialect_and_alone_it_is_all_that_is_served() {
        let direct = options("linechat-test serve --listen direct://127.0.0.1:9");
        assert_eq!(only(&direct).scheme.dialect, Dialect::DIRECT);
        let twice = options("linechat-test serve --listen direct://[::1]:9,rooms://[::1]:10");
        assert_eq!(twice.dialects(), [Dialect::DIRECT, Dialect::ROOMS]);
    }

    #[test]
    fn where_several_are_served_an_address_has_to_say_for_which() {
        let words = refused("linechat-test serve rooms direct --listen 127.0.0.1:9");
        assert!(words.contains("'--listen rooms://127.0.0.1:9'"), "{words}");
    }

    #[test]
    fn a_dialect_without_users_stands_alone() {
        let words = refused("linechat-test serve rooms relay");
        assert!(
            words.contains("'relay' cannot be served together"),
            "{words}"
        );
        assert!(words.contains("rooms, direct"), "{words}");
    }

    #[test]
    fn a_dialect_with_an_operator_has_the_console_always() {
        assert!(options("linechat-test serve pair").console);
        assert!(options("linechat-test serve pair --stdio=false").console);
    }
}
