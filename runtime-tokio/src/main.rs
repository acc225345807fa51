//! The `linechat-tokio` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    linechat_host::main(
        env!("CARGO_BIN_NAME"),
        env!("CARGO_PKG_VERSION"),
        linechat_tokio::run,
    )
}
