//! A server from its options to its exit status.

use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use linechat_driver::Service;
use linechat_protocol::{ListenerId, Server};
use tracing::{error, warn};

use self::failure::Failure;
use self::screen::Screen;
use crate::certificate::Credentials;
use crate::cli::{self, CertificateSource, ListenerOptions, Scheme, ServeOptions};
use crate::descriptors;
use crate::door;
use crate::duties::Duties;
use crate::listen::listen_with;
use crate::log::{self, EventLog};
use crate::signals::{Hangup, Hangups};
use crate::systemd::{Passed, PassedError, Supervision};

mod failure;
mod screen;

/// Serves until the server was told to end, or ends by itself. What goes wrong is logged.
pub(crate) fn serve(
    options: ServeOptions,
    passed: Result<Passed, PassedError>,
    run: impl FnOnce(Service, UnixStream) -> io::Result<()>,
) -> ExitCode {
    let Ok(screen) = Screen::open(&options) else {
        // There is not one descriptor left, and no way to say so.
        return ExitCode::FAILURE;
    };
    let status = match try_serve(options, passed, &screen, run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            error!("{failure}");
            failure.exit_code()
        }
    };
    screen.finish();
    status
}

fn try_serve(
    options: ServeOptions,
    passed: Result<Passed, PassedError>,
    screen: &Screen,
    run: impl FnOnce(Service, UnixStream) -> io::Result<()>,
) -> Result<(), Failure> {
    prepare(&options);
    let (has_console, grace) = (options.console, options.limits.grace);
    let hangup = hangup(&options);
    let House {
        server,
        entrances,
        credentials,
    } = House::build(options, passed?)?;
    let console_listener = server.listeners().next();
    let signals = screen.install_signals(hangup).map_err(Failure::Signals)?;
    let hangups = (hangup == Hangup::Renews).then(Hangups::install);
    let hangups = hangups.transpose().map_err(Failure::Signals)?;
    let is_told_to_end = signals.came();
    let desk = has_console.then(|| screen.open_console(&signals));
    let desk = desk.transpose().map_err(Failure::Console)?;
    let mut service = Service::new(server);
    for Entrance {
        scheme,
        listener,
        socket,
    } in entrances
    {
        log::listening_on(socket.local_addr().map_err(Failure::Serve)?, scheme);
        service = service.listen(listener, socket);
    }
    let mut duties = Duties::default();
    let is_reload_asked = hangups.is_some().then(Hangups::note).transpose();
    let is_reload_asked = is_reload_asked.map_err(Failure::Signals)?;
    if let Some(supervision) = Supervision::from_environment(is_reload_asked) {
        duties.add(Box::new(supervision));
    }
    let mut console = None;
    if let Some((desk, listener)) = desk.zip(console_listener) {
        let stream = desk.stream;
        service.console = Some(linechat_driver::Console { listener, stream });
        duties.add(desk.observer);
        console = Some(desk.console);
    } else {
        duties.add(Box::new(EventLog));
    }
    if let Some((credentials, hangups)) = credentials.zip(hangups) {
        credentials
            .renewal(hangups.came)
            .into_iter()
            .for_each(|duty| duties.add(duty));
        service.bell = Some(hangups.bell.into());
    }
    let served = run(service.observe(duties), signals.stream);
    if let Some(console) = console {
        console.finish(grace, is_told_to_end);
    }
    served.map_err(Failure::Serve)
}

/// What comes before everything else, and is no reason not to go on.
fn prepare(options: &ServeOptions) {
    for variable in &options.ignored {
        let dialects = cli::named(&options.dialects());
        warn!("{variable} does not fit {dialects} and is ignored");
    }
    if let Err(error) = descriptors::raise_limit() {
        warn!("cannot raise the limit of open file descriptors: {error}");
    }
}

/// What SIGHUP means to a server with these options.
fn hangup(options: &ServeOptions) -> Hangup {
    match options.certificate {
        Some(CertificateSource::Files { .. }) => Hangup::Renews,
        Some(CertificateSource::SelfSigned) | None => Hangup::Ends,
    }
}

/// A server, and the ways into it.
struct House {
    server: Server,
    entrances: Vec<Entrance>,
    credentials: Option<Credentials>,
}

/// A socket that listens.
struct Entrance {
    scheme: Scheme,
    listener: ListenerId,
    socket: TcpListener,
}

impl House {
    fn build(mut options: ServeOptions, mut passed: Passed) -> Result<Self, Failure> {
        let listeners = options.listeners.iter_mut();
        options
            .community
            .apply(listeners.map(|it| &mut it.listener))?;
        let credentials = options
            .certificate
            .as_ref()
            .map(|source| Credentials::open(source, options.web.hosts()))
            .transpose()?;
        let certificate = credentials.as_ref().map(|it| &it.renewable);
        let mut server = Server::new(options.limits)?;
        let mut ways_in = Vec::new();
        let mut addresses = Vec::new();
        for ListenerOptions {
            scheme,
            mut listener,
            addresses: own,
        } in options.listeners
        {
            door::furnish(&mut listener, scheme, certificate, &options.web);
            let listener = server.listen(listener)?;
            ways_in.extend(own.iter().map(|_| (scheme, listener)));
            addresses.extend(own);
        }
        let sockets = listen_with(&addresses, &mut passed)?;
        let entrances = ways_in.into_iter().zip(sockets);
        let entrances = entrances.flat_map(|((scheme, listener), sockets)| {
            let sockets = sockets.into_iter();
            sockets.map(move |socket| Entrance {
                scheme,
                listener,
                socket,
            })
        });
        Ok(Self {
            server,
            entrances: entrances.collect(),
            credentials,
        })
    }
}
