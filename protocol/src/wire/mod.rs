//! Between bytes and lines, whatever is said in them.

pub(crate) mod end;
pub(crate) mod http;
pub(crate) mod lines;
pub(crate) mod pause;
pub(crate) mod telnet;
pub(crate) mod text;
