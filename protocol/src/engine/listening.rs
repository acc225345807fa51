//! The ways into a server, and how connections come in.

use alloc::boxed::Box;

use super::{Engine, Layered};
use crate::close::CloseReason;
use crate::dialect::Profile;
use crate::engine::connection::{ConnId, Stage};
use crate::layer::{LayerFactory, LayerStage};
use crate::listener::{Framing, ListenerId, Terms};
use crate::peer::Peer;

/// What is known of a listener.
pub(crate) struct Listening {
    pub(crate) profile: &'static Profile,
    /// The place of its dialect among those that are spoken.
    pub(crate) language: u8,
    pub(crate) framing: Framing,
    pub(crate) terms: Terms,
    pub(crate) layer: Option<LayerFactory>,
}

impl Engine {
    pub(crate) fn add_listener(&mut self, listening: Listening) {
        self.listeners.push(listening);
    }

    pub(crate) fn listener(&self, listener: ListenerId) -> Option<&Listening> {
        self.listeners.get(listener.index())
    }

    pub(crate) fn listeners(&self) -> &[Listening] {
        &self.listeners
    }

    /// The terms of a connection; those of the first listener for a stale name.
    pub(crate) fn terms(&self, conn: ConnId) -> &Terms {
        let listener = self.get(conn).map_or(0, |conn| conn.listener.index());
        &self.listeners[listener].terms
    }

    /// The place of a connection's dialect among those that are spoken.
    pub(crate) fn language(&self, conn: ConnId) -> Option<u8> {
        let listener = self.get(conn)?.listener;
        Some(self.listeners[listener.index()].language)
    }

    /// Whether one more handshake may begin.
    pub(crate) fn has_room_to_open(&self, listener: ListenerId) -> bool {
        let has_layer = self
            .listener(listener)
            .is_some_and(|listening| listening.layer.is_some());
        !has_layer || self.openings < self.limits.max_openings
    }

    /// Gives a connection its layer, if its listener has one. Says whether that has to open.
    pub(crate) fn begin_opening(&mut self, conn: ConnId) -> bool {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return false;
        };
        let listening = &mut self.listeners[connection.listener.index()];
        let Some(factory) = &mut listening.layer else {
            return false;
        };
        if connection.peer == Peer::Console {
            return false;
        }
        let layer = factory.make(now, connection.peer);
        let is_open = layer.stage() == LayerStage::Open;
        connection.layered = Some(Box::new(Layered::new(layer)));
        if is_open {
            return false;
        }
        connection.stage = Stage::Opening;
        connection.deadline = Some(now + listening.terms.opening_timeout);
        self.openings += 1;
        self.arm(conn);
        true
    }

    /// Whether the address of a peer is that of a proxy in front of many.
    pub(crate) fn is_proxy(&self, listener: ListenerId, peer: Peer) -> bool {
        let proxy = self
            .listener(listener)
            .and_then(|listening| listening.terms.proxy);
        proxy.is_some() && proxy == peer.ip()
    }

    /// A layer knows who is at the other end. Says why that one is not welcome, if so.
    pub(crate) fn learn_peer(&mut self, conn: ConnId, peer: Peer) -> Option<CloseReason> {
        let connection = self.connections.get_mut(conn.0)?;
        if connection.peer == peer {
            return None;
        }
        self.forget_address(conn);
        self.connections.get_mut(conn.0)?.peer = peer;
        if self.is_crowded(peer) {
            return Some(CloseReason::TooManyFromAddress);
        }
        self.count_address(conn);
        None
    }
}
