//! Which options fit which dialect. The core knows about its own settings.

use clap::{Arg, ArgMatches};
use linechat_protocol::{Dialect, Setting};

use super::{Given, Misuse};

/// Says in the help of an option which dialects it is for, unless it is for all.
pub(super) fn name_dialects(arg: Arg) -> Arg {
    let Some((_, takes)) = CONDITIONAL.iter().find(|(id, _)| arg.get_id() == id) else {
        return arg;
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    arg.help(format!("{help} [only for: {}]", dialects_that(*takes)))
}

/// Refuses an option that was given on the command line and that the dialect has no use for.
pub(super) fn check(dialect: Dialect, matches: &ArgMatches) -> Result<(), Misuse> {
    match misfits(dialect, matches, Given::CommandLine).next() {
        None => Ok(()),
        Some((id, takes)) => Err(Misuse::conflict(format!(
            "'--{}' does not fit the dialect '{dialect}', it is only for: {}",
            id.replace('_', "-"),
            dialects_that(takes),
        ))),
    }
}

/// The options that the environment gives and that the chosen dialect has no use for. Whoever set
/// them may have meant another server.
pub(super) fn misfits_of_environment(matches: &ArgMatches) -> Vec<&'static str> {
    let Ok(Some(dialect)) = matches.try_get_one("dialect") else {
        return Vec::new();
    };
    let misfits = misfits(*dialect, matches, Given::Environment);
    misfits.map(|(id, _)| id).collect()
}

fn misfits(
    dialect: Dialect,
    matches: &ArgMatches,
    source: Given,
) -> impl Iterator<Item = (&'static str, Takes)> {
    CONDITIONAL
        .into_iter()
        .filter(move |(_, takes)| !takes(dialect))
        .filter(move |(id, _)| given(matches, id) == source)
}

fn given(matches: &ArgMatches, id: &str) -> Given {
    match id {
        _ if !is_option(matches, id) => Given::No,
        "uppercase" | "full_duplex" => Given::switch(matches, id),
        _ => Given::option(matches, id),
    }
}

/// Whether the subcommand has this option, and a value for it. (What clap has to say of options that
/// do not exist, it says in builds with debug assertions only.)
fn is_option(matches: &ArgMatches, id: &str) -> bool {
    matches.ids().any(|known| known.as_str() == id)
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

/// The options that only some dialects have a use for.
const CONDITIONAL: [(&str, Takes); 8] = [
    ("framing", |dialect| dialect.takes(Setting::Framing)),
    ("uppercase", |dialect| dialect.takes(Setting::Uppercase)),
    ("full_duplex", |dialect| dialect.takes(Setting::FullDuplex)),
    ("login_timeout", |dialect| {
        dialect.takes(Setting::LoginTimeout)
    }),
    ("max_rooms", |dialect| dialect.takes(Setting::MaxRooms)),
    ("max_rooms_per_user", |dialect| {
        dialect.takes(Setting::MaxRoomsPerUser)
    }),
    ("max_users", |dialect| dialect.takes(Setting::MaxUsers)),
    // Whoever has to log in has a name.
    ("name", |dialect| dialect.takes(Setting::LoginTimeout)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_of_some_dialects_is_for_one_at_least_and_not_for_all() {
        for (id, takes) in CONDITIONAL {
            let takers = Dialect::all().filter(|&dialect| takes(dialect)).count();
            assert!((1..Dialect::all().len()).contains(&takers), "{id}");
        }
    }
}
