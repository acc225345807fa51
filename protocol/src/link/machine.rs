//! One connection to NATS after the other: greeting, finding the log, reading and writing it.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use crate::instant::Instant;
use crate::link::dialler::{Address, Dialler};
use crate::link::envelope::{Beat, Envelope, Head, Unreadable, open_all, seal};
use crate::link::jetstream::{
    ApiError, Names, StreamInfo, create_subject, get_from, get_last, get_subject, info_subject,
    log_config, published, snapshots_config, stream_info,
};
use crate::link::json::Json;
use crate::link::publisher::Publisher;
use crate::link::reader::{Entries, Reader};
use crate::link::snapshots::{Fetching, Part, Writing};
use crate::link::watch::Watch;
use crate::link::wire::{Decoder, Incoming, Message, publish, publish_with, subscribe};
use crate::link::{Credentials, Options};

/// A server's part in the log that it shares with others: bytes from NATS in, bytes to NATS out.
#[derive(Debug)]
pub(crate) struct Link {
    options: Options,
    names: Names,
    /// Which run of this server it is.
    incarnation: u64,
    dialler: Dialler,
    stage: Stage,
    decoder: Decoder,
    out: Vec<u8>,
    /// How many connections there were: each has an inbox of its own.
    connections: u64,
    /// What the subjects begin with under which answers come to this run, on this connection.
    inbox: String,
    /// How many requests there were.
    requests: u64,
    /// The answer that is awaited, by the number of its request, and until when.
    awaited: Option<(u64, Instant)>,
    /// When a stage that failed begins again.
    retry_at: Option<Instant>,
    /// Since when JetStream says on this connection that the log is not what it was.
    doubted_since: Option<Instant>,
    /// NATS is a cluster.
    is_cluster: bool,
    /// When the log was made that is read; none yet.
    log: Option<StreamInfo>,
    has_begun: bool,
    fetching: Option<Fetching>,
    writing: Option<Writing>,
    /// The last message of the log that is in a snapshot, or that was to be in one of our own.
    last_snapshot: u64,
    pub(crate) reader: Reader,
    /// What has to be read before anything is written.
    sync_to: u64,
    pub(crate) publisher: Publisher,
    pub(crate) watch: Watch,
    /// When this server says the next time that it is there.
    tick_at: Option<Instant>,
    /// It has just done so.
    has_ticked: bool,
    news: VecDeque<News>,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// There is none.
    Down,
    /// NATS has yet to say what it is.
    Greeting,
    /// NATS has yet to let us in.
    Entering,
    FindingLog,
    CreatingLog,
    /// Whether the log still has what was read of it has yet to be known.
    CheckingLog,
    FindingSnapshots,
    CreatingSnapshots,
    /// What the last snapshot is has yet to be known.
    FindingHead,
    Fetching,
    /// The log is read, and written once all of it was read.
    Reading,
}

/// What has become known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// The community begins with this.
    Restore(Vec<u8>),
    /// The log is another one than before, or a shorter one.
    Emptied,
    /// Another run of a server of this name says that it is there.
    Namesake,
    /// Something is wrong that does not mend itself: why.
    Wrong(String),
    /// Something is not as it should be, and is tried again: why.
    Trouble(String),
    /// What others say is of another version.
    OtherVersion(u8),
}

impl Link {
    pub(crate) fn new(mut options: Options) -> Self {
        let addresses = mem::take(&mut options.addresses);
        let incarnation = options.incarnation;
        Self {
            names: Names::new(options.community.as_str()),
            incarnation,
            dialler: Dialler::new(addresses, incarnation),
            options,
            stage: Stage::Down,
            decoder: Decoder::default(),
            out: Vec::new(),
            connections: 0,
            inbox: String::new(),
            requests: 0,
            awaited: None,
            retry_at: None,
            doubted_since: None,
            is_cluster: false,
            log: None,
            has_begun: false,
            fetching: None,
            writing: None,
            last_snapshot: 0,
            reader: Reader::new(1),
            sync_to: 0,
            publisher: Publisher::default(),
            watch: Watch::default(),
            tick_at: None,
            has_ticked: false,
            news: VecDeque::new(),
        }
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) fn options_mut(&mut self) -> &mut Options {
        &mut self.options
    }

    pub(crate) fn node(&self) -> &str {
        self.options.node.as_str()
    }

    pub(crate) fn incarnation(&self) -> u64 {
        self.incarnation
    }

    /// Whether it is time to dial. Then [`connected`](Self::connected) or [`lost`](Self::lost)
    /// follows.
    pub(crate) fn poll_dial(&mut self, now: Instant) -> bool {
        self.dialler.poll(now)
    }

    pub(crate) fn target(&self) -> Option<&Address> {
        self.dialler.target()
    }

    /// How often in a row NATS could not be reached.
    pub(crate) fn failures(&self) -> u32 {
        self.dialler.failures()
    }

    /// There is a connection, and nothing was said on it.
    pub(crate) fn connected(&mut self, now: Instant) {
        self.connections += 1;
        self.name_inbox();
        self.decoder = Decoder::default();
        self.out.clear();
        self.watch.reconnected();
        self.fetching = None;
        self.stage = Stage::Greeting;
        self.retry_at = None;
        self.doubted_since = None;
        self.awaited = Some((0, now + GREETING_TIMEOUT));
    }

    /// Whether there is a connection on which NATS has not said a word.
    pub(crate) fn awaits_greeting(&self) -> bool {
        self.stage == Stage::Greeting
    }

    /// What is under the connection has failed. With an address that was given, and at first, it fails
    /// for good.
    pub(crate) fn layer_failed(&mut self, reason: &str) {
        let Some(address) = self.dialler.target() else {
            return;
        };
        let failure = format!("NATS at {address}: {}; {MEND_LAYER}", shortened(reason));
        let is_at_first = matches!(self.stage, Stage::Greeting | Stage::Entering);
        self.news
            .push_back(match is_at_first && self.dialler.is_given() {
                true => News::Wrong(failure),
                false => News::Trouble(failure),
            });
    }

    /// There is no connection any more, or none could be made.
    pub(crate) fn lost(&mut self, now: Instant) {
        self.stage = Stage::Down;
        self.awaited = None;
        self.retry_at = None;
        self.tick_at = None;
        self.dialler.failed(now);
    }

    /// This run of the server is over: the next begins, and forgets all that it knew.
    pub(crate) fn restart(&mut self) {
        self.incarnation = self.incarnation.wrapping_add(1);
        self.name_inbox();
        self.log = None;
        self.has_begun = false;
        self.reader = Reader::new(1);
        self.publisher = Publisher::default();
        self.watch = Watch::default();
        self.fetching = None;
        self.writing = None;
        self.last_snapshot = 0;
        self.news.clear();
    }

    fn name_inbox(&mut self) {
        let (node, run, connection) = (self.node(), self.incarnation, self.connections);
        self.inbox = format!("_INBOX.linechat.{node}.{run:x}.{connection}.");
    }

    /// NATS sent these bytes. An error means that the connection is of no use.
    pub(crate) fn receive(&mut self, now: Instant, bytes: &[u8]) -> Result<(), String> {
        let mut decoder = mem::take(&mut self.decoder);
        decoder.push(bytes);
        let mut outcome = Ok(());
        while outcome.is_ok() {
            outcome = match decoder.next() {
                Ok(Some(incoming)) => self.take(now, &incoming),
                Ok(None) => break,
                Err(not_nats) => Err(not_nats.to_string()),
            };
        }
        self.decoder = decoder;
        outcome
    }

    fn take(&mut self, now: Instant, incoming: &Incoming<'_>) -> Result<(), String> {
        match incoming {
            Incoming::Info(info) => self.greet(now, info)?,
            Incoming::Ping => self.out.extend_from_slice(b"PONG\r\n"),
            Incoming::Pong if self.stage == Stage::Entering => self.enter(now),
            Incoming::Pong | Incoming::Ok => {}
            Incoming::Error(error) => return self.complain(error),
            Incoming::Message(message) => self.take_message(now, message),
        }
        Ok(())
    }

    /// NATS refuses something. What it refuses at first it refuses for good.
    fn complain(&mut self, error: &str) -> Result<(), String> {
        let error = format!("NATS says: {}", shortened(error));
        if error.to_ascii_lowercase().contains("authorization") {
            self.news.push_back(News::Wrong(error.clone()));
        } else {
            self.news.push_back(News::Trouble(error.clone()));
        }
        match self.stage {
            Stage::Greeting | Stage::Entering => Err(error),
            _ => Ok(()),
        }
    }

    fn greet(&mut self, now: Instant, info: &str) -> Result<(), String> {
        let json = Json::parse(info).ok_or("NATS's greeting is no JSON")?;
        if let Some(urls) = json.get("connect_urls") {
            let urls: Vec<String> = urls.elements().filter_map(Json::text).collect();
            self.dialler.learn(urls.iter().map(String::as_str));
        }
        if self.stage != Stage::Greeting {
            return Ok(());
        }
        self.is_cluster = json.get("cluster").is_some();
        let is_true = |name| json.get(name).is_some_and(Json::is_true);
        if !is_true("headers") {
            return Err("this NATS server is too old: it takes no headers".into());
        }
        if !is_true("jetstream") && !self.is_cluster {
            let wrong = "this NATS server has no JetStream: start it with '-js'";
            self.news.push_back(News::Wrong(wrong.into()));
            return Err(wrong.into());
        }
        if is_true("tls_required") && self.options.layer.is_none() {
            let wrong = "this NATS server wants TLS: link to it by 'nats+tls://'";
            self.news.push_back(News::Wrong(wrong.into()));
            return Err(wrong.into());
        }
        let connect = self.connect();
        self.out.extend_from_slice(connect.as_bytes());
        self.out.extend_from_slice(b"PING\r\n");
        self.stage = Stage::Entering;
        self.awaited = Some((0, now + GREETING_TIMEOUT));
        Ok(())
    }

    fn connect(&self) -> String {
        let credentials = match &self.options.credentials {
            Credentials::None => String::new(),
            Credentials::User { name, password } => {
                let (name, password) = (quoted(name), quoted(password));
                format!(r#","user":{name},"pass":{password}"#)
            }
            Credentials::Token(token) => format!(r#","auth_token":{}"#, quoted(token)),
        };
        let (node, version) = (self.node(), env!("CARGO_PKG_VERSION"));
        let is_layered = self.options.layer.is_some();
        format!(
            "CONNECT {{\"verbose\":false,\"pedantic\":false,\"tls_required\":{is_layered},\"name\":\"linechat {node}\",\"lang\":\"rust\",\"version\":\"{version}\",\"protocol\":1,\"echo\":true,\"headers\":true,\"no_responders\":true{credentials}}}\r\n"
        )
    }

    /// NATS has let us in.
    fn enter(&mut self, now: Instant) {
        let inbox = format!("{}*", self.inbox);
        let names = &self.names;
        let subjects = [&inbox, &names.republished, &names.beats, &names.head];
        for (id, subject) in subjects.iter().enumerate() {
            subscribe(&mut self.out, subject, id as u32 + 1);
        }
        self.tick_at = Some(now);
        self.begin(now, Stage::FindingLog);
    }

    /// Begins a stage, which is to ask for what it needs.
    fn begin(&mut self, now: Instant, stage: Stage) {
        self.stage = stage;
        self.retry_at = None;
        self.awaited = None;
        let (log, snapshots) = (&self.names.log, &self.names.snapshots);
        let (subject, request) = match stage {
            Stage::FindingLog => (info_subject(log), String::new()),
            Stage::CreatingLog => (
                create_subject(log),
                log_config(&self.names, self.replicas()),
            ),
            Stage::CheckingLog => {
                let last = self.reader.last_read().unwrap_or_default();
                (get_subject(log), get_from(last, &self.names.entries))
            }
            Stage::FindingSnapshots => (info_subject(snapshots), String::new()),
            Stage::CreatingSnapshots => (
                create_subject(snapshots),
                snapshots_config(&self.names, self.replicas()),
            ),
            Stage::FindingHead => (get_subject(snapshots), get_last(&self.names.head)),
            Stage::Down | Stage::Greeting | Stage::Entering | Stage::Fetching | Stage::Reading => {
                return;
            }
        };
        self.requests += 1;
        self.awaited = Some((self.requests, now + API_TIMEOUT));
        let reply = format!("{}a{}", self.inbox, self.requests);
        publish(&mut self.out, &subject, &reply, request.as_bytes());
    }

    fn replicas(&self) -> u8 {
        let usual = if self.is_cluster { 3 } else { 1 };
        self.options.replicas.unwrap_or(usual)
    }

    /// Tries again from the beginning, after a pause.
    fn retry(&mut self, now: Instant) {
        self.doubted_since = None;
        self.ask_again(now);
    }

    fn ask_again(&mut self, now: Instant) {
        self.awaited = None;
        self.fetching = None;
        self.retry_at = Some(now + RETRY_PAUSE);
    }

    fn take_message(&mut self, now: Instant, message: &Message<'_>) {
        if let Some(request) = message.subject.strip_prefix(&*self.inbox) {
            let mut letters = request.chars();
            let kind = letters.next();
            if let Ok(number) = letters.as_str().parse() {
                self.take_answer(now, kind, number, message);
            }
        } else if message.subject == self.names.republished {
            let number = |name| message.headers.number(name);
            if let (Some(sequence), Some(previous)) =
                (number("Nats-Sequence"), number("Nats-Last-Sequence"))
                && self.stage == Stage::Reading
                && !self.reader.came(now, sequence, previous, message.payload)
            {
                self.news.push_back(News::Emptied);
            }
        } else if message.subject == self.names.beats {
            self.hear(now, message.payload);
        } else if message.subject == self.names.head
            && let Ok(head) = open_all::<Head>(message.payload)
        {
            // Not the latest that there ever was: this is the one that counts now.
            self.last_snapshot = head.sequence;
            self.writing.take_if(|it| it.sequence() < head.sequence);
        }
    }

    /// Somebody says to be there.
    fn hear(&mut self, now: Instant, beat: &[u8]) {
        let beat: Beat = match open_all(beat) {
            Ok(beat) => beat,
            Err(Unreadable::Version(version)) => {
                return self.news.push_back(News::OtherVersion(version));
            }
            Err(Unreadable::Malformed) => return,
        };
        if beat.node == self.node() {
            if beat.incarnation == self.incarnation {
                self.watch.heard_itself();
            } else {
                self.news.push_back(News::Namesake);
            }
        } else {
            self.watch.heard(&beat.node, beat.incarnation);
        }
        if self.stage == Stage::Reading {
            self.reader.exists(now, beat.read);
        }
    }

    fn take_answer(
        &mut self,
        now: Instant,
        kind: Option<char>,
        number: u64,
        message: &Message<'_>,
    ) {
        let has_failed = message.headers.status().is_some();
        match kind {
            Some('a') if self.awaited.is_some_and(|(it, _)| it == number) => {
                self.conclude(now, message);
            }
            Some('p') => match published(message.payload).filter(|_| !has_failed) {
                Some(Ok(sequence)) => self.take_stored(now, number, sequence),
                refused => {
                    self.publisher.refused(now, number);
                    if let Some(Err(error)) = refused {
                        self.note(&error);
                    }
                }
            },
            Some('g') if has_failed => self.reader.not_found(now, number),
            Some('g') => match message.headers.number("Nats-Sequence") {
                Some(sequence) => self.reader.answered(number, sequence, message.payload),
                None => self.reader.not_found(now, number),
            },
            Some('c') if has_failed => self.retry(now),
            Some('c') => self.take_chunk(now, number, message.payload),
            Some('s') if !has_failed => {
                if matches!(published(message.payload), Some(Ok(_))) {
                    let number = u32::try_from(number).unwrap_or(u32::MAX);
                    self.writing.take_if(|writing| writing.written(number));
                }
            }
            _ => {}
        }
    }

    /// The log has a message of this server.
    fn take_stored(&mut self, now: Instant, number: u64, sequence: u64) {
        let was_read = sequence < self.reader.next() && !self.reader.has_ready();
        if was_read && self.publisher.awaits(number) {
            // Another one was read in its place.
            return self.news.push_back(News::Emptied);
        }
        self.publisher.stored(number);
        self.reader.exists(now, sequence);
    }

    /// What a stage asked for was answered.
    fn conclude(&mut self, now: Instant, message: &Message<'_>) {
        self.awaited = None;
        match self.stage {
            Stage::FindingHead => return self.conclude_head(now, message),
            Stage::CheckingLog => return self.conclude_check(now, message),
            _ => {}
        }
        let Some(answer) =
            stream_info(message.payload).filter(|_| message.headers.status().is_none())
        else {
            return self.retry(now);
        };
        match (self.stage, answer) {
            (Stage::FindingLog, Err(error)) if error.is_not_found() => self.conclude_none(now),
            (Stage::FindingSnapshots, Err(error)) if error.is_not_found() => {
                self.begin(now, Stage::CreatingSnapshots);
            }
            (Stage::FindingLog | Stage::CreatingLog, Ok(info)) => self.conclude_log(now, info),
            (Stage::FindingSnapshots | Stage::CreatingSnapshots, Ok(_)) => {
                self.begin(now, Stage::FindingHead);
            }
            (_, Err(error)) => {
                self.note(&error);
                self.retry(now);
            }
            (_, Ok(_)) => {}
        }
    }

    fn note(&mut self, error: &ApiError) {
        let mut trouble = format!("JetStream says: {}", shortened(&error.description));
        if matches!(self.stage, Stage::CreatingLog | Stage::CreatingSnapshots) {
            trouble.push_str("; ");
            trouble.push_str(WHAT_IS_MADE);
        }
        self.news.push_back(News::Trouble(trouble));
    }

    /// The log is known.
    fn conclude_log(&mut self, now: Instant, info: StreamInfo) {
        if !info.fits {
            let stream = &self.names.log;
            let wrong = format!("NATS has a stream '{stream}' that is not one of linechat");
            self.news.push_back(News::Wrong(wrong));
            return self.retry(now);
        }
        if !self.has_begun {
            self.log = Some(info);
            return self.begin(now, Stage::FindingSnapshots);
        }
        let is_same = self
            .log
            .as_ref()
            .is_some_and(|it| it.created == info.created);
        if !is_same || info.last + 1 < self.reader.next() {
            return self.suspect(now);
        }
        let has_mark = self.reader.last_read() >= Some(info.first);
        self.log = Some(info);
        if has_mark {
            self.begin(now, Stage::CheckingLog);
        } else {
            self.read(now);
        }
    }

    /// There is no log.
    fn conclude_none(&mut self, now: Instant) {
        if self.has_begun {
            self.suspect(now);
        } else if self.is_beyond_doubt(now, CREATE_AFTER) {
            self.begin(now, Stage::CreatingLog);
        }
    }

    /// Whoever was asked for the last message that was read has answered.
    fn conclude_check(&mut self, now: Instant, message: &Message<'_>) {
        let sequence = message.headers.number("Nats-Sequence");
        match (message.headers.status(), sequence) {
            (Some(404), _) => self.suspect(now),
            (None, Some(sequence)) if Some(sequence) == self.reader.last_read() => {
                if self.reader.knows(message.payload) {
                    self.read(now);
                } else {
                    self.news.push_back(News::Emptied);
                }
            }
            // The log does not keep it any more.
            (None, Some(_)) => self.read(now),
            _ => self.retry(now),
        }
    }

    /// The log is said to be another one, or a shorter one.
    fn suspect(&mut self, now: Instant) {
        if self.is_beyond_doubt(now, EMPTIED_AFTER) {
            self.news.push_back(News::Emptied);
        }
    }

    /// Whether JetStream has said for so long that the log is not what it was; it is asked again
    /// otherwise. One server knows at once. Of several, one that has just become the leader does
    /// not know all that its predecessor has stored and handed out, for a moment.
    fn is_beyond_doubt(&mut self, now: Instant, patience: Duration) -> bool {
        let since = *self.doubted_since.get_or_insert(now);
        let is_certain = !self.is_cluster || now >= since + patience;
        if !is_certain {
            self.ask_again(now);
        }
        is_certain
    }

    /// What the last snapshot is is known, or that there is none.
    fn conclude_head(&mut self, now: Instant, message: &Message<'_>) {
        let Some(info) = &self.log else {
            return self.retry(now);
        };
        if message.headers.status() == Some(404) {
            return self.begin_without_snapshot(now);
        }
        let head: Head = match open_all(message.payload) {
            Ok(head) => head,
            Err(Unreadable::Version(version)) => {
                return self.news.push_back(News::OtherVersion(version));
            }
            Err(Unreadable::Malformed) => return self.retry(now),
        };
        if head.created != info.created {
            return self.begin_without_snapshot(now);
        }
        if head.sequence.saturating_add(1) < info.first {
            // The next one is better waited for.
            return self.retry(now);
        }
        self.fetching = Fetching::new(now, head);
        self.stage = Stage::Fetching;
        if self.fetching.is_none() {
            self.retry(now);
        }
        self.fetched(now);
    }

    /// Reads the log from its beginning.
    fn begin_without_snapshot(&mut self, now: Instant) {
        if self.log.as_ref().is_some_and(|info| info.first > 1) {
            // Or whoever was asked does not have it yet.
            let trouble = format!(
                "the log of the community has lost its beginning, and there is no snapshot; if that stays so, delete the stream '{}'",
                self.names.log
            );
            self.news.push_back(News::Trouble(trouble));
            return self.retry(now);
        }
        self.reader = Reader::new(1);
        self.read(now);
    }

    fn take_chunk(&mut self, now: Instant, number: u64, chunk: &[u8]) {
        let Some(fetching) = &mut self.fetching else {
            return;
        };
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        if fetching.came(now, number, chunk) {
            self.fetched(now);
        } else {
            self.retry(now);
        }
    }

    /// Goes on once a snapshot is whole.
    fn fetched(&mut self, now: Instant) {
        let Some(fetching) = &self.fetching else {
            return;
        };
        let Some(snapshot) = fetching.whole() else {
            return;
        };
        self.last_snapshot = fetching.head().sequence;
        self.reader = Reader::new(self.last_snapshot + 1);
        self.fetching = None;
        self.news.push_back(News::Restore(snapshot));
        self.read(now);
    }

    /// Reads the log.
    fn read(&mut self, now: Instant) {
        let Some(info) = &self.log else {
            return;
        };
        self.stage = Stage::Reading;
        self.has_begun = true;
        self.doubted_since = None;
        self.sync_to = info.last;
        self.reader.reconnected(now, info.first, info.last);
        self.publisher.reconnected(now);
        self.dialler.succeeded();
    }

    /// Whether all of the log was read that there was when the connection was made.
    pub(crate) fn is_synced(&self) -> bool {
        self.stage == Stage::Reading && self.reader.next() > self.sync_to
    }

    /// The next message of the log.
    pub(crate) fn pop(&mut self) -> Option<Entries> {
        self.reader.pop()
    }

    /// Writes a snapshot, as of the message with this sequence, unless one is being written.
    pub(crate) fn write_snapshot(&mut self, sequence: u64, snapshot: &[u8]) {
        let Some(info) = &self.log else {
            return;
        };
        self.last_snapshot = self.last_snapshot.max(sequence);
        if self.writing.as_ref().is_none_or(Writing::has_failed) {
            let created = info.created.clone();
            self.writing = Some(Writing::new(created, sequence, snapshot));
        }
    }

    /// The last message of the log that is in a snapshot, as far as is known.
    pub(crate) fn last_snapshot(&self) -> u64 {
        self.last_snapshot
    }

    pub(crate) fn poll_news(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    /// Whether this server has just said that it is there: time to see who else does.
    pub(crate) fn take_tick(&mut self) -> bool {
        mem::take(&mut self.has_ticked)
    }

    /// Does what is due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Result<(), String> {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if is_due(self.awaited.map(|(_, until)| until)) {
            match self.stage {
                Stage::Greeting | Stage::Entering => {
                    return Err("NATS does not answer".into());
                }
                stage => {
                    self.doubted_since = None;
                    self.begin(now, stage);
                }
            }
        }
        if is_due(self.retry_at) {
            self.begin(now, Stage::FindingLog);
        }
        if self.fetching.as_ref().is_some_and(|it| it.until() <= now) {
            self.retry(now);
        }
        if is_due(self.tick_at) {
            self.tick(now);
        }
        Ok(())
    }

    /// Says that this server is there.
    fn tick(&mut self, now: Instant) {
        let beat = Beat {
            node: self.node().to_string(),
            incarnation: self.incarnation,
            read: self.reader.next().saturating_sub(1),
        };
        publish(&mut self.out, &self.names.beats, "", &seal(&beat));
        self.tick_at = Some(now + self.period());
        self.has_ticked = true;
    }

    /// How often a server says that it is there.
    fn period(&self) -> Duration {
        MAX_PERIOD.min(self.options.lease / 10)
    }

    /// How many signs of life another may miss.
    pub(crate) fn max_silence(&self) -> u32 {
        let periods = self.options.lease.as_millis() / self.period().as_millis().max(1);
        u32::try_from(periods).unwrap_or(u32::MAX)
    }

    /// What is to be sent to NATS, if there is anything.
    pub(crate) fn take_output(&mut self, now: Instant) -> Vec<u8> {
        if self.stage == Stage::Fetching {
            self.ask_for_chunks();
        }
        if self.stage == Stage::Reading {
            self.ask_for_entries(now);
            self.write_part(now);
        }
        if self.is_synced() {
            self.publish_entries(now);
        }
        mem::take(&mut self.out)
    }

    fn ask_for_chunks(&mut self) {
        let (inbox, subject) = (&self.inbox, get_subject(&self.names.snapshots));
        if let Some(fetching) = &mut self.fetching {
            while let Some(number) = fetching.poll_ask() {
                let reply = format!("{inbox}c{number}");
                let chunk = self.names.chunk(fetching.head().sequence, number);
                publish(&mut self.out, &subject, &reply, get_last(&chunk).as_bytes());
            }
        }
    }

    fn ask_for_entries(&mut self, now: Instant) {
        let (subject, entries) = (get_subject(&self.names.log), &self.names.entries);
        while let Some(sequence) = self.reader.poll_ask(now) {
            let reply = format!("{}g{sequence}", self.inbox);
            let request = get_from(sequence, entries);
            publish(&mut self.out, &subject, &reply, request.as_bytes());
        }
    }

    fn publish_entries(&mut self, now: Instant) {
        let (node, incarnation) = (self.options.node.as_str(), self.incarnation);
        let envelope = |number| {
            seal(&Envelope {
                node: node.to_string(),
                incarnation,
                number,
            })
        };
        if let Some((number, message)) = self.publisher.poll(now, envelope) {
            let id = format!("{node}-{incarnation:x}-{number}");
            let reply = format!("{}p{number}", self.inbox);
            publish_with(
                &mut self.out,
                &self.names.entries,
                &reply,
                ("Nats-Msg-Id", &id),
                message,
            );
        }
    }

    fn write_part(&mut self, now: Instant) {
        let Some(writing) = &mut self.writing else {
            return;
        };
        let (sequence, number) = (writing.sequence(), writing.number());
        let reply = format!("{}s{number}", self.inbox);
        match writing.poll(now) {
            Some(Part::Chunk(number, part)) => {
                let subject = self.names.chunk(sequence, number);
                publish(&mut self.out, &subject, &reply, part);
            }
            Some(Part::Head(head)) => publish(&mut self.out, &self.names.head, &reply, &head),
            None => {}
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) and then [`take_output`](Self::take_output) are
    /// to be called, if nothing happens before; when it is to be dialled included. Nothing can be
    /// written before what was is taken.
    pub(crate) fn next_deadline(&self, can_write: bool) -> Option<Instant> {
        let reading = self.stage == Stage::Reading && can_write;
        let deadlines = [
            self.dialler.next_deadline(),
            self.awaited.map(|(_, until)| until),
            self.retry_at,
            self.tick_at,
            self.fetching.as_ref().map(Fetching::until),
            self.reader.next_deadline().filter(|_| reading),
            self.publisher
                .next_deadline()
                .filter(|_| self.is_synced() && can_write),
            self.writing
                .as_ref()
                .and_then(Writing::next_deadline)
                .filter(|_| reading),
        ];
        deadlines.into_iter().flatten().min()
    }
}

/// A text as JSON has it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => {
                quoted.push_str(&format!("\\u{:04x}", control as u32));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// What somebody else wrote, as it fits into a log.
fn shortened(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(MAX_QUOTED)
        .collect()
}

/// How long NATS may take to greet, in all.
const GREETING_TIMEOUT: Duration = Duration::from_secs(5);
/// How long JetStream may take to answer.
const API_TIMEOUT: Duration = Duration::from_secs(3);
/// For how long several NATS servers have to say that a log is not what it was.
const EMPTIED_AFTER: Duration = Duration::from_secs(5);
/// For how long they have to say that there is none.
const CREATE_AFTER: Duration = Duration::from_secs(1);
const RETRY_PAUSE: Duration = Duration::from_millis(500);
const MAX_PERIOD: Duration = Duration::from_millis(500);
const MAX_QUOTED: usize = 200;
const MEND_LAYER: &str = "give '--link' the name in its certificate, or 'nats://' if it has no TLS, and '--link-ca' \
                          a file with whom to trust";
const WHAT_IS_MADE: &str = "a community needs two streams of up to 512 MiB each, in files";
