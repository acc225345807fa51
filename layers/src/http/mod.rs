//! HTTP/1.1, as far as one request for each connection needs it. Stricter than a browser would
//! notice: what two programs could read in two ways is refused.

mod authority;
mod forwarded;
mod head;
mod origin;
mod page;
mod refusal;
mod request;
mod response;
mod security;

pub(crate) use authority::Authority;
pub(crate) use forwarded::forwarded_peer;
pub(crate) use head::HeadReader;
pub use origin::{Origin, OriginError, Scheme};
pub use page::{Made, Page};
pub(crate) use refusal::{Refusal, quoted};
pub(crate) use request::Request;
pub use response::Status;
