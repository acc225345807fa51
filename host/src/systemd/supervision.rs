//! What a supervisor is told while the server runs.

use std::env;
use std::fmt::{self, Write};
use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use linechat_driver::Observer;
use linechat_protocol::{Event, Instant, Server};
use rustix::time::{ClockId, clock_gettime};
use tracing::warn;

use super::notifier::Notifier;

/// The duty to say that the server is ready, that it loads something anew, that it stops, how many
/// are connected, and that it is alive.
///
/// All of that is said from the turns of the server, so that a server that hangs says nothing. It has
/// to be the first duty: what it says before a turn's other duties is that they begin.
pub(crate) struct Supervision {
    notifier: Notifier,
    phase: Phase,
    /// Set when something is to be loaded anew.
    is_reload_asked: Option<Arc<AtomicBool>>,
    watchdog: Option<Watchdog>,
    status: Status,
    /// What could not be told, and when to try again.
    untold: Option<(String, Instant)>,
}

/// What the supervisor was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Starting,
    /// Nobody is let in before it is one of the servers of its community.
    Waiting,
    Ready,
    Reloading,
    Stopping,
}

impl Supervision {
    /// The duty, if the environment says who is to be told. `is_reload_asked` is set, by a signal
    /// handler say, when something is to be loaded anew.
    pub(crate) fn from_environment(is_reload_asked: Option<Arc<AtomicBool>>) -> Option<Self> {
        let notifier = match Notifier::from_environment() {
            Ok(notifier) => notifier?,
            Err(error) => {
                warn!("cannot tell the supervisor that NOTIFY_SOCKET names: {error}");
                return None;
            }
        };
        let watchdog = watchdog_interval().map(Watchdog::new);
        Some(Self::new(notifier, watchdog, is_reload_asked))
    }

    fn new(
        notifier: Notifier,
        watchdog: Option<Watchdog>,
        is_reload_asked: Option<Arc<AtomicBool>>,
    ) -> Self {
        Self {
            notifier,
            phase: Phase::Starting,
            is_reload_asked,
            watchdog,
            status: Status::default(),
            untold: None,
        }
    }

    /// What has changed since the last turn, as lines for the supervisor.
    fn changes(&mut self, server: &Server) -> String {
        let mut lines = String::new();
        let is_reload_asked = || {
            let asked = self.is_reload_asked.as_ref()?;
            asked.swap(false, Ordering::SeqCst).then_some(())
        };
        self.phase = match self.phase {
            Phase::Stopping => Phase::Stopping,
            _ if server.is_draining() || server.is_shutting_down() => {
                lines.push_str("STOPPING=1\n");
                Phase::Stopping
            }
            Phase::Starting if !is_in_community(server) => {
                lines.push_str("STATUS=waits for the log that it shares with other servers\n");
                Phase::Waiting
            }
            Phase::Waiting if !is_in_community(server) => Phase::Waiting,
            // What was asked for was done by the duties of the last turn.
            Phase::Starting | Phase::Waiting | Phase::Reloading => {
                lines.push_str("READY=1\n");
                Phase::Ready
            }
            Phase::Ready if is_reload_asked().is_some() => {
                let _ = writeln!(lines, "RELOADING=1\nMONOTONIC_USEC={}", monotonic_usec());
                Phase::Reloading
            }
            Phase::Ready => Phase::Ready,
        };
        lines
    }

    /// Tells what is new. What the supervisor has to know is told again, if it did not take it.
    fn tell(&mut self, now: Instant, changes: String) {
        let mut state = self.untold.take().map_or(String::new(), |(state, _)| state);
        state.push_str(&changes);
        if state.is_empty() {
            return;
        }
        match self.notifier.tell(&state) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.untold = Some((state, now + RETRY));
            }
            Err(error) => warn!("cannot tell the supervisor: {error}"),
        }
    }
}

impl Observer for Supervision {
    fn event(&mut self, event: &Event) {
        if matches!(
            event,
            Event::Connected { .. } | Event::LoggedIn { .. } | Event::Left { .. }
        ) {
            self.status.is_outdated = true;
        }
    }

    fn turned(&mut self, now: Instant, server: &mut Server) {
        let changes = self.changes(server);
        let is_due = self.untold.as_ref().is_some_and(|(_, at)| *at <= now);
        if !changes.is_empty() || is_due {
            self.tell(now, changes);
        }
        // These are told anew anyway.
        if self.watchdog.as_mut().is_some_and(|it| it.is_due(now)) {
            let _ = self.notifier.tell("WATCHDOG=1\n");
        }
        if self.phase != Phase::Waiting
            && let Some(status) = self.status.line(now, server)
        {
            let _ = self.notifier.tell(&status);
        }
    }

    fn due(&self) -> Option<Instant> {
        let reloaded = (self.phase == Phase::Reloading).then_some(Instant::EPOCH);
        let untold = self.untold.as_ref().map(|(_, at)| *at);
        let watchdog = self.watchdog.as_ref().and_then(|watchdog| watchdog.due);
        let due = [reloaded, untold, watchdog, self.status.due()];
        due.into_iter().flatten().min()
    }
}

impl fmt::Debug for Supervision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervision").finish_non_exhaustive()
    }
}

/// Whether a server is alone, or takes part in a community of several.
fn is_in_community(server: &Server) -> bool {
    server.stats().link.is_none_or(|link| link.is_in)
}

/// When to say that the server is alive.
#[derive(Debug)]
struct Watchdog {
    /// Half the time after which the supervisor gives up.
    interval: Duration,
    due: Option<Instant>,
}

impl Watchdog {
    fn new(limit: Duration) -> Self {
        let interval = limit / 2;
        Self {
            interval,
            due: None,
        }
    }

    fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.due.is_none_or(|due| due <= now);
        if is_due {
            self.due = Some(now + self.interval);
        }
        is_due
    }
}

/// How many are connected, in words.
#[derive(Debug, Default)]
struct Status {
    is_outdated: bool,
    /// Not before this time.
    next: Option<Instant>,
}

impl Status {
    fn due(&self) -> Option<Instant> {
        self.next.filter(|_| self.is_outdated)
    }

    fn line(&mut self, now: Instant, server: &Server) -> Option<String> {
        if self
            .next
            .is_some_and(|next| !self.is_outdated || now < next)
        {
            return None;
        }
        self.is_outdated = false;
        self.next = Some(now + STATUS_INTERVAL);
        let dialects = server.stats().dialects;
        let connections = dialects.iter().map(|it| it.connections).sum();
        let users = dialects.iter().map(|it| it.users).sum();
        let (connections, users) = (counted(connections, "connection"), counted(users, "user"));
        Some(format!("STATUS={connections}, {users}\n"))
    }
}

fn counted(count: usize, what: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {what}{ending}")
}

/// After how long the supervisor takes the server for dead that says nothing, if it watches.
fn watchdog_interval() -> Option<Duration> {
    let number = |name| env::var(name).ok()?.parse::<u64>().ok();
    if number("WATCHDOG_PID").is_some_and(|pid| pid != u64::from(process::id())) {
        return None;
    }
    number("WATCHDOG_USEC")
        .filter(|&limit| limit > 0)
        .map(Duration::from_micros)
}

/// The time by which systemd tells one reload from another.
fn monotonic_usec() -> i128 {
    let now = clock_gettime(ClockId::Monotonic);
    i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1000
}

/// Until a supervisor is told again that did not listen.
const RETRY: Duration = Duration::from_secs(1);

/// The least time between two reports of how many are connected.
const STATUS_INTERVAL: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;

    use linechat_protocol::link::{Address, Name, Options};
    use linechat_protocol::{Dialect, Limits, Listener};
    use tempfile::{Builder, TempPath};

    use super::*;

    #[test]
    fn a_supervisor_that_listens_late_still_hears_that_the_server_is_ready() {
        let (supervisor, path) = supervisor();
        let notifier = Notifier::new(path.as_os_str()).unwrap();
        while notifier.tell("OTHERS=1\n").is_ok() {}
        let mut supervision = Supervision::new(notifier, None, None);
        let mut server = Server::new(Limits::default()).unwrap();

        supervision.turned(Instant::EPOCH, &mut server);
        assert_eq!(supervision.due(), Some(Instant::EPOCH + RETRY));
        let mut bytes = [0; 64];
        supervisor.set_nonblocking(true).unwrap();
        while let Ok(length) = supervisor.recv(&mut bytes) {
            assert_eq!(&bytes[..length], b"OTHERS=1\n");
        }
        supervision.turned(Instant::EPOCH + RETRY, &mut server);
        let length = supervisor.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..length], b"READY=1\n");
    }

    #[test]
    fn a_server_that_shares_a_log_is_not_ready_before_it_has_read_it() {
        let (supervisor, path) = supervisor();
        supervisor.set_nonblocking(true).unwrap();
        let notifier = Notifier::new(path.as_os_str()).unwrap();
        let mut supervision = Supervision::new(notifier, None, None);
        let mut server = Server::new(Limits::default()).unwrap();
        server.listen(Listener::new(Dialect::ROOMS)).unwrap();
        let nats = Address::new("127.0.0.1", 4222);
        let name = |name: &str| Name::parse(name).unwrap();
        let options = Options::new(name("chat"), name("one"), vec![nats], 1);
        server.link(options).unwrap();

        for second in 0..3 {
            let now = Instant::EPOCH + Duration::from_secs(second);
            supervision.turned(now, &mut server);
        }
        let mut bytes = [0; 128];
        let length = supervisor.recv(&mut bytes).unwrap();
        let told = String::from_utf8_lossy(&bytes[..length]);
        assert!(told.starts_with("STATUS=waits for the log"), "{told}");
        assert!(supervisor.recv(&mut bytes).is_err());
        assert_eq!(supervision.due(), None);
    }

    #[test]
    fn a_watchdog_hears_twice_in_its_time_at_least() {
        let mut watchdog = Watchdog::new(Duration::from_secs(30));
        let second = |count| Instant::EPOCH + Duration::from_secs(count);
        assert!(watchdog.is_due(second(1)));
        assert!(!watchdog.is_due(second(15)));
        assert!(watchdog.is_due(second(16)));
        assert_eq!(watchdog.due, Some(second(31)));
    }

    /// A socket, and the file that it is.
    fn supervisor() -> (UnixDatagram, TempPath) {
        let file = Builder::new().make(|path| UnixDatagram::bind(path));
        file.unwrap().into_parts()
    }
}
