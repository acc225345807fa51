//! Healthy users, who show what a fault does to everybody else.

use std::time::{Duration, Instant};

use super::*;

/// Users who take turns in saying something. What they hear must be exactly that, once and in
/// order, and soon.
pub(super) struct Chat {
    users: Vec<Peer>,
    place: Place,
    messages: usize,
    filling: String,
    latencies: Vec<Duration>,
}

impl Chat {
    /// In the room `den` of `rooms`, as `user0` and so on.
    #[track_caller]
    pub(super) fn in_den(server: &Running, message_size: usize) -> Self {
        let enter = |n| {
            let mut user = user(server, &format!("user{n}"));
            user.asks(format!("!enter den\n{MARKER}"), MARKER_ANSWER);
            user
        };
        Self::new((0..USERS).map(enter).collect(), Place::Den, message_size)
    }

    #[track_caller]
    pub(super) fn in_relay(server: &Running, message_size: usize) -> Self {
        let mut users = vec![server.peer("user0")];
        for n in 1..USERS {
            let mut others: Vec<&mut Peer> = users.iter_mut().collect();
            let newcomer = relay_peer(server, &format!("user{n}"), &mut others);
            users.push(newcomer);
        }
        Self::new(users, Place::Relay, message_size)
    }

    fn new(users: Vec<Peer>, place: Place, message_size: usize) -> Self {
        Self {
            users,
            place,
            messages: 0,
            filling: "x".repeat(message_size),
            latencies: Vec::new(),
        }
    }

    /// One of them says something, and everybody who is to hear it does.
    #[track_caller]
    pub(super) fn go_on(&mut self) {
        let (number, place) = (self.messages, self.place);
        let speaker = number % USERS;
        let (text, message) = (self.text(number), self.message(number));
        let sent = Instant::now();
        self.users[speaker].send(match place {
            Place::Den => format!("@den {text}\n"),
            Place::Relay => format!("{text}\n"),
        });
        for (listener, user) in self.users.iter_mut().enumerate() {
            if listener != speaker || place == Place::Den {
                user.expect(&message);
                self.latencies.push(sent.elapsed());
            }
        }
        self.messages += 1;
    }

    /// Whether enough was said to judge by.
    pub(super) fn is_long_enough(&self) -> bool {
        self.messages >= ENOUGH_MESSAGES
    }

    /// Insists that nobody had to wait, once enough was said.
    #[track_caller]
    pub(super) fn was_not_held_up(&mut self) {
        while !self.is_long_enough() {
            self.go_on();
        }
        self.latencies.sort_unstable();
        let p99 = self.latencies[self.latencies.len() * 99 / 100];
        assert!(
            p99 < MAX_LATENCY,
            "of {} messages, one in a hundred took {p99:?} or longer, the slowest {:?}",
            self.messages,
            self.latencies[self.latencies.len() - 1],
        );
    }

    /// How the message with this number arrives.
    pub(super) fn message(&self, number: usize) -> String {
        let text = self.text(number);
        match self.place {
            Place::Den => format!("@den user{}: {text}\r\n", number % USERS),
            Place::Relay => format!("{text}\n"),
        }
    }

    /// How many were said.
    pub(super) fn messages(&self) -> usize {
        self.messages
    }

    pub(super) fn user(&mut self, number: usize) -> &mut Peer {
        &mut self.users[number]
    }

    fn text(&self, number: usize) -> String {
        format!("{number} {}", self.filling)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Den,
    Relay,
}

pub(super) const USERS: usize = 4;
const ENOUGH_MESSAGES: usize = 1000;
const MAX_LATENCY: Duration = Duration::from_millis(100);
