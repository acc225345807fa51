//! What was chosen, and where.

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::config::ConfigFile;
use super::environment;
use super::settings::DEFAULT;

/// What the user has chosen: what clap has found, and the file that some of the defaults are from.
#[derive(Clone, Copy)]
pub(super) struct Choices<'a> {
    pub(super) matches: &'a ArgMatches,
    pub(super) file: Option<&'a ConfigFile>,
}

impl Choices<'_> {
    /// Where the option `id` has its value from.
    pub(super) fn option(self, id: &str) -> Given {
        match self.matches.value_source(id) {
            Some(ValueSource::CommandLine) => Given::CommandLine,
            Some(ValueSource::EnvVariable) => Given::Environment,
            _ if self.file.is_some_and(|file| file.has(id)) => Given::File,
            _ => Given::No,
        }
    }

    /// The same for a switch, which is only given if it is on.
    pub(super) fn switch(self, id: &str) -> Given {
        if self.matches.get_flag(id) {
            self.option(id)
        } else {
            Given::No
        }
    }

    /// `'--max-line'`, or how else the one who gave it knows the option.
    pub(super) fn shown(self, id: &str) -> String {
        let long = id.replace('_', "-");
        match self.option(id) {
            Given::File => format!("'{long}' ({})", self.source(id)),
            _ => format!("'--{long}'"),
        }
    }

    /// Where the option `id` has its value from, in words.
    pub(super) fn source(self, id: &str) -> String {
        let place = || self.file.and_then(|file| file.place(id));
        match self.option(id) {
            Given::CommandLine => "command line".into(),
            Given::Environment => environment::variable(id),
            Given::File => place().unwrap_or_default(),
            Given::No => DEFAULT.into(),
        }
    }
}

/// Whether an option was given, and where. The greater one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Given {
    No,
    File,
    Environment,
    CommandLine,
}

impl Given {
    /// Whether this one counts and not `other`, which excludes it; `None` if neither wins.
    pub(super) fn beats(self, other: Self) -> Option<bool> {
        (self != other || self == Self::No).then_some(self > other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_that_exclude_each_other_the_command_line_wins() {
        assert_eq!(Given::CommandLine.beats(Given::Environment), Some(true));
        assert_eq!(Given::Environment.beats(Given::CommandLine), Some(false));
        assert_eq!(Given::Environment.beats(Given::File), Some(true));
        assert_eq!(Given::No.beats(Given::No), Some(false));
        assert_eq!(Given::File.beats(Given::File), None);
        assert_eq!(Given::Environment.beats(Given::Environment), None);
        assert_eq!(Given::CommandLine.beats(Given::CommandLine), None);
    }
}
