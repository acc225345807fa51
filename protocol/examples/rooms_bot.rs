//! A bot that sits in one room of a `rooms` server and answers when somebody says `!ping` there.
//!
//! `cargo run --example rooms_bot -- 127.0.0.1:8888 pingbot den`

use std::io::{Read, Write};
use std::net::TcpStream;

use linechat_protocol::rooms::{Client, Event};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, nick, home] = &arguments[..] else {
        return Err("usage: rooms_bot ADDR:PORT NICK ROOM".into());
    };
    let mut socket = TcpStream::connect(address)?;
    let mut client = Client::new();
    let mut buffer = [0; 4096];
    client.register(nick)?;
    client.enter(home)?;
    loop {
        socket.write_all(client.transmit())?;
        client.advance(client.transmit().len());
        match socket.read(&mut buffer)? {
            0 => client.receive_eof(),
            length => client.receive(&buffer[..length]),
        }
        while let Some(event) = client.poll_event() {
            match event {
                Event::Room { room, from, text } if text == "!ping" => {
                    client.say_in(&room, &format!("{from}: pong"))?;
                }
                Event::NicknameRefused => return Err("the nickname is in use".into()),
                Event::Closed => return Ok(()),
                _ => {}
            }
        }
    }
}
