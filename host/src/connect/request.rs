//! Requests that are not sent.

use linechat_protocol::RequestError;

use super::talk::Entered;

/// What becomes of a line that was a request. `name` says what a user's name is.
pub(super) fn told(asked: Result<(), RequestError>, name: &str) -> Entered {
    match asked {
        Ok(()) => Entered::GoOn,
        Err(error) => Entered::Hint(format!("not sent: {}", reason(error, name))),
    }
}

/// Why a request is not sent, with what would be right.
pub(super) fn reason(error: RequestError, name: &str) -> String {
    match error {
        RequestError::BadName => format!("a name is {name}"),
        RequestError::BadRoomName => {
            "a room's name is 1 to 32 of ASCII letters, digits, - and _".to_owned()
        }
        other => other.to_string(),
    }
}
