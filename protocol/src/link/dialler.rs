//! Where NATS is, and when it is tried next.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::instant::Instant;

/// Where a NATS server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Address {
    /// A host name, or an IP address without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl Address {
    /// The port that NATS servers listen on, unless they are told otherwise.
    pub const DEFAULT_PORT: u16 = 4222;

    /// An address.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        let host = host.into();
        Self { host, port }
    }

    /// An address as NATS servers write it: `host:port`, or `[::1]:port`.
    fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let is_legal = |byte: u8| byte.is_ascii_graphic();
        if host.is_empty() || host.len() > MAX_HOST || !host.bytes().all(is_legal) {
            return None;
        }
        Some(Self::new(host, port.parse().ok()?))
    }
}

/// `host:port`
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') {
            write!(f, "[{host}]:{port}")
        } else {
            write!(f, "{host}:{port}")
        }
    }
}

/// All servers of a NATS cluster that are known, tried in turn with growing pauses.
#[derive(Debug)]
pub(crate) struct Dialler {
    addresses: Vec<Address>,
    /// How many of them were given, and not learned.
    given: usize,
    /// The one that is tried, or was last.
    current: usize,
    /// How often it failed since it last went well.
    failures: u32,
    /// When the next is tried, if none is.
    dial_at: Option<Instant>,
    /// Makes the pauses of two servers differ.
    seed: u64,
}

impl Dialler {
    pub(crate) fn new(addresses: Vec<Address>, seed: u64) -> Self {
        Self {
            given: addresses.len(),
            addresses,
            current: 0,
            failures: 0,
            dial_at: Some(Instant::EPOCH),
            seed,
        }
    }

    /// Whether it is time to try. Then nothing else is until [`failed`](Self::failed).
    pub(crate) fn poll(&mut self, now: Instant) -> bool {
        self.dial_at.take_if(|at| *at <= now).is_some()
    }

    /// The connection could not be made, or ended.
    pub(crate) fn failed(&mut self, now: Instant) {
        self.current = (self.current + 1) % self.addresses.len().max(1);
        self.dial_at = Some(now + self.pause());
        self.failures = self.failures.saturating_add(1);
    }

    /// The connection serves.
    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Whether none went well since the last that did, or ever.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// A server says where the others of its cluster are.
    pub(crate) fn learn<'u>(&mut self, urls: impl Iterator<Item = &'u str>) {
        let current = self.addresses.get(self.current).cloned();
        self.addresses.truncate(self.given);
        for address in urls.filter_map(Address::parse).take(MAX_LEARNED) {
            if !self.addresses.contains(&address) {
                self.addresses.push(address);
            }
        }
        let place = current.and_then(|it| self.addresses.iter().position(|other| *other == it));
        self.current = place.unwrap_or_default();
    }

    /// Whether the one that is tried was given, and not learned.
    pub(crate) fn is_given(&self) -> bool {
        self.current < self.given
    }

    pub(crate) fn target(&self) -> Option<&Address> {
        self.addresses.get(self.current)
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.dial_at
    }

    /// None at first, and then longer and longer; each between half and all of what it could be.
    fn pause(&mut self) -> Duration {
        if self.failures == 0 {
            return Duration::ZERO;
        }
        // Numerical Recipes' generator: two servers need not be tried at the same moment.
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let longest = FIRST_PAUSE * 2_u32.pow(self.failures.min(6) - 1);
        let half = longest.min(MAX_PAUSE) / 2;
        half + half * ((self.seed >> 33) as u32 % 1024) / 1024
    }
}

/// A name as servers and communities have one: in subjects of NATS, and in what users see.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    /// The longest name, in bytes.
    pub const MAX_LENGTH: usize = 32;

    /// A name of 1 to 32 letters, digits, `-` and `_`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_name = (1..=Self::MAX_LENGTH).contains(&text.len()) && text.bytes().all(is_legal);
        is_name.then(|| Self(text.to_string()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Longer than any host name (RFC 1035, section 2.3.4).
const MAX_HOST: usize = 255;
/// How many servers are learned of.
const MAX_LEARNED: usize = 32;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSE: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Instant {
        Instant::after_epoch(Duration::from_millis(milliseconds))
    }

    #[test]
    fn servers_are_tried_in_turn_with_pauses_that_grow_up_to_three_seconds() {
        let mut dialler = Dialler::new(Vec::from([Address::new("a", 1), Address::new("b", 2)]), 7);
        let mut now = at(0);
        let mut pauses = Vec::new();
        for round in 0..12 {
            assert!(dialler.poll(now) && !dialler.poll(now));
            let host = &dialler.target().unwrap().host;
            assert_eq!(host, ["a", "b"][round % 2]);
            dialler.failed(now);
            let next = dialler.next_deadline().unwrap();
            pauses.push(next.saturating_since(now));
            now = next;
        }
        assert_eq!(pauses[0], Duration::ZERO);
        assert!(pauses[1] >= FIRST_PAUSE / 2 && pauses[1] <= FIRST_PAUSE);
        assert!(pauses[11] >= MAX_PAUSE / 2 && pauses[11] <= MAX_PAUSE);
        dialler.succeeded();
        dialler.failed(now);
        assert_eq!(dialler.next_deadline(), Some(now));
    }

    #[test]
    fn the_members_of_a_cluster_are_learned_and_those_given_stay() {
        let mut dialler = Dialler::new(Vec::from([Address::new("a", 1)]), 7);
        dialler.learn(["a:1", "b:2", "[::1]:3", "nonsense", ":9", "c:x"].into_iter());
        let shown: Vec<String> = dialler.addresses.iter().map(Address::to_string).collect();
        assert_eq!(shown, ["a:1", "b:2", "[::1]:3"]);
        dialler.learn(["d:4"].into_iter());
        assert_eq!(dialler.addresses.len(), 2);
        assert!(dialler.is_given());
        dialler.failed(at(0));
        assert!(!dialler.is_given());
        dialler.failed(at(0));
        assert_eq!(dialler.target(), Some(&Address::new("a", 1)));
    }

    #[test]
    fn a_name_has_up_to_32_letters_digits_hyphens_and_underscores() {
        for name in ["a", "Club-7_x", &"x".repeat(32)] {
            assert_eq!(Name::parse(name).unwrap().as_str(), name);
        }
        for name in ["", "a b", "a.b", "a*", "é", &"x".repeat(33)] {
            assert_eq!(Name::parse(name), None, "{name}");
        }
    }
}
