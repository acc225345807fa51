//! From HTTP to WebSocket.

use bytes::{BufMut, BytesMut};
use tungstenite::handshake::derive_accept_key;

use super::Kind;
use crate::http::{Refusal, Request, Status};

/// Answers a request that asks for WebSocket, and says what its messages are: the first of the
/// client's subprotocols that is known here decides, or text.
pub(crate) fn upgrade(request: &Request<'_>, wire: &mut BytesMut) -> Result<Kind, Refusal> {
    let asks = request.has_entry("Upgrade", "websocket")
        && request.has_entry("Connection", "upgrade")
        && request.is_current
        && !request.is_head();
    if !asks {
        return Err(upgrade_required("this is for WebSocket (RFC 6455)"));
    }
    if request.sole("Sec-WebSocket-Version")? != Some(b"13") {
        return Err(upgrade_required("this is for WebSocket of version 13"));
    }
    let key = request.sole("Sec-WebSocket-Key")?.unwrap_or_default();
    if !is_key(key) {
        return Err(Refusal::bad("Sec-WebSocket-Key is not 16 bytes as base 64"));
    }
    let agreed = request
        .entries("Sec-WebSocket-Protocol")
        .find_map(|wanted| {
            SUBPROTOCOLS
                .into_iter()
                .find(|(name, _)| name.as_bytes() == wanted)
        });
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\
         {}\r\n",
        derive_accept_key(key),
        agreed.map_or(String::new(), |(name, _)| format!(
            "Sec-WebSocket-Protocol: {name}\r\n"
        ))
    );
    wire.put_slice(response.as_bytes());
    Ok(agreed.map_or(Kind::Text, |(_, kind)| kind))
}

fn upgrade_required(reason: &str) -> Refusal {
    Refusal::new(Status::UPGRADE_REQUIRED, reason)
        .with_headers("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n")
}

/// Sixteen bytes are 22 digits, and two signs to fill up.
fn is_key(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    key.strip_suffix(b"==")
        .is_some_and(|digits| digits.len() == 22 && digits.iter().all(is_digit))
}

const SUBPROTOCOLS: [(&str, Kind); 2] = [
    ("text.ircv3.net", Kind::Text),
    ("binary.ircv3.net", Kind::Binary),
];
