//! What delivering costs at the least: epoll, one read for each sender and one write for each
//! recipient of a turn, and nothing else.
//!
//! There is no protocol, no bound, no backlog and no safety here: a recipient that does not take
//! everything at once ends the program, so drive it with windows that fit a socket's buffer.
//!
//! `linechat-floor relay|pairs|answers PORT`
//!
//! * `relay`: what one connection sends goes to all others.
//! * `pairs`: what one connection sends goes to its partner, the one accepted right before or
//!   after it. Each is greeted with `hello` when it is accepted.
//! * `answers`: the same, and each read is answered with `SEND-OK`, as `direct` does.

use std::env;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::process::ExitCode;

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use socket2::{Domain, Socket, Type};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let mode = match arguments.first().map(String::as_str) {
        Some("relay") => Mode::Relay,
        Some("pairs") => Mode::Pairs { answers: false },
        Some("answers") => Mode::Pairs { answers: true },
        _ => return usage(),
    };
    let Some(Ok(port)) = arguments.get(1).map(|port| port.parse()) else {
        return usage();
    };
    match Floor::new(mode, port).and_then(Floor::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: linechat-floor relay|pairs|answers PORT");
    ExitCode::from(2)
}

#[derive(Clone, Copy)]
enum Mode {
    Relay,
    Pairs { answers: bool },
}

struct Floor {
    mode: Mode,
    epoll: OwnedFd,
    listener: Socket,
    /// In the order in which they were accepted; those that left leave a gap.
    streams: Vec<Option<TcpStream>>,
    /// What this turn brought.
    input: Box<[u8]>,
    filled: usize,
    /// Whose it is.
    senders: Vec<(usize, Range<usize>)>,
}

impl Floor {
    fn new(mode: Mode, port: u16) -> io::Result<Self> {
        let listener = Socket::new(Domain::IPV4, Type::STREAM.nonblocking(), None)?;
        listener.set_reuse_address(true)?;
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
        listener.listen(4096)?;
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        epoll::add(
            &epoll,
            &listener,
            EventData::new_u64(LISTENER),
            EventFlags::IN,
        )?;
        Ok(Self {
            mode,
            epoll,
            listener,
            streams: Vec::new(),
            input: vec![0; INPUT_SIZE].into_boxed_slice(),
            filled: 0,
            senders: Vec::new(),
        })
    }

    fn run(mut self) -> io::Result<()> {
        let mut events = [MaybeUninit::<Event>::uninit(); 1024];
        loop {
            let (ready, _) = epoll::wait(&self.epoll, &mut events, None)?;
            for event in ready {
                match event.data.u64() {
                    LISTENER => self.accept()?,
                    index => self.read(index as usize),
                }
            }
            match self.mode {
                Mode::Relay => self.relay(),
                Mode::Pairs { answers } => self.hand_over(answers),
            }
            self.senders.clear();
            self.filled = 0;
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        while let Ok((socket, _)) = self.listener.accept() {
            socket.set_nonblocking(true)?;
            socket.set_tcp_nodelay(true)?;
            let index = self.streams.len();
            epoll::add(
                &self.epoll,
                &socket,
                EventData::new_u64(index as u64),
                EventFlags::IN,
            )?;
            let stream = TcpStream::from(socket);
            if matches!(self.mode, Mode::Pairs { .. }) {
                write(&stream, b"hello\n");
            }
            self.streams.push(Some(stream));
        }
        Ok(())
    }

    fn read(&mut self, index: usize) {
        if self.input.len() - self.filled < READ_SIZE {
            // What is left stays readable for the next turn.
            return;
        }
        let Some(mut stream) = self.streams[index].as_ref() else {
            return;
        };
        match stream.read(&mut self.input[self.filled..self.filled + READ_SIZE]) {
            Ok(0) | Err(_) => self.streams[index] = None,
            Ok(read) => {
                self.senders.push((index, self.filled..self.filled + read));
                self.filled += read;
            }
        }
    }

    /// To all but the sender, straight from where it was read.
    fn relay(&self) {
        if self.senders.is_empty() {
            return;
        }
        for (index, stream) in self.streams.iter().enumerate() {
            let Some(stream) = stream else { continue };
            match self.senders.iter().find(|(sender, _)| *sender == index) {
                None => write(stream, &self.input[..self.filled]),
                Some((_, own)) => {
                    let mut others = self.input[..own.start].to_vec();
                    others.extend_from_slice(&self.input[own.end..self.filled]);
                    write(stream, &others);
                }
            }
        }
    }

    fn hand_over(&self, answers: bool) {
        for (sender, range) in &self.senders {
            if let Some(Some(partner)) = self.streams.get(sender ^ 1) {
                write(partner, &self.input[range.clone()]);
            }
            if answers && let Some(sender) = &self.streams[*sender] {
                write(sender, b"SEND-OK\n");
            }
        }
    }
}

fn write(mut stream: &TcpStream, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    match stream.write(bytes) {
        Ok(written) => assert_eq!(written, bytes.len(), "the floor has no backlog"),
        // It left; its own end will be read.
        Err(error) => assert_ne!(
            error.kind(),
            io::ErrorKind::WouldBlock,
            "the floor has no backlog"
        ),
    }
}

const LISTENER: u64 = u64::MAX;
const READ_SIZE: usize = 64 << 10;
const INPUT_SIZE: usize = 4 << 20;
