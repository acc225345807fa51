//! The command line: what the programs understand, and what they say when they do not.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{
    Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches, Parser, Subcommand,
};
use linechat_protocol::Dialect;

use self::choices::Choices;
use self::config::ConfigFile;

pub(crate) use self::community::FileError;
pub(crate) use self::connect::ConnectOptions;
pub(crate) use self::entrance::METRICS;
pub(crate) use self::entrance::{EntranceError, Scheme};
pub(crate) use self::fit::named;
pub(crate) use self::link::LinkOptions;
pub(crate) use self::logging::{LogFormat, LogOptions};
pub(crate) use self::manual::Manual;
pub(crate) use self::serve::{Build, ServeOptions};
pub(crate) use self::settings::Setting;
pub(crate) use self::tls::CertificateSource;
pub(crate) use self::web::WebArgs;

mod choices;
mod community;
mod config;
mod connect;
mod count;
mod entrance;
mod environment;
mod fit;
mod link;
mod logging;
mod manual;
mod seconds;
mod serve;
mod settings;
mod tls;
mod web;

/// What the user wants, checked.
#[derive(Debug)]
pub(crate) enum Request {
    /// Run a server.
    Serve(Box<ServeOptions>),
    /// Run a client.
    Connect(ConnectOptions),
    /// Say what the command line is, in another form.
    Explain(Manual),
}

/// Understands a command line; options that it lacks are taken from the environment, and then from
/// the configuration file that it names. `passed` are places where a server listens already, in the
/// words of `--listen`.
///
/// The error is to be printed: it is a usage error, which says what to do, or a text that was
/// asked for, such as the help.
pub(crate) fn parse(
    program: &'static str,
    version: &'static str,
    args: impl IntoIterator<Item = OsString>,
    passed: impl Iterator<Item = String>,
) -> Result<Request, clap::Error> {
    let mut args: Vec<_> = args.into_iter().collect();
    if args.get(1).is_some_and(|verb| verb == "serve") {
        let passed = passed.map(|entrance| format!("--passed={entrance}").into());
        args.splice(2..2, passed);
    }
    let mut command = command(program, version);
    let mut matches = matches(&mut command, &args)?;
    let verb = chosen(&matches).0.to_owned();
    let file = config_file(&command, chosen(&matches))?;
    if let Some(file) = &file {
        // Afresh: one that has parsed something has places for its options that do not change.
        command = self::command(program, version);
        command = command.mut_subcommand(&verb, |verb| file.give_defaults(verb));
        matches = matches_with_file(&mut command, &args, file)?;
    }
    let file = file.as_ref();
    let misfits = fit::misfits_of_environment(Choices {
        matches: chosen(&matches).1,
        file,
    });
    if !misfits.is_empty() {
        command = self::command(program, version);
        command = command.mut_subcommand(&verb, |verb| {
            let verb = environment::ignore(verb, &misfits);
            file.map_or(verb.clone(), |file| file.give_defaults(verb))
        });
        matches = self::matches(&mut command, &args)?;
    }
    let choices = Choices {
        matches: chosen(&matches).1,
        file,
    };
    let checked = match CommandLine::from_arg_matches(&matches)?.verb {
        Verb::Serve(args) => args.check(choices).map(|mut options| {
            options.ignored = misfits.iter().copied().map(environment::variable).collect();
            // In the order of the help, whatever the file has in it.
            let ordered = self::command(program, version);
            let verb = ordered.find_subcommand(&verb).expect("clap just found it");
            options.settings = settings::settings(verb, choices, &options);
            options.build = Build { program, version };
            Request::Serve(Box::new(options))
        }),
        Verb::Connect(args) => args.check(choices).map(Request::Connect),
        Verb::Man(args) => Ok(Request::Explain(Manual::Pages(
            self::command(program, version).into(),
            args,
        ))),
        Verb::Completions(args) => Ok(Request::Explain(Manual::Completions(
            self::command(program, version).into(),
            args,
        ))),
        Verb::Version => {
            let asked = command.try_get_matches_from_mut([program, "--version"]);
            return Err(asked.expect_err("to show a text counts as an error"));
        }
    };
    checked.map_err(|misuse| {
        let verb = command.find_subcommand_mut(&verb);
        verb.expect("clap just found it")
            .error(misuse.kind, misuse.message)
    })
}

fn matches(command: &mut Command, args: &[OsString]) -> Result<ArgMatches, clap::Error> {
    let matches = command.try_get_matches_from_mut(args);
    matches.map_err(|error| environment::name_variable(error, command, args))
}

/// The file that a command line, or the environment, names.
fn config_file(
    command: &Command,
    (verb, matches): (&str, &ArgMatches),
) -> Result<Option<ConfigFile>, clap::Error> {
    let Ok(Some(path)) = matches.try_get_one::<PathBuf>("config") else {
        return Ok(None);
    };
    let verb = command.find_subcommand(verb).expect("clap just found it");
    let file = ConfigFile::read(path, verb);
    file.map(Some)
        .map_err(|error| clap::Error::raw(ErrorKind::InvalidValue, format!("{error}\n")))
}

/// The same with a file that some defaults are from. What is wrong with those is said in one line,
/// which names the place.
fn matches_with_file(
    command: &mut Command,
    args: &[OsString],
    file: &ConfigFile,
) -> Result<ArgMatches, clap::Error> {
    let matches = command.try_get_matches_from_mut(args);
    matches.map_err(|error| {
        let Some(words) = file.explain(&error) else {
            return environment::name_variable(error, command, args);
        };
        clap::Error::raw(error.kind(), format!("{words}\n"))
    })
}

/// The subcommand and what was given to it.
fn chosen(matches: &ArgMatches) -> (&str, &ArgMatches) {
    matches.subcommand().expect("clap insists on a subcommand")
}

/// A chat server and its client that speak several line protocols
#[derive(Parser)]
#[command(flatten_help = true, arg_required_else_help = true)]
struct CommandLine {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Serve(Box<serve::ServeArgs>),
    Connect(connect::ConnectArgs),
    Man(manual::ManArgs),
    Completions(manual::CompletionsArgs),
    /// What `--version` does
    #[command(hide = true)]
    Version,
}

/// The whole command line of one program.
fn command(program: &'static str, version: &'static str) -> Command {
    CommandLine::command()
        .name(program)
        .bin_name(program)
        .version(version)
        .after_help(ENVIRONMENT)
        .mut_subcommands(|verb| {
            verb.after_help(ENVIRONMENT)
                .mut_args(|arg| arg.hide_env(true))
                .mut_args(switch_with_value)
                .mut_args(negative_is_a_value)
                .mut_args(fit::name_dialects)
        })
}

/// Those dialects that have something in common.
fn dialect(is_one: fn(Dialect) -> bool) -> impl TypedValueParser<Value = Dialect> {
    let names = Dialect::all().filter(|&it| is_one(it)).map(|dialect| {
        let help = format!("{} (port {})", dialect.summary(), dialect.default_port());
        PossibleValue::new(dialect.name()).help(help)
    });
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

/// Lets a switch be written `--switch=false`, so that the command line can overrule an environment
/// that switches it on.
fn switch_with_value(arg: Arg) -> Arg {
    let is_long_switch =
        matches!(arg.get_action(), ArgAction::SetTrue) && arg.get_short().is_none();
    if !is_long_switch {
        return arg;
    }
    arg.action(ArgAction::Set)
        .num_args(0..=1)
        .require_equals(true)
        .default_value("false")
        .default_missing_value("true")
        .value_name("true|false")
        .hide_possible_values(true)
}

/// Has `--max-line -1` refused for its value, which says what to do, and not as an option `-1`.
fn negative_is_a_value(arg: Arg) -> Arg {
    let is_option = matches!(arg.get_action(), ArgAction::Set) && !arg.is_positional();
    arg.allow_negative_numbers(is_option)
}

/// Options that are fine one by one, but make no sense together.
#[derive(Debug, PartialEq)]
struct Misuse {
    kind: ErrorKind,
    message: String,
}

impl Misuse {
    fn conflict(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::ArgumentConflict,
            message: message.into(),
        }
    }
}

/// Once for all options, in place of a remark on each.
const ENVIRONMENT: &str = "\
Every option can also come from the environment: LINECHAT_MAX_LINE=4096 stands for --max-line 4096, \
LINECHAT_LISTEN takes a list with commas, LINECHAT_VERBOSE a number, a switch true or false. What \
the command line says wins, then the environment, then the file of --config. A variable that does not fit the dialect is ignored, with a warning from \
a server: it may be meant for another one.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command("linechat-test", "0").debug_assert();
    }

    #[test]
    fn every_option_has_its_name_in_the_environment() {
        let mut command = command("linechat-test", "0");
        command.build();
        let verbs = command.get_subcommands();
        let args = verbs.flat_map(Command::get_arguments);
        for arg in args.filter(|arg| !arg.is_positional() && !arg.is_hide_set()) {
            let long = arg.get_long().unwrap();
            if long == "help" {
                continue;
            }
            let expected = format!("LINECHAT_{}", long.to_uppercase().replace('-', "_"));
            assert_eq!(
                arg.get_env().and_then(|name| name.to_str()),
                Some(expected.as_str())
            );
        }
    }
}
