//! TLS as a peer speaks it, and certificates to speak it with.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    SupportedProtocolVersion,
};
use tempfile::TempDir;

/// A certificate for `localhost` and a key, in files of their own that are gone with it.
#[derive(Clone)]
pub(crate) struct Pair {
    folder: Arc<TempDir>,
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
    version: &'static SupportedProtocolVersion,
}

impl Pair {
    pub(crate) fn new() -> Self {
        Self::made_by(|_| {})
    }

    /// One that was valid for a while, long ago.
    pub(crate) fn expired() -> Self {
        Self::made_by(|certificate| {
            certificate.not_before = date_time_ymd(2001, 1, 1);
            certificate.not_after = date_time_ymd(2002, 1, 1);
        })
    }

    fn made_by(change: fn(&mut CertificateParams)) -> Self {
        let signing_key = KeyPair::generate().expect("a key can be made");
        let certificate = CertificateParams::new(["localhost".to_owned()]);
        let mut certificate = certificate.expect("it is a name");
        change(&mut certificate);
        let cert = certificate
            .self_signed(&signing_key)
            .expect("a pair can be made");
        let pair = Self {
            folder: Arc::new(TempDir::new().expect("a folder of its own")),
            certificate: cert.der().clone(),
            key: signing_key.serialize_der(),
            version: &TLS13,
        };
        for (made, text) in [
            ("made.cert", cert.pem()),
            ("made.key", signing_key.serialize_pem()),
        ] {
            fs::write(pair.folder.path().join(made), text).expect("a file of its own");
        }
        pair.takes_the_place_of(&pair);
        pair
    }

    /// A client that speaks TLS 1.2 alone.
    pub(crate) fn in_old_version(&self) -> Self {
        Self {
            version: &TLS12,
            ..self.clone()
        }
    }

    pub(crate) fn certificate_file(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// The options by which a server gets it.
    pub(crate) fn options(&self) -> String {
        format!(
            "--tls-cert {} --tls-key {}",
            self.certificate_file().display(),
            self.key_file().display()
        )
    }

    /// Puts another pair where this one was, and returns it.
    pub(crate) fn replaced(&self) -> Self {
        let next = Self::new();
        next.takes_the_place_of(self);
        next
    }

    /// Puts this pair where another one is.
    pub(crate) fn takes_the_place_of(&self, other: &Self) {
        for (made, file) in [
            ("made.cert", other.certificate_file()),
            ("made.key", other.key_file()),
        ] {
            fs::copy(self.folder.path().join(made), file).expect("a file of its own");
        }
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(other.key_file(), mode).expect("its own file");
    }

    /// A client that trusts this certificate alone.
    pub(crate) fn client(&self, socket: TcpStream) -> TlsStream {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).expect("a certificate");
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[self.version])
            .expect("the version is known")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").expect("a name");
        let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
        TlsStream::Client(StreamOwned::new(connection, socket))
    }

    /// A client that has sent half of its first message.
    pub(crate) fn half_a_handshake(&self, mut socket: TcpStream) -> HalfHandshake {
        let clone = socket.try_clone().expect("a descriptor");
        let mut client = self.client(clone);
        let mut hello = Vec::new();
        if let TlsStream::Client(stream) = &mut client {
            let written = stream.conn.write_tls(&mut hello);
            written.expect("memory takes everything");
        }
        let rest = hello.split_off(hello.len() / 2);
        socket.write_all(&hello).expect("the server reads");
        HalfHandshake { client, rest }
    }

    /// A server that has this certificate.
    pub(crate) fn server(&self, socket: TcpStream) -> TlsStream {
        let key = PrivatePkcs8KeyDer::from(self.key.clone());
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions are known")
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], key.into())
            .expect("a pair");
        let connection = ServerConnection::new(Arc::new(config)).expect("a server");
        TlsStream::Server(StreamOwned::new(connection, socket))
    }
}

/// A client that has begun a handshake.
pub(crate) struct HalfHandshake {
    client: TlsStream,
    rest: Vec<u8>,
}

impl HalfHandshake {
    /// Goes on with it.
    pub(crate) fn goes_on(self) -> TlsStream {
        let mut socket = self.client.socket();
        socket.write_all(&self.rest).expect("the server reads");
        self.client
    }
}

/// One end of a connection.
pub(crate) enum TlsStream {
    Client(StreamOwned<ClientConnection, TcpStream>),
    Server(StreamOwned<ServerConnection, TcpStream>),
}

impl TlsStream {
    pub(crate) fn socket(&self) -> &TcpStream {
        match self {
            Self::Client(stream) => &stream.sock,
            Self::Server(stream) => &stream.sock,
        }
    }

    /// Says, inside of TLS, that nothing more will come; the socket stays open.
    pub(crate) fn say_goodbye(&mut self) {
        match self {
            Self::Client(stream) => stream.conn.send_close_notify(),
            Self::Server(stream) => stream.conn.send_close_notify(),
        }
        self.flush().expect("the other end reads");
    }
}

impl Read for TlsStream {
    /// A stream that was cut off is an error, and no end.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Client(stream) => stream.read(buffer),
            Self::Server(stream) => stream.read(buffer),
        }
    }
}

impl Write for TlsStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Client(stream) => stream.write(bytes),
            Self::Server(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Client(stream) => stream.flush(),
            Self::Server(stream) => stream.flush(),
        }
    }
}
