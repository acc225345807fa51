//! A web page, and the WebSocket that it talks through.
//!
//! A [`Site`] says what there is to be got, and by whom. A [`WebSession`] is one connection to it:
//! its first request gets a page, and ends it; or it asks for `/ws`, and from then on each message
//! of WebSocket is a line of the dialect, in both directions.

mod session;
mod site;

pub use crate::http::{Made, Origin, OriginError, Page, Scheme, Status};
pub use session::WebSession;
pub use site::{Hosts, Site};
