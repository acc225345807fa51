//! How far the input of a connection is.

/// Whether more can come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    #[default]
    Open,
    /// The peer ended its sending half, or nothing that it sends counts any more; what it sent
    /// before is still to be taken.
    Received,
    /// The stream was cut off: what came last is not known to be whole.
    CutOff,
    /// And the dialect knows.
    Told,
}
