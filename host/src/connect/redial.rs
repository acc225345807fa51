//! The way back to a server that was lost.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;

use super::dial::Dial;
use super::remote::Remote;
use super::route::Route;
use super::stream::Connection;
use super::talk::Talk;

/// Tries to connect, until it has a connection.
pub(super) struct Redial<'a> {
    remote: &'a Remote,
    pauses: &'a mut Pauses,
    state: State,
    news: Option<String>,
}

enum State {
    /// Nobody needs a connection yet.
    Idle,
    Waiting(Instant),
    Dialling(Dial),
    Arrived(Connection),
}

impl<'a> Redial<'a> {
    /// After a connection that was lost for this reason.
    pub(super) fn after(reason: &str, remote: &'a Remote, pauses: &'a mut Pauses) -> Self {
        let mut redial = Self::when_wanted(remote, pauses);
        redial.wait(reason);
        redial
    }

    /// As soon as a connection is of use.
    pub(super) fn when_wanted(remote: &'a Remote, pauses: &'a mut Pauses) -> Self {
        Self {
            remote,
            pauses,
            state: State::Idle,
            news: None,
        }
    }

    /// The connection, if there is one.
    pub(super) fn into_connection(self) -> Option<Connection> {
        match self.state {
            State::Arrived(connection) => Some(connection),
            _ => None,
        }
    }

    fn wait(&mut self, reason: &str) {
        let pause = self.pauses.next();
        let seconds = pause.as_secs();
        self.news = Some(format!("{reason}; trying again in {seconds} s"));
        self.state = State::Waiting(Instant::now() + pause);
    }

    fn dial(&mut self) {
        match Dial::new(self.remote) {
            Ok(dial) => self.state = State::Dialling(dial),
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&mut self, error: &io::Error) {
        self.wait(&format!(
            "cannot connect to {}: {error}",
            self.remote.address
        ));
    }

    fn go_on(&mut self, now: Instant) {
        if let State::Dialling(dial) = &mut self.state
            && let Some(outcome) = dial.proceed(now)
        {
            match outcome {
                Ok(connection) => self.state = State::Arrived(connection),
                Err(error) => self.failed(&error),
            }
        }
    }
}

impl Route for Redial<'_> {
    fn waits_for(&self, _talk: &dyn Talk) -> Option<(BorrowedFd<'_>, PollFlags)> {
        match &self.state {
            State::Dialling(dial) => Some(dial.waits_for()),
            _ => None,
        }
    }

    fn deadline(&self, talk: &dyn Talk) -> Option<Instant> {
        match &self.state {
            State::Idle if talk.wants_connection() => Some(Instant::now()),
            State::Waiting(until) => Some(*until),
            State::Dialling(dial) => Some(dial.deadline()),
            State::Idle | State::Arrived(_) => None,
        }
    }

    fn proceed(&mut self, _talk: &mut dyn Talk) -> bool {
        self.go_on(Instant::now());
        false
    }

    fn tick(&mut self, now: Instant, talk: &mut dyn Talk) {
        match self.state {
            State::Idle if talk.wants_connection() => self.dial(),
            State::Waiting(until) if until <= now => self.dial(),
            _ => self.go_on(now),
        }
    }

    fn is_at_end(&self) -> bool {
        true
    }

    fn is_arrived(&self) -> bool {
        matches!(self.state, State::Arrived(_))
    }

    fn news(&mut self) -> Option<String> {
        self.news.take()
    }
}

/// How long to wait before each attempt: longer and longer, until a connection has lasted.
#[derive(Debug)]
pub(super) struct Pauses {
    next: Duration,
    connected: Instant,
}

impl Pauses {
    /// A connection has just been made for the first time.
    pub(super) fn new() -> Self {
        Self {
            next: FIRST,
            connected: Instant::now(),
        }
    }

    /// There is a connection again.
    pub(super) fn connected(&mut self) {
        self.connected = Instant::now();
    }

    /// The connection is lost.
    pub(super) fn disconnected(&mut self) {
        if self.connected.elapsed() >= LASTING {
            self.next = FIRST;
        }
    }

    fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(LONGEST);
        pause
    }
}

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(32);

/// A connection that is lost before this was none: the server may be closing all of them.
const LASTING: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound() {
        let mut pauses = Pauses::new();
        let seconds: Vec<_> = (0..7).map(|_| pauses.next().as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 32]);
    }

    #[test]
    fn a_connection_that_did_not_last_leaves_them_as_they_are() {
        let mut pauses = Pauses::new();
        pauses.next();
        pauses.connected();
        pauses.disconnected();
        assert_eq!(pauses.next().as_secs(), 2);
        pauses.connected = Instant::now() - LASTING;
        pauses.disconnected();
        assert_eq!(pauses.next().as_secs(), 1);
    }
}
