//! What a browser is to keep a page from.

use super::authority::Authority;

/// The content security policy of a response: everything comes from here, and nothing from
/// anywhere else. `authority` is who the peer knows this server as.
///
/// Safari up to version 15 does not count WebSocket as `'self'`: it is named beside it.
pub(crate) fn policy(authority: Option<&Authority>) -> String {
    let sockets = authority.map_or(String::new(), |name| format!(" ws://{name} wss://{name}"));
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; \
         connect-src 'self'{sockets}; img-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
