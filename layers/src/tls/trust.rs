//! Whom a client trusts.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError as Reason, DigitallySignedStruct, Error as TlsError, OtherError,
    RootCertStore, SignatureScheme,
};
use thiserror::Error;

use super::certificate::Validity;
use super::files::{CertificateError, certificates};
use super::pin::Pin;
use super::provider::provider;

/// Whom a client trusts. There is no way to trust everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Those whom the system trusts, or the file that the environment variable `SSL_CERT_FILE`
    /// names. The server's name has to be the certificate's.
    System,
    /// Those whose certificates are in this file, as PEM, and those whom they vouch for. The server's
    /// name has to be the certificate's.
    Authorities(PathBuf),
    /// The one server that has the key of this certificate, whatever else is in it.
    Pinned(Pin),
}

/// Why a client cannot begin.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The file of [`Trust::Authorities`] cannot be used.
    #[error(transparent)]
    File(#[from] CertificateError),
    /// No certificate in that file can be used.
    #[error("no certificate in {} is one of an authority", .0.display())]
    NoAuthority(PathBuf),
    /// The system trusts nobody.
    #[error(
        "this system has no certificates of authorities{0}: install them (`ca-certificates`), \
         or name a file or a pin"
    )]
    NoSystem(String),
    /// The server's name is neither a host name nor an address.
    #[error("`{0}` is neither a host name nor an address")]
    BadName(String),
}

/// Decides about servers' certificates.
#[derive(Debug)]
pub(super) struct Verifier {
    trusted: Trusted,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug)]
enum Trusted {
    Pin(Pin),
    Authorities {
        verifier: Arc<WebPkiServerVerifier>,
        /// Certificates that need nobody to vouch for them.
        listed: Vec<CertificateDer<'static>>,
    },
}

impl Verifier {
    pub(super) fn new(trust: &Trust) -> Result<Self, TrustError> {
        let trusted = match trust {
            Trust::System => Trusted::Authorities {
                verifier: authorities(system()?),
                listed: Vec::new(),
            },
            Trust::Authorities(file) => {
                let listed = certificates(file)?;
                let verifier = authorities(roots(&listed, file)?);
                Trusted::Authorities { verifier, listed }
            }
            Trust::Pinned(pin) => Trusted::Pin(*pin),
        };
        Ok(Self {
            trusted,
            algorithms: provider().signature_verification_algorithms,
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let shown = Pin::of(certificate);
        match &self.trusted {
            Trusted::Pin(pin) if *pin == shown => Ok(ServerCertVerified::assertion()),
            Trusted::Pin(pin) => Err(refusal(format!("it is {shown}, and not the pinned {pin}"))),
            Trusted::Authorities { verifier, listed } => {
                let verified = if listed.contains(certificate) {
                    verify_listed(certificate, name, now)
                } else {
                    verifier.verify_server_cert(certificate, intermediates, name, ocsp, now)
                };
                verified.map_err(|error| match error {
                    TlsError::InvalidCertificate(reason) => {
                        refusal(format!("{} (it is {shown})", explain(&reason, name)))
                    }
                    error => error,
                })
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// A certificate that is trusted as it stands: a server's own, which may say that it is an
/// authority's, as `openssl req -x509` makes them.
fn verify_listed(
    certificate: &CertificateDer<'_>,
    name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, TlsError> {
    let validity = Validity::of(certificate)?;
    let now = Duration::from_secs(now.as_secs());
    if validity.is_over(now) {
        return Err(Reason::Expired.into());
    }
    if validity.is_to_come(now) {
        return Err(Reason::NotValidYet.into());
    }
    verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
    Ok(ServerCertVerified::assertion())
}

/// Why a certificate is not trusted, in words.
#[derive(Debug)]
pub(super) struct Refusal(String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server's certificate is not trusted: {}", self.0)
    }
}

impl std::error::Error for Refusal {}

fn refusal(words: String) -> TlsError {
    let refusal = Arc::new(Refusal(words));
    TlsError::InvalidCertificate(Reason::Other(OtherError(refusal)))
}

fn explain(reason: &Reason, name: &ServerName<'_>) -> String {
    match reason {
        Reason::UnknownIssuer => "nobody who is trusted here vouches for it".into(),
        Reason::Expired | Reason::ExpiredContext { .. } => "it has expired".into(),
        Reason::NotValidYet | Reason::NotValidYetContext { .. } => "it is not valid yet".into(),
        // As `openssl req -x509` makes them.
        Reason::Other(cause) if cause.to_string() == "CaUsedAsEndEntity" => {
            "it is an authority's own, and is not in the list of those who are trusted here".into()
        }
        Reason::NotValidForName | Reason::NotValidForNameContext { .. } => {
            format!("it is not for {}", name.to_str())
        }
        other => other.to_string(),
    }
}

fn authorities(roots: RootCertStore) -> Arc<WebPkiServerVerifier> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .expect("there are roots, and no lists of revoked certificates to be wrong")
}

fn roots(listed: &[CertificateDer<'static>], file: &Path) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(listed.iter().cloned());
    match roots.is_empty() {
        true => Err(TrustError::NoAuthority(file.to_owned())),
        false => Ok(roots),
    }
}

fn system() -> Result<RootCertStore, TrustError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let first = found.errors.first();
        let cause = first.map_or(String::new(), |error| format!(" ({error})"));
        return Err(TrustError::NoSystem(cause));
    }
    Ok(roots)
}
