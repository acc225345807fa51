//! What the programs log, and how it reaches standard error.
//!
//! Logging never waits: a line that standard error does not take at once is dropped and counted.
//! What peers chose is logged through [`Quoted`] only; what they say is never logged.

use std::fmt::Display;
use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use linechat_driver::Observer;
use linechat_layers::tls::Pin;
use linechat_protocol::{Event, Peer};
use rustix::io::ioctl_fionbio;
use tracing::level_filters::LevelFilter;
use tracing::{debug, info, warn};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt, registry, reload};

use self::lines::LogLines;
pub(crate) use self::lines::with_own_mode;
pub(crate) use self::quoted::{Quoted, Reason};
pub(crate) use self::reader::LogReader;
pub(crate) use self::relay::LogRelay;
use crate::cli::{LogFormat, LogOptions};

mod lines;
mod quoted;
mod reader;
mod relay;

/// Logs what a server reports.
#[derive(Debug)]
pub(crate) struct EventLog;

impl Observer for EventLog {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Connected { conn, peer, .. } => info!(%conn, %peer, "connected"),
            Event::LoggedIn { conn, name } => info!(%conn, name = %Quoted(name), "logged in"),
            Event::LineDropped {
                conn,
                peer: Peer::Console,
            } => {
                warn!(%conn, "dropped a line that was too long");
            }
            Event::ReloadAsked { conn } => info!(%conn, "asked to load the configuration anew"),
            // Its sender is told. Any peer can cause any number of them.
            Event::LineDropped { conn, .. } => debug!(%conn, "dropped a line that was too long"),
            Event::TurnChanged { client, turn, .. } => debug!(conn = %client, ?turn, "turn"),
            Event::TypedLinesDropped {
                client,
                peer,
                lines,
            } => {
                let lines = lines.len();
                warn!(conn = %client, %peer, lines, "dropped what was typed for it");
            }
            Event::Refused { conn, peer, reason } => {
                info!(%conn, %peer, reason = %Quoted(reason), "refused");
            }
            Event::Left { conn, peer, reason } => info!(%conn, %peer, %reason, "left"),
            // The link's own duty has words for it.
            Event::Link(_) => {}
            other => debug!(event = ?other),
        }
    }
}

/// Logs that connections to an address succeed, whatever the level: whoever starts a server waits
/// for it, and learns the port that port 0 became.
pub(crate) fn listening_on(address: SocketAddr, scheme: impl Display) {
    info!(target: LISTENING, "listening on {address} ({scheme})");
}

/// Logs that this server is one of a community, whatever the level.
pub(crate) fn linked(community: &str, node: &str, others: usize) {
    let others = match others {
        0 => "no other server is there".to_owned(),
        1 => "one other server is there".to_owned(),
        others => format!("{others} other servers are there"),
    };
    info!(target: LISTENING, "linked: '{node}' is in community '{community}', {others}");
}

/// Logs by what a client can know a certificate that nobody vouches for, whatever the level.
pub(crate) fn certificate_made(pin: Pin) {
    info!(target: LISTENING, "made a certificate for this run: clients trust it with --tls-pin {pin}");
}

/// From now on, what is logged goes to standard error.
///
/// # Errors
///
/// The system's, where it has no descriptor left.
pub(crate) fn init(options: LogOptions) -> io::Result<Level> {
    let (_, level) = init_with(options, with_own_mode(io::stderr().as_fd())?);
    Ok(level)
}

/// From now on, what is logged goes to a reader that shows it on the screen on which standard error
/// is, too.
///
/// # Errors
///
/// The system's, where it has no descriptor left.
pub(crate) fn init_with_reader(options: LogOptions) -> io::Result<(LogReader, Level)> {
    let (reader, writer) = io::pipe()?;
    ioctl_fionbio(&reader, true)?;
    ioctl_fionbio(&writer, true)?;
    let (lines, level) = init_with(options, writer.into());
    Ok((LogReader::new(reader.into(), lines), level))
}

/// How much is logged, which can be changed.
#[derive(Clone, Debug)]
pub(crate) struct Level(reload::Handle<Targets, Registry>);

impl Level {
    /// From now on so much is logged.
    pub(crate) fn set(&self, level: LevelFilter) {
        // It fails where the process logs elsewhere.
        let _ = self.0.reload(targets(level));
    }
}

fn init_with(options: LogOptions, output: OwnedFd) -> (Arc<LogLines<OwnedFd>>, Level) {
    let lines = Arc::new(LogLines::new(output, options.format));
    let is_coloured = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let layer = fmt::layer()
        .with_target(false)
        .with_ansi(is_coloured)
        .log_internal_errors(false)
        .with_writer(Arc::clone(&lines));
    let layer = match options.format {
        LogFormat::Text => layer.compact().boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    let (targets, level) = reload::Layer::new(targets(options.level));
    // It fails where the process logs already, and that is as good.
    let _ = registry().with(layer.with_filter(targets)).try_init();
    (lines, Level(level))
}

fn targets(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target(OURS, level)
        .with_target(LISTENING, LevelFilter::INFO)
}

/// How the targets of all our crates begin.
const OURS: &str = "linechat";

const LISTENING: &str = "linechat::listening";
