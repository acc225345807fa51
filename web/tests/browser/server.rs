//! The server that hands out the page.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

/// A server that runs. It is ended when dropped.
pub(crate) struct Server {
    process: Option<Child>,
    rooms: SocketAddr,
    irc: SocketAddr,
    web: SocketAddr,
}

impl Server {
    /// Starts one on ports that are free.
    pub(crate) fn start() -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::launch(any, any)
    }

    fn launch(irc: SocketAddr, web: SocketAddr) -> Self {
        let mut process = Command::new(path())
            .args(["serve", "rooms", "irc", "web"])
            .arg("--listen=rooms://127.0.0.1:0")
            .arg(format!("--listen=irc://{irc}"))
            .arg(format!("--listen=web://{web}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut found = [None; 3];
        while found.contains(&None) {
            let line = log.next().expect("a line for each listener").unwrap();
            for (place, scheme) in found.iter_mut().zip(["(rooms)", "(irc)", "(web)"]) {
                *place = place.or(listening_address(&line, scheme));
            }
        }
        // A server whose log nobody reads would stand still.
        thread::spawn(|| log.for_each(drop));
        let [rooms, irc, web] = found.map(Option::unwrap);
        Self {
            process: Some(process),
            rooms,
            irc,
            web,
        }
    }

    /// The page's address.
    pub(crate) fn page(&self) -> String {
        format!("http://{}/", self.web)
    }

    /// Where `rooms` is spoken.
    pub(crate) fn rooms(&self) -> SocketAddr {
        self.rooms
    }

    /// Where IRC is spoken.
    pub(crate) fn irc(&self) -> SocketAddr {
        self.irc
    }

    /// Ends it, as an operator would. Nobody listens at its addresses then.
    pub(crate) fn stops(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        // It may have ended by itself.
        let _ = kill_process(Pid::from_child(&process), Signal::TERM);
        let _ = process.wait();
    }

    /// Starts it again, at the same addresses.
    pub(crate) fn starts_again(&mut self) {
        *self = Self::launch(self.irc, self.web);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stops();
    }
}

/// The program, or what is missing.
pub(crate) fn program() -> Result<PathBuf, String> {
    let path = path();
    let help = Command::new(&path).args(["serve", "--help"]).output();
    let name = path.display();
    match help.map(|help| String::from_utf8_lossy(&help.stdout).contains("web")) {
        Ok(true) if hands_out_the_page() => Ok(path),
        Ok(_) => Err(format!("a {name} that serves `web`")),
        Err(_) => Err(format!("{name}: build it first")),
    }
}

fn path() -> PathBuf {
    env::var_os("LINECHAT_PROGRAM").map_or_else(beside_the_tests, PathBuf::from)
}

fn hands_out_the_page() -> bool {
    let page = minreq::get(Server::start().page()).with_timeout(5).send();
    page.is_ok_and(|page| page.status_code == 200)
}

fn beside_the_tests() -> PathBuf {
    let tests = env::current_exe().unwrap();
    tests.ancestors().nth(2).unwrap().join("linechat-tokio")
}

fn listening_address(line: &str, scheme: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening on ")?;
    let mut words = rest.split_whitespace();
    let address = words.next()?.parse().ok()?;
    (words.next()? == scheme).then_some(address)
}
