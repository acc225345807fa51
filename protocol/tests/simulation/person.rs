//! One client: its machine, its connection, and what it said and heard.

use std::collections::{BTreeMap, BTreeSet};

use bytes::BytesMut;
use linechat_laws::toy::ToyPeer;
use linechat_laws::tunnel::TunnelPeer;
use linechat_protocol::{CloseReason, ConnId, Instant};

use crate::cast::Part;
use crate::link::Link;
use crate::voice::{Request, Voice, Way};

pub(crate) struct Person {
    pub(crate) part: Part,
    /// Address and port, as `addressed` shows them.
    pub(crate) address: String,
    pub(crate) voice: Box<dyn Voice>,
    pub(crate) link: Link,
    pub(crate) layer: Option<ToyPeer>,
    /// What its layer has sealed that the link has no room for.
    pub(crate) sealed: Vec<u8>,
    pub(crate) has_said_goodbye: bool,
    pub(crate) stage: Stage,
    pub(crate) is_reading: bool,
    pub(crate) is_leaving: bool,
    /// It has heard the end, and goes once everything is said.
    pub(crate) is_parting: bool,
    pub(crate) last_byte: u8,
    /// Some time ago, the server had read all that was said since.
    pub(crate) was_read: bool,
    /// What is on the server's side of the link.
    pub(crate) socket: Option<Socket>,
    pub(crate) said: Vec<Said>,
    pub(crate) heard: Vec<(Way, Item)>,
    /// The last of each sender's words that was heard, for each way.
    pub(crate) last_heard: BTreeMap<(Way, usize), usize>,
    /// What must be answered: places in `said`, or nothing for a list.
    pub(crate) unanswered: Vec<Option<usize>>,
    pub(crate) answers: BTreeMap<usize, Answer>,
    pub(crate) refused: BTreeMap<Request, usize>,
    pub(crate) rooms: BTreeSet<String>,
    /// Rooms that were left for good.
    pub(crate) left_rooms: BTreeSet<String>,
    /// Of them, those whose server has said so.
    pub(crate) silent_rooms: BTreeSet<String>,
    pub(crate) was_refused: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Away,
    Connected,
    /// In `direct`, and at once elsewhere.
    LoggedIn,
    /// The server has ended, or the connection failed.
    Gone,
}

#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) request: Request,
    pub(crate) text: String,
    pub(crate) at: Instant,
}

/// Something in a conversation. People are named by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Words { from: usize, number: usize },
    Came(usize),
    Went(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Sent,
    NoSuchUser,
}

/// A connection as an adapter has it.
pub(crate) struct Socket {
    pub(crate) conn: ConnId,
    pub(crate) handed_out: BytesMut,
    pub(crate) is_dirty: bool,
    pub(crate) is_paused: bool,
    /// Since when it has been paused though its own backlog is low.
    pub(crate) unread_since: Option<Instant>,
    pub(crate) is_end_told: bool,
    pub(crate) left: Option<(Instant, CloseReason)>,
    pub(crate) closed: Option<CloseReason>,
    /// It took nothing for too long, or longer than the grace time: its last line may be cut.
    pub(crate) may_be_cut: bool,
    pub(crate) is_released: bool,
    /// When the peer last took something, or began to have something to take.
    pub(crate) last_progress: Instant,
    pub(crate) backlog: usize,
}

impl Socket {
    pub(crate) fn new(conn: ConnId, now: Instant) -> Self {
        Self {
            conn,
            handed_out: BytesMut::new(),
            is_dirty: false,
            is_paused: false,
            unread_since: None,
            is_end_told: false,
            left: None,
            closed: None,
            may_be_cut: false,
            is_released: false,
            last_progress: now,
            backlog: 0,
        }
    }
}

impl Person {
    pub(crate) fn new(
        part: Part,
        place: usize,
        voice: Box<dyn Voice>,
        link: Link,
        layer: Option<ToyPeer>,
    ) -> Self {
        let opening = layer.as_ref().map(|_| ToyPeer::opening());
        Self {
            layer,
            sealed: opening.unwrap_or_default(),
            has_said_goodbye: false,
            part,
            address: format!("192.0.2.1:{}", 1000 + place),
            voice,
            link,
            stage: Stage::Away,
            is_reading: true,
            is_leaving: false,
            is_parting: false,
            last_byte: b'\n',
            was_read: false,
            socket: None,
            said: Vec::new(),
            heard: Vec::new(),
            last_heard: BTreeMap::new(),
            unanswered: Vec::new(),
            answers: BTreeMap::new(),
            refused: BTreeMap::new(),
            rooms: BTreeSet::new(),
            left_rooms: BTreeSet::new(),
            silent_rooms: BTreeSet::new(),
            was_refused: false,
        }
    }

    /// How much there is to be said, and how much of an ending is not.
    pub(crate) fn has_to_say(&self) -> (usize, usize) {
        let bytes = self.voice.transmit();
        // Whoever pipes text in may have no ending behind the last line.
        let has_no_ending =
            self.part.has_no_endings || (self.is_leaving && self.part.forgets_last_ending);
        let ending = usize::from(has_no_ending && bytes.ends_with(b"\n"));
        (bytes.len() - ending, ending)
    }

    /// Its layer seals all that there is to be said.
    pub(crate) fn seal(&mut self) {
        let (whole, ending) = self.has_to_say();
        let Some(layer) = &mut self.layer else { return };
        self.sealed
            .extend(layer.seal(&self.voice.transmit()[..whole]));
        self.voice.advance(whole + ending);
        if self.voice.is_done_sending() && !self.has_said_goodbye {
            self.has_said_goodbye = true;
            self.sealed.extend(layer.goodbye());
        }
    }

    /// Whether a layer, if there is one, has said that nothing more will come.
    pub(crate) fn is_told_goodbye(&self) -> bool {
        self.layer.as_ref().is_none_or(ToyPeer::is_told_goodbye)
    }

    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.stage, Stage::Connected | Stage::LoggedIn)
    }

    /// Whether the server still counts with it.
    pub(crate) fn is_served(&self) -> bool {
        self.socket
            .as_ref()
            .is_some_and(|socket| socket.left.is_none())
    }

    pub(crate) fn close_reason(&self) -> Option<CloseReason> {
        self.socket.as_ref()?.closed
    }

    /// What was heard in one way.
    pub(crate) fn conversation(&self, way: &Way) -> Vec<Item> {
        let items = self.heard.iter().filter(|(heard, _)| heard == way);
        items.map(|&(_, item)| item).collect()
    }
}
