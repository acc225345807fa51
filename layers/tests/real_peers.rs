//! Real clients, over real sockets of the loopback: OpenSSL, GnuTLS, curl, and Python's
//! `websockets`. A client that is not installed is skipped, with a line that says so.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod pki;
mod world;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant as Clock};
use std::{env, thread};

use bytes::BytesMut;
use linechat_layers::Stacked;
use linechat_layers::tls::{Application, Renewable};
use linechat_layers::web::{Page, Scheme, Site, WebSession};
use linechat_protocol::{CloseReason, Instant, Layer, LayerStage, Peer};
use pki::{Folder, authority, issued};

/// A server on a port of its own, for one connection after the other: it sends each line back in
/// upper case, and closes after `QUIT`.
struct Server {
    port: u16,
    /// How each connection ended: what the layer found wrong, or nothing.
    endings: Receiver<String>,
    folder: Folder,
}

impl Server {
    /// With a certificate for `localhost` from the authority in `ca.pem` of its folder.
    fn new<L: Layer + 'static>(
        mut make: impl FnMut(&Renewable, Peer) -> L + Send + 'static,
    ) -> Self {
        let folder = Folder::new();
        let authority = authority();
        folder.write("ca.pem", authority.pem());
        let pair = issued(&authority, "localhost", 3000);
        let tls = Renewable::new(folder.write_pair("pair", &pair).load().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, endings) = channel();
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let layer = make(&tls, Peer::from(socket.peer_addr().unwrap()));
                serve(socket, layer, &sender);
            }
        });
        Self {
            port,
            endings,
            folder,
        }
    }

    fn ca(&self) -> String {
        self.folder.path().join("ca.pem").display().to_string()
    }

    fn ending(&self) -> String {
        self.endings.recv_timeout(Duration::from_secs(20)).unwrap()
    }
}

fn serve(mut socket: TcpStream, mut layer: impl Layer, endings: &Sender<String>) {
    let start = Clock::now();
    let mut buffer = [0; 4096];
    let mut plain = Vec::new();
    let mut wire = BytesMut::new();
    let mut ending = String::new();
    let reason = loop {
        let length = match socket.read(&mut buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => 0,
        };
        if length == 0 {
            ending = format!("{:?}", layer.receive_eof());
            break CloseReason::PeerLeft;
        }
        let now = Instant::after_epoch(start.elapsed());
        let received = layer.receive(now, &buffer[..length], &mut plain, &mut wire);
        let has_quit = answer(&mut plain, &mut layer, &mut wire);
        if let Err(error) = received {
            ending = error.reason;
            break CloseReason::TransportFailed;
        }
        if has_quit {
            break CloseReason::Quit;
        }
        match layer.stage() {
            LayerStage::Opening | LayerStage::Open => {}
            LayerStage::InputEnded | LayerStage::Ended => break CloseReason::PeerLeft,
        }
        let _ = socket.write_all(&wire.split());
    };
    layer.finish(reason, &mut wire);
    let _ = socket.write_all(&wire);
    let _ = socket.shutdown(Shutdown::Write);
    while socket.read(&mut buffer).is_ok_and(|length| length > 0) {}
    let _ = endings.send(ending);
}

/// Says whether the peer wants to leave.
fn answer(plain: &mut Vec<u8>, layer: &mut impl Layer, wire: &mut BytesMut) -> bool {
    while let Some(end) = plain.iter().position(|byte| *byte == b'\n') {
        let line: Vec<u8> = plain.drain(..=end).collect();
        if line.starts_with(b"QUIT") {
            return true;
        }
        layer.seal(&line.to_ascii_uppercase(), wire);
    }
    false
}

fn lines_server() -> Server {
    Server::new(|tls, _| tls.session(Application::Lines))
}

fn site(scheme: Scheme) -> Arc<Site> {
    let mut site = Site::new(scheme);
    site.pages = vec![Page::fixed("/", "text/html", "the page\n")];
    site.max_message = Some(4608);
    Arc::new(site)
}

fn secure_web_server() -> Server {
    let site = site(Scheme::Https);
    Server::new(move |tls, peer| {
        let tls = tls.session(Application::Web);
        Stacked::new(tls, WebSession::new(Arc::clone(&site), peer))
    })
}

fn web_server() -> Server {
    let site = site(Scheme::Http);
    Server::new(move |_, peer| WebSession::new(Arc::clone(&site), peer))
}

/// What is typed into a client, each with what is awaited before anything else is typed.
type Script<'a> = &'a [(&'a str, &'a str)];

/// Whether a client ends well, and what it says on both its outputs. Nothing if it is not
/// installed.
fn run(program: &str, arguments: &[&str], script: Script<'_>) -> Option<(bool, String)> {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        println!("skipped: {program} is not installed");
        return None;
    };
    let mut keyboard = child.stdin.take().unwrap();
    let mut screen = Screen::new(child.stdout.take().unwrap(), child.stderr.take().unwrap());
    for (typed, awaited) in script {
        // The client may have left, as it says on the screen.
        let _ = keyboard.write_all(typed.as_bytes());
        screen.wait_for(awaited);
    }
    screen.wait_until_it_is_off();
    let status = child.wait().unwrap();
    drop(keyboard);
    Some((
        status.success(),
        String::from_utf8_lossy(&screen.shown).into_owned(),
    ))
}

/// What a client has said.
struct Screen {
    output: Receiver<Vec<u8>>,
    shown: Vec<u8>,
    /// How much of it has been waited for.
    seen: usize,
}

impl Screen {
    fn new(stdout: impl Read + Send + 'static, stderr: impl Read + Send + 'static) -> Self {
        let (sender, output) = channel();
        show(stdout, sender.clone());
        show(stderr, sender);
        Self {
            output,
            shown: Vec::new(),
            seen: 0,
        }
    }

    /// Returns when this is shown behind what was waited for before, or the client ends.
    fn wait_for(&mut self, text: &str) {
        loop {
            let unseen = String::from_utf8_lossy(&self.shown[self.seen..]).into_owned();
            if let Some(found) = unseen.find(text) {
                self.seen += found + text.len();
                return;
            }
            if !self.wait() {
                return;
            }
        }
    }

    fn wait_until_it_is_off(&mut self) {
        while self.wait() {}
    }

    /// Whether more was shown.
    fn wait(&mut self) -> bool {
        match self.output.recv_timeout(Duration::from_secs(60)) {
            Ok(shown) => {
                self.shown.extend(shown);
                true
            }
            Err(RecvTimeoutError::Disconnected) => false,
            Err(RecvTimeoutError::Timeout) => {
                panic!("it hangs: {}", String::from_utf8_lossy(&self.shown))
            }
        }
    }
}

fn show(mut output: impl Read + Send + 'static, screen: Sender<Vec<u8>>) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = output.read(&mut buffer) {
            let _ = screen.send(buffer[..length].to_vec());
        }
    });
}

fn openssl(server: &Server, options: &[&str], script: Script<'_>) -> Option<(bool, String)> {
    let address = format!("localhost:{}", server.port);
    let ca = server.ca();
    let base = ["s_client", "-connect", &address, "-CAfile", &ca];
    let checked = ["-verify_return_error", "-verify_hostname", "localhost"];
    run("openssl", &[&base[..], &checked, options].concat(), script)
}

#[test]
fn openssl_talks_in_both_versions_and_hears_goodbye() {
    for version in ["-tls1_2", "-tls1_3"] {
        let server = lines_server();
        let Some((ok, said)) = openssl(
            &server,
            &[version, "-quiet"],
            &[("hello\n", "HELLO"), ("QUIT\n", "")],
        ) else {
            return;
        };
        assert!(ok, "{said}");
        assert!(said.contains("HELLO\n"), "{said}");
        assert_eq!(server.ending(), "");
    }
}

#[test]
fn openssl_may_say_goodbye_first_and_hears_its_answer() {
    let server = lines_server();
    // `Q` at the start of a line ends the client.
    let Some((ok, said)) = openssl(&server, &["-tls1_3"], &[("hello\n", "HELLO"), ("Q\n", "")])
    else {
        return;
    };
    assert!(ok, "{said}");
    assert!(said.contains("HELLO\n"), "{said}");
    assert_eq!(server.ending(), "");
}

#[test]
fn openssl_cannot_renegotiate() {
    let server = lines_server();
    let Some((ok, said)) = openssl(&server, &["-tls1_2"], &[("hello\n", "HELLO"), ("R\n", "")])
    else {
        return;
    };
    assert!(!ok && said.contains("no renegotiation"), "{said}");
}

#[test]
fn openssl_cannot_update_keys_without_end() {
    let server = lines_server();
    let Some((_, said)) = openssl(&server, &["-tls1_3"], &[("K\n", "KEYUPDATE"); 33]) else {
        return;
    };
    assert!(said.contains("KEYUPDATE"), "{said}");
    assert_eq!(
        server.ending(),
        "TLS failed: peer misbehaved: TooManyKeyUpdateRequests"
    );
}

#[test]
fn gnutls_talks_in_both_versions() {
    for version in ["1.2", "1.3"] {
        let server = lines_server();
        let port = server.port.to_string();
        let priority = format!("NORMAL:-VERS-ALL:+VERS-TLS{version}");
        let ca = server.ca();
        let arguments = [
            "--x509cafile",
            &ca,
            "--priority",
            &priority,
            "-p",
            &port,
            "localhost",
        ];
        let Some((ok, said)) = run(
            "gnutls-cli",
            &arguments,
            &[("hello\n", "HELLO"), ("QUIT\n", "")],
        ) else {
            return;
        };
        assert!(ok, "{said}");
        assert!(said.contains("HELLO\n"), "{said}");
        assert!(
            said.contains("Peer has closed the GnuTLS connection"),
            "{said}"
        );
        assert_eq!(server.ending(), "");
    }
}

#[test]
fn curl_gets_the_page_and_is_told_what_it_did_wrong() {
    let secure = secure_web_server();
    let ca = secure.ca();
    let page = format!("https://localhost:{}/", secure.port);
    let curl = |arguments: &[&str]| {
        run(
            "curl",
            &[&["-sS", "--cacert", &ca], arguments].concat(),
            &[],
        )
    };
    let Some((ok, said)) = curl(&["--http2", &page]) else {
        return;
    };
    assert!(ok && said == "the page\n", "{said}");
    let plain = page.replace("https", "http");
    let (_, said) = curl(&[&plain]).unwrap();
    assert_eq!(said, "this port speaks TLS: connect to it with TLS\r\n");
    let (_, said) = curl(&["-H", "Host: evil.example", &page]).unwrap();
    assert_eq!(said, "this server does not go by the name evil.example\n");
    let (_, said) = curl(&["-w", "%{http_code}", "-X", "POST", "-d", "x", &page]).unwrap();
    assert!(said.ends_with("405"), "{said}");

    let server = web_server();
    let page = format!("http://localhost:{}/", server.port);
    let (ok, said) = curl(&["-I", &page]).unwrap();
    assert!(ok && said.contains("Content-Length: 9\r\n"), "{said}");
}

/// The interpreter that has `websockets`.
fn python() -> String {
    env::var("LINECHAT_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

const CHAT: &str = r"
import asyncio, ssl, sys
import websockets

url, ca, protocol = sys.argv[1:4]
context = ssl.create_default_context(cafile=ca) if url.startswith('wss') else None
lines = ['hello', 'grüße', 'x' * 4000]
binary = protocol.startswith('binary')

async def main():
    offered = [protocol] if protocol else None
    async with websockets.connect(url, ssl=context, subprotocols=offered) as socket:
        print('subprotocol', socket.subprotocol, 'extensions', socket.protocol.extensions)
        for line in lines:
            await socket.send(line.encode() if binary else line)
            print('back', ascii(await socket.recv())[:22])
        await (await socket.ping())
        print('ponged')
        await socket.send([part.encode() if binary else part for part in ['in ', 'parts']])
        print('back', ascii(await socket.recv()))
        await socket.send(b'QUIT' if binary else 'QUIT')
        await socket.wait_closed()
        print('closed', socket.close_code)

asyncio.run(main())
";

#[test]
fn python_talks_through_websocket_in_every_subprotocol() {
    let known = Command::new(python())
        .args(["-c", "import websockets"])
        .output();
    if !known.is_ok_and(|output| output.status.success()) {
        println!("skipped: Python's websockets is not installed");
        return;
    }
    let secure = secure_web_server();
    let server = web_server();
    let ca = secure.ca();
    for url in [
        format!("wss://localhost:{}/ws", secure.port),
        format!("ws://localhost:{}/ws", server.port),
    ] {
        for protocol in ["", "text.ircv3.net", "binary.ircv3.net"] {
            let (ok, said) = run(&python(), &["-c", CHAT, &url, &ca, protocol], &[]).unwrap();
            assert!(ok, "{said}");
            let agreed = if protocol.is_empty() {
                "None"
            } else {
                protocol
            };
            let bytes = if protocol.starts_with("binary") {
                "b"
            } else {
                ""
            };
            let greeting = match bytes {
                "b" => r"b'GR\xc3\xbc\xc3\x9fE'",
                _ => r"'GR\xfc\xdfE'",
            };
            let expected = [
                format!("subprotocol {agreed} extensions []"),
                format!("back {bytes}'HELLO'"),
                format!("back {greeting}"),
                format!("back {bytes}'{}", "X".repeat(21 - bytes.len())),
                "ponged".to_owned(),
                format!("back {bytes}'IN PARTS'"),
                "closed 1000".to_owned(),
            ];
            let found: Vec<_> = said.lines().collect();
            assert_eq!(found, expected, "{url} {protocol}");
        }
    }
}
