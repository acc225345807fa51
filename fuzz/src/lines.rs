//! How servers make lines of a stream.

use linechat_laws::config::{Config, takes_framing};
use linechat_protocol::{Dialect, Framing};

use linechat_laws::laws;
use linechat_laws::ops::{Chunk, Op};

/// A stream that comes in pieces is understood like one that comes at once.
///
/// The first byte of an input picks the dialect, the second the longest line, the next four where
/// to cut; the others are the stream. Somebody else is there, and it ends with the stream.
pub fn cut_anywhere(bytes: &[u8]) {
    let Some((&[dialect, max_line, ref cuts @ ..], stream)) = bytes.split_first_chunk::<6>() else {
        return;
    };
    let dialects: Vec<_> = Dialect::all().collect();
    let dialect = dialects[usize::from(dialect) % dialects.len()];
    let mut config = Config::new(dialect);
    let framing = match max_line % 2 {
        0 => Framing::Lines,
        _ => Framing::Auto,
    };
    config.framing = Some(framing).filter(|_| takes_framing(dialect));
    config.limits.max_line = 1 + usize::from(max_line);
    let said = |conn, bytes: &[u8]| Op::Bytes(conn, Chunk(bytes.to_vec()));
    let console = if dialect == Dialect::PAIR { 7 } else { 0 };
    let login: &[u8] = match dialect.name() {
        "rooms" => b"ann\n",
        "direct" => b"HELLO-FROM ann\n",
        _ => b"",
    };
    let ops = [
        Op::Accept(console),
        said(0, login),
        Op::Accept(0),
        said(1, stream),
        Op::Eof(1),
    ];
    laws::how_the_input_is_cut_does_not_matter(&config, &ops, cuts);
}
