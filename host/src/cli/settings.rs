//! What holds for a server, option by option, and where each comes from.

use std::fmt;

use clap::{Arg, Command};
use linechat_protocol::Dialect;

use super::choices::{Choices, Given};
use super::config::{is_for_files, name, takes_several};
use super::entrance::METRICS;
use super::fit;
use super::serve::ServeOptions;
use super::tls::CertificateSource;

/// One option, as it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// As on the command line, without the hyphens before it.
    pub(crate) name: String,
    values: Values,
    /// Where it comes from, in words.
    source: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Values {
    /// It has none, and that means something.
    Unset,
    One(String),
    List(Vec<String>),
    Listeners(Vec<Place>),
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    address: String,
    /// The files of its certificate and key.
    pair: Option<[String; 2]>,
    /// Nobody has said so.
    is_usual: bool,
}

impl Setting {
    /// Whether it can take the place of another one while the server serves.
    pub(crate) fn can_replace(&self, before: &Self) -> bool {
        match (&self.values, &before.values) {
            (Values::Listeners(now), Values::Listeners(before)) => {
                let addresses = now.iter().map(|place| &place.address);
                addresses.eq(before.iter().map(|place| &place.address))
            }
            _ => RENEWABLE.contains(&self.name.as_str()),
        }
    }

    /// Whether another one is the same, wherever it comes from.
    pub(crate) fn has_value_of(&self, other: &Self) -> bool {
        self.name == other.name && self.values == other.values
    }
}

/// All options that are of use for what is served.
pub(super) fn settings(
    verb: &Command,
    choices: Choices<'_>,
    options: &ServeOptions,
) -> Vec<Setting> {
    let dialects = options.dialects();
    let args = verb.get_arguments().filter(|arg| is_for_files(arg));
    let args = args.filter(|arg| fit::is_of_use(arg.get_id().as_str(), &dialects, choices));
    let settings = args.map(|arg| Setting {
        name: name(arg).to_owned(),
        values: values(arg, choices, options),
        source: choices.source(arg.get_id().as_str()),
    });
    let (listeners, others): (Vec<_>, Vec<_>) = settings.partition(|it| it.name == "listen");
    others.into_iter().chain(listeners).collect()
}

fn values(arg: &Arg, choices: Choices<'_>, options: &ServeOptions) -> Values {
    match arg.get_id().as_str() {
        "listen" => Values::Listeners(listeners(options)),
        "dialect" => {
            let names = options.dialects().into_iter().map(Dialect::name);
            Values::List(names.map(str::to_owned).collect())
        }
        "verbose" => Values::One(choices.matches.get_count("verbose").to_string()),
        id => {
            let raw = choices.matches.get_raw(id).into_iter().flatten();
            let mut values = raw.map(|value| value.to_string_lossy().into_owned());
            if takes_several(arg) && choices.option(id) != Given::No {
                return Values::List(values.collect());
            }
            values.next().map_or(Values::Unset, Values::One)
        }
    }
}

fn listeners(options: &ServeOptions) -> Vec<Place> {
    let mut all = Vec::new();
    for listener in &options.listeners {
        let pair = match &listener.certificate {
            Some(CertificateSource::Files { certificate, key }) => {
                Some([certificate, key].map(|file| file.display().to_string()))
            }
            Some(CertificateSource::SelfSigned) | None => None,
        };
        for address in &listener.addresses {
            all.push(Place {
                address: format!("{}://{address}", listener.scheme),
                pair: pair.clone(),
                is_usual: listener.is_usual,
            });
        }
    }
    let metrics = options.metrics.iter();
    all.extend(metrics.map(|address| Place {
        address: format!("{METRICS}://{address}"),
        pair: None,
        is_usual: false,
    }));
    all
}

/// As it stands in a configuration file.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            values,
            source,
        } = self;
        match values {
            Values::Unset => writeln!(f, "# {name} is not set"),
            Values::One(value) => writeln!(f, "{name} = {} # {source}", Toml(value)),
            Values::List(values) => {
                let items: Vec<_> = values.iter().map(|it| Toml(it).to_string()).collect();
                writeln!(f, "{name} = [{}] # {source}", items.join(", "))
            }
            Values::Listeners(places) => places.iter().try_for_each(|place| {
                let source = if place.is_usual { DEFAULT } else { source };
                writeln!(
                    f,
                    "\n[[{name}]] # {source}\naddress = {}",
                    Toml(&place.address)
                )?;
                place.pair.iter().try_for_each(|[certificate, key]| {
                    writeln!(f, "cert = {}\nkey = {}", Toml(certificate), Toml(key))
                })
            }),
        }
    }
}

/// A value as TOML has it.
struct Toml<'a>(&'a str);

impl fmt::Display for Toml<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        if matches!(*text, "true" | "false") || is_number(text) {
            return f.write_str(text);
        }
        f.write_str("\"")?;
        for c in text.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c.is_control() => write!(f, "\\u{:04X}", u32::from(c))?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}

/// Whether TOML takes it for a number, and the same one.
fn is_number(text: &str) -> bool {
    let is_whole = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
    let (whole, is_rest_whole) = match text.split_once('.') {
        Some((whole, rest)) => (whole, is_whole(rest)),
        None => (text, true),
    };
    is_whole(whole) && is_rest_whole && (whole == "0" || !whole.starts_with('0'))
}

/// Where it comes from what nobody has chosen.
pub(super) const DEFAULT: &str = "default";

/// What can change while a server serves.
const RENEWABLE: [&str; 23] = [
    "drain",
    "grace",
    "handshake-timeout",
    "idle-timeout",
    "login-timeout",
    "max-backlog",
    "max-buffered",
    "max-connections",
    "max-connections-per-ip",
    "max-line",
    "motd-file",
    "oper",
    "password-file",
    "pause",
    "quiet",
    "rate-limit",
    "stall-timeout",
    "tls-cert",
    "tls-key",
    "verbose",
    "web-host",
    "web-origin",
    "web-proxy",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_so_that_it_is_read_as_the_same() {
        for (value, written) in [
            ("8192", "8192"),
            ("0.5", "0.5"),
            ("true", "true"),
            ("007", "\"007\""),
            (".5", "\".5\""),
            ("1.", "\"1.\""),
            ("a \"b\" \\ \u{1b}", "\"a \\\"b\\\" \\\\ \\u001B\""),
        ] {
            assert_eq!(Toml(value).to_string(), written);
        }
    }
}
