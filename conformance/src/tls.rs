//! TLS as a peer speaks it, and certificates to speak it with.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    SupportedProtocolVersion,
};

/// A certificate for `localhost` and a key, in files of their own that are gone with it.
pub(crate) struct Pair {
    folder: PathBuf,
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
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("linechat-pair-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a folder of its own");
        let pair = Self::made_in(folder, change);
        pair.write_to(&pair.certificate_file(), &pair.key_file());
        pair
    }

    fn made_in(folder: PathBuf, change: fn(&mut CertificateParams)) -> Self {
        let signing_key = KeyPair::generate().expect("a key can be made");
        let certificate = CertificateParams::new(["localhost".to_owned()]);
        let mut certificate = certificate.expect("it is a name");
        change(&mut certificate);
        let cert = certificate
            .self_signed(&signing_key)
            .expect("a pair can be made");
        let pair = Self {
            folder,
            certificate: cert.der().clone(),
            key: signing_key.serialize_der(),
            version: &TLS13,
        };
        fs::write(pair.folder.join("made.cert"), cert.pem()).expect("a file of its own");
        let key = signing_key.serialize_pem();
        fs::write(pair.folder.join("made.key"), key).expect("a file of its own");
        pair
    }

    /// A client that speaks TLS 1.2 alone.
    pub(crate) fn in_old_version(&self) -> Self {
        Self {
            folder: PathBuf::new(),
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            version: &TLS12,
        }
    }

    pub(crate) fn certificate_file(&self) -> PathBuf {
        self.folder.join("cert.pem")
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.folder.join("key.pem")
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
        let folder = self.folder.join("next");
        fs::create_dir_all(&folder).expect("a folder of its own");
        let next = Self::made_in(folder, |_| {});
        next.write_to(&self.certificate_file(), &self.key_file());
        next
    }

    /// Puts this pair where another one is.
    pub(crate) fn takes_the_place_of(&self, other: &Self) {
        self.write_to(&other.certificate_file(), &other.key_file());
    }

    fn write_to(&self, certificate: &Path, key: &Path) {
        for (made, file) in [("made.cert", certificate), ("made.key", key)] {
            fs::copy(self.folder.join(made), file).expect("a file of its own");
        }
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(key, mode).expect("its own file");
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

impl Drop for Pair {
    fn drop(&mut self) {
        if !self.folder.as_os_str().is_empty() {
            // It may be inside of one that is gone.
            let _ = fs::remove_dir_all(&self.folder);
        }
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
