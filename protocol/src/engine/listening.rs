//! The ways into a server, and how connections come in.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Engine, Layered};
use crate::close::CloseReason;
use crate::config::ConfigError;
use crate::dialect::Profile;
use crate::engine::connection::{ConnId, Stage};
use crate::layer::{Layer, LayerFactory, LayerStage};
use crate::limits::Limits;
use crate::listener::{Framing, ListenerId, Terms};
use crate::peer::Peer;

/// What is known of a listener.
pub(crate) struct Listening {
    /// What is spoken there; nothing where a layer answers alone.
    pub(crate) speech: Option<Speech>,
    pub(crate) framing: Framing,
    pub(crate) terms: Terms,
    pub(crate) layer: Option<LayerFactory>,
}

impl Listening {
    /// Whether a layer answers alone: who comes in there is in no count but one of their own.
    pub(crate) fn is_aside(&self) -> bool {
        self.speech.is_none()
    }
}

/// A dialect that is spoken at a listener.
#[derive(Clone, Copy)]
pub(crate) struct Speech {
    pub(crate) profile: &'static Profile,
    /// Its place among those that are spoken.
    pub(crate) language: u8,
}

impl Engine {
    pub(crate) fn add_listener(&mut self, listening: Listening) -> Result<ListenerId, ConfigError> {
        let id = u8::try_from(self.listeners.len()).map_err(|_| ConfigError::TooManyListeners)?;
        self.listeners.push(listening);
        Ok(ListenerId(id))
    }

    pub(crate) fn listener(&self, listener: ListenerId) -> Option<&Listening> {
        self.listeners.get(listener.index())
    }

    /// Other terms hold at a listener, and who connects to it gets another layer.
    pub(crate) fn renew_listener(
        &mut self,
        listener: ListenerId,
        terms: Terms,
        layer: Option<LayerFactory>,
    ) {
        let listening = &mut self.listeners[listener.index()];
        listening.terms = terms;
        listening.layer = layer;
        self.look_at_all();
    }

    /// Other limits hold.
    pub(crate) fn set_limits(&mut self, limits: Limits) {
        self.batch.set_limits(&limits);
        self.limits = limits;
        let conns: Vec<_> = self.connections.keys().map(ConnId).collect();
        for conn in conns {
            let is_counted = self.get(conn).is_some_and(|connection| {
                connection.is_alive() && self.counts_address(connection.listener, connection.peer)
            });
            if is_counted {
                self.count_address(conn);
            }
        }
        self.look_at_all();
    }

    /// Looks at every connection: what it may do, and when, may be something else than it was.
    fn look_at_all(&mut self) {
        let conns: Vec<_> = self.connections.keys().map(ConnId).collect();
        for conn in conns {
            self.arm(conn);
            self.check_flow(conn);
            self.wake(conn);
        }
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
        let speech = self.listeners[listener.index()].speech;
        speech.map(|speech| speech.language)
    }

    /// Whether one more may come in by a listener, as far as their number goes.
    pub(crate) fn has_room_at(&self, listening: &Listening) -> bool {
        if listening.is_aside() {
            return self.asides < MAX_ASIDES;
        }
        let may_open = listening.layer.is_none() || self.openings < self.limits.max_openings;
        may_open && self.has_room()
    }

    /// Whether a connection is one that a layer answers alone.
    pub(crate) fn is_aside(&self, conn: ConnId) -> bool {
        self.get(conn).is_some_and(|connection| {
            let listening = self.listener(connection.listener);
            listening.is_some_and(Listening::is_aside)
        })
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
        self.begin_opening_of(conn, layer)
    }

    /// Gives a connection this layer. Says whether that has to open.
    pub(crate) fn begin_opening_of(&mut self, conn: ConnId, layer: Box<dyn Layer>) -> bool {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(conn.0) else {
            return false;
        };
        let listening = &self.listeners[connection.listener.index()];
        let is_open = layer.stage() == LayerStage::Open;
        connection.layered = Some(Box::new(Layered::new(layer)));
        if is_open {
            return false;
        }
        connection.stage = Stage::Opening;
        connection.deadline = Some(now + listening.terms.opening_timeout);
        if !listening.is_aside() {
            self.openings += 1;
        }
        self.arm(conn);
        true
    }

    /// Whether a peer counts towards the limit of its address: a proxy in front of many does not,
    /// and neither does who is answered by a layer alone.
    pub(crate) fn counts_address(&self, listener: ListenerId, peer: Peer) -> bool {
        self.listener(listener).is_some_and(|listening| {
            let proxy = listening.terms.proxy;
            !listening.is_aside() && (proxy.is_none() || proxy != peer.ip())
        })
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

/// How many may be served at a time by a layer alone.
const MAX_ASIDES: usize = 16;
