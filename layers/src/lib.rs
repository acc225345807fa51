//! What linechat speaks below its dialects, as [`Layer`](linechat_protocol::Layer)s of the core:
//! TLS, HTTP and WebSocket.
//!
//! A layer turns bytes into bytes. Nothing here opens a socket, starts a thread or waits: who has
//! the socket hands in what came and sends what is to be sent, as with the core itself. Files are
//! read where a certificate is loaded, and nowhere else.
//!
//! - [`tls`]: encryption for servers and for clients, with rustls.
//! - [`web`]: the first request of a connection, which gets a page, or makes the connection one of
//!   WebSocket: a line for each message.
//! - [`Stacked`]: one layer inside another, as WebSocket inside TLS.
//!
//! # Features
//!
//! - `ring` (default): cryptography by ring.
//! - `aws-lc`: cryptography by AWS-LC. With it on, `ring` is not used, and need not be built.

#[cfg(not(any(feature = "ring", feature = "aws-lc")))]
compile_error!("linechat-layers needs one of its features `ring` and `aws-lc`");

mod http;
mod stacked;
pub mod tls;
pub mod web;
mod websocket;

pub use crate::stacked::Stacked;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
