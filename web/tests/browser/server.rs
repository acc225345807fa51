//! The server that hands out the page.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

/// What it speaks unless told otherwise, as its log says it.
const SCHEMES: [&str; 4] = ["rooms", "irc", "web", "web+tls"];

/// A server that runs. It is ended when dropped.
pub(crate) struct Server {
    process: Option<Child>,
    options: Vec<String>,
    /// Where what is spoken.
    listeners: Vec<(&'static str, SocketAddr)>,
}

impl Server {
    /// Starts one on ports that are free.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with further options.
    pub(crate) fn start_with(options: &[&str]) -> Self {
        Self::start_serving(&SCHEMES, &[&["--tls-self-signed"], options].concat())
    }

    /// Starts one that speaks these.
    pub(crate) fn start_serving(schemes: &[&'static str], options: &[&str]) -> Self {
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::launch(
            options,
            schemes.iter().map(|&scheme| (scheme, any)).collect(),
        )
    }

    fn launch(options: Vec<String>, mut listeners: Vec<(&'static str, SocketAddr)>) -> Self {
        let arguments = listeners.iter();
        let arguments = arguments.map(|(scheme, address)| format!("--listen={scheme}://{address}"));
        let mut process = Command::new(program())
            .arg("serve")
            .args(arguments)
            .args(&options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut missing = listeners.len();
        while missing > 0 {
            let line = log.next().expect("a line for each listener").unwrap();
            for (scheme, address) in &mut listeners {
                if let Some(found) = listening_address(&line, scheme) {
                    *address = found;
                    missing -= 1;
                }
            }
        }
        // A server whose log nobody reads would stand still.
        thread::spawn(|| log.for_each(drop));
        Self {
            process: Some(process),
            options,
            listeners,
        }
    }

    /// The page's address.
    pub(crate) fn page(&self) -> String {
        format!("http://{}/", self.address("web"))
    }

    /// The page's address under TLS.
    pub(crate) fn encrypted_page(&self) -> String {
        format!("https://{}/", self.address("web+tls"))
    }

    /// Where `rooms` is spoken.
    pub(crate) fn rooms(&self) -> SocketAddr {
        self.address("rooms")
    }

    /// Where IRC is spoken.
    pub(crate) fn irc(&self) -> SocketAddr {
        self.address("irc")
    }

    /// Where this is spoken.
    pub(crate) fn address(&self, scheme: &str) -> SocketAddr {
        let mut listeners = self.listeners.iter();
        listeners.find(|(spoken, _)| *spoken == scheme).unwrap().1
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
        *self = Self::launch(self.options.clone(), self.listeners.clone());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stops();
    }
}

/// What is missing to start one.
pub(crate) fn missing() -> Option<String> {
    let path = program();
    (!path.exists()).then(|| format!("{}: build it first", path.display()))
}

/// Its program.
pub(crate) fn program() -> PathBuf {
    env::var_os("LINECHAT_PROGRAM").map_or_else(beside_the_tests, PathBuf::from)
}

fn beside_the_tests() -> PathBuf {
    let tests = env::current_exe().unwrap();
    tests.ancestors().nth(2).unwrap().join("linechat-tokio")
}

fn listening_address(line: &str, scheme: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening on ")?;
    let mut words = rest.split_whitespace();
    let address = words.next()?.parse().ok()?;
    (words.next()? == format!("({scheme})")).then_some(address)
}
