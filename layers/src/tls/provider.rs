//! Whose cryptography is used. Always named, so that no other crate's choice can get in the way.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::hash::{Hash, HashAlgorithm};

/// The cryptography of this build.
pub(super) fn provider() -> Arc<CryptoProvider> {
    #[cfg(feature = "aws-lc")]
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "aws-lc"))]
    let provider = rustls::crypto::ring::default_provider();
    Arc::new(provider)
}

/// The SHA-256 of `data`.
pub(super) fn sha256(data: &[u8]) -> [u8; 32] {
    let mut digest = [0; 32];
    digest.copy_from_slice(sha256_of(&provider()).hash(data).as_ref());
    digest
}

fn sha256_of(provider: &CryptoProvider) -> &'static dyn Hash {
    provider
        .cipher_suites
        .iter()
        .filter_map(|suite| suite.tls13())
        .map(|suite| suite.common.hash_provider)
        .find(|hash| hash.algorithm() == HashAlgorithm::SHA256)
        .expect("every provider has TLS_AES_128_GCM_SHA256, which no TLS 1.3 goes without")
}
