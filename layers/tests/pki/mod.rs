//! Authorities and certificates, made on the spot, and a folder for them.

#![allow(dead_code, reason = "each test binary uses its part of this")]

use std::fs;
use std::path::{Path, PathBuf};

use linechat_layers::tls::CertificateFiles;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use tempfile::TempDir;

/// A folder of its own, which is gone afterwards.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// A certificate and its key, in `NAME.pem` and `NAME.key`.
    pub(crate) fn write_pair(&self, name: &str, pair: &Issued) -> CertificateFiles {
        CertificateFiles::new(
            self.write(&format!("{name}.pem"), &pair.certificate),
            self.write(&format!("{name}.key"), &pair.key),
        )
    }
}

/// A certificate and its key as PEM.
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// One that says that it is an authority's, as `openssl req -x509` makes them, until the first of
/// January of `year`.
pub(crate) fn vouching_for_itself(name: &str, year: i32) -> Issued {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_after = date_time_ymd(year, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    Issued {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }
}

/// One that its authority vouches for, until the first of January of `year`.
pub(crate) fn issued(authority: &Authority, name: &str, year: i32) -> Issued {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.not_after = date_time_ymd(year, 1, 1);
    let certificate = params.signed_by(&key, authority).unwrap();
    Issued {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }
}

pub(crate) fn authority() -> Authority {
    authority_named("An authority")
}

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

/// One of this name.
pub(crate) fn authority_named(name: &str) -> Authority {
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}
