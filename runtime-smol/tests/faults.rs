//! Lets peers do their worst to the `linechat-smol` program, one case at a time.

use std::path::Path;
use std::process::ExitCode;

use linechat_conformance::Suite;

fn main() -> ExitCode {
    Suite::Faults.main(Path::new(env!("CARGO_BIN_EXE_linechat-smol")))
}
