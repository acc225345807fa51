//! The dialects that hand bytes on as they are: sections 3 to 5.

use linechat_protocol::{CloseReason, Peer};

use super::{Everybody, Rules};

pub(super) struct Echo {
    pub(super) uppercase: bool,
}

impl Rules for Echo {
    fn said(&mut self, all: &mut Everybody, who: usize, content: &[u8], ending: &[u8]) {
        if content.is_empty() && all.parties[who].peer == Peer::Console {
            return all.close(who, CloseReason::Quit);
        }
        let content = match std::str::from_utf8(content) {
            _ if !self.uppercase => content.to_vec(),
            Ok(text) => text.to_uppercase().into_bytes(),
            Err(_) => content.to_ascii_uppercase(),
        };
        all.tell(who, [&content, ending].concat());
    }
}

pub(super) struct Relay;

impl Rules for Relay {
    fn said(&mut self, all: &mut Everybody, who: usize, content: &[u8], ending: &[u8]) {
        for other in all.present() {
            if other != who {
                all.tell(other, [content, ending].concat());
            }
        }
    }
}

pub(super) struct Addressed;

impl Addressed {
    fn tell(all: &mut Everybody, about: usize, except: Option<usize>, what: &[u8]) {
        let address = match all.parties[about].peer {
            Peer::Socket(address) | Peer::Link(address) => address.to_string(),
            Peer::Console => "console".into(),
        };
        for who in all.present() {
            if Some(who) != except {
                all.tell(who, [b"[", address.as_bytes(), b"] ", what].concat());
            }
        }
    }
}

impl Rules for Addressed {
    fn joined(&mut self, all: &mut Everybody, who: usize) {
        Self::tell(all, who, Some(who), b"(connected)\n");
    }

    fn said(&mut self, all: &mut Everybody, who: usize, content: &[u8], ending: &[u8]) {
        let ending: &[u8] = if ending.is_empty() { b"" } else { b"\n" };
        Self::tell(all, who, None, &[content, ending].concat());
    }

    fn left(&mut self, all: &mut Everybody, who: usize) {
        Self::tell(all, who, Some(who), b"(disconnected)\n");
    }
}
