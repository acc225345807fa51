//! A server from its options to its exit status.

use std::io;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use linechat_driver::Service;
use linechat_protocol::Limits;
use tracing::{error, warn};

use self::failure::Failure;
use self::farewell::Farewell;
use self::house::{Entrance, House};
use self::reload::Reload;
use self::screen::Screen;
use self::upkeep::Upkeep;
use crate::advice::on_descriptors;
use crate::cli::{self, ServeOptions};
use crate::descriptors;
use crate::duties::Duties;
use crate::link::{LinkDuty, Refusal};
use crate::log::{self, EventLog, Level};
use crate::signals::{Hangup, Hangups};
use crate::systemd::{Passed, PassedError, Supervision};

pub(crate) use self::check::check;
pub(crate) use self::reload::Reparse;

mod check;
mod failure;
mod farewell;
mod house;
mod reload;
mod screen;
mod upkeep;

/// Serves until the server was told to end, or ends by itself. What goes wrong is logged. `reparse`
/// is asked where there is a configuration to be read again.
pub(crate) fn serve(
    options: ServeOptions,
    passed: Result<Passed, PassedError>,
    reparse: Reparse,
    run: impl FnOnce(Service, UnixStream) -> io::Result<()>,
) -> ExitCode {
    let (screen, level) = match Screen::open(&options) {
        Ok(opened) => opened,
        Err(error) => {
            // Without a descriptor for the log.
            let advice = on_descriptors(&error);
            eprintln!("cannot open the log: {error}{advice}");
            return ExitCode::FAILURE;
        }
    };
    let status = match try_serve(options, passed, reparse, (&screen, level), run) {
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
    reparse: Reparse,
    (screen, level): (&Screen, Level),
    run: impl FnOnce(Service, UnixStream) -> io::Result<()>,
) -> Result<(), Failure> {
    prepare(&options)?;
    let (has_console, grace) = (options.console, options.limits.grace);
    let (config, settings) = (options.config.clone(), options.settings.clone());
    let House {
        server,
        listeners,
        entrances,
        linked,
        vault,
        metrics,
    } = House::build(options, passed?)?;
    let hangup = match config.is_some() || vault.open().has_files() {
        true => Hangup::Renews,
        false => Hangup::Ends,
    };
    let console_listener = server.listeners().next();
    let signals = screen.install_signals(hangup).map_err(Failure::Signals)?;
    let hangups = (hangup == Hangup::Renews).then(Hangups::install);
    let hangups = hangups.transpose().map_err(Failure::Signals)?;
    let is_told_to_end = signals.came();
    let desk = has_console.then(|| screen.open_console(&signals));
    let desk = desk.transpose().map_err(Failure::Console)?;
    let mut service = Service::new(server);
    let mut closed = Vec::new();
    for Entrance {
        scheme,
        listener,
        socket,
        is_open,
    } in entrances
    {
        match is_open {
            true => log::listening_on(socket.local_addr().map_err(Failure::Serve)?, scheme),
            false => closed.push((scheme, socket.try_clone().map_err(Failure::Serve)?)),
        }
        service = service.listen(listener, socket);
    }
    let mut duties = Duties::default();
    let refusal = Refusal::default();
    if let Some(linked) = &linked {
        duties.add(Box::new(LinkDuty::new(linked, closed, refusal.clone())));
    }
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
    duties.add(Box::new(Farewell::default()));
    if let Some(metrics) = metrics {
        duties.add(Box::new(metrics));
    }
    if let Some(hangups) = hangups {
        let reload = config.is_some().then(|| Reload {
            reparse,
            settings,
            listeners,
            vault: vault.clone(),
            level,
        });
        duties.add(Box::new(Upkeep::new(vault, hangups.came, reload)));
        service.bell = Some(hangups.bell.into());
    }
    let served = run(service.observe(duties), signals.stream);
    if let Some(console) = console {
        console.finish(grace, is_told_to_end);
    }
    served.map_err(Failure::Serve)?;
    match refusal.take() {
        Some(reason) => Err(Failure::Refused(reason)),
        None => Ok(()),
    }
}

/// What comes before everything else.
///
/// # Errors
///
/// There is no use in going on.
fn prepare(options: &ServeOptions) -> Result<(), Failure> {
    for variable in &options.ignored {
        let dialects = cli::named(&options.dialects());
        warn!("{variable} does not fit {dialects} and is ignored");
    }
    match descriptors::raise_limit() {
        Ok(Some(limit)) if limit < OTHER_DESCRIPTORS => return Err(Failure::FewDescriptors(limit)),
        Ok(limit) => warn_of_few_descriptors(limit, &options.limits),
        Err(error) => warn!("cannot raise the limit of open file descriptors: {error}"),
    }
    Ok(())
}

/// Warns if there can be fewer connections than were meant to be, or than anybody would expect.
fn warn_of_few_descriptors(limit: Option<u64>, limits: &Limits) {
    let Some(limit) = limit else { return };
    let room = limit.saturating_sub(OTHER_DESCRIPTORS);
    let wanted = limits.max_connections.map_or(FEW, |it| it.get() as u64);
    if room < wanted {
        warn!(
            "{limit} open files are allowed, which is room for {room} connections: allow more with \
             'ulimit -n', or LimitNOFILE= of systemd"
        );
    }
}

/// How many descriptors a server has besides those of connections.
const OTHER_DESCRIPTORS: u64 = 20;

/// A server for fewer connections is not what anybody means who says nothing.
const FEW: u64 = 200;
