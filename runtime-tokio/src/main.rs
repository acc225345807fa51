//! The `linechat-tokio` program.

fn main() {}
