//! What a TLS layer promises, against rustls's own client.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod world;

use std::io::{Read, Write};
use std::sync::Arc;

use bytes::BytesMut;
use linechat_layers::tls::{AfterGreeting, Application, Client, Pin, Renewable, Trust, TrustError};
use linechat_protocol::{CloseReason, Layer, LayerEnd, LayerStage};
use proptest::prelude::*;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, ProtocolVersion, ServerConfig,
    ServerConnection, SignatureScheme, SupportedProtocolVersion,
};
use world::{End, Wired, certificate, connected, connecting, connecting_to};

#[test]
fn lines_go_both_ways_once_both_are_open() {
    let mut wired = connecting();
    assert_eq!(wired.server.stage(), LayerStage::Opening);
    assert_eq!(wired.client.stage(), LayerStage::Opening);
    wired.settle();
    wired.client.say(b"hi\n");
    wired.server.say(b"alice: hi\n");
    wired.settle();
    assert_eq!(wired.server.heard, b"hi\n");
    assert_eq!(wired.client.heard, b"alice: hi\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_heard_does_not_depend_on_how_the_records_are_cut(
        said in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 1..6),
        answered in prop::collection::vec(any::<u8>(), 0..40_000),
        size in prop_oneof![1..8_usize, 8..3000_usize],
    ) {
        let mut wired = connecting();
        wired.settle_cut(size);
        for message in &said {
            wired.client.say(message);
        }
        wired.server.say(&answered);
        wired.client.finish(CloseReason::PeerLeft);
        wired.settle_cut(size);
        prop_assert_eq!(&wired.server.heard, &said.concat());
        prop_assert_eq!(&wired.client.heard, &answered);
        prop_assert_eq!(wired.server.stage(), LayerStage::InputEnded);
    }
}

#[test]
fn a_flush_is_one_record_and_a_large_one_as_few_as_can_be() {
    let mut wired = connected();
    for (length, records) in [(1, 1), (100, 1), (16_384, 1), (16_385, 2), (100_000, 7)] {
        wired.server.say(&vec![b'x'; length]);
        let sealed = wired.server.take_wire();
        assert_eq!(record_lengths(&sealed).len(), records, "{length} bytes");
        assert_eq!(sealed.len(), length + records * 22, "{length} bytes");
        wired.client.receive(&sealed);
        assert_eq!(wired.client.heard.len(), length);
        wired.client.heard.clear();
    }
}

/// The lengths of the records in this.
fn record_lengths(mut wire: &[u8]) -> Vec<usize> {
    let mut lengths = Vec::new();
    while let [_, _, _, high, low, rest @ ..] = wire {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        lengths.push(length);
        wire = &rest[length..];
    }
    assert!(wire.is_empty(), "half a record");
    lengths
}

#[test]
fn nothing_to_send_is_no_record() {
    let mut wired = connected();
    wired.server.say(b"");
    assert!(wired.server.take_wire().is_empty());
}

#[test]
fn a_goodbye_comes_after_the_last_byte_and_makes_the_end_authentic() {
    let mut wired = connected();
    wired.server.say(b"the last line\n");
    wired.server.finish(CloseReason::ShuttingDown);
    let wire = wired.server.take_wire();
    let last = wire.len() - (5 + record_lengths(&wire).last().unwrap());

    wired.client.receive(&wire[..last]);
    assert_eq!(wired.client.heard, b"the last line\n");
    assert_eq!(wired.client.stage(), LayerStage::Open);
    wired.client.receive(&wire[last..]);
    assert_eq!(wired.client.stage(), LayerStage::InputEnded);
    assert_eq!(wired.client.ends(), LayerEnd::Authentic);
}

#[test]
fn a_stream_that_ends_without_goodbye_was_cut_off() {
    let mut wired = connected();
    wired.client.say(b"hello\n");
    wired.settle();
    assert_eq!(wired.server.ends(), LayerEnd::CutOff);
    assert_eq!(wired.client.ends(), LayerEnd::CutOff);
}

#[test]
fn a_record_that_is_cut_off_is_not_heard() {
    let mut wired = connected();
    wired.client.say(b"SEND bob pay 100\n");
    let wire = wired.client.take_wire();
    wired.server.receive(&wire[..wire.len() - 1]);
    assert_eq!(wired.server.heard, b"");
    assert_eq!(wired.server.ends(), LayerEnd::CutOff);
}

#[test]
fn a_peer_that_has_said_goodbye_still_hears_its_answers() {
    let mut wired = connected();
    wired.client.say(b"LIST\n");
    wired.client.finish(CloseReason::PeerLeft);
    let wire = wired.client.take_wire();
    wired.server.receive(&wire);
    assert_eq!(wired.server.heard, b"LIST\n");
    assert_eq!(wired.server.stage(), LayerStage::InputEnded);
    assert_eq!(wired.server.ends(), LayerEnd::Authentic);

    wired.server.say(b"LIST-OK alice\n");
    wired.server.finish(CloseReason::PeerLeft);
    let wire = wired.server.take_wire();
    wired.client.receive(&wire);
    assert_eq!(wired.client.heard, b"LIST-OK alice\n");
    assert_eq!(wired.client.ends(), LayerEnd::Authentic);
}

#[test]
fn a_peer_may_say_all_that_it_has_to_say_with_the_end_of_its_handshake() {
    let mut wired = connecting();
    let hello = wired.client.take_wire();
    wired.server.receive(&hello);
    let answer = wired.server.take_wire();
    wired.client.receive(&answer);
    wired.client.say(b"LIST\n");
    wired.client.finish(CloseReason::PeerLeft);
    let all = wired.client.take_wire();
    wired.server.receive(&all);
    assert_eq!(wired.server.heard, b"LIST\n");
    assert_eq!(wired.server.stage(), LayerStage::InputEnded);
    wired.server.say(b"LIST-OK \n");
    wired.settle();
    assert_eq!(wired.client.heard, b"LIST-OK \n");
}

#[test]
fn what_comes_after_a_goodbye_is_not_heard() {
    let mut wired = connected();
    wired.client.finish(CloseReason::PeerLeft);
    wired.settle();
    wired.server.receive(&[0x17; 100_000]);
    assert_eq!(wired.server.heard, b"");
    assert_eq!(wired.server.error, None);
}

#[test]
fn a_peer_that_speaks_plain_text_is_told_so_in_a_line() {
    for text in [
        &b"NICK alice\r\n"[..],
        b"\n",
        b"\xff\xfb\x01",
        "änne\n".as_bytes(),
    ] {
        let mut server = End::new(lines_server().session(Application::Lines));
        server.receive(text);
        assert_eq!(server.reason(), "it speaks plain text, and not TLS");
        server.finish(CloseReason::TransportFailed);
        let told = String::from_utf8(server.take_wire()).unwrap();
        assert_eq!(told, "this port speaks TLS: connect to it with TLS\r\n");
    }
}

#[test]
fn a_browser_that_speaks_plain_text_is_told_so_in_a_response() {
    let mut server = End::new(lines_server().session(Application::Web));
    server.receive(b"GET / HTTP/1.1\r\n");
    let told = String::from_utf8(server.take_wire()).unwrap();
    assert!(told.starts_with("HTTP/1.1 400 "), "{told}");
    assert!(told.ends_with("\r\n\r\nthis port speaks TLS: connect to it with TLS\r\n"));
}

#[test]
fn a_peer_that_waits_for_a_greeting_is_told_to_speak_tls() {
    let mut server = lines_server().session(Application::Lines);
    let mut wire = BytesMut::new();
    server.opening_timed_out(&mut wire);
    assert!(wire.starts_with(b"this port speaks TLS"));
}

#[test]
fn a_peer_that_is_too_slow_with_its_handshake_is_told_nothing_in_clear() {
    let mut wired = connecting();
    let hello = wired.client.take_wire();
    wired.server.receive(&hello[..10]);
    wired.server.layer.opening_timed_out(&mut wired.server.wire);
    wired.server.finish(CloseReason::TransportFailed);
    assert!(wired.server.take_wire().is_empty());
    assert_eq!(wired.server.ends(), LayerEnd::CutOff);
}

#[test]
fn a_peer_that_comes_and_goes_is_not_cut_off() {
    let mut server = End::new(lines_server().session(Application::Lines));
    assert_eq!(server.ends(), LayerEnd::Authentic);
}

#[test]
fn a_record_that_was_tampered_with_is_not_heard_and_gets_an_alert() {
    let mut wired = connected();
    wired.client.say(b"first\n");
    wired.client.say(b"second\n");
    let mut wire = wired.client.take_wire();
    *wire.last_mut().unwrap() ^= 1;
    wired.server.receive(&wire);
    assert_eq!(wired.server.heard, b"first\n");
    assert_eq!(
        wired.server.reason(),
        "TLS failed: cannot decrypt peer's message"
    );

    wired.server.say(b"dropped\n");
    wired.server.finish(CloseReason::TransportFailed);
    let wire = wired.server.take_wire();
    assert_eq!(
        record_lengths(&wire).len(),
        1,
        "an alert, and nothing after it"
    );
    wired.client.receive(&wire);
    assert_eq!(
        wired.client.reason(),
        "TLS failed: received fatal alert: BadRecordMac"
    );
}

#[test]
fn a_record_out_of_order_gets_an_alert_and_ends_it() {
    let mut wired = connecting();
    wired.server.receive(b"\x17\x03\x03\x00\x01x");
    assert!(
        wired.server.reason().starts_with("TLS failed: "),
        "{}",
        wired.server.reason()
    );
    assert_eq!(wired.server.stage(), LayerStage::Ended);
    assert_eq!(wired.server.take_wire()[0], 21, "an alert");
}

#[test]
fn a_hello_in_pieces_without_end_is_refused_within_bounds() {
    let mut server = End::new(lines_server().session(Application::Lines));
    let mut sent = 0;
    // A hello that says it is 60,000 bytes long, in records of one byte.
    for byte in [1, 0, 0xea, 0x60].into_iter().chain([0; 60_000]) {
        server.receive(&[22, 3, 1, 0, 1, byte]);
        sent += 6;
        if server.error.is_some() {
            break;
        }
    }
    assert_eq!(
        server.reason(),
        "TLS failed: unexpected error: a handshake message is too long"
    );
    assert!(sent <= 64 * 1024 + 6, "{sent} bytes were kept");
}

/// A client of another make: rustls's buffered one, set up by hand.
struct OtherClient {
    connection: ClientConnection,
    error: Option<Error>,
}

impl OtherClient {
    fn new(version: &'static SupportedProtocolVersion, protocols: &[&str]) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(TrustsEverybody))
            .with_no_client_auth();
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        let name = ServerName::try_from("localhost").unwrap();
        Self {
            connection: ClientConnection::new(Arc::new(config), name).unwrap(),
            error: None,
        }
    }

    /// Carries everything, until neither has anything to say.
    fn settle(&mut self, server: &mut End<impl Layer>) {
        loop {
            let mut up = Vec::new();
            while self.connection.wants_write() {
                self.connection.write_tls(&mut up).unwrap();
            }
            server.receive(&up);
            let down = server.take_wire();
            if up.is_empty() && down.is_empty() {
                return;
            }
            let mut down = &down[..];
            while !down.is_empty() {
                self.connection.read_tls(&mut down).unwrap();
                if let Err(error) = self.connection.process_new_packets() {
                    self.error = Some(error);
                    return;
                }
            }
        }
    }

    fn heard(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        // What there is, and then nothing for now.
        let _ = self.connection.reader().read_to_end(&mut heard);
        heard
    }
}

#[derive(Debug)]
struct TrustsEverybody;

impl ServerCertVerifier for TrustsEverybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}

fn lines_server() -> Renewable {
    Renewable::new(certificate())
}

#[test]
fn both_versions_are_spoken() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut server = End::new(lines_server().session(Application::Lines));
        let mut client = OtherClient::new(version, &[]);
        client.connection.writer().write_all(b"hi\n").unwrap();
        client.settle(&mut server);
        server.say(b"hello\n");
        client.settle(&mut server);
        assert_eq!(client.connection.protocol_version(), Some(version.version));
        assert_eq!(server.heard, b"hi\n");
        assert_eq!(client.heard(), b"hello\n");
    }
}

#[test]
fn a_client_gets_one_ticket_and_resumes_with_it() {
    let mut server = End::new(lines_server().session(Application::Lines));
    let mut client = OtherClient::new(&rustls::version::TLS13, &[]);
    client.settle(&mut server);
    assert_eq!(
        client.connection.protocol_version(),
        Some(ProtocolVersion::TLSv1_3)
    );
    assert_eq!(client.connection.tls13_tickets_received(), 1);
}

#[test]
fn a_line_listener_takes_clients_that_offer_any_protocol() {
    for protocols in [&["irc"][..], &["http/1.1", "irc"], &[]] {
        let mut server = End::new(lines_server().session(Application::Lines));
        let mut client = OtherClient::new(&rustls::version::TLS13, protocols);
        client.settle(&mut server);
        assert_eq!(server.stage(), LayerStage::Open);
        assert_eq!(client.connection.alpn_protocol(), None);
    }
}

#[test]
fn a_web_listener_takes_clients_that_offer_http_or_nothing() {
    for (protocols, chosen) in [
        (&["h2", "http/1.1"][..], Some(&b"http/1.1"[..])),
        (&[], None),
    ] {
        let mut server = End::new(lines_server().session(Application::Web));
        let mut client = OtherClient::new(&rustls::version::TLS13, protocols);
        client.settle(&mut server);
        assert_eq!(client.connection.alpn_protocol(), chosen);
    }
    let mut server = End::new(lines_server().session(Application::Web));
    let mut client = OtherClient::new(&rustls::version::TLS13, &["irc"]);
    client.settle(&mut server);
    assert_eq!(server.stage(), LayerStage::Ended);
    let told = client.error.unwrap().to_string();
    assert_eq!(told, "received fatal alert: NoApplicationProtocol");
}

#[test]
fn keys_are_updated_as_often_as_a_client_has_something_to_say() {
    let mut server = End::new(lines_server().session(Application::Lines));
    let mut client = OtherClient::new(&rustls::version::TLS13, &[]);
    client.settle(&mut server);
    for _ in 0..100 {
        client.connection.refresh_traffic_keys().unwrap();
        client.connection.writer().write_all(b"x").unwrap();
        client.settle(&mut server);
        server.say(b"y");
        client.settle(&mut server);
    }
    assert_eq!(server.heard, [b'x'; 100]);
    assert_eq!(client.heard(), [b'y'; 100]);
}

#[test]
fn key_updates_without_end_are_refused() {
    let mut server = End::new(lines_server().session(Application::Lines));
    let mut client = OtherClient::new(&rustls::version::TLS13, &[]);
    client.settle(&mut server);
    let mut updates = 0;
    while server.error.is_none() {
        client.connection.refresh_traffic_keys().unwrap();
        client.settle(&mut server);
        updates += 1;
    }
    assert_eq!(updates, 33);
    assert_eq!(
        server.reason(),
        "TLS failed: peer misbehaved: TooManyKeyUpdateRequests"
    );
}

#[test]
fn a_new_certificate_is_for_new_connections() {
    let old = certificate();
    let new = certificate();
    let server = Renewable::new(old.clone());
    let mut before = connecting_to(&server, &Trust::Pinned(old.pin()), "localhost");
    before.settle();
    server.renew(new.clone());

    let mut after = connecting_to(&server, &Trust::Pinned(new.pin()), "localhost");
    after.settle();
    assert_eq!(after.client.stage(), LayerStage::Open);
    before.client.say(b"still here\n");
    before.settle();
    assert_eq!(before.server.heard, b"still here\n");
    assert_eq!(server.validity(), new.validity());
}

#[test]
fn a_pin_is_all_that_counts_and_no_other_certificate_will_do() {
    let server = Renewable::new(certificate());
    let mut wired = connecting_to(&server, &Trust::Pinned(Pin::of(b"another")), "localhost");
    wired.settle();
    let reason = wired.client.reason();
    assert!(
        reason.starts_with("the server's certificate is not trusted: it is sha256:"),
        "{reason}"
    );
    assert!(
        wired.server.reason().contains("received fatal alert"),
        "{}",
        wired.server.reason()
    );

    let mine = certificate();
    let server = Renewable::new(mine.clone());
    let mut wired = connecting_to(&server, &Trust::Pinned(mine.pin()), "elsewhere.example");
    wired.settle();
    assert_eq!(wired.client.stage(), LayerStage::Open);
}

/// A server that shows a certificate whose key it does not have: what it answers to a hello.
fn impostor(
    shown: &KeyedCertificate,
    version: &'static SupportedProtocolVersion,
) -> ServerConnection {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let own = rcgen::KeyPair::generate().unwrap();
    let key = PrivateKeyDer::Pkcs8(own.serialize_der().into());
    let key = provider.key_provider.load_private_key(key).unwrap();
    let pair = CertifiedKey::new(vec![shown.cert.der().clone()], key);
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(pair)));
    ServerConnection::new(Arc::new(config)).unwrap()
}

type KeyedCertificate = rcgen::CertifiedKey<rcgen::KeyPair>;

#[test]
fn a_server_without_the_key_of_its_certificate_is_not_trusted() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let shown = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let mut server = impostor(&shown, version);
        let client = Client::new(&Trust::Pinned(Pin::of(shown.cert.der()))).unwrap();
        let mut wire = BytesMut::new();
        let mut client = End::new(client.session("localhost", &mut wire).unwrap());
        server.read_tls(&mut &wire[..]).unwrap();
        server.process_new_packets().unwrap();
        let mut answer = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut answer).unwrap();
        }
        client.receive(&answer);
        assert_eq!(
            client.reason(),
            "TLS failed: invalid peer certificate: BadSignature"
        );
        assert_eq!(client.stage(), LayerStage::Ended);
    }
}

#[test]
fn a_server_that_does_not_speak_tls_is_named_as_that() {
    let mut wired = connecting();
    wired.client.receive(b"220 welcome\r\n");
    assert_eq!(wired.client.reason(), "the server does not speak TLS");
}

#[test]
fn a_server_that_greets_in_clear_is_trusted_or_not_like_any_other() {
    let certificate = certificate();
    for (pin, is_trusted) in [(certificate.pin(), true), (Pin::of(b"another"), false)] {
        let server = Renewable::new(certificate.clone());
        let client = Client::new(&Trust::Pinned(pin)).unwrap();
        let mut wired = Wired {
            client: End::new(AfterGreeting::new(client, "localhost".into())),
            server: End::new(server.session(Application::Lines)),
        };
        wired.client.receive(b"INFO {}\r");
        assert!(wired.client.take_wire().is_empty());
        wired.client.receive(b"\n");
        wired.settle();
        let (stage, heard) = (wired.client.stage(), wired.client.heard.clone());
        let reason = wired.client.reason();
        if is_trusted {
            assert_eq!((stage, heard), (LayerStage::Open, b"INFO {}\r\n".to_vec()));
        } else {
            assert_eq!((stage, heard), (LayerStage::Ended, Vec::new()));
            assert!(reason.contains("certificate is not trusted"), "{reason}");
        }
    }
}

#[test]
fn a_server_that_greets_in_clear_and_is_full_is_not_taken_for_one_without_tls() {
    for (said, reason) in [
        (&b"-ERR 'maximum connections exceeded'\r\n"[..], None),
        (
            b"-ERR 'Unknown Protocol Operation'\r\n",
            Some("the server does not speak TLS"),
        ),
    ] {
        let client = Client::new(&Trust::Pinned(Pin::of(b"another"))).unwrap();
        let mut client = AfterGreeting::new(client, "localhost".into());
        let (mut plain, mut wire) = (Vec::new(), BytesMut::new());
        let mut receive = |bytes| {
            client.receive(
                linechat_protocol::Instant::EPOCH,
                bytes,
                &mut plain,
                &mut wire,
            )
        };
        receive(b"INFO {}\r\n").unwrap();
        let outcome = receive(said);
        assert_eq!(
            outcome.err().map(|error| error.to_string()).as_deref(),
            reason
        );
        assert_eq!(plain, b"");
    }
}

#[test]
fn a_name_that_is_no_name_is_refused_before_anything_is_sent() {
    let client = Client::new(&Trust::Pinned(Pin::of(b""))).unwrap();
    let mut wire = BytesMut::new();
    for name in ["", "a b", "ex_ample.\n"] {
        let refused = client.session(name, &mut wire).err();
        assert!(matches!(refused, Some(TrustError::BadName(_))), "{name}");
    }
    assert!(wire.is_empty());
    assert!(client.session("2001:db8::1", &mut wire).is_ok());
    assert!(client.session("192.0.2.1", &mut wire).is_ok());
}
