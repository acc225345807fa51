//! TLS 1.2 and 1.3, for servers and for clients.
//!
//! A [`Renewable`] has a server's certificate and makes the layer of each of its connections.
//! A [`Client`] knows whom to trust and makes the session of each connection to a server.
//!
//! | decision | why |
//! | --- | --- |
//! | one record for each flush, up to 16 KiB | a record costs a peer 22 bytes, and a server half a microsecond |
//! | no early data | it can be replayed |
//! | one ticket, and a cache of 256 sessions | more would only be sent and kept |
//! | no protocols to choose from (ALPN) where lines are spoken, `http/1.1` for the web | IRC clients offer `irc`, some others nothing: where there is no list, nobody is refused |
//! | no renegotiation, and no key updates without end | rustls refuses both |

mod certificate;
mod client;
mod files;
mod greeted;
mod handshakes;
mod pin;
mod provider;
mod renewable;
mod server;
mod session;
mod trust;

pub use certificate::{Certificate, Validity};
pub use client::{Client, ClientSession};
pub use files::{CertificateError, CertificateFiles, readable_by_others};
pub use greeted::AfterGreeting;
pub use handshakes::Handshakes;
pub use pin::{Pin, PinError};
pub use renewable::Renewable;
pub use server::{Application, ServerSession};
pub use trust::{Trust, TrustError};
