//! A client's side of TLS.

use std::sync::Arc;

use bytes::BytesMut;
use linechat_protocol::{CloseReason, Instant, Layer, LayerEnd, LayerError, LayerStage};
use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, Error, InvalidMessage, OtherError};

use super::provider::provider;
use super::session::{Progress, Session};
use super::trust::{Refusal, Trust, TrustError, Verifier};

/// What a client brings to each connection: whom it trusts.
#[derive(Clone, Debug)]
pub struct Client {
    config: Arc<ClientConfig>,
}

impl Client {
    /// A client that trusts these servers.
    ///
    /// # Errors
    ///
    /// There is nobody to trust.
    pub fn new(trust: &Trust) -> Result<Self, TrustError> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .expect("the provider has what both versions of TLS need")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier::new(trust)?))
            .with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
        })
    }

    /// Begins to talk with this server, a host name or an address: what is appended to `wire` is to
    /// be sent first.
    ///
    /// # Errors
    ///
    /// `server` is neither.
    pub fn session(&self, server: &str, wire: &mut BytesMut) -> Result<ClientSession, TrustError> {
        let name = ServerName::try_from(server)
            .map_err(|_| TrustError::BadName(server.to_owned()))?
            .to_owned();
        let connection = UnbufferedClientConnection::new(Arc::clone(&self.config), name)
            .expect("only a fragment size that is out of bounds is refused, and none is set");
        let mut session = Session::new(connection);
        session
            .receive(&[], &mut Vec::new(), wire)
            .expect("nothing came that could be wrong");
        Ok(ClientSession { session })
    }
}

/// One connection's TLS, on the client's side: driven like a server's layer. Plain bytes may be
/// sealed once it is [open](LayerStage::Open).
pub struct ClientSession {
    session: Session<UnbufferedClientConnection>,
}

impl Layer for ClientSession {
    fn receive(
        &mut self,
        _now: Instant,
        received: &[u8],
        plain: &mut Vec<u8>,
        wire: &mut BytesMut,
    ) -> Result<(), LayerError> {
        self.session
            .receive(received, plain, wire)
            .map_err(|error| LayerError::new(explain(error)))
    }

    fn receive_eof(&mut self) -> LayerEnd {
        match self.session.progress() {
            Progress::InputEnded => LayerEnd::Authentic,
            _ => LayerEnd::CutOff,
        }
    }

    fn seal(&mut self, plain: &[u8], wire: &mut BytesMut) {
        self.session.seal(plain, wire);
    }

    fn finish(&mut self, _reason: CloseReason, wire: &mut BytesMut) {
        self.session.say_goodbye(wire);
    }

    fn stage(&self) -> LayerStage {
        self.session.progress().into()
    }
}

fn explain(error: Error) -> String {
    match error {
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "the server does not speak TLS".into()
        }
        Error::InvalidCertificate(CertificateError::Other(OtherError(cause)))
            if cause.is::<Refusal>() =>
        {
            cause.to_string()
        }
        error => format!("TLS failed: {error}"),
    }
}
