//! Many clients on one thread.

use std::io::{self, ErrorKind, Read, Write};
use std::mem::{self, MaybeUninit};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use memchr::memchr;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::time::Timespec;
use socket2::{Domain, SockRef, Socket, Type};

use crate::failure::Failure;
use crate::tunnel::{Transport, Tunnel};

/// The clients of a run. What is queued for them is written at the end of a turn, once for each.
pub(crate) struct Crowd {
    epoll: OwnedFd,
    clients: Vec<Client>,
    /// Clients with something to write.
    dirty: Vec<usize>,
    scratch: Box<[u8]>,
    transport: Transport,
    began: Instant,
}

/// What the clients of a workload do.
pub(crate) trait Script {
    /// A client received a line; it comes without its ending. `now` is when, in nanoseconds since
    /// the crowd began.
    fn line(
        &mut self,
        crowd: &mut Crowd,
        client: usize,
        line: &[u8],
        now: u64,
    ) -> Result<(), Failure>;

    /// The server closed a client's connection.
    fn closed(&mut self, crowd: &mut Crowd, client: usize) -> Result<(), Failure> {
        let _ = crowd;
        Err(Failure::Closed { client })
    }

    /// All that there was to read was read. Says when the script has something to do again, if it
    /// knows.
    fn act(&mut self, crowd: &mut Crowd) -> Result<Option<u64>, Failure>;
}

impl Crowd {
    pub(crate) fn new(transport: Transport) -> io::Result<Self> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            clients: Vec::new(),
            dirty: Vec::new(),
            scratch: vec![0; SCRATCH_SIZE].into_boxed_slice(),
            transport,
            began: Instant::now(),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.clients.len()
    }

    /// Nanoseconds since the crowd began.
    pub(crate) fn now(&self) -> u64 {
        nanoseconds(self.began.elapsed())
    }

    /// One more client, connected. They come from several addresses, so that none runs out of
    /// ports.
    pub(crate) fn connect(&mut self, server: SocketAddr) -> Result<usize, Failure> {
        let client = self.reserve(1).start;
        self.reconnect(client, server)?;
        Ok(client)
    }

    /// Places for more clients, who are yet to [`reconnect`](Self::reconnect).
    pub(crate) fn reserve(&mut self, places: usize) -> Range<usize> {
        let first = self.clients.len();
        self.clients.resize_with(first + places, Client::default);
        first..first + places
    }

    /// Connects a client anew.
    pub(crate) fn reconnect(&mut self, client: usize, server: SocketAddr) -> Result<(), Failure> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        self.open(client, server, socket, false)
    }

    /// Connects a client anew that never reads, and for which the system keeps little.
    pub(crate) fn reconnect_deaf(
        &mut self,
        client: usize,
        server: SocketAddr,
    ) -> Result<(), Failure> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_recv_buffer_size(DEAF_BUFFER)?;
        self.open(client, server, socket, true)
    }

    fn open(
        &mut self,
        client: usize,
        server: SocketAddr,
        socket: Socket,
        is_deaf: bool,
    ) -> Result<(), Failure> {
        let source = Ipv4Addr::new(127, 0, 0, 1 + (client % SOURCES) as u8);
        socket.bind(&SocketAddr::from((source, 0)).into())?;
        socket.connect(&server.into())?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        epoll::add(
            &self.epoll,
            &socket,
            EventData::new_u64(client as u64),
            interest(is_deaf),
        )
        .map_err(io::Error::from)?;
        let tunnel = Tunnel::new(self.transport)?;
        if tunnel.is_some() {
            self.dirty.push(client);
        }
        self.clients[client] = Client {
            stream: Some(socket.into()),
            tunnel,
            is_deaf,
            ..Client::default()
        };
        Ok(())
    }

    /// Ends a client's connection.
    pub(crate) fn disconnect(&mut self, client: usize) {
        self.clients[client] = Client::default();
    }

    /// Ends a client's connection so that the server gets an error instead of an end.
    pub(crate) fn reset(&mut self, client: usize) -> io::Result<()> {
        if let Some(stream) = &self.clients[client].stream {
            SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
        }
        self.disconnect(client);
        Ok(())
    }

    /// Has a client send something, at the end of the turn.
    pub(crate) fn send(&mut self, client: usize, write: impl FnOnce(&mut Vec<u8>)) {
        let out = &mut self.clients[client].out;
        if out.is_empty() {
            self.dirty.push(client);
        }
        write(out);
    }

    /// Takes part for a time.
    pub(crate) fn run(&mut self, script: &mut impl Script, time: Duration) -> Result<(), Failure> {
        self.run_until(script, time, |_| false)?;
        Ok(())
    }

    /// Takes part until `is_done`, for `time` at most. Says whether it is done.
    pub(crate) fn run_until<S: Script>(
        &mut self,
        script: &mut S,
        time: Duration,
        is_done: impl Fn(&mut S) -> bool,
    ) -> Result<bool, Failure> {
        let end = self.now() + nanoseconds(time);
        loop {
            let due = script.act(self)?;
            self.flush()?;
            if is_done(script) {
                return Ok(true);
            }
            let now = self.now();
            if now >= end {
                return Ok(false);
            }
            let wake = due.unwrap_or(end).min(end);
            self.turn(script, Duration::from_nanos(wake.saturating_sub(now)))?;
        }
    }

    /// Waits until nothing was received for a while.
    pub(crate) fn settle(
        &mut self,
        script: &mut impl Script,
        quiet: Duration,
    ) -> Result<(), Failure> {
        let end = self.now() + nanoseconds(PATIENCE);
        while self.turn(script, quiet)? > 0 {
            self.flush()?;
            if self.now() > end {
                return Err(Failure::Restless);
            }
        }
        Ok(())
    }

    /// Waits for something to read and reads it. Says how many clients were ready.
    fn turn(&mut self, script: &mut impl Script, timeout: Duration) -> Result<usize, Failure> {
        let mut events = [MaybeUninit::<Event>::uninit(); 512];
        let timeout = Timespec {
            tv_sec: timeout.as_secs() as i64,
            tv_nsec: timeout.subsec_nanos().into(),
        };
        let ready = match epoll::wait(&self.epoll, &mut events, Some(&timeout)) {
            Ok((ready, _)) => ready,
            Err(rustix::io::Errno::INTR) => return Ok(1),
            Err(error) => return Err(io::Error::from(error).into()),
        };
        for event in ready.iter() {
            let client = event.data.u64() as usize;
            let flags = event.flags;
            if flags.contains(EventFlags::OUT) {
                self.dirty.push(client);
                self.watch(client, EventFlags::empty())?;
            }
            if flags.intersects(READABLE) {
                self.read(script, client)?;
            }
        }
        Ok(ready.len())
    }

    fn read(&mut self, script: &mut impl Script, client: usize) -> Result<(), Failure> {
        let Some(stream) = &mut self.clients[client].stream else {
            return Ok(());
        };
        let mut scratch = mem::take(&mut self.scratch);
        let read = match stream.read(&mut scratch) {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.scratch = scratch;
                return Ok(());
            }
            Err(_) => 0,
        };
        let done = if read == 0 {
            self.clients[client].stream = None;
            script.closed(self, client)
        } else {
            self.receive(script, client, &scratch[..read])
        };
        self.scratch = scratch;
        done
    }

    /// A client's socket brought something.
    fn receive(
        &mut self,
        script: &mut impl Script,
        client: usize,
        wire: &[u8],
    ) -> Result<(), Failure> {
        let Some(tunnel) = &mut self.clients[client].tunnel else {
            return self.split(script, client, wire);
        };
        let mut lines = Vec::new();
        tunnel.receive(wire, &mut lines)?;
        if !tunnel.output().is_empty() {
            self.dirty.push(client);
        }
        self.split(script, client, &lines)
    }

    /// Makes lines of what a client received.
    fn split(
        &mut self,
        script: &mut impl Script,
        client: usize,
        mut bytes: &[u8],
    ) -> Result<(), Failure> {
        let now = self.now();
        let mut partial = mem::take(&mut self.clients[client].partial);
        while let Some(end) = memchr(b'\n', bytes) {
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            bytes = rest;
            if partial.is_empty() {
                script.line(self, client, without_return(line), now)?;
            } else {
                partial.extend_from_slice(line);
                script.line(self, client, without_return(&partial), now)?;
                partial.clear();
            }
        }
        partial.extend_from_slice(bytes);
        if !partial.is_empty() {
            self.clients[client].partial = partial;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        for client in mem::take(&mut self.dirty) {
            self.write(client)?;
        }
        Ok(())
    }

    fn write(&mut self, index: usize) -> Result<(), Failure> {
        let client = &mut self.clients[index];
        let Some(stream) = &mut client.stream else {
            client.out = Vec::new();
            return Ok(());
        };
        let out = match &mut client.tunnel {
            None => &mut client.out,
            Some(tunnel) => {
                tunnel.send(&mem::take(&mut client.out))?;
                tunnel.output()
            }
        };
        if out.is_empty() {
            return Ok(());
        }
        match stream.write(out) {
            Ok(written) if written == out.len() => {
                *out = Vec::new();
                return Ok(());
            }
            Ok(written) => drop(out.drain(..written)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            // The server closed it, which is seen when it is read.
            Err(_) => {
                *out = Vec::new();
                return Ok(());
            }
        }
        self.watch(index, EventFlags::OUT)
    }

    /// Waits for `flags`, too.
    fn watch(&self, client: usize, flags: EventFlags) -> Result<(), Failure> {
        let Some(stream) = &self.clients[client].stream else {
            return Ok(());
        };
        let data = EventData::new_u64(client as u64);
        let flags = flags | interest(self.clients[client].is_deaf);
        epoll::modify(&self.epoll, stream, data, flags).map_err(io::Error::from)?;
        Ok(())
    }
}

#[derive(Default)]
struct Client {
    stream: Option<TcpStream>,
    /// What its lines go through, if they do not go over the socket as they are.
    tunnel: Option<Tunnel>,
    /// It never reads.
    is_deaf: bool,
    /// The unfinished line.
    partial: Vec<u8>,
    /// What is to be said.
    out: Vec<u8>,
}

/// What to wait for while there is nothing to write.
fn interest(is_deaf: bool) -> EventFlags {
    if is_deaf {
        EventFlags::empty()
    } else {
        EventFlags::IN
    }
}

/// A time as the crowd counts it.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    time.as_nanos() as u64
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// How long what must come may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
const READABLE: EventFlags = EventFlags::IN.union(EventFlags::HUP).union(EventFlags::ERR);
const SCRATCH_SIZE: usize = 256 << 10;
const SOURCES: usize = 8;
const DEAF_BUFFER: usize = 4096;
