//! Certificates in files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{Error as TlsError, InconsistentKeys};
use thiserror::Error;

use super::certificate::Certificate;

/// The two files that a certificate and its key are in, as PEM, and what they were when they were
/// last loaded.
#[derive(Clone, Debug)]
pub struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
    loaded: Option<[Stamp; 2]>,
}

/// What changes when a file is written or replaced. Nothing if there is no such file.
type Stamp = Option<(SystemTime, u64)>;

impl CertificateFiles {
    /// These files, which are not read yet: the chain of the certificate, first to last, and the
    /// key that belongs to the first one.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self {
            certificate: certificate.into(),
            key: key.into(),
            loaded: None,
        }
    }

    /// Reads both files.
    ///
    /// # Errors
    ///
    /// A file cannot be read, does not have in it what it should, or the key belongs to another
    /// certificate.
    pub fn load(&mut self) -> Result<Certificate, CertificateError> {
        // Before they are read: what is written meanwhile counts as a change.
        self.loaded = Some(self.stamps());
        let chain = certificates(&self.certificate)?;
        let key = private_key(&self.key)?;
        Certificate::from_der(chain, key).map_err(|error| self.explain(error))
    }

    /// Whether a file is another than it was when [`load`](Self::load) was last called, whatever
    /// came of that.
    pub fn changed(&self) -> bool {
        self.loaded != Some(self.stamps())
    }

    /// The certificate's file.
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// The key's file.
    pub fn key(&self) -> &Path {
        &self.key
    }

    fn stamps(&self) -> [Stamp; 2] {
        [&self.certificate, &self.key].map(|file| {
            let metadata = fs::metadata(file).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        })
    }

    fn explain(&self, error: TlsError) -> CertificateError {
        match error {
            TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => CertificateError::NoPair {
                certificate: self.certificate.clone(),
                key: self.key.clone(),
            },
            TlsError::InvalidCertificate(cause) => CertificateError::BadCertificate {
                file: self.certificate.clone(),
                cause: cause.to_string(),
            },
            cause => CertificateError::BadKey {
                file: self.key.clone(),
                cause: match cause {
                    TlsError::General(cause) => cause,
                    cause => cause.to_string(),
                },
            },
        }
    }
}

/// Why there is no certificate to be had from these files. One line, which names the file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The file is not there, or may not be read.
    #[error("cannot read {}: {cause}", .file.display())]
    Unreadable {
        /// Which one.
        file: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The file has something else in it.
    #[error("{} is no PEM file: {cause}", .file.display())]
    NotPem {
        /// Which one.
        file: PathBuf,
        /// What is wrong.
        cause: pem::Error,
    },
    /// The file has no certificate in it.
    #[error("no certificate in {}: expected a line -----BEGIN CERTIFICATE-----", .file.display())]
    NoCertificate {
        /// Which one.
        file: PathBuf,
    },
    /// The file has no private key in it.
    #[error("no private key in {}: expected a line -----BEGIN PRIVATE KEY-----", .file.display())]
    NoKey {
        /// Which one.
        file: PathBuf,
    },
    /// The key is protected by a passphrase.
    #[error(
        "the key in {} asks for a passphrase: remove it with `openssl pkey -in {} -out FILE`",
        .file.display(), .file.display()
    )]
    LockedKey {
        /// Which one.
        file: PathBuf,
    },
    /// The certificate is none that can be used.
    #[error("the certificate in {} cannot be used: {cause}", .file.display())]
    BadCertificate {
        /// Which one.
        file: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// The key is none that can be used.
    #[error("the key in {} cannot be used: {cause}", .file.display())]
    BadKey {
        /// Which one.
        file: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// The key belongs to another certificate.
    #[error(
        "the key in {} does not belong to the first certificate in {}",
        .key.display(), .certificate.display()
    )]
    NoPair {
        /// Where the certificate is.
        certificate: PathBuf,
        /// Where the key is.
        key: PathBuf,
    },
}

/// Whether every user of this system can read the file. A key should be its owner's alone, or its
/// group's.
pub fn readable_by_others(file: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        false
    }
}

/// All certificates in this file, in its order; at least one.
pub(super) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let text = read(file)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(chain) if chain.is_empty() => Err(CertificateError::NoCertificate {
            file: file.to_owned(),
        }),
        Ok(chain) => Ok(chain),
        Err(cause) => Err(not_pem(file, cause)),
    }
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, CertificateError> {
    let text = read(file)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|cause| {
        let file = file.to_owned();
        match cause {
            _ if is_locked(&text) => CertificateError::LockedKey { file },
            pem::Error::NoItemsFound => CertificateError::NoKey { file },
            cause => not_pem(&file, cause),
        }
    })
}

fn read(file: &Path) -> Result<Vec<u8>, CertificateError> {
    fs::read(file).map_err(|cause| CertificateError::Unreadable {
        file: file.to_owned(),
        cause,
    })
}

fn not_pem(file: &Path, cause: pem::Error) -> CertificateError {
    CertificateError::NotPem {
        file: file.to_owned(),
        cause,
    }
}

/// Both ways of saying so: that of PKCS #8, and the older one.
fn is_locked(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
}
