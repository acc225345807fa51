# The recipes of CONTRIBUTING.md. `just --list` shows them.

# Everything that a change has to pass
ci:
    .ci/run

# All tests, those over real sockets among them
test:
    cargo test --workspace --locked

# The core alone
core:
    cargo test -p linechat-protocol --locked

# Format and lint
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings

# Everything that is installed: manual pages, completions, the package for Debian, the image
packages:
    packaging/build

# What is published: packaged, built from the archives, held against the latest release and deny.toml
publishable:
    .ci/package
    .ci/compatibility
    .ci/dependencies

# The oldest Rust and dependencies, each part of the core alone, and other systems
portable:
    .ci/minimum-rust
    .ci/features
    .ci/other-systems

# One suite over real sockets, for one program and the cases with these words in their names
conformance program="tokio" words="":
    cargo test -p linechat-{{program}} --locked --test conformance {{words}}

# Fuzz one target for a minute
fuzz target seconds="60":
    cargo +nightly fuzz run {{target}} -- -max_total_time={{seconds}}

# Chats in virtual time that nobody has run before
simulate seeds="1000":
    SIMULATION_SEEDS=fresh:{{seeds}} cargo test --release -p linechat-protocol --test simulation

# Measure, beside Redis, NATS and an IRC server where they are installed
bench:
    bench/run
