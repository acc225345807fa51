//! What a server should do, written from the documents and as naively as possible: maps, strings,
//! queues without bounds, and every stream looked at from its beginning whenever it grows. Shares
//! no code with the server; it borrows only its vocabulary.

use std::collections::VecDeque;
use std::time::Duration;

use crate::config::Config;
use linechat_protocol::{CloseReason, Dialect, Framing, Instant, Peer};

mod community;
mod direct;
mod pair;
mod plain;
mod rooms;
mod stream;

use self::stream::{Message, Stream};

/// The dialects that it knows.
pub const DIALECTS: [Dialect; 6] = [
    Dialect::ECHO,
    Dialect::RELAY,
    Dialect::ADDRESSED,
    Dialect::ROOMS,
    Dialect::PAIR,
    Dialect::DIRECT,
];

/// All that a server should do.
pub struct Model {
    rules: Box<dyn Rules>,
    pub all: Everybody,
    framing: Framing,
    pause: Duration,
    is_telnet: bool,
    refuses_http: bool,
    /// Whether peers are read from though what they said before has not had its turn.
    reads_ahead: bool,
    has_login: bool,
    login_timeout: Option<Duration>,
    idle_timeout: Option<Duration>,
    max_line: usize,
    now: Instant,
}

/// Everybody who ever connected.
#[derive(Default)]
pub struct Everybody {
    pub parties: Vec<Party>,
    leaving: VecDeque<usize>,
    pub is_shutting_down: bool,
}

/// Somebody who connected.
pub struct Party {
    pub peer: Peer,
    pub dialect: Dialect,
    stream: Stream,
    unread: VecDeque<Message>,
    /// All that should be sent to it.
    pub output: Vec<u8>,
    pub left: Option<CloseReason>,
    is_joined: bool,
    pub is_logged_in: bool,
    since: Instant,
    last_received: Instant,
    /// When something of it was last received or taken.
    last_input: Instant,
}

/// What happens when nothing else happens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// An unfinished line is a message.
    Pause,
    Login,
    Idle,
}

/// One protocol.
trait Rules {
    fn is_welcome(&self, _all: &Everybody) -> bool {
        true
    }

    /// Whether it is somebody's turn.
    fn listens_to(&self, _who: usize) -> bool {
        true
    }

    fn joined(&mut self, _all: &mut Everybody, _who: usize) {}

    /// `ending` is what the line came with; nothing for a chunk.
    fn said(&mut self, all: &mut Everybody, who: usize, content: &[u8], ending: &[u8]);

    fn said_too_much(&mut self, all: &mut Everybody, who: usize) {
        all.close(who, CloseReason::LineTooLong);
    }

    fn ended(&mut self, all: &mut Everybody, who: usize) {
        all.close(who, CloseReason::PeerLeft);
    }

    fn left(&mut self, _all: &mut Everybody, _who: usize) {}
}

impl Model {
    pub fn new(config: &Config) -> Self {
        let default = match config.dialect.name() {
            "echo" if !config.uppercase => Framing::Chunks,
            "relay" | "addressed" | "pair" => Framing::Auto,
            _ => Framing::Lines,
        };
        let is_telnet = [Dialect::ROOMS, Dialect::DIRECT].contains(&config.dialect);
        Self {
            rules: rules(config),
            all: Everybody::default(),
            framing: config.framing.unwrap_or(default),
            pause: config.pause,
            is_telnet,
            refuses_http: config.dialect != Dialect::ECHO,
            reads_ahead: config.dialect == Dialect::PAIR,
            has_login: is_telnet,
            login_timeout: config.limits.login_timeout,
            idle_timeout: config.limits.idle_timeout,
            max_line: config.limits.max_line,
            now: Instant::EPOCH,
        }
    }

    pub fn is_accepting(&self) -> bool {
        !self.all.is_shutting_down && self.rules.is_welcome(&self.all)
    }

    pub fn accept(&mut self, peer: Peer, dialect: Dialect) {
        let refusal = if self.all.is_shutting_down {
            Some(CloseReason::ShuttingDown)
        } else if peer != Peer::Console && !self.rules.is_welcome(&self.all) {
            Some(CloseReason::NotAccepting)
        } else {
            None
        };
        let (framing, refuses_http) = match peer {
            Peer::Console => (Framing::Lines, false),
            Peer::Socket(_) | Peer::Link(_) => (self.framing, self.refuses_http),
        };
        self.all.parties.push(Party {
            peer,
            dialect,
            stream: Stream::new(framing, self.is_telnet, refuses_http, self.max_line),
            unread: VecDeque::new(),
            output: Vec::new(),
            left: refusal,
            is_joined: refusal.is_none(),
            is_logged_in: false,
            since: self.now,
            last_received: self.now,
            last_input: self.now,
        });
        if refusal.is_none() {
            let who = self.all.parties.len() - 1;
            self.rules.joined(&mut self.all, who);
        }
        self.go_on();
    }

    pub fn bytes(&mut self, who: usize, bytes: &[u8]) {
        let party = &mut self.all.parties[who];
        if party.left.is_some() || bytes.is_empty() || party.stream.is_ended() {
            return;
        }
        party.last_received = self.now;
        party.last_input = self.now;
        party.unread.extend(party.stream.grow(bytes));
        self.listen_to(who);
        self.go_on();
    }

    pub fn eof(&mut self, who: usize) {
        let party = &mut self.all.parties[who];
        party.stream.is_over = true;
        if party.left.is_some() || party.stream.is_ended() {
            return;
        }
        party.unread.extend(party.stream.end());
        self.listen_to(who);
        self.go_on();
    }

    /// What somebody sent was cut off: it cannot be known whether what came last was whole.
    pub fn cut_off(&mut self, who: usize) {
        let party = &mut self.all.parties[who];
        party.stream.is_over = true;
        if party.left.is_some() || party.stream.is_ended() {
            return;
        }
        party.unread.push_back(party.stream.cut_off());
        self.listen_to(who);
        self.go_on();
    }

    /// Somebody broke the protocol of the layer.
    pub fn break_layer(&mut self, who: usize) {
        if !self.all.parties[who].stream.is_over {
            self.all.close(who, CloseReason::LayerFailed);
            self.go_on();
        }
    }

    pub fn fail(&mut self, who: usize) {
        self.all.close(who, CloseReason::TransportFailed);
        self.go_on();
    }

    pub fn shut_down(&mut self) {
        self.all.shut_down();
        self.go_on();
    }

    /// Does what is due, in the order of the deadlines.
    pub fn pass(&mut self, until: Instant) {
        loop {
            let deadlines = (0..self.all.parties.len()).filter_map(|who| self.deadline(who));
            let Some((at, who, due)) = deadlines.min() else {
                break;
            };
            if at > until {
                break;
            }
            self.now = at;
            match due {
                Due::Pause => self.pause_of(who),
                Due::Login => self.all.close(who, CloseReason::LoginTimeout),
                Due::Idle => self.all.close(who, CloseReason::IdleTimeout),
            }
            self.go_on();
        }
        self.now = until;
    }

    fn pause_of(&mut self, who: usize) {
        let party = &mut self.all.parties[who];
        let last_input = party.last_input;
        party.unread.extend(party.stream.pause());
        self.listen_to(who);
        self.all.parties[who].last_input = last_input;
    }

    fn deadline(&self, who: usize) -> Option<(Instant, usize, Due)> {
        let party = &self.all.parties[who];
        if party.left.is_some() || party.peer == Peer::Console {
            return None;
        }
        let login = self
            .login_timeout
            .filter(|_| self.has_login && !party.is_logged_in)
            .map(|limit| (party.since + limit, who, Due::Login));
        let is_all_read = party.unread.is_empty();
        let silent_since = match self.reads_ahead {
            true => party.last_received,
            false => party.last_input,
        };
        let is_pausing = (is_all_read || self.reads_ahead) && party.stream.is_unfinished();
        let pause = is_pausing.then(|| silent_since + self.pause);
        let idle = self
            .idle_timeout
            .filter(|_| is_all_read)
            .map(|limit| (party.last_input + limit).max(pause.unwrap_or_default()))
            .map(|at| (at, who, Due::Idle));
        let pause = pause.map(|at| (at, who, Due::Pause));
        [login, pause, idle].into_iter().flatten().min()
    }

    /// Takes what somebody said, as far as it is their turn. Says whether anything was.
    fn listen_to(&mut self, who: usize) -> bool {
        let mut is_heard = false;
        while self.all.parties[who].left.is_none() {
            let party = &mut self.all.parties[who];
            let is_end = matches!(
                party.unread.front(),
                Some(Message::End | Message::CutOff | Message::Foreign(_))
            );
            if !is_end && !self.rules.listens_to(who) {
                break;
            }
            let Some(message) = party.unread.pop_front() else {
                break;
            };
            is_heard = true;
            party.last_input = self.now;
            match message {
                Message::Said { content, ending } => {
                    self.rules.said(&mut self.all, who, &content, &ending);
                    let party = &mut self.all.parties[who];
                    if party.stream.is_http_request()
                        && party.left == Some(CloseReason::MalformedNickname)
                    {
                        party.left = Some(CloseReason::HttpRequest);
                    }
                }
                Message::TooLong => self.rules.said_too_much(&mut self.all, who),
                Message::Foreign(reason) => self.all.close(who, reason),
                Message::CutOff => self.all.close(who, CloseReason::CutOff),
                Message::End => self.rules.ended(&mut self.all, who),
            }
            self.bury();
        }
        is_heard
    }

    /// All that follows from what happened.
    fn go_on(&mut self) {
        self.bury();
        while (0..self.all.parties.len()).any(|who| self.listen_to(who)) {}
    }

    fn bury(&mut self) {
        while let Some(who) = self.all.leaving.pop_front() {
            if self.all.parties[who].is_joined {
                self.rules.left(&mut self.all, who);
            }
        }
    }
}

impl Everybody {
    /// Says this to somebody, who is still there or not.
    fn tell(&mut self, who: usize, bytes: impl AsRef<[u8]>) {
        let party = &mut self.parties[who];
        if party.left.is_none() {
            party.output.extend_from_slice(bytes.as_ref());
        }
    }

    fn close(&mut self, who: usize, reason: CloseReason) {
        let party = &mut self.parties[who];
        if party.left.is_none() {
            party.left = Some(reason);
            self.leaving.push_back(who);
        }
    }

    fn shut_down(&mut self) {
        self.is_shutting_down = true;
        for who in 0..self.parties.len() {
            self.close(who, CloseReason::ShuttingDown);
        }
    }

    /// Everybody who is there.
    fn present(&self) -> Vec<usize> {
        let places = 0..self.parties.len();
        places
            .filter(|&who| self.parties[who].left.is_none())
            .collect()
    }
}

fn rules(config: &Config) -> Box<dyn Rules> {
    match config.dialect.name() {
        "echo" => Box::new(plain::Echo {
            uppercase: config.uppercase,
        }),
        "relay" => Box::new(plain::Relay),
        "addressed" => Box::new(plain::Addressed),
        "pair" => Box::new(pair::Pair::new(config.full_duplex)),
        "rooms" | "direct" => Box::new(community::Community::new(config)),
        other => unreachable!("no model of {other}"),
    }
}
