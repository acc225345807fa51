//! What a server serves, and on which terms.

use core::net::IpAddr;
use core::num::NonZeroU32;
use core::time::Duration;

use crate::dialect::{Dialect, Options};
use crate::layer::LayerFactory;

/// A way into a server: a dialect, the terms on which it is spoken, and perhaps a layer under it.
///
/// ```
/// use linechat_protocol::{Dialect, Limits, Listener, Server, echo};
///
/// let mut server = Server::new(Limits::default())?;
/// let mut options = echo::Options::default();
/// options.uppercase = true;
/// server.listen(Listener::new(options))?;
/// # Ok::<(), linechat_protocol::ConfigError>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Listener {
    /// The dialect, with its options.
    pub options: Options,
    /// What its peers may do.
    pub terms: Terms,
    /// What makes the layer between transport and dialect, if there is one.
    pub layer: Option<LayerFactory>,
}

impl Listener {
    /// A listener for a dialect, or for one with its options, on the usual [`Terms`].
    pub fn new(options: impl Into<Options>) -> Self {
        let options = options.into();
        let terms = Terms {
            idle_timeout: options.dialect().profile().idle_timeout,
            ..Terms::default()
        };
        Self {
            options,
            terms,
            layer: None,
        }
    }

    /// The dialect.
    pub fn dialect(&self) -> Dialect {
        self.options.dialect()
    }
}

/// A listener of one [`Server`](crate::Server). Comes from
/// [`Server::listen`](crate::Server::listen).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerId(pub(crate) u8);

impl ListenerId {
    /// The how-manieth call of [`Server::listen`](crate::Server::listen) it came from, beginning
    /// with 0.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// What the peers of a listener may do.
///
/// ```
/// use linechat_protocol::Terms;
///
/// let mut terms = Terms::default();
/// terms.max_line = 1024;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terms {
    /// The longest line in bytes, its ending not counted. Default: 8192. In `irc` and `web` it is
    /// what their protocol says, whatever stands here.
    ///
    /// Memory for one unfinished line never exceeds it.
    pub max_line: usize,
    /// How long nothing comes before an unfinished line is a message as it stands, with
    /// [`Framing::Auto`]. Default: [`DEFAULT_PAUSE`](Self::DEFAULT_PAUSE).
    pub pause: Duration,
    /// How long a peer may take to register or log in, in dialects that know such a thing.
    /// Default: 300 s; `None` for ever.
    pub login_timeout: Option<Duration>,
    /// How long a peer may send nothing. Default: `None`, for ever; 120 s in `irc` and `web`,
    /// where a peer is asked then whether it is there, and has as long again to answer.
    pub idle_timeout: Option<Duration>,
    /// How many messages a second are taken from one connection, and how many at once after a
    /// pause. Default: any number. The rest waits, nothing is lost.
    pub rate_limit: Option<NonZeroU32>,
    /// How long a peer may take to get through the layer's opening: a handshake, say. Default:
    /// 10 s.
    pub opening_timeout: Duration,
    /// A proxy, whose connections count for the address that their layer
    /// [knows](crate::Layer::peer). Default: none.
    pub proxy: Option<IpAddr>,
}

impl Terms {
    /// 300 ms: longer than a line takes through a slow network, shorter than somebody minds.
    pub const DEFAULT_PAUSE: Duration = Duration::from_millis(300);
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            max_line: 8192,
            pause: Self::DEFAULT_PAUSE,
            login_timeout: Some(Duration::from_secs(300)),
            idle_timeout: None,
            rate_limit: None,
            opening_timeout: Duration::from_secs(10),
            proxy: None,
        }
    }
}

/// What counts as one message in a dialect that does not look into its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// One line.
    Lines,
    /// One line; or what of one has come, once nothing more has come for [`Terms::pause`]. For
    /// peers that send no line endings.
    Auto,
    /// Whatever one call of [`Server::receive`](crate::Server::receive) brings.
    Chunks,
}
