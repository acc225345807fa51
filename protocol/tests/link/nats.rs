//! A model of a NATS server with JetStream, as far as the link uses it, with what goes wrong there.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use linechat_protocol::Instant;

use crate::random::Random;

/// What goes wrong, in so many of a thousand cases.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// What is published is not stored, and refused.
    pub(crate) refuses: u64,
    /// What is published is not stored, and nothing is said.
    pub(crate) drops: u64,
    /// What is published is not stored, and said to be stored at no place, or to be in process.
    pub(crate) undecided: u64,
    /// What is published is stored, and nothing is said.
    pub(crate) drops_ack: u64,
    /// A copy that is republished does not arrive at one of those who subscribe.
    pub(crate) loses_copy: u64,
    /// It arrives twice.
    pub(crate) repeats_copy: u64,
    /// A message that is there is not found.
    pub(crate) is_stale: u64,
    /// The longest time that anything takes, in milliseconds.
    pub(crate) latency: u64,
    /// What was published before is known by its id.
    pub(crate) knows_ids: bool,
    /// How many messages a log keeps.
    pub(crate) max_messages: usize,
    /// It is several servers, of which one leads.
    pub(crate) is_cluster: bool,
}

pub(crate) struct Nats {
    pub(crate) faults: Faults,
    pub(crate) random: Random,
    /// Until then, no stream has a leader.
    pub(crate) leaderless_until: Instant,
    /// Until then, the leader does not know of so many messages that it has.
    pub(crate) lag: (u64, Instant),
    /// Until then, nobody can connect.
    pub(crate) down_until: Instant,
    /// What is published is not stored, and what is published again is said to be stored, or to be in
    /// process: nothing was decided.
    pub(crate) is_undecided: bool,
    /// It hangs up on whoever connects, without a word.
    pub(crate) is_mute: bool,
    /// What is published is refused, since the disk is full.
    pub(crate) is_full: bool,
    streams: BTreeMap<String, Stream>,
    clients: BTreeMap<usize, Client>,
    next_client: usize,
    created: u64,
}

#[derive(Default)]
struct Stream {
    created: u64,
    subjects: String,
    republish: Option<String>,
    keeps_last: bool,
    last: u64,
    messages: BTreeMap<u64, (String, Vec<u8>)>,
    ids: BTreeSet<String>,
}

#[derive(Default)]
struct Client {
    /// What came, and when it arrives here.
    coming: VecDeque<(Instant, Vec<u8>)>,
    unread: Vec<u8>,
    subscriptions: Vec<(String, String)>,
    /// What was said, and when it arrives there.
    going: VecDeque<(Instant, Vec<u8>)>,
    /// Nothing goes through until then.
    blocked_until: Instant,
    /// The client does not read until then.
    reads_at: Instant,
}

impl Nats {
    pub(crate) fn new(seed: u64, faults: Faults) -> Self {
        Self {
            faults,
            random: Random::new(seed),
            leaderless_until: Instant::EPOCH,
            lag: (0, Instant::EPOCH),
            down_until: Instant::EPOCH,
            is_undecided: false,
            is_mute: false,
            is_full: false,
            streams: BTreeMap::new(),
            clients: BTreeMap::new(),
            next_client: 0,
            created: 0,
        }
    }

    /// Somebody connects.
    pub(crate) fn accept(&mut self, now: Instant) -> Option<usize> {
        if now < self.down_until {
            return None;
        }
        let id = self.next_client;
        self.next_client += 1;
        if self.is_mute {
            return Some(id);
        }
        self.clients.insert(id, Client::default());
        let cluster = match self.faults.is_cluster {
            true => ",\"cluster\":\"c\"",
            false => "",
        };
        let info = format!(
            "INFO {{\"server_id\":\"m\",\"version\":\"2.9.10\",\"headers\":true,\"jetstream\":true,\"max_payload\":1048576{cluster}}}\r\n"
        );
        self.say(now, id, info.as_bytes());
        Some(id)
    }

    /// A connection is gone.
    pub(crate) fn forget(&mut self, client: usize) {
        self.clients.remove(&client);
    }

    pub(crate) fn is_connected(&self, client: usize) -> bool {
        self.clients.contains_key(&client)
    }

    /// Everybody is disconnected, and what is in memory is kept or not.
    pub(crate) fn restart(&mut self, until: Instant, is_emptied: bool) {
        self.clients.clear();
        self.down_until = until;
        if is_emptied {
            self.streams.clear();
        }
    }

    /// The last messages of each log are gone, as if they had never been there.
    pub(crate) fn roll_back(&mut self, count: u64) {
        for stream in self.streams.values_mut() {
            stream.last = stream.last.saturating_sub(count);
            let last = stream.last;
            stream.messages.retain(|&sequence, _| sequence <= last);
        }
    }

    /// Everybody is disconnected.
    pub(crate) fn disconnect_all(&mut self) {
        self.clients.clear();
    }

    /// Nothing goes through one connection for a while, in either direction.
    pub(crate) fn block(&mut self, client: usize, until: Instant) {
        if let Some(client) = self.clients.get_mut(&client) {
            client.blocked_until = until;
        }
    }

    /// A client does not read for a while.
    pub(crate) fn pause(&mut self, client: usize, until: Instant) {
        if let Some(client) = self.clients.get_mut(&client) {
            client.reads_at = until;
        }
    }

    pub(crate) fn heal(&mut self) {
        let latency = self.faults.latency;
        self.faults = Faults {
            latency,
            knows_ids: self.faults.knows_ids,
            is_cluster: self.faults.is_cluster,
            max_messages: self.faults.max_messages,
            ..Faults::default()
        };
        self.leaderless_until = Instant::EPOCH;
        self.lag = (0, Instant::EPOCH);
        self.down_until = Instant::EPOCH;
        for client in self.clients.values_mut() {
            client.blocked_until = Instant::EPOCH;
        }
    }

    /// A client sends.
    pub(crate) fn send(&mut self, now: Instant, client: usize, bytes: &[u8]) {
        let at = self.later(now);
        if let Some(client) = self.clients.get_mut(&client) {
            let at = client.coming.back().map_or(at, |(last, _)| at.max(*last));
            client.coming.push_back((at, bytes.to_vec()));
        }
    }

    /// What has arrived at a client.
    pub(crate) fn receive(&mut self, now: Instant, client: usize) -> Vec<u8> {
        let Some(client) = self.clients.get_mut(&client) else {
            return Vec::new();
        };
        let mut arrived = Vec::new();
        while now >= client.blocked_until
            && let Some((at, _)) = client.going.front()
            && *at <= now
        {
            arrived.extend(client.going.pop_front().expect("it is there").1);
        }
        arrived
    }

    /// When something arrives somewhere.
    pub(crate) fn next_event(&self) -> Option<Instant> {
        let fronts = self.clients.values().flat_map(|client| {
            let coming = client.coming.front().map(|(at, _)| *at);
            let going = client
                .going
                .front()
                .map(|(at, _)| (*at).max(client.reads_at));
            let events = [coming, going].into_iter().flatten();
            events.map(|at| at.max(client.blocked_until))
        });
        fronts.min()
    }

    /// Deals with what has arrived here.
    pub(crate) fn run(&mut self, now: Instant) {
        for id in self.clients.keys().copied().collect::<Vec<_>>() {
            while let Some(client) = self.clients.get_mut(&id)
                && now >= client.blocked_until
                && client.coming.front().is_some_and(|(at, _)| *at <= now)
            {
                let (_, bytes) = client.coming.pop_front().expect("it is there");
                client.unread.extend(bytes);
                self.read(now, id);
            }
        }
    }

    fn later(&mut self, now: Instant) -> Instant {
        let latency = self.random.below(self.faults.latency + 1);
        now + Duration::from_millis(latency)
    }

    fn say(&mut self, now: Instant, client: usize, bytes: &[u8]) {
        let at = self.later(now);
        if let Some(client) = self.clients.get_mut(&client) {
            let at = client.going.back().map_or(at, |(last, _)| at.max(*last));
            client.going.push_back((at, bytes.to_vec()));
        }
    }

    fn read(&mut self, now: Instant, id: usize) {
        loop {
            let Some(client) = self.clients.get_mut(&id) else {
                return;
            };
            let Some(end) = client.unread.windows(2).position(|two| two == b"\r\n") else {
                return;
            };
            let line = String::from_utf8(client.unread[..end].to_vec()).expect("it is text");
            let words: Vec<&str> = line.split(' ').collect();
            let mut taken = end + 2;
            let mut payload = Vec::new();
            if words[0] == "PUB" || words[0] == "HPUB" {
                let size: usize = words.last().unwrap().parse().expect("it is a size");
                if client.unread.len() < taken + size + 2 {
                    return;
                }
                payload = client.unread[taken..taken + size].to_vec();
                taken += size + 2;
            }
            client.unread.drain(..taken);
            match words[0] {
                "CONNECT" => {}
                "PING" => self.say(now, id, b"PONG\r\n"),
                "SUB" => {
                    let pattern = (words[1].to_string(), words[2].to_string());
                    client.subscriptions.push(pattern);
                }
                "PUB" => self.published(now, id, words[1], words[2], None, &payload),
                "HPUB" => {
                    let start: usize = words[3].parse().expect("it is a size");
                    let headers = String::from_utf8(payload[..start].to_vec()).unwrap();
                    let id_line = headers
                        .lines()
                        .find_map(|it| it.strip_prefix("Nats-Msg-Id: "));
                    let body = &payload[start..];
                    self.published(now, id, words[1], words[2], id_line, body);
                }
                other => panic!("a client says {other}"),
            }
        }
    }

    fn published(
        &mut self,
        now: Instant,
        client: usize,
        subject: &str,
        reply: &str,
        msg_id: Option<&str>,
        payload: &[u8],
    ) {
        if subject.starts_with("$JS.API.") {
            return self.answer(now, client, subject, reply, payload);
        }
        let streams = self.streams.iter();
        let stream = streams
            .filter(|(_, stream)| matches(&stream.subjects, subject))
            .map(|(name, _)| name.clone())
            .next();
        if let Some(stream) = &stream
            && self.streams[stream].keeps_last
        {
            self.distribute(now, subject, None, payload);
        }
        match stream {
            Some(stream) => self.store(now, client, &stream, subject, reply, msg_id, payload),
            None => self.distribute(now, subject, None, payload),
        }
    }

    #[allow(clippy::too_many_arguments, reason = "it is what a publication has")]
    fn store(
        &mut self,
        now: Instant,
        client: usize,
        name: &str,
        subject: &str,
        reply: &str,
        msg_id: Option<&str>,
        payload: &[u8],
    ) {
        let has_leader = now >= self.leaderless_until && self.unknown(now) == 0;
        if !has_leader || self.random.happens(self.faults.refuses) {
            return self.say_no(now, client, reply, 503);
        }
        if self.random.happens(self.faults.drops) {
            return;
        }
        if self.is_undecided || self.random.happens(self.faults.undecided) {
            let answer = match self.random.happens(500) {
                true => r#"{"stream":"x", "seq":0,"duplicate": true}"#,
                false => {
                    r#"{"error":{"code":409,"err_code":10158,"description":"duplicate message id is in process"},"stream":"x","seq":0}"#
                }
            };
            return self.deliver(now, client, reply, None, answer.as_bytes());
        }
        if self.is_full {
            let full = r#"{"error":{"code":503,"err_code":10077,"description":"no space left on device"},"stream":"x","seq":0}"#;
            return self.deliver(now, client, reply, None, full.as_bytes());
        }
        let max = self.faults.max_messages;
        let knows_ids = self.faults.knows_ids;
        let stream = self.streams.get_mut(name).expect("it is there");
        let is_known = msg_id.is_some_and(|id| !stream.ids.insert(id.into())) && knows_ids;
        let mut sequence = stream.last;
        if !is_known {
            let previous = stream.last;
            stream.last += 1;
            sequence = stream.last;
            if stream.keeps_last {
                stream.messages.retain(|_, (other, _)| other != subject);
            } else if stream.messages.len() >= max {
                stream.messages.pop_first();
            }
            let message = (subject.to_string(), payload.to_vec());
            stream.messages.insert(sequence, message);
            if let Some(republish) = stream.republish.clone() {
                let headers = format!(
                    "NATS/1.0\r\nNats-Stream: {name}\r\nNats-Subject: {subject}\r\nNats-Sequence: {sequence}\r\nNats-Last-Sequence: {previous}\r\n\r\n"
                );
                self.distribute(now, &republish, Some(&headers), payload);
            }
        }
        if !self.random.happens(self.faults.drops_ack) {
            let ack = format!("{{\"stream\":\"{name}\",\"seq\":{sequence}}}");
            self.deliver(now, client, reply, None, ack.as_bytes());
        }
    }

    fn answer(&mut self, now: Instant, client: usize, subject: &str, reply: &str, payload: &[u8]) {
        let request = String::from_utf8_lossy(payload).into_owned();
        let name = subject.rsplit('.').next().unwrap().to_string();
        if subject.contains("DIRECT.GET") {
            return self.answer_get(now, client, &name, reply, &request);
        }
        if now < self.leaderless_until {
            return self.say_no(now, client, reply, 503);
        }
        if subject.contains("STREAM.CREATE") && !self.streams.contains_key(&name) {
            self.created += 1;
            let stream = Stream {
                created: self.created,
                subjects: between(&request, "\"subjects\":[\"", "\"").unwrap(),
                republish: between(&request, "\"dest\":\"", "\""),
                keeps_last: request.contains("\"max_msgs_per_subject\":1,"),
                ..Stream::default()
            };
            self.streams.insert(name.clone(), stream);
        }
        let answer = match self.streams.get(&name) {
            None => {
                "{\"error\":{\"code\":404,\"err_code\":10059,\"description\":\"stream not found\"}}"
                    .into()
            }
            Some(stream) => {
                let last = stream.last.saturating_sub(self.unknown(now));
                let known = stream.messages.range(..=last);
                let first = known.clone().next().map_or(0, |(first, _)| *first);
                format!(
                    "{{\"type\":\"x\",\"config\":{{\"name\":\"{name}\",\"allow_direct\":true}},\"created\":\"at {}\",\"state\":{{\"messages\":{},\"first_seq\":{first},\"last_seq\":{}}}}}",
                    stream.created,
                    known.count(),
                    last
                )
            }
        };
        self.deliver(now, client, reply, None, answer.as_bytes());
    }

    fn answer_get(&mut self, now: Instant, client: usize, name: &str, reply: &str, request: &str) {
        let stream = self.streams.get(name);
        let found = if let Some(subject) = between(request, "\"last_by_subj\":\"", "\"") {
            let mut messages = stream.into_iter().flat_map(|stream| stream.messages.iter());
            messages.rfind(|(_, (other, _))| *other == subject)
        } else {
            let from: u64 = between(request, "\"seq\":", ",").unwrap().parse().unwrap();
            stream.and_then(|stream| stream.messages.range(from..).next())
        };
        let found = found.map(|(sequence, (_, payload))| (*sequence, payload.clone()));
        let known = stream.map_or(0, |it| it.last.saturating_sub(self.unknown(now)));
        let is_known = found.as_ref().is_some_and(|(it, _)| *it <= known);
        let is_stale = !is_known || self.random.happens(self.faults.is_stale);
        let Some((sequence, payload)) = found.filter(|_| !is_stale) else {
            return self.say_no(now, client, reply, 404);
        };
        let headers = format!("NATS/1.0\r\nNats-Sequence: {sequence}\r\n\r\n");
        self.deliver(now, client, reply, Some(&headers), &payload);
    }

    /// How many messages of each log the leader does not know of.
    fn unknown(&self, now: Instant) -> u64 {
        let (count, until) = self.lag;
        if now < until { count } else { 0 }
    }

    fn say_no(&mut self, now: Instant, client: usize, reply: &str, status: u16) {
        let headers = format!("NATS/1.0 {status} No\r\n\r\n");
        self.deliver(now, client, reply, Some(&headers), b"");
    }

    pub(crate) fn distribute(
        &mut self,
        now: Instant,
        subject: &str,
        headers: Option<&str>,
        payload: &[u8],
    ) {
        for client in self.clients.keys().copied().collect::<Vec<_>>() {
            let is_copy = headers.is_some();
            if is_copy && self.random.happens(self.faults.loses_copy) {
                continue;
            }
            self.deliver(now, client, subject, headers, payload);
            if is_copy && self.random.happens(self.faults.repeats_copy) {
                self.deliver(now, client, subject, headers, payload);
            }
        }
    }

    fn deliver(
        &mut self,
        now: Instant,
        client: usize,
        subject: &str,
        headers: Option<&str>,
        payload: &[u8],
    ) {
        let Some(to) = self.clients.get(&client) else {
            return;
        };
        let subscriptions = to.subscriptions.iter();
        let Some((_, id)) = subscriptions
            .into_iter()
            .find(|(pattern, _)| matches(pattern, subject))
        else {
            return;
        };
        let mut bytes = match headers {
            Some(headers) => {
                let (start, size) = (headers.len(), headers.len() + payload.len());
                format!("HMSG {subject} {id} {start} {size}\r\n{headers}").into_bytes()
            }
            None => format!("MSG {subject} {id} {}\r\n", payload.len()).into_bytes(),
        };
        bytes.extend_from_slice(payload);
        bytes.extend_from_slice(b"\r\n");
        self.say(now, client, &bytes);
    }
}

fn matches(pattern: &str, subject: &str) -> bool {
    match pattern.strip_suffix(['*', '>']) {
        Some(prefix) => subject.starts_with(prefix),
        None => pattern == subject,
    }
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split(after).next()?.to_string())
}
