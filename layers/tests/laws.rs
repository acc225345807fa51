//! What holds of every server holds through WebSocket, too: the laws of the core, with peers of a
//! WebSocket of our own that take no more for a frame than RFC 6455 does.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use linechat_laws::config::{Config, Other};
use linechat_laws::laws;
use linechat_laws::ops::{Chunk, Op};
use linechat_laws::tunnel::{Tunnel, TunnelPeer};
use linechat_layers::web::{Scheme, Site, WebSession};
use linechat_protocol::{Dialect, LayerFactory};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn the_server_does_what_the_model_does(config in modelled(), ops in ops()) {
        laws::the_server_does_what_the_model_does(&config, &ops);
    }

    #[test]
    fn when_the_adapter_polls_and_writes_does_not_matter(config in modelled(), ops in ops()) {
        laws::when_the_adapter_polls_and_writes_does_not_matter(&config, &ops);
    }

    #[test]
    fn how_the_input_is_cut_does_not_matter(
        config in narrow(),
        ops in ops(),
        cuts in vec(any::<u8>(), 1..20),
    ) {
        laws::how_the_input_is_cut_does_not_matter(&config, &ops, &cuts);
    }

    #[test]
    fn stale_names_and_spurious_calls_change_nothing(config in narrow(), ops in ops()) {
        laws::stale_names_and_spurious_calls_change_nothing(&config, &ops);
    }

    #[test]
    fn the_same_inputs_give_the_same_outputs(config in narrow(), ops in ops()) {
        laws::the_same_inputs_give_the_same_outputs(&config, &ops);
    }

    #[test]
    fn deadlines_are_met_and_the_server_sleeps(config in narrow(), ops in ops()) {
        laws::deadlines_are_met_and_the_server_sleeps(&config, &ops);
    }

    #[test]
    fn nobody_sees_a_gap_or_half_a_line(config in modelled(), max_backlog in 400..4000_usize, ops in ops()) {
        let mut config = config;
        config.limits.max_backlog = max_backlog;
        config.limits.max_buffered = 3 * max_backlog;
        laws::nobody_sees_a_gap_or_half_a_line(&config, &ops);
    }

    #[test]
    fn whatever_is_said_peers_of_irc_receive_messages(ops in ops()) {
        let mut config = Config::irc();
        config.layer = Some(Arc::new(WebSocket("\r\n")));
        laws::peers_of_irc_receive_messages(&config, &ops);
    }
}

fn settings() -> ProptestConfig {
    let regressions = FileFailurePersistence::Direct("proptest-regressions/laws.txt");
    ProptestConfig {
        failure_persistence: Some(Box::new(regressions)),
        ..ProptestConfig::default()
    }
}

/// What is said and done, in whole lines with their usual endings: what comes through WebSocket
/// has no others. Nor has it commands of telnet, of which an ending can be a part.
fn ops() -> impl Strategy<Value = Vec<Op>> {
    vec(any::<u8>(), 0..600).prop_map(|bytes| {
        let mut ops = Op::from_bytes(&bytes);
        for op in &mut ops {
            if let Op::Bytes(_, Chunk(bytes)) = op {
                bytes.retain(|byte| !b"\r\xff".contains(byte));
                if !bytes.ends_with(b"\n") {
                    bytes.push(b'\n');
                }
            }
        }
        ops
    })
}

/// The dialects that the model knows and WebSocket can carry: who joins is behind WebSocket, or
/// has netcat.
fn modelled() -> impl Strategy<Value = Config> {
    any::<(bool, bool)>().prop_map(|(is_direct, has_other)| {
        let (dialect, ending) = match is_direct {
            true => (Dialect::DIRECT, "\n"),
            false => (Dialect::ROOMS, "\r\n"),
        };
        let mut config = Config::new(dialect);
        config.layer = Some(Arc::new(WebSocket(ending)));
        if has_other {
            let (dialect, layer) = (Dialect::ROOMS, None);
            config.others.push(Other { dialect, layer });
        }
        config.limits.max_rooms = 2;
        config.limits.max_rooms_per_user = 2;
        config.limits.max_users = 2;
        config.limits.login_timeout = None;
        config
    })
}

/// All that WebSocket can carry, IRC before all, with limits that are reached.
fn narrow() -> impl Strategy<Value = Config> {
    let irc = any::<bool>().prop_map(|is_mixed| {
        let mut config = Config::new(Dialect::IRC);
        config.layer = Some(Arc::new(WebSocket("\r\n")));
        config
            .others
            .extend(Config::irc().others.into_iter().filter(|_| is_mixed));
        config
    });
    let config = prop_oneof![irc, modelled()];
    (config, 1000..4000_usize, any::<bool>()).prop_map(|(mut config, max_backlog, is_strict)| {
        config.limits.max_backlog = max_backlog;
        config.limits.max_buffered = 3 * max_backlog;
        config.limits.stall_timeout = Some(Duration::from_micros(7_000_003));
        config.limits.login_timeout = is_strict.then_some(Duration::from_micros(20_000_003));
        config.limits.idle_timeout = is_strict.then_some(Duration::from_micros(13_000_007));
        config
    })
}

/// The layer, for a dialect whose lines end like this.
#[derive(Debug)]
struct WebSocket(&'static str);

impl Tunnel for WebSocket {
    fn factory(&self) -> LayerFactory {
        let mut site = Site::new(Scheme::Http);
        site.max_message = Some(9000);
        let site = Arc::new(site);
        LayerFactory::new(move |_, peer| Box::new(WebSession::new(Arc::clone(&site), peer)))
    }

    fn peer(&self) -> Box<dyn TunnelPeer> {
        Box::new(Browser {
            ending: self.0,
            is_open: false,
            unparsed: Vec::new(),
            answers: Vec::new(),
            is_told_goodbye: false,
            has_said_goodbye: false,
        })
    }

    fn breaks_for_good(&self) -> bool {
        false
    }
}

/// One that speaks binary messages, so that it can say whatever it likes.
#[derive(Debug)]
struct Browser {
    ending: &'static str,
    is_open: bool,
    unparsed: Vec<u8>,
    answers: Vec<u8>,
    is_told_goodbye: bool,
    has_said_goodbye: bool,
}

impl TunnelPeer for Browser {
    fn opening(&mut self) -> Vec<u8> {
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
          Sec-WebSocket-Protocol: binary.ircv3.net\r\n\r\n"
            .to_vec()
    }

    fn seal(&mut self, plain: &[u8]) -> Vec<u8> {
        let lines = plain.split_inclusive(|&byte| byte == b'\n');
        let messages = lines.map(|line| frame(BINARY, line.strip_suffix(b"\n").unwrap()));
        messages.flatten().collect()
    }

    fn goodbye(&mut self) -> Vec<u8> {
        self.has_said_goodbye = true;
        frame(CLOSE, &NORMAL)
    }

    fn nonsense(&mut self) -> Vec<u8> {
        // Without a mask.
        vec![BINARY, 1, b'?']
    }

    fn receive(&mut self, wire: &[u8], plain: &mut Vec<u8>) {
        self.unparsed.extend_from_slice(wire);
        if !self.is_open {
            self.is_open = self.hears_the_answer();
        }
        while self.is_open
            && let Some((kind, payload)) = self.next_frame()
        {
            assert!(!self.is_told_goodbye, "{kind:#x} after the close");
            match kind {
                BINARY => {
                    assert!(!payload.contains(&b'\n'), "more than a line");
                    plain.extend(payload);
                    plain.extend_from_slice(self.ending.as_bytes());
                }
                PING => self.answers.extend(frame(PONG, &payload)),
                CLOSE => {
                    self.is_told_goodbye = true;
                    if !mem::replace(&mut self.has_said_goodbye, true) {
                        self.answers.extend(frame(CLOSE, &payload[..2]));
                    }
                }
                kind => panic!("the server sends {kind:#x}"),
            }
        }
    }

    fn take_answers(&mut self) -> Vec<u8> {
        mem::take(&mut self.answers)
    }

    fn is_told_goodbye(&self) -> bool {
        // To who is no peer yet, it is said in HTTP, and the connection closed.
        self.is_told_goodbye || !self.is_open
    }

    fn has_half_a_record(&self) -> bool {
        self.is_open && !self.unparsed.is_empty()
    }
}

impl Browser {
    /// Takes the head of the answer. Says whether it is WebSocket from now on.
    fn hears_the_answer(&mut self) -> bool {
        let end = self.unparsed.windows(4).position(|it| it == b"\r\n\r\n");
        let Some(end) = end else { return false };
        let head: Vec<u8> = self.unparsed.drain(..end + 4).collect();
        head.starts_with(b"HTTP/1.1 101 ")
    }

    /// A whole frame, which is a whole message: its first byte, and what is in it.
    fn next_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (&kind, rest) = self.unparsed.split_first()?;
        let (&short, rest) = rest.split_first()?;
        let (length, head) = match short {
            0..126 => (usize::from(short), 2),
            126 => {
                let long = rest.first_chunk::<2>()?;
                (usize::from(u16::from_be_bytes(*long)), 4)
            }
            other => panic!("a length of {other}, or a mask"),
        };
        if self.unparsed.len() < head + length {
            return None;
        }
        let frame: Vec<u8> = self.unparsed.drain(..head + length).collect();
        Some((kind, frame[head..].to_vec()))
    }
}

/// A client's frame.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![kind];
    match u8::try_from(payload.len()) {
        Ok(length @ 0..126) => frame.push(0x80 | length),
        _ => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    frame.extend(mask);
    let masked = payload.iter().zip(mask.iter().cycle());
    frame.extend(masked.map(|(byte, mask)| byte ^ mask));
    frame
}

const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
/// The code of a close that is none of anybody's fault.
const NORMAL: [u8; 2] = 1000_u16.to_be_bytes();
