//! Options that the environment gives.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command, Error};

/// The variable that stands for the option `id`.
pub(super) fn variable(id: &str) -> String {
    format!("LINECHAT_{}", id.to_uppercase())
}

/// Has an error about a value name the variable that it comes from, if it comes from one.
pub(super) fn name_variable(mut error: Error, command: &Command, args: &[OsString]) -> Error {
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let is_about = |option: &&Arg| option.get_long() == option_name(shown);
    let is_given = args
        .iter()
        .any(|arg| arg.to_str().and_then(option_name) == option_name(shown));
    let options = command.get_subcommands().flat_map(Command::get_arguments);
    let variable = options
        .filter(is_about)
        .find_map(|option| option.get_env()?.to_str())
        .filter(|_| !is_given);
    if let Some(variable) = variable {
        let named = format!("{variable}, which stands for {shown}");
        error.insert(ContextKind::InvalidArg, ContextValue::String(named));
    }
    error
}

/// The name in `--max-line=5`, or in `--max-line <BYTES>`, as errors have it.
fn option_name(text: &str) -> Option<&str> {
    text.strip_prefix("--")?
        .split(|c: char| c != '-' && !c.is_ascii_lowercase())
        .next()
}

/// Has some options take nothing from the environment.
pub(super) fn ignore(verb: Command, options: &[&'static str]) -> Command {
    options.iter().fold(verb, |verb, id| {
        verb.mut_arg(id, |arg| arg.env(None::<&str>))
    })
}
