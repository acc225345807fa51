//! One run: many clients, one server, and the network between them, in virtual time.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

use linechat_laws::config::Bounds;
use linechat_laws::toy::ToyPeer;
use linechat_protocol::{ConnId, Dialect, Instant, ListenerId, Server};

use crate::cast::{self, Role, Served, Trouble};
use crate::dice::Dice;
use crate::link::{End, Link};
use crate::person::{Person, Stage};
use crate::trace::Trace;
use crate::voice;

pub(crate) struct Simulation {
    /// What the witness speaks, and everybody unless it is mixed.
    pub(crate) dialect: Dialect,
    pub(crate) full_duplex: bool,
    pub(crate) limits: Bounds,
    /// What ends lines that have no endings, if anything does.
    pub(crate) pause: Option<Duration>,
    pub(crate) people: Vec<Person>,
    pub(crate) is_shut_down: bool,
    pub(crate) trace: Trace,
    pub(crate) now: Instant,
    pub(crate) dice: Dice,
    pub(crate) server: Server,
    pub(crate) listeners: Vec<(Dialect, ListenerId)>,
    /// Who waits to be accepted.
    pub(crate) listen_queue: VecDeque<usize>,
    pub(crate) places: BTreeMap<ConnId, usize>,
    /// What happens when, to whom. What is planned first happens first.
    agenda: BTreeMap<(Instant, u64), (usize, Happening)>,
    planned: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Happening {
    Connects,
    Acts,
    RunsIntoTrouble,
    ReadsAgain,
    /// Something arrived, or may be read again.
    MayRead(End),
    /// There may be room for more.
    MayWrite(End),
    TransportFails,
    HasLingered,
    ServerShutsDown,
}

impl Simulation {
    /// Everything that follows from a seed. Panics if something is wrong.
    pub(crate) fn run(served: Served, seed: u64, trace: Trace) -> Self {
        let mut simulation = Self::new(served, seed, trace);
        simulation.play();
        simulation.check_the_server_is_empty();
        simulation
    }

    fn new(served: Served, seed: u64, trace: Trace) -> Self {
        let dialect = served.dialect();
        let mut dice = Dice::new(seed);
        let mut config = cast::config(served, &mut dice);
        let cast = cast::cast(&config, &mut dice);
        config.limits.max_buffered = cast.len() * config.limits.max_backlog;
        let (full_duplex, limits) = (config.full_duplex, config.limits.clone());
        let pause = cast::has_pauses(&config).then_some(config.pause);
        let person = |(place, part): (usize, cast::Part)| {
            let voice = voice::voice(part.dialect, part.role == Role::Witness, full_duplex);
            // A narrow link lets the server notice those who do not read, and only they may wait.
            let is_narrow = part.trouble.is_some() || dialect == Dialect::PAIR;
            let widest = limits.max_backlog / if is_narrow { 16 } else { 1 };
            let link = Link::new(&mut dice, widest);
            let is_console = dialect == Dialect::PAIR && place == 0;
            let mut layers = config.dialects().zip(config.layers());
            let layer = layers.find(|&(dialect, _)| dialect == part.dialect);
            let layer = layer.and_then(|(_, layer)| layer.as_ref());
            let layer = layer.filter(|_| !is_console).map(|_| ToyPeer::default());
            Person::new(part, place, voice, link, layer)
        };
        let people: Vec<Person> = cast.into_iter().enumerate().map(person).collect();
        let (server, _) = config.server().expect("the configuration is valid");
        let mut simulation = Self {
            dialect,
            full_duplex,
            limits,
            pause,
            people,
            is_shut_down: false,
            trace,
            now: Instant::EPOCH,
            dice,
            listeners: config.dialects().zip(server.listeners()).collect(),
            server,
            listen_queue: VecDeque::new(),
            places: BTreeMap::new(),
            agenda: BTreeMap::new(),
            planned: 0,
        };
        simulation.plan_the_beginning();
        simulation
    }

    fn plan_the_beginning(&mut self) {
        for place in 0..self.people.len() {
            let part = &self.people[place].part;
            if !matches!(part.role, Role::Heir(_)) {
                self.plan(part.comes, place, Happening::Connects);
            }
        }
        if self.dice.one_in(4) {
            let at = cast::at(self.dice.within(1000..=9000));
            self.plan(at, 0, Happening::ServerShutsDown);
        }
    }

    /// Lets one thing happen after the other. The server's turn comes when nothing else happens
    /// at a time, and now and then before, so that it sees much at once and little.
    fn play(&mut self) {
        for _ in 0..MOST_EVENTS {
            match self.agenda.first_key_value() {
                Some((&(at, _), _)) if at <= self.now => {
                    let (_, (place, what)) = self.agenda.pop_first().expect("it is the first");
                    self.happens(place, what);
                    if self.dice.one_in(3) {
                        self.serve();
                    }
                }
                _ => {
                    self.serve();
                    let Some(next) = self.next() else { return };
                    self.now = next;
                }
            }
        }
        panic!("it never comes to an end");
    }

    fn next(&self) -> Option<Instant> {
        let planned = self.agenda.keys().map(|&(at, _)| at).next();
        let due = self.server.poll_timeout();
        due.into_iter().chain(planned).min()
    }

    pub(crate) fn plan(&mut self, at: Instant, place: usize, what: Happening) {
        self.planned += 1;
        self.agenda.insert((at, self.planned), (place, what));
    }

    pub(crate) fn plan_all(&mut self, times: &[Instant], place: usize, what: Happening) {
        for &at in times {
            self.plan(at, place, what);
        }
    }

    fn happens(&mut self, place: usize, what: Happening) {
        match what {
            Happening::Connects => self.listen_queue.push_back(place),
            Happening::Acts => self.acts(place),
            Happening::RunsIntoTrouble => self.runs_into_trouble(place),
            Happening::ReadsAgain => self.reads_again(place),
            Happening::MayRead(End::Server) => self.server_reads(place),
            Happening::MayRead(End::Client) => self.client_reads(place),
            Happening::MayWrite(End::Server) => self.server_writes(place),
            Happening::MayWrite(End::Client) => self.client_writes(place),
            Happening::TransportFails => self.transport_fails(place),
            Happening::HasLingered => self.release(place),
            Happening::ServerShutsDown => self.shut_down(),
        }
    }

    fn runs_into_trouble(&mut self, place: usize) {
        let person = &mut self.people[place];
        let (Some((_, trouble)), true) = (person.part.trouble, person.is_connected()) else {
            return;
        };
        person.is_reading = false;
        let latency = person.link.to_server.latency();
        match trouble {
            Trouble::Stall => {}
            Trouble::Pause(pause) => self.plan(self.now + pause, place, Happening::ReadsAgain),
            Trouble::Reset => {
                person.stage = Stage::Gone;
                self.plan(self.now + latency, place, Happening::TransportFails);
            }
            Trouble::Vanish => {
                person.stage = Stage::Gone;
                self.plan(self.now + KEEP_ALIVE, place, Happening::TransportFails);
            }
        }
        self.note(place, format_args!("runs into {trouble:?}"));
    }

    fn reads_again(&mut self, place: usize) {
        self.note(place, format_args!("reads again"));
        self.people[place].is_reading = true;
        self.client_reads(place);
    }

    pub(crate) fn client_writes(&mut self, place: usize) {
        let person = &mut self.people[place];
        if !person.is_connected() || person.link.to_server.is_ended() {
            return self.parts(place);
        }
        let times = match person.layer {
            Some(_) => self.write_sealed(place),
            None => self.write_plain(place),
        };
        self.plan_all(&times, place, Happening::MayRead(End::Server));
        self.parts(place);
    }

    /// What somebody has to say goes into the link, as far as it fits. Returns when it arrives.
    fn write_plain(&mut self, place: usize) -> Vec<Instant> {
        let person = &mut self.people[place];
        let (whole, ending) = person.has_to_say();
        let (pipe, voice) = (&mut person.link.to_server, &mut person.voice);
        let bytes = &voice.transmit()[..whole];
        let (written, mut times) = pipe.write(self.now, bytes, &mut self.dice);
        voice.advance(if written == whole {
            whole + ending
        } else {
            written
        });
        if voice.is_done_sending() {
            times.push(pipe.end(self.now, &mut self.dice));
        }
        times
    }

    /// The same through a layer.
    fn write_sealed(&mut self, place: usize) -> Vec<Instant> {
        let person = &mut self.people[place];
        person.seal();
        let pipe = &mut person.link.to_server;
        let (written, mut times) = pipe.write(self.now, &person.sealed, &mut self.dice);
        person.sealed.drain(..written);
        if person.has_said_goodbye && person.sealed.is_empty() {
            times.push(pipe.end(self.now, &mut self.dice));
        }
        times
    }

    pub(crate) fn client_reads(&mut self, place: usize) {
        let person = &mut self.people[place];
        if !person.is_connected() || !person.is_reading || !person.voice.wants_input() {
            return;
        }
        let bytes = person.link.to_client.read(self.now, &mut self.dice);
        if !bytes.is_empty() {
            let bytes = match &mut person.layer {
                Some(layer) => layer.open(&bytes),
                None => bytes,
            };
            person.last_byte = bytes.last().copied().unwrap_or(person.last_byte);
            person.voice.receive(&bytes);
            self.listens(place);
            self.client_writes(place);
            self.has_read(place, End::Client);
        } else if person.link.to_client.is_at_end(self.now) {
            self.reads_the_end(place);
        }
    }

    /// The one who reads at this end of a link goes on, and the one who writes at the other end
    /// learns that there is room.
    pub(crate) fn has_read(&mut self, place: usize, end: End) {
        let pipe = self.people[place].link.pipe(end);
        let (is_writer_waiting, latency) = (pipe.is_writer_waiting, pipe.latency());
        if pipe.has_more(self.now) {
            self.plan(self.now, place, Happening::MayRead(end));
        }
        if is_writer_waiting {
            let writer = match end {
                End::Server => End::Client,
                End::Client => End::Server,
            };
            self.plan(self.now + latency, place, Happening::MayWrite(writer));
        }
    }

    fn reads_the_end(&mut self, place: usize) {
        let person = &mut self.people[place];
        if person.last_byte == b'\n' && person.is_told_goodbye() {
            person.voice.receive_eof();
            self.listens(place);
        } else {
            let socket = person.socket.as_ref();
            let may_be_cut = socket.is_some_and(|socket| socket.may_be_cut);
            let is_own_fault = may_be_cut && person.part.trouble.is_some();
            assert!(is_own_fault, "#{place} was sent half a line, or no goodbye");
        }
        self.note(place, format_args!("has read everything"));
        self.people[place].is_parting = true;
        self.client_writes(place);
    }

    /// Whoever has heard the end says what is left to be said, and goes.
    fn parts(&mut self, place: usize) {
        let person = &mut self.people[place];
        if person.is_parting && person.voice.transmit().is_empty() {
            person.stage = Stage::Gone;
            let ended = person.link.to_server.end(self.now, &mut self.dice);
            self.plan(ended, place, Happening::MayRead(End::Server));
        }
    }

    pub(crate) fn note(&mut self, place: usize, what: fmt::Arguments<'_>) {
        let time = self.now.since_epoch().as_millis();
        self.trace.note(format_args!("{time:>6} #{place} {what}"));
    }
}

/// A run has a few thousand.
const MOST_EVENTS: usize = 1_000_000;
/// How long a peer can be gone before its transport notices.
const KEEP_ALIVE: Duration = Duration::from_secs(8);
