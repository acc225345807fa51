//! Both ends of a connection, wired in memory.

#![allow(dead_code, reason = "each test binary uses its part of this")]

use std::time::Duration;

use bytes::BytesMut;
use linechat_layers::tls::{Application, Certificate, Client, ClientSession, Renewable, Trust};
use linechat_protocol::{CloseReason, Instant, Layer, LayerEnd, LayerError, LayerStage};

pub(crate) const NOW: Instant = Instant::EPOCH;

pub(crate) fn after(seconds: u64) -> Instant {
    Instant::after_epoch(Duration::from_secs(seconds))
}

/// A layer, and what came through it.
pub(crate) struct End<L> {
    pub(crate) layer: L,
    pub(crate) heard: Vec<u8>,
    pub(crate) error: Option<LayerError>,
    /// What it wrote that the other end has not received.
    pub(crate) wire: BytesMut,
}

impl<L: Layer> End<L> {
    pub(crate) fn new(layer: L) -> Self {
        Self {
            layer,
            heard: Vec::new(),
            error: None,
            wire: BytesMut::new(),
        }
    }

    pub(crate) fn receive(&mut self, received: &[u8]) {
        if self.error.is_none() && self.layer.stage() != LayerStage::Ended {
            let result = self
                .layer
                .receive(NOW, received, &mut self.heard, &mut self.wire);
            self.error = result.err();
        }
    }

    /// Like `receive`, in pieces of at most `size` bytes.
    pub(crate) fn receive_cut(&mut self, received: &[u8], size: usize) {
        for piece in received.chunks(size) {
            self.receive(piece);
        }
    }

    pub(crate) fn say(&mut self, plain: &[u8]) {
        self.layer.seal(plain, &mut self.wire);
    }

    pub(crate) fn finish(&mut self, reason: CloseReason) {
        self.layer.finish(reason, &mut self.wire);
    }

    pub(crate) fn ends(&mut self) -> LayerEnd {
        self.layer.receive_eof()
    }

    pub(crate) fn stage(&self) -> LayerStage {
        self.layer.stage()
    }

    pub(crate) fn reason(&self) -> &str {
        self.error.as_ref().map_or("", |error| &error.reason)
    }

    pub(crate) fn take_wire(&mut self) -> Vec<u8> {
        self.wire.split().to_vec()
    }
}

/// A client and a server.
pub(crate) struct Wired<C, S> {
    pub(crate) client: End<C>,
    pub(crate) server: End<S>,
}

impl<C: Layer, S: Layer> Wired<C, S> {
    /// Carries everything, until neither has anything to say.
    pub(crate) fn settle(&mut self) {
        self.settle_cut(usize::MAX);
    }

    pub(crate) fn settle_cut(&mut self, size: usize) {
        while !self.client.wire.is_empty() || !self.server.wire.is_empty() {
            let up = self.client.take_wire();
            self.server.receive_cut(&up, size);
            let down = self.server.take_wire();
            self.client.receive_cut(&down, size);
        }
    }
}

/// A certificate for `localhost` and 127.0.0.1 that nobody vouches for.
pub(crate) fn certificate() -> Certificate {
    Certificate::self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])
}

/// A client that pinned the server's certificate, before the first byte was carried.
pub(crate) fn connecting() -> Wired<ClientSession, linechat_layers::tls::ServerSession> {
    let certificate = certificate();
    let trust = Trust::Pinned(certificate.pin());
    let server = Renewable::new(certificate);
    connecting_to(&server, &trust, "localhost")
}

pub(crate) fn connecting_to(
    server: &Renewable,
    trust: &Trust,
    name: &str,
) -> Wired<ClientSession, linechat_layers::tls::ServerSession> {
    let mut wire = BytesMut::new();
    let client = Client::new(trust)
        .unwrap()
        .session(name, &mut wire)
        .unwrap();
    let mut wired = Wired {
        client: End::new(client),
        server: End::new(server.session(Application::Lines)),
    };
    wired.client.wire = wire;
    wired
}

/// The same, after the handshake.
pub(crate) fn connected() -> Wired<ClientSession, linechat_layers::tls::ServerSession> {
    let mut wired = connecting();
    wired.settle();
    assert_eq!(wired.client.stage(), LayerStage::Open);
    assert_eq!(wired.server.stage(), LayerStage::Open);
    wired
}
