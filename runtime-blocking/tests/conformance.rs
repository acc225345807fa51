//! Holds the `linechat-blocking` program to the protocols, over real sockets.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    linechat_conformance::main(Path::new(env!("CARGO_BIN_EXE_linechat-blocking")))
}
