//! What a server wants from its adapter.

use crate::close::CloseReason;
use crate::engine::connection::ConnId;

/// Something for the adapter to do. Comes from [`Server::poll`](crate::Server::poll).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Write what [`transmit`](crate::Server::transmit) shows, in one write. Said once for all
    /// that was queued since the last time.
    ///
    /// What the transport does not take at once stays the adapter's to write as soon as the
    /// transport takes more; it is not said again.
    Transmit(ConnId),
    /// Stop reading from this connection; what it sent already is more than may be taken now. A
    /// read that is under way may still be handed in.
    PauseReading(ConnId),
    /// Read from this connection again.
    ResumeReading(ConnId),
    /// End the sending half of this connection, and go on reading: everything that will ever be
    /// sent to it has been written, and it may wait for more. Said at most once for each.
    EndSending(ConnId),
    /// Close this connection: everything that will ever be sent to it has been written. Said
    /// exactly once for each connection, unless it is released before, and nothing else is said
    /// of it afterwards.
    ///
    /// End the sending half, read and drop what still comes, for a short time or until the peer
    /// ends its half, then close. A socket that is closed with unread input is reset by the
    /// operating system, and the peer can lose what it was last sent. At last,
    /// [`release`](crate::Server::release) the connection.
    Close(ConnId, CloseReason),
    /// Connect to [`dial_target`](crate::Server::dial_target), and then call
    /// [`accept_link`](crate::Server::accept_link), or else
    /// [`dial_failed`](crate::Server::dial_failed). Said only by a server that
    /// [is linked](crate::Server::link), once for each try.
    Dial(LinkId),
}

/// The link of a [`Server`](crate::Server). Comes with [`Action::Dial`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub(crate) ());
