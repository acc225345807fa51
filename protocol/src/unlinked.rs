//! A server that is never one of several, where the feature `link` is off: nothing to do, wherever
//! the [other half](crate::server) asks.

use core::convert::Infallible;

use crate::action::Action;
use crate::engine::connection::ConnId;
use crate::instant::Instant;
use crate::listener::ListenerId;
use crate::server::Server;
use crate::stats::LinkStats;

/// There is none.
pub(crate) type Linked = Infallible;

impl Server {
    pub(crate) fn is_link(&self, _conn: ConnId) -> bool {
        false
    }

    pub(crate) fn is_way_in(&self, _listener: ListenerId) -> bool {
        true
    }

    pub(crate) fn is_in_community(&self) -> bool {
        true
    }

    pub(crate) fn poll_dial(&mut self) -> Option<Action> {
        None
    }

    pub(crate) fn link_deadline(&self) -> Option<Instant> {
        None
    }

    pub(crate) fn link_stats(&self) -> Option<LinkStats> {
        None
    }

    pub(crate) fn receive_from_link(&mut self, _conn: ConnId, _bytes: &[u8]) {}

    pub(crate) fn layer_of_link_failed(&mut self, _conn: ConnId, _reason: &str) {}

    pub(crate) fn link_departs(&mut self, _conn: ConnId) {}

    pub(crate) fn link_timeout(&mut self) {}

    pub(crate) fn has_more_of_link(&self) -> bool {
        false
    }

    pub(crate) fn mind_link(&mut self) {}

    pub(crate) fn write_to_link(&mut self) {}
}
