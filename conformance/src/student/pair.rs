//! The programs of seed 003 as a student would write them from the document: lockstep, blocking,
//! one `recv` for one message, no word about anything else. Some send what `input()` returned,
//! which has no line ending.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use crate::patience::PATIENCE;

/// A student's program that runs, and the desk at which it does: a keyboard, which hangs up with
/// it, and a screen.
pub(crate) struct Desk {
    keyboard: Sender<&'static str>,
    screen: Receiver<String>,
}

/// What a program sends behind each line.
pub(crate) type Ending = &'static str;

pub(crate) const NO_ENDING: Ending = "";
pub(crate) const NEWLINE: Ending = "\n";

impl Desk {
    pub(crate) fn of_client(server: SocketAddr, ending: Ending) -> Self {
        let socket = TcpStream::connect(server).expect("connects");
        Self::of(ending, |mut student| student.client(socket))
    }

    pub(crate) fn of_server(listener: &TcpListener, ending: Ending) -> Self {
        let listener = listener.try_clone().expect("a descriptor");
        Self::of(ending, move |mut student| {
            student.server(&listener);
            Ok(())
        })
    }

    fn of(
        ending: Ending,
        program: impl FnOnce(Student) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let (keyboard, typed) = mpsc::channel();
        let (printed, screen) = mpsc::channel();
        let student = Student {
            keyboard: typed,
            screen: printed,
            ending,
        };
        thread::spawn(|| program(student));
        Self { keyboard, screen }
    }

    #[track_caller]
    pub(crate) fn types(&self, line: &'static str) {
        let typed = self.keyboard.send(line);
        typed.expect("the student's program reads");
    }

    /// What the program printed next.
    #[track_caller]
    pub(crate) fn printed(&self) -> String {
        let printed = self.screen.recv_timeout(PATIENCE);
        printed.expect("the student's program prints")
    }

    /// Insists that the program ends and prints nothing more.
    #[track_caller]
    pub(crate) fn expect_end(&self) {
        let printed = self.screen.recv_timeout(PATIENCE);
        assert_eq!(printed, Err(mpsc::RecvTimeoutError::Disconnected));
    }
}

struct Student {
    keyboard: Receiver<&'static str>,
    screen: Sender<String>,
    ending: Ending,
}

impl Student {
    /// The client: reads a line from the keyboard and sends it, then receives one and prints it.
    fn client(&mut self, mut socket: TcpStream) -> io::Result<()> {
        while let Ok(line) = self.keyboard.recv() {
            if line == "EXIT" {
                break;
            }
            self.send(&mut socket, line)?;
            match receive(&mut socket)? {
                Some(message) => self.print(message),
                None => break,
            }
        }
        Ok(())
    }

    /// The server: for each client, receives a line and prints it, then reads one from the
    /// keyboard and sends it. Ends when its keyboard does.
    fn server(&mut self, listener: &TcpListener) {
        while let Ok((socket, _)) = listener.accept() {
            match self.serve(socket) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => self.print(format!("network error: {error}")),
            }
        }
    }

    fn serve(&mut self, mut socket: TcpStream) -> io::Result<bool> {
        while let Some(message) = receive(&mut socket)? {
            self.print(message);
            match self.keyboard.recv() {
                Err(_) => return Ok(false),
                Ok("EXIT") => break,
                Ok(line) => self.send(&mut socket, line)?,
            }
        }
        Ok(true)
    }

    fn send(&self, socket: &mut TcpStream, line: &str) -> io::Result<()> {
        socket.write_all([line, self.ending].concat().as_bytes())
    }

    fn print(&self, message: String) {
        // The case may have seen enough.
        let _ = self.screen.send(message);
    }
}

fn receive(socket: &mut TcpStream) -> io::Result<Option<String>> {
    let mut buffer = [0; 1024];
    let length = socket.read(&mut buffer)?;
    let message = String::from_utf8_lossy(&buffer[..length]);
    Ok((length > 0).then(|| message.into_owned()))
}
