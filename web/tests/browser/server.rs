//! The server that hands out the page.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

/// What it speaks, as its log says it.
const SCHEMES: [&str; 4] = ["rooms", "irc", "web", "web+tls"];

/// A server that runs. It is ended when dropped.
pub(crate) struct Server {
    process: Option<Child>,
    options: Vec<String>,
    addresses: [SocketAddr; SCHEMES.len()],
}

impl Server {
    /// Starts one on ports that are free.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with further options.
    pub(crate) fn start_with(options: &[&str]) -> Self {
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::launch(options, [any; SCHEMES.len()])
    }

    fn launch(options: Vec<String>, addresses: [SocketAddr; SCHEMES.len()]) -> Self {
        let listeners = SCHEMES.iter().zip(addresses);
        let mut process = Command::new(path())
            .args(["serve", "--tls-self-signed"])
            .args(listeners.map(|(scheme, address)| format!("--listen={scheme}://{address}")))
            .args(&options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut found = [None; SCHEMES.len()];
        while found.contains(&None) {
            let line = log.next().expect("a line for each listener").unwrap();
            for (place, scheme) in found.iter_mut().zip(SCHEMES) {
                *place = place.or(listening_address(&line, scheme));
            }
        }
        // A server whose log nobody reads would stand still.
        thread::spawn(|| log.for_each(drop));
        Self {
            process: Some(process),
            options,
            addresses: found.map(Option::unwrap),
        }
    }

    /// The page's address.
    pub(crate) fn page(&self) -> String {
        format!("http://{}/", self.addresses[2])
    }

    /// The page's address under TLS.
    pub(crate) fn encrypted_page(&self) -> String {
        format!("https://{}/", self.addresses[3])
    }

    /// Where `rooms` is spoken.
    pub(crate) fn rooms(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// Where IRC is spoken.
    pub(crate) fn irc(&self) -> SocketAddr {
        self.addresses[1]
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
        *self = Self::launch(self.options.clone(), self.addresses);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stops();
    }
}

/// What is missing to start one.
pub(crate) fn missing() -> Option<String> {
    let path = path();
    (!path.exists()).then(|| format!("{}: build it first", path.display()))
}

fn path() -> PathBuf {
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
