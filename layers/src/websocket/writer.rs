//! Lines and control frames to bytes.

use bytes::{BufMut, BytesMut};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::Kind;

/// Appends a message for each of these lines, without their endings. In text, what is no UTF-8 is
/// replaced: a browser that gets it closes the connection.
pub(super) fn write_lines(kind: Kind, lines: &[u8], wire: &mut BytesMut) {
    let lines = lines.strip_suffix(b"\n").unwrap_or(lines);
    for line in lines.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match kind {
            Kind::Binary => write_frame(OpCode::Data(Data::Binary), line, wire),
            Kind::Text => {
                let text = String::from_utf8_lossy(line);
                write_frame(OpCode::Data(Data::Text), text.as_bytes(), wire);
            }
        }
    }
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
