//! The configuration file: options of `serve` by their names, in TOML.

use std::error::Error as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command};
use thiserror::Error;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::tls::CertificateSource;
use crate::advice::on_reading;

/// What a configuration file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ConfigFile {
    path: PathBuf,
    entries: Vec<Entry>,
    /// The pair of each listener, in the order of the file.
    pairs: Vec<Option<CertificateSource>>,
}

/// One option.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    id: String,
    /// The first line is 1.
    line: usize,
    values: Vec<String>,
}

impl ConfigFile {
    /// Reads a file with options that `verb` has.
    ///
    /// # Errors
    ///
    /// It cannot be read, is no TOML, or has something in it that is no option.
    pub(super) fn read(path: &Path, verb: &Command) -> Result<Self, ConfigFileError> {
        let text = fs::read_to_string(path).map_err(|cause| ConfigFileError::Unreadable {
            path: path.to_owned(),
            cause,
        })?;
        Self::parse(path, &text, verb)
    }

    fn parse(path: &Path, text: &str, verb: &Command) -> Result<Self, ConfigFileError> {
        let wrong = |(at, what): (usize, String)| ConfigFileError::Wrong {
            path: path.to_owned(),
            line: line_at(text, at),
            what,
        };
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            wrong((at, error.message().replace('\n', ", ")))
        })?;
        let mut file = Self {
            path: path.to_owned(),
            ..Self::default()
        };
        let mut keys: Vec<_> = table.get_ref().iter().collect();
        keys.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in keys {
            let at = key.span().start;
            let arg = find(verb, key.get_ref()).map_err(|what| wrong((at, what)))?;
            let values = match key.get_ref().as_ref() {
                LISTEN => file.listeners(value).map_err(wrong)?,
                name => values(name, arg, value).map_err(wrong)?,
            };
            file.entries.push(Entry {
                id: arg.get_id().to_string(),
                line: line_at(text, at),
                values,
            });
        }
        Ok(file)
    }

    /// Where to listen: addresses, or tables with an address each and perhaps a pair.
    fn listeners(&mut self, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, Fault> {
        let listeners = match value.get_ref() {
            DeValue::Array(listeners) => listeners.iter().collect(),
            _ => vec![value],
        };
        let mut addresses = Vec::new();
        for listener in listeners {
            let at = listener.span().start;
            let (address, pair) = match listener.get_ref() {
                DeValue::Table(table) => table_of_listener(at, table)?,
                _ => (scalar(LISTEN, listener)?, None),
            };
            if address.contains(',') {
                let advice = "give each address an item of its own".to_owned();
                return Err((at, advice));
            }
            addresses.push(address);
            self.pairs.push(pair);
        }
        Ok(addresses)
    }

    /// Has the options that are in the file default to what it says.
    pub(super) fn give_defaults(&self, verb: Command) -> Command {
        let entries = self.entries.iter();
        entries.fold(verb, |verb, entry| {
            let values = entry.values.clone();
            verb.mut_arg(&entry.id, |arg| arg.default_values(values))
        })
    }

    /// What is wrong with a value, if it is this file's.
    pub(super) fn explain(&self, error: &clap::Error) -> Option<String> {
        let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else {
            return None;
        };
        let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) else {
            return None;
        };
        let shown = shown.trim_start_matches("--");
        let name = shown.split([' ', '=', '[', '.']).next().unwrap_or(shown);
        let entry = self.entry(&name.replace('-', "_"))?;
        if !entry.values.contains(value) {
            return None;
        }
        let expected = match (error.source(), error.get(ContextKind::ValidValue)) {
            (Some(source), _) => source.to_string(),
            (None, Some(ContextValue::Strings(values))) => {
                format!("expected one of {}", values.join(", "))
            }
            (None, _) => "expected another one".to_owned(),
        };
        let place = self.place(&entry.id)?;
        let value = value.escape_debug();
        Some(format!(
            "{place}: '{value}' is no value of '{name}': {expected}"
        ))
    }

    /// Whether an option is in the file.
    pub(super) fn has(&self, id: &str) -> bool {
        self.entry(id).is_some()
    }

    /// `chat.toml, line 7`, for an option that is in the file.
    pub(super) fn place(&self, id: &str) -> Option<String> {
        let line = self.entry(id)?.line;
        Some(format!("{}, line {line}", self.path.display()))
    }

    /// The pairs of the listeners, in the order of the file.
    pub(super) fn pairs(&self) -> &[Option<CertificateSource>] {
        &self.pairs
    }

    fn entry(&self, id: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == id)
    }
}

/// Why a configuration file is of no use, in one line.
#[derive(Debug, Error)]
pub(super) enum ConfigFileError {
    /// It cannot be read.
    #[error("cannot read the configuration '{}': {cause}{}", path.display(), on_reading(cause))]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Something in it is wrong.
    #[error("{}, line {line}: {what}", path.display())]
    Wrong {
        /// Which file.
        path: PathBuf,
        /// Where in it; the first line is 1.
        line: usize,
        /// What is wrong, and what to do.
        what: String,
    },
}

/// Where something is wrong, in bytes from the beginning, and what.
type Fault = (usize, String);

/// The option that a key stands for.
fn find<'c>(verb: &'c Command, key: &str) -> Result<&'c Arg, String> {
    let mut args = verb.get_arguments().filter(|arg| is_for_files(arg));
    if let Some(arg) = args.find(|arg| name(arg) == key) {
        return Ok(arg);
    }
    let close = key.replace('_', "-").to_ascii_lowercase();
    let mut args = verb.get_arguments().filter(|arg| is_for_files(arg));
    let advice = match args.find(|arg| name(arg) == close.trim_end_matches('s')) {
        Some(arg) => format!("write '{}'", name(arg)),
        None => "the keys are the options of 'serve', without '--'".to_owned(),
    };
    Err(format!("unknown key '{}': {advice}", key.escape_debug()))
}

/// What an option is called in a file.
pub(super) fn name(arg: &Arg) -> &str {
    arg.get_long().unwrap_or(arg.get_id().as_str())
}

/// Whether an option can be in a file.
pub(super) fn is_for_files(arg: &Arg) -> bool {
    !arg.is_hide_set() && !NOT_IN_FILES.contains(&arg.get_id().as_str())
}

/// The values of an option that has no tables.
fn values(name: &str, arg: &Arg, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, Fault> {
    let DeValue::Array(items) = value.get_ref() else {
        return Ok(vec![scalar(name, value)?]);
    };
    if !takes_several(arg) {
        let what = format!("'{name}' takes one value, not a list");
        return Err((value.span().start, what));
    }
    items.iter().map(|item| scalar(name, item)).collect()
}

/// Whether an option may be given more than once.
pub(super) fn takes_several(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

/// One value as it would be written on the command line.
fn scalar(name: &str, value: &Spanned<DeValue<'_>>) -> Result<String, Fault> {
    Ok(match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().replace('_', ""),
        DeValue::Float(number) => number.as_str().replace('_', ""),
        DeValue::Boolean(is_on) => is_on.to_string(),
        other => {
            let kind = other.type_str();
            let what = format!("'{name}' takes text, a number, true or false, and this is: {kind}");
            return Err((value.span().start, what));
        }
    })
}

/// One of `[[listen]]`.
fn table_of_listener(
    at: usize,
    table: &DeTable<'_>,
) -> Result<(String, Option<CertificateSource>), Fault> {
    let (mut address, mut certificate, mut key) = (None, None, None);
    for (name, value) in table {
        let known = match name.get_ref().as_ref() {
            "address" => &mut address,
            "cert" => &mut certificate,
            "key" => &mut key,
            other => {
                let shown = other.escape_debug();
                let what = format!(
                    "unknown key '{shown}': a listener has 'address' and, for TLS, 'cert' and 'key'"
                );
                return Err((name.span().start, what));
            }
        };
        *known = Some(scalar(name.get_ref(), value)?);
    }
    let lacks = |what: &str| (at, format!("this listener lacks its '{what}'"));
    let address = address.ok_or_else(|| lacks("address"))?;
    let pair = match (certificate, key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some(CertificateSource::Files {
            certificate: certificate.into(),
            key: key.into(),
        }),
        (Some(_), None) => return Err(lacks("key")),
        (None, Some(_)) => return Err(lacks("cert")),
    };
    Ok((address, pair))
}

/// The line of a place in a text; the first is 1.
fn line_at(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or(text);
    before.bytes().filter(|byte| *byte == b'\n').count() + 1
}

const LISTEN: &str = "listen";

/// They say where the others come from, or what to do.
const NOT_IN_FILES: [&str; 3] = ["config", "check_config", "help"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_given_by_their_names_with_the_lines_that_they_stand_in() {
        let file =
            read("# chat\nmax-line = 4_096\n\nnetwork = \"Example\"\nstdio = true\n").unwrap();
        assert_eq!(file.place("max_line").unwrap(), "chat.toml, line 2");
        let said: Vec<_> = file.entries.iter().map(|it| it.values.concat()).collect();
        assert_eq!(said, ["4096", "Example", "true"]);
        assert!(!file.has("grace"));
    }

    #[test]
    fn listeners_are_addresses_or_tables_with_a_pair_of_their_own() {
        let file = read(
            "[[listen]]\naddress = 'rooms://[::]:1'\n\n[[listen]]\naddress = 'ircs://[::]:2'\n\
             cert = 'a.pem'\nkey = 'b.pem'\n",
        )
        .unwrap();
        assert_eq!(
            file.entry("listen").unwrap().values,
            ["rooms://[::]:1", "ircs://[::]:2"]
        );
        let pair = CertificateSource::Files {
            certificate: "a.pem".into(),
            key: "b.pem".into(),
        };
        assert_eq!(file.pairs(), [None, Some(pair)]);
        let list = read("listen = ['[::]:1', '[::]:2']").unwrap();
        assert_eq!(list.pairs(), [None, None]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, words) in [
            (
                "grace = 1\nfrobnicate = 1",
                "line 2: unknown key 'frobnicate'",
            ),
            (
                "max_line = 1",
                "line 1: unknown key 'max_line': write 'max-line'",
            ),
            ("dialects = 'rooms'", "write 'dialect'"),
            ("config = 'x'", "unknown key 'config'"),
            ("\n\nmax-line", "line 3: "),
            ("max-line = [1]", "'max-line' takes one value"),
            ("motd-file = 2026-01-01", "takes text, a number"),
            ("[limits]\nmax-line = 1", "unknown key 'limits'"),
            ("[[listen]]\nadress = 'x'", "line 2: unknown key 'adress'"),
            (
                "[[listen]]\ncert = 'x'",
                "line 1: this listener lacks its 'address'",
            ),
            ("[[listen]]\naddress = 'x'\ncert = 'y'", "lacks its 'key'"),
            ("listen = ['a:1,b:2']", "an item of its own"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.starts_with("chat.toml, line "), "{error}");
            assert!(error.contains(words), "{text}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    fn read(text: &str) -> Result<ConfigFile, ConfigFileError> {
        let command = crate::cli::command("linechat-test", "0");
        let verb = command.find_subcommand("serve").unwrap();
        ConfigFile::parse(Path::new("chat.toml"), text, verb)
    }
}
