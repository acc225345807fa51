//! A server, and the ways into it.

use std::net::TcpListener;

use linechat_protocol::{Listener, ListenerId, Server};

use super::failure::Failure;
use super::upkeep::SharedVault;
use crate::address::Address;
use crate::certificate::Vault;
use crate::cli::{LinkOptions, Scheme, ServeOptions};
use crate::door;
use crate::link;
use crate::listen::listen_with;
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
}

/// A socket that listens.
pub(super) struct Entrance {
    pub(super) scheme: Scheme,
    pub(super) listener: ListenerId,
    pub(super) socket: TcpListener,
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
        options.read_files()?;
        let vault = SharedVault::default();
        let certificates = vault
            .open()
            .load(options.certificates(), options.web.hosts())?;
        vault.open().hold(certificates);
        let mut server = Server::new(options.limits.clone())?;
        let linked = options.link.take();
        let mut listeners = Vec::new();
        let mut addresses = Vec::new();
        for furnished in furnish(options, &vault.open()) {
            let listener = server.listen(furnished.listener)?;
            listeners.push((furnished.scheme, listener));
            let places = furnished.addresses.into_iter();
            addresses.extend(places.map(|address| (furnished.scheme, listener, address)));
        }
        if let Some(linked) = &linked {
            server.link(link::options(linked)?)?;
        }
        Ok(Self {
            server,
            listeners,
            entrances: open(&addresses, &mut passed, linked.is_none())?,
            linked,
            vault,
        })
    }
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

fn open(
    places: &[(Scheme, ListenerId, Address)],
    passed: &mut Passed,
    is_open: bool,
) -> Result<Vec<Entrance>, Failure> {
    let addresses: Vec<_> = places.iter().map(|(_, _, it)| it.clone()).collect();
    let mut entrances = Vec::new();
    for ((scheme, listener, _), sockets) in
        places.iter().zip(listen_with(&addresses, passed, is_open)?)
    {
        entrances.extend(sockets.into_iter().map(|socket| Entrance {
            scheme: *scheme,
            listener: *listener,
            socket,
        }));
    }
    Ok(entrances)
}
