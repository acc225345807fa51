//! A server, and the ways into it.

use std::net::TcpListener;

use linechat_protocol::{Listener, ListenerId, Server};

use super::failure::Failure;
use crate::address::Address;
use crate::certificate::{Loaded, SharedVault, Vault};
use crate::cli::{LinkOptions, METRICS, Scheme, ServeOptions};
use crate::door;
use crate::link;
use crate::listen::listen_with;
use crate::metrics::Metrics;
use crate::systemd::Passed;

/// A server, and the ways into it.
pub(super) struct House {
    pub(super) server: Server,
    /// What is served.
    pub(super) listeners: Vec<(Scheme, ListenerId)>,
    pub(super) entrances: Vec<Entrance>,
    /// How the server takes part in a community of several, if it does: then its sockets do not
    /// listen yet.
    pub(super) linked: Option<LinkOptions>,
    pub(super) vault: SharedVault,
    /// What is measured, if anybody may look.
    pub(super) metrics: Option<Metrics>,
}

/// A socket that listens.
pub(super) struct Entrance {
    /// What is spoken there.
    pub(super) scheme: String,
    pub(super) listener: ListenerId,
    pub(super) socket: TcpListener,
    /// Connections to it succeed already.
    pub(super) is_open: bool,
}

/// A listener with its layers, and where it is to be.
pub(super) struct Furnished {
    pub(super) scheme: Scheme,
    pub(super) listener: Listener,
    addresses: Vec<Address>,
}

impl House {
    /// Builds what the options say.
    pub(super) fn build(mut options: ServeOptions, mut passed: Passed) -> Result<Self, Failure> {
        let vault = SharedVault::default();
        let certificates = read_files(&mut options, &vault)?;
        vault.open().hold(certificates);
        let mut server = Server::new(options.limits.clone())?;
        let linked = options.link.take();
        let mut listeners = Vec::new();
        let mut places = Vec::new();
        let looked_at = options.metrics.clone();
        let measured = Metrics::new(options.build, vault.clone());
        for furnished in furnish(options, &vault.open()) {
            let listener = server.listen(furnished.listener)?;
            listeners.push((furnished.scheme, listener));
            places.extend(furnished.addresses.into_iter().map(|address| Place {
                scheme: furnished.scheme.to_string(),
                listener,
                address,
            }));
        }
        let mut entrances = open(&places, &mut passed, linked.is_none())?;
        let metrics = (!looked_at.is_empty()).then_some(measured);
        if let Some(metrics) = &metrics {
            let looking = metrics.clone();
            let listener = server.listen_aside(metrics.layer(), move |it| looking.look(it))?;
            let places = looked_at.into_iter().map(|address| Place {
                scheme: METRICS.to_owned(),
                listener,
                address,
            });
            // Also of interest while the others cannot be reached.
            entrances.extend(open(&places.collect::<Vec<_>>(), &mut passed, true)?);
        }
        if let Some(linked) = &linked {
            server.link(link::options(linked)?)?;
        }
        Ok(Self {
            server,
            listeners,
            entrances,
            linked,
            vault,
            metrics,
        })
    }
}

/// Reads all files that the options name. Certificates hold once the vault holds them.
pub(super) fn read_files(
    options: &mut ServeOptions,
    vault: &SharedVault,
) -> Result<Loaded, Failure> {
    options.read_files()?;
    let (sources, names) = (options.certificates(), options.web.hosts());
    Ok(vault.open().load(sources, names)?)
}

/// Gives all listeners what is between their sockets and their dialects.
pub(super) fn furnish(options: ServeOptions, vault: &Vault) -> Vec<Furnished> {
    let web = options.web;
    let listeners = options.listeners.into_iter();
    let furnished = listeners.map(|mut it| {
        let certificate = it.certificate.and_then(|source| vault.get(&source));
        door::furnish(&mut it.listener, it.scheme, certificate, &web);
        Furnished {
            scheme: it.scheme,
            listener: it.listener,
            addresses: it.addresses,
        }
    });
    furnished.collect()
}

/// Where to listen, and for what.
struct Place {
    scheme: String,
    listener: ListenerId,
    address: Address,
}

fn open(places: &[Place], passed: &mut Passed, is_open: bool) -> Result<Vec<Entrance>, Failure> {
    let addresses: Vec<_> = places.iter().map(|place| place.address.clone()).collect();
    let mut entrances = Vec::new();
    for (place, sockets) in places.iter().zip(listen_with(&addresses, passed, is_open)?) {
        entrances.extend(sockets.into_iter().map(|socket| Entrance {
            scheme: place.scheme.clone(),
            listener: place.listener,
            socket,
            is_open,
        }));
    }
    Ok(entrances)
}
