//! A bot that greets everybody who enters one channel of an `irc` server.
//!
//! `cargo run --example irc_bot -- 127.0.0.1:6667 greeter '#kitchen'`

use std::io::{Read, Write};
use std::net::TcpStream;

use linechat_protocol::irc::{Client, Event};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, nick, home] = &arguments[..] else {
        return Err("usage: irc_bot ADDR:PORT NICK CHANNEL".into());
    };
    let mut socket = TcpStream::connect(address)?;
    let mut client = Client::new();
    let mut buffer = [0; 4096];
    client.register(nick, "A bot that greets")?;
    loop {
        socket.write_all(client.transmit())?;
        client.advance(client.transmit().len());
        match socket.read(&mut buffer)? {
            0 => client.receive_eof(),
            length => client.receive(&buffer[..length]),
        }
        while let Some(event) = client.poll_event() {
            match event {
                Event::Registered { .. } => {
                    client.declare_bot()?;
                    client.join(home)?;
                }
                Event::Joined { nick, channel } if client.nick() != Some(&nick) => {
                    client.say(&channel, &format!("Hello, {nick}!"))?;
                }
                Event::NicknameRefused { .. } => return Err("the nickname is in use".into()),
                Event::Error { text } => eprintln!("{}", text.escape_default()),
                Event::Closed => return Ok(()),
                _ => {}
            }
        }
    }
}
