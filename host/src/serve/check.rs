//! A configuration, looked at before anybody is served.

use std::io::{self, Write};
use std::process::ExitCode;

use linechat_protocol::Server;

use super::failure::{Failure, USAGE};
use super::house::furnish;
use crate::certificate::Vault;
use crate::cli::ServeOptions;

/// Prints the settings that hold, each with where it comes from. 0 is the exit status if a server
/// could be made of them, as far as that can be known without one; otherwise 2, with the reason on
/// standard error.
pub(crate) fn check(options: ServeOptions) -> ExitCode {
    let mut output = io::stdout().lock();
    for setting in &options.settings {
        // Nobody is left to tell if this fails.
        let _ = write!(output, "{setting}");
    }
    let _ = output.flush();
    match try_build(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "error: {failure}");
            ExitCode::from(USAGE)
        }
    }
}

/// Reads all files, and makes a server that listens nowhere.
fn try_build(mut options: ServeOptions) -> Result<(), Failure> {
    options.read_files()?;
    let mut vault = Vault::default();
    let files = options.certificates().filter(|source| source.is_in_files());
    let certificates = vault.load(files, options.web.hosts())?;
    vault.hold(certificates);
    let mut server = Server::new(options.limits.clone())?;
    for furnished in furnish(options, &vault) {
        server.listen(furnished.listener)?;
    }
    Ok(())
}
