//! Whoever starts programs and watches over them: systemd, played by the case itself.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::{Builder, TempPath};

use crate::patience::PATIENCE;
use crate::program::Launch;

/// Hears what programs tell of themselves.
pub(crate) struct Supervisor {
    socket: UnixDatagram,
    /// As `NOTIFY_SOCKET` has it.
    name: String,
    /// Gone with it.
    _path: Option<TempPath>,
}

impl Supervisor {
    /// One whose socket has an abstract name.
    pub(crate) fn new() -> Self {
        let name = own_name();
        let address = SocketAddr::from_abstract_name(&name).expect("a short name");
        let socket = UnixDatagram::bind_addr(&address).expect("a name of its own");
        Self::with(socket, format!("@{name}"), None)
    }

    /// One whose socket is a file.
    pub(crate) fn at_path() -> Self {
        let file = Builder::new().make(|path| UnixDatagram::bind(path));
        let (socket, path) = file.expect("a file of its own").into_parts();
        Self::with(socket, path.display().to_string(), Some(path))
    }

    fn with(socket: UnixDatagram, name: String, path: Option<TempPath>) -> Self {
        let patience = socket.set_read_timeout(Some(PATIENCE));
        patience.expect("a time that is not zero");
        Self {
            socket,
            name,
            _path: path,
        }
    }

    /// Has a program tell it.
    pub(crate) fn over(&self, launch: Launch) -> Launch {
        launch.env("NOTIFY_SOCKET", &self.name)
    }

    /// The next thing that a program tells, but for how many are connected.
    #[track_caller]
    pub(crate) fn hears(&self) -> String {
        loop {
            let told = self.receive().expect("it is told something");
            if !told.starts_with("STATUS=") {
                return told;
            }
        }
    }

    /// Waits until it is told this.
    #[track_caller]
    pub(crate) fn waits_for(&self, line: &str) {
        loop {
            let told = self.receive();
            let told = told.unwrap_or_else(|error| panic!("it is never told {line}: {error}"));
            if told.lines().any(|told| told == line) {
                return;
            }
        }
    }

    fn receive(&self) -> io::Result<String> {
        let mut bytes = [0; 4096];
        // A receive with a deadline is not begun anew when a signal interrupts it.
        let length = loop {
            match self.socket.recv(&mut bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                received => break received?,
            }
        };
        Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
    }
}

/// A name that no other process uses, nor another case.
fn own_name() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("linechat-supervisor-{}-{number}", std::process::id())
}
