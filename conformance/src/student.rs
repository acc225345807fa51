//! The programs of seed 003 as a student would write them from the document: lockstep, blocking,
//! one `recv` for one message, no word about anything else.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender};

/// Where a student's program reads lines, with their ends; it hangs up at the end of input.
pub(crate) type Keyboard = Receiver<&'static str>;

/// Where a student's program prints.
pub(crate) type Screen = Sender<String>;

/// The client: reads a line from the keyboard and sends it, then receives one and prints it.
pub(crate) fn client(socket: TcpStream, keyboard: &Keyboard, screen: &Screen) -> io::Result<()> {
    let mut socket = socket;
    while let Ok(line) = keyboard.recv() {
        if line.trim_end() == "EXIT" {
            break;
        }
        socket.write_all(line.as_bytes())?;
        match receive(&mut socket)? {
            Some(message) => print(screen, message),
            None => break,
        }
    }
    Ok(())
}

/// The server: for each client, receives a line and prints it, then reads one from the keyboard
/// and sends it. Ends when its keyboard does.
pub(crate) fn server(listener: &TcpListener, keyboard: &Keyboard, screen: &Screen) {
    while let Ok((socket, _)) = listener.accept() {
        match serve(socket, keyboard, screen) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => print(screen, format!("network error: {error}")),
        }
    }
}

fn serve(mut socket: TcpStream, keyboard: &Keyboard, screen: &Screen) -> io::Result<bool> {
    while let Some(message) = receive(&mut socket)? {
        print(screen, message);
        match keyboard.recv() {
            Err(_) => return Ok(false),
            Ok(line) if line.trim_end() == "EXIT" => break,
            Ok(line) => socket.write_all(line.as_bytes())?,
        }
    }
    Ok(true)
}

fn receive(socket: &mut TcpStream) -> io::Result<Option<String>> {
    let mut buffer = [0; 1024];
    let length = socket.read(&mut buffer)?;
    let message = String::from_utf8_lossy(&buffer[..length]);
    Ok((length > 0).then(|| message.into_owned()))
}

fn print(screen: &Screen, message: String) {
    // The case may have seen enough.
    let _ = screen.send(message);
}
