//! The server of a conversation.

use std::io;
use std::net::TcpStream;

use linechat_layers::tls::Client;

use super::secure::Secure;
use super::stream::Connection;
use crate::Address;

/// Where a server is, and whether it is talked with under TLS.
#[derive(Clone, Debug)]
pub(super) struct Remote {
    pub(super) address: Address,
    /// Whom to trust, if anybody has to be.
    pub(super) client: Option<Client>,
}

impl Remote {
    /// What a connected socket is the beginning of.
    pub(super) fn begin(&self, socket: TcpStream) -> io::Result<Connection> {
        Ok(match &self.client {
            None => Connection::Plain(socket),
            Some(client) => {
                let secure = Secure::begin(socket, client, &self.address.host())?;
                Connection::Secure(Box::new(secure))
            }
        })
    }
}
