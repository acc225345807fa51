//! Servers that are linked: what NATS says, and what is in a log.

use std::net::SocketAddr;
use std::time::Duration;

use linechat_protocol::link::{Address, Name, Options};
use linechat_protocol::{
    Action, ConnId, Dialect, Instant, Limits, Listener, ListenerId, Peer, Server,
};

/// NATS says this, in pieces: a linked server neither panics nor works without end, and what it keeps
/// for NATS is bounded. The first byte is the size of the pieces.
pub fn nats(bytes: &[u8]) {
    let Some((&size, stream)) = bytes.split_first() else {
        return;
    };
    let mut linked = Linked::new();
    for piece in stream.chunks(usize::from(size) + 1) {
        linked.receive(piece);
    }
    linked.pass(Duration::from_secs(40));
}

/// A server that is linked, and a user who comes as soon as it is open.
struct Linked {
    server: Server,
    rooms: ListenerId,
    now: Instant,
    link: Option<ConnId>,
    user: Option<ConnId>,
}

impl Linked {
    fn new() -> Self {
        let (mut server, rooms) = server();
        let name = |name| Name::parse(name).expect("it is a name");
        let addresses = vec![Address::new("nats", 4222)];
        let options = Options::new(name("club"), name("a"), addresses, 1);
        server.link(options).expect("nobody has connected");
        let mut linked = Self {
            server,
            rooms,
            now: Instant::EPOCH,
            link: None,
            user: None,
        };
        linked.flush();
        linked
    }

    fn receive(&mut self, piece: &[u8]) {
        self.now = self.now + Duration::from_millis(10);
        if let Some(link) = self.link {
            self.server.receive(self.now, link, piece);
        }
        if self.user.is_none() && self.server.accepting(self.rooms) {
            let user = self.server.accept(self.now, self.rooms, peer());
            self.user = Some(user);
        }
        if let Some(user) = self.user {
            self.server.receive(self.now, user, b"ann\nhello\n!users\n");
        }
        self.flush();
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..MAX_STEPS {
            match self.server.poll_timeout() {
                Some(due) if due <= end => self.now = self.now.max(due),
                _ => return,
            }
            self.server.handle_timeout(self.now);
            self.flush();
        }
        panic!("it does not come to rest");
    }

    fn flush(&mut self) {
        for _ in 0..MAX_STEPS {
            while let Some(action) = self.server.poll() {
                self.act(action);
            }
            if !self.server.flushed() {
                return;
            }
            self.server.carry_on(self.now);
        }
        panic!("it works without end");
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Transmit(conn) => {
                let length = self.server.transmit(conn).len();
                assert!(
                    length <= self.server.limits().max_backlog,
                    "{length} at once"
                );
                self.server.advance(self.now, conn, length);
            }
            Action::Close(conn, _) => {
                self.link.take_if(|link| *link == conn);
                self.user.take_if(|user| *user == conn);
                self.server.release(self.now, conn);
            }
            Action::Dial(link) => {
                let address: SocketAddr = ([192, 0, 2, 9], 4222).into();
                self.link = Some(self.server.accept_link(self.now, link, address));
            }
            _ => {}
        }
    }
}

/// A snapshot, or entries with two bytes for the length of each: what is not understood is refused,
/// and a community that understood something is the same after a snapshot.
pub fn entries(bytes: &[u8]) {
    let Some((&kind, input)) = bytes.split_first() else {
        return;
    };
    let mut one = sharing();
    if kind == 0 {
        let _ = one.restore(input);
    } else {
        apply_all(&mut one, input);
    }
    let snapshot = one.snapshot();
    let mut other = sharing();
    let restored = other.restore(&snapshot);
    assert_eq!(restored, Ok(()), "its own snapshot is refused");
    assert_eq!(other.snapshot(), snapshot);
}

fn apply_all(server: &mut Server, mut input: &[u8]) {
    let mut sequence = 1;
    while let [high, low, rest @ ..] = input {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (entry, rest) = rest.split_at(length.min(rest.len()));
        input = rest;
        if server.apply(Instant::EPOCH, sequence, entry).is_ok() {
            sequence += 1;
        }
        while server.poll().is_some() {}
        server.flushed();
    }
}

fn sharing() -> Server {
    let (mut server, _) = server();
    server.share(1).expect("nobody has connected");
    server
}

/// A server of `rooms`, `direct` and `irc`.
fn server() -> (Server, ListenerId) {
    let mut server = Server::new(Limits::default()).expect("the limits are well");
    let mut listen = |dialect| {
        server
            .listen(Listener::new(dialect))
            .expect("they go together")
    };
    let rooms = listen(Dialect::ROOMS);
    listen(Dialect::DIRECT);
    listen(Dialect::IRC);
    (server, rooms)
}

fn peer() -> Peer {
    Peer::Socket(([192, 0, 2, 1], 7).into())
}

const MAX_STEPS: usize = 100_000;
