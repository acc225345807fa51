//! One connection to a site.

use std::mem;
use std::sync::Arc;

use bytes::BytesMut;
use linechat_protocol::{CloseReason, Instant, Layer, LayerEnd, LayerError, LayerStage, Peer};

use super::site::{Asset, Site};
use crate::http::{HeadReader, Refusal, Request, Status, forwarded_peer};
use crate::websocket::{self, Violation, upgrade};

/// One connection to a [`Site`].
#[derive(Debug)]
pub struct WebSession {
    site: Arc<Site>,
    transport: Peer,
    forwarded: Option<Peer>,
    state: State,
}

#[derive(Debug)]
enum State {
    Head(HeadReader),
    Socket(websocket::Session),
    /// A page was sent, or the reason why not.
    Answered,
}

impl WebSession {
    /// A connection of this peer.
    pub fn new(site: Arc<Site>, peer: Peer) -> Self {
        Self {
            site,
            transport: peer,
            forwarded: None,
            state: State::Head(HeadReader::default()),
        }
    }

    fn receive_head(
        &mut self,
        now: Instant,
        received: &[u8],
        plain: &mut Vec<u8>,
        wire: &mut BytesMut,
    ) -> Result<(), LayerError> {
        let State::Head(reader) = &mut self.state else {
            return Ok(());
        };
        if reader.is_empty() && received.first() == Some(&TLS_HANDSHAKE) {
            self.state = State::Answered;
            return Err(LayerError::new("it speaks TLS, and not HTTP"));
        }
        let length = match reader.receive(received) {
            Ok(None) => return Ok(()),
            Ok(Some(length)) => length,
            Err(refusal) => return Err(self.refuse(&refusal, false, wire)),
        };
        let head = mem::take(reader).into_head();
        self.answer(now, &head, wire)?;
        self.receive(now, &received[length..], plain, wire)
    }

    /// Answers the request that this is the head of.
    fn answer(&mut self, now: Instant, head: &[u8], wire: &mut BytesMut) -> Result<(), LayerError> {
        let request = match Request::parse(head) {
            Ok(request) => request,
            Err(refusal) => return Err(self.refuse(&refusal, false, wire)),
        };
        self.forwarded = forwarded_peer(&request, self.transport, &self.site.proxies);
        match respond(&self.site, now, &request, wire) {
            Ok(state) => {
                self.state = state;
                Ok(())
            }
            Err(refusal) => Err(self.refuse(&refusal, request.is_head(), wire)),
        }
    }

    fn refuse(&mut self, refusal: &Refusal, head_only: bool, wire: &mut BytesMut) -> LayerError {
        self.state = State::Answered;
        refusal.write(head_only, wire);
        LayerError::new(format!("{}: {}", refusal.status.code(), refusal.reason))
    }
}

fn respond(
    site: &Site,
    now: Instant,
    request: &Request<'_>,
    wire: &mut BytesMut,
) -> Result<State, Refusal> {
    site.admit(request)?;
    match site.find(request)? {
        Asset::Page(page) => {
            page.respond(request, wire);
            Ok(State::Answered)
        }
        Asset::Socket { max_message } => {
            let kind = upgrade(request, wire)?;
            let session = websocket::Session::new(now, kind, max_message);
            Ok(State::Socket(session))
        }
    }
}

impl Layer for WebSession {
    fn receive(
        &mut self,
        now: Instant,
        received: &[u8],
        plain: &mut Vec<u8>,
        wire: &mut BytesMut,
    ) -> Result<(), LayerError> {
        match &mut self.state {
            State::Head(_) => self.receive_head(now, received, plain, wire),
            State::Socket(socket) => socket.receive(now, received, plain, wire).map_err(explain),
            State::Answered => Ok(()),
        }
    }

    fn receive_eof(&mut self) -> LayerEnd {
        let ended = match &self.state {
            State::Head(reader) => reader.is_empty(),
            State::Socket(socket) => socket.is_closed_by_peer(),
            State::Answered => true,
        };
        match ended {
            true => LayerEnd::Authentic,
            false => LayerEnd::CutOff,
        }
    }

    fn seal(&mut self, plain: &[u8], wire: &mut BytesMut) {
        if let State::Socket(socket) = &self.state {
            socket.seal(plain, wire);
        }
    }

    fn finish(&mut self, reason: CloseReason, wire: &mut BytesMut) {
        if let State::Socket(socket) = &self.state {
            socket.finish(reason, wire);
        }
    }

    fn stage(&self) -> LayerStage {
        match &self.state {
            State::Head(_) => LayerStage::Opening,
            State::Socket(socket) if socket.is_closed_by_peer() => LayerStage::InputEnded,
            State::Socket(_) => LayerStage::Open,
            State::Answered => LayerStage::Ended,
        }
    }

    fn peer(&self) -> Option<Peer> {
        self.forwarded
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Socket(socket) => socket.deadline(),
            State::Head(_) | State::Answered => None,
        }
    }

    fn expire(&mut self, now: Instant, wire: &mut BytesMut) -> Result<(), LayerError> {
        match &mut self.state {
            State::Socket(socket) => socket.expire(now, wire).map_err(explain),
            State::Head(_) | State::Answered => Ok(()),
        }
    }

    fn opening_timed_out(&mut self, wire: &mut BytesMut) {
        if let State::Head(_) = &self.state {
            let refusal = Refusal::new(Status::TIMEOUT, "the request took too long");
            self.refuse(&refusal, false, wire);
        }
    }
}

fn explain(violation: Violation) -> LayerError {
    LayerError::new(format!("WebSocket: {}", violation.reason()))
}

/// The first byte of a client's hello.
const TLS_HANDSHAKE: u8 = 22;
