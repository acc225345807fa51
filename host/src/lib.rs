//! What the linechat runtimes share around the core: command line, logging, listeners, console.
