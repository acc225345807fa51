//! One end of a conversation with the program: a socket, or its own console.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::process::ChildStdin;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use socket2::{Domain, SockRef, Socket, Type};

use crate::patience::{PATIENCE, deadline};
use crate::tls::{Pair, TlsStream};
use crate::transcript::{Direction, Escaped, Transcript};

/// Says things to the program and insists on what comes back.
///
/// Every method that waits panics when its deadline has passed, so a case reads as the
/// conversation that must happen.
pub(crate) struct Peer {
    name: String,
    transport: Transport,
    /// Received and not yet asked for.
    pending: Vec<u8>,
    transcript: Transcript,
}

impl Peer {
    #[track_caller]
    pub(crate) fn connect(name: &str, server: SocketAddr, transcript: &Transcript) -> Self {
        let stream = TcpStream::connect_timeout(&server, PATIENCE).expect("connects");
        Self::over(name, stream, transcript)
    }

    #[track_caller]
    pub(crate) fn connect_from(
        name: &str,
        source: IpAddr,
        server: SocketAddr,
        transcript: &Transcript,
    ) -> Self {
        let socket = new_socket(server);
        socket
            .bind(&SocketAddr::new(source, 0).into())
            .expect("binds to an address of its own");
        socket.connect(&server.into()).expect("connects");
        Self::over(name, socket.into(), transcript)
    }

    #[track_caller]
    pub(crate) fn connect_slow(name: &str, server: SocketAddr, transcript: &Transcript) -> Self {
        Self::over(name, connect_slow(server), transcript)
    }

    pub(crate) fn at_console(
        name: &str,
        stdin: Option<ChildStdin>,
        stdout: Receiver<Vec<u8>>,
        transcript: &Transcript,
    ) -> Self {
        Self::new(name, Transport::Console { stdin, stdout }, transcript)
    }

    #[track_caller]
    pub(crate) fn over(name: &str, stream: TcpStream, transcript: &Transcript) -> Self {
        stream.set_nodelay(true).expect("sends at once");
        stream
            .set_write_timeout(Some(PATIENCE))
            .expect("takes a deadline");
        let peer = Self::new(name, Transport::Socket(stream), transcript);
        peer.note("connects");
        peer
    }

    fn new(name: &str, transport: Transport, transcript: &Transcript) -> Self {
        let (name, transcript) = (name.to_owned(), transcript.clone());
        Self {
            name,
            transport,
            pending: Vec::new(),
            transcript,
        }
    }

    /// The same under TLS, from a client that trusts the server with this certificate alone.
    #[track_caller]
    pub(crate) fn over_tls(mut self, pair: &Pair) -> Self {
        let Transport::Socket(stream) = self.transport else {
            panic!("{} is no socket", self.name);
        };
        self.transport = Transport::Tls(Box::new(pair.client(stream)));
        self
    }

    /// Ends the connection in the middle of TLS, though in order for the system.
    #[track_caller]
    pub(crate) fn cut_off(&mut self) {
        self.note("ends without a goodbye");
        let stream = self.stream();
        stream.shutdown(Shutdown::Write).expect("half-closes");
    }

    /// Sends `bytes` with as few writes as the system makes of them.
    #[track_caller]
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes)
            .unwrap_or_else(|error| panic!("{} cannot send: {error}", self.name));
    }

    /// Sends bytes of which the last is urgent, as telnet does at Ctrl-C.
    pub(crate) fn send_urgently(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.transcript.add(&self.name, Direction::Sent, bytes);
        let sent = SockRef::from(self.stream()).send_out_of_band(bytes);
        assert_eq!(sent.expect("the server reads"), bytes.len());
    }

    /// Sends `bytes` to a program that may close the connection meanwhile.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.transcript
            .add(&self.name, Direction::Sent, bytes.as_ref());
        self.transport.write(bytes.as_ref())
    }

    /// Sends every byte by itself.
    #[track_caller]
    pub(crate) fn trickle(&mut self, bytes: impl AsRef<[u8]>) {
        bytes.as_ref().chunks(1).for_each(|byte| self.send(byte));
    }

    /// Sends copies of `unit` until the program has not taken anything for a moment, and returns
    /// how many it will have been sent when the rest of the last one, which is returned as well,
    /// has followed.
    ///
    /// A program that is only slow can be taken for one that is stuck. That makes what a case
    /// shows weaker, never wrong.
    #[track_caller]
    pub(crate) fn flood(&mut self, unit: &[u8], at_most: usize) -> (usize, Vec<u8>) {
        self.note(&format!("floods copies of {}", Escaped(unit)));
        let stream = self.stream();
        stream
            .set_write_timeout(Some(STUCK))
            .expect("takes a deadline");
        let mut sent = 0;
        while sent < at_most * unit.len() {
            match (&*stream).write(&unit[sent % unit.len()..]) {
                Ok(n) => sent += n,
                Err(error) if is_timeout(&error) => break,
                Err(error) => panic!("{} was disturbed while sending: {error}", self.name),
            }
        }
        stream
            .set_write_timeout(Some(PATIENCE))
            .expect("takes a deadline");
        let rest = unit.len() * sent.div_ceil(unit.len()) - sent;
        (
            sent.div_ceil(unit.len()),
            unit[unit.len() - rest..].to_vec(),
        )
    }

    /// Insists that the next thing to arrive is exactly `expected`.
    #[track_caller]
    pub(crate) fn expect(&mut self, expected: impl AsRef<[u8]>) {
        let expected = expected.as_ref();
        let deadline = deadline();
        while self.agrees_with(expected) && self.pending.len() < expected.len() {
            match self.read_more(deadline) {
                Got::Bytes => {}
                other => panic!(
                    "{} {other}\n     expected: {}\n  until then: {}",
                    self.name,
                    Escaped(expected),
                    Escaped(&self.pending)
                ),
            }
        }
        assert!(
            self.agrees_with(expected),
            "{} got something else\n  expected: {}\n       got: {}",
            self.name,
            Escaped(expected),
            Escaped(&self.pending)
        );
        self.pending.drain(..expected.len());
    }

    /// Sends `request`, whose answer has to be the next thing to arrive.
    #[track_caller]
    pub(crate) fn asks(&mut self, request: impl AsRef<[u8]>, answer: impl AsRef<[u8]>) {
        self.send(request);
        self.expect(answer);
    }

    /// The next line, with its ending.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        self.try_line()
            .unwrap_or_else(|| panic!("{} wanted a line, not an end", self.name))
    }

    /// The next line, unless the connection ends before it.
    #[track_caller]
    pub(crate) fn try_line(&mut self) -> Option<String> {
        let line = self.try_raw_line()?;
        Some(String::from_utf8(line).expect("lines that are looked at are UTF-8"))
    }

    /// Skips what comes before `line`.
    #[track_caller]
    pub(crate) fn skip_to(&mut self, line: &str) {
        while self.try_raw_line().expect("the line comes before the end") != line.as_bytes() {}
    }

    #[track_caller]
    fn try_raw_line(&mut self) -> Option<Vec<u8>> {
        let deadline = deadline();
        loop {
            if let Some(end) = self.pending.iter().position(|&byte| byte == b'\n') {
                return Some(self.pending.drain(..=end).collect());
            }
            match self.read_more(deadline) {
                Got::Bytes => {}
                Got::Nothing => panic!("{} got neither a line nor an end", self.name),
                Got::End | Got::Reset(_) => return None,
            }
        }
    }

    /// Everything up to an orderly end.
    #[track_caller]
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let deadline = deadline();
        loop {
            match self.read_more(deadline) {
                Got::Bytes => {}
                Got::End => return std::mem::take(&mut self.pending),
                other => panic!("{} wanted an orderly end: {other}", self.name),
            }
        }
    }

    /// Insists that the program ends the connection in order and says nothing more.
    #[track_caller]
    pub(crate) fn expect_end(&mut self) {
        self.expect_last("");
    }

    /// Insists on these last words and an orderly end.
    #[track_caller]
    pub(crate) fn expect_last(&mut self, expected: impl AsRef<[u8]>) {
        let rest = self.rest();
        let (got, expected) = (Escaped(&rest), Escaped(expected.as_ref()));
        assert!(
            got.0 == expected.0,
            "{}'s last bytes\n  expected: {expected}\n       got: {got}",
            self.name
        );
    }

    /// Reads until the connection is gone, in order or not, and returns what came until then.
    #[track_caller]
    pub(crate) fn until_gone(&mut self) -> Vec<u8> {
        let deadline = deadline();
        loop {
            match self.read_more(deadline) {
                Got::Bytes => {}
                Got::Nothing => panic!("{} is still connected", self.name),
                Got::End | Got::Reset(_) => return std::mem::take(&mut self.pending),
            }
        }
    }

    /// Whether the program ended the connection within a tenth of a second, for cases that must
    /// not fall silent while they wait for that.
    #[track_caller]
    pub(crate) fn ends_soon(&mut self) -> bool {
        matches!(
            self.read_more(Instant::now() + SOON),
            Got::End | Got::Reset(_)
        )
    }

    /// Insists that nothing has arrived yet. It is no proof that nothing will.
    #[track_caller]
    pub(crate) fn expect_silence_so_far(&mut self) {
        let stream = self.stream();
        stream
            .set_nonblocking(true)
            .expect("can look without waiting");
        let looked = stream.peek(&mut [0]);
        stream.set_nonblocking(false).expect("can wait again");
        let silent = looked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        assert!(
            silent && self.pending.is_empty(),
            "{} should have got nothing yet",
            self.name
        );
    }

    /// Ends the sending half; at the console, the input.
    #[track_caller]
    pub(crate) fn half_close(&mut self) {
        self.note("ends its sending half");
        match &mut self.transport {
            Transport::Socket(stream) => stream.shutdown(Shutdown::Write).expect("half-closes"),
            Transport::Tls(stream) => stream.say_goodbye(),
            Transport::Console { stdin, .. } => drop(stdin.take()),
        }
    }

    /// Goes away so that the program gets an error instead of an end.
    #[track_caller]
    pub(crate) fn reset(self) {
        self.note("resets");
        reset_on_close(self.stream());
    }

    /// The peer's own address, as the server sees it.
    #[track_caller]
    pub(crate) fn address(&self) -> SocketAddr {
        self.stream()
            .local_addr()
            .expect("a connected socket has an address")
    }

    /// The connection itself, for heavy traffic that needs no transcript.
    #[track_caller]
    pub(crate) fn stream(&self) -> &TcpStream {
        match &self.transport {
            Transport::Socket(stream) => stream,
            Transport::Tls(stream) => stream.socket(),
            Transport::Console { .. } => panic!("{} is no socket", self.name),
        }
    }

    fn agrees_with(&self, expected: &[u8]) -> bool {
        let both = self.pending.len().min(expected.len());
        self.pending[..both] == expected[..both]
    }

    fn read_more(&mut self, deadline: Instant) -> Got {
        let before = self.pending.len();
        let got = self.transport.read(&mut self.pending, deadline);
        match &got {
            Got::Bytes => {
                self.transcript
                    .add(&self.name, Direction::Received, &self.pending[before..]);
            }
            Got::Nothing => {}
            Got::End | Got::Reset(_) => self.note(&got.to_string()),
        }
        got
    }

    fn note(&self, note: &str) {
        self.transcript.note(&self.name, note);
    }
}

/// A connection with a small receive buffer.
#[track_caller]
pub(crate) fn connect_slow(server: SocketAddr) -> TcpStream {
    let socket = new_socket(server);
    // It has to come before the connection, or the kernel has promised more already.
    socket
        .set_recv_buffer_size(SLOW_BUFFER)
        .expect("takes a size for its buffer");
    socket.connect(&server.into()).expect("connects");
    socket.into()
}

/// Makes the peer see an error instead of an end when `stream` is closed.
pub(crate) fn reset_on_close(stream: &TcpStream) {
    SockRef::from(stream)
        .set_linger(Some(Duration::ZERO))
        .expect("takes a linger time");
}

enum Transport {
    Socket(TcpStream),
    Tls(Box<TlsStream>),
    Console {
        stdin: Option<ChildStdin>,
        stdout: Receiver<Vec<u8>>,
    },
}

impl Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Transport::Socket(stream) => stream.write_all(bytes),
            Transport::Tls(stream) => stream.write_all(bytes),
            Transport::Console { stdin, .. } => match stdin {
                Some(stdin) => stdin.write_all(bytes),
                None => Err(ErrorKind::BrokenPipe.into()),
            },
        }
    }

    fn read(&mut self, pending: &mut Vec<u8>, deadline: Instant) -> Got {
        let left = deadline
            .saturating_duration_since(Instant::now())
            .max(Duration::from_millis(1));
        match self {
            Transport::Socket(stream) => read_from(stream, &*stream, pending, left),
            Transport::Tls(tls) => {
                let socket = tls.socket().try_clone().expect("a second handle");
                read_from(&socket, &mut **tls, pending, left)
            }
            Transport::Console { stdout, .. } => match stdout.recv_timeout(left) {
                Ok(bytes) => {
                    pending.extend(bytes);
                    Got::Bytes
                }
                Err(RecvTimeoutError::Timeout) => Got::Nothing,
                Err(RecvTimeoutError::Disconnected) => Got::End,
            },
        }
    }
}

/// What came of waiting for more.
enum Got {
    Bytes,
    Nothing,
    End,
    Reset(io::Error),
}

impl std::fmt::Display for Got {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Got::Bytes => f.write_str("got more"),
            Got::Nothing => write!(f, "got nothing more in time"),
            Got::End => f.write_str("sees the end"),
            Got::Reset(error) => write!(f, "sees an error: {error}"),
        }
    }
}

fn read_from(
    socket: &TcpStream,
    mut stream: impl Read,
    pending: &mut Vec<u8>,
    left: Duration,
) -> Got {
    socket
        .set_read_timeout(Some(left))
        .expect("takes a deadline");
    let mut buffer = [0; 16 * 1024];
    match stream.read(&mut buffer) {
        Ok(0) => Got::End,
        Ok(n) => {
            pending.extend_from_slice(&buffer[..n]);
            Got::Bytes
        }
        Err(error) if is_timeout(&error) => Got::Nothing,
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Got::Bytes,
        Err(error) => Got::Reset(error),
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn new_socket(server: SocketAddr) -> Socket {
    Socket::new(Domain::for_address(server), Type::STREAM, None).expect("makes a socket")
}

/// How long a flood may not move before the program counts as taking nothing.
const STUCK: Duration = Duration::from_millis(300);

/// With so little room here, the sender's kernel takes 3 MB of backlog at most.
const SLOW_BUFFER: usize = 4096;

const SOON: Duration = Duration::from_millis(100);
