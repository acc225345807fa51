//! One connection after the other.

use std::io;

use super::front::{Front, KeyboardState};
use super::link::Link;
use super::redial::{Pauses, Redial};
use super::remote::Remote;
use super::route::Route;
use super::session::{Outcome, Session};
use super::stream::Connection;
use super::talk::{End, Talk};
use super::{Failure, Manner};
use crate::cli::ConnectOptions;
use crate::signals::SignalCount;

/// What goes on between a user and a server, over one connection or over several.
pub(super) struct Conversation<'a> {
    remote: &'a Remote,
    talk: &'a mut dyn Talk,
    signals: &'a mut SignalCount,
    is_person: bool,
    /// Whether to connect again when the connection is lost.
    returns: bool,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(
        options: &'a ConnectOptions,
        remote: &'a Remote,
        manner: Manner,
        talk: &'a mut dyn Talk,
        signals: &'a mut SignalCount,
    ) -> Self {
        let is_person = manner == Manner::Person;
        Self {
            remote,
            is_person,
            returns: is_person && !options.no_reconnect && talk.returns(),
            talk,
            signals,
        }
    }

    /// Goes on until the user has left, or the server and there is no coming back.
    ///
    /// # Errors
    ///
    /// The network's or the system's.
    pub(super) fn run(
        &mut self,
        connection: Connection,
        front: &mut impl Front,
    ) -> Result<Outcome, Failure> {
        let mut pauses = Pauses::new();
        let mut connection = connection;
        loop {
            let mut link = Link::new(connection);
            // Something may have come with the end of a handshake.
            link.proceed(self.talk);
            let session = Session::new(self.talk, link, front);
            let (outcome, link) = session.run(self.signals).map_err(Failure::System)?;
            let is_typing = front.keyboard() == KeyboardState::Open;
            let returns = self.returns && is_typing;
            let reason = match (outcome, link.into_failure()) {
                (Outcome::Ended(End::Closed), None) if returns => {
                    "the server closed the connection".to_owned()
                }
                (Outcome::Ended(End::Closed), Some(error)) if returns => {
                    format!("the connection is lost: {error}")
                }
                (Outcome::Ended(End::AskAgain), _) if self.is_person && is_typing => String::new(),
                (Outcome::Ended(End::Closed | End::AskAgain), Some(error)) => {
                    return Err(self.network(error));
                }
                (outcome, _) => return Ok(outcome),
            };
            match self.come_back(&reason, &mut pauses, front)? {
                Return::Connected(found) => connection = found,
                Return::Over(outcome) => return Ok(outcome),
            }
        }
    }

    /// Waits for a new connection, unless the user has had enough.
    fn come_back(
        &mut self,
        reason: &str,
        pauses: &mut Pauses,
        front: &mut impl Front,
    ) -> Result<Return, Failure> {
        self.talk.disconnected();
        pauses.disconnected();
        let remote = self.remote;
        let redial = if self.talk.wants_connection() {
            Redial::after(reason, remote, pauses)
        } else {
            Redial::when_wanted(remote, pauses)
        };
        let session = Session::new(self.talk, redial, front);
        let (outcome, redial) = session.run(self.signals).map_err(Failure::System)?;
        match (outcome, redial.into_connection()) {
            (Outcome::Ended(_), Some(connection)) => {
                pauses.connected();
                self.talk.reconnected();
                Ok(Return::Connected(connection))
            }
            (outcome, _) => Ok(Return::Over(outcome)),
        }
    }

    fn network(&self, error: io::Error) -> Failure {
        Failure::Network {
            address: self.remote.address.clone(),
            error,
        }
    }
}

/// What comes of waiting for a connection.
enum Return {
    Connected(Connection),
    Over(Outcome),
}
