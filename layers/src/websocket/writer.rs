//! Lines and control frames to bytes.

use bytes::{BufMut, BytesMut};
use memchr::memchr_iter;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::Kind;

/// Appends a message for each of these lines, without their endings. In text, what is no UTF-8 is
/// replaced: a browser that gets it closes the connection.
pub(super) fn write_lines(kind: Kind, lines: &[u8], wire: &mut BytesMut) {
    // Where all is UTF-8, which is nearly always, each line is.
    let is_mended = kind == Kind::Text && str::from_utf8(lines).is_err();
    let opcode = OpCode::Data(match kind {
        Kind::Binary => Data::Binary,
        Kind::Text => Data::Text,
    });
    wire.reserve(lines.len());
    for line in split_lines(lines) {
        if is_mended {
            let text = String::from_utf8_lossy(line);
            write_frame(opcode, text.as_bytes(), wire);
        } else {
            write_frame(opcode, line, wire);
        }
    }
}

/// Lines without their endings; the last one may have none.
fn split_lines(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    let last = lines.strip_suffix(b"\n").unwrap_or(lines).len();
    let ends = memchr_iter(b'\n', lines).filter(move |&end| end < last);
    let mut start = 0;
    ends.chain([last]).map(move |end| {
        let line = &lines[start..end];
        start = end + 1;
        line.strip_suffix(b"\r").unwrap_or(line)
    })
}

pub(super) fn write_ping(wire: &mut BytesMut) {
    write_frame(OpCode::Control(Control::Ping), &[], wire);
}

/// `payload` is that of the ping.
pub(super) fn write_pong(payload: &[u8], wire: &mut BytesMut) {
    write_frame(OpCode::Control(Control::Pong), payload, wire);
}

/// Without a code, the peer did not say one either. `reason` is at most 123 bytes long.
pub(super) fn write_close(code: Option<CloseCode>, reason: &str, wire: &mut BytesMut) {
    let mut payload = Vec::new();
    if let Some(code) = code {
        payload.extend_from_slice(&u16::from(code).to_be_bytes());
        payload.extend_from_slice(reason.as_bytes());
    }
    write_frame(OpCode::Control(Control::Close), &payload, wire);
}

fn write_frame(opcode: OpCode, payload: &[u8], wire: &mut BytesMut) {
    let header = FrameHeader {
        opcode,
        ..FrameHeader::default()
    };
    header
        .format(payload.len() as u64, &mut wire.writer())
        .expect("a buffer in memory takes everything");
    wire.put_slice(payload);
}
