//! A certificate and the key that belongs to it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error};
use x509_cert::der::Decode;

use super::pin::Pin;
use super::provider::provider;

/// A certificate's chain, first to last, and the key that belongs to its first one.
#[derive(Clone)]
pub struct Certificate {
    pub(super) key: Arc<CertifiedKey>,
    validity: Validity,
    pin: Pin,
}

impl Certificate {
    /// A pair made on the spot, for these host names and addresses. Nobody vouches for it: a client
    /// knows it by its [`pin`](Self::pin).
    ///
    /// # Panics
    ///
    /// If a name is not ASCII.
    pub fn self_signed(names: impl IntoIterator<Item = String>) -> Self {
        let names: Vec<String> = names.into_iter().collect();
        let made = rcgen::generate_simple_self_signed(names)
            .expect("a key can be made, and the names are host names or addresses");
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        Self::from_der(vec![made.cert.into()], key).expect("what was just made is a pair")
    }

    pub(super) fn from_der(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, Error> {
        let first = chain.first().ok_or(Error::NoCertificatesPresented)?;
        let validity = Validity::of(first)?;
        let pin = Pin::of(first);
        let key = CertifiedKey::from_der(chain, key, &provider())?;
        Ok(Self {
            key: Arc::new(key),
            validity,
            pin,
        })
    }

    /// When it is valid.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// What a client may know it by.
    pub fn pin(&self) -> Pin {
        self.pin
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("pin", &self.pin)
            .field("validity", &self.validity)
            .finish_non_exhaustive()
    }
}

/// When a certificate is valid. Both ends belong to it, and are times since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub from: Duration,
    /// The last second.
    pub until: Duration,
}

impl Validity {
    /// Of a certificate in DER.
    pub(super) fn of(certificate: &[u8]) -> Result<Self, Error> {
        let parsed = x509_cert::Certificate::from_der(certificate)
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let validity = parsed.tbs_certificate().validity();
        Ok(Self {
            from: validity.not_before.to_unix_duration(),
            until: validity.not_after.to_unix_duration(),
        })
    }

    /// Whether it was over before `unix`, a time since 1970.
    pub fn is_over(self, unix: Duration) -> bool {
        unix.as_secs() > self.until.as_secs()
    }

    /// Whether it begins after `unix`, a time since 1970.
    pub fn is_to_come(self, unix: Duration) -> bool {
        unix < self.from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_validity_belong_to_it() {
        let second = Duration::from_secs;
        let validity = Validity {
            from: second(10),
            until: second(20),
        };
        let nanosecond = Duration::from_nanos(1);
        assert!(validity.is_to_come(second(10) - nanosecond));
        assert!(!validity.is_to_come(second(10)));
        assert!(!validity.is_over(second(21) - nanosecond));
        assert!(validity.is_over(second(21)));
    }

    #[test]
    fn every_pair_made_on_the_spot_is_another_one() {
        let make = || Certificate::self_signed(["localhost".into()]);
        assert_ne!(make().pin(), make().pin());
    }
}
