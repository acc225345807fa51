//! `serve` under TLS: the options for it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::error::ErrorKind;
use linechat_protocol::Terms;

use super::Misuse;
use super::choices::{Choices, Given};
use super::entrance::Scheme;
use super::seconds::Seconds;

/// Where the certificate of a server comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CertificateSource {
    Files {
        certificate: PathBuf,
        key: PathBuf,
    },
    /// It is made at start.
    SelfSigned,
}

impl CertificateSource {
    /// Whether it is not made at start.
    pub(crate) fn is_in_files(&self) -> bool {
        matches!(self, Self::Files { .. })
    }
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Encryption")]
pub(super) struct TlsArgs {
    /// For listeners with TLS: the certificate, with its chain behind it, as PEM; it is loaded anew
    /// on SIGHUP, and when the file changes
    #[arg(long, env = "LINECHAT_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,

    /// The key of that certificate, as PEM
    #[arg(long, env = "LINECHAT_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,

    /// In place of both: make a certificate at start, to try things out, and print its pin, by which
    /// 'connect --tls-pin' knows it
    #[arg(long, env = "LINECHAT_TLS_SELF_SIGNED")]
    tls_self_signed: bool,

    /// Close a connection whose handshake, or request for a page, is not done by then, in seconds
    #[arg(
        long,
        env = "LINECHAT_HANDSHAKE_TIMEOUT",
        hide_env_values = true,
        value_name = "SECS"
    )]
    #[arg(default_value_t = Seconds(Terms::default().opening_timeout))]
    handshake_timeout: Seconds,
}

impl TlsArgs {
    /// Where the certificate comes from that this scheme needs.
    pub(super) fn check(
        &self,
        secure: Scheme,
        choices: Choices<'_>,
    ) -> Result<CertificateSource, Misuse> {
        let files = [choices.option("tls_cert"), choices.option("tls_key")];
        let files = files.into_iter().max().unwrap_or(Given::No);
        let self_signed = choices.switch("tls_self_signed");
        match self_signed.beats(files) {
            Some(true) => Ok(CertificateSource::SelfSigned),
            Some(false) => self.files(secure),
            None => Err(Misuse::conflict(
                "'--tls-self-signed' makes a certificate, '--tls-cert' and '--tls-key' name one: \
                 leave one of the two out",
            )),
        }
    }

    fn files(&self, secure: Scheme) -> Result<CertificateSource, Misuse> {
        let missing = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                return Ok(CertificateSource::Files {
                    certificate: certificate.clone(),
                    key: key.clone(),
                });
            }
            (None, None) => "'--tls-cert FILE' and '--tls-key FILE'",
            (None, Some(_)) => "'--tls-cert FILE'",
            (Some(_), None) => "'--tls-key FILE'",
        };
        Err(Misuse {
            kind: ErrorKind::MissingRequiredArgument,
            message: format!("'{secure}' lacks a certificate: add {missing}\n\n{ADVICE}"),
        })
    }

    /// How long a handshake may take.
    pub(super) fn handshake_timeout(&self) -> Result<Duration, Misuse> {
        let timeout = self.handshake_timeout.0;
        if timeout.is_zero() {
            return Err(Misuse {
                kind: ErrorKind::InvalidValue,
                message: "'--handshake-timeout 0' leaves no time for a handshake: give it some, \
                          such as 10"
                    .into(),
            });
        }
        Ok(timeout)
    }
}

/// How to come by a certificate.
const ADVICE: &str = "\
To try things out, '--tls-self-signed' makes one at start. One of your own is made by
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 365 \\
    -subj /CN=chat.example -addext subjectAltName=DNS:chat.example -out cert.pem -keyout key.pem
and one that every client trusts by an authority, such as Let's Encrypt.";
