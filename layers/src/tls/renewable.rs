//! A server's certificate, which can be exchanged while it serves.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::server::{ServerSessionMemoryCache, UnbufferedServerConnection};
use rustls::sign::SingleCertAndKey;

use super::certificate::{Certificate, Validity};
use super::handshakes::{Handshake, Handshakes};
use super::provider::provider;
use super::server::{Application, ServerSession};

/// A server's certificate. Cheap to clone: all clones have the same one.
///
/// A connection keeps for its life what it began with. A certificate that cannot be loaded never
/// gets here, so that the last good one goes on.
#[derive(Clone, Debug)]
pub struct Renewable {
    current: Arc<RwLock<Arc<Current>>>,
    handshakes: Handshakes,
}

#[derive(Debug)]
struct Current {
    certificate: Certificate,
    lines: Arc<ServerConfig>,
    web: Arc<ServerConfig>,
}

impl Renewable {
    /// Begins with this certificate.
    pub fn new(certificate: Certificate) -> Self {
        Self::counting(certificate, Handshakes::default())
    }

    /// The same, with handshakes that count together with those of other certificates.
    pub fn counting(certificate: Certificate, handshakes: Handshakes) -> Self {
        Self {
            current: Arc::new(RwLock::new(Arc::new(Current::new(certificate)))),
            handshakes,
        }
    }

    /// New connections get this certificate from now on. Sessions that began with the old one
    /// cannot be resumed any more.
    pub fn renew(&self, certificate: Certificate) {
        let current = Arc::new(Current::new(certificate));
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
    }

    /// The layer of one connection.
    pub fn session(&self, application: Application) -> ServerSession {
        let current = self.current();
        let config = match application {
            Application::Lines => &current.lines,
            Application::Web => &current.web,
        };
        let connection = UnbufferedServerConnection::new(Arc::clone(config))
            .expect("only a fragment size that is out of bounds is refused, and none is set");
        ServerSession::new(connection, application, Handshake::new(&self.handshakes))
    }

    /// When the certificate that new connections get is valid.
    pub fn validity(&self) -> Validity {
        self.current().certificate.validity()
    }

    fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Current {
    fn new(certificate: Certificate) -> Self {
        let lines = Arc::new(config(&certificate));
        let mut web = config(&certificate);
        web.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self {
            certificate,
            lines,
            web: Arc::new(web),
        }
    }
}

fn config(certificate: &Certificate) -> ServerConfig {
    let resolver = SingleCertAndKey::from(Arc::clone(&certificate.key));
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has what both versions of TLS need")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    config.send_tls13_tickets = 1;
    config.session_storage = ServerSessionMemoryCache::new(RESUMABLE_SESSIONS);
    config
}

/// How many sessions can be resumed: of those who came last.
const RESUMABLE_SESSIONS: usize = 256;
