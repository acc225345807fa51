//! Which options fit which dialect.

use std::fmt;

use clap::Arg;
use linechat_protocol::Dialect;

use super::Misuse;
use super::choices::{Choices, Given};
use super::entrance::{Entrance, Scheme};

/// Says in the help of an option which dialects it is for, unless it is for all.
pub(super) fn name_dialects(arg: Arg) -> Arg {
    let mut conditions = CONDITIONAL.iter().filter(|option| option.value.is_none());
    let Some(option) = conditions.find(|option| arg.get_id() == option.id) else {
        return arg;
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    arg.help(format!("{help} [only for: {}]", option.fits.users()))
}

/// Refuses an option that was given on the command line, or in a file, and that none of the dialects
/// has a use for.
pub(super) fn check(dialects: &[Dialect], choices: Choices<'_>) -> Result<(), Misuse> {
    let is_insisted = |given| matches!(given, Given::CommandLine | Given::File);
    match misfits(dialects, choices, is_insisted).next() {
        None => Ok(()),
        Some(option) => Err(Misuse::conflict(format!(
            "{} does not fit {}, it is only for: {}",
            shown(option, choices),
            named(dialects),
            option.fits.users(),
        ))),
    }
}

/// Whether somebody is to be served under TLS: a scheme says so, or there is a certificate, and a
/// dialect has a port for it and no address.
pub(super) fn has_tls(dialects: &[Dialect], choices: Choices<'_>) -> bool {
    let schemes: Vec<_> = entrances(choices)
        .filter(|entrance| !entrance.is_metrics())
        .map(|entrance| scheme(entrance, dialects))
        .collect();
    let is_placed = |dialect| schemes.iter().flatten().any(|it| it.dialect == dialect);
    let goes_encrypted = |&dialect: &Dialect| {
        Scheme::encrypted(dialect).default_port().is_some() && !is_placed(dialect)
    };
    schemes.iter().flatten().any(|scheme| scheme.has_tls)
        || given_certificate(choices) && dialects.iter().any(goes_encrypted)
}

/// Where to listen, and where the program listened when it was started.
fn entrances(choices: Choices<'_>) -> impl Iterator<Item = &Entrance> {
    let of = |id| choices.matches.try_get_many::<Entrance>(id).ok().flatten();
    let entrances = of("listen").into_iter().chain(of("passed"));
    entrances.flatten()
}

/// Whether there is a certificate to be had, or made.
pub(super) fn given_certificate(choices: Choices<'_>) -> bool {
    let files = ["tls_cert", "tls_key"];
    files.into_iter().any(|id| given(choices, id) != Given::No)
        || given(choices, "tls_self_signed") != Given::No
}

/// What is spoken at an entrance, unless that is for it to say and it does not.
pub(super) fn scheme(entrance: &Entrance, dialects: &[Dialect]) -> Option<Scheme> {
    match (entrance.scheme(), dialects) {
        (Some(scheme), _) => Some(scheme),
        (None, [dialect]) => Some(Scheme::from(*dialect)),
        (None, _) => None,
    }
}

/// `the dialect 'rooms'`
pub(crate) fn named(dialects: &[Dialect]) -> String {
    let names: Vec<_> = dialects.iter().map(|name| format!("'{name}'")).collect();
    match &names[..] {
        [name] => format!("the dialect {name}"),
        names => format!("the dialects {}", names.join(", ")),
    }
}

/// The options that the environment gives and that the chosen dialects have no use for. Whoever set
/// them may have meant another server.
pub(super) fn misfits_of_environment(choices: Choices<'_>) -> Vec<&'static str> {
    let dialects = chosen(choices);
    let misfits = misfits(&dialects, choices, |given| given == Given::Environment);
    misfits.map(|option| option.id).collect()
}

/// The dialects that a command line chooses, each once, those that it names first.
pub(super) fn chosen(choices: Choices<'_>) -> Vec<Dialect> {
    let mut chosen = Vec::new();
    let mut choose = |dialect| {
        if !chosen.contains(&dialect) {
            chosen.push(dialect);
        }
    };
    if let Ok(Some(dialects)) = choices.matches.try_get_many::<Dialect>("dialect") {
        dialects.copied().for_each(&mut choose);
    }
    let schemes = entrances(choices).filter_map(Entrance::scheme);
    schemes.map(|scheme| scheme.dialect).for_each(choose);
    if chosen.is_empty() {
        chosen.push(Dialect::ROOMS);
    }
    chosen
}

/// Those options, and values of options, that were given and are of no use.
fn misfits<'a>(
    dialects: &'a [Dialect],
    choices: Choices<'a>,
    is_meant: fn(Given) -> bool,
) -> impl Iterator<Item = Conditional> + 'a {
    unfit(dialects, choices)
        .filter(move |option| is_meant(given(choices, option.id)))
        .filter(move |option| {
            option
                .value
                .is_none_or(|value| has_value(choices, option.id, value))
        })
}

/// Those options, and values of options, that are of no use, whether they were given or not.
fn unfit<'a>(
    dialects: &'a [Dialect],
    choices: Choices<'a>,
) -> impl Iterator<Item = Conditional> + 'a {
    let has_tls = has_tls(dialects, choices);
    CONDITIONAL
        .into_iter()
        .filter(move |option| match option.fits {
            Fits::Dialects(takes) => !dialects.iter().any(|&dialect| takes(dialect)),
            Fits::Tls => !has_tls,
            Fits::TlsOrWeb => !has_tls && !dialects.iter().any(|&dialect| is_web(dialect)),
        })
}

/// An option, or a value of it, as the one who gave it knows it.
fn shown(option: Conditional, choices: Choices<'_>) -> String {
    match choices.option(option.id) {
        Given::File => choices.shown(option.id),
        _ => format!("'--{option}'"),
    }
}

/// Whether an option is of use where these dialects are served.
pub(super) fn is_of_use(id: &str, dialects: &[Dialect], choices: Choices<'_>) -> bool {
    let is_whole = |option: &Conditional| option.value.is_none();
    let mut misfits = unfit(dialects, choices).filter(is_whole);
    !misfits.any(|option| option.id == id)
}

fn has_value(choices: Choices<'_>, id: &str, value: &str) -> bool {
    let mut values = choices.matches.get_raw(id).into_iter().flatten();
    values.any(|given| given == value)
}

fn given(choices: Choices<'_>, id: &str) -> Given {
    match id {
        _ if !is_option(choices, id) => Given::No,
        "uppercase" | "full_duplex" | "show_addresses" | "tls_self_signed" => choices.switch(id),
        _ => choices.option(id),
    }
}

/// Whether the subcommand has this option, and a value for it. (What clap has to say of options that
/// do not exist, it says in builds with debug assertions only.)
fn is_option(choices: Choices<'_>, id: &str) -> bool {
    choices.matches.ids().any(|known| known.as_str() == id)
}

/// The names of all dialects that have a use for an option.
fn dialects_that(takes: Takes) -> String {
    let names: Vec<_> = Dialect::all()
        .filter(|&it| takes(it))
        .map(Dialect::name)
        .collect();
    names.join(", ")
}

/// Whether a dialect has a use for an option.
type Takes = fn(Dialect) -> bool;

/// Where an option is of use.
#[derive(Clone, Copy)]
enum Fits {
    /// In some dialects.
    Dialects(Takes),
    /// Under TLS, whatever is spoken.
    Tls,
    /// Wherever a connection begins with something other than its dialect.
    TlsOrWeb,
}

impl Fits {
    /// In words.
    fn users(self) -> String {
        match self {
            Self::Dialects(takes) => dialects_that(takes),
            Self::Tls => WITH_TLS.into(),
            Self::TlsOrWeb => format!("web, {WITH_TLS}"),
        }
    }
}

/// What is said of schemes with TLS.
const WITH_TLS: &str = "schemes with TLS, as in '--listen rooms+tls://127.0.0.1:8889'";

/// An option, or one value of it, that is not of use everywhere.
#[derive(Clone, Copy)]
struct Conditional {
    id: &'static str,
    value: Option<&'static str>,
    fits: Fits,
}

impl Conditional {
    const fn option(id: &'static str, takes: Takes) -> Self {
        Self {
            id,
            value: None,
            fits: Fits::Dialects(takes),
        }
    }

    const fn of_tls(id: &'static str) -> Self {
        Self {
            id,
            value: None,
            fits: Fits::Tls,
        }
    }
}

impl fmt::Display for Conditional {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id.replace('_', "-"))?;
        self.value.map_or(Ok(()), |value| write!(f, " {value}"))
    }
}

/// The options that are not of use everywhere.
const CONDITIONAL: [Conditional; 31] = [
    Conditional::option("framing", hands_bytes_on),
    Conditional {
        id: "framing",
        value: Some("chunks"),
        fits: Fits::Dialects(|dialect| hands_bytes_on(dialect) && dialect != Dialect::PAIR),
    },
    Conditional::option("pause", hands_bytes_on),
    Conditional::option("uppercase", |dialect| dialect == Dialect::ECHO),
    Conditional::option("full_duplex", |dialect| dialect == Dialect::PAIR),
    Conditional::option("login_timeout", Dialect::has_login),
    Conditional::option("max_rooms", has_rooms),
    Conditional::option("max_rooms_per_user", has_rooms),
    Conditional::option("max_users", |dialect| dialect == Dialect::DIRECT),
    Conditional::option("max_line", |dialect| !is_irc(dialect)),
    Conditional::option("server_name", is_irc),
    Conditional::option("network", is_irc),
    Conditional::option("motd_file", is_irc),
    Conditional::option("oper", is_irc),
    Conditional::option("password_file", is_irc),
    Conditional::option("show_addresses", is_irc),
    Conditional::option("lobby", |dialect| dialect == Dialect::ROOMS),
    Conditional::option("name", |dialect| dialect.has_login() && !is_irc(dialect)),
    Conditional::option("link", Dialect::has_login),
    Conditional::option("community", Dialect::has_login),
    Conditional::option("node", Dialect::has_login),
    Conditional::option("link_lease", Dialect::has_login),
    Conditional::option("link_replicas", Dialect::has_login),
    Conditional::option("link_ca", Dialect::has_login),
    Conditional::of_tls("tls_cert"),
    Conditional::of_tls("tls_key"),
    Conditional::of_tls("tls_self_signed"),
    Conditional {
        id: "handshake_timeout",
        value: None,
        fits: Fits::TlsOrWeb,
    },
    Conditional::option("web_host", is_web),
    Conditional::option("web_origin", is_web),
    Conditional::option("web_proxy", is_web),
];

fn hands_bytes_on(dialect: Dialect) -> bool {
    !dialect.has_login()
}

/// Whether people have clients of their own for it.
pub(super) fn is_irc(dialect: Dialect) -> bool {
    dialect == Dialect::IRC || dialect == Dialect::WEB
}

fn is_web(dialect: Dialect) -> bool {
    dialect == Dialect::WEB
}

fn has_rooms(dialect: Dialect) -> bool {
    dialect.has_login() && dialect != Dialect::DIRECT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_of_some_dialects_is_for_one_at_least_and_not_for_all() {
        for option in CONDITIONAL {
            let Fits::Dialects(takes) = option.fits else {
                continue;
            };
            let takers = Dialect::all().filter(|&dialect| takes(dialect));
            let is_some = (1..Dialect::all().len()).contains(&takers.count());
            assert!(is_some, "{option}");
        }
    }
}
