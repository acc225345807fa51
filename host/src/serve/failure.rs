//! Why a server ends before it was told to.

use std::io;
use std::process::ExitCode;

use linechat_layers::tls::CertificateError;
use linechat_protocol::ConfigError;
use thiserror::Error;

use crate::advice::{on_descriptors, on_reading};
use crate::cli::FileError;
use crate::link::LinkError;
use crate::listen::ListenError;
use crate::systemd::PassedError;

/// Why a program failed, in one line.
#[derive(Debug, Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{0}{advice}", advice = on_certificate(.0))]
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
    #[error(
        "{0} open files are allowed, which is not enough to serve anybody: allow more with \
         'ulimit -n', or LimitNOFILE= of systemd"
    )]
    FewDescriptors(u64),
    #[error("cannot wait for signals: {0}{advice}", advice = on_descriptors(.0))]
    Signals(io::Error),
    #[error("cannot attach standard input and output: {0}{advice}", advice = on_descriptors(.0))]
    Console(io::Error),
    #[error("cannot go on serving: {0}{advice}", advice = on_descriptors(.0))]
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

/// What to do when the files of a certificate cannot be used.
fn on_certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Unreadable { cause, .. } => on_reading(cause),
        CertificateError::NoPair { .. } => "; give the key that the certificate was made with",
        _ => "",
    }
}

/// The exit status for what the user has to mend. It is clap's, too.
pub(super) const USAGE: u8 = 2;
