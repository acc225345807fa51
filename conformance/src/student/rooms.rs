//! The chat server of seed 002, as far as a nickname and public messages: it keeps what came until
//! it has a line "marked by a trailing `'\r\n'` sequence", and cuts those two off.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;

/// Who has a nickname, and where to write to them.
type Users = Arc<Mutex<Vec<(String, TcpStream)>>>;

/// Serves for as long as the case lasts, and tells it who has registered.
pub(crate) fn chat_server(listener: &TcpListener) -> Receiver<String> {
    let listener = listener.try_clone().expect("a descriptor");
    let users = Users::default();
    let (door, registered) = mpsc::channel();
    thread::spawn(move || {
        while let Ok((socket, _)) = listener.accept() {
            let (users, door) = (Arc::clone(&users), door.clone());
            thread::spawn(move || serve(socket, &users, &door));
        }
    });
    registered
}

fn serve(mut socket: TcpStream, users: &Users, door: &Sender<String>) -> io::Result<()> {
    let mut buffer = String::new();
    let mut nickname: Option<String> = None;
    loop {
        let mut data = [0; 1024];
        let length = socket.read(&mut data)?;
        if length == 0 {
            return Ok(());
        }
        buffer += &String::from_utf8_lossy(&data[..length]);
        while let Some((line, rest)) = buffer.split_once("\r\n") {
            let (line, rest) = (line.to_owned(), rest.to_owned());
            match &nickname {
                Some(nickname) => tell_others(users, nickname, &line),
                None => {
                    let entry = (line.clone(), socket.try_clone()?);
                    users.lock().expect("no thread panics").push(entry);
                    // The case may have seen enough.
                    let _ = door.send(line.clone());
                    nickname = Some(line);
                }
            }
            buffer = rest;
        }
    }
}

fn tell_others(users: &Users, nickname: &str, line: &str) {
    let users = users.lock().expect("no thread panics");
    for (_, socket) in users.iter().filter(|(other, _)| other != nickname) {
        let mut socket: &TcpStream = socket;
        // They may be gone.
        let _ = socket.write_all(format!("{nickname}: {line}\r\n").as_bytes());
    }
}
