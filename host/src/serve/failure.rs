//! Why a server ends before it was told to.

use std::io;
use std::process::ExitCode;

use linechat_layers::tls::CertificateError;
use linechat_protocol::ConfigError;
use thiserror::Error;

use crate::cli::FileError;
use crate::link::LinkError;
use crate::listen::ListenError;
use crate::systemd::PassedError;

/// Why a program failed, in one line.
#[derive(Debug, Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Passed(#[from] PassedError),
    #[error("cannot wait for signals: {0}")]
    Signals(io::Error),
    #[error("cannot attach standard input and output: {0}")]
    Console(io::Error),
    #[error("cannot go on serving: {0}")]
    Serve(io::Error),
}

impl Failure {
    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) => ExitCode::from(USAGE),
            _ => ExitCode::FAILURE,
        }
    }
}

/// The exit status for what the user has to mend. It is clap's, too.
pub(super) const USAGE: u8 = 2;
