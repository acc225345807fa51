//! Holds the `linechat-tokio` program to the protocols, over real sockets.

use std::path::Path;
use std::process::ExitCode;

use linechat_conformance::Suite;

fn main() -> ExitCode {
    Suite::Protocols.main(Path::new(env!("CARGO_BIN_EXE_linechat-tokio")))
}
