//! The page in a real browser, with a real server: what its user sees and does.
//!
//! Needs Chromium and its driver (Debian: `apt-get install chromium chromium-driver`). Without them, and
//! where the server is not built, every case is ignored, and one line says why.
//!
//! The server is the `linechat-tokio` beside the tests, or the program that `LINECHAT_PROGRAM` names.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod browser;
mod cases;
mod driver;
mod pane;
mod person;
mod server;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

use crate::browser::Browser;
use crate::driver::Driver;
use crate::person::Person;
use crate::server::Server;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Several browsers at a time do not make two cores faster.
    arguments.test_threads.get_or_insert(1);
    let tools = if arguments.list { None } else { tools() };
    let trials = cases::all().into_iter().map(|(name, case)| match &tools {
        Some(driver) => {
            let driver = Arc::clone(driver);
            Trial::test(name, move || {
                case(&mut Stage::new(driver));
                Ok(())
            })
        }
        None => Trial::test(name, || Ok(())).with_ignored_flag(true),
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// What the cases need, or `None` once it is said what is missing.
fn tools() -> Option<Arc<Driver>> {
    let tools = server::missing().map_or_else(Driver::start, Err);
    let complaint = |missing: &String| eprintln!("skipped: the page in a browser needs {missing}");
    tools.inspect_err(complaint).ok().map(Arc::new)
}

/// Where one case plays: a server of its own, and whoever comes there.
struct Stage {
    driver: Arc<Driver>,
    server: Server,
}

impl Stage {
    fn new(driver: Arc<Driver>) -> Self {
        Self {
            driver,
            server: Server::start(),
        }
    }

    /// A browser that shows the page.
    fn browser(&self) -> Browser {
        let browser = Browser::start(&self.driver);
        browser.goes_to(&self.server.page());
        browser
    }

    /// A browser in which `name` has come in, and is in the lobby.
    fn user(&self, name: &str) -> Browser {
        let browser = self.browser();
        browser.comes_in(name);
        browser
    }

    /// Somebody with an IRC program.
    fn person(&self, name: &str) -> Person {
        Person::with_irc(self.server.irc(), name)
    }

    /// Somebody with netcat, in the lobby as everybody with it.
    fn netcat(&self, name: &str) -> Person {
        Person::with_netcat(self.server.rooms(), name)
    }

    /// Somebody with an IRC program, in the lobby.
    fn person_in_lobby(&self, name: &str) -> Person {
        let mut person = self.person(name);
        person.joins("#lobby");
        person
    }
}
