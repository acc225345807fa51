//! What the core alone costs: growth must be linear in recipients and flat in connections.

use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use linechat_laws::config::Config;
use linechat_protocol::{Action, ConnId, Dialect, Instant, Peer, Server, direct, rooms};

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    group.bench_function("rooms, public", |bencher| {
        bencher.iter(|| rooms::Request::parse(black_box(PUBLIC)).is_ok());
    });
    group.bench_function("rooms, private", |bencher| {
        bencher.iter(|| rooms::Request::parse(black_box(b"#u1 a message of some length")).is_ok());
    });
    group.bench_function("direct, SEND", |bencher| {
        bencher.iter(|| {
            let (header, body) = direct::RequestHeader::split(black_box(SEND))?;
            direct::Request::parse(header, body).ok().map(drop)
        });
    });
    group.finish();
}

fn fan_out(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fan-out");
    for recipients in SIZES {
        let mut world = World::new(Dialect::ROOMS, recipients + 1);
        group.throughput(Throughput::Elements(recipients as u64));
        group.bench_function(BenchmarkId::from_parameter(recipients), |bencher| {
            bencher.iter(|| {
                world.receive(
                    0,
                    b"a message of sixty-four bytes, as most of those people write are\n",
                )
            });
        });
    }
    group.finish();
}

fn direct_message(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("direct message");
    for connections in SIZES {
        let mut world = World::new(Dialect::DIRECT, connections);
        group.bench_function(BenchmarkId::from_parameter(connections), |bencher| {
            bencher.iter(|| world.receive(0, SEND_LINE));
        });
    }
    group.finish();
}

fn idle(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("idle poll");
    for connections in SIZES {
        let mut world = World::new(Dialect::ROOMS, connections);
        group.bench_function(BenchmarkId::from_parameter(connections), |bencher| {
            bencher.iter(|| (world.server.poll(), world.server.poll_timeout()));
        });
    }
    group.finish();
}

/// A server whose peers take everything at once.
struct World {
    server: Server,
    conns: Vec<ConnId>,
    now: Instant,
}

impl World {
    fn new(dialect: Dialect, connections: usize) -> Self {
        let mut config = Config::new(dialect);
        config.limits.max_users = connections;
        let (server, listener) = config.server().expect("these limits are valid");
        let mut world = Self {
            server,
            conns: Vec::new(),
            now: Instant::after_epoch(Duration::from_secs(1)),
        };
        for user in 0..connections {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
            world.conns.push(
                world
                    .server
                    .accept(world.now, listener, Peer::from(address)),
            );
            let login = if dialect == Dialect::DIRECT {
                format!("HELLO-FROM u{user}\n")
            } else {
                format!("u{user}\n")
            };
            world.receive(user, login.as_bytes());
        }
        world
    }

    /// Hands in what a user sent, and takes what comes of it.
    fn receive(&mut self, user: usize, bytes: &[u8]) {
        self.server.receive(self.now, self.conns[user], bytes);
        while let Some(action) = self.server.poll() {
            if let Action::Transmit(conn) = action {
                let written = self.server.transmit(conn).len();
                self.server.advance(self.now, conn, written);
            }
        }
        self.server.flushed();
        while let Some(event) = self.server.poll_event() {
            black_box(event);
        }
    }
}

const SIZES: [usize; 3] = [10, 1_000, 10_000];
const PUBLIC: &[u8] = b"a message of some length, as people write";
const SEND: &[u8] = b"SEND u1 a message of some length, as people write";
const SEND_LINE: &[u8] = b"SEND u1 a message of some length, as people write\n";

criterion_group!(benches, parse, fan_out, direct_message, idle);
criterion_main!(benches);
