//! Logs in to a `direct` server, sends one message, and shows what comes until the server closes.
//!
//! `cargo run --example direct_client -- 127.0.0.1:5378 alice bob "Hello, Bob."`

use std::io::{Read, Write};
use std::net::TcpStream;

use linechat_protocol::direct::{Client, Event};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, name, to, text] = &arguments[..] else {
        return Err("usage: direct_client ADDR:PORT NAME TO TEXT".into());
    };
    let mut socket = TcpStream::connect(address)?;
    let mut client = Client::new();
    let mut buffer = [0; 4096];
    client.log_in(name)?;
    loop {
        socket.write_all(client.transmit())?;
        client.advance(client.transmit().len());
        match socket.read(&mut buffer)? {
            0 => client.receive_eof(),
            length => client.receive(&buffer[..length]),
        }
        while let Some(event) = client.poll_event() {
            match event {
                Event::LoggedIn { .. } => client.send(to, text)?,
                Event::Delivery { from, text } => println!("{from}: {text}"),
                Event::Closed => return Ok(()),
                other => println!("{other:?}"),
            }
        }
    }
}
