//! The options about logging.

use clap::{ArgAction, Args, ValueEnum};
use tracing::level_filters::LevelFilter;

use super::Misuse;
use super::choices::{Choices, Given};

/// What to log, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LogOptions {
    pub(crate) level: LevelFilter,
    pub(crate) format: LogFormat,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Logging (to standard error)")]
pub(super) struct LogArgs {
    /// How log lines look
    #[arg(long, env = "LINECHAT_LOG_FORMAT")]
    #[arg(value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,

    /// Log more: each step of a connection with -v, everything with -vv
    #[arg(short, long, env = "LINECHAT_VERBOSE")]
    #[arg(action = ArgAction::Count)]
    verbose: u8,

    /// Log warnings and errors only, besides the addresses that are listened on
    #[arg(short, long, env = "LINECHAT_QUIET")]
    quiet: bool,
}

impl LogArgs {
    pub(super) fn check(&self, choices: Choices<'_>) -> Result<LogOptions, Misuse> {
        let verbose = match self.verbose {
            0 => Given::No,
            _ => choices.option("verbose"),
        };
        let quiet = choices.switch("quiet").beats(verbose).ok_or_else(|| {
            Misuse::conflict("'--quiet' and '--verbose' exclude each other: give one of them")
        })?;
        let level = match (quiet, self.verbose) {
            (true, _) => LevelFilter::WARN,
            (false, 0) => LevelFilter::INFO,
            (false, 1) => LevelFilter::DEBUG,
            (false, _) => LevelFilter::TRACE,
        };
        Ok(LogOptions {
            level,
            format: self.log_format,
        })
    }
}
