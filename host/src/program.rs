//! A program from its command line to its exit status.

use std::io::{self, IsTerminal};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use linechat_driver::{Observer, Service};
use linechat_layers::tls::CertificateError;
use linechat_protocol::{ConfigError, Server};
use thiserror::Error;
use tracing::{error, warn};

use crate::certificate::Credentials;
use crate::cli::{self, CertificateSource, FileError, ListenerOptions, Request, ServeOptions};
use crate::connect;
use crate::console::Console;
use crate::descriptors;
use crate::door;
use crate::listen::{ListenError, listen};
use crate::log::{self, EventLog, LogReader};
use crate::signals::{Hangup, Hangups, Signals};
use crate::terminal::Terminal;

/// Runs a program: understands its command line, prepares everything, and lets `run` serve until
/// it was shut down; or talks with a server, if that is what the command line asks for.
///
/// What `run` gets besides the service is readable once the program was told to end (SIGINT, SIGTERM
/// or SIGHUP). What can be read from it means nothing.
///
/// `program` is the name that the help shows, `version` what `--version` does.
///
/// The exit status is 0 after `run` returned `Ok`, or once a text that was asked for is printed; 2
/// where the command line makes no sense; otherwise 1, with one line on standard error that names
/// the cause.
pub fn main(
    program: &'static str,
    version: &'static str,
    run: impl FnOnce(Service, UnixStream) -> io::Result<()>,
) -> ExitCode {
    match cli::parse(program, version, std::env::args_os()) {
        Ok(Request::Serve(options)) => serve(*options, run),
        Ok(Request::Connect(options)) => connect::run(&options),
        Err(message) => {
            // Nobody is left to tell if this fails.
            let _ = message.print();
            u8::try_from(message.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
        }
    }
}

fn serve(
    options: ServeOptions,
    run: impl FnOnce(Service, UnixStream) -> io::Result<()>,
) -> ExitCode {
    let Ok(screen) = init_log(&options) else {
        // There is not one descriptor left, and no way to say so.
        return ExitCode::FAILURE;
    };
    let status = match try_serve(options, &screen, run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            error!("{failure}");
            failure.exit_code()
        }
    };
    if let Screen::Pipes { log: Some(log) } | Screen::Terminal { log: Some(log) } = screen {
        log.finish();
    }
    status
}

/// Where the console is, if there is one.
enum Screen {
    /// An operator is to see that somebody has left behind that one's last words.
    Pipes { log: Option<LogReader> },
    /// On a terminal; on which the log has to appear, too, unless it goes elsewhere.
    Terminal { log: Option<LogReader> },
}

fn init_log(options: &ServeOptions) -> io::Result<Screen> {
    if !options.console || !Terminal::is_there() {
        if options.dialects().iter().any(|it| it.needs_console()) {
            let reader = log::init_with_reader(options.log)?;
            return Ok(Screen::Pipes { log: Some(reader) });
        }
        log::init(options.log)?;
        return Ok(Screen::Pipes { log: None });
    }
    if !io::stderr().is_terminal() {
        log::init(options.log)?;
        return Ok(Screen::Terminal { log: None });
    }
    let reader = log::init_with_reader(options.log)?;
    Ok(Screen::Terminal { log: Some(reader) })
}

fn open_console(screen: &Screen, signals: &Signals) -> io::Result<Desk> {
    let (console, stream, observer): (_, _, Box<dyn Observer>) = match screen {
        Screen::Pipes { log } => {
            let (console, stream) = Console::open(log.as_ref().map(LogReader::share))?;
            (console, stream, Box::new(EventLog))
        }
        Screen::Terminal { log } => {
            let log = log.as_ref().map(LogReader::share);
            let opened = Console::open_terminal(log, EventLog, signals)?;
            (opened.0, opened.1, Box::new(opened.2))
        }
    };
    Ok(Desk {
        console,
        stream,
        observer,
    })
}

/// Where the operator sits.
struct Desk {
    console: Console,
    /// The adapter's end of the console.
    stream: OwnedFd,
    /// Tells the operator what happens.
    observer: Box<dyn Observer>,
}

fn try_serve(
    mut options: ServeOptions,
    screen: &Screen,
    run: impl FnOnce(Service, UnixStream) -> io::Result<()>,
) -> Result<(), Failure> {
    for variable in &options.ignored {
        let dialects = cli::named(&options.dialects());
        warn!("{variable} does not fit {dialects} and is ignored");
    }
    if let Err(error) = descriptors::raise_limit() {
        warn!("cannot raise the limit of open file descriptors: {error}");
    }
    let listeners = options.listeners.iter_mut();
    options
        .community
        .apply(listeners.map(|it| &mut it.listener))?;
    let credentials = options
        .certificate
        .as_ref()
        .map(|source| Credentials::open(source, options.web.hosts()))
        .transpose()?;
    let hangup = match options.certificate {
        Some(CertificateSource::Files { .. }) => Hangup::Renews,
        Some(CertificateSource::SelfSigned) | None => Hangup::Ends,
    };
    let grace = options.limits.grace;
    let mut server = Server::new(options.limits)?;
    let mut entrances = Vec::new();
    let mut addresses = Vec::new();
    for ListenerOptions {
        scheme,
        mut listener,
        addresses: own,
    } in options.listeners
    {
        let certificate = credentials.as_ref().map(|it| &it.renewable);
        door::furnish(&mut listener, scheme, certificate, &options.web);
        let id = server.listen(listener)?;
        entrances.extend(own.iter().map(|_| (scheme, id)));
        addresses.extend(own);
    }
    let console_listener = server.listeners().next();
    let sockets = listen(&addresses)?;
    let signals = match screen {
        Screen::Pipes { .. } => Signals::install(hangup),
        Screen::Terminal { .. } => Signals::install_for_terminal(hangup),
    };
    let signals = signals.map_err(Failure::Signals)?;
    let hangups = (hangup == Hangup::Renews).then(Hangups::install);
    let hangups = hangups.transpose().map_err(Failure::Signals)?;
    let is_told_to_end = signals.came();
    let desk = options
        .console
        .then(|| open_console(screen, &signals))
        .transpose()
        .map_err(Failure::Console)?;
    let mut service = Service::new(server).observe(EventLog);
    for ((scheme, listener), sockets) in entrances.into_iter().zip(sockets) {
        for socket in sockets {
            log::listening_on(socket.local_addr().map_err(Failure::Serve)?, scheme);
            service = service.listen(listener, socket);
        }
    }
    let mut console = None;
    if let Some((desk, listener)) = desk.zip(console_listener) {
        let stream = desk.stream;
        service.console = Some(linechat_driver::Console { listener, stream });
        service.observer = Some(desk.observer);
        console = Some(desk.console);
    }
    if let Some((credentials, hangups)) = credentials.zip(hangups) {
        let observer = service.observer.take();
        let observer = observer.unwrap_or_else(|| Box::new(EventLog));
        service.observer = Some(credentials.renewed_beside(observer, hangups.came));
        service.bell = Some(hangups.bell.into());
    }
    let served = run(service, signals.stream);
    if let Some(console) = console {
        console.finish(grace, is_told_to_end);
    }
    served.map_err(Failure::Serve)
}

/// Why a program failed, in one line.
#[derive(Debug, Error)]
enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("cannot wait for signals: {0}")]
    Signals(io::Error),
    #[error("cannot attach standard input and output: {0}")]
    Console(io::Error),
    #[error("cannot go on serving: {0}")]
    Serve(io::Error),
}

impl Failure {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) => ExitCode::from(USAGE),
            _ => ExitCode::FAILURE,
        }
    }
}

/// The exit status for what the user has to mend. It is clap's, too.
const USAGE: u8 = 2;
