//! Whom a proxy speaks for.

use std::net::{IpAddr, SocketAddr};

use linechat_protocol::Peer;

use super::request::Request;

/// Whom the proxy `transport` speaks for, as the last entry of `X-Forwarded-For` has it: those
/// before it are what the peer says of itself. Their port is the proxy's, which tells two
/// connections of one peer apart.
pub(crate) fn forwarded_peer(
    request: &Request<'_>,
    transport: Peer,
    proxies: &[IpAddr],
) -> Option<Peer> {
    let Peer::Socket(proxy) = transport else {
        return None;
    };
    if !proxies.contains(&proxy.ip()) {
        return None;
    }
    let last = request.entries("X-Forwarded-For").last()?;
    let address = parse_address(std::str::from_utf8(last).ok()?)?;
    Some(Peer::from(SocketAddr::new(address, proxy.port())))
}

/// An address, perhaps with a port, or in brackets.
fn parse_address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse().ok();
    address.or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_every_form_that_proxies_write() {
        for (text, expected) in [
            ("192.0.2.7", Some("192.0.2.7")),
            ("192.0.2.7:1234", Some("192.0.2.7")),
            ("2001:db8::7", Some("2001:db8::7")),
            ("[2001:db8::7]", Some("2001:db8::7")),
            ("[2001:db8::7]:1234", Some("2001:db8::7")),
            ("unknown", None),
            ("192.0.2.256", None),
            ("", None),
        ] {
            let expected = expected.map(|text| text.parse::<IpAddr>().unwrap());
            assert_eq!(parse_address(text), expected, "{text}");
        }
    }
}
