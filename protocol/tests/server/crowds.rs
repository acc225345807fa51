//! Crowds that leave at once: what one call does is bounded, and in the end all is done.

use std::net::Ipv4Addr;
use std::time::Duration;

use linechat_laws::config::{Bounds, Config};
use linechat_protocol::{
    Action, CloseReason, ConnId, Dialect, Event, Instant, ListenerId, Peer, Server,
};

#[test]
fn when_a_crowd_times_out_one_call_tells_so_many_of_so_many_and_no_more() {
    let mut crowd = Crowd::of(1000, Dialect::ADDRESSED, |limits| {
        limits.idle_timeout = Some(Duration::from_secs(9));
    });
    crowd.now = Instant::after_epoch(Duration::from_secs(9));
    let now = crowd.now;
    let mut remaining = 1000;
    while crowd.server.poll_timeout().is_some_and(|due| due <= now) {
        let count = crowd.left_in_a_call(|server| server.handle_timeout(now));
        // Each is told to those who are still there.
        let told: usize = (remaining - count..remaining).sum();
        assert!(
            count > 0 && told <= MOST_DELIVERIES + remaining,
            "{count} in one call"
        );
        remaining -= count;
        crowd.flush();
    }
    assert_eq!(remaining, 0);
    crowd.is_gone(CloseReason::IdleTimeout);
}

#[test]
fn when_a_message_is_too_much_for_a_crowd_one_call_tells_of_some_and_others_of_the_rest() {
    let mut crowd = Crowd::of(1000, Dialect::ADDRESSED, |limits| {
        limits.max_backlog = 300;
    });
    let speaker = crowd.conns[0];
    for _ in 0..4 {
        // Whoever says much to those who are behind waits a moment.
        crowd.now = crowd.now + Duration::from_millis(10);
        crowd.server.handle_timeout(crowd.now);
        crowd.server.flushed();
        let said = [&[b'x'; 60][..], b"\n"].concat();
        crowd.server.receive(crowd.now, speaker, &said);
        crowd.read(speaker);
    }
    let now = crowd.now;
    // All but the speaker count as left by now; whom they have to be told to, they leave as well.
    let told = crowd.closed_or_leaving();
    assert_eq!(told, 999);
    assert!(crowd.server.has_more());
    assert!(
        !crowd.server.accepting(crowd.listener),
        "first, they are to be told"
    );
    crowd.server.receive(now, speaker, b"still here\n");
    let mut calls = 0;
    while crowd.server.flushed() {
        crowd.server.carry_on(now);
        crowd.read(speaker);
        calls += 1;
    }
    assert!(calls > 1, "all of it in one call");
    assert!(crowd.server.accepting(crowd.listener));
    let heard = crowd.heard_by_speaker();
    let goodbyes = heard.matches("(disconnected)").count();
    assert_eq!(goodbyes, 999);
    assert!(heard.ends_with("still here\n"));
}

#[test]
fn a_shutdown_closes_a_batch_at_a_time_and_then_everybody() {
    for dialect in [Dialect::ADDRESSED, Dialect::ROOMS, Dialect::DIRECT] {
        let mut crowd = Crowd::of(2500, dialect, |_| {});
        let now = crowd.now;
        let mut calls = 0;
        let mut count = crowd.left_in_a_call(|server| server.shut_down(now));
        assert!((1..=MOST_MESSAGES).contains(&count), "{count} in one call");
        while crowd.server.flushed() {
            let more = crowd.left_in_a_call(|server| server.carry_on(now));
            assert!(more <= MOST_MESSAGES, "{more} in one call");
            count += more;
            calls += 1;
        }
        assert!((3..40).contains(&calls), "{calls} calls");
        assert_eq!(count, 2500, "{dialect}");
        crowd.is_gone(CloseReason::ShuttingDown);
        assert!(crowd.server.is_finished());
    }
}

#[test]
fn who_was_not_yet_closed_by_a_shutdown_is_not_heard_any_more_and_may_go_by_itself() {
    let mut crowd = Crowd::of(2500, Dialect::RELAY, |_| {});
    let now = crowd.now;
    crowd.server.shut_down(now);
    let (early, late) = (crowd.conns[0], crowd.conns[2499]);
    for conn in [early, late] {
        crowd.server.receive(now, conn, b"hi\n");
        crowd.server.release(now, conn);
    }
    assert_eq!(crowd.server.transmit(crowd.conns[1250]), b"");
    while crowd.server.flushed() {
        crowd.server.carry_on(now);
    }
    assert_eq!(crowd.closed_or_leaving(), 2500);
}

#[test]
fn whose_transport_fails_before_a_shutdown_has_told_them_gets_no_last_words() {
    // Last words of IRC that fill a batch, so that not all are told at once.
    let mut crowd = Crowd::of(5, Dialect::IRC, |limits| limits.max_backlog = 500);
    let now = crowd.now;
    crowd.server.shut_down(now);
    for &conn in &crowd.conns {
        crowd.server.transport_failed(now, conn);
        assert_eq!(crowd.server.transmit(conn), b"");
    }
    let closed = std::iter::from_fn(|| crowd.server.poll())
        .filter(|action| matches!(action, Action::Close(..)))
        .count();
    assert_eq!((closed, crowd.server.stats().backlog), (5, 0));
}

/// Many who have connected, and joined if there is something to join.
struct Crowd {
    server: Server,
    listener: ListenerId,
    conns: Vec<ConnId>,
    now: Instant,
    heard: Vec<u8>,
}

impl Crowd {
    fn of(count: usize, dialect: Dialect, change: impl FnOnce(&mut Bounds)) -> Self {
        let mut config = Config::new(dialect);
        config.limits.max_users = count;
        change(&mut config.limits);
        let (server, listener) = config.server().expect("the test's limits are valid");
        let mut crowd = Self {
            server,
            listener,
            conns: Vec::new(),
            now: Instant::EPOCH,
            heard: Vec::new(),
        };
        for number in 0..count {
            let address = Ipv4Addr::from_bits(0x0a00_0000 + number as u32);
            let peer = Peer::Socket((address, 1000).into());
            let conn = crowd.server.accept(crowd.now, listener, peer);
            let login = match dialect.name() {
                "rooms" => format!("p{number}\n"),
                "direct" => format!("HELLO-FROM p{number}\n"),
                "irc" => format!("NICK p{number}\nUSER p 0 * :p\n"),
                _ => String::new(),
            };
            crowd.server.receive(crowd.now, conn, login.as_bytes());
            crowd.conns.push(conn);
            // Few enough are told at once that nobody has too much waiting.
            if number % 5 == 4 {
                crowd.flush();
            }
        }
        crowd.flush();
        assert_eq!(crowd.closed_or_leaving(), 0, "everybody is there");
        crowd
    }

    /// Everybody takes everything.
    fn flush(&mut self) {
        while let Some(action) = self.server.poll() {
            match action {
                Action::Transmit(conn) => self.take(conn),
                Action::Close(conn, _) => self.server.release(self.now, conn),
                _ => {}
            }
        }
        self.server.flushed();
    }

    fn take(&mut self, conn: ConnId) {
        let waiting = self.server.transmit(conn).len();
        self.server.advance(self.now, conn, waiting);
    }

    /// One of them alone takes everything.
    fn read(&mut self, speaker: ConnId) {
        self.heard.extend_from_slice(self.server.transmit(speaker));
        self.take(speaker);
    }

    fn heard_by_speaker(&self) -> String {
        String::from_utf8(self.heard.clone()).expect("it is text")
    }

    /// How many count as left because of this call.
    fn left_in_a_call(&mut self, call: impl FnOnce(&mut Server)) -> usize {
        call(&mut self.server);
        self.closed_or_leaving()
    }

    /// How many count as left since the last time.
    fn closed_or_leaving(&mut self) -> usize {
        std::iter::from_fn(|| self.server.poll_event())
            .filter(|event| matches!(event, Event::Left { .. }))
            .count()
    }

    /// Nobody is left, and nothing to do.
    fn is_gone(&mut self, reason: CloseReason) {
        self.flush();
        assert!(!self.server.has_more());
        assert_eq!(self.server.poll_timeout(), None);
        let closed = self.server.stats().closed;
        assert_eq!(closed, [(reason, self.conns.len() as u64)]);
    }
}

/// How many deliveries and messages a batch has.
const MOST_DELIVERIES: usize = 1 << 18;
const MOST_MESSAGES: usize = 1024;
