//! Which options fit which dialect. The core knows.

use clap::{Arg, ArgMatches};
use linechat_protocol::{Dialect, Setting};

use super::{Given, Misuse};

/// Says in the help of an option which dialects it is for, unless it is for all.
pub(super) fn name_dialects(arg: Arg) -> Arg {
    let Some((setting, _)) = CONDITIONAL.iter().find(|(_, id)| arg.get_id() == id) else {
        return arg;
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    arg.help(format!("{help} [only for: {}]", dialects_for(*setting)))
}

/// Refuses an option that was given and that the dialect has no use for.
pub(super) fn check(dialect: Dialect, matches: &ArgMatches) -> Result<(), Misuse> {
    for (setting, id) in CONDITIONAL {
        let given = match setting {
            Setting::Uppercase | Setting::FullDuplex => Given::switch(matches, id),
            _ => Given::option(matches, id),
        };
        if given == Given::No || dialect.takes(setting) {
            continue;
        }
        let source = match given {
            Given::Environment => format!(", which LINECHAT_{} gives,", id.to_uppercase()),
            Given::No | Given::CommandLine => String::new(),
        };
        return Err(Misuse::conflict(format!(
            "'--{}'{source} does not fit the dialect '{dialect}', it is only for: {}",
            id.replace('_', "-"),
            dialects_for(setting),
        )));
    }
    Ok(())
}

/// The names of all dialects that have a use for a setting.
fn dialects_for(setting: Setting) -> String {
    let names: Vec<_> = Dialect::all()
        .filter(|dialect| dialect.takes(setting))
        .map(Dialect::name)
        .collect();
    names.join(", ")
}

/// The options that only some dialects have a use for.
const CONDITIONAL: [(Setting, &str); 7] = [
    (Setting::Framing, "framing"),
    (Setting::Uppercase, "uppercase"),
    (Setting::FullDuplex, "full_duplex"),
    (Setting::LoginTimeout, "login_timeout"),
    (Setting::MaxRooms, "max_rooms"),
    (Setting::MaxRoomsPerUser, "max_rooms_per_user"),
    (Setting::MaxUsers, "max_users"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_of_some_dialects_is_for_one_at_least_and_not_for_all() {
        for (setting, id) in CONDITIONAL {
            let takers = Dialect::all()
                .filter(|dialect| dialect.takes(setting))
                .count();
            assert!((1..Dialect::all().len()).contains(&takers), "{id}");
        }
    }
}
