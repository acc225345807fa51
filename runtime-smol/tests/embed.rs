//! What an application relies on that embeds the server.

use std::future::pending;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

use linechat_driver::Service;
use linechat_protocol::{Dialect, Limits, Listener, Server};
use smol::future::{or, zip};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::{Async, block_on};

#[test]
fn serving_ends_once_it_is_told_and_the_peers_have_left() {
    let (listener, address) = listen();
    block_on(async {
        let mut peer = connect(address).await;
        let shutdown = async {
            let mut other = connect(address).await;
            asks(&mut other).await.unwrap();
        };
        let farewell = async {
            asks(&mut peer).await.unwrap();
            peer.read(&mut [0; 8]).await.unwrap()
        };
        let serving = linechat_smol::serve(echo(listener), shutdown);
        let (served, received) = zip(serving, farewell).await;
        served.unwrap();
        assert_eq!(received, 0);
    });
    TcpStream::connect(address).unwrap_err();
}

#[test]
fn dropping_the_future_closes_everything() {
    let (listener, address) = listen();
    block_on(async {
        let mut peer = connect(address).await;
        let serving = linechat_smol::serve(echo(listener), pending());
        or(
            async { serving.await.map(|()| panic!("nobody told it to end")) },
            asks(&mut peer),
        )
        .await
        .unwrap();
        assert_eq!(peer.read(&mut [0; 8]).await.unwrap(), 0);
    });
    TcpStream::connect(address).unwrap_err();
}

fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback has a port left");
    let address = listener.local_addr().expect("a listener has an address");
    (listener, address)
}

fn echo(socket: TcpListener) -> Service {
    let echo = Listener::new(Dialect::ECHO);
    let (server, listener) =
        Server::with_listener(Limits::default(), echo).expect("the defaults are valid");
    Service::new(server).listen(listener, socket)
}

async fn connect(address: SocketAddr) -> Async<TcpStream> {
    Async::<TcpStream>::connect(address)
        .await
        .expect("somebody listens")
}

/// Shows that a peer is served.
async fn asks(peer: &mut Async<TcpStream>) -> io::Result<()> {
    let mut answer = [0; 6];
    peer.write_all(b"hello\n").await?;
    peer.read_exact(&mut answer).await?;
    assert_eq!(&answer, b"hello\n");
    Ok(())
}
