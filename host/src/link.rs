//! A server that is one of several: how it gets to NATS, and what is logged of the others.

use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};

use linechat_driver::Observer;
use linechat_layers::tls::{AfterGreeting, Client, Trust, TrustError};
use linechat_protocol::link::{self, LinkLayer};
use linechat_protocol::{Event, LinkEvent};
use rustix::net::listen;
use thiserror::Error;
use tracing::{info, warn};

use crate::cli::LinkOptions;
use crate::listen::BACKLOG;
use crate::log::{self, Reason};

/// What the core is to know of a link.
///
/// # Errors
///
/// There is nobody to trust, or no random number.
pub(crate) fn options(options: &LinkOptions) -> Result<link::Options, LinkError> {
    let mut incarnation = [0; 8];
    getrandom::fill(&mut incarnation).map_err(LinkError::Random)?;
    let mut core = link::Options::new(
        options.community.clone(),
        options.node.clone(),
        options.addresses.clone(),
        u64::from_le_bytes(incarnation),
    );
    core.lease = options.lease;
    core.replicas = options.replicas;
    core.credentials = options.credentials.clone();
    if options.has_tls {
        let trust = options.ca.clone().map_or(Trust::System, Trust::Authorities);
        let client = Client::new(&trust)?;
        core.layer = Some(LinkLayer::new(move |_, address| {
            Box::new(AfterGreeting::new(client.clone(), address.host.clone()))
        }));
    }
    Ok(core)
}

/// Why a server cannot be linked, in one line.
#[derive(Debug, Error)]
pub(crate) enum LinkError {
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error("cannot draw a number for this run: {0}")]
    Random(getrandom::Error),
}

/// The duty to listen once the server takes part, and to log what happens between servers.
pub(crate) struct LinkDuty {
    community: String,
    node: String,
    /// Sockets that are bound and do not listen yet.
    sockets: Vec<(String, TcpListener)>,
    refusal: Refusal,
}

/// Why the server cannot take part, once it is known that it cannot.
#[derive(Clone, Default)]
pub(crate) struct Refusal(Arc<Mutex<Option<String>>>);

impl Refusal {
    pub(crate) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, reason: &str) {
        let mut refusal = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *refusal = Some(reason.to_owned());
    }
}

impl LinkDuty {
    pub(crate) fn new(
        options: &LinkOptions,
        sockets: Vec<(String, TcpListener)>,
        refusal: Refusal,
    ) -> Self {
        Self {
            community: options.community.to_string(),
            node: options.node.to_string(),
            sockets,
            refusal,
        }
    }

    fn take_part(&mut self, others: usize) {
        log::linked(&self.community, &self.node, others);
        for (scheme, socket) in self.sockets.drain(..) {
            let listens = listen(&socket, BACKLOG);
            match listens
                .map_err(Into::into)
                .and_then(|()| socket.local_addr())
            {
                Ok(address) => log::listening_on(address, scheme),
                Err(error) => warn!("cannot listen: {error}"),
            }
        }
    }
}

impl Observer for LinkDuty {
    fn event(&mut self, event: &Event) {
        let Event::Link(event) = event else { return };
        let community = &*self.community;
        match event {
            LinkEvent::Unreachable { address } => {
                warn!(
                    community,
                    "waiting for NATS at {address}: start 'nats-server -js' there, or mend --link; it is tried \
                     again until it is there"
                );
            }
            LinkEvent::Trouble { reason } => warn!(community, "{}", Reason(reason)),
            LinkEvent::AwaitsLease => {
                let node = &*self.node;
                warn!(
                    community,
                    node,
                    "this server was there before and did not leave: waiting for the end of its lease"
                );
            }
            LinkEvent::In { others } => self.take_part(*others),
            LinkEvent::Away => warn!(
                community,
                "the other servers cannot be reached: what users send waits"
            ),
            LinkEvent::Back => info!(community, "the other servers can be reached again"),
            LinkEvent::GivenUp => warn!(
                community,
                "this server was given up by the others: its users are disconnected, and it begins anew"
            ),
            LinkEvent::LogLost => warn!(
                community,
                "NATS has lost the log of the community: all users are disconnected, and the servers begin anew"
            ),
            LinkEvent::Came { node } => info!(community, node, "a server came"),
            LinkEvent::Gone { node } => {
                info!(community, node, "a server is gone, and its users with it")
            }
            LinkEvent::Refused { reason } => self.refusal.set(reason),
            other => info!(community, event = ?other, "link"),
        }
    }
}
