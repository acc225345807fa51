//! The transcripts in the documents: everybody in them says what they say there, and has to see
//! exactly what they see there.
//!
//! Each is played twice, with the line endings of netcat and with those of telnet. Before somebody
//! acts, and at the end, every peer shows with a marker that nothing else was on its way to it;
//! that also makes sure that the server knows of everything that was done before.

use super::*;
use crate::documents::{Document, Event, PROTOCOLS, README, Scene, Step};

cases![
    what_the_readme_shows_is_true,
    what_the_protocols_page_shows_is_true,
];

fn what_the_readme_shows_is_true(bench: &Bench) {
    play(bench, &README);
}

fn what_the_protocols_page_shows_is_true(bench: &Bench) {
    play(bench, &PROTOCOLS);
}

fn play(bench: &Bench, document: &Document) {
    for scene in document.transcripts() {
        for ending in ["\n", "\r\n"] {
            let mut stage = Stage::new(bench, &scene, ending);
            for (line, step) in &scene.steps {
                bench.note(&format!("{}:{line}", document.name));
                stage.play(step);
            }
            stage.end();
        }
    }
}

/// One server, and the cast of one transcript.
struct Stage<'s> {
    scene: &'s Scene,
    ending: &'static str,
    server: Running,
    /// Whoever is there, in the order in which they came.
    cast: Vec<Actor>,
    /// Addresses in the document, and what they stand for.
    addresses: Vec<(String, String)>,
}

struct Actor {
    name: String,
    /// The dialect that it speaks.
    speaks: String,
    peer: Peer,
    /// What its messages begin with in `addressed`.
    tag: String,
    has_spoken: bool,
}

impl<'s> Stage<'s> {
    fn new(bench: &Bench, scene: &'s Scene, ending: &'static str) -> Self {
        let dialects: Vec<&str> = scene.dialects.iter().map(|name| &**name).collect();
        let server = if dialects.len() > 1 {
            let options = scene.options.split(' ').skip(dialects.len());
            bench.serve_together(&dialects, &options.collect::<Vec<_>>().join(" "))
        } else if scene.listens() {
            bench.serve(&scene.options)
        } else {
            bench.start(bench.launch(&format!("serve {}", scene.options)))
        };
        Self {
            scene,
            ending,
            server,
            cast: Vec::new(),
            addresses: Vec::new(),
        }
    }

    #[track_caller]
    fn play(&mut self, step: &Step) {
        let who = &step.who;
        if step.event.is_action() {
            self.show_silence();
        }
        match &step.event {
            Event::Connects { from, to } => {
                let speaks = to.as_ref().unwrap_or(&self.scene.dialects[0]);
                let peer = self.server.peer_of(speaks, who);
                let address = peer.address().to_string();
                self.enter(who, speaks, peer, &address);
                self.addresses.extend(from.clone().zip(Some(address)));
            }
            Event::SitsAtKeyboard => {
                let console = self.server.console(who);
                self.enter(who, &self.scene.dialects[0], console, "console");
            }
            Event::Says(text) => {
                let line = [text, self.ending.as_bytes()].concat();
                let actor = self.actor(who);
                actor.peer.send(line);
                actor.has_spoken = true;
            }
            Event::Begins(text) => {
                let actor = self.actor(who);
                actor.peer.send(text);
                actor.has_spoken = true;
            }
            Event::Hears(text) => {
                let speaks = self.actor(who).speaks.clone();
                let ending = self.output_ending(&speaks);
                let line = [&self.meant(text), ending.as_bytes()].concat();
                self.actor(who).peer.expect(line);
            }
            Event::Disconnects => {
                self.actor(who).peer.half_close();
                self.see_off(who);
            }
            Event::IsDisconnected => self.see_off(who),
        }
    }

    /// Has whoever is left show that nothing else was on its way, and the program that it ends by
    /// itself where it should.
    #[track_caller]
    fn end(mut self) {
        self.show_silence();
        let dialect = &*self.scene.dialects[0];
        if dialect != "addressed" {
            // Elsewhere nobody is told who leaves. An operator was there first and goes last.
            for actor in self.cast.iter_mut().rev() {
                actor.peer.half_close();
                actor.peer.expect_end();
            }
        }
        if dialect == "pair" || !self.scene.listens() {
            assert_eq!(self.server.exit_status(), 0);
        }
    }

    fn enter(&mut self, who: &str, speaks: &str, peer: Peer, address: &str) {
        self.cast.push(Actor {
            name: who.to_owned(),
            speaks: speaks.to_owned(),
            peer,
            tag: format!("[{address}] "),
            has_spoken: false,
        });
    }

    /// Nothing more comes, and the server has ended the connection.
    #[track_caller]
    fn see_off(&mut self, who: &str) {
        self.actor(who).peer.expect_end();
        self.cast.retain(|actor| actor.name != who);
    }

    /// Has everybody show that nothing else was on its way, by a request that changes nothing. In
    /// `pair` there is none.
    #[track_caller]
    fn show_silence(&mut self) {
        let dialect = &*self.scene.dialects[0];
        if dialect == "relay" || dialect == "addressed" {
            return self.exchange_markers();
        }
        let is_raised = self.scene.options.contains("--uppercase");
        for actor in &mut self.cast {
            match &*actor.speaks {
                "echo" if is_raised => actor.peer.asks("marker\n", "MARKER\n"),
                "echo" => actor.peer.asks("marker\n", "marker\n"),
                "rooms" if actor.has_spoken => heard_nothing_else(&mut actor.peer),
                "direct" => was_sent_nothing_else(&mut actor.peer),
                _ => {}
            }
        }
    }

    /// The latest begins: when its marker is there, everybody has been accepted. In `relay`, who
    /// is alone sends none: nothing would show that it was not taken later.
    #[track_caller]
    fn exchange_markers(&mut self) {
        let is_addressed = self.scene.dialects[0] == "addressed";
        if !is_addressed && self.cast.len() == 1 {
            return;
        }
        for sender in (0..self.cast.len()).rev() {
            self.cast[sender].peer.send("marker\n");
            let tag = if is_addressed {
                &*self.cast[sender].tag
            } else {
                ""
            };
            let marker = format!("{tag}marker\n");
            for (place, actor) in self.cast.iter_mut().enumerate() {
                if is_addressed || place != sender {
                    actor.peer.expect(&marker);
                }
            }
        }
    }

    #[track_caller]
    fn actor(&mut self, who: &str) -> &mut Actor {
        let found = self.cast.iter_mut().find(|actor| actor.name == who);
        found.unwrap_or_else(|| panic!("{who} is not there"))
    }

    /// A text of the document, with the addresses that the peers really have.
    fn meant(&self, text: &[u8]) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(text) else {
            return text.to_vec();
        };
        let with_real = |text: String, (shown, real): &(String, String)| text.replace(shown, real);
        let text = self.addresses.iter().fold(text.to_owned(), with_real);
        text.into_bytes()
    }

    fn output_ending(&self, dialect: &str) -> &'static str {
        match dialect {
            "echo" | "relay" => self.ending,
            "rooms" => "\r\n",
            _ => "\n",
        }
    }
}
