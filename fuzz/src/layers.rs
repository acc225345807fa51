//! Layers whose peer sends whatever it wants.

use std::sync::{Arc, LazyLock};

use bytes::BytesMut;
use linechat_layers::tls::{Application, Certificate, Client, ClientSession, Renewable, Trust};
use linechat_layers::web::{Hosts, Page, Scheme, Site, WebSession};
use linechat_protocol::{CloseReason, Instant, Layer, LayerEnd, LayerError, LayerStage, Peer};

/// A web listener's layer.
///
/// The first byte says where to begin: with a request, or with frames of WebSocket, text or binary.
/// The second says where to cut; the others are what the peer sends. A layer that gets them in
/// pieces and one that gets them at once must not be told apart.
pub fn web(bytes: &[u8]) {
    let [start, cut, stream @ ..] = bytes else {
        return;
    };
    let open = || {
        let mut end = End::new(visit());
        match start % 3 {
            0 => {}
            1 => end.receive(&upgrade("text.ircv3.net")),
            _ => end.receive(&upgrade("binary.ircv3.net")),
        }
        end
    };
    let mut whole = open();
    let mut pieces = open();
    whole.receive(stream);
    for piece in stream.chunks(1 + usize::from(*cut)) {
        pieces.receive(piece);
    }
    assert_eq!(whole.plain, pieces.plain);
    assert_eq!(whole.wire, pieces.wire);
    assert_eq!(whole.error, pieces.error);
    assert_eq!(whole.layer.stage(), pieces.layer.stage());
    assert_lines(&whole.plain, start % 3 == 1);
    assert!(
        whole.wire.len() <= stream.len() + 4096,
        "answers are bounded"
    );
    let plain = whole.plain.clone();
    whole.layer.seal(&plain, &mut whole.wire);
    whole.finish();
}

/// Whole lines, which end in CR LF; in text, of UTF-8.
fn assert_lines(plain: &[u8], is_text: bool) {
    assert!(plain.is_empty() || plain.ends_with(b"\r\n"));
    let lines = plain.split(|byte| *byte == b'\n').rev().skip(1);
    assert!({ lines }.all(|line| line.ends_with(b"\r")));
    assert!(!is_text || std::str::from_utf8(plain).is_ok());
}

/// The layer of a listener with TLS.
///
/// The first byte says what happens, the second where to cut. Either the others are all that the
/// server gets; or they say how what a client sends is spoilt on its way: bits that change, pieces
/// that are lost, repeated or exchanged. The server must never hear what the client has not said.
pub fn tls(bytes: &[u8]) {
    let [what, cut, rest @ ..] = bytes else {
        return;
    };
    let size = 1 + usize::from(*cut);
    match what % 3 {
        0 => survive_a_stranger(rest, size),
        1 => survive_a_spoilt_handshake(rest, size),
        _ => survive_spoilt_records(rest, size),
    }
}

fn survive_a_stranger(stream: &[u8], size: usize) {
    let mut whole = End::new(SERVER.session(Application::Lines));
    let mut pieces = End::new(SERVER.session(Application::Lines));
    whole.receive(stream);
    for piece in stream.chunks(size) {
        pieces.receive(piece);
    }
    assert_eq!(whole.error, pieces.error);
    assert_eq!(whole.layer.stage(), pieces.layer.stage());
    assert_eq!(whole.plain, b"", "nobody has agreed on a key");
    assert_eq!(pieces.plain, b"", "nobody has agreed on a key");
    whole.finish();
    pieces.finish();
}

fn survive_a_spoilt_handshake(spoil: &[u8], size: usize) {
    let (mut client, mut server) = connecting();
    let mut spoil = spoil.iter();
    let mut has_said = false;
    for _ in 0..4 {
        for piece in spoilt(&client.take_wire(), size, &mut spoil) {
            server.receive(&piece);
        }
        client.receive(&server.take_wire());
        if client.layer.stage() == LayerStage::Open && !has_said {
            has_said = true;
            client.layer.seal(SAID, &mut client.wire);
        }
    }
    assert!(SAID.starts_with(&server.plain));
    server.finish();
}

fn survive_spoilt_records(spoil: &[u8], size: usize) {
    let (mut client, mut server) = connecting();
    for _ in 0..2 {
        server.receive(&client.take_wire());
        client.receive(&server.take_wire());
    }
    for line in SAID.split_inclusive(|byte| *byte == b'\n') {
        client.layer.seal(line, &mut client.wire);
    }
    client.finish();
    for piece in spoilt(&client.take_wire(), size, &mut spoil.iter()) {
        server.receive(&piece);
    }
    assert!(SAID.starts_with(&server.plain));
    if server.layer.receive_eof() == LayerEnd::Authentic {
        assert_eq!(
            server.plain, SAID,
            "an end is authentic after all that was said"
        );
    }
    server.finish();
}

/// These bytes in pieces, with one change for each byte of `spoil`.
fn spoilt<'a>(wire: &[u8], size: usize, spoil: &mut impl Iterator<Item = &'a u8>) -> Vec<Vec<u8>> {
    let mut pieces: Vec<Vec<u8>> = wire.chunks(size).map(<[u8]>::to_vec).collect();
    let count = pieces.len();
    for change in spoil.by_ref().take(8) {
        let index = usize::from(change >> 2);
        if index >= count || pieces[index].is_empty() {
            continue;
        }
        match change & 3 {
            0 => pieces[index][0] ^= 1,
            1 => pieces[index].clear(),
            2 => pieces[index] = pieces[index].repeat(2),
            _ => pieces.swap(index, count - 1),
        }
    }
    pieces
}

const SAID: &[u8] = b"alice\nhello\n\nSEND bob pay 100\n!quit\n";

static CERTIFICATE: LazyLock<Certificate> =
    LazyLock::new(|| Certificate::self_signed(["localhost".to_owned()]));

static SERVER: LazyLock<Renewable> = LazyLock::new(|| Renewable::new(CERTIFICATE.clone()));

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let trust = Trust::Pinned(CERTIFICATE.pin());
    Client::new(&trust).expect("a pin is enough to trust a server")
});

fn connecting() -> (End<ClientSession>, End<impl Layer>) {
    let mut wire = BytesMut::new();
    let session = CLIENT
        .session("localhost", &mut wire)
        .expect("localhost is a name");
    let mut client = End::new(session);
    client.wire = wire;
    (client, End::new(SERVER.session(Application::Lines)))
}

fn visit() -> WebSession {
    let mut site = Site::new(Scheme::Http);
    site.pages = vec![Page::fixed("/", "text/html", "the page")];
    site.hosts = Hosts::Own(vec!["chat.example".to_owned()]);
    site.proxies = vec!["192.0.2.1".parse().expect("that is an address")];
    site.max_message = Some(100);
    WebSession::new(Arc::new(site), Peer::Socket(([192, 0, 2, 1], 7).into()))
}

fn upgrade(protocol: &str) -> Vec<u8> {
    format!(
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: {protocol}\r\n\r\n"
    )
    .into_bytes()
}

/// One end of a connection, as an engine drives it.
struct End<L> {
    layer: L,
    plain: Vec<u8>,
    wire: BytesMut,
    error: Option<LayerError>,
}

impl<L: Layer> End<L> {
    fn new(layer: L) -> Self {
        Self {
            layer,
            plain: Vec::new(),
            wire: BytesMut::new(),
            error: None,
        }
    }

    fn receive(&mut self, received: &[u8]) {
        let may_receive = matches!(self.layer.stage(), LayerStage::Opening | LayerStage::Open);
        if self.error.is_none() && may_receive {
            let result =
                self.layer
                    .receive(Instant::EPOCH, received, &mut self.plain, &mut self.wire);
            self.error = result.err();
        }
    }

    fn finish(&mut self) {
        self.layer.finish(CloseReason::PeerLeft, &mut self.wire);
    }

    fn take_wire(&mut self) -> Vec<u8> {
        self.wire.split().to_vec()
    }
}
