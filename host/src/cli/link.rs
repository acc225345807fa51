//! `serve` as one server of several: the options for it.

use std::env;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use clap::error::ErrorKind;
use linechat_protocol::link::{Address, Credentials, Name, Options};

use super::Misuse;
use super::seconds::Seconds;

/// How a server takes part in a community of several.
#[derive(Clone, Debug)]
pub(crate) struct LinkOptions {
    pub(crate) community: Name,
    pub(crate) node: Name,
    pub(crate) addresses: Vec<Address>,
    /// Whether NATS is spoken with under TLS.
    pub(crate) has_tls: bool,
    pub(crate) lease: Duration,
    pub(crate) replicas: Option<u8>,
    /// A file with whom to trust there, besides those whom the system trusts.
    pub(crate) ca: Option<PathBuf>,
    pub(crate) credentials: Credentials,
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Several servers")]
pub(super) struct LinkArgs {
    /// Be one community with other servers, by this server of NATS (with JetStream); may be repeated
    /// for a cluster
    #[arg(long, env = "LINECHAT_LINK", value_delimiter = ',')]
    #[arg(value_name = "nats[+tls]://HOST[:PORT]")]
    link: Vec<Place>,

    /// With '--link': servers with the same name of this are one community
    #[arg(long, env = "LINECHAT_COMMUNITY", value_name = "NAME", value_parser = name)]
    community: Option<Name>,

    /// With '--link': the name of this server, which no other of the community has
    #[arg(long, env = "LINECHAT_NODE", value_name = "NAME", value_parser = name)]
    node: Option<Name>,

    /// How long another server is silent before its users count as gone, in seconds
    #[arg(
        long,
        env = "LINECHAT_LINK_LEASE",
        hide_env_values = true,
        value_name = "SECS"
    )]
    #[arg(default_value_t = Seconds(DEFAULT_LEASE))]
    link_lease: Seconds,

    /// How often NATS keeps what the servers share [default: 3 in a cluster, else 1]
    #[arg(long, env = "LINECHAT_LINK_REPLICAS", value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=5))]
    link_replicas: Option<u8>,

    /// For 'nats+tls': a file with the certificates of authorities to trust, as PEM [default: those
    /// that the system trusts]
    #[arg(long, env = "LINECHAT_LINK_CA", value_name = "FILE")]
    link_ca: Option<PathBuf>,
}

impl LinkArgs {
    /// How to take part, if that was asked for.
    pub(super) fn check(&self, has_console: bool) -> Result<Option<LinkOptions>, Misuse> {
        let Some(first) = self.link.first() else {
            return match self.community.as_ref().or(self.node.as_ref()) {
                None => Ok(None),
                Some(_) => Err(missing(
                    "'--community' and '--node' go with '--link': add it",
                )),
            };
        };
        let (Some(community), Some(node)) = (&self.community, &self.node) else {
            return Err(missing(
                "'--link' needs to know who is linked: add '--community NAME', the same for all, \
                 and '--node NAME', another for each",
            ));
        };
        if self.link.iter().any(|place| place.has_tls != first.has_tls) {
            return Err(Misuse::conflict(
                "either all of '--link' are 'nats+tls' or none is: one cluster has one way in",
            ));
        }
        if self.link_ca.is_some() && !first.has_tls {
            return Err(Misuse::conflict(
                "'--link-ca' is for 'nats+tls://': 'nats://' shows no certificate",
            ));
        }
        if has_console {
            return Err(Misuse::conflict(
                "'--stdio' does not fit '--link': who is at the keyboard would be there before the \
                 others",
            ));
        }
        if self.link_lease.0 < Options::MIN_LEASE {
            return Err(Misuse {
                kind: ErrorKind::InvalidValue,
                message:
                    "'--link-lease' is at least 2: servers are silent for a moment now and then"
                        .into(),
            });
        }
        Ok(Some(LinkOptions {
            community: community.clone(),
            node: node.clone(),
            addresses: self.link.iter().map(|it| it.address.clone()).collect(),
            has_tls: first.has_tls,
            lease: self.link_lease.0,
            replicas: self.link_replicas,
            ca: self.link_ca.clone(),
            credentials: credentials(|variable| env::var(variable).ok())?,
        }))
    }
}

fn missing(message: &str) -> Misuse {
    Misuse {
        kind: ErrorKind::MissingRequiredArgument,
        message: message.into(),
    }
}

/// What NATS wants to know: never from the command line, which others can see.
fn credentials(variable: impl Fn(&str) -> Option<String>) -> Result<Credentials, Misuse> {
    let (user, password) = (
        variable("LINECHAT_LINK_USER"),
        variable("LINECHAT_LINK_PASSWORD"),
    );
    match (user, password, variable("LINECHAT_LINK_TOKEN")) {
        (None, None, None) => Ok(Credentials::None),
        (Some(name), Some(password), None) => Ok(Credentials::User { name, password }),
        (None, None, Some(token)) => Ok(Credentials::Token(token)),
        _ => Err(Misuse::conflict(
            "set LINECHAT_LINK_USER and LINECHAT_LINK_PASSWORD, or LINECHAT_LINK_TOKEN, and nothing \
             else",
        )),
    }
}

/// Where NATS is, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    has_tls: bool,
    address: Address,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("nats", text));
        let has_tls = match scheme {
            "nats" => false,
            "nats+tls" => true,
            _ => return Err(USAGE.into()),
        };
        if rest.contains('@') {
            return Err(SECRETS.into());
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let has_port = rest
            .rsplit_once(':')
            .is_some_and(|(host, _)| !host.ends_with(':'))
            && !rest.ends_with(']');
        let (host, port) = match rest.rsplit_once(':').filter(|_| has_port) {
            Some((host, port)) => (host, port.parse().map_err(|_| USAGE)?),
            None => (rest, Address::DEFAULT_PORT),
        };
        let host = host
            .strip_prefix('[')
            .and_then(|it| it.strip_suffix(']'))
            .unwrap_or(host);
        if host.is_empty()
            || !host
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'/')
        {
            return Err(USAGE.into());
        }
        let address = Address::new(host, port);
        Ok(Self { has_tls, address })
    }
}

fn name(text: &str) -> Result<Name, String> {
    Name::parse(text)
        .ok_or_else(|| format!("use 1 to {} letters, digits, '-' and '_'", Name::MAX_LENGTH))
}

const DEFAULT_LEASE: Duration = Duration::from_secs(15);
const USAGE: &str = "write nats://HOST:PORT, or nats+tls://HOST:PORT";
const SECRETS: &str = "others can see the command line: put the user into LINECHAT_LINK_USER and the \
                       password into LINECHAT_LINK_PASSWORD, or a token into LINECHAT_LINK_TOKEN";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nats_is_at_a_host_and_the_usual_port_unless_it_is_said() {
        let place = |text: &str| {
            text.parse::<Place>()
                .map(|it| (it.has_tls, it.address.to_string()))
        };
        for (text, has_tls, shown) in [
            ("nats://a", false, "a:4222"),
            ("nats+tls://a.example:1/", true, "a.example:1"),
            ("127.0.0.1:7", false, "127.0.0.1:7"),
            ("nats://[::1]", false, "[::1]:4222"),
            ("nats://[::1]:9", false, "[::1]:9"),
        ] {
            assert_eq!(place(text), Ok((has_tls, shown.into())), "{text}");
        }
        for text in [
            "",
            "nats://",
            "http://a",
            "nats://a:x",
            "nats://a b",
            "nats://a/b",
        ] {
            assert_eq!(place(text), Err(USAGE.into()), "{text}");
        }
        assert_eq!(place("nats://me:secret@a"), Err(SECRETS.into()));
    }

    #[test]
    fn credentials_are_a_user_with_a_password_or_a_token() {
        let from = |set: &[&str]| {
            credentials(|variable| {
                let short = variable.trim_start_matches("LINECHAT_LINK_");
                set.contains(&short).then(|| short.to_lowercase())
            })
        };
        assert_eq!(from(&[]).unwrap(), Credentials::None);
        let (name, password) = ("user".into(), "password".into());
        let user = Credentials::User { name, password };
        assert_eq!(from(&["USER", "PASSWORD"]).unwrap(), user);
        assert_eq!(
            from(&["TOKEN"]).unwrap(),
            Credentials::Token("token".into())
        );
        for half in [&["USER"][..], &["PASSWORD"], &["USER", "PASSWORD", "TOKEN"]] {
            assert!(from(half).is_err());
        }
    }
}
