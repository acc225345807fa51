//! `irc`: who meets in one community, over real sockets, and with the clients that people have.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;
use tempfile::TempDir;

use super::*;
use crate::terminal::Terminal;

cases![
    a_room_is_a_channel_for_netcat_and_for_irc,
    a_name_is_one_for_all_and_must_be_sayable_by_all,
    what_modes_forbid_is_forbidden_to_netcat,
    what_is_public_in_rooms_is_the_lobby_of_irc,
    private_messages_go_between_three_languages,
    what_a_language_cannot_carry_is_not_torn,
    a_server_asks_for_a_password_and_knows_its_operators,
    who_is_silent_is_asked_and_then_gone,
    files_and_options_that_are_wrong_are_named,
    an_irc_user_leaves_with_words_of_their_own,
    irssi_meets_netcat,
    weechat_meets_netcat,
];

fn a_room_is_a_channel_for_netcat_and_for_irc(bench: &Bench) {
    let server = meeting(bench);
    let (mut alice, mut bob) = (rooms_user(&server, "alice"), irc_user(&server, "bob"));
    bob.send("JOIN #Kitchen\r\n");
    bob.skip_to(":linechat.local 366 bob #Kitchen :End of /NAMES list\r\n");
    alice.asks("!enter kitchen\n!members kitchen\n", "alice bob\r\n");
    bob.expect(":alice!rooms@127.0.0.1 JOIN #Kitchen\r\n");
    alice.asks("@kitchen dinner?\n", "@Kitchen alice: dinner?\r\n");
    bob.expect(":alice!rooms@127.0.0.1 PRIVMSG #Kitchen :dinner?\r\n");
    bob.send("PRIVMSG #kitchen :soon\r\n");
    alice.expect("@Kitchen bob: soon\r\n");
    alice.send("!leave kitchen\n");
    bob.expect(":alice!rooms@127.0.0.1 PART #Kitchen\r\n");
    bob.send("PART #kitchen\r\nJOIN #d\u{f6}ner\r\nPING x\r\n");
    bob.skip_to(":linechat.local PONG linechat.local :x\r\n");
    alice.asks("!rooms\n", "\r\n");
    // Who creates a room has it.
    alice.asks("!enter den\n!rooms\n", "den\r\n");
    bob.send("JOIN #den\r\n");
    bob.skip_to(":linechat.local 353 bob = #den :@alice bob\r\n");
}

fn a_name_is_one_for_all_and_must_be_sayable_by_all(bench: &Bench) {
    let server = meeting(bench);
    let (_alice, _bob) = (rooms_user(&server, "alice"), irc_user(&server, "Bob"));
    let mut late = server.peer_of("irc", "late");
    late.send("USER l 0 * :l\r\nNICK ALICE\r\nNICK late^\r\n");
    late.expect(":linechat.local 433 * ALICE :Nickname is already in use\r\n");
    late.expect(":linechat.local 432 * late^ :Erroneus nickname\r\n");
    for name in ["bOB", "2fast"] {
        let mut peer = server.peer_of("rooms", name);
        peer.send(format!("{name}\n"));
        peer.expect_end();
    }
    let mut dora = server.peer_of("direct", "dora");
    dora.asks("HELLO-FROM bob\n", "IN-USE\n");
    dora.asks("HELLO-FROM do.ra\n", "BAD-RQST-BODY\n");
    dora.asks(
        "HELLO-FROM dora\nLIST\n",
        "HELLO dora\nLIST-OK Bob,alice,dora\n",
    );
}

fn what_modes_forbid_is_forbidden_to_netcat(bench: &Bench) {
    let server = meeting(bench);
    let (mut alice, mut bob) = (rooms_user(&server, "alice"), irc_user(&server, "bob"));
    let told = |bob: &mut Peer, line: &str| {
        bob.send(format!("{line}\r\nPING x\r\n"));
        bob.skip_to(":linechat.local PONG linechat.local :x\r\n");
    };
    told(&mut bob, "JOIN #den");
    for modes in ["+b alice", "-b+k alice key", "-k+l * 1", "-l+i"] {
        told(&mut bob, &format!("MODE #den {modes}"));
        alice.asks("!enter den\n", "!error cannot enter room: den\r\n");
    }
    told(&mut bob, "INVITE alice #den");
    alice.asks("!enter den\n@den hi\n", "@den alice: hi\r\n");
    told(&mut bob, "MODE #den +ms");
    alice.asks("@den hi\n", "!error cannot send to room: den\r\n");
    let mut carol = rooms_user(&server, "carol");
    carol.asks("!rooms\n", "\r\n");
    carol.asks("!members den\n", "!error no such room: den\r\n");
    alice.asks("!rooms\n", "den\r\n");
}

fn what_is_public_in_rooms_is_the_lobby_of_irc(bench: &Bench) {
    let options = "--show-addresses --lobby hall";
    let server = bench.serve_together(&["rooms", "direct", "irc"], options);
    let (mut alice, mut bob) = (rooms_user(&server, "alice"), irc_user(&server, "bob"));
    bob.asks(
        "NAMES #hall\r\n",
        ":linechat.local 353 bob = #hall :bob alice\r\n\
         :linechat.local 366 bob #hall :End of /NAMES list\r\n",
    );
    alice.send("hello, all of you\n");
    bob.expect(":alice!rooms@127.0.0.1 PRIVMSG #hall :hello, all of you\r\n");
    bob.send("PRIVMSG #hall :hello, alice\r\n");
    alice.expect("bob: hello, alice\r\n");
    alice.asks("!enter hall\n", "!error bad room name: hall\r\n");
    alice.asks("!rooms\n", "\r\n");
    bob.asks(
        "MODE #hall +m\r\n",
        ":linechat.local 482 bob #hall :You're not channel operator\r\n",
    );
    bob.asks("PART #hall\r\n", ":bob!bob@127.0.0.1 PART #hall\r\n");
    alice.send("gone?\n");
    bob.asks("PING x\r\n", ":linechat.local PONG linechat.local :x\r\n");
}

fn private_messages_go_between_three_languages(bench: &Bench) {
    let server = meeting(bench);
    let (mut alice, mut bob) = (rooms_user(&server, "alice"), irc_user(&server, "bob"));
    let mut dora = server.peer_of("direct", "dora");
    dora.asks("HELLO-FROM dora\n", "HELLO dora\n");
    bob.send("PRIVMSG alice,dora :psst\r\n");
    alice.expect("#bob: psst\r\n");
    dora.expect("DELIVERY bob psst\n");
    alice.send("#bob hm?\n");
    bob.expect(":alice!rooms@127.0.0.1 PRIVMSG bob :hm?\r\n");
    dora.asks("SEND bob hm?\nSEND alice hm!\n", "SEND-OK\nSEND-OK\n");
    bob.expect(":dora!direct@127.0.0.1 PRIVMSG bob :hm?\r\n");
    alice.expect("#dora: hm!\r\n");
    alice.send("in public\n");
    bob.send("PRIVMSG #lobby :in public\r\n");
    bob.expect(":alice!rooms@127.0.0.1 PRIVMSG #lobby :in public\r\n");
    was_sent_nothing_else(&mut dora);
}

fn what_a_language_cannot_carry_is_not_torn(bench: &Bench) {
    let server = meeting(bench);
    let (mut alice, mut bob) = (rooms_user(&server, "alice"), irc_user(&server, "bob"));
    let text = vec!["sm\u{f6}rg\u{e5}sbord"; 60].join(" ");
    alice.send(format!("#bob {text}\n"));
    let mut heard = Vec::new();
    while heard.join(" ").len() < text.len() {
        let line = bob.line();
        assert!(line.len() <= 512, "{line}");
        let piece = line
            .trim_end()
            .strip_prefix(":alice!rooms@127.0.0.1 PRIVMSG bob :");
        heard.push(piece.expect("a piece of it").to_owned());
    }
    assert_eq!(heard.join(" "), text);
    bob.send("PRIVMSG alice :\u{2}bold\u{2} \u{3}04red\u{3}\r\n");
    alice.expect("#bob: bold red\r\n");
    bob.send("PRIVMSG alice :\u{1}ACTION waves\u{1}\r\n");
    alice.expect("#bob: *waves*\r\n");
    bob.send("PRIVMSG alice :\u{1}VERSION\u{1}\r\n");
    bob.asks(
        "PRIVMSG alice :\u{1b}[2J\r\n",
        ":linechat.local 404 bob alice :Cannot send to channel (control characters)\r\n",
    );
    alice.asks("!members nowhere\n", "!error no such room: nowhere\r\n");
}

fn a_server_asks_for_a_password_and_knows_its_operators(bench: &Bench) {
    let folder = Folder::new();
    let password = folder.file("password", "open\n");
    let oper = folder.file("oper", "sesame\n");
    let motd = folder.file("motd", "Be kind.\nAll of you.\n");
    let server = bench.serve(&format!(
        "irc --server-name irc.example.net --network Example --password-file {password} \
         --oper root:{oper} --motd-file {motd}"
    ));
    let mut wrong = server.peer("wrong");
    wrong.send("PASS shut\r\nNICK bob\r\nUSER bob 0 * :Bob\r\n");
    wrong.expect(":irc.example.net 464 * :Password incorrect\r\n");
    wrong.expect_last("ERROR :Closing link: connection closed\r\n");
    let mut bob = server.peer("bob");
    bob.send("PASS open\r\nNICK bob\r\nUSER bob 0 * :Bob\r\n");
    bob.skip_to(":irc.example.net 372 bob :- Be kind.\r\n");
    bob.expect(
        ":irc.example.net 372 bob :- All of you.\r\n\
         :irc.example.net 376 bob :End of /MOTD command.\r\n",
    );
    bob.asks(
        "OPER root open\r\n",
        ":irc.example.net 464 bob :Password incorrect\r\n",
    );
    bob.send("OPER root sesame\r\n");
    bob.skip_to(":irc.example.net 381 bob :You are now an IRC operator\r\n");
    bob.send("KILL bob :enough\r\n");
    bob.expect_last("ERROR :Closing link: Killed (bob (enough))\r\n");
    assert!(!server.stderr().text().contains("sesame"));
}

fn who_is_silent_is_asked_and_then_gone(bench: &Bench) {
    let server = bench.serve("irc --idle-timeout 0.3");
    let mut bob = irc_user(&server, "bob");
    bob.expect("PING :linechat.local\r\n");
    bob.send("PONG :linechat.local\r\n");
    bob.expect("PING :linechat.local\r\n");
    bob.expect_last("ERROR :Closing link: ping timeout\r\n");
}

fn files_and_options_that_are_wrong_are_named(bench: &Bench) {
    let folder = Folder::new();
    let empty = folder.file("empty", "\n");
    for (options, words) in [
        ("--motd-file /nowhere/motd", "cannot read '/nowhere/motd'"),
        ("--oper root:/nowhere/oper", "cannot read '/nowhere/oper'"),
        (&format!("--password-file {empty}"), "there is no password"),
    ] {
        let outcome = bench.run(&format!("serve irc --listen 127.0.0.1:0 {options}"));
        assert_eq!(outcome.status, 1, "{options}");
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    }
    for line in [
        "serve irc --lobby hall",
        "serve rooms --server-name x",
        "serve irc --server-name a_b",
        "serve irc --oper root",
        "serve irc --max-line 100",
        "serve irc relay",
        "connect irc",
    ] {
        let outcome = bench.run(line);
        assert_eq!(outcome.status, 2, "{line}");
    }
}

fn an_irc_user_leaves_with_words_of_their_own(bench: &Bench) {
    let server = meeting(bench);
    let (mut bob, mut carl) = (irc_user(&server, "bob"), irc_user(&server, "carl"));
    bob.skip_to(":carl!carl@127.0.0.1 JOIN #lobby\r\n");
    carl.send("QUIT :to bed\r\n");
    carl.expect_last("ERROR :Closing link: Quit: to bed\r\n");
    bob.expect(":carl!carl@127.0.0.1 QUIT :Quit: to bed\r\n");
    drop(irc_user(&server, "dave"));
    bob.skip_to(":dave!dave@127.0.0.1 JOIN #lobby\r\n");
    let farewell = bob.line();
    assert!(
        farewell.starts_with(":dave!dave@127.0.0.1 QUIT :"),
        "{farewell}"
    );
    server.signal(Signal::TERM);
    bob.expect_last("ERROR :Closing link: server shutting down\r\n");
}

fn irssi_meets_netcat(bench: &Bench) {
    let Some(irssi) = bench.installed("irssi") else {
        return;
    };
    let server = meeting(bench);
    let mut alice = rooms_user(&server, "alice");
    let (folder, mut terminal) = (Folder::new(), Terminal::open());
    let port = server.addresses()[2].port();
    let line = format!(
        "--home={} -c 127.0.0.1 -p {port} -n irssi_user",
        folder.path()
    );
    let _irssi = bench.start_on(irssi.launch(&line), &terminal);
    terminal.wait_for("[Act: 2]");
    terminal.press("/window 2\r");
    terminal.wait_for("[#lobby]");
    alice.send("hello from netcat\n");
    terminal.wait_for("hello from netcat");
    terminal.press("hello from irssi\r");
    alice.expect("irssi_user: hello from irssi\r\n");
    terminal.press("/me waves\r");
    alice.expect("irssi_user: *waves*\r\n");
    terminal.press("/join #kitchen\r");
    terminal.wait_for("Join to #kitchen");
    alice.send("!enter kitchen\n");
    terminal.wait_for("alice [rooms@127.0.0.1] has joined #kitchen");
    alice.asks("@kitchen dinner?\n", "@kitchen alice: dinner?\r\n");
    terminal.wait_for("dinner?");
    terminal.press("/msg alice psst\r");
    alice.expect("#irssi_user: psst\r\n");
    terminal.press("/topic soup\r");
    terminal.wait_for("changed the topic of #kitchen to: soup");
    terminal.press("/quit\r");
    until_answered(&mut alice, "!users\n", "alice\r\n");
}

fn weechat_meets_netcat(bench: &Bench) {
    let Some(weechat) = bench.installed("weechat-headless") else {
        return;
    };
    let server = meeting(bench);
    let mut alice = rooms_user(&server, "alice");
    let folder = Folder::new();
    let port = server.addresses()[2].port();
    let script = format!(
        "exec \"$0\" -d {} -r '/set fifo.file.enabled on' -r '/fifo enable' \
         -r '/set logger.file.flush_delay 0' \
         -r '/server add test 127.0.0.1/{port} -notls -nicks=weechat_user' -r '/connect test'",
        folder.path()
    );
    let _weechat = bench.start(weechat.launch("").in_shell(&script));
    let mut fifo = None;
    until_answered(&mut alice, "!users\n", "alice weechat_user\r\n");
    // What is typed into a buffer that it is yet to open is lost.
    folder.wait_for_log("#lobby", "weechat_user");
    let mut type_in = |buffer: &str, text: &str| {
        let fifo = fifo.get_or_insert_with(|| folder.fifo());
        fs::write(fifo, format!("irc.test.{buffer} *{text}\n")).expect("it reads its pipe");
    };
    type_in("#lobby", "hello from weechat");
    alice.expect("weechat_user: hello from weechat\r\n");
    alice.send("hello from netcat\n");
    folder.wait_for_log("#lobby", "hello from netcat");
    type_in("#lobby", "/join #kitchen");
    folder.wait_for_log("#kitchen", "weechat_user");
    alice.asks(
        "!enter kitchen\n@kitchen dinner?\n",
        "@kitchen alice: dinner?\r\n",
    );
    folder.wait_for_log("#kitchen", "(rooms@127.0.0.1) has joined");
    folder.wait_for_log("#kitchen", "dinner?");
    type_in("#kitchen", "soon");
    alice.expect("@kitchen weechat_user: soon\r\n");
    type_in("#kitchen", "/nick weechat_other");
    type_in("#kitchen", "/msg alice psst");
    alice.expect("#weechat_other: psst\r\n");
}

/// `rooms`, `direct` and `irc` in one server that shows addresses.
#[track_caller]
fn meeting(bench: &Bench) -> Running {
    bench.serve_together(&["rooms", "direct", "irc"], "--show-addresses")
}

#[track_caller]
fn rooms_user(server: &Running, name: &str) -> Peer {
    register(server.peer_of("rooms", name), name)
}

/// Somebody with an IRC client, who has been told all that one is told at first.
#[track_caller]
fn irc_user(server: &Running, nick: &str) -> Peer {
    let mut peer = server.peer_of("irc", nick);
    peer.send(format!(
        "NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\nPING burst\r\n"
    ));
    peer.skip_to(":linechat.local PONG linechat.local :burst\r\n");
    peer
}

/// A folder of its own, which is gone with it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().expect("a folder of its own"))
    }

    fn path(&self) -> String {
        self.0.path().display().to_string()
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, text).expect("a file of its own");
        path.display().to_string()
    }

    /// Where WeeChat is told what to do, once it is there.
    fn fifo(&self) -> PathBuf {
        eventually("WeeChat has a pipe", || {
            let entries = fs::read_dir(&self.0).ok()?;
            let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
            paths.find(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with("weechat_fifo")
            })
        })
    }

    fn wait_for_log(&self, buffer: &str, text: &str) {
        let log = self
            .0
            .path()
            .join(format!("logs/irc.test.{buffer}.weechatlog"));
        eventually(&format!("WeeChat shows {text:?}"), || {
            let shown = fs::read_to_string(&log).ok()?;
            shown.contains(text).then_some(())
        });
    }
}
