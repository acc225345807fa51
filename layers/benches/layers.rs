//! What a layer adds to what the core costs: for a line, for a flush, for a connection.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot build its world has failed"
)]

use std::hint::black_box;
use std::sync::Arc;

use bytes::BytesMut;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use linechat_layers::tls::{
    Application, Certificate, Client, ClientSession, Renewable, ServerSession, Trust,
};
use linechat_layers::web::{Scheme, Site, WebSession};
use linechat_protocol::{Instant, Layer, Peer};

/// A client and a server that have agreed on everything.
struct Tls {
    client: ClientSession,
    server: ServerSession,
}

/// What makes such pairs.
struct Parties {
    client: Client,
    server: Renewable,
}

impl Parties {
    fn new() -> Self {
        let certificate = Certificate::self_signed(["localhost".to_owned()]);
        let client = Client::new(&Trust::Pinned(certificate.pin())).unwrap();
        let server = Renewable::new(certificate);
        Self { client, server }
    }

    fn shake_hands(&self) -> Tls {
        let (mut up, mut down) = (BytesMut::new(), BytesMut::new());
        let mut plain = Vec::new();
        let mut client = self.client.session("localhost", &mut up).unwrap();
        let mut server = self.server.session(Application::Lines);
        while !up.is_empty() {
            server
                .receive(NOW, &up.split(), &mut plain, &mut down)
                .unwrap();
            client
                .receive(NOW, &down.split(), &mut plain, &mut up)
                .unwrap();
        }
        Tls { client, server }
    }
}

fn tls(criterion: &mut Criterion) {
    let parties = Parties::new();
    let mut group = criterion.benchmark_group("tls");
    group.bench_function("handshake, both ends", |bencher| {
        bencher.iter(|| parties.shake_hands());
    });
    let Tls {
        mut client,
        mut server,
    } = parties.shake_hands();
    for lines in LINES {
        let plain = LINE.repeat(lines);
        group.throughput(Throughput::Bytes(plain.len() as u64));
        let (mut wire, mut heard) = (BytesMut::new(), Vec::new());
        group.bench_function(
            BenchmarkId::new("seal and receive, lines", lines),
            |bencher| {
                bencher.iter(|| {
                    client.seal(&plain, &mut wire);
                    let mut answer = BytesMut::new();
                    server
                        .receive(NOW, &wire.split(), &mut heard, &mut answer)
                        .unwrap();
                    heard.clear();
                });
            },
        );
        group.bench_function(BenchmarkId::new("seal, lines", lines), |bencher| {
            bencher.iter(|| {
                server.seal(black_box(&plain), &mut wire);
                wire.clear();
            });
        });
    }
    group.finish();
}

fn websocket(criterion: &mut Criterion) {
    let mut site = Site::new(Scheme::Http);
    site.max_message = Some(4608);
    let mut layer = WebSession::new(Arc::new(site), Peer::Console);
    let (mut wire, mut heard) = (BytesMut::new(), Vec::new());
    layer.receive(NOW, UPGRADE, &mut heard, &mut wire).unwrap();
    wire.clear();
    let mut group = criterion.benchmark_group("websocket");
    for lines in LINES {
        let plain = LINE.repeat(lines);
        group.throughput(Throughput::Bytes(plain.len() as u64));
        group.bench_function(BenchmarkId::new("seal, lines", lines), |bencher| {
            bencher.iter(|| {
                layer.seal(black_box(&plain), &mut wire);
                wire.clear();
            });
        });
        let frames = frame(&LINE[..LINE.len() - 2]).repeat(lines);
        group.bench_function(BenchmarkId::new("receive, lines", lines), |bencher| {
            bencher.iter(|| {
                layer
                    .receive(NOW, black_box(&frames), &mut heard, &mut wire)
                    .unwrap();
                heard.clear();
            });
        });
    }
    group.finish();
}

/// A message of text, masked.
fn frame(text: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap()];
    frame.extend(mask);
    frame.extend(
        text.iter()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    frame
}

const NOW: Instant = Instant::EPOCH;

/// As many of its bytes as people write in a line.
const LINE: &[u8] = b"a message of sixty-four bytes, as most of those people write!!\r\n";

const LINES: [usize; 3] = [1, 16, 256];

const UPGRADE: &[u8] = b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

criterion_group!(benches, tls, websocket);
criterion_main!(benches);
