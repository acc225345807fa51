//! What an application relies on that embeds the server, in a runtime with threads of its own.

use std::future::pending;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener, TcpStream as StdStream};

use linechat_driver::Service;
use linechat_protocol::{Dialect, Limits, Listener, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn serving_ends_once_it_is_told_and_the_peers_have_left() {
    let (listener, address) = listen();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(linechat_tokio::serve(echo(listener), async {
        let _ = stopped.await;
    }));
    let mut peer = connect(address).await;
    asks(&mut peer).await.unwrap();
    stop.send(()).unwrap();
    assert_eq!(peer.read(&mut [0; 8]).await.unwrap(), 0);
    drop(peer);
    serving.await.unwrap().unwrap();
    StdStream::connect(address).unwrap_err();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn dropping_the_future_closes_everything() {
    let (listener, address) = listen();
    let serving = tokio::spawn(linechat_tokio::serve(echo(listener), pending()));
    let mut peer = connect(address).await;
    asks(&mut peer).await.unwrap();
    serving.abort();
    assert_eq!(peer.read(&mut [0; 8]).await.unwrap(), 0);
    assert!(serving.await.unwrap_err().is_cancelled());
    StdStream::connect(address).unwrap_err();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_peer_is_forgotten_though_sockets_become_ready_on_other_threads() {
    let (listener, address) = listen();
    tokio::spawn(linechat_tokio::serve(echo(listener), pending()));
    let mut peers = JoinSet::new();
    for _ in 0..100 {
        peers.spawn(async move {
            let mut peer = connect(address).await;
            for _ in 0..100 {
                asks(&mut peer).await.unwrap();
            }
        });
    }
    peers.join_all().await;
}

fn listen() -> (StdListener, SocketAddr) {
    let listener = StdListener::bind("127.0.0.1:0").expect("the loopback has a port left");
    let address = listener.local_addr().expect("a listener has an address");
    (listener, address)
}

fn echo(socket: StdListener) -> Service {
    let echo = Listener::new(Dialect::ECHO);
    let (server, listener) =
        Server::with_listener(Limits::default(), echo).expect("the defaults are valid");
    Service::new(server).listen(listener, socket)
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("somebody listens")
}

/// Shows that a peer is served.
async fn asks(peer: &mut TcpStream) -> io::Result<()> {
    let mut answer = [0; 6];
    peer.write_all(b"hello\n").await?;
    peer.read_exact(&mut answer).await?;
    assert_eq!(&answer, b"hello\n");
    Ok(())
}
