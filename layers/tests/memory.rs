//! What a connection costs while nothing happens: counted by the allocator.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod world;

use std::sync::Arc;

use bytes::BytesMut;
use linechat_layers::tls::{Application, Client, Renewable, Trust};
use linechat_layers::web::{Scheme, Site, WebSession};
use linechat_protocol::{Layer, LayerStage, Peer};
use world::{NOW, certificate};

/// What is still allocated after `make`, for each of so many that it makes.
fn bytes_each<T>(count: usize, mut make: impl FnMut() -> T) -> usize {
    let mut made = Vec::with_capacity(count);
    // What is made once, for all, is not counted.
    made.push(make());
    let info = allocation_counter::measure(|| {
        while made.len() < count {
            made.push(make());
        }
    });
    usize::try_from(info.bytes_current).unwrap() / (count - 1)
}

/// A server's layer as it is for a user who has logged in and is silent now. The client's end is
/// gone.
fn idle_tls(server: &Renewable, client: &Client) -> Box<dyn Layer> {
    let mut up = BytesMut::new();
    let mut down = BytesMut::new();
    let mut heard = Vec::new();
    let mut client = client.session("localhost", &mut up).unwrap();
    let mut layer: Box<dyn Layer> = Box::new(server.session(Application::Lines));
    let mut turn = |layer: &mut Box<dyn Layer>, up: &mut BytesMut, down: &mut BytesMut| {
        layer.receive(NOW, &up.split(), &mut heard, down).unwrap();
        client.receive(NOW, &down.split(), &mut heard, up).unwrap();
    };
    turn(&mut layer, &mut up, &mut down);
    turn(&mut layer, &mut up, &mut down);
    assert_eq!(layer.stage(), LayerStage::Open);
    // A line as long as can be, and one that is cut.
    client.seal(&vec![b'x'; 8192], &mut up);
    client.seal(b"alice\n", &mut up);
    let (first, last) = up.split_at(8000);
    layer.receive(NOW, first, &mut heard, &mut down).unwrap();
    layer.receive(NOW, last, &mut heard, &mut down).unwrap();
    layer.seal(b"hello alice\n", &mut down);
    layer
}

#[test]
fn an_idle_user_of_tls_takes_less_than_six_kilobytes_with_all_that_the_core_needs() {
    let certificate = certificate();
    let trust = Trust::Pinned(certificate.pin());
    let server = Renewable::new(certificate);
    let client = Client::new(&trust).unwrap();
    // The server's cache of sessions is filled before it counts.
    for _ in 0..300 {
        idle_tls(&server, &client);
    }
    let bytes = bytes_each(50, || idle_tls(&server, &client));
    println!("an idle TLS user: {bytes} bytes");
    // The core needs less than one kilobyte for an idle user.
    assert!(bytes <= 5 * 1024, "{bytes} bytes");
}

/// A server's layer as it is for a browser whose user is silent now, and once sent a line as long
/// as can be, in two parts.
fn idle_web(site: &Arc<Site>) -> Box<dyn Layer> {
    let mut heard = Vec::new();
    let mut wire = BytesMut::new();
    let peer = Peer::Socket(([192, 0, 2, 1], 7).into());
    let mut layer: Box<dyn Layer> = Box::new(WebSession::new(Arc::clone(site), peer));
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         User-Agent: {}\r\n\r\n",
        "x".repeat(2000)
    );
    let mut part = vec![0x01, 0xfe, 0x08, 0x00, 0, 0, 0, 0];
    part.resize(8 + 2048, b'x');
    let mut rest = part.clone();
    rest[0] = 0x80;
    for received in [request.as_bytes(), &part[..1000], &part[1000..], &rest] {
        layer.receive(NOW, received, &mut heard, &mut wire).unwrap();
    }
    layer.seal(b"hello alice\r\n", &mut wire);
    assert_eq!(layer.stage(), LayerStage::Open);
    assert_eq!(heard.len(), 4098);
    layer
}

#[test]
fn an_idle_user_of_websocket_takes_a_few_hundred_bytes() {
    let mut site = Site::new(Scheme::Http);
    site.max_message = Some(4608);
    let site = Arc::new(site);
    let bytes = bytes_each(50, || idle_web(&site));
    println!("an idle WebSocket user: {bytes} bytes");
    assert!(bytes <= 512, "{bytes} bytes");
}
