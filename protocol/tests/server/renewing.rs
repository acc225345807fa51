//! Limits and terms that change at any time, beside peers who come, talk and leave, and a server that
//! drains at last: whatever the order, all numbers come out right.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use linechat_laws::toy::Toy;
use linechat_laws::tunnel::Tunnel;
use linechat_protocol::{
    Action, ConnId, Dialect, Instant, Limits, Listener, ListenerId, Peer, Server,
};
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Op {
    Connect {
        listener: usize,
        host: u8,
    },
    Say {
        who: usize,
        bytes: Vec<u8>,
    },
    Read {
        who: usize,
    },
    Leave {
        who: usize,
    },
    Pass {
        seconds: u64,
    },
    SetLimits {
        backlog: usize,
        per_ip: usize,
        stall: u64,
    },
    Renew {
        listener: usize,
        line: usize,
        rate: u32,
        idle: u64,
    },
}

fn op() -> impl Strategy<Value = Op> {
    let said = prop_oneof![
        Just(b"alice\n".to_vec()),
        Just(b"bob\n!enter den\n@den hello\n".to_vec()),
        Just(b"NICK carol\r\nUSER c 0 * :c\r\nJOIN #den\r\nPRIVMSG #den :hi\r\n".to_vec()),
        Just(b"page".to_vec()),
        Just(b"toy?go!!".to_vec()),
        vec(any::<u8>(), 0..40),
        vec(Just(b'x'), 0..3000),
    ];
    prop_oneof![
        3 => (0..3_usize, 0..3_u8).prop_map(|(listener, host)| Op::Connect { listener, host }),
        6 => (0..8_usize, said).prop_map(|(who, bytes)| Op::Say { who, bytes }),
        3 => (0..8_usize).prop_map(|who| Op::Read { who }),
        2 => (0..8_usize).prop_map(|who| Op::Leave { who }),
        2 => (0..40_u64).prop_map(|seconds| Op::Pass { seconds }),
        2 => (1..5000_usize, 0..3_usize, 0..20_u64)
            .prop_map(|(backlog, per_ip, stall)| Op::SetLimits { backlog, per_ip, stall }),
        2 => (0..2_usize, 1..2000_usize, 0..3_u32, 0..20_u64)
            .prop_map(|(listener, line, rate, idle)| Op::Renew { listener, line, rate, idle }),
    ]
}

proptest! {
    #[test]
    fn limits_and_terms_may_change_at_any_time(
        ops in vec(op(), 0..60),
        drain in proptest::option::of(1..10_u64),
    ) {
        let mut world = World::new(drain);
        for op in ops {
            world.does(op);
        }
        world.ends();
    }
}

struct World {
    server: Server,
    listeners: [ListenerId; 3],
    now: Instant,
    here: Vec<ConnId>,
    drain: Option<Duration>,
}

impl World {
    fn new(drain: Option<u64>) -> Self {
        let drain = drain.map(Duration::from_secs);
        let mut limits = Limits::default();
        limits.drain = drain;
        let mut server = Server::new(limits).expect("the limits work");
        let rooms = server.listen(Listener::new(Dialect::ROOMS));
        let irc = server.listen(Listener::new(Dialect::IRC));
        let aside = server.listen_aside(Toy::default().factory(), |server| drop(server.stats()));
        let listeners = [rooms, irc, aside].map(|it| it.expect("they combine"));
        Self {
            server,
            listeners,
            now: Instant::EPOCH,
            here: Vec::new(),
            drain,
        }
    }

    fn does(&mut self, op: Op) {
        match op {
            Op::Connect { listener, host } => {
                let peer = Peer::Socket(SocketAddr::from(([192, 0, 2, host], 7)));
                let conn = self.server.accept(self.now, self.listeners[listener], peer);
                self.here.push(conn);
            }
            Op::Say { who, bytes } => {
                if let Some(&conn) = self.here.get(who) {
                    self.server.receive(self.now, conn, &bytes);
                }
            }
            Op::Read { who } => {
                if let Some(&conn) = self.here.get(who) {
                    let length = self.server.transmit(conn).len();
                    self.server.advance(self.now, conn, length);
                }
            }
            Op::Leave { who } => {
                if who < self.here.len() {
                    let conn = self.here.swap_remove(who);
                    self.server.release(self.now, conn);
                }
            }
            Op::Pass { seconds } => self.pass(Duration::from_secs(seconds)),
            Op::SetLimits {
                backlog,
                per_ip,
                stall,
            } => {
                let mut limits = Limits::default();
                limits.drain = self.drain;
                limits.max_backlog = backlog;
                limits.max_connections_per_ip = NonZeroUsize::new(per_ip);
                limits.stall_timeout = (stall > 0).then(|| Duration::from_secs(stall));
                let set = self.server.set_limits(self.now, limits);
                set.expect("none is zero");
            }
            Op::Renew {
                listener,
                line,
                rate,
                idle,
            } => {
                let dialect = [Dialect::ROOMS, Dialect::IRC][listener];
                let mut renewed = Listener::new(dialect);
                renewed.terms.max_line = line;
                renewed.terms.rate_limit = NonZeroU32::new(rate);
                renewed.terms.idle_timeout = (idle > 0).then(|| Duration::from_secs(idle));
                let renewal = self
                    .server
                    .renew(self.now, self.listeners[listener], renewed);
                renewal.expect("it is the same dialect");
            }
        }
        self.flush();
    }

    /// Does what the server wants done, and releases whom it closes.
    fn flush(&mut self) {
        for _ in 0..1000 {
            while let Some(action) = self.server.poll() {
                if let Action::Close(conn, _) = action {
                    self.here.retain(|it| *it != conn);
                    self.server.release(self.now, conn);
                }
            }
            if !self.server.flushed() {
                return;
            }
            self.server.carry_on(self.now);
        }
        panic!("there is always more to do");
    }

    /// Lets time pass, with everything done that is due.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        for _ in 0..10_000 {
            let due = self.server.poll_timeout().filter(|due| *due <= until);
            let Some(due) = due else {
                self.now = until;
                return;
            };
            self.now = self.now.max(due);
            self.server.handle_timeout(self.now);
            self.flush();
        }
        panic!("something is always due");
    }

    /// Shuts the server down, after which nothing is left of anybody.
    fn ends(mut self) {
        let talking = self
            .server
            .stats()
            .dialects
            .iter()
            .map(|it| it.connections)
            .sum::<usize>();
        self.server.shut_down(self.now);
        self.flush();
        // Who is behind is closed for what it is told, and may have been the last.
        let may_drain = self.drain.is_some() && talking > 0;
        assert!(may_drain || !self.server.is_draining());
        assert!(self.server.is_draining() || self.server.is_shutting_down());
        let grace = self.server.limits().grace;
        self.pass(self.drain.unwrap_or_default() + grace);
        assert!(self.server.is_finished());
        let stats = self.server.stats();
        assert_eq!((stats.backlog, stats.openings, stats.rooms), (0, 0, 0));
        for dialect in stats.dialects {
            assert_eq!((dialect.connections, dialect.users), (0, 0));
        }
    }
}
