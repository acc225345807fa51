//! Layers as the laws see them: they hold through any.

use std::any::Any;
use std::fmt::Debug;

use linechat_protocol::LayerFactory;

/// A layer under test, and what its peers have to know of it.
pub trait Tunnel: Debug + Send + Sync {
    /// What makes the server's side.
    fn factory(&self) -> LayerFactory;

    /// The peer's side of one more connection.
    fn peer(&self) -> Box<dyn TunnelPeer>;

    /// Whether it carries nothing any more once its peer broke the protocol.
    fn breaks_for_good(&self) -> bool;
}

/// The peer's side of one connection. Panics when the server's does not keep to the protocol.
pub trait TunnelPeer: Any + Debug {
    /// What opens the layer; nothing if it needs no opening.
    fn opening(&mut self) -> Vec<u8>;

    /// What carries these bytes.
    fn seal(&mut self, plain: &[u8]) -> Vec<u8>;

    /// That nothing more comes.
    fn goodbye(&mut self) -> Vec<u8>;

    /// What no peer may send.
    fn nonsense(&mut self) -> Vec<u8>;

    /// Appends to `plain` what is in what came.
    fn receive(&mut self, wire: &[u8], plain: &mut Vec<u8>);

    /// What it has to answer to what came.
    fn take_answers(&mut self) -> Vec<u8>;

    /// Whether the server said that nothing more comes, and that was all.
    fn is_told_goodbye(&self) -> bool;

    /// Whether what came ends within something.
    fn has_half_a_record(&self) -> bool;
}
