//! What carries a client's lines where they do not go over the socket as they are: TLS, WebSocket,
//! or one in the other.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, OnceLock};

use rcgen::CertifiedKey;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::MidHandshake;
use tungstenite::handshake::client::ClientHandshake;
use tungstenite::{HandshakeError, Message, WebSocket};

use crate::failure::Failure;

/// What is between a client's lines and its socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Plain,
    Tls,
    WebSocket,
    SecureWebSocket,
}

impl Transport {
    pub(crate) fn is_encrypted(self) -> bool {
        matches!(self, Self::Tls | Self::SecureWebSocket)
    }
}

/// One client's.
pub(crate) enum Tunnel {
    Tls(Box<Secure>),
    WebSocket(Box<Socket<Pipe>>),
    SecureWebSocket(Box<Socket<Secure>>),
}

impl Tunnel {
    /// A tunnel that is yet to be opened, if this transport needs one.
    pub(crate) fn new(transport: Transport) -> Result<Option<Self>, Failure> {
        Ok(match transport {
            Transport::Plain => None,
            Transport::Tls => {
                let mut stream = secure()?;
                flush_tls(&mut stream)?;
                Some(Self::Tls(Box::new(stream)))
            }
            Transport::WebSocket => {
                let socket = Socket::open(Pipe::default())?;
                Some(Self::WebSocket(Box::new(socket)))
            }
            Transport::SecureWebSocket => {
                let socket = Socket::open(secure()?)?;
                Some(Self::SecureWebSocket(Box::new(socket)))
            }
        })
    }

    /// Sends whole lines, or keeps them until it is open.
    pub(crate) fn send(&mut self, lines: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Tls(stream) => {
                stream.conn.writer().write_all(lines)?;
                flush_tls(stream)?;
                Ok(())
            }
            Self::WebSocket(socket) => socket.send(lines),
            Self::SecureWebSocket(socket) => socket.send(lines),
        }
    }

    /// Takes what the socket brought, and appends the lines that were in it.
    pub(crate) fn receive(&mut self, wire: &[u8], lines: &mut Vec<u8>) -> Result<(), Failure> {
        self.pipe().input.extend(wire);
        match self {
            Self::Tls(stream) => {
                read_all(stream, lines)?;
                flush_tls(stream)?;
                Ok(())
            }
            Self::WebSocket(socket) => socket.receive(lines),
            Self::SecureWebSocket(socket) => socket.receive(lines),
        }
    }

    /// What is to be written to the socket. Who writes it takes it out.
    pub(crate) fn output(&mut self) -> &mut Vec<u8> {
        &mut self.pipe().output
    }

    fn pipe(&mut self) -> &mut Pipe {
        match self {
            Self::Tls(stream) => &mut stream.sock,
            Self::WebSocket(socket) => socket.pipe(),
            Self::SecureWebSocket(socket) => socket.pipe(),
        }
    }
}

/// Both ends of a socket, in memory.
#[derive(Default)]
pub(crate) struct Pipe {
    input: VecDeque<u8>,
    output: Vec<u8>,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.input.read(buffer)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

type Secure = StreamOwned<ClientConnection, Pipe>;

fn secure() -> Result<Secure, Failure> {
    let name = ServerName::try_from(HOST).map_err(io::Error::other)?;
    let connection = ClientConnection::new(Arc::clone(&pair()?.client), name);
    let connection = connection.map_err(io::Error::other)?;
    Ok(StreamOwned::new(connection, Pipe::default()))
}

fn flush_tls(stream: &mut Secure) -> io::Result<()> {
    while stream.conn.wants_write() {
        stream.conn.write_tls(&mut stream.sock)?;
    }
    Ok(())
}

fn read_all(stream: &mut Secure, lines: &mut Vec<u8>) -> io::Result<()> {
    match stream.read_to_end(lines) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        other => other.map(|_| ()),
    }
}

/// A stream with a pipe at its end.
pub(crate) trait Piped: Read + Write {
    fn pipe(&mut self) -> &mut Pipe;
}

impl Piped for Pipe {
    fn pipe(&mut self) -> &mut Pipe {
        self
    }
}

impl Piped for Secure {
    fn pipe(&mut self) -> &mut Pipe {
        &mut self.sock
    }
}

/// A line in each message.
pub(crate) struct Socket<S: Piped> {
    state: State<S>,
    /// What is said once it is open.
    pending: Vec<u8>,
}

enum State<S: Piped> {
    Opening(MidHandshake<ClientHandshake<S>>),
    Open(WebSocket<S>),
    /// Only while it changes, or once that has failed.
    Changing,
}

impl<S: Piped> Socket<S> {
    fn open(stream: S) -> Result<Self, Failure> {
        let request = format!("ws://{HOST}/ws").into_client_request();
        let opening = request.and_then(|it| ClientHandshake::start(stream, it, None));
        let mut socket = Self {
            state: State::Opening(opening.map_err(io::Error::other)?),
            pending: Vec::new(),
        };
        socket.go_on()?;
        Ok(socket)
    }

    /// Goes on opening, as far as it is possible.
    fn go_on(&mut self) -> Result<(), Failure> {
        self.state = match std::mem::replace(&mut self.state, State::Changing) {
            State::Opening(opening) => match opening.handshake() {
                Ok((socket, _)) => State::Open(socket),
                Err(HandshakeError::Interrupted(opening)) => State::Opening(opening),
                Err(HandshakeError::Failure(error)) => return Err(io::Error::other(error).into()),
            },
            other => other,
        };
        let pending = std::mem::take(&mut self.pending);
        self.send(&pending)
    }

    fn send(&mut self, lines: &[u8]) -> Result<(), Failure> {
        let State::Open(socket) = &mut self.state else {
            self.pending.extend_from_slice(lines);
            return Ok(());
        };
        for line in lines.split_inclusive(|&byte| byte == b'\n') {
            let line = line.trim_ascii_end();
            let text = str::from_utf8(line).map_err(io::Error::other)?;
            socket
                .write(Message::text(text))
                .map_err(io::Error::other)?;
        }
        socket.flush().map_err(io::Error::other)?;
        Ok(())
    }

    fn receive(&mut self, lines: &mut Vec<u8>) -> Result<(), Failure> {
        if matches!(self.state, State::Opening(_)) {
            self.go_on()?;
        }
        let State::Open(socket) = &mut self.state else {
            return Ok(());
        };
        loop {
            match socket.read() {
                Ok(Message::Text(text)) => {
                    lines.extend_from_slice(text.as_bytes());
                    lines.push(b'\n');
                }
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    break;
                }
                // That the server closed it is seen when the socket is read.
                Err(tungstenite::Error::ConnectionClosed) => break,
                Err(error) => return Err(io::Error::other(error).into()),
            }
        }
        socket.flush().map_err(io::Error::other)?;
        Ok(())
    }

    fn pipe(&mut self) -> &mut Pipe {
        match &mut self.state {
            State::Opening(opening) => opening.get_mut().get_mut().pipe(),
            State::Open(socket) => socket.get_mut().pipe(),
            State::Changing => unreachable!("whoever fails to open it drops it"),
        }
    }
}

/// A certificate for the servers, and clients who trust it.
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
    client: Arc<ClientConfig>,
}

/// The pair of this process.
pub(crate) fn pair() -> io::Result<&'static Pair> {
    static PAIR: OnceLock<Pair> = OnceLock::new();
    if let Some(pair) = PAIR.get() {
        return Ok(pair);
    }
    let made = Pair::make()?;
    Ok(PAIR.get_or_init(|| made))
}

impl Pair {
    fn make() -> io::Result<Self> {
        let made = rcgen::generate_simple_self_signed([HOST.to_owned()]);
        let CertifiedKey { cert, signing_key } = made.map_err(io::Error::other)?;
        Ok(Self {
            certificate: cert.pem(),
            key: signing_key.serialize_pem(),
            client: Arc::new(client(cert.der().clone())?),
        })
    }
}

fn client(certificate: CertificateDer<'static>) -> io::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).map_err(io::Error::other)?;
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

const HOST: &str = "localhost";
