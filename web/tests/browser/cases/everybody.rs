//! Netcat, irssi, a client of the A3 document and two browsers in one community, all under TLS. The README
//! has the transcript and a picture of it; both are taken where `LINECHAT_PICTURES` names a folder.

use std::env;
use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use base64::prelude::{BASE64_STANDARD, Engine};
use rcgen::CertifiedKey;
use tempfile::TempDir;

use super::cases;
use crate::Stage;
use crate::browser::Browser;
use crate::pane::Pane;
use crate::server::{self, Server};

cases! { "everybody":
    meets_under_tls_whatever_they_have,
}

fn meets_under_tls_whatever_they_have(stage: &mut Stage) {
    if let Some(missing) = ["tmux", "ncat", "irssi"].into_iter().find(is_missing) {
        println!("skipped: {missing} is not installed");
        return;
    }
    let folder = Folder::new();
    let (certificate, key) = folder.write_pair();
    let options = ["--tls-cert", &certificate, "--tls-key", &key];
    stage.server = Server::start_serving(&SCHEMES, &options);
    let people = People::come(stage, folder.0.path(), &certificate);
    let transcript = people.talk();
    if let Some(pictures) = env::var_os("LINECHAT_PICTURES") {
        let pictures = Path::new(&pictures);
        fs::create_dir_all(pictures).unwrap();
        fs::write(pictures.join("everybody.txt"), &transcript).unwrap();
        fs::write(pictures.join("everybody.webp"), people.picture(stage)).unwrap();
    }
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = fs::read_to_string(readme).unwrap();
    assert!(readme.contains(&transcript), "not as it was:\n{transcript}");
}

/// Alice has netcat, Bob irssi, Carol and Dave have browsers, and Erin has a client of the A3
/// document.
struct People {
    alice: Pane,
    bob: Pane,
    carol: Browser,
    dave: Browser,
    erin: Pane,
}

impl People {
    fn come(stage: &Stage, folder: &Path, certificate: &str) -> Self {
        let port = |scheme| stage.server.address(scheme).port().to_string();
        let trust = format!("--ssl-trustfile={certificate}");
        let rooms = port("rooms+tls");
        let netcat = ["ncat", "--ssl-verify", &trust, "localhost", &rooms];
        let alice = Pane::open(folder, "ncat --ssl", (60, 13), &netcat);
        alice.types("alice");
        alice.types("!users");
        // What was typed is on the screen, too, and has no blank in front.
        alice.shows("!users");
        let config = irssi_config(&port("irc+tls"), certificate);
        fs::write(folder.join("config"), config).unwrap();
        let home = format!("--home={}", folder.display());
        let bob = Pane::open(folder, "irssi", (60, 13), &["irssi", &home]);
        bob.shows("[Act: 2]");
        bob.types("/window 2");
        bob.shows("[#lobby]");
        let program = server::program();
        let program = program.to_str().unwrap();
        let address = format!("localhost:{}", port("direct+tls"));
        let direct = ["connect", "direct", &address, "--name", "erin", "--tls"];
        let trust = ["--tls-ca", certificate];
        let command = [&[program], &direct[..], &trust].concat();
        let erin = Pane::open(folder, "connect direct --tls", (60, 13), &command);
        erin.shows("logged in as erin");
        let browser = |name| {
            let browser = Browser::start(&stage.driver);
            browser.goes_to(&stage.server.encrypted_page());
            browser.comes_in(name);
            browser
        };
        let (carol, dave) = (browser("carol"), browser("dave"));
        // Whoever speaks `direct` is in no room.
        carol.sees("#people-title", "4 here");
        Self {
            alice,
            bob,
            carol,
            dave,
            erin,
        }
    }

    /// Everybody says something. Returns what each typed and saw.
    fn talk(&self) -> String {
        let mut record = Record(String::new());
        record.types("alice", "netcat", "Good morning! Who is coming to dinner?");
        self.alice.types("Good morning! Who is coming to dinner?");
        record.sees("bob", self.bob.shows("coming to dinner?"));
        record.reads("carol", &self.carol, "coming to dinner?");
        record.reads("dave", &self.dave, "coming to dinner?");
        record.types("bob", "irssi", "I am. What is there?");
        self.bob.types("I am. What is there?");
        record.sees("alice", self.alice.shows("What is there?"));
        record.reads("carol", &self.carol, "What is there?");
        record.reads("dave", &self.dave, "What is there?");
        record.types("carol", "browser", "/me has a pumpkin 🎃");
        self.carol.says("/me has a pumpkin 🎃");
        record.sees("alice", self.alice.shows("pumpkin"));
        record.sees("bob", self.bob.shows("pumpkin"));
        record.reads("dave", &self.dave, "pumpkin");
        record.types("dave", "browser", "/msg erin Are you hungry, too?");
        self.dave.says("/msg erin Are you hungry, too?");
        record.sees("erin", self.erin.shows("Are you hungry, too?"));
        record.types("erin", "direct", "@alice A chair for me, please");
        self.erin.types("@alice A chair for me, please");
        record.sees("alice", self.alice.shows("A chair for me, please"));
        record.types("alice", "netcat", "#erin You have one");
        self.alice.types("#erin You have one");
        record.sees("erin", self.erin.shows("You have one"));
        record.0
    }

    /// All screens on one page.
    fn picture(&self, stage: &Stage) -> Vec<u8> {
        let mut page = String::from(PAGE);
        page.push_str("<main>");
        for (browser, scheme) in [(&self.carol, "light"), (&self.dave, "dark")] {
            browser.prefers(scheme);
            browser.has_a_window_of(960, 480);
            browser.chooses("#rooms", "#lobby");
            browser.comes_to_rest();
            let picture = BASE64_STANDARD.encode(browser.picture());
            let _ = write!(page, "<img src='data:image/webp;base64,{picture}'>");
        }
        for pane in [&self.alice, &self.bob, &self.erin] {
            let screen = pane.screen().replace('&', "&amp;").replace('<', "&lt;");
            let title = pane.title();
            let _ = write!(
                page,
                "<section><h2>{title}</h2><pre>{screen}</pre></section>"
            );
        }
        page.push_str("</main>");
        let browser = Browser::start(&stage.driver);
        let page = BASE64_STANDARD.encode(page);
        browser.goes_to(&format!("data:text/html;charset=utf-8;base64,{page}"));
        browser.has_a_window_of(1432, 622);
        browser.comes_to_rest();
        browser.picture()
    }
}

/// What somebody typed, and what others then saw of it.
struct Record(String);

impl Record {
    fn types(&mut self, name: &str, program: &str, line: &str) {
        let _ = writeln!(self.0, "{:<17}> {line}", format!("{name} ({program})"));
    }

    /// As it stands on the screen, but for the time.
    fn sees(&mut self, name: &str, row: String) {
        let is_time = |word: &str| word.len() >= 5 && word.as_bytes()[2] == b':';
        let shown = match row.split_once(' ') {
            Some((first, rest)) if is_time(first) => rest.trim_start(),
            _ => &row,
        };
        let _ = writeln!(self.0, "      {name} sees: {shown}");
    }

    #[track_caller]
    fn reads(&mut self, name: &str, browser: &Browser, text: &str) {
        browser.reads(text);
        let line = browser.line_with(text);
        let _ = writeln!(self.0, "      {name} sees: {line}");
    }
}

/// Where the files of one run are. It is gone with what is in it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A certificate for `localhost`, and its key.
    fn write_pair(&self) -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
        let CertifiedKey { cert, signing_key } = made.unwrap();
        let key = self.write("key.pem", &signing_key.serialize_pem());
        fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
        (self.write("cert.pem", &cert.pem()), key)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path.into_os_string().into_string().unwrap()
    }
}

fn is_missing(program: &&str) -> bool {
    let mut version = Command::new(program);
    version.arg(if *program == "tmux" {
        "-V"
    } else {
        "--version"
    });
    version.output().is_err()
}

fn irssi_config(port: &str, certificate: &str) -> String {
    format!(
        "servers = ( {{ address = \"localhost\"; chatnet = \"chat\"; port = \"{port}\"; \
         use_tls = \"yes\"; tls_verify = \"yes\"; tls_cafile = \"{certificate}\"; \
         autoconnect = \"yes\"; }} );\n\
         chatnets = {{ chat = {{ type = \"IRC\"; nick = \"bob\"; }}; }};\n"
    )
}

const SCHEMES: [&str; 4] = ["rooms+tls", "direct+tls", "irc+tls", "web+tls"];

const PAGE: &str = "<!doctype html><style>
    body { margin: 16px; background: #7b8a8b; font-family: sans-serif }
    main { display: grid; grid-template-columns: repeat(6, 1fr); gap: 16px }
    img, section { border-radius: 8px; overflow: hidden; box-shadow: 0 2px 12px #0006 }
    img { grid-column: span 3; width: 100% }
    section { grid-column: span 2; background: #14191c; color: #d8dee0 }
    h2 { margin: 0; padding: 5px 12px; font-size: 13px; background: #2a3236; font-weight: normal }
    pre { margin: 8px 12px; font: 12px/1.2 monospace }
</style>";
