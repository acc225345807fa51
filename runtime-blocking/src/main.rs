//! The `linechat-blocking` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    share_one_heap();
    linechat_host::main(
        env!("CARGO_BIN_NAME"),
        env!("CARGO_PKG_VERSION"),
        linechat_blocking::run,
    )
}

/// Has all threads allocate from one heap.
///
/// By default glibc gives the first threads a heap each, up to eight for each processor, and every
/// one of them keeps about as much as its threads ever had at a time.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(
    unsafe_code,
    reason = "the only way to tell glibc, but for an environment variable"
)]
fn share_one_heap() {
    // SAFETY: there is no other thread yet, and nothing depends on the outcome.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn share_one_heap() {}
