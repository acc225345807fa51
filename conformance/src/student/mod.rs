//! Programs as students would write them from the documents, for ours to talk with.

mod pair;
mod rooms;

pub(crate) use self::pair::{Desk, NEWLINE, NO_ENDING};
pub(crate) use self::rooms::chat_server;
