//! The `linechat-tokio` program.

use std::process::ExitCode;

/// Each connection takes two blocks that tokio wants at multiples of 128 bytes, and glibc's malloc
/// cannot give those away without some 140 bytes of waste for each.
#[cfg(all(feature = "mimalloc", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    linechat_host::main(
        env!("CARGO_BIN_NAME"),
        env!("CARGO_PKG_VERSION"),
        linechat_tokio::run,
    )
}
