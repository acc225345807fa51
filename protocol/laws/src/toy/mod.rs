//! A layer to test layers with: small enough to be read in a minute, and with everything in it
//! that a layer may have.
//!
//! A peer opens with `toy?`, which is answered with `toy!`, and then says `go!!`. It may say
//! `toy@` and an address instead of `toy?`, as a proxy does, or `page` to get a page and no chat.
//! From then on, both sides send records: a kind, a number that counts the records of the side, a
//! length, and so many bytes. So a record that is lost or comes twice is noticed.

mod layer;
mod peer;
mod record;

use std::time::Duration;

use linechat_protocol::LayerFactory;

use crate::tunnel::{Tunnel, TunnelPeer};

pub use self::layer::ToyLayer;
pub use self::peer::ToyPeer;
pub use self::record::{Kind, MAX_PAYLOAD};

/// How the toy layer of a listener behaves.
#[derive(Clone, Debug, Default)]
pub struct Toy {
    /// It is open from the beginning, and nobody opens it.
    pub has_no_opening: bool,
    /// How often it asks whether its peer is there; who has not answered by the next time is gone.
    pub ping_every: Option<Duration>,
    /// It asks whether its peer is there, in many words, as soon as it is open: as TLS hands out
    /// tickets.
    pub asks_when_open: bool,
    /// It carries nothing any more once its peer broke the protocol, as TLS does.
    pub breaks_for_good: bool,
}

impl Tunnel for Toy {
    fn factory(&self) -> LayerFactory {
        let toy = self.clone();
        LayerFactory::new(move |now, _peer| Box::new(ToyLayer::new(toy.clone(), now)))
    }

    fn peer(&self) -> Box<dyn TunnelPeer> {
        Box::new(ToyPeer::new(self.has_no_opening))
    }

    fn breaks_for_good(&self) -> bool {
        self.breaks_for_good
    }
}

const HELLO: [u8; 4] = *b"toy?";
const HELLO_FOR: [u8; 4] = *b"toy@";
const PAGE: [u8; 4] = *b"page";
const GO: [u8; 4] = *b"go!!";
const GREETING: [u8; 4] = *b"toy!";
const HERE: [u8; 4] = *b"here";
const LATE: [u8; 4] = *b"late";
const WHAT: [u8; 4] = *b"what";
const BYE: [u8; 4] = *b"bye.";
