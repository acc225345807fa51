//! What all accepted connections have in common.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use linechat_protocol::{CloseReason, ConnId, Instant, Server};
use socket2::{SockRef, TcpKeepalive};
use tracing::{debug, info};

/// How long an adapter goes on reading, and dropping what it reads, after it has ended its sending
/// half.
///
/// Closing a socket with unread input resets the connection, and a reset makes the peer lose the
/// last bytes that were sent to it. A peer that is still there ends its own half within a round
/// trip; for one that is not, this is how long its descriptor is kept.
pub const LINGER: Duration = Duration::from_secs(1);

/// Until when an adapter goes on reading from a connection that is closed now: for [`LINGER`], but
/// not past the time by which a server that shuts down has promised to be gone.
pub fn linger_until(server: &Server, now: Instant) -> Instant {
    let until = now + LINGER;
    server
        .shut_down_deadline()
        .map_or(until, |deadline| deadline.min(until))
}

/// Whether a connection was closed as soon as it was made. Nothing was sent to it that could be lost,
/// so an adapter closes it at once: those who come again and again must not keep others' places.
pub fn was_refused(reason: CloseReason) -> bool {
    matches!(
        reason,
        CloseReason::TooManyFromAddress | CloseReason::NotAccepting
    )
}

/// How much of what still comes an adapter reads in that time, in bytes. Whoever sends more does
/// not end, and is cut off.
pub const LINGER_BYTES: usize = 16 << 20;

/// Prepares a socket that connects, or a listening one for all that it accepts: what is written is
/// sent at once, and a peer that vanished without a word is noticed after about two minutes.
///
/// A socket that is accepted has the options of its listener. To set them once saves seven system
/// calls for each connection, and leaves no time in which a peer is served without them.
pub fn prepare(socket: &impl AsFd) {
    if let Err(error) = try_prepare(&SockRef::from(socket)) {
        debug!(%error, "cannot set the options of a socket");
    }
}

fn try_prepare(socket: &SockRef<'_>) -> io::Result<()> {
    socket.set_tcp_nodelay(true)?;
    // What telnet sends as urgent data belongs where it stands in the stream.
    socket.set_out_of_band_inline(true)?;
    #[cfg(any(target_os = "android", target_os = "linux"))]
    socket.set_tcp_notsent_lowat(MAX_UNSENT)?;
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(60))
        .with_interval(Duration::from_secs(15))
        .with_retries(4);
    socket.set_tcp_keepalive(&keepalive)
}

/// How much of what was written the system may hold unsent, in bytes.
///
/// By default it takes some megabytes, and then says that there is room again only when a good part
/// of them has gone: a peer that reads 30 kB a second would seem to take nothing for half a minute.
#[cfg(any(target_os = "android", target_os = "linux"))]
const MAX_UNSENT: u32 = 1 << 17;

/// Logs why the transport of a connection failed. The core, which is told so, too, knows nothing of
/// causes.
pub fn transport_failed(conn: ConnId, error: &io::Error) {
    info!(%conn, "connection failed: {error}");
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn an_accepted_socket_sends_at_once_and_keeps_alive() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        prepare(&listener);
        let _peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (socket, _) = listener.accept().unwrap();
        let options = SockRef::from(&socket);
        assert!(options.tcp_nodelay().unwrap());
        assert!(options.keepalive().unwrap());
        assert_eq!(options.tcp_keepalive_time().unwrap().as_secs(), 60);
        assert!(options.out_of_band_inline().unwrap());
        #[cfg(any(target_os = "android", target_os = "linux"))]
        assert_eq!(options.tcp_notsent_lowat().unwrap(), MAX_UNSENT);
    }
}
