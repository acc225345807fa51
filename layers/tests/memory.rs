//! What a connection costs while nothing happens: counted by the allocator.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod world;

use bytes::BytesMut;
use linechat_layers::tls::{Application, Client, Renewable, Trust};
use linechat_protocol::{Layer, LayerStage};
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
