//! What is known of one connection beside what the community knows of its user.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::label::Label;
use super::options::Options;
use crate::dialect::irc::capability::Capabilities;
use crate::dialect::irc::isupport::Isupport;

/// One connection.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// What it asked for beyond the RFCs.
    pub(super) capabilities: Capabilities,
    /// Until it is registered: what it has said of itself.
    pub(super) application: Option<Box<Application>>,
    /// The names whose coming and going it is told of.
    pub(super) watched: Vec<Box<str>>,
    /// What the answers to its last line are marked with, until all of them are known.
    pub(super) label: Option<Label>,
    /// Why it leaves, in its own words.
    pub(super) farewell: Option<Box<str>>,
    /// Answers to its last line that have their place behind what became of commands.
    pub(super) behind: Vec<Behind>,
}

/// What is answered once it was told what became of commands.
#[derive(Debug)]
pub(super) struct Behind {
    /// Of how many commands that has yet to be told.
    pub(super) untold: usize,
    pub(super) answers: Vec<u8>,
}

impl Session {
    /// The answers behind one more command of which is told what became.
    pub(super) fn take_due(&mut self) -> Vec<u8> {
        for behind in &mut self.behind {
            behind.untold -= 1;
        }
        let due = self.behind.extract_if(.., |behind| behind.untold == 0);
        due.flat_map(|behind| behind.answers).collect()
    }
}

/// What somebody says before being let in.
#[derive(Debug, Default)]
pub(super) struct Application {
    pub(super) nick: Option<Box<str>>,
    pub(super) user: Option<Person>,
    pub(super) password: Option<Box<str>>,
    /// It negotiates capabilities, and is let in when it says that this has ended.
    pub(super) negotiates: bool,
}

/// What `USER` says.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) username: Box<str>,
    pub(super) real_name: Box<str>,
}

/// What all connections of one dialect have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    /// The server's name as it stands in messages.
    pub(super) server: String,
    /// By which door its users come.
    pub(super) door: u8,
    /// Connections that have not registered.
    pub(super) unregistered: usize,
    /// The greatest crowd that there was.
    pub(super) most_users: usize,
    /// The same, on this server.
    pub(super) most_own_users: usize,
    /// When the first connection came, in milliseconds since 1970-01-01 UTC.
    pub(super) since: u64,
    /// What the server tells of itself, once it is known how many rooms a user can be in.
    pub(super) isupport: Option<Isupport>,
}

impl Shared {
    pub(super) fn new(options: &Options, door: u8) -> Self {
        Self {
            options: options.clone(),
            server: options.source_name(),
            door,
            unregistered: 0,
            most_users: 0,
            most_own_users: 0,
            since: 0,
            isupport: None,
        }
    }
}
