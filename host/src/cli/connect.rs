//! `connect`: its options, and which of them go together.

use std::path::PathBuf;

use clap::{Args, ColorChoice};
use linechat_layers::tls::{Pin, Trust};
use linechat_protocol::Dialect;

use super::choices::Choices;
use super::{Misuse, dialect, fit};
use crate::address::{Address, Destination};

/// What a client is started with.
#[derive(Debug)]
pub(crate) struct ConnectOptions {
    pub(crate) dialect: Dialect,
    pub(crate) address: Address,
    /// Under TLS: whom to trust.
    pub(crate) trust: Option<Trust>,
    pub(crate) name: Option<String>,
    pub(crate) full_duplex: bool,
    pub(crate) log: Option<PathBuf>,
    pub(crate) no_reconnect: bool,
    pub(crate) bell: bool,
    pub(crate) color: ColorChoice,
}

/// Talk with a server
#[derive(Args, Debug)]
pub(super) struct ConnectArgs {
    /// The protocol to speak
    #[arg(value_parser = dialect(|dialect| !fit::is_irc(dialect)))]
    dialect: Dialect,

    /// Where the server is: an IPv4 address, an IPv6 address in brackets or a host name, and a port
    /// [default: 127.0.0.1 and the dialect's port]
    #[arg(value_name = "ADDR[:PORT]")]
    address: Option<Destination>,

    /// The name to register or log in with
    #[arg(long, env = "LINECHAT_NAME", value_name = "NAME", value_parser = one_line)]
    name: Option<String>,

    /// Talk under TLS, with a server that the system's authorities vouch for, or those in the file
    /// that SSL_CERT_FILE names
    #[arg(long, env = "LINECHAT_TLS")]
    tls: bool,

    /// With --tls: trust the authorities in this file, as PEM, and no others
    #[arg(long, env = "LINECHAT_TLS_CA", value_name = "FILE")]
    tls_ca: Option<PathBuf>,

    /// With --tls: trust the one server whose certificate has this SHA-256
    #[arg(long, env = "LINECHAT_TLS_PIN", value_name = "SHA256")]
    tls_pin: Option<Pin>,

    /// Neither wait for turns nor make the server wait
    #[arg(long, env = "LINECHAT_FULL_DUPLEX")]
    full_duplex: bool,

    /// Append what is shown to a file, each line with its day and time
    #[arg(long, env = "LINECHAT_LOG", value_name = "FILE")]
    log: Option<PathBuf>,

    /// On a terminal: end when the connection is lost, instead of connecting again
    #[arg(long, env = "LINECHAT_NO_RECONNECT")]
    no_reconnect: bool,

    /// On a terminal: ring when somebody writes to you alone or says your name
    #[arg(long, env = "LINECHAT_BELL")]
    bell: bool,

    /// Whether a terminal is written to in colour; auto: unless NO_COLOR is set
    #[arg(long, env = "LINECHAT_COLOR", value_name = "WHEN", default_value_t)]
    color: ColorChoice,
}

impl ConnectArgs {
    /// Refuses what does not go together.
    pub(super) fn check(self, choices: Choices<'_>) -> Result<ConnectOptions, Misuse> {
        fit::check(&[self.dialect], choices)?;
        let trust = self.trust()?;
        let port = self.dialect.default_port();
        let address = match self.address {
            Some(destination) => destination.with_default(port),
            None => Address::loopback(port),
        };
        Ok(ConnectOptions {
            dialect: self.dialect,
            address,
            trust,
            name: self.name,
            full_duplex: self.full_duplex,
            log: self.log,
            no_reconnect: self.no_reconnect,
            bell: self.bell,
            color: self.color,
        })
    }
}

impl ConnectArgs {
    fn trust(&self) -> Result<Option<Trust>, Misuse> {
        match (self.tls, &self.tls_ca, self.tls_pin) {
            (false, None, None) => Ok(None),
            (false, ..) => Err(Misuse::conflict(
                "'--tls-ca' and '--tls-pin' say whom to trust under TLS: add '--tls'",
            )),
            (true, None, None) => Ok(Some(Trust::System)),
            (true, Some(file), None) => Ok(Some(Trust::Authorities(file.clone()))),
            (true, None, Some(pin)) => Ok(Some(Trust::Pinned(pin))),
            (true, Some(_), Some(_)) => Err(Misuse::conflict(
                "'--tls-ca' and '--tls-pin' exclude each other: a pin alone says which server it is",
            )),
        }
    }
}

/// Whether a name is acceptable is for the server to say, but not what another line of it asks for.
fn one_line(name: &str) -> Result<String, &'static str> {
    if name.contains(['\n', '\r', '\0']) {
        return Err("a name is one line");
    }
    Ok(name.to_owned())
}
